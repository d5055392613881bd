import Foundation
import HorizonCore
import HorizonLearning
import HorizonPipeline
import HorizonStore
import Testing

@Suite struct DoctorTests {
  private static let machine = Machine(
    executable: "/opt/horizonscale/bin/horizonscale",
    libraries: ["Arrow", "Parquet", "OpenBLAS"].map {
      Machine.Library(name: $0, path: "/opt/horizonscale/lib/lib\($0).so", version: "1.0")
    },
    treeLibrary: .success(
      Machine.Library(name: "XGBoost", path: "/opt/horizonscale/lib/libxgboost.so", version: "3.2.0")),
    cores: 4, memory: 8_000_000_000, columns: 80)

  /// Takes the sandbox, not its workspace: the folder lives as long as the sandbox does.
  private func findings(
    _ sandbox: Sandbox, machine: Machine = DoctorTests.machine, disk: DiskProbe = .real,
    environment: [String: String] = ["LC_ALL": "C.UTF-8"], now: Double = 1_900_000_000, deep: Bool = false
  ) -> [Finding] {
    withExtendedLifetime(sandbox) {
      Doctor(
        workspace: sandbox.workspace, machine: machine, disk: disk, environment: environment, now: now, isDeep: deep
      ).findings()
    }
  }

  /// The one finding of a check.
  private func finding(_ check: String, in findings: [Finding]) throws -> Finding {
    try #require(findings.first { $0.check == check }, "no '\(check)' in \(findings)")
  }

  private func whole() async throws -> Sandbox {
    let sandbox = try Sandbox()
    _ = try await sandbox.run(try sandbox.file("quiet.csv", quietCSV))
    return sandbox
  }

  private func file(_ sandbox: Sandbox, _ name: String) -> URL { sandbox.workspace.folder.appending(path: name) }

  private func expect(_ status: Finding.Status, _ check: String, in findings: [Finding], _ part: String) throws {
    let found = try finding(check, in: findings)
    #expect(found.status == status && found.message.contains(part), "\(found)")
    #expect((found.remedy != nil) == (status == .warning || status == .problem), "\(found)")
  }

  @Test func aWholeWorkspaceIsWell() async throws {
    let found = findings(try await whole(), deep: true)
    #expect(found.filter { $0.status == .problem || $0.status == .warning } == [])
    #expect(found.contains { $0.check == "runs" && $0.message.contains("1 of 1 whole, every digest") })
  }

