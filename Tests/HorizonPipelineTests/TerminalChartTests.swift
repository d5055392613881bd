import HorizonPipeline
import Testing

@Suite struct TerminalChartTests {
  private let chart = TerminalChart(
    history: (0..<100).map { .init(at: $0, value: 40 + Double($0) / 5) },
    forecast: (100..<140).map { .init(at: $0, low: 55, median: 60 + Double($0 - 100) / 4, high: 78) },
    limits: [80], asOf: 99, first: "2025-01-01", asOfLabel: "2025-04-10", last: "2025-05-20")

  private func style(_ width: Int, unicode: Bool = true, colour: Bool = false) -> TerminalStyle {
    TerminalStyle(width: width, isUnicode: unicode, hasColour: colour)
  }

  @Test(arguments: [40, 60, 80, 200]) func everyLineFitsTheTerminal(width: Int) {
    let lines = chart.lines(style(width))
    #expect(lines.count == 13)
    #expect(lines.allSatisfy { $0.count <= width })
    #expect(lines.contains { $0.count >= width - 1 })
  }

  @Test func asciiTerminalsGetAsciiAlone() {
    let lines = chart.lines(style(80, unicode: false))
    #expect(lines.joined().allSatisfy { $0.isASCII })
    for mark in "*o:-|" { #expect(lines.joined().contains(mark), "no \(mark)") }
  }

  @Test func readingsClimbFromLeftToRight() throws {
    let lines = chart.lines(style(80, unicode: false)).map { Array($0) }
    func row(of mark: Character, from: Int, to: Int) -> Int? {
      lines.firstIndex { $0.count > from && $0[from..<min(to, $0.count)].contains(mark) }
    }
    let early = try #require(row(of: "*", from: 5, to: 12))
    let late = try #require(row(of: "*", from: 40, to: 55))
    #expect(early > late)
  }

  @Test func aCrowdOfReadingsIsDrawnFromItsLeastToItsMost() {
    let crowded = TerminalChart(
      history: (0..<3_000).map { .init(at: $0, value: $0 % 24 == 0 ? 100 : $0 % 24 == 12 ? 0 : 50) }, forecast: [],
      limits: [], asOf: 2_999, first: "", asOfLabel: "", last: "")
    let rows = crowded.lines(style(60)).prefix(12)
    #expect(rows.allSatisfy { $0.dropFirst(6).allSatisfy { ("\u{2801}"..."\u{28FF}").contains($0) || $0 == "┊" } })
  }

  @Test func theLimitIsDrawnWhereItsValueLies() {
    let lines = chart.lines(style(80, unicode: false))
    // The axis ends at 80, which is the limit.
    #expect(lines[0].hasPrefix("80") && lines[0].contains("-----"))
    #expect(!lines[6].contains("-----"))
  }

  @Test func withoutColourNoEscapeIsWritten() {
    #expect(!chart.lines(style(80)).joined().contains("\u{1B}"))
    #expect(chart.lines(style(80, colour: true)).joined().contains("\u{1B}[36m"))
  }

  @Test func oneConstantReadingIsDrawn() {
    let one = TerminalChart(
      history: [.init(at: 5, value: 0)], forecast: [], limits: [], asOf: 5, first: "a", asOfLabel: "a", last: "a")
    #expect(one.lines(style(40, unicode: false)).joined().contains("*"))
  }

  @Test func nothingIsDrawnOfNothing() {
    let none = TerminalChart(
      history: [], forecast: [], limits: [80], asOf: 0, first: "", asOfLabel: "", last: "")
    #expect(none.lines(style(80)).isEmpty)
  }
}

@Suite struct TerminalStyleTests {
  private func style(_ environment: [String: String], columns: Int? = 100) -> TerminalStyle {
    TerminalStyle(environment: environment, columns: columns)
  }

  @Test func theFirstLocaleVariableThatIsSetDecides() {
    #expect(style(["LANG": "de_DE.UTF-8"]).isUnicode)
    #expect(!style(["LANG": "de_DE.UTF-8", "LC_ALL": "C"]).isUnicode)
    #expect(style(["LANG": "de_DE.UTF-8", "LC_ALL": ""]).isUnicode)
    #expect(!style([:]).isUnicode)
  }

  @Test func colourNeedsATerminalThatIsNotAskedToBePlain() {
    #expect(style([:]).hasColour)
    #expect(!style([:], columns: nil).hasColour)
    #expect(!style(["NO_COLOR": "1"]).hasColour)
    #expect(!style(["TERM": "dumb"]).hasColour)
  }

  @Test func textIsBrokenAtSpacesAndHangs() {
    let lines = TerminalStyle(width: 40, isUnicode: true, hasColour: false)
      .wrapped(String(repeating: "seven77 ", count: 12), hanging: 4)
    #expect(lines.count == 3)
    #expect(lines.allSatisfy { $0.count <= 40 })
    #expect(lines[1].hasPrefix("    seven77"))
  }

  @Test func controlCharactersOfNamesAreShownNotObeyed() {
    let plain = TerminalStyle(width: 80, isUnicode: false, hasColour: false).plain("db\u{1B}[31m-ü")
    #expect(plain == "db?[31m-?")
  }
}

@Suite struct NearestNamesTests {
  private let names = ["web-1", "web-2", "shop-db-00010", "shop-db-00011", "Mail"]

  @Test func aSlipOfThePenFindsTheName() {
    #expect(nearestNames(to: "shop-bd-00010", among: names).first == "shop-db-00010")
    #expect(nearestNames(to: "wbe-1", among: names, count: 1) == ["web-1"])
  }

  @Test func caseDoesNotMatter() { #expect(nearestNames(to: "mail", among: names, count: 1) == ["Mail"]) }

  @Test func aPartOfANameFindsAllThatHoldIt() {
    #expect(nearestNames(to: "shop", among: names) == ["shop-db-00010", "shop-db-00011"])
  }

  @Test func aStrangeNameFindsNothing() { #expect(nearestNames(to: "zzzzzzzz", among: names).isEmpty) }
}
