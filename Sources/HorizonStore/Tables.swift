import HorizonCore

/// The schema of every table that a run leaves behind, declared once.
package enum Tables {
  package static let forecasts = TableSchema(
    [
      Column("server", .key), Column("resource", .key), Column("time", .time), Column("lead", .int32),
      Column("model", .key),
      Column("mean", .float),
    ] + Levels.names.map { Column($0, .float) } + [Column("tier", .key)])

  /// The model's own quantiles beside the calibrated ones, written by `forecast --raw`.
  package static let rawForecasts = TableSchema(
    [
      Column("server", .key), Column("resource", .key), Column("time", .time), Column("lead", .int32),
      Column("model", .key),
      Column("mean", .float),
    ] + Levels.names.map { Column($0, .float) })

  package static let leaderboard = TableSchema([
    Column("server", .key), Column("resource", .key), Column("model", .key), Column("cutoff", .time),
    Column("status", .key), Column("reason", .text, nullable: true), Column("loss", .double, nullable: true),
    Column("steady_loss", .double, nullable: true), Column("steady_share", .double, nullable: true),
    Column("expected_ratio", .double, nullable: true), Column("mase", .float, nullable: true),
    Column("wql", .float, nullable: true), Column("rmse", .float, nullable: true),
    Column("bias", .float, nullable: true), Column("coverage80", .float, nullable: true), Column("champion", .bool),
  ])

  package static let decisions = TableSchema(
    [
      Column("server", .key), Column("resource", .key), Column("champion", .key), Column("choice", .key),
      Column("members", .text), Column("weights", .text), Column("contested", .bool), Column("live", .bool),
      Column("folds", .int32), Column("tested_lead", .int32), Column("loss_ratio", .float, nullable: true),
      Column("spread_factor", .float),
      Column("volatility_group", .int32), Column("error_shape", .int32), Column("persistence", .float),
      Column("tail", .key), Column("ceiling", .double, nullable: true),
    ]
      + ["1_30", "31_60", "61_90", "91_180"].flatMap {
        [Column("tier_\($0)", .key), Column("code_\($0)", .key), Column("reason_\($0)", .text)]
      })

  /// What forecasts were calibrated with: quantiles of the standardised error.
  package static let calibration = TableSchema(
    [
      Column("model", .key), Column("volatility_group", .int32), Column("error_shape", .int32), Column("lead", .int32),
    ] + Levels.names.map { Column($0, .float) })

  package static let risks = TableSchema([
    Column("server", .key), Column("resource", .key), Column("threshold", .double), Column("severity", .key),
    Column("tier", .key), Column("current", .double), Column("headroom", .double),
    Column("p_breach_30d", .float, nullable: true), Column("p_breach_60d", .float, nullable: true),
    Column("p_breach_90d", .float, nullable: true), Column("p_breach_180d", .float, nullable: true),
    Column("days_to_breach_p10", .double, nullable: true), Column("days_to_breach_p50", .double, nullable: true),
    Column("days_to_breach_p90", .double, nullable: true), Column("order_by", .date, nullable: true),
    Column("recommended_capacity", .double, nullable: true), Column("reclaimable", .double, nullable: true),
    Column("reason", .text),
  ])

  /// A row a series, run and lead bucket, two where the tier changes inside a bucket.
  package static let ledger = TableSchema([
    Column("server", .key), Column("resource", .key), Column("made_at", .time), Column("origin", .key),
    Column("bucket", .key), Column("model", .key), Column("tier", .key), Column("n", .int32),
    Column("inside50", .int32), Column("inside80", .int32), Column("inside90", .int32),
    Column("sum_pinball", .double), Column("sum_abs_error", .double), Column("sum_scale", .double),
    Column("breach_called", .bool, nullable: true), Column("breach_happened", .bool, nullable: true),
  ])

  package static let backtest = TableSchema(
    [
      Column("server", .key), Column("resource", .key), Column("cutoff", .time), Column("time", .time),
      Column("lead", .int32), Column("model", .key), Column("mean", .float),
    ]
      + Levels.names.map { Column($0, .float) } + [Column("actual", .double, nullable: true)])

  package static let timings = TableSchema([
    Column("stage", .text), Column("seconds", .double), Column("cpu_seconds", .double),
  ])
}
