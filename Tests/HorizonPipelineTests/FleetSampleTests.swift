import HorizonContest
import HorizonCore
import HorizonNumerics
import HorizonPipeline
import Testing

@Suite struct FleetSampleTests {
  private static let asOf = 20_000

  /// Rising histories of `days` readings up to the as-of.
  private func tile(_ resource: String, _ servers: Range<Int>, days: Int = 12, step: Step = .day) -> ContestTile {
    let names = servers.map { SeriesName(server: "s\($0)", resource: resource) }
    return ContestTile(
      names: names,
      panel: Panel(
        step: step, firstIndex: FleetSampleTests.asOf - days + 1, length: days,
        values: names.indices.flatMap { s in (0..<days).map { Float(s + $0) } },
        seeds: names.map { stableHash($0.description, seed: 42) }),
      lastReading: names.map { _ in FleetSampleTests.asOf }, staleAfter: step.staleAfter)
  }

  private func sample(_ tiles: [ContestTile]) throws -> Panel {
    var sample = FleetSample()
    for tile in tiles { sample.add(tile) }
    return try #require(sample.panel)
  }

  private func seeds(_ tiles: [ContestTile]) -> Set<UInt64> { Set(tiles.flatMap(\.panel.seeds)) }

  private func expectSame(_ a: Panel, _ b: Panel) {
    #expect(a.seeds == b.seeds && a.firstIndex == b.firstIndex && a.length == b.length)
    for s in 0..<a.count {
      #expect(a.history(s).values.map(\.bitPattern) == b.history(s).values.map(\.bitPattern))
    }
  }

  @Test func aSmallFleetIsTakenWhole() throws {
    let tiles = [tile("cpu", 0..<30), tile("disk", 0..<3, days: 200), tile("cpu", 30..<31, days: 800)]
    let panel = try sample(tiles)
    #expect(Set(panel.seeds) == seeds(tiles) && panel.length == 800)
  }

  @Test func rareKindsAndLengthsAreNotCrowdedOut() throws {
    let rare = [tile("disk", 0..<5), tile("cpu", 5_000..<5_007, days: 130), tile("queue", 0..<2, days: 740)]
    let panel = try sample((0..<20).map { tile("cpu", (100 * $0)..<(100 * $0 + 100)) } + rare)
    #expect(seeds(rare).isSubset(of: panel.seeds))
    // Of the many, half of the whole sample at most.
    #expect(panel.count == 768 + 14)
  }

  @Test func aLargeFleetGivesEqualSharesOfABoundedSize() throws {
    let kinds = ["cpu", "memory", "disk"]
    let panel = try sample(kinds.map { tile($0, 0..<1_000) })
    #expect(panel.count == 1_536)
    for kind in kinds { #expect(seeds([tile(kind, 0..<1_000)]).intersection(panel.seeds).count == 512) }
  }

  @Test func longHistoriesBoundTheReadings() throws {
    var sample = FleetSample()
    var seeds: [UInt64] = []
    for first in stride(from: 0, to: 200, by: 5) {
      let tile = tile("cpu", first..<(first + 5), days: 200_000, step: .hour)
      seeds += tile.panel.seeds
      sample.add(tile)
    }
    let panel = try #require(sample.panel)
    #expect(panel.count == 80 && panel.count * panel.length == 16_000_000)
    // Those with the smallest draws, as if all had been kept until the end.
    #expect(panel.seeds == Array(seeds.sorted().prefix(80)))
  }

  @Test func neitherTheOrderOfTheSeriesNorTheTilesMatter() throws {
    var tiles = (0..<30).map { tile("cpu", (50 * $0)..<(50 * $0 + 50), days: 40 + $0) }
    tiles += (0..<25).map { tile("disk", (50 * $0)..<(50 * $0 + 50), days: 150 + $0) }
    tiles += [tile("memory", 0..<40, days: 900)]
    let first = try sample(tiles)
    expectSame(first, try sample(tiles.reversed()))
    var random = SplitMix64(seed: 4)
    expectSame(first, try sample(tiles.shuffled(using: &random)))
    let singles = tiles.flatMap { tile in
      tile.names.indices.map { s in
        ContestTile(
          names: [tile.names[s]], panel: tile.panel.selecting([s], cutoff: tile.panel.cutoff),
          lastReading: [tile.lastReading[s]], staleAfter: tile.staleAfter)
      }
    }
    expectSame(first, try sample(singles.shuffled(using: &random)))
  }

  @Test func aSurveysSampleDependsOnTheSeedAndNotOnThreadsOrChunk() async throws {
    let sandbox = try Sandbox()
    let input = try sandbox.file(
      "many.csv", dailyCSV((0..<900).map { "s\($0)" }, days: 5) { s, day in "\(10 + s % 50 + day)" })
    let one = Execution(threads: 1, chunk: 64, progress: .silent)
    _ = try ingestLocked(inputs: [input], workspace: sandbox.workspace, settings: RunSettings(), execution: one)
    let fleet = try Fleet(workspace: sandbox.workspace, settings: RunSettings())
    func draw(seed: UInt64, _ execution: Execution) async throws -> Panel {
      try #require(try await survey(fleet, seed: seed, sampling: true, execution: execution).sample)
    }
    let first = try await draw(seed: 42, one)
    #expect(first.count == 768)
    for (threads, chunk) in [(2, 1), (8, 4_096)] {
      expectSame(first, try await draw(seed: 42, Execution(threads: threads, chunk: chunk, progress: .silent)))
    }
    let other = try await draw(seed: 43, one)
    #expect(Set(other.seeds) != Set(first.seeds))
    #expect(try await survey(fleet, seed: 42, sampling: false, execution: one).sample == nil)
  }
}

@Suite struct TrainingCutoffTests {
  private let settings = ContestSettings(contestants: [], horizon: 90, folds: 6)

