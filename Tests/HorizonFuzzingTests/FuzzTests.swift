import Foundation
import HorizonFuzzing
import Testing

/// The short run of `make fuzz`: every kept input, then a few hundred that a seed makes of them, in a process of its own.
@Suite struct FuzzTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

  @Test(arguments: FuzzTarget.all.map(\.name))
  func noInputCrashesHangsOrTakesAGigabyte(_ name: String) async throws {
    let result = await #expect(processExitsWith: .success) { [name] in
      try FuzzTests.run(#require(FuzzTarget.named(name)))
    }
    if result == nil {
      Issue.record("The last input was kept; to repeat it: scripts/fuzz \(name) \(FuzzTests.last(name))")
    }
  }

  /// Where the input stands that is being run.
  private static func last(_ name: String) -> String {
    root.deletingLastPathComponent().appending(path: ".build/fuzz/short-\(name)").path
  }

  private static func run(_ target: FuzzTarget) throws {
    let path = last(target.name)
    let files = FileManager.default
    try files.createDirectory(
      at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
    func run(_ input: [UInt8]) throws {
      try Data(input).write(to: URL(fileURLWithPath: path))
      alarm(10)
      input.withUnsafeBytes { target.run($0) }
      alarm(0)
    }
    let folder = root.appending(path: "Fuzz/\(target.name)").path
    let names = try files.contentsOfDirectory(atPath: folder).sorted()
    let corpus = try names.map { Array(try #require(files.contents(atPath: "\(folder)/\($0)"))) }
    try #require(!corpus.isEmpty)
    for input in corpus { try run(input) }
    let dictionary = files.contents(atPath: "\(folder).dict").map { String(decoding: $0, as: UTF8.self) } ?? ""
    var mutator = Mutator(tokens: Mutator.tokens(dictionary: dictionary), seed: 8)
    for k in 0..<mutations {
      try run(
        mutator.mutated(
          corpus[k % corpus.count], with: corpus[k * 7 % corpus.count], longest: target.longestInput))
    }
    #expect(peakMemory < 1 << 30)
    try files.removeItem(atPath: path)
  }

  private static let mutations = 300

  /// Of this process so far, in bytes.
  private static var peakMemory: Int {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return usage.ru_maxrss * 1_024
  }
}

@Suite struct MutatorTests {
  @Test func theSameSeedGivesTheSameInputsWithinTheirLength() {
    func inputs() -> [[UInt8]] {
      var mutator = Mutator(tokens: [Array("token".utf8)], seed: 1)
      return (0..<200).map { _ in mutator.mutated(Array("abcdef".utf8), with: Array("XYZ".utf8), longest: 10) }
    }
    let made = inputs()
    #expect(made == inputs() && made.allSatisfy { $0.count <= 10 } && Set(made).count > 100)
    #expect(made.contains { $0.contains(UInt8(ascii: "k")) } && made.contains { $0.contains(UInt8(ascii: "Z")) })
  }

  @Test func aDictionaryIsReadAsLibFuzzerReadsIt() {
    let text = "# \"no token\"\n\"server\"\nname=\"a\\\"b\\\\c\"\n\"\\x1E\\xff\"\n\n"
    #expect(Mutator.tokens(dictionary: text) == [Array("server".utf8), Array("a\"b\\c".utf8), [0x1e, 0xff]])
  }
}
