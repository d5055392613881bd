import Foundation
import HorizonCore
import HorizonModels
package import HorizonPipeline
import HorizonRisk
import HorizonStore
package import HorizonSynthetic

/// Fleets of every scenario through the whole pipeline, each scored against its own future.
package struct StressTest: Sendable {
  package var servers: Int
  package var days: Int
  package var seed: UInt64
  package var scenarios: [Scenario]
  /// As the product runs; what describes an input of the user is ignored.
  package var settings: RunSettings
  package var floors: StressFloors

  package init(
    servers: Int, days: Int, seed: UInt64, scenarios: [Scenario], settings: RunSettings, floors: StressFloors
  ) {
    self.servers = servers
    self.days = days
    self.seed = seed
    self.scenarios = scenarios
    self.settings = settings
    self.floors = floors
  }

  /// Makes, runs and scores the scenarios one after the other in a temporary folder, which is removed in the end.
  package func run(execution: Execution) async throws -> StressResult {
    let folder = FileManager.default.temporaryDirectory
      .appending(path: "horizonscale-stress-\(UUID().uuidString)", directoryHint: .isDirectory)
    defer { try? FileManager.default.removeItem(at: folder) }
    var result = StressResult(servers: servers, days: days, seed: seed)
    for (done, scenario) in scenarios.enumerated() {
      let begin = ContinuousClock.now
      let score = try await score(scenario, in: folder.appending(path: scenario.rawValue), execution: execution)
      result.add(score, of: scenario.rawValue, floors: floors)
      let seconds = Double((ContinuousClock.now - begin) / .milliseconds(1)) / 1_000
      let line = "\(scenario.rawValue): \(score.series) series in \(String(format: "%.1f", seconds)) s"
      execution.progress.say("\(done + 1) of \(scenarios.count)  \(line)")
    }
    return result
  }

  private func score(_ scenario: Scenario, in folder: URL, execution: Execution) async throws -> StressScore {
    defer { try? FileManager.default.removeItem(at: folder) }
    let fleet = try SyntheticFleet(FleetPlan(servers: servers, days: days, seed: seed, scenarios: [scenario]))
    let files = folder.appending(path: "fleet").path
    try await fleet.write(to: files, threads: execution.threads) { _ in try Interruption.check() }
    var settings = settings
    settings.seed = seed
    (settings.map, settings.units, settings.inventory, settings.asOf, settings.step) = ([:], [:], nil, nil, nil)
    let workspace = Workspace(folder.appending(path: "workspace").path)
    try workspace.create()
    let outcome = try await runAll(
      inputs: [files], workspace: workspace, settings: settings,
      execution: Execution(threads: execution.threads, chunk: execution.chunk, progress: .silent))
    let run = try PublishedRun(
      readingFrom: outcome.folder, step: fleet.plan.step, threshold: settings.thresholds[0].percent)
    let risk = try settings.risk()
    let stressed = (0..<servers).flatMap { server in
      fleet.series(server).map { series in StressedSeries(series, run: run, manifest: outcome.manifest, risk: risk) }
    }
    return StressScore(of: stressed, threshold: settings.thresholds[0].percent, within: settings.within)
  }
}

extension StressedSeries {
  /// Lays what a run published of a synthetic series beside its future; baselines are fitted to the readings as they were given.
  fileprivate init(_ series: SyntheticSeries, run: PublishedRun, manifest: RunManifest, risk: RiskSettings) {
    let name = SeriesName(server: series.server, resource: series.resource.rawValue)
    let forecast = run.forecasts[name]
    let asOf = ISOTime.parse(manifest.asOf).map { series.step.index(ofMicroseconds: $0.microseconds) }
    let lastReported = series.reported.last?.upperBound ?? 0
    // Position of the last step before the forecast.
    let cutoff = (forecast?.cutoff ?? asOf).map { $0 - series.firstIndex } ?? (lastReported - 1)
    let horizon = forecast.map { $0.quantiles.count / Levels.count } ?? 0
    var readings = [Float](repeating: .nan, count: cutoff + 1)
    for range in series.reported {
      for t in range where t <= cutoff { readings[t] = Float(series.value[t]) }
    }
    let capacity = series.capacity[min(max(0, lastReported - 1), series.capacity.count - 1)]
    let rule = risk.rule(for: name.resource)
    let panel = Panel(
      step: series.step, firstIndex: series.firstIndex, length: readings.count, values: readings, seeds: [0])
    let bounds = Bounds(history: panel.history(0), ceiling: capacity)
    func baseline(_ name: String) -> (mean: [Float], quantiles: [Float]) {
      guard case .model(let model)? = Catalog.all.first(where: { $0.card.name == name }) else { return ([], []) }
      let block = model.checkedForecast(of: panel, horizon: max(1, horizon))
      return (block.mean, block.quantiles.map(bounds.clamp))
    }
    let line = baseline("line-30")
    let future = (cutoff + 1)..<min(cutoff + 1 + horizon, series.truth.count)
    self.init(
      name: name, capacity: capacity, rule: rule, stepDays: series.step.days, history: readings.suffix(400),
      pathBefore: series.truth[max(0, cutoff + 1 - 4 * rule.of)...cutoff].map { Float($0) },
      path: series.truth[future].map { Float($0) }, actual: future.map { Float(series.trueReading(at: $0)) },
      isLive: cutoff == asOf.map { $0 - series.firstIndex }, published: forecast?.quantiles,
      naive: baseline(Catalog.baseline).quantiles, line: line.quantiles, lineMean: line.mean, risk: run.risks[name],
      isExplained: run.explained.contains(name))
  }
}
