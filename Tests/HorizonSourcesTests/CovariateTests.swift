import Foundation
import HorizonCore
import HorizonSources
import HorizonStore
import Testing

/// A master of days, 2024-01-01 to 2024-12-31.
private let master = MasterManifest(
  step: .day, timezone: "UTC", resources: [], seriesCount: 1, readingCount: 366, firstIndex: 19_723, lastIndex: 20_088,
  inputs: [], notes: [])
private let cpu = SeriesName(server: "web-1", resource: "cpu")

@Suite struct HolidayFileTests {
  private let sandbox = Sandbox()

  private func read(_ text: String) throws -> CovariateFiles {
    try CovariateFiles(holidays: sandbox.file("holidays.csv", text), regressors: nil, master: master)
  }

  @Test func namesDatesWindowsAndScalesAreRead() throws {
    let files = try read(
      "name,date,lower_window,upper_window,prior_scale\nnew year,2025-01-01,-1,2,5\nsale,2024-11-29T10:00,,,\n")
    #expect(
      files.holidays.entries == [
        Holidays.Entry(name: "new year", day: 20_089, lowerWindow: -1, upperWindow: 2, priorScale: 5),
        Holidays.Entry(name: "sale", day: 20_056),
      ])
    #expect(files.inputs.count == 1 && files.inputs[0].sha256.count == 64 && files.notes.isEmpty)
  }

  @Test func headingsOfThePackageAreUnderstood() throws {
    #expect(try read("ds,holiday\n2025-01-01,new year\n").holidays.entries[0].name == "new year")
  }

  @Test(arguments: [
    ("name\nx\n", "has no column 'date'"), ("name,date\n", "no holiday"), ("name,date\n,2025-01-01\n", "row 1"),
    ("name,date\nx,2025-01-01\nx,tomorrow\n", "row 2"),
    ("name,date,lower_window\nx,2025-01-01,1\n", "lower_window of 1"),
    ("name,date,upper_window\nx,2025-01-01,-1\n", "upper_window of -1"),
    ("name,date,upper_window\nx,2025-01-01,soon\n", "'soon'"),
    ("name,date,prior_scale\nx,2025-01-01,0\n", "prior_scale of 0"),
    ("name,date,prior_scale\nx,2025-01-01,1\nx,2024-01-01,2\n", "another prior_scale"),
    ("name,date\ntrend,2025-01-01\n", "'trend'"), ("name,date\na_delim_b,2025-01-01\n", "'a_delim_b'"),
  ])
  func whatCannotBeUsedIsRefusedWithItsPlace(text: String, part: String) throws {
    let failure = #expect(throws: Failure.self) { try read(text) }
    #expect(failure?.code == .unusableData && failure!.message.contains(part) && !failure!.remedy.isEmpty)
    #expect(failure!.message.contains("holidays.csv"))
  }

  @Test func aMissingFileIsAMissingInput() {
    let failure = #expect(throws: Failure.self) {
      try CovariateFiles(holidays: sandbox.folder + "/none.csv", regressors: nil, master: master)
    }
    #expect(failure?.code == .missingInput)
  }

  @Test func holidaysOutsideTheTimesAreToldAndDoNoHarm() throws {
    var files = try read("name,date\nx,1999-01-01\n")
    files.compare(with: [cpu], firstDay: 19_723, lastDay: 20_200)
    #expect(files.notes.contains { $0.contains("No holiday lies within") })
  }
}

@Suite struct RegressorFileTests {
  private let sandbox = Sandbox()

  private func read(_ rows: String, holidays: String? = nil) throws -> CovariateFiles {
    try CovariateFiles(
      holidays: holidays.map { sandbox.file("holidays.csv", $0) },
      regressors: sandbox.file("regressors.csv", "server,resource,time,name,value\n" + rows), master: master)
  }

  @Test func valuesStandOnTheirSteps() throws {
    let files = try read(
      "web-1,cpu,2024-12-30,users,3\nweb-1,cpu,2025-01-02,users,7\nweb-1,cpu,2024-12-29,users,2\nweb-1,cpu,2024-12-30,orders,1\n"
    )
    let regressors = try #require(files.regressors[cpu])
    #expect(regressors.map(\.name) == ["orders", "users"])
    let users = regressors[1]
    #expect(users.value(at: 20_086) == 2 && users.value(at: 20_087) == 3 && users.value(at: 20_090) == 7)
    #expect(users.value(at: 20_088).isNaN && users.value(at: 20_085).isNaN && users.value(at: 20_091).isNaN)
  }

  @Test func severalValuesInAStepBecomeTheirMeanAndAreCounted() throws {
    let files = try read(
      "web-1,cpu,2024-12-30T01:00,users,1\nweb-1,cpu,2024-12-30T02:00,users,2\nweb-1,cpu,2024-12-30T03:00,users,6\n")
    #expect(files.regressors[cpu]![0].value(at: 20_087) == 3)
    #expect(files.notes.contains { $0.contains("2 values shared") })
  }

  @Test func whatEndsBeforeTheAsOfIsLeftOutAndWhatEndsEarlyIsHeld() throws {
    var files = try read(
      (0..<10).map { "web-1,cpu,2024-12-\(20 + $0),past,\($0)\nweb-1,cpu,2024-12-\(20 + $0),flat,5\n" }.joined()
        + "web-1,cpu,2025-01-05,flat,5\n"
        + "web-1,cpu,2024-12-30,short,1\nweb-1,cpu,2024-12-31,short,2\nweb-1,cpu,2025-01-02,short,4\n")
    files.judge(asOf: 20_088, lastIndex: 20_100)
    let left = try #require(files.regressors[cpu])
    #expect(left.map(\.name) == ["short"])
    #expect(left[0].value(at: 20_090) == 4 && left[0].value(at: 20_100) == 4 && left[0].value(at: 20_101).isNaN)
    files.compare(with: [cpu], firstDay: 0, lastDay: 1)
    #expect(files.notes.count == 3)
  }

