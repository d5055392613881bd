import Foundation
import HorizonReport
import Testing

@Suite struct RiskWordsTests {
  /// As of 15 January 2026.
  private let context = WordingContext(
    asOf: 1_768_435_200, stepSeconds: 86_400, horizonDays: 180, withinDays: 90, procurementDays: 30)

  private func risk(
    severity: String = "warning", tier: String = "high", current: Double = 71.2, p90: Double? = 0.7,
    days: (Double?, Double?) = (36, 70), orderBy: String? = "2026-01-21", needs: Double = 159.2,
    capacity: Double? = 128, reclaimable: Double = 0, unit: String = "GB", resource: String = "memory"
  ) -> ReportData.Risk {
    ReportData.Risk(
      server: "db-007", resource: resource, threshold: "warning", thresholdValue: 80, severity: severity, tier: tier,
      current: current, headroom: 80 - current, within30: nil, within60: nil, within90: p90, within180: nil,
      daysP10: days.0, daysP50: days.1, daysP90: nil, orderBy: orderBy, recommendedCapacity: needs, capacity: capacity,
      reclaimable: reclaimable, unit: unit, reason: "")
  }

  private func say(
    _ risk: ReportData.Risk, growth: Double? = nil, jump: ReportData.LevelMark? = nil, in other: WordingContext? = nil
  ) -> String {
    RiskWords(risk, growth: growth, jump: jump, in: other ?? context).text
      .replacingOccurrences(of: "\u{202F}", with: " ")
  }

  @Test func anExpectedBreachSaysWhatWhenHowSureAndWhatToDo() {
    #expect(
      say(risk(), growth: 4.04)
        == "Memory of db-007 is at 71 % of 128 GB and grows by 4 points a month. It will probably reach the warning limit "
        + "of 80 % in late March (10 % chance before 20 February). Order at least 32 GB more (to 160 GB) by 21 January. "
        + "Trust: high.")
  }

  @Test func aLateOrderIsForNow() {
    #expect(
      say(risk(days: (10, 12), orderBy: "2025-12-26")).hasSuffix(
        "around 27 January. Order at least 32 GB more (to 160 GB) now: with 30 days to get it, the safe day was "
          + "26 December 2025. Trust: high."))
    #expect(say(risk(orderBy: "2026-01-15")).contains("more (to 160 GB) today."))
  }

  @Test func whatIsCrossedIsAFactAndNeedsNoTrust() {
    #expect(
      say(risk(tier: "low", current: 84, days: (-1, -1), orderBy: "2025-12-15"))
        == "Memory of db-007 is at 84 % of 128 GB. It has been over the warning limit of 80 % for 1 day, since 14 January. "
        + "Add at least 32 GB more (to 160 GB) now.")
    #expect(say(risk(days: (0, 0))).contains("It has just gone over the warning limit of 80 %."))
  }

  @Test func aPossibleBreachIsToBeWatched() {
    #expect(
      say(risk(severity: "watch", p90: 0.34, days: (40, nil)))
        == "Memory of db-007 is at 71 % of 128 GB. It may reach the warning limit of 80 % within 90 days: the chance is "
        + "34 %. Keep an eye on it; to be on the safe side, order at least 32 GB more (to 160 GB) by 21 January. "
        + "Trust: high.")
    #expect(say(risk(severity: "watch", p90: 0.45, days: (40, 110))).contains("more likely than not by early May."))
  }

  @Test func lowTrustAsksToLookFirst() {
    #expect(say(risk(tier: "low")).hasSuffix("Trust in this forecast is low: look at the chart before you order."))
    #expect(say(risk(severity: "none", tier: "low", p90: 0.01, days: (nil, nil))).hasSuffix("Trust: low."))
  }

  @Test func whatIsSafeSaysSoAndWhatCouldBeGivenBack() {
    #expect(
      say(risk(severity: "none", current: 21, p90: 0, days: (nil, nil), orderBy: nil, reclaimable: 57.9))
        == "Memory of db-007 is at 21 % of 128 GB. Nothing points to it reaching the warning limit of 80 % within 90 days. "
        + "About 57 GB could be given back. Trust: high.")
    #expect(say(risk(severity: "none", p90: 0.004, days: (nil, nil))).contains("the chance is less than 1 %."))
    #expect(
      say(risk(severity: "none", p90: 0.1, days: (100, 150))).contains("in mid-June, beyond the next 90 days."))
  }

  @Test func unitsAndNumbersReadNaturally() {
    #expect(
      say(risk(needs: 2.2, capacity: 2, unit: "cores", resource: "cpu")).contains("at least 1 core more (to 3 cores)"))
    #expect(
      say(risk(needs: 2.2, capacity: 2, unit: "cores", resource: "cpu")).hasPrefix(
        "CPU of db-007 is at 71 % of 2 cores"))
    #expect(say(risk(needs: 112.3, capacity: 100, unit: "%")).contains("Order at least 13 % more capacity by"))
    #expect(say(risk(needs: 4_431, capacity: 4_000)).contains("at least 440 GB more (to 4,440 GB)"))
    #expect(say(risk(needs: 1.234, capacity: 1, unit: "TB")).contains("at least 0.24 TB more (to 1.24 TB)"))
    #expect(say(risk(), growth: 1.02).contains("grows by 1 point a month"))
    #expect(say(risk(), growth: -2.5).contains("falls by 2.5 points a month"))
    #expect(say(risk(), growth: 0.2).hasPrefix("Memory of db-007 is at 71 % of 128 GB. "))
    #expect(say(risk(needs: 100)).contains("Order capacity by 21 January."))
    #expect(say(risk(resource: "value")).hasPrefix("db-007 is at 71 %"))
  }

  @Test func aJumpIsSaidInsteadOfGrowth() {
    let jump = ReportData.LevelMark(time: context.asOf - 43 * 86_400, isCapacity: false, factor: 1.4)
    #expect(
      say(risk(), growth: 9, jump: jump).hasPrefix(
        "Memory of db-007 is at 71 % of 128 GB after its level jumped to 140 % of what it was on 3 December 2025. It will"
      ))
    let resize = ReportData.LevelMark(time: context.asOf - 43 * 86_400, isCapacity: true, factor: 2)
    #expect(say(risk(), jump: resize).contains("after its capacity went to 200 % of what it was on 3 December 2025."))
  }

  @Test func hoursAreSaidWhereStepsAreHours() {
    var hourly = context
    hourly.stepSeconds = 3_600
    #expect(say(risk(days: (0.1, 0.21)), in: hourly).contains("within 5 hours."))
    #expect(say(risk(days: (0.04, 0.04)), in: hourly).contains("within 1 hour."))
  }
}
