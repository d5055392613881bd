/// What a column can be for us; the raw value is the standard name.
enum ColumnRole: String, CaseIterable {
  case server, resource, time, value, capacity, unit

  /// Other usual names, recognised without `--map`.
  var aliases: [String] {
    switch self {
    case .server:
      [
        "host", "hostname", "host_id", "node", "node_name", "instance", "vm", "unique_id", "series", "series_id",
        "item_id",
      ]
    case .resource: ["metric", "resource_type"]
    case .time: ["date", "ds", "timestamp", "datetime"]
    case .value: ["y", "util", "utilization", "p95", "p95_util", "usage"]
    case .capacity, .unit: []
    }
  }

  /// Names that many tables use for other things too: taken only when nothing better is there.
  var weakAliases: [String] { self == .server ? ["id", "name"] : [] }

  /// A wide column's resource and unit: `cpu_pct` is `cpu` in percent, `disk_kbps` is `disk` in kbps.
  static func resourceAndUnit(ofWide column: String) -> (resource: String, unit: String?) {
    let suffixes = [
      ("_pct", "%"), ("_percent", "%"), ("_util", "%"), ("_bytes", "bytes"), ("_kb", "kb"), ("_mb", "mb"),
      ("_gb", "gb"),
      ("_kbps", "kbps"), ("_mbps", "mbps"), ("_count", "count"),
    ]
    for (suffix, unit) in suffixes where column.count > suffix.count && column.lowercased().hasSuffix(suffix) {
      return (String(column.dropLast(suffix.count)), unit)
    }
    return (column, nil)
  }
}
