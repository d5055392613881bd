import Foundation
import HorizonLearning
import HorizonNumerics
import Synchronization
import Testing

@Suite struct BoosterTests {
  private static let levels: [Float] = [0.1, 0.5, 0.9]

  /// Two features that matter (a step in the first, which the second turns around), one that does not; spread 1 above the step,
  /// 0.2 below; a tenth of the first feature is missing, and those rows lie 5 higher.
  private static func rows(_ count: Int, seed: UInt64, weights: [Float]? = nil) throws -> TrainingRows {
    var random = SplitMix64(seed: seed)
    var (features, labels): ([Float], [Float]) = ([], [])
    for _ in 0..<count {
      let (a, b, c) = (random.uniform(-1, 1), random.uniform(-1, 1), random.uniform(-1, 1))
      let isMissing = random.uniform() < 0.1
      features += [isMissing ? .nan : Float(a), Float(b), Float(c)]
      labels.append(Float(centre(a, b, isMissing: isMissing) + spread(a, isMissing: isMissing) * random.normal()))
    }
    return try TrainingRows(names: ["a", "b", "c"], features: features, labels: labels, weights: weights)
  }

  private static func centre(_ a: Double, _ b: Double, isMissing: Bool) -> Double {
    isMissing ? 5 : (a > 0 ? 1 : -1) * (b > 0 ? 2 : -2)
  }

  private static func spread(_ a: Double, isMissing: Bool) -> Double { isMissing ? 0.2 : a > 0 ? 1 : 0.2 }

  private static func parameters(_ change: (inout BoosterParameters) -> Void = { _ in }) -> BoosterParameters {
    var parameters = BoosterParameters(levels: levels)
    parameters.rounds = 40
    parameters.depth = 4
    parameters.learningRate = 0.3
    change(&parameters)
    return parameters
  }

  @Test func quantilesOfAStepThatAnotherFeatureTurnsAroundAreRecovered() throws {
    let booster = try Booster.trained(
      on: BoosterTests.rows(6_000, seed: 1), validation: BoosterTests.rows(1_000, seed: 2),
      parameters: BoosterTests.parameters())
    for (a, b) in [(0.5, 0.5), (0.5, -0.5), (-0.5, 0.5), (-0.5, -0.5), (Double.nan, 0.5)] {
      let found = try booster.predict(rows: [Float(a), Float(b), 0], count: 1)
      for (level, quantile) in zip(BoosterTests.levels, found) {
        let spread = BoosterTests.spread(a, isMissing: a.isNaN)
        let expected = BoosterTests.centre(a, b, isMissing: a.isNaN) + spread * normalQuantile(Double(level))
        #expect(abs(Double(quantile) - expected) < 0.15 + 0.25 * spread, "\(a) \(b) \(level): \(quantile), \(expected)")
      }
    }
  }

  @Test(arguments: [BoosterParameters.Trees.onePerLevel, .shared])
  func contributionsAddUpToTheQuantilesAndNameTheFeaturesThatMatter(_ trees: BoosterParameters.Trees) throws {
    let rows = try BoosterTests.rows(2_000, seed: 1)
    let booster = try Booster.trained(on: rows, parameters: BoosterTests.parameters { $0.trees = trees })
    let count = 100
    let asked = Array(rows.features.prefix(count * 3))
    let (quantiles, parts) = (
      try booster.predict(rows: asked, count: count), try booster.contributions(rows: asked, count: count)
    )
    #expect(parts.count == count * 3 * 4)
    var size: [Float] = [0, 0, 0]
    for row in 0..<count {
      let sums = (0..<3).map { level in parts[((row * 3 + level) * 4)..<((row * 3 + level + 1) * 4)].reduce(0, +) }
      for (sum, quantile) in zip(sums.sorted(), quantiles[(row * 3)..<(row * 3 + 3)]) {
        #expect(abs(sum - quantile) < 1e-4)
      }
      for feature in 0..<3 { size[feature] += abs(parts[(row * 3 + 1) * 4 + feature]) }
    }
    #expect(min(size[0], size[1]) > 5 * size[2], "\(size)")
  }

