extension StressFloors {
  /// Measured with 60 servers a scenario over several seeds, less a margin for the noise of a seed.
  static let defaults: [String: Double] = [
    "skill": 0, "coverage80": 0.6, "coverage90": 0.7,
  ]
}
