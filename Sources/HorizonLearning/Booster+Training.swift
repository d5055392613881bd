import CXGBoost

extension Booster {
  /// Grows trees for all levels at once.
  ///
  /// With validation rows, training stops when their loss has not become better for `patience` rounds, and the booster keeps the
  /// rounds up to the best one. Loss: mean pinball loss over rows and levels. The intercept of each level is the labels' quantile.
  ///
  /// Same rows, parameters and library: same bytes, on one thread.
  ///
  /// - Throws: `LearningError.libraryMissing`; `LearningError.failed` when parameters or rows cannot be used.
  package static func trained(
    on rows: TrainingRows, validation: TrainingRows? = nil, parameters: BoosterParameters
  ) throws(LearningError) -> Booster {
    try parameters.check()
    if let validation, validation.names != rows.names {
      throw .failed("the validation rows have other features than those to train on")
    }
    let library = try BoosterLibrary.shared()
    let training = try BoosterHandle.labelled(rows, threads: parameters.threads, in: library)
    guard let validation else {
      return try grown(on: training, nil, parameters, names: rows.names)
    }
    let held = try BoosterHandle.labelled(validation, threads: parameters.threads, in: library)
    return try grown(on: training, held.raw, parameters, names: rows.names)
  }

  private static func grown(
    on training: borrowing BoosterHandle, _ validation: CXGBoostHandle?, _ parameters: BoosterParameters,
    names: [String]
  ) throws(LearningError) -> Booster {
    let library = training.library
    let matrices = [training.raw] + (validation.map { [$0] } ?? [])
    let handle = try BoosterHandle(.booster, "make a booster", in: library) { functions, out in
      functions.makeBooster(matrices, UInt64(matrices.count), out)
    }
    try handle.set(parameters.settings)
    var log: [Round] = []
    var best = 0
    for round in 0..<parameters.rounds {
      try library.calling("train round \(round)") { $0.update(handle.raw, Int32(round), matrices[0]) }
      log.append(try handle.losses(round: round, on: matrices))
      guard let loss = log[round].validationLoss, let patience = parameters.patience else {
        best = round
        continue
      }
      if round == 0 || loss < log[best].validationLoss! { best = round }
      if round - best >= patience { break }
    }
    let description = Description(
      features: names, levels: parameters.levels, trees: parameters.trees, rounds: best + 1, log: log)
    // A slice even of all rounds: it lets go of what training keeps beside the trees.
    let cut = try BoosterHandle(.booster, "keep the best rounds", in: library) { functions, out in
      functions.slice(handle.raw, 0, Int32(best + 1), 1, out)
    }
    try cut.set([("nthread", "1")])
    return try Booster(cut, description)
  }
}

extension BoosterHandle {
  static func labelled(
    _ rows: TrainingRows, threads: Int, in library: BoosterLibrary
  ) throws(LearningError) -> BoosterHandle {
    let matrix = try BoosterHandle.matrix(
      rows.features[...], shape: [rows.count, rows.names.count], threads: threads, in: library)
    try matrix.setField("label", rows.labels)
    if let weights = rows.weights { try matrix.setField("weight", weights) }
    return matrix
  }

  private func setField(_ field: String, _ values: [Float]) throws(LearningError) {
    try library.calling("take the \(field)s") { functions in
      withArrayInterface(values[...], shape: [values.count]) { functions.setMatrixField(raw, field, $0) }
    }
  }

  func set(_ settings: [(String, String)]) throws(LearningError) {
    for (name, value) in settings {
      try library.calling("take \(name) = \(value)") { $0.setParameter(raw, name, value) }
    }
  }

  /// Losses on the rows trained on and, where there are some, on the validation rows.
  func losses(round: Int, on matrices: [CXGBoostHandle]) throws(LearningError) -> Booster.Round {
    let text = try library.calling("evaluate round \(round)") { functions in
      var text: UnsafePointer<CChar>?
      let code = "t".withCString { first in
        "v".withCString { second in
          functions.evaluate(
            raw, Int32(round), matrices, [first, second], UInt64(matrices.count), &text)
        }
      }
      return (code, text.map { String(cString: $0) } ?? "")
    }
    // `[3]`, then `t-quantile:0.125` and `v-quantile:0.25` after tabulators.
    let losses = text.split(separator: "\t").dropFirst().compactMap {
      $0.split(separator: ":").last.flatMap { Double($0) }
    }
    guard losses.count == matrices.count, losses.allSatisfy(\.isFinite) else {
      throw .failed("XGBoost's losses of round \(round) cannot be read: \(text)")
    }
    return Booster.Round(trainingLoss: losses[0], validationLoss: losses.count > 1 ? losses[1] : nil)
  }
}