  @Test(arguments: [BoosterParameters.Trees.onePerLevel, .shared])
  func theSameSeedGivesTheSameBytesAndAnotherSeedOthers(_ trees: BoosterParameters.Trees) throws {
    let rows = try BoosterTests.rows(2_000, seed: 1)
    func bytes(seed: UInt64) throws -> [UInt8] {
      try Booster.trained(
        on: rows,
        parameters: BoosterTests.parameters {
          ($0.seed, $0.rowShare, $0.featureShare, $0.rounds, $0.trees) = (seed, 0.7, 0.7, 10, trees)
        }
      ).bytes()
    }
    let first = try bytes(seed: 7)
    #expect(try bytes(seed: 7) == first)
    #expect(try bytes(seed: 8) != first)
  }

  @Test func validationStopsTrainingAndKeepsTheBestRound() throws {
    let held = try BoosterTests.rows(500, seed: 2)
    let parameters = BoosterTests.parameters { ($0.rounds, $0.patience, $0.leastChildWeight) = (300, 5, 1) }
    let booster = try Booster.trained(on: BoosterTests.rows(500, seed: 1), validation: held, parameters: parameters)
    let losses = try booster.log.map { try #require($0.validationLoss) }
    let best = losses.indices.min { (losses[$0], $0) < (losses[$1], $1) }!
    #expect(booster.rounds == best + 1 && losses.count == best + 1 + 5 && losses.count < 300)
    // The loss of the log is the one that the kept rounds have.
    let found = try booster.predict(rows: held.features, count: held.count)
    var sum = 0.0
    for row in 0..<held.count {
      for (index, level) in BoosterTests.levels.enumerated() {
        let gap = Double(held.labels[row] - found[row * 3 + index])
        sum += max(Double(level) * gap, (Double(level) - 1) * gap)
      }
    }
    #expect(abs(sum / Double(held.count * 3) - losses[best]) < 1e-3 * losses[best])
  }

  @Test func withoutValidationEveryRoundIsKept() throws {
    let booster = try Booster.trained(
      on: BoosterTests.rows(300, seed: 1), parameters: BoosterTests.parameters { $0.rounds = 12 })
    #expect(booster.rounds == 12 && booster.log.count == 12 && booster.log.allSatisfy { $0.validationLoss == nil })
  }

  @Test func weightsDecideWhatCounts() throws {
    // Two labels for the same features: the heavier one is the median.
    let labels: [Float] = (0..<400).map { $0 % 2 == 0 ? 1 : 9 }
    func median(weightOfNine: Float) throws -> Float {
      let rows = try TrainingRows(
        names: ["x"], features: [Float](repeating: 0, count: 400), labels: labels,
        weights: labels.map { $0 == 9 ? weightOfNine : 1 })
      return try Booster.trained(on: rows, parameters: BoosterTests.parameters()).predict(rows: [0], count: 1)[1]
    }
    #expect(try median(weightOfNine: 0.1) < 2)
    #expect(try median(weightOfNine: 10) > 8)
  }

  @Test func constantLabelsAndOneRowAreLearned() throws {
    for count in [1, 50] {
      let rows = try TrainingRows(
        names: ["x", "y"], features: (0..<(2 * count)).map { Float($0) }, labels: [Float](repeating: 3.5, count: count))
      let booster = try Booster.trained(on: rows, validation: rows, parameters: BoosterTests.parameters())
      #expect(try booster.predict(rows: [1, .nan], count: 1).allSatisfy { abs($0 - 3.5) < 1e-4 })
    }
  }

  @Test func whatCannotBeTrainedOnIsRefusedInWords() throws {
    func refusal(_ body: () throws -> Void) -> String {
      do {
        try body()
        return "nothing was refused"
      } catch { return "\(error)" }
    }
    func rows(_ features: [Float], _ labels: [Float], _ weights: [Float]? = nil, names: [String] = ["x", "y"])
      -> String
    {
      refusal { _ = try TrainingRows(names: names, features: features, labels: labels, weights: weights) }
    }
    #expect(rows([], []) == "there are no rows to train on")
    #expect(rows([1, 2], [1], names: ["x", "x"]).contains("each its own"))
    #expect(rows([1, 2, 3], [1]).contains("1 rows of 2 features do not go with 3 feature values"))
    #expect(rows([1, 2], [.nan]) == "the label of row 0 is nan")
    #expect(rows([1, 2, 3, -.infinity], [1, 2]) == "feature 'y' of row 1 is -inf")
    #expect(rows([1, 2], [1], [0]) == "the weight of row 0 is 0.0")
    let good = try BoosterTests.rows(10, seed: 1)
    let other = try TrainingRows(names: ["x"], features: [1], labels: [1])
    func training(_ change: (inout BoosterParameters) -> Void, validation: TrainingRows? = nil) -> String {
      refusal { _ = try Booster.trained(on: good, validation: validation, parameters: BoosterTests.parameters(change)) }
    }
    #expect(training({ $0.levels = [0.9, 0.1] }).contains("must ascend"))
    #expect(training({ $0.learningRate = .nan }).contains("cannot be grown like this"))
    #expect(training({ _ in }, validation: other).contains("other features"))
  }

  @Test func quantilesAscendInEveryRow() throws {
    // Much noise, few rows: trees of levels on their own cross.
    let booster = try Booster.trained(
      on: BoosterTests.rows(200, seed: 3),
      parameters: BoosterTests.parameters { ($0.trees, $0.leastChildWeight, $0.depth) = (.onePerLevel, 1, 6) })
    let asked = try BoosterTests.rows(2_000, seed: 4)
    let sums = try booster.contributions(rows: Array(asked.features.prefix(600)), count: 200)
    let quantiles = try booster.predict(rows: asked.features, count: asked.count)
    for row in 0..<asked.count {
      let own = quantiles[(row * 3)..<(row * 3 + 3)]
      #expect(own.elementsEqual(own.sorted()))
    }
    let raw = (0..<600).map { sums[($0 * 4)..<($0 * 4 + 4)].reduce(0, +) }
    #expect((0..<200).contains { raw[$0 * 3] > raw[$0 * 3 + 1] + 1e-3 }, "the test needs trees that cross")
  }

  @Test(arguments: [BoosterParameters.Trees.onePerLevel, .shared])
  func aRowGetsTheSameBitsAloneInAnyCompanyAndOnAnyThread(_ trees: BoosterParameters.Trees) throws {
    let booster = try Booster.trained(
      on: BoosterTests.rows(2_000, seed: 1), parameters: BoosterTests.parameters { $0.trees = trees })
    let asked = try BoosterTests.rows(5_000, seed: 4).features
    let whole = try booster.predict(rows: asked, count: 5_000)
    for row in [0, 1, 63, 64, 4_095, 4_096, 4_999] {
      let alone = try booster.predict(rows: Array(asked[(row * 3)..<(row * 3 + 3)]), count: 1)
      #expect(alone == Array(whole[(row * 3)..<(row * 3 + 3)]))
    }
    let same = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 32) { iteration in
      let (start, count) = (iteration * 37, 1_000 + iteration * 91)
      let found = try? booster.predict(rows: Array(asked[(start * 3)..<((start + count) * 3)]), count: count)
      if found == Array(whole[(start * 3)..<((start + count) * 3)]) { same.withLock { $0 += 1 } }
    }
    #expect(same.withLock(\.self) == 32)
    let parts = try booster.contributions(rows: Array(asked.prefix(60)), count: 20)
    let explained = Mutex(0)
    DispatchQueue.concurrentPerform(iterations: 8) { _ in
      if (try? booster.contributions(rows: Array(asked.prefix(60)), count: 20)) == parts {
        explained.withLock { $0 += 1 }
      }
    }
    #expect(explained.withLock(\.self) == 8)
  }

