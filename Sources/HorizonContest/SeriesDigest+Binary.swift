import HorizonCore
import HorizonModels

/// The digest as 32-bit words, for the file between the contest and the decisions; the first tells how many follow.
extension SeriesDigest {
  package func encode(into words: inout [UInt32]) {
    var writer = WordWriter(words)
    words = []
    writer.counted(write)
    words = writer.words
  }

  private func write(to out: inout WordWriter) {
    out.add(name.server)
    out.add(name.resource)
    for v in [firstIndex, cutoff, isLive ? 1 : 0, readings, foldHorizon, foldCutoffs.count, scores.count] { out.add(v) }
    for v in [gapShare, level, scale, current, ceiling] { out.add(v) }
    for c in foldCutoffs { out.add(c) }
    for s in scores { s.write(to: &out) }
    out.add(recipes.count)
    for recipe in recipes { out.add(recipe) }
  }

  /// Reads one digest at `at` and moves past it.
  package init(decoding words: UnsafeBufferPointer<UInt32>, at: inout Int) {
    var reader = WordReader(words, at: at + 1)
    let server = reader.text()
    name = SeriesName(server: server, resource: reader.text())
    firstIndex = reader.int()
    cutoff = reader.int()
    isLive = reader.int() == 1
    readings = reader.int()
    foldHorizon = reader.int()
    let folds = reader.int()
    let count = reader.int()
    gapShare = reader.float()
    level = reader.float()
    scale = reader.float()
    current = reader.float()
    ceiling = reader.float()
    foldCutoffs = (0..<folds).map { _ in reader.int() }
    scores = (0..<count).map { _ in FoldScore(reading: &reader) }
    recipes = (0..<reader.int()).map { _ in reader.recipe() }
    at = reader.at
  }
}

extension FoldScore {
  func write(to out: inout WordWriter) {
    switch outcome {
    case .scored: out.add(0)
    case .empty: out.add(1)
    case .refused(let error):
      out.add(2 + error.words.kind)
      for detail in error.words.details { out.add(detail) }
    }
    guard case .scored = outcome else { return }
    for v in [
      scale, sumAbsoluteError, sumSquaredError, sumError, sumAbsoluteActual, sumErrorProducts, sumMedianErrorSquares,
      steadyCount, steadyPinball, sumBrier, sumChange, changeCount,
    ] { out.add(v) }
    out.add(breach.bits)
    out.add(steadyErrors)
    for b in buckets {
      out.add(b.count)
      out.add(b.sumPinball)
      out.add(b.inside80)
      out.add(b.sumSpread)
    }
    out.add(standardErrors.count)
    for z in standardErrors { out.add(z) }
  }

  init(reading reader: inout WordReader) {
    let kind = reader.int()
    switch kind {
    case 0: outcome = .scored
    case 1: outcome = .empty
    default: outcome = .refused(ModelError(kind: kind - 2) { reader.int() } ?? .nothingToGain)
    }
    guard case .scored = outcome else { return }
    scale = reader.float()
    sumAbsoluteError = reader.float()
    sumSquaredError = reader.float()
    sumError = reader.float()
    sumAbsoluteActual = reader.float()
    sumErrorProducts = reader.float()
    sumMedianErrorSquares = reader.float()
    steadyCount = reader.float()
    steadyPinball = reader.float()
    sumBrier = reader.float()
    sumChange = reader.float()
    changeCount = reader.float()
    breach = FoldBreach(bits: reader.int())
    steadyErrors = reader.int()
    for b in buckets.indices {
      buckets[b] = Bucket(
        count: reader.float(), sumPinball: reader.float(), inside80: reader.float(), sumSpread: reader.float())
    }
    let errors = reader.int()
    standardErrors = (0..<errors).map { _ in reader.float() }
  }
}