  @Test func everyFindingThatIsNotWellHasARemedyOnOneLine() async throws {
    let sandbox = try await whole()
    try Data("{".utf8).write(to: file(sandbox, "quality.json"))
    try Data("horizons: 3\n".utf8).write(to: file(sandbox, "horizonscale.yaml"))
    for finding in findings(sandbox, environment: [:]) {
      #expect(!finding.message.contains("\n") && finding.remedy?.contains("\n") != true)
      if finding.status == .problem || finding.status == .warning { #expect(finding.remedy?.isEmpty == false) }
    }
  }

  @Test func aMissingWorkspaceIsNoProblemYet() throws {
    try expect(.warning, "workspace", in: findings(try Sandbox()), "there is none")
  }

  @Test func aFileIsNoWorkspace() throws {
    let sandbox = try Sandbox()
    try sandbox.file("workspace", "")
    try expect(.problem, "workspace", in: findings(sandbox), "is a file")
  }

  @Test func missingRightsAreFound() async throws {
    let sandbox = try await whole()
    let unreadable = DiskProbe(isReadable: { _ in false }, isWritable: { _ in true }, freeBytes: { _ in nil })
    try expect(.problem, "workspace", in: findings(sandbox, disk: unreadable), "cannot be read")
    let readOnly = DiskProbe(isReadable: { _ in true }, isWritable: { _ in false }, freeBytes: { _ in nil })
    try expect(.problem, "workspace", in: findings(sandbox, disk: readOnly), "cannot be written")
  }

  @Test func freeDiskIsJudgedBesideTheMaster() async throws {
    let sandbox = try await whole()
    for (free, status) in [(1_000_000, Finding.Status.problem), (60_000_000, .warning), (900_000_000, .ok)] {
      let probe = DiskProbe(isReadable: { _ in true }, isWritable: { _ in true }, freeBytes: { _ in free })
      #expect(try finding("disk", in: findings(sandbox, disk: probe)).status == status)
    }
  }

  @Test func aLivingAndADeadLockAreToldApart() async throws {
    let sandbox = try await whole()
    try expect(.ok, "lock", in: findings(sandbox), "nobody")
    let lock = try WorkspaceLock(sandbox.workspace)
    try expect(.info, "lock", in: findings(sandbox), "at work")
    lock.release()
    let host = ProcessInfo.processInfo.hostName
    func leave(_ text: String) throws { try Data(text.utf8).write(to: WorkspaceLock.file(in: sandbox.workspace)) }
    try leave(#"{"host":"\#(host)","process":4194303,"started":"2025-01-01T00:00:00Z"}"#)
    try expect(.warning, "lock", in: findings(sandbox), "is gone")
    try leave(#"{"host":"elsewhere","process":1,"started":"2025-01-01T00:00:00Z"}"#)
    try expect(.warning, "lock", in: findings(sandbox), "cannot be seen")
    try leave("{")
    try expect(.warning, "lock", in: findings(sandbox), "cannot be read")
  }

  @Test func aWrongSettingIsNamedWithItsLine() async throws {
    let sandbox = try await whole()
    try Data("seed: 1\nfolds: 900\n".utf8).write(to: file(sandbox, "horizonscale.yaml"))
    try expect(.problem, "settings", in: findings(sandbox), "line 2")
    try Data("holidays: /none/days.csv\n".utf8).write(to: file(sandbox, "horizonscale.yaml"))
    try expect(.problem, "settings", in: findings(sandbox), "/none/days.csv")
    try Data("folds: 3\n".utf8).write(to: file(sandbox, "horizonscale.yaml"))
    let variables = ["LC_ALL": "C.UTF-8", "HORIZONSCALE_THREADS": "none"]
    try expect(.problem, "settings", in: findings(sandbox, environment: variables), "HORIZONSCALE_THREADS")
  }

  @Test func aDamagedANewerAndALostMasterAreFound() async throws {
    let sandbox = try await whole()
    let manifest = file(sandbox, "master/manifest.json")
    let text = try String(contentsOf: manifest, encoding: .utf8)
    try Data(text.replacing("\"version\" : 1", with: "\"version\" : 99").utf8).write(to: manifest)
    try expect(.problem, "master", in: findings(sandbox), "newer")
    try Data("{".utf8).write(to: manifest)
    try expect(.problem, "master", in: findings(sandbox), "damaged")
    try Data(text.utf8).write(to: manifest)
    try FileManager.default.removeItem(at: file(sandbox, "master/resource=cpu"))
    try expect(.problem, "master", in: findings(sandbox), "lost its parts")
    try FileManager.default.removeItem(at: file(sandbox, "master"))
    try expect(.warning, "master", in: findings(sandbox), "no readings")
  }

  @Test func aDamagedInventoryAndQualityAreFound() async throws {
    let sandbox = try await whole()
    try expect(.info, "inventory", in: findings(sandbox), "none")
    try Data("PAR1nonsense".utf8).write(to: file(sandbox, "inventory.parquet"))
    try Data("{".utf8).write(to: file(sandbox, "quality.json"))
    try expect(.problem, "inventory", in: findings(sandbox), "inventory.parquet")
    try expect(.problem, "quality", in: findings(sandbox), "damaged")
  }

  @Test func latestIsComparedWithTheRuns() async throws {
    let sandbox = try await whole()
    let latest = sandbox.workspace.latest.path
    try expect(.ok, "latest", in: findings(sandbox), "runs/2024-12-02")
    try FileManager.default.removeItem(atPath: latest)
    try expect(.warning, "latest", in: findings(sandbox), "missing")
    try FileManager.default.createSymbolicLink(atPath: latest, withDestinationPath: "runs/2020-01-01")
    try expect(.problem, "latest", in: findings(sandbox), "no finished run")
  }

  @Test func aRunThatIsNotWholeIsFound() async throws {
    let sandbox = try await whole()
    let run = file(sandbox, "runs/2024-12-02")
    let risks = run.appending(path: "risks.csv")
    let text = try Data(contentsOf: risks)
    // The same size with other bytes is seen by the digest alone.
    try Data(repeating: 65, count: text.count).write(to: risks)
    #expect(findings(sandbox).allSatisfy { $0.check != "run 2024-12-02" })
    try expect(.problem, "run 2024-12-02", in: findings(sandbox, deep: true), "digest differs")
    try Data("x".utf8).write(to: risks)
    try expect(.problem, "run 2024-12-02", in: findings(sandbox), "was written with")
    try FileManager.default.removeItem(at: risks)
    try expect(.problem, "run 2024-12-02", in: findings(sandbox), "missing")
    let manifest = run.appending(path: "run.json")
    let json = try String(contentsOf: manifest, encoding: .utf8)
    try Data(json.replacing("\"version\" : \"\(productVersion)\"", with: "\"version\" : \"99.1\"").utf8).write(
      to: manifest)
    try expect(.problem, "run 2024-12-02", in: findings(sandbox), "99.1")
    try Data("{".utf8).write(to: manifest)
    try expect(.problem, "run 2024-12-02", in: findings(sandbox), "damaged")
    try FileManager.default.removeItem(at: manifest)
    try expect(.problem, "run 2024-12-02", in: findings(sandbox), "no run.json")
  }

  @Test func leftoversOfInterruptedWorkAreFound() async throws {
    let sandbox = try await whole()
    try FileManager.default.createDirectory(at: file(sandbox, "runs/.tmp-1"), withIntermediateDirectories: true)
    try expect(.warning, "left-overs", in: findings(sandbox), "runs/.tmp-1")
    // Who takes the lock clears them away; what comes afterwards is its own.
    let lock = try WorkspaceLock(sandbox.workspace)
    defer { lock.release() }
    try expect(.ok, "left-overs", in: findings(sandbox), "none")
    try FileManager.default.createDirectory(at: file(sandbox, "runs/.tmp-2"), withIntermediateDirectories: true)
    try expect(.info, "left-overs", in: findings(sandbox), "in progress")
  }

  @Test func whatTheNextRunGoesOnFromIsTold() async throws {
    let sandbox = try await whole()
    try expect(.info, "folds", in: findings(sandbox), "of finished folds")
    #expect(!findings(sandbox).contains { $0.check == "unfinished" })
    try FileManager.default.createDirectory(at: sandbox.workspace.unfinishedRun, withIntermediateDirectories: true)
    try expect(.info, "unfinished", in: findings(sandbox), "--resume")
  }

  @Test func readingsFromTheFutureQuestionTheClock() async throws {
    let sandbox = try await whole()
    try expect(.warning, "clock", in: findings(sandbox, now: 1_700_000_000), "future")
    try expect(.ok, "clock", in: findings(sandbox), "not before")
  }

  @Test func theInstallIsLookedOver() throws {
    let sandbox = try Sandbox()
    var machine = DoctorTests.machine
    machine.libraries.removeFirst()
    machine.libraries.append(Machine.Library(name: "OpenBLAS", path: "/usr/lib/libopenblas.so", version: "1"))
    machine.coreLimit = 1.5
    machine.memoryLimit = 500_000_000
    machine.columns = 30
    machine.toolchain = "source tree /src, swift at /usr/bin/swift"
    let found = findings(sandbox, machine: machine, environment: ["LC_ALL": "C"])
    try expect(.problem, "library Arrow", in: found, "not loaded")
    try expect(.ok, "library Parquet", in: found, "1.0")
    try expect(.warning, "library OpenBLAS", in: found, "2 times")
    try expect(.warning, "cores", in: found, "1.5 cores")
    try expect(.warning, "memory", in: found, "500 MB")
    try expect(.warning, "locale", in: found, "ASCII")
    try expect(.warning, "terminal", in: found, "30 columns")
    try expect(.info, "toolchain", in: found, "source tree")
    try expect(.ok, "version", in: found, productVersion)
  }

  @Test func aMissingTreeLibraryIsAWarningOnly() throws {
    let sandbox = try Sandbox()
    var machine = DoctorTests.machine
    try expect(.ok, "library XGBoost", in: findings(sandbox), "3.2.0, /opt/horizonscale/lib/libxgboost.so")
    machine.treeLibrary = .failure(.libraryMissing("libxgboost.so: no such file"))
    let found = try finding("library XGBoost", in: findings(sandbox, machine: machine))
    #expect(found.status == .warning && found.message.contains("no such file"))
    #expect(found.remedy?.contains("make setup") == true)
    let variables = ["LC_ALL": "C.UTF-8", "HORIZONSCALE_XGBOOST": "/none"]
    let named = try finding("library XGBoost", in: findings(sandbox, machine: machine, environment: variables))
    #expect(named.remedy?.contains("Unset HORIZONSCALE_XGBOOST") == true)
  }

  @Test func theTreeLibraryIsOpenedWhenItIsNeededAndNotBefore() async throws {
    let sandbox = try await whole()
    let workspace = sandbox.workspace.folder.path
    let start = try Executable.shell("LD_DEBUG=files \"$0\" --version 2>&1 | grep -c libxgboost")
    #expect(start.output == "0\n", "\(start)")
    let there = try Executable.run(["doctor"], workspace: workspace)
    #expect(there.code == 0 && there.output.contains("library XGBoost: 3."), "\(there)")
    let missing = try Executable.run(
      ["doctor"], workspace: workspace, environment: ["HORIZONSCALE_XGBOOST": "/none/libxgboost.so"])
    #expect(missing.code == 0 && missing.output.contains("/none/libxgboost.so"), "\(missing)")
  }

  @Test func theKernelsListsAreRead() {
    let maps = """
      7f0 r-xp 0 0:0 1 /opt/lib/libarrow.so.2600
      7f1 r--p 0 0:0 1 /opt/lib/libarrow.so.2600
      7f2 r-xp 0 0:0 2 /opt/lib/libparquet.so.2600
      7f3 rw-p 0 0:0 0 [heap]
      """
    let found = Machine.loadedLibraries(maps: maps)
    #expect(found.map(\.name) == ["Arrow", "Parquet"] && found.allSatisfy { $0.version == "26.0" })
    #expect(Machine.coreLimit("150000 100000\n") == 1.5 && Machine.coreLimit("max 100000\n") == nil)
  }

  @Test func theCommandEndsWithOneWhenThereIsAProblem() async throws {
    let sandbox = try await whole()
    let workspace = sandbox.workspace.folder.path
    let well = try Executable.run(["doctor"], workspace: workspace, environment: ["LC_ALL": "C.UTF-8"])
    #expect(well.code == 0, "\(well)")
    #expect(well.output.contains("library Arrow: "))
    try Data("{".utf8).write(to: file(sandbox, "quality.json"))
    let ill = try Executable.run(["doctor", "--json"], workspace: workspace)
    #expect(ill.code == 1)
    let report = try #require(try JSONSerialization.jsonObject(with: Data(ill.output.utf8)) as? [String: Any])
    #expect(report["problems"] as? Int == 1 && (report["findings"] as? [Any])?.isEmpty == false)
  }
}