  @Test func askingForNothingGivesNothingAndWrongSizesAreRefused() throws {
    let booster = try Booster.trained(on: BoosterTests.rows(50, seed: 1), parameters: BoosterTests.parameters())
    #expect(try booster.predict(rows: [], count: 0) == [] && booster.contributions(rows: [], count: 0) == [])
    #expect(throws: LearningError.self) { try booster.predict(rows: [1, 2], count: 1) }
    #expect(throws: LearningError.self) { try booster.predict(rows: [1, 2, .infinity], count: 1) }
  }

  @Test func aSavedBoosterComesBackWithAllThatItWas() throws {
    let rows = try BoosterTests.rows(500, seed: 1)
    let booster = try Booster.trained(
      on: rows, validation: BoosterTests.rows(100, seed: 2), parameters: BoosterTests.parameters())
    let bytes = try booster.bytes()
    let back = try Booster(bytes: bytes)
    #expect(back.features == ["a", "b", "c"] && back.levels == BoosterTests.levels)
    #expect(back.rounds == booster.rounds && back.log == booster.log)
    #expect(try back.predict(rows: rows.features, count: 500) == booster.predict(rows: rows.features, count: 500))
    #expect(try back.bytes() == bytes && booster.bytes() == bytes)
  }

  @Test func damagedBytesAreRefusedInWordsAndNeverReachTheLibrary() throws {
    let booster = try Booster.trained(
      on: BoosterTests.rows(200, seed: 1), parameters: BoosterTests.parameters { ($0.rounds, $0.depth) = (3, 3) })
    let bytes = try booster.bytes()
    func isRefused(_ bytes: [UInt8]) -> Bool {
      do {
        _ = try Booster(bytes: bytes)
        return false
      } catch {
        guard case .badWeights(let words) = error else { return false }
        return !words.isEmpty
      }
    }
    var random = SplitMix64(seed: 5)
    for size in [0, 1, 7, 8, 15, 16, 23, 24, 40]
      + (0..<100).map({ _ in Int.random(in: 0..<bytes.count, using: &random) })
    {
      #expect(isRefused(Array(bytes.prefix(size))), "cut to \(size) bytes")
    }
    for place in Array(0..<64) + (0..<200).map({ _ in Int.random(in: 0..<bytes.count, using: &random) }) {
      var damaged = bytes
      damaged[place] ^= UInt8.random(in: 1...255, using: &random)
      #expect(isRefused(damaged), "byte \(place)")
    }
    #expect(isRefused(bytes + [0]))
    #expect(isRefused(Array("not at all".utf8)))
  }

