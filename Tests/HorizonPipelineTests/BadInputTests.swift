import Foundation
import HorizonCore
import HorizonPipeline
import Testing

/// What a user is told, by the built command line: the code, where, and what to do next.
@Suite struct BadInputTests {
  struct Refusal: CustomTestStringConvertible {
    let testDescription: String
    /// Of `input.csv`, `$` in the arguments; none is written when nil.
    var text: String?
    var arguments = ["run", "$"]
    let code: ExitCode
    /// Parts of what is said.
    let says: [String]

    init(_ what: String, _ text: String?, _ code: ExitCode, _ says: String..., arguments: [String] = ["run", "$"]) {
      testDescription = what
      self.text = text
      self.arguments = arguments
      self.code = code
      self.says = says
    }
  }

  static let header = "server,resource,time,value\n"
  static let refusals = [
    Refusal("no such file", nil, .missingInput, "There is no file or folder", "input.csv"),
    Refusal("an empty file", "", .unusableData, "input.csv is empty", "Export the file again"),
    Refusal("a header alone", header, .unusableData, "input.csv has a header but no rows"),
    Refusal("no time column", "server,value\na,1\n", .unusableData, "no time column", "--map time="),
    Refusal(
      "no values", "server,resource,time\na,cpu,2025-01-01\n", .unusableData, "no column of values", "--map value="),
    Refusal(
      "a column named twice", "server,time,value,value\na,2025-01-01,1,2\n", .unusableData,
      "several columns named 'value'"),
    Refusal(
      "text where a number belongs", header + "a,cpu,2025-01-01,twelve\n", .unusableData,
      "line 2: 'twelve' is not a number in column 'value'", "--max-bad-rows"),
    Refusal(
      "a date that is none", header + "a,cpu,31/31/2025,1\n", .unusableData,
      "line 2: '31/31/2025' is not a time in column 'time'"),
    Refusal("infinities", header + "a,cpu,2025-01-01,inf\n", .unusableData, "line 2: 'inf' is not a finite number"),
    Refusal("nothing but gaps", header + "a,cpu,2025-01-01,\n", .unusableData, "not one usable reading"),
    Refusal("bytes that are no table", "\u{0}\u{1}\u{0}\u{2}", .unusableData, "neither Parquet nor delimited text"),
    Refusal(
      "an unknown column in a map", quietCSV, .unusableData, "no column 'nosuch'",
      arguments: ["run", "$", "--map", "server=nosuch"]),
    Refusal(
      "an as-of before all readings", quietCSV, .unusableData, "no reading at or before 1999-01-01",
      arguments: ["run", "$", "--as-of", "1999-01-01"]),
    Refusal(
      "an as-of far ahead", quietCSV, .unusableData, "more than a year after",
      arguments: ["run", "$", "--as-of", "2999-01-01"]),
    Refusal(
      "no steps ahead", quietCSV, .badUsage, "--horizon", "1 to 20000", arguments: ["run", "$", "--horizon", "0"]),
    Refusal("no threads", quietCSV, .badUsage, "--threads", arguments: ["run", "$", "--threads", "0"]),
    Refusal(
      "an unknown model", quietCSV, .badUsage, "'oracle'", "seasonal-naive",
      arguments: ["run", "$", "--models", "oracle"]),
    Refusal("an unknown flag", quietCSV, .badUsage, "--frobnicate", arguments: ["run", "$", "--frobnicate"]),
    Refusal("no input named", nil, .badUsage, "inputs", arguments: ["run"]),
    Refusal(
      "an inventory that is not there", quietCSV, .missingInput, "servers.csv",
      arguments: ["run", "$", "--inventory", "servers.csv"]),
    Refusal("risks before any run", nil, .missingInput, "no finished run", "horizonscale run", arguments: ["risk"]),
    Refusal("a forecast without a master", nil, .missingInput, "no master", "ingest", arguments: ["forecast"]),
    Refusal("an unknown format", nil, .badUsage, "--format: 'xml'", "json", arguments: ["risk", "--format", "xml"]),
    Refusal("an empty fleet", nil, .badUsage, "servers", arguments: ["demo", "--servers", "0"]),
  ]

