import HorizonCore
import HorizonModels

/// The digest as 32-bit words, for the spill file between the contest and the decisions.
extension SeriesDigest {
  package func encode(into words: inout [UInt32]) {
    words.append(0)
    let start = words.count
    func int(_ v: Int) { words.append(UInt32(truncatingIfNeeded: Int32(truncatingIfNeeded: v))) }
    func float(_ v: Float) { words.append(v.bitPattern) }
    func text(_ s: String) {
      let bytes = Array(s.utf8)
      int(bytes.count)
      for at in stride(from: 0, to: bytes.count, by: 4) {
        var word: UInt32 = 0
        for k in 0..<min(4, bytes.count - at) { word |= UInt32(bytes[at + k]) << UInt32(8 * k) }
        words.append(word)
      }
    }
    text(name.server)
    text(name.resource)
    for v in [firstIndex, cutoff, isLive ? 1 : 0, readings, foldHorizon, foldCutoffs.count, scores.count] { int(v) }
    for v in [gapShare, level, scale, current, ceiling] { float(v) }
    for c in foldCutoffs { int(c) }
    for s in scores {
      switch s.outcome {
      case .scored: int(0)
      case .empty: int(1)
      case .refused(.tooShort(let readings, let needed)):
        int(2)
        int(readings)
        int(needed)
      case .refused(.notFinite): int(3)
      case .refused(.singular): int(4)
      case .refused(.noCycle): int(5)
      case .refused(.noCap): int(6)
      case .refused(.capBelowFloor): int(7)
      case .refused(.tooLittleToLearn(let examples, let needed)):
        int(8)
        int(examples)
        int(needed)
      case .refused(.beforeTraining): int(9)
      case .refused(.noLibrary): int(10)
      case .refused(.trainingFailed): int(11)
      }
      guard case .scored = s.outcome else { continue }
      for v in [
        s.scale, s.sumAbsoluteError, s.sumSquaredError, s.sumError, s.sumAbsoluteActual, s.sumErrorProducts,
        s.sumMedianErrorSquares, s.steadyCount, s.steadyPinball, s.sumBrier, s.sumChange, s.changeCount,
      ] { float(v) }
      int(s.breach.bits)
      int(s.steadyErrors)
      for b in s.buckets {
        float(b.count)
        float(b.sumPinball)
        float(b.inside80)
        float(b.sumSpread)
      }
      int(s.standardErrors.count)
      for z in s.standardErrors { float(z) }
    }
    int(recipes.count)
    for recipe in recipes {
      int(recipe?.members.count ?? 0)
      guard let recipe else { continue }
      for member in recipe.members { int(member) }
      switch recipe.blend {
      case .median: int(0)
      case .average(let weights):
        int(1)
        for weight in weights { float(weight) }
      }
    }
    words[start - 1] = UInt32(words.count - start)
  }

  /// Reads one digest at `at` and moves past it.
  package init(decoding words: UnsafeBufferPointer<UInt32>, at: inout Int) {
    var i = at + 1
    func int() -> Int {
      defer { i += 1 }
      return Int(Int32(bitPattern: words[i]))
    }
    func float() -> Float {
      defer { i += 1 }
      return Float(bitPattern: words[i])
    }
    func text() -> String {
      let count = int()
      let bytes = (0..<count).map { UInt8(truncatingIfNeeded: words[i + $0 / 4] >> UInt32(8 * ($0 % 4))) }
      i += (count + 3) / 4
      return String(decoding: bytes, as: UTF8.self)
    }
    let server = text()
    name = SeriesName(server: server, resource: text())
    firstIndex = int()
    cutoff = int()
    isLive = int() == 1
    readings = int()
    foldHorizon = int()
    let folds = int()
    let count = int()
    gapShare = float()
    level = float()
    scale = float()
    current = float()
    ceiling = float()
    foldCutoffs = (0..<folds).map { _ in int() }
    scores = (0..<count).map { _ in
      var s = FoldScore()
      switch int() {
      case 0: s.outcome = .scored
      case 1: s.outcome = .empty
      case 2:
        let readings = int()
        s.outcome = .refused(.tooShort(readings: readings, needed: int()))
      case 3: s.outcome = .refused(.notFinite)
      case 4: s.outcome = .refused(.singular)
      case 5: s.outcome = .refused(.noCycle)
      case 6: s.outcome = .refused(.noCap)
      case 7: s.outcome = .refused(.capBelowFloor)
      case 8:
        let examples = int()
        s.outcome = .refused(.tooLittleToLearn(examples: examples, needed: int()))
      case 9: s.outcome = .refused(.beforeTraining)
      case 10: s.outcome = .refused(.noLibrary)
      default: s.outcome = .refused(.trainingFailed)
      }
      guard case .scored = s.outcome else { return s }
      s.scale = float()
      s.sumAbsoluteError = float()
      s.sumSquaredError = float()
      s.sumError = float()
      s.sumAbsoluteActual = float()
      s.sumErrorProducts = float()
      s.sumMedianErrorSquares = float()
      s.steadyCount = float()
      s.steadyPinball = float()
      s.sumBrier = float()
      s.sumChange = float()
      s.changeCount = float()
      s.breach = FoldBreach(bits: int())
      s.steadyErrors = int()
      for b in s.buckets.indices {
        s.buckets[b] = FoldScore.Bucket(
          count: float(), sumPinball: float(), inside80: float(), sumSpread: float())
      }
      let errors = int()
      s.standardErrors = (0..<errors).map { _ in float() }
      return s
    }
    recipes = (0..<int()).map { _ in
      let count = int()
      guard count > 0 else { return nil }
      let members = (0..<count).map { _ in int() }
      return Recipe(members: members, blend: int() == 0 ? .median : .average((0..<count).map { _ in float() }))
    }
    at = i
  }
}