  @Test func aMissingOrAnotherLibraryIsNamedInWords() throws {
    for (library, words) in [
      ("/none/libxgboost.so", "/none/libxgboost.so"), ("libc.so.6", "no function XGBoostVersion"),
    ] {
      do {
        _ = try BoosterLibrary(opening: library)
        Issue.record("\(library) was opened")
      } catch { #expect(error.description.contains(words), "\(error)") }
    }
  }

  @Test func whatTheLibrarySaysCarriesNoClockNoStackAndStaysOnOneLine() throws {
    let library = try BoosterLibrary.shared()
    #expect(library.version.hasPrefix("3.") && library.path.hasSuffix(".so"))
    let bytes = try Booster.trained(on: BoosterTests.rows(50, seed: 1), parameters: BoosterTests.parameters()).bytes()
    let trees = 24 + bytes[16..<24].reversed().reduce(0) { $0 << 8 | Int($1) }
    do {
      _ = try Booster(bytes: BoosterTests.sealed(Array(bytes[16..<trees]) + Array("{ no trees }".utf8)))
      Issue.record("other bytes were taken for trees")
    } catch {
      #expect(error.description.hasPrefix("XGBoost could not read the trees: "), "\(error)")
      #expect(!error.description.contains { $0 == "\n" || $0 == "[" }, "\(error)")
    }
  }

  @Test func treesOfOtherFeaturesThanTheDescriptionNamesAreRefused() throws {
    let bytes = try Booster.trained(on: BoosterTests.rows(50, seed: 1), parameters: BoosterTests.parameters()).bytes()
    let trees = 24 + bytes[16..<24].reversed().reduce(0) { $0 << 8 | Int($1) }
    for (names, words) in [(#"["a","b"]    "#, "3 features"), (#"["a","b",7]  "#, "cannot be read")] {
      let text = String(decoding: bytes[24..<trees], as: UTF8.self).replacing(#"["a","b","c"]"#, with: names)
      do {
        _ = try Booster(bytes: BoosterTests.sealed(Array(bytes[16..<24]) + Array(text.utf8) + bytes[trees...]))
        Issue.record("\(names) were taken")
      } catch { #expect(error.description.contains(words), "\(error)") }
    }
  }

  /// A file as a booster writes it, around a body that no booster wrote.
  private static func sealed(_ body: [UInt8]) -> [UInt8] {
    let checksum = body.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return Array("HSTREES1".utf8) + (0..<8).map { UInt8(truncatingIfNeeded: checksum >> (8 * $0)) } + body
  }
}
