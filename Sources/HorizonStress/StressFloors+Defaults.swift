extension StressFloors {
  /// The worst of the seeds 42 and 43 with 60 and 100 servers a scenario, less a margin for the noise of other seeds: they say
  /// what would be a step back, not what is good.
  static let defaults: [String: Double] = [
    "skill": 0.20, "coverage80": 0.62, "coverage90": 0.72, "precision": 0.20, "recall": 0.15,
    // Nothing announces a burst; straight leaks are known to have intervals that are too narrow.
    "burst.recall": 0, "runaway.skill": 0, "runaway.coverage80": 0.45, "runaway.coverage90": 0.55,
    "sawtooth-disk.precision": 0.50, "sawtooth-disk.recall": 0.40,
    // No model has a month yet.
    "month-end.coverage80": 0.56, "month-end.coverage90": 0.66, "quarter-end.coverage80": 0.52,
    "quarter-end.coverage90": 0.62, "short-histories.skill": 0, "short-histories.coverage80": 0.58,
    "short-histories.coverage90": 0.67,
    "migration.coverage80": 0.55, "migration.coverage90": 0.68, "migration.precision": 0.80, "migration.recall": 0.80,
    "migration.dates_right": 0.60,
    "resize.precision": 0.80, "resize.recall": 0.85, "resize.dates_right": 0.70,
  ]
}
