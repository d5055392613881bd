import HorizonCore

/// How readings become the model's values: (reading - floor) / scale.
struct ProphetScale: Sendable {
  let floor: Double
  let scale: Double
  /// Of logistic growth, in the model's values.
  let cap: Double?

  /// - Parameter ceiling: NaN where the series has none.
  init(_ history: History, options: ProphetOptions, ceiling: Double) throws(ModelError) {
    var least = Double.infinity
    var most = -Double.infinity
    for v in history.values where !v.isNaN {
      least = min(least, Double(v))
      most = max(most, Double(v))
    }
    let isLogistic = options.growth == .logistic
    let cap = options.cap ?? (ceiling.isNaN ? nil : ceiling)
    if isLogistic && cap == nil { throw .noCap }
    let given = isLogistic ? options.floor : nil
    let floor = given ?? (options.scaling == .minmax ? least : 0)
    var scale =
      switch options.scaling {
      case .absmax: max(abs(least - floor), abs(most - floor))
      case .minmax: given != nil ? cap! - floor : most - least
      }
    if scale == 0 { scale = 1 }
    self.floor = floor
    self.scale = scale
    if isLogistic {
      guard cap! > floor else { throw .capBelowFloor }
      self.cap = (cap! - floor) / scale
    } else {
      self.cap = nil
    }
  }

  func scaled(_ reading: Float) -> Double { (Double(reading) - floor) / scale }
}