  /// At midnight UTC it is the evening of the day before in New York, unless all times are midnights: then they are dates.
  @Test func aZoneMovesInstantsAndLeavesDates() throws {
    var far = master
    far.timezone = "America/New_York"
    func first(_ times: [String]) throws -> Int {
      let rows = times.map { "web-1,cpu,\($0),users,1\n" }.joined()
      let path = sandbox.file("zoned.csv", "server,resource,time,name,value\n" + rows)
      return try CovariateFiles(holidays: nil, regressors: path, master: far).regressors[cpu]![0].firstIndex
    }
    #expect(try first(["2024-12-30T00:00Z", "2024-12-30T12:00Z"]) == 20_086)
    #expect(try first(["2024-12-30T00:00Z", "2024-12-31T00:00Z"]) == 20_087)
    #expect(try first(["2024-12-30", "2024-12-31"]) == 20_087)
  }

  @Test func theOrderOfTheRowsDoesNotMatter() throws {
    let rows = (10..<31).map { "web-1,cpu,2024-12-\($0),users,\($0)\n" }
    let forward = try read(rows.joined()).regressors
    #expect(try read(rows.reversed().joined()).regressors == forward)
    #expect(forward[cpu]![0].values == (10..<31).map(Float.init))
  }

  @Test func parquetIsReadAsCsvIs() throws {
    let path = sandbox.folder + "/regressors.parquet"
    let writer = try TableWriter(
      parquet: path,
      schema: TableSchema([
        Column("server", .text), Column("resource", .text), Column("time", .time), Column("name", .text),
        Column("value", .double),
      ]))
    let days = [20_087, 20_088].map { Int64($0) * 86_400_000_000 }
    try writer.append([
      .text(["web-1", "web-1"]), .text(["cpu", "cpu"]), .times(days), .text(["users", "users"]), .doubles([3, 4]),
    ])
    try writer.close()
    let files = try CovariateFiles(holidays: nil, regressors: path, master: master)
    #expect(files.regressors[cpu] == [Regressor(name: "users", firstIndex: 20_087, values: [3, 4])])
  }

  @Test func aFileWithoutRowsAndOneWithoutValuesAreNoticed() throws {
    let failure = #expect(throws: Failure.self) { try read("") }
    #expect(failure?.message.contains("no regressor") == true)
    #expect(try read("web-1,cpu,2024-12-30,users,\n").notes.contains { $0.contains("no value at all") })
  }

  @Test func aNameOfASeasonalityIsRefused() {
    let path = sandbox.file("r.csv", "server,resource,time,name,value\nweb-1,cpu,2024-12-30,monthly,1\n")
    let failure = #expect(throws: Failure.self) {
      try CovariateFiles(holidays: nil, regressors: path, master: master, taken: ["monthly"])
    }
    #expect(failure?.message.contains("'monthly'") == true)
  }

  @Test func panelsGetTheirOwnThroughSelectionAndCut() throws {
    let files = try read(
      "web-1,cpu,2024-12-30,users,3\nweb-2,cpu,2024-12-30,users,9\n", holidays: "name,date\nx,2025-01-01\n")
    let names = ["web-0", "web-1", "web-2"].map { SeriesName(server: $0, resource: "cpu") }
    let values = (0..<90).map { Float($0 % 7) }
    let panel = Panel(
      step: .day, firstIndex: 20_059, length: 30, values: values, seeds: [1, 2, 3],
      covariates: files.covariates(of: names))
    #expect(panel.covariates.regressors(of: 0).isEmpty && panel.covariates.regressors(of: 2)[0].value(at: 20_087) == 9)
    let part = panel.selecting([2, 1], cutoff: 20_080).cut(at: 20_070).rebased().panel
    #expect(part.covariates.regressors(of: 0)[0].value(at: 20_087) == 9)
    #expect(part.covariates.regressors(of: 1)[0].value(at: 20_087) == 3)
    #expect(part.covariates.holidays.entries.count == 1)
  }

  @Test func seriesWithoutReadingsAreTold() throws {
    var files = try read("web-9,cpu,2024-12-30,users,3\n")
    files.compare(with: [cpu], firstDay: 0, lastDay: 1)
    #expect(files.notes.contains { $0.contains("web-9/cpu") })
  }

  @Test(arguments: [
    ("web-1,cpu,2024-12-30,users,many\n", "'many' in row 1"), ("web-1,cpu,soon,users,1\n", "row 1"),
    ("web-1,,2024-12-30,users,1\nweb-1,cpu,,users,1\n", "row"), ("web-1,cpu,2024-12-30,weekly,1\n", "'weekly'"),
    ("web-1,cpu,2024-12-30,yhat_lower,1\n", "'yhat_lower'"),
  ])
  func whatCannotBeUsedIsRefusedWithItsPlace(rows: String, part: String) throws {
    let failure = #expect(throws: Failure.self) { try read(rows) }
    #expect(
      failure?.code == .unusableData && failure!.message.contains(part) && failure!.message.contains("regressors.csv"))
  }

  @Test func aRegressorCalledAsAHolidayIsRefused() {
    let failure = #expect(throws: Failure.self) {
      try read("web-1,cpu,2024-12-30,sale,1\n", holidays: "name,date\nsale,2024-11-29\n")
    }
    #expect(failure?.message.contains("'sale'") == true)
  }
}
