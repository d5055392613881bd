import HorizonCore
import HorizonModels
import HorizonNumerics
import HorizonTestKit
import Testing

private let learners: [any FleetModel] = Catalog.all.compactMap { if case .learner(let l) = $0 { l } else { nil } }
private let steps: [Step] = [.day, .hour, Step(seconds: 604_800), Step(seconds: 300)]

/// Few series, so that training is short.
private func sample(_ step: Step = .day, length: Int = 200) -> Panel {
  SyntheticPanel.panel(kinds: [.seasonal, .trend, .gappy], length: length, step: step, seed: 1)
}

/// The same readings up to a step, nonsense afterwards.
private func spoilt(_ panel: Panel, after cutoff: Int) -> Panel {
  var values: [Float] = []
  for s in 0..<panel.count {
    for t in panel.firstIndex...panel.cutoff { values.append(t <= cutoff ? panel.actual(s, at: t) : 1e6 + Float(t)) }
  }
  return Panel(
    step: panel.step, firstIndex: panel.firstIndex, length: panel.length, values: values, seeds: panel.seeds)
}

private func bits(_ block: ForecastBlock) -> [UInt32] {
  block.quantiles.map(\.bitPattern) + block.mean.map(\.bitPattern)
}

extension FleetModel {
  fileprivate func forecast(of panel: Panel, with trainings: [Training]) -> ForecastBlock {
    guard case .model(let model) = contestant(trainings) else { preconditionFailure("a trained learner is a model") }
    return model.checkedForecast(of: panel, horizon: 20)
  }
}

/// Each learner trained once for each step.
private enum Trained {
  static let all = learners.map { learner in steps.map { train(learner, $0) } }

  private static func train(_ learner: any FleetModel, _ step: Step) -> Result<any TrainedModel, TrainingError> {
    Result { () throws(TrainingError) in try learner.trained(on: sample(step), horizon: 40, seed: 5) }
  }

  static func model(_ index: Int, _ step: Step) throws -> any TrainedModel {
    try all[index][steps.firstIndex(of: step)!].get()
  }
}

@Suite struct FleetModelTests {
  init() { useOneThreadForMatrices() }

  @Test(arguments: learners.indices, steps)
  func whatWasLearntKeepsTheContractOfEveryModel(index: Int, step: Step) throws {
    let training = Training(cutoff: .min, result: .success(try Trained.model(index, step)))
    guard case .model(let model) = learners[index].contestant([training]) else { preconditionFailure("a model") }
    let contract = ModelContract(model)
    let panel = SyntheticPanel.panel(length: 400, step: step)
    #expect(contract.forecastsAreWellFormed(panel).isEmpty)
    #expect(contract.theRightKindIsTaken(step: step).isEmpty)
    #expect(contract.forecastsAreDeterministic(panel).isEmpty)
    #expect(contract.nothingAfterTheCutoffIsSeen(panel).isEmpty)
    #expect(contract.neighboursDoNotMatter(panel).isEmpty)
  }

  @Test(arguments: learners.indices)
  func nothingIsLearntFromReadingsAfterTheCutoff(index: Int) throws {
    let longer = sample(length: 230)
    let cutoff = longer.cutoff - 30
    let learnt = try learners[index].trained(on: longer.cut(at: cutoff), horizon: 40, seed: 5).saved
    let others = try learners[index].trained(on: spoilt(longer, after: cutoff).cut(at: cutoff), horizon: 40, seed: 5)
    #expect(others.saved == learnt)
  }

  /// The order of the series is a part of what is learnt from; the survey's sample has one order whatever the fleet's.
  @Test(arguments: learners.indices)
  func theSameSampleAndSeedTeachTheSameBits(index: Int) throws {
    let first = try Trained.model(index, .day).saved
    #expect(try learners[index].trained(on: sample(), horizon: 40, seed: 5).saved == first)
    #expect(try learners[index].trained(on: sample(), horizon: 40, seed: 6).saved != first)
  }

  @Test(arguments: learners.indices, steps)
  func whatWasSavedForecastsTheSameBits(index: Int, step: Step) throws {
    let model = try Trained.model(index, step)
    let loaded = try learners[index].loaded(from: model.saved)
    #expect(loaded.saved == model.saved)
    let panel = SyntheticPanel.panel(length: 150, step: step, seed: 9)
    let block = model.checkedForecast(of: panel, horizon: 60)
    let again = loaded.checkedForecast(of: panel, horizon: 60)
    #expect(again.refusals == block.refusals && bits(again) == bits(block))
  }

