extension Schema {
  private static let head: [(String, Schema)] = [("run", .string), ("as_of", .string)]
  private static let page: [(String, Schema)] = [
    ("total", .integer), ("offset", .integer), ("next", .nullable(.string)),
  ]
  private static let maybe = Schema.nullable(.number)
  private static let group = Schema.map(.nullable(.string))
  private static let severities = Schema.array(.object([("severity", .string), ("count", .integer)]))

  private static let chances: [(String, Schema)] = [
    ("p_breach_30d", maybe), ("p_breach_60d", maybe), ("p_breach_90d", maybe), ("p_breach_180d", maybe),
    ("days_to_breach_p10", maybe), ("days_to_breach_p50", maybe), ("days_to_breach_p90", maybe),
    ("breach_date", .nullable(.string)), ("order_by", .nullable(.string)),
  ]

  private static let risk: Schema = .object(
    [
      ("server", .string), ("resource", .string), ("threshold", .number), ("threshold_name", .string),
      ("severity", .string), ("tier", .string), ("current", maybe), ("headroom", maybe),
    ] + chances + [
      ("capacity", maybe), ("recommended_capacity", maybe), ("reclaimable", maybe), ("unit", .nullable(.string)),
      ("reason", .string), ("rank", .integer), ("group", group),
    ])

  private static let side: Schema = .object(
    [
      ("threshold", .number), ("threshold_name", .string), ("severity", .string), ("tier", .string),
      ("current", maybe), ("headroom", maybe),
    ] + chances + [("capacity", maybe), ("recommended_capacity", maybe)])

  private static let state: Schema = .nullable(
    .object([("severity", .string), ("date", .nullable(.string)), ("crossed", .flag)]))

  private static let change: Schema = .object([
    ("server", .string), ("resource", .string), ("threshold", .number), ("threshold_name", .nullable(.string)),
    ("before", state), ("now", state), ("moved_days", .nullable(.integer)), ("reason", .nullable(.string)),
  ])

  private static let cell: Schema = .nullable(
    .object([("series", .integer), ("at_risk", .integer), ("median", .number), ("worst", .number)]))

  private static let wins: Schema = .array(.object([("resource", .string), ("champions", .integer)]))

  private static let quality: [(String, Schema)] = [
    ("rows_read", .integer), ("rows_rejected", .integer), ("good", .nullable(.integer)),
    ("usable", .nullable(.integer)),
    ("poor", .nullable(.integer)),
    (
      "findings",
      .array(
        .object([("reason", .string), ("count", .integer), ("action", .string), ("example", .nullable(.string))]))
    ),
  ]

  private static let record: Schema = .object([
    ("origins", .array(.string)), ("first_due", .string),
    (
      "lines",
      .array(
        .object([
          ("tier", .string), ("days", .string), ("forecasts", .integer), ("readings", .integer), ("coverage50", maybe),
          ("coverage80", maybe), ("coverage90", maybe), ("called", .integer), ("came", .integer), ("hits", .integer),
        ]))
    ),
  ])

  private static let tally: Schema = .object([
    ("at_risk", .integer), ("severities", .array(.object([("severity", .string), ("series", .integer)]))),
    ("windows", .array(.object([("days", .integer), ("series", .nullable(.integer))]))),
  ])

  private static let windows: Schema = .array(
    .object([
      ("days", .integer), ("known", .flag), ("series", .nullable(.integer)),
      ("cells", .array(.object([("threshold", .string), ("tier", .string), ("series", .integer)]))),
      ("resources", .array(.object([("resource", .string), ("series", .nullable(.integer))]))),
    ]))

