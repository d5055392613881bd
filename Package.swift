// swift-tools-version: 6.2
import PackageDescription

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")
let httpClient = Target.Dependency.product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto = Target.Dependency.product(name: "Crypto", package: "swift-crypto")

/// What serves the dashboard; nothing but `HorizonDashboard` and the executable sees it.
let server: [Target.Dependency] = [
  .product(name: "Hummingbird", package: "hummingbird"),
  .product(name: "HummingbirdCore", package: "hummingbird"),
  .product(name: "HummingbirdTLS", package: "hummingbird"),
  .product(name: "HTTPTypes", package: "swift-http-types"),
  .product(name: "Logging", package: "swift-log"),
  .product(name: "NIOCore", package: "swift-nio"),
  .product(name: "NIOPosix", package: "swift-nio"),
  .product(name: "NIOHTTP1", package: "swift-nio"),
  .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
  .product(name: "NIOSSL", package: "swift-nio-ssl"),
  .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
]

/// Whether this is the build of `scripts/fuzz`.
let isFuzzed = Context.environment["HORIZONSCALE_FUZZ"] != nil

/// Of the build of `scripts/test-sanitize`: `address` or `thread`.
let sanitizer = Context.environment["HORIZONSCALE_SANITIZER"]

/// Imports stay inside a module unless they say otherwise.
///
/// Of two sanitizers the compiler counts coverage for none unless it is told to.
let settings: [SwiftSetting] =
  [.enableUpcomingFeature("InternalImportsByDefault")]
  + (isFuzzed ? [.unsafeFlags(["-sanitize-coverage=edge,trace-cmp,inline-8bit-counters,pc-table"])] : [])

/// Swift's runtime and Foundation go into the executable alone: tests need the shared ones, and `--static-swift-stdlib` would
/// build every module twice. A sanitizer needs the shared ones there, too.
let staticRuntime = LinkerSetting.unsafeFlags(
  ["-static-stdlib", "-lCoreFoundation", "-l_FoundationICU", "-l_FoundationCShims", "-l_FoundationCollections"],
  .when(platforms: [.linux]))

/// A module with what it may see; arrows only point downwards.
func module(_ name: String, sees dependencies: [Target.Dependency] = [], leavesOut: [String] = []) -> Target {
  .target(name: name, dependencies: dependencies, exclude: leavesOut, swiftSettings: settings)
}

func tests(of name: String, with dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.byName(name: name)] + dependencies, swiftSettings: settings)
}