  @Test(arguments: learners.indices)
  func whatIsCutShortOrSomethingElseIsNotLoaded(index: Int) throws {
    let saved = try Trained.model(index, .day).saved
    var samples = [0, 3, 4, 7, 8, 20, saved.count / 2, saved.count - 1].map { Array(saved.prefix($0)) }
    samples.append(Array("\u{89}PNG\r\n\u{1a}\n".utf8) + [UInt8](repeating: 0, count: 500))
    samples.append(saved + [0])
    for bytes in samples {
      #expect(throws: TrainingError.self, "\(bytes.count) bytes") { try learners[index].loaded(from: bytes) }
    }
    // One learner's file is no other's.
    for other in learners.indices where other != index {
      #expect(throws: TrainingError.self) { try learners[other].loaded(from: saved) }
    }
  }

  @Test(arguments: learners.indices)
  func damagedBytesNeverEndTheProcess(index: Int) throws {
    let saved = try Trained.model(index, .day).saved
    let panel = SyntheticPanel.panel(kinds: [.seasonal], length: 60)
    var random = SplitMix64(seed: 3)
    for _ in 0..<40 {
      var bytes = saved
      let place = random.uniform() < 0.5 ? 2_000 : bytes.count
      bytes[Int(random.uniform(0, Double(min(place, bytes.count))))] ^= UInt8(1 << Int(random.uniform(0, 8)))
      guard let model = try? learners[index].loaded(from: bytes) else { continue }
      _ = model.checkedForecast(of: panel, horizon: 3)
    }
  }

  @Test(arguments: learners.indices)
  func aFleetThatTeachesTooLittleIsSaidToDoSo(index: Int) throws {
    let few = SyntheticPanel.panel(kinds: [.seasonal, .trend], length: 20)
    let silent = SyntheticPanel.panel(kinds: [.constant, .zero, .single, .short], length: 400)
    for panel in [few, silent] {
      let error = try #require(throws: TrainingError.self) {
        try learners[index].trained(on: panel, horizon: 40, seed: 1)
      }
      guard case .tooLittleToLearn(let examples, let needed) = error.refusal else {
        Issue.record("\(error)")
        continue
      }
      #expect(examples < needed && error.message.contains("needs \(needed) examples"))
    }
  }

  @Test(arguments: learners.indices)
  func aPanelIsForecastWithTheNewestTrainingThatKnowsNothingAfterIt(index: Int) throws {
    let learner = learners[index]
    let panel = SyntheticPanel.panel(kinds: [.seasonal, .noise], length: 200)
    let older = Training(cutoff: 19_900, result: .success(try Trained.model(index, .day)))
    let newer = Training(
      cutoff: 19_950, result: .success(try learner.trained(on: sample(length: 120), horizon: 40, seed: 8)))
    let both = [older, newer]
    for (cutoff, training) in [(19_900, older), (19_949, older), (19_950, newer), (20_000, newer)] {
      let known = panel.cut(at: cutoff)
      #expect(bits(learner.forecast(of: known, with: both)) == bits(learner.forecast(of: known, with: [training])))
    }
    // The two differ, or nothing above could fail.
    #expect(bits(learner.forecast(of: panel, with: [older])) != bits(learner.forecast(of: panel, with: [newer])))
    #expect(learner.forecast(of: panel.cut(at: 19_899), with: both).refusals == [.beforeTraining, .beforeTraining])
    #expect(learner.forecast(of: panel, with: []).refusals == [.beforeTraining, .beforeTraining])
    let failed = Training(cutoff: 19_960, result: .failure(TrainingError(.noLibrary)))
    #expect(learner.forecast(of: panel, with: both + [failed]).refusals == [.noLibrary, .noLibrary])
  }

  /// Nothing can be held out then.
  @Test(arguments: learners.indices) func seriesThatEndedLongAgoTeachToo(index: Int) throws {
    let living = sample(length: 200)
    let ended = Panel(
      step: .day, firstIndex: living.firstIndex, length: 350,
      values: (0..<living.count).flatMap { s in
        (0..<350).map { living.actual(s, at: living.firstIndex + $0) }
      }, seeds: living.seeds)
    let model = try learners[index].trained(on: ended, horizon: 40, seed: 5)
    let block = model.checkedForecast(of: SyntheticPanel.panel(kinds: [.seasonal, .trend]), horizon: 40)
    #expect(block.refusals == [nil, nil])
  }

  @Test func aNetworkOfDaysDoesNotForecastHours() throws {
    let lstm = try #require(learners.firstIndex { type(of: $0).card.name == "lstm" })
    let panel = SyntheticPanel.panel(kinds: [.seasonal], length: 400, step: .hour)
    #expect(try Trained.model(lstm, .day).checkedForecast(of: panel, horizon: 5).refusals == [.trainingFailed])
  }
}
