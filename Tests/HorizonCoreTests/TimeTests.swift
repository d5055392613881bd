import HorizonCore
import Testing

@Suite struct TimeTests {
  @Test(arguments: [
    ("2025-12-31", "2025-12-31"), ("2025-12-31T21:00", "2025-12-31T21:00:00Z"),
    ("2025-12-31 21:00:30.25", "2025-12-31T21:00:30Z"), ("2025-12-31T21:00:00+02:00", "2025-12-31T19:00:00Z"),
    ("2025-12-31T23:30:00-0130", "2026-01-01T01:00:00Z"), ("2025/02/28", "2025-02-28"), ("1735603200", "2024-12-31"),
    ("1735603200000", "2024-12-31"), ("2024-02-29T24:00Z", "2024-03-01"),
  ])
  func usualTimesAreRead(text: String, expected: String) throws {
    let time = try #require(ISOTime.parse(text))
    #expect(ISOTime.string(time.microseconds) == expected)
  }

  @Test(arguments: [
    "", "yesterday", "2025-13-01", "2025-02-30", "2025-12-31T25:00", "2025-12-31T10:61", "31.12.2025", "12345",
    "2025-12-31T10:00:00+99:00", "2025-1-1",
  ])
  func whatIsNoTimeIsRefused(text: String) { #expect(ISOTime.parse(text) == nil) }

  @Test func everyDateOfFourHundredYearsGoesThereAndBack() {
    for days in stride(from: -100_000, through: 50_000, by: 7) {
      let date = CivilDate(daysSinceEpoch: days)
      #expect(CivilDate.daysSinceEpoch(year: date.year, month: date.month, day: date.day) == days)
    }
  }

  @Test func stepsFloorTowardsThePast() {
    #expect(Step.day.index(ofMicroseconds: -1) == -1)
    #expect(Step.hour.index(ofMicroseconds: 3_600_000_000) == 1)
    let monday = Step(seconds: 604_800, phase: 4 * 86_400)
    #expect(monday.microseconds(of: monday.index(ofMicroseconds: 1_735_603_200_000_000)) == 1_735_516_800_000_000)
  }

  @Test func runFoldersSortByTime() {
    #expect(ISOTime.folderName(1_379_883_600_000_000, step: .hour) == "2013-09-22T2100Z")
    #expect(ISOTime.folderName(1_379_808_000_000_000, step: .day) == "2013-09-22")
  }

  @Test(arguments: [("day", 86_400), ("15min", 900), ("6h", 21_600), ("week", 604_800), ("2d", 172_800)])
  func stepsAreReadByName(text: String, seconds: Int64) { #expect(Step(parsing: text)?.seconds == seconds) }

  @Test(arguments: ["", "fortnight", "0d", "-1h", "1.5h"])
  func whatIsNoStepIsRefused(text: String) { #expect(Step(parsing: text) == nil) }
}