let package = Package(
  name: "horizonscale",
  products: [
    .executable(name: "horizonscale", targets: ["horizonscale"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
  ],
  targets: [
    .executableTarget(
      name: "horizonscale",
      dependencies: [
        "HorizonDashboard", "HorizonObjects", "HorizonStress", "HorizonPipeline", "HorizonSynthetic", "HorizonStore",
        "HorizonCore", argumentParser,
      ],
      swiftSettings: settings, linkerSettings: sanitizer == nil ? [staticRuntime] : []),
    // Pages and routes over the files of a workspace.
    module(
      "HorizonDashboard",
      sees: [
        "HorizonPipeline", "HorizonReport", "HorizonRisk", "HorizonSources", "HorizonModels", "HorizonStore",
        "HorizonCore", "CDashboardPages", crypto,
      ] + server, leavesOut: ["Pages"]),
    // The pages' files as a part of the executable.
    .target(name: "CDashboardPages"),
    module(
      "HorizonStress",
      sees: [
        "HorizonPipeline", "HorizonSynthetic", "HorizonRisk", "HorizonModels", "HorizonStore", "HorizonCore",
      ]),
    module(
      "HorizonPipeline",
      sees: [
        "HorizonSources", "HorizonReport", "HorizonRisk", "HorizonContest", "HorizonLedger", "HorizonModels",
        "HorizonLearning", "HorizonStore", "HorizonCore", "HorizonNumerics", yams,
      ]),
    module("HorizonReport", sees: ["HorizonCore"], leavesOut: ["Assets"]),
    module("HorizonRisk", sees: ["HorizonCore", "HorizonNumerics"]),
    module("HorizonContest", sees: ["HorizonLedger", "HorizonModels", "HorizonCore", "HorizonNumerics"]),
    // What past runs promised and what happened.
    module("HorizonLedger", sees: ["HorizonCore"]),
    module("HorizonModels", sees: ["HorizonCore", "HorizonLearning", "HorizonNumerics", "CShippedWeights"]),
    // The network's weights as a part of the executable.
    .target(name: "CShippedWeights", exclude: ["lstm.safetensors"]),
    // What made them: `make pretrain`.
    .executableTarget(
      name: "lstm-pretrain",
      dependencies: [
        "HorizonModels", "HorizonPretraining", "HorizonLearning", "HorizonCore", "HorizonNumerics", argumentParser,
      ],
      swiftSettings: settings),
    // Networks and trees, and how they are trained; no word of forecasting.
    module("HorizonLearning", sees: ["HorizonNumerics", "COpenBLAS", "CXGBoost"]),
    module("HorizonSynthetic", sees: ["HorizonPretraining", "HorizonStore", "HorizonCore", "HorizonNumerics"]),
    // What shipped weights learn from; sees nothing of the fleets they are judged on.
    module("HorizonPretraining", sees: ["HorizonCore", "HorizonNumerics"]),
    module("HorizonSources", sees: ["HorizonStore", "HorizonCore"]),
    // Workspaces in object stores; only the executable sees it.
    module(
      "HorizonObjects",
      sees: [
        "HorizonStore", "HorizonCore", httpClient, crypto, .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
      ]),
    module("HorizonStore", sees: ["HorizonCore", "ArrowBridge", crypto]),
    module("HorizonCore"),
    module("HorizonNumerics", sees: ["COpenBLAS"]),
    // Our `prophet` beside the package of that name: what `Benchmarks/run prophet` runs.
    .executableTarget(
      name: "prophet-parity", dependencies: ["HorizonTestKit", "HorizonModels", "HorizonCore"],
      path: "Benchmarks/ProphetParity", swiftSettings: settings),
    // What tests of several modules share, and what the author of a model runs.
    module("HorizonTestKit", sees: ["HorizonModels", "HorizonCore", "HorizonNumerics"]),
    // What `make fuzz` and its short run in the tests give their inputs to.
    module(
      "HorizonFuzzing",
      sees: [
        "HorizonDashboard", "HorizonPipeline", "HorizonSources", "HorizonModels", "HorizonLearning", "HorizonStore",
        "HorizonCore", "HorizonNumerics",
      ]),
    // The native edges; scripts/bootstrap provides the pkg-config files.
    .target(name: "ArrowBridge", dependencies: ["CArrow"]),
    .systemLibrary(name: "CArrow", pkgConfig: "parquet"),
    .systemLibrary(name: "COpenBLAS", pkgConfig: "scipy-openblas"),
    // Declares what is used of XGBoost's C interface; the library is opened when it is first needed.
    .target(name: "CXGBoost", linkerSettings: [.linkedLibrary("dl", .when(platforms: [.linux]))]),
    tests(of: "HorizonCore"),
    tests(of: "HorizonContest", with: ["HorizonLedger", "HorizonModels", "HorizonTestKit", "HorizonCore"]),
    tests(
      of: "HorizonDashboard",
      with: [
        "HorizonPipeline", "HorizonReport", "HorizonRisk", "HorizonSynthetic", "HorizonStore", "HorizonCore",
        "CDashboardPages", crypto,
      ] + server),
    tests(of: "HorizonFuzzing"),
    tests(of: "HorizonLearning", with: ["HorizonNumerics"]),
    tests(of: "HorizonLedger", with: ["HorizonCore"]),
    tests(of: "HorizonObjects", with: ["HorizonStore", "HorizonCore"]),
    tests(of: "HorizonModels", with: ["HorizonTestKit", "HorizonCore", "HorizonNumerics"]),
    tests(
      of: "HorizonPipeline",
      with: [
        "HorizonContest", "HorizonLedger", "HorizonSynthetic", "HorizonModels", "HorizonLearning", "HorizonStore",
        "HorizonCore", "HorizonNumerics",
      ]),
    tests(
      of: "HorizonPretraining", with: ["HorizonSynthetic", "HorizonCore", "HorizonNumerics"]),
    tests(of: "HorizonReport"),
    tests(of: "HorizonRisk", with: ["HorizonCore", "HorizonNumerics"]),
    tests(of: "HorizonSources", with: ["HorizonStore", "HorizonCore"]),
    tests(of: "HorizonStore", with: ["HorizonCore"]),
    tests(
      of: "HorizonStress",
      with: ["HorizonPipeline", "HorizonSynthetic", "HorizonRisk", "HorizonCore", "HorizonNumerics"]),
    tests(
      of: "HorizonSynthetic", with: ["HorizonPretraining", "HorizonStore", "HorizonCore", "HorizonNumerics"]),
  ],
  swiftLanguageModes: [.v6],
  cxxLanguageStandard: .cxx20
)

// `scripts/fuzz` alone builds it: libFuzzer brings its entry.
if isFuzzed {
  package.targets.append(
    .executableTarget(name: "horizonscale-fuzz", dependencies: ["HorizonFuzzing"], swiftSettings: settings))
}

// What is in it goes into every executable.
if sanitizer == "thread" {
  let slowPaths = ["9_lockSlowyys6UInt32VF", "12_tryLockSlowSbyF", "11_unlockSlowyyF"]
  let wrapped = slowPaths.map { "$s15Synchronization12_MutexHandleV\($0)" } + ["swift_continuation_await"]
  package.targets.append(
    .target(
      name: "CRuntimeMarks", path: "Tests/Sanitizers/CRuntimeMarks",
      linkerSettings: [.unsafeFlags(wrapped.flatMap { ["-Xlinker", "--wrap=\($0)"] })]))
  package.targets.first { $0.name == "HorizonCore" }!.dependencies.append("CRuntimeMarks")
}
