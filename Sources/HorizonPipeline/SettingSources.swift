import Foundation
package import HorizonCore
import HorizonModels
import HorizonRisk
package import HorizonStore
import Yams

/// Where settings come from, the first that has one wins: flags, environment (`HORIZONSCALE_...`), `horizonscale.yaml`, defaults.
package struct SettingSources: Sendable {
  private let layers: [(origin: String, code: ExitCode, values: [String: String])]

  /// Names of all settings, as written in the file; a flag is the same with hyphens, a variable in capitals.
  package static let names = [
    "step", "aggregate", "map", "unit", "inventory", "timezone", "as_of", "horizon", "folds", "models", "breach",
    "seed",
    "threads", "chunk", "max_bad_rows", "stale_after", "thresholds", "within", "procurement_days",
  ]

  /// - Parameters:
  ///   - flags: By setting name; what was not given is absent. Maps are written `a=b,c=d`.
  /// - Throws: `.badSetting` when the file or a variable names a setting that does not exist.
  package init(flags: [String: String], environment: [String: String], workspace: Workspace) throws(Failure) {
    var variables: [String: String] = [:]
    for (key, value) in environment where key.hasPrefix("HORIZONSCALE_") {
      let name = String(key.dropFirst("HORIZONSCALE_".count)).lowercased()
      if SettingSources.names.contains(name) { variables[name] = value }
    }
    layers = [
      ("flag", .badUsage, flags), ("environment", .badSetting, variables),
      (workspace.settings.lastPathComponent, .badSetting, try SettingSources.file(workspace)),
    ]
  }

  private static func file(_ workspace: Workspace) throws(Failure) -> [String: String] {
    let path = workspace.settings.path
    guard FileManager.default.fileExists(atPath: path) else { return [:] }
    func failure(_ what: String) -> Failure {
      Failure(.badSetting, "\(path): \(what)", remedy: "Mend it, or remove it and a new one with defaults is written.")
    }
    let loaded: Any?
    do { loaded = try Yams.load(yaml: try String(contentsOfFile: path, encoding: .utf8)) } catch {
      throw failure("\(error)")
    }
    guard let loaded else { return [:] }
    guard let table = loaded as? [String: Any] else { throw failure("it is not a list of 'name: value' lines.") }
    var values: [String: String] = [:]
    for (key, value) in table {
      guard names.contains(key) else {
        throw failure("there is no setting '\(key)'; there are \(names.joined(separator: ", ")).")
      }
      switch value {
      case let map as [String: Any]:
        // Thresholds are ordered by value, so that the text does not depend on the order of a dictionary.
        values[key] = map.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ",")
      case let list as [Any]: values[key] = list.map { "\($0)" }.joined(separator: ",")
      case is NSNull: continue
      default: values[key] = "\(value)"
      }
    }
    return values
  }

  /// Merges all sources into the settings of a run.
  package func settings() throws(Failure) -> RunSettings {
    var s = RunSettings()
    s.step = text("step")
    s.map = try pairs("map")
    s.units = try pairs("unit")
    s.inventory = text("inventory")
    s.timezone = text("timezone") ?? s.timezone
    s.asOf = text("as_of")
    s.horizon = try number("horizon") ?? s.horizon
    s.folds = try number("folds") ?? s.folds
    s.seed = try number("seed") ?? s.seed
    s.maxBadRows = try number("max_bad_rows") ?? s.maxBadRows
    s.staleAfter = try number("stale_after") ?? s.staleAfter
    s.procurementDays = try number("procurement_days") ?? s.procurementDays
    if let (origin, code, value) = find("within") {
      guard let days = Double(value.hasSuffix("d") ? String(value.dropLast()) : value) else {
        throw Failure(code, "\(origin) 'within': '\(value)' is no number of days.", remedy: "Write it as 90d or 90.")
      }
      s.within = days
    }
    for (resource, value) in try pairs("aggregate") {
      guard let aggregation = Aggregation(rawValue: value) else {
        throw Failure(
          .badUsage, "There is no aggregation '\(value)'.",
          remedy: "Choose from \(Aggregation.allCases.map(\.rawValue).joined(separator: ", ")).")
      }
      s.aggregate[resource] = aggregation
    }
    for (resource, value) in try pairs("breach") {
      guard let rule = BreachRule(parsing: value) else {
        throw Failure(.badUsage, "'\(value)' is no breach rule.", remedy: "Write k/m, such as 4/7, with k <= m <= 64.")
      }
      s.breach[resource == "default" ? "*" : resource] = rule
    }
    if let (_, code, value) = find("thresholds") {
      s.thresholds = try pairs("thresholds").map { ($0.key, Double($0.value) ?? .nan) }.sorted { $0.1 < $1.1 }
        .map { RiskThreshold(name: $0.0, percent: $0.1) }
      if s.thresholds.contains(where: { $0.percent.isNaN }) {
        throw Failure(code, "thresholds '\(value)' cannot be read.", remedy: "Write them as warning=80,critical=90.")
      }
    }
    if let models = text("models") { s.models = try SettingSources.models(models) }
    try s.validate()
    return s
  }

  /// `all`, `fast` or names separated by commas; the baseline is always part of a contest.
  private static func models(_ text: String) throws(Failure) -> [String] {
    let contestants =
      switch text {
      case "all": Catalog.all
      case "fast": Catalog.all.filter { $0.card.cost < .dear }
      default:
        try Catalog.named(
          text.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty })
      }
    return contestants.map(\.card.name)
  }

  package func threads() throws(Failure) -> Int {
    let value: Int = try number("threads") ?? ProcessInfo.processInfo.activeProcessorCount
    guard (1...1_024).contains(value) else {
      throw Failure(.badUsage, "threads is \(value).", remedy: "Use 1 to 1024.")
    }
    return value
  }

  package func chunk() throws(Failure) -> Int {
    let value: Int = try number("chunk") ?? 1_024
    guard value >= 1 else { throw Failure(.badUsage, "chunk is \(value).", remedy: "Use at least 1 series.") }
    return value
  }

  private func find(_ name: String) -> (origin: String, code: ExitCode, value: String)? {
    for layer in layers { if let value = layer.values[name] { return (layer.origin, layer.code, value) } }
    return nil
  }

  private func text(_ name: String) -> String? { find(name)?.value }

  private func number<N: LosslessStringConvertible>(_ name: String) throws(Failure) -> N? {
    guard let (origin, code, value) = find(name) else { return nil }
    guard let number = N(value) else {
      throw Failure(code, "\(origin): '\(value)' is not a number in '\(name)'.", remedy: "Write a plain number.")
    }
    return number
  }

  private func pairs(_ name: String) throws(Failure) -> [String: String] {
    guard let (origin, code, value) = find(name) else { return [:] }
    var result: [String: String] = [:]
    for part in value.split(separator: ",") {
      guard let equals = part.firstIndex(of: "=") else {
        // One value without a name holds for everything.
        result["*"] = String(part)
        continue
      }
      let key = part[..<equals].trimmingCharacters(in: .whitespaces)
      guard !key.isEmpty, result[key] == nil else {
        throw Failure(
          code, "\(origin): '\(value)' in '\(name)' cannot be read.", remedy: "Write it as name=value,name=value.")
      }
      result[key] = part[part.index(after: equals)...].trimmingCharacters(in: .whitespaces)
    }
    return result
  }
}

/// The commented settings file that the first run leaves in a workspace.
package let settingsTemplate = """
  # HorizonScale settings of this workspace. A flag or a variable HORIZONSCALE_<NAME> wins over a line here.
  # What is commented out shows the default.

  # thresholds: {warning: 80, critical: 90}   # percent of capacity, ascending
  # within: 90                                 # days ahead that decide a severity
  # procurement_days: 30                       # order this many days before an early breach
  # breach: {default: 4/7, disk: 1/1}          # at least k of the last m readings at or above the threshold
  # horizon: 180                               # steps ahead; default: 180 days of steps
  # folds: 6                                   # rolling origins in the contest
  # models: all                                # all, fast, or names: see 'horizonscale models'
  # seed: 42
  # stale_after: 14                            # steps without a reading after which a series has ended (48 for hours)
  # timezone: UTC                              # decides where a day begins
  # max_bad_rows: 0.01                         # share of rejected rows above which a run stops
  """