  /// What a scenario may be; checked again, word for word, when it is read.
  private static let scenario = Schema.raw(
    #"""
    {"type": "object", "required": ["changes"], "additionalProperties": false, "properties": {"name": {"type": ["string", "null"]},
    "title": {"type": ["string", "null"], "maxLength": 200}, "changes": {"type": "array", "minItems": 1, "maxItems": 50,
    "items": {"type": "object", "additionalProperties": false, "anyOf": [{"required": ["capacity_percent"]},
    {"required": ["capacity_add"]}, {"required": ["load_percent"]}, {"required": ["thresholds"]}], "dependentRequired": {"load_from": ["load_percent"]},
    "properties": {"scope": {"type": "object", "additionalProperties": false, "properties": {
    "server": {"type": "array", "items": {"type": "string"}}, "resource": {"type": "array", "items": {"type": "string"}},
    "group": {"type": "object", "additionalProperties": {"type": "array", "items": {"type": "string"}}}}},
    "capacity_percent": {"type": "number", "minimum": -99, "maximum": 10000},
    "capacity_add": {"type": "number", "minimum": -1e15, "maximum": 1e15},
    "load_percent": {"type": "number", "minimum": -100, "maximum": 10000},
    "load_from": {"type": "string", "format": "date"},
    "thresholds": {"type": "object", "minProperties": 1, "additionalProperties": {"type": "number", "exclusiveMinimum": 0, "maximum": 1000}}}}}}}
    """#)

  /// By the names that routes give.
  static let all: [String: Schema] = [
    "Problem": .raw(
      #"{"type": "object", "required": ["type", "title", "status", "detail"], "properties": {"type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}, "remedy": {"type": "string"}, "parameter": {"type": "string"}}}"#
    ),
    "OpenAPI": .raw(#"{"type": "object"}"#),
    "Session": .object([("token_required", .flag), ("signed_in", .flag)]),
    "SignIn": .object([("token", .string)]),
    "Runs": .object([
      ("latest", .nullable(.string)),
      (
        "runs",
        .array(
          .object([
            ("run", .string), ("as_of", .string), ("step", .string), ("horizon", .integer), ("version", .string),
            ("digest", .string), ("servers", .integer), ("series", .integer), ("risk_rows", .integer),
            ("by_severity", severities), ("compared_with", .nullable(.string)),
          ]))
      ),
    ]),
    "Summary": .object(
      head + [
        ("as_of_time", .integer), ("version", .string), ("workspace", .string), ("step", .string),
        ("step_seconds", .integer), ("horizon", .integer), ("horizon_days", .number), ("within", .number),
        ("procurement_days", .number), ("thresholds", .array(.object([("name", .string), ("percent", .number)]))),
        ("counts", .map(.integer)),
        ("severities", .array(.object([("severity", .string), ("tier", .string), ("series", .integer)]))),
        ("windows", windows),
        (
          "headroom",
          .object([
            ("resources", .array(.string)), ("all", .array(cell)),
            (
              "groupings",
              .array(
                .object([
                  ("column", .string), ("groups", .array(.object([("value", .string), ("cells", .array(cell))]))),
                ]))
            ),
          ])
        ),
        (
          "changes",
          .object([
            ("run", .nullable(.string)), ("new", .integer), ("gone", .integer), ("moved", .integer),
            ("reasons", .choice(["pending", "ready", "none"])),
            ("first", .object([("new", .array(change)), ("gone", .array(change)), ("moved", .array(change))])),
          ])
        ), ("record", record), ("quality", .object(quality)), ("notes", .array(.string)),
        (
          "filters",
          .object([
            ("resources", .array(.string)), ("severities", .array(.string)), ("tiers", .array(.string)),
            (
              "groups",
              .array(
                .object([
                  ("column", .string), ("values", .array(.object([("value", .string), ("servers", .integer)]))),
                ]))
            ),
          ])
        ),
      ]),
    "Changes": .object(
      head + [("compared_with", .nullable(.string)), ("kind", .string)] + page + [("rows", .array(change))]),
    "Risk": risk,
    // Chosen columns leave others out.
    "Risks": .object(head + [("total", .integer), ("rows", .array(.raw(#"{"type": "object"}"#)))]),
    "Servers": .object(
      head + page + [
        (
          "rows",
          .array(
            .object([
              ("server", .string), ("group", group), ("series", .integer), ("at_risk", .integer),
              ("severity", .nullable(.string)), ("tier", .nullable(.string)), ("resource", .nullable(.string)),
              ("headroom", maybe), ("breach_date", .nullable(.string)),
            ]))
        )
      ]),
    "Server": .object(
      head + [
        ("server", .string), ("group", group), ("idle", .flag),
        (
          "resources",
          .array(
            .object([
              ("resource", .string), ("unit", .nullable(.string)), ("capacity", maybe),
              ("capacity_words", .nullable(.string)), ("live", .flag), ("champion", .string), ("loss_ratio", maybe),
              ("current", maybe), ("headroom", maybe), ("reclaimable", maybe), ("severity", .nullable(.string)),
              ("tier", .nullable(.string)), ("risks", .array(.ref("Risk"))),
            ]))
        ),
      ]),
    "Series": .object(
      head + [
        ("server", .string), ("resource", .string), ("group", group), ("unit", .nullable(.string)),
        ("capacity", maybe), ("capacity_words", .nullable(.string)), ("live", .flag), ("step", .string),
        ("step_seconds", .integer), ("horizon", .integer), ("model", .string), ("champion", .string),
        ("members", .array(.string)), ("weights", .array(.number)), ("contested", .flag), ("loss_ratio", maybe),
        ("breach_rule", .string), ("is_master_of_run", .flag),
        ("history", .object([("start", .nullable(.integer)), ("values", .array(maybe))])),
        (
          "forecast",
          .object(
            [("start", .integer)]
              + ["mean", "q05", "q10", "q25", "q50", "q75", "q90", "q95"].map { ($0, .array(maybe)) })
        ), ("tiers", .array(.object([("from", .integer), ("to", .integer), ("tier", .string)]))),
        (
          "trust",
          .array(.object([("days", .string), ("tier", .string), ("code", .string), ("reason", .string)]))
        ),
        (
          "thresholds",
          .array(
            .object([
              ("name", .string), ("percent", .number), ("value", .number), ("risk", .nullable(.ref("Risk"))),
              ("breach_chance", .nullable(.array(.number))),
              (
                "words",
                .nullable(.object([("outlook", .string), ("action", .string), ("trust", .string)]))
              ),
            ]))
        ), ("capacity_changes", .array(.object([("time", .integer), ("from", .number), ("to", .number)]))),
        ("events", .array(.object([("kind", .choice(["shift", "gap"])), ("time", .integer)]))),
      ]),
    "Explanation": .raw(
      #"{"type": "object", "required": ["server", "resource", "run", "contest", "trust", "quality", "history", "forecast", "sources"]}"#
    ),
    "Folds": .object([
      ("backtest", .nullable(.string)),
      (
        "folds",
        .array(
          .object(
            [("model", .string), ("cutoff", .string), ("start", .integer)]
              + ["mean", "q10", "q50", "q90", "actual"].map { ($0, .array(maybe)) }))
      ),
    ]),
    "Forecasts": .object(
      head + [
        ("total", .integer),
        (
          "rows",
          .array(
            .object(
              [("server", .string), ("resource", .string), ("time", .string), ("lead", .integer), ("model", .string)]
                + ["mean", "q05", "q10", "q25", "q50", "q75", "q90", "q95"].map { ($0, maybe) } + [("tier", .string)]))
        ),
      ]),
    // Either the standings, or the folds of one series.
    "Leaderboard": .object(head),
    "Models": .object([
      (
        "models",
        .array(
          .object([
            ("name", .string), ("summary", .string), ("minimum_history", .integer), ("cost", .string),
            ("reference", .string), ("baseline", .flag), ("in_run", .flag), ("champions", .nullable(.integer)),
            ("loss_ratio", maybe), ("resources", wins),
          ]))
      )
    ]),
    "Ledger": .object(
      head + [
        ("remarks", .array(.string)), ("waiting", .nullable(.string)),
        ("rows", .array(.raw(#"{"type": "object"}"#))),
      ]),
    "Quality": .object(
      head + quality + page + [
        (
          "series",
          .array(
            .object([
              ("server", .string), ("resource", .string), ("verdict", .nullable(.string)),
              ("remarks", .array(.string)), ("gap_steps", .integer), ("longest_gap", .integer),
            ]))
        )
      ]),
    // As a file it has no totals.
    "Reclaimable": .object(
      head + [
        ("total", .integer),
        (
          "rows",
          .array(
            .object([
              ("server", .string), ("resource", .string), ("kind", .choice(["idle", "oversized"])),
              ("capacity", .number), ("current", maybe), ("reclaimable", .number), ("share", .number),
              ("unit", .nullable(.string)), ("tier", .string), ("group", group),
            ]))
        ),
      ]),
    "Scenario": scenario,
    "Scenarios": .object([
      (
        "scenarios",
        .array(
          .object([
            ("name", .string), ("title", .nullable(.string)), ("changes", .integer), ("modified", .string),
          ]))
      )
    ]),
    "Evaluation": .object(
      head + [
        ("series", .integer), ("touched", .integer), ("milliseconds", .integer), ("before", tally), ("after", tally),
        ("notes", .array(.string)), ("total", .integer), ("offset", .integer),
        (
          "rows",
          .array(
            .object([
              ("server", .string), ("resource", .string), ("group", group), ("unit", .nullable(.string)),
              ("change", .choice(Evaluation.Change.allCases.map(\.rawValue))), ("moved_days", maybe),
              ("before", side), ("after", side),
            ]))
        ),
      ]),
  ]
}
