import Foundation
package import HorizonCore
import HorizonModels
import HorizonRisk
package import HorizonStore
import Yams

/// Where settings come from, the first that has one wins: flags, environment (`HORIZONSCALE_...`), `horizonscale.yaml`, defaults.
package struct SettingSources: Sendable {
  /// A setting as somebody wrote it.
  private struct Given: Sendable {
    let value: String
    /// `--horizon`, `HORIZONSCALE_HORIZON`, or the file with its line.
    let place: String
    let code: ExitCode

    func failure(_ what: String, remedy: String) -> Failure { Failure(code, "\(place): \(what)", remedy: remedy) }
  }

  /// What was given, the strongest source first.
  private let layers: [[String: Given]]
  /// The block of that name in the file; flags and variables do not reach into it.
  private let prophet: ProphetOptions?

  /// Names of all settings, as written in the file; a flag is the same with hyphens, a variable in capitals.
  package static let names = [
    "step", "aggregate", "map", "unit", "inventory", "renames", "capacity", "timezone", "as_of", "horizon", "folds",
    "models", "breach",
    "seed", "threads", "chunk", "max_bad_rows", "stale_after", "thresholds", "within", "procurement_days",
    "stress_floors", "rebase", "holidays", "regressors", "lstm_weights", "keep_runs_days", "fold_cache_gb",
  ]

  /// - Parameters:
  ///   - flags: By setting name; what was not given is absent. Maps are written `a=b,c=d`.
  ///   - environment: Variables that name no setting are not ours to judge.
  /// - Throws: `.badSetting` when the file cannot be read or names a setting that does not exist.
  package init(flags: [String: String], environment: [String: String], workspace: Workspace) throws(Failure) {
    var given: [String: Given] = [:]
    for (name, value) in flags {
      let flag = "--" + name.replacing("_", with: "-")
      given[name] = Given(value: value, place: flag, code: .badUsage)
    }
    var variables: [String: Given] = [:]
    for name in SettingSources.names {
      let variable = "HORIZONSCALE_" + name.uppercased()
      if let value = environment[variable] {
        variables[name] = Given(value: value, place: variable, code: .badSetting)
      }
    }
    let file = try SettingSources.file(workspace)
    layers = [given, variables, file.values]
    prophet = file.prophet
  }

  private static func file(
    _ workspace: Workspace
  ) throws(Failure) -> (values: [String: Given], prophet: ProphetOptions?) {
    let path = workspace.settings.path
    guard FileManager.default.fileExists(atPath: path) else { return ([:], nil) }
    func failure(_ what: String, line: Int? = nil) -> Failure {
      let place = line.map { "\(path), line \($0)" } ?? path
      return Failure(
        .badSetting, "\(place): \(what)", remedy: "Mend it, or remove the file and a new one with defaults is written.")
    }
    let text: String
    let loaded: Any?
    do {
      text = try String(contentsOfFile: path, encoding: .utf8)
      let root = try Yams.compose(yaml: text)
      var room = mostParts
      if let fault = root.flatMap({ fault(in: $0, room: &room) }) { throw failure(fault) }
      loaded = root?.any
    } catch let failure as Failure { throw failure } catch { throw failure("\(error)") }
    guard let loaded else { return ([:], nil) }
    guard let table = loaded as? [String: Any] else { throw failure("it is not a list of 'name: value' lines.") }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    var values: [String: Given] = [:]
    var prophet: ProphetOptions?
    for (key, value) in table.sorted(by: { $0.key < $1.key }) {
      let line = lines.firstIndex { $0.hasPrefix("\(key):") }.map { $0 + 1 }
      guard names.contains(key) || key == "prophet" else {
        throw failure(
          "there is no setting '\(key)'; there are \((names + ["prophet"]).joined(separator: ", ")).", line: line)
      }
      if value is NSNull { continue }
      if key == "prophet" {
        do throws(ProphetSettingError) { prophet = try ProphetOptions(settings: value) } catch {
          let own = error.key.flatMap { key in
            lines.indices.first { $0 >= (line ?? 1) - 1 && holds(key, lines[$0]) }.map { $0 + 1 }
          }
          let place = (own ?? line).map { "\(path), line \($0)" } ?? path
          throw Failure(.badSetting, "\(place), prophet: \(error.message)", remedy: error.remedy)
        }
        continue
      }
      values[key] = Given(
        value: plain(value), place: line.map { "\(path), line \($0), \(key)" } ?? "\(path), \(key)", code: .badSetting)
    }
    return (values, prophet)
  }

  /// Whether a line gives the value of a key, which may be the end of a longer one's name.
  private static func holds(_ key: String, _ line: Substring) -> Bool {
    line.ranges(of: "\(key):").contains { range in
      guard range.lowerBound > line.startIndex else { return true }
      let before = line[line.index(before: range.lowerBound)]
      return !before.isLetter && before != "_"
    }
  }

  /// A settings file has a few dozen.
  private static let mostParts = 10_000

  /// What the parser would take and we do not: a few lines that repeat one another (& and *) fill the memory, and names that are no
  /// text end the process.
  ///
  /// - Parameter room: Parts that may still come; the search ends where there is none, however often parts are repeated.
  private static func fault(in node: Node, room: inout Int) -> String? {
    room -= 1
    guard room >= 0 else { return "settings have at most \(mostParts) parts, counted as often as they are repeated." }
    switch node {
    case .mapping(let mapping):
      for (name, value) in mapping {
        guard case .scalar = name else { return "a name cannot be a list or a map itself." }
        if let fault = fault(in: value, room: &room) { return fault }
      }
    case .sequence(let sequence):
      for value in sequence { if let fault = fault(in: value, room: &room) { return fault } }
    case .scalar, .alias: break
    }
    return nil
  }

  /// A value of the file as a flag would give it.
  private static func plain(_ value: Any) -> String {
    switch value {
    // In the order of the names, so that the text does not depend on that of a dictionary.
    case let map as [String: Any]: map.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ",")
    case let list as [Any]: list.map { "\($0)" }.joined(separator: ",")
    default: "\(value)"
    }
  }

  /// Merges all sources into the settings of a run.
  package func settings() throws(Failure) -> RunSettings {
    var s = RunSettings()
    s.step = text("step")
    s.map = try pairs("map")
    s.units = try pairs("unit", bareHoldsForAll: true)
    s.inventory = text("inventory")
    s.renames = text("renames")
    s.capacity = text("capacity")
    s.prophet = prophet == ProphetOptions() ? nil : prophet
    s.holidays = text("holidays")
    s.regressors = text("regressors")
    s.lstmWeights = text("lstm_weights")
    s.timezone = text("timezone") ?? s.timezone
    s.asOf = text("as_of")
    s.horizon = try number("horizon") ?? s.horizon
    s.folds = try number("folds") ?? s.folds
    s.seed = try number("seed") ?? s.seed
    s.maxBadRows = try number("max_bad_rows") ?? s.maxBadRows
    s.staleAfter = try number("stale_after") ?? s.staleAfter
    s.rebase = try flag("rebase") ?? s.rebase
    s.procurementDays = try number("procurement_days") ?? s.procurementDays
    if let given = find("within") {
      guard let days = Double(given.value.hasSuffix("d") ? String(given.value.dropLast()) : given.value) else {
        throw given.failure("'\(given.value)' is no number of days.", remedy: "Write it as 90d or 90.")
      }
      s.within = days
    }
    for (resource, value) in try pairs("aggregate", bareHoldsForAll: true) {
      guard let aggregation = Aggregation(rawValue: value) else {
        throw find("aggregate")!.failure(
          "there is no aggregation '\(value)'.",
          remedy: "Choose from \(Aggregation.allCases.map(\.rawValue).joined(separator: ", ")).")
      }
      s.aggregate[resource] = aggregation
    }
    for (resource, value) in try pairs("breach", bareHoldsForAll: true) {
      guard let rule = BreachRule(parsing: value) else {
        throw find("breach")!.failure(
          "'\(value)' is no breach rule.", remedy: "Write k/m, such as 4/7, with k <= m <= 64.")
      }
      s.breach[resource == "default" ? "*" : resource] = rule
    }
    if let given = find("thresholds") {
      s.thresholds = try pairs("thresholds").map { ($0.key, Double($0.value) ?? .nan) }.sorted { $0.1 < $1.1 }
        .map { RiskThreshold(name: $0.0, percent: $0.1) }
      if s.thresholds.contains(where: { $0.percent.isNaN }) {
        throw given.failure("'\(given.value)' cannot be read.", remedy: "Write it as {warning: 80, critical: 90}.")
      }
    }
    s.models = try models() ?? s.models
    do throws(SettingError) { try s.validate() } catch {
      throw error.name.flatMap(find)?.failure(error.message, remedy: error.remedy)
        ?? Failure(.badSetting, error.message, remedy: error.remedy)
    }
    // A long ingest is no time to find out.
    do { _ = try s.modelOptions() } catch {
      throw Failure(error.code, "\(find("lstm_weights")!.place): \(error.message)", remedy: error.remedy)
    }
    return s
  }

  /// The least that a stress test accepts, by the name of the measure.
  ///
  /// - Parameter isName: Whether there is a floor of that name.
  package func stressFloors(isName: (String) -> Bool) throws(Failure) -> [String: Double] {
    var floors: [String: Double] = [:]
    for (name, value) in try pairs("stress_floors").sorted(by: { $0.key < $1.key }) {
      guard isName(name), let floor = Double(value), floor.isFinite else {
        throw find("stress_floors")!.failure(
          "'\(name)=\(value)' is no floor.", remedy: "Write it as {recall: 0.5, migration.dates_right: 0.6}.")
      }
      floors[name] = floor
    }
    return floors
  }

  /// `all`, `fast` or names separated by commas; the baseline is always part of a contest.
  private func models() throws(Failure) -> [String]? {
    guard let given = find("models") else { return nil }
    switch given.value {
    case "all": return Catalog.all.map(\.card.name)
    case "fast": return Catalog.all.map(\.card).filter { $0.cost < .dear }.map(\.name)
    default:
      let names = given.value.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
      guard names.contains(where: { !$0.isEmpty }) else {
        throw given.failure("no model is named.", remedy: "Write all, fast, or names: see 'horizonscale models'.")
      }
      do throws(Failure) { return try Catalog.named(names.filter { !$0.isEmpty }).map(\.card.name) } catch {
        throw given.failure(error.message, remedy: error.remedy)
      }
    }
  }

  package func threads() throws(Failure) -> Int {
    let value: Int = try number("threads") ?? ProcessInfo.processInfo.activeProcessorCount
    guard (1...1_024).contains(value) else {
      throw find("threads")!.failure("\(value) is no number of threads.", remedy: "Use 1 to 1024.")
    }
    return value
  }

  package func chunk() throws(Failure) -> Int {
    let value: Int = try number("chunk") ?? 1_024
    guard value >= 1 else {
      throw find("chunk")!.failure("\(value) is no number of series.", remedy: "Use at least 1.")
    }
    return value
  }

  package func keepRunsDays() throws(Failure) -> Int {
    let value: Int = try number("keep_runs_days") ?? Execution.keepRunsDays
    guard (0...100_000).contains(value) else {
      throw find("keep_runs_days")!.failure(
        "\(value) is no number of days.", remedy: "Use 0 to keep all runs, or 1 to 100000.")
    }
    return value
  }

  package func mostFoldBytes() throws(Failure) -> Int {
    let value: Double = try number("fold_cache_gb") ?? Double(Execution.mostFoldBytes >> 30)
    guard (0...1_000_000).contains(value) else {
      throw find("fold_cache_gb")!.failure("\(value) is no size.", remedy: "Use gigabytes, 0 for none.")
    }
    return Int(value * Double(1 << 30))
  }

  private func find(_ name: String) -> Given? { layers.lazy.compactMap { $0[name] }.first }

  private func text(_ name: String) -> String? { find(name)?.value }

  private func flag(_ name: String) throws(Failure) -> Bool? {
    guard let given = find(name) else { return nil }
    guard let value = Bool(given.value.lowercased()) else {
      throw given.failure("'\(given.value)' is neither true nor false.", remedy: "Write true or false.")
    }
    return value
  }

  private func number<N: LosslessStringConvertible>(_ name: String) throws(Failure) -> N? {
    guard let given = find(name) else { return nil }
    guard let number = N(given.value) else {
      throw given.failure(
        "'\(given.value)' is not a \(N.self is Double.Type ? "number" : "whole number").",
        remedy: "Write it in digits.")
    }
    return number
  }

  /// - Parameter bareHoldsForAll: Whether one value without a name is allowed; it is found under `*`.
  private func pairs(_ name: String, bareHoldsForAll: Bool = false) throws(Failure) -> [String: String] {
    guard let given = find(name) else { return [:] }
    var result: [String: String] = [:]
    for part in given.value.split(separator: ",") {
      let equals = part.firstIndex(of: "=")
      let key = equals.map { part[..<$0].trimmingCharacters(in: .whitespaces) } ?? "*"
      guard !key.isEmpty, equals != nil || bareHoldsForAll, result[key] == nil else {
        throw given.failure("'\(given.value)' cannot be read.", remedy: "Write it as name=value,name=value.")
      }
      result[key] = part[(equals.map(part.index(after:)) ?? part.startIndex)...].trimmingCharacters(in: .whitespaces)
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
  # rebase: true                               # level shifts, resizes and bursts are taken out before models see the readings
  # holidays: holidays.csv                     # days unlike others: name, date, lower_window, upper_window, prior_scale
  # regressors: regressors.csv                 # what moves a series, future included: server, resource, time, name, value
  # prophet: {growth: linear, seasonality_mode: additive, changepoint_prior_scale: 0.05}   # see docs/guide/prophet.md
  # lstm_weights: lstm.safetensors             # what lstm-zero-shot forecasts with and lstm starts from; default: those shipped
  # stale_after: 14                            # steps without a reading after which a series has ended (48 for hours)
  # timezone: UTC                              # decides where a day begins
  # max_bad_rows: 0.01                         # share of rejected rows above which a run stops
  # fold_cache_gb: 4                            # folds that have come true are kept in .folds for the next run, as long as they take no more; 0: never
  # keep_runs_days: 35                         # older runs are removed, counted back from the newest; the newest of each month stays; 0: all stay
  # stress_floors: {recall: 0.5, gaps.recall: 0.4}   # least figures of 'horizonscale stress', for all scenarios or for one:
  #                                            # skill coverage80 coverage90 precision recall dates_right

  """