  /// Daily histories that end so many days before the as-of, and began when they did.
  private func panel(ended: [Int], length: Int, days: [Int]) -> Panel {
    let values = ended.indices.flatMap { s in
      (0..<length).map { t -> Float in
        t >= length - ended[s] || t < length - ended[s] - days[s] ? .nan : Float(t % 7)
      }
    }
    return Panel(
      step: .day, firstIndex: 20_001 - length, length: length, values: values, seeds: ended.indices.map(UInt64.init))
  }

  private func folds(_ panel: Panel) -> [Int] {
    (0..<panel.count).flatMap { s -> [Int] in
      let history = panel.history(s)
      let last = history.firstIndex + (history.values.lastIndex { !$0.isNaN }! - history.values.startIndex)
      return FoldPlan(
        first: history.firstIndex, last: panel.cutoff - last <= 14 ? panel.cutoff : last, horizon: 90, folds: 6,
        season: 7)?.cutoffs ?? []
    }
  }

  @Test func liveSeriesAreTrainedForAtEverySecondFold() throws {
    let panel = panel(ended: [0, 0, 3], length: 1_000, days: [1_000, 1_000, 997])
    let own = try #require(FoldPlan(first: 19_001, last: 20_000, horizon: 90, folds: 6, season: 7)).cutoffs
    #expect(trainingCutoffs(panel, settings: settings) == [own[0], own[2], own[4]])
  }

  @Test func seriesThatEndedAtTimesOfTheirOwnAreMostlyTrainedFor() {
    var random = SplitMix64(seed: 6)
    let ended = (0..<200).map { _ in Int(random.uniform(20, 900)) }
    let panel = panel(ended: ended, length: 1_500, days: ended.map { min(500, 1_500 - $0) })
    let cutoffs = trainingCutoffs(panel, settings: settings)
    let folds = folds(panel)
    #expect((1...3).contains(cutoffs.count) && cutoffs == Set(cutoffs).sorted())
    #expect(cutoffs.allSatisfy(folds.contains))
    let trained = folds.count { $0 >= cutoffs[0] }
    #expect(Double(trained) >= 0.8 * Double(folds.count), "\(trained) of \(folds.count)")
  }

  @Test func everyFoldOfASmallFleetIsTrainedFor() {
    let ended = [20, 200, 333, 471, 600]
    let panel = panel(ended: ended, length: 1_500, days: ended.map { _ in 400 })
    let cutoffs = trainingCutoffs(panel, settings: settings)
    #expect(cutoffs.count > 3 && folds(panel).allSatisfy { $0 >= cutoffs[0] })
  }

  @Test func noFoldsNeedNoTraining() {
    let short = panel(ended: [0, 0], length: 5, days: [5, 5])
    #expect(trainingCutoffs(short, settings: settings).isEmpty)
  }
}