  @Test(arguments: refusals)
  func badInputIsRefusedWithItsPlaceAndARemedy(_ refusal: Refusal) throws {
    let sandbox = try Sandbox()
    let input = sandbox.path("input.csv")
    if let text = refusal.text { try sandbox.file("input.csv", text) }
    let outcome = try Executable.run(
      refusal.arguments.map { $0 == "$" ? input : $0 }, workspace: sandbox.workspace.folder.path)
    #expect(outcome.code == refusal.code.rawValue, "\(outcome.talk)")
    for part in refusal.says { #expect(outcome.talk.contains(part), "\(outcome.talk)") }
    #expect(outcome.output.isEmpty)
    #expect(try sandbox.leftovers().isEmpty)
  }

  @Test(arguments: [
    "a b  c", "x/y/../z", "it's \"q\"", "😀é", String(repeating: "n", count: 300), "<script>alert(1)</script>", "..",
    "=cmd()", "a,b",
  ])
  func anyNameOfAServerOrResourceGoesThrough(name: String) async throws {
    let sandbox = try Sandbox()
    let quoted = "\"\(name.replacing("\"", with: "\"\""))\""
    let text = dailyCSV([quoted], resource: "cpu") { _, day in "\(70 + day % 5)" }
    let asServer = try await sandbox.run(try sandbox.file("server.csv", text))
    #expect(asServer.manifest.counts.series == 1)
    let page = try writtenReport(of: asServer.folder)
    #expect(!page.contains("<script>alert"))
    let resource = dailyCSV(["db-1"], resource: quoted) { _, day in "\(70 + day % 5)" }
    let asResource = try await sandbox.run(try sandbox.file("resource.csv", resource))
    #expect(asResource.manifest.counts.series == 1)
  }

  @Test func seriesThatTellNothingStillGetAForecastOfLowTrust() async throws {
    let sandbox = try Sandbox()
    let flat = dailyCSV(["flat"]) { _, _ in "42" }
    let idle = dailyCSV(["idle"]) { _, _ in "0" }.split(separator: "\n").dropFirst().joined(separator: "\n")
    let text = flat + idle + "\nnew,cpu,2024-12-02,5\n"
    let outcome = try await sandbox.run(try sandbox.file("odd.csv", text))
    #expect(outcome.manifest.counts.series == 3)
    #expect(outcome.manifest.counts.forecastRows == 3 * outcome.manifest.horizon)
    #expect(outcome.manifest.counts.bySeverity["critical"] == nil)
  }

  @Test func aFewBadRowsAreCountedAndShownButStopNothing() throws {
    let sandbox = try Sandbox()
    let input = try sandbox.file("input.csv", quietCSV + "web-1,cpu,2024-12-03,twelve\n")
    let outcome = try Executable.run(["run", input], workspace: sandbox.workspace.folder.path)
    #expect(outcome.code == 0)
    #expect(outcome.talk.contains("input.csv, line 122: 'twelve' is not a number in column 'value'"))
  }

  @Test func standardInputIsReadOnceHoweverOftenItIsNamed() throws {
    let sandbox = try Sandbox()
    let outcome = try Executable.run(["run", "-", "-"], workspace: sandbox.workspace.folder.path, input: quietCSV)
    #expect(outcome.code == 0, "\(outcome.talk)")
    #expect(outcome.output.contains("2 servers, 2 series"))
  }

  @Test func aDamagedMasterIsToldAsOneAndNotAsADefect() async throws {
    let sandbox = try Sandbox()
    _ = try await sandbox.run(try sandbox.file("quiet.csv", quietCSV))
    let part = sandbox.workspace.master.appending(path: "resource=cpu/part-00000.parquet")
    try Data(try Data(contentsOf: part).prefix(100)).write(to: part)
    let outcome = try Executable.run(["forecast"], workspace: sandbox.workspace.folder.path)
    #expect(outcome.code == ExitCode.unusableData.rawValue)
    #expect(outcome.talk.contains("Fill the master anew"))
  }

  @Test func riskFailsOnASeverityThatIsListed() async throws {
    let sandbox = try Sandbox()
    let full = dailyCSV(["full"]) { _, day in "\(95 + day % 3)" }
    _ = try await sandbox.run(try sandbox.file("full.csv", full))
    let workspace = sandbox.workspace.folder.path
    #expect(try Executable.run(["risk", "--fail-on", "critical"], workspace: workspace).code == 1)
    #expect(try Executable.run(["risk", "--tier", "high", "--fail-on", "critical"], workspace: workspace).code == 0)
    #expect(try Executable.run(["risk", "--fail-on", "loud"], workspace: workspace).code == 64)
    #expect(
      try Executable.run(["risk", "--format", "csv"], workspace: workspace).output.contains("full,cpu,90.0,critical"))
  }
}
