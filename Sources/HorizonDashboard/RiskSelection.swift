/// Which rows of the risk table, in which order.
struct RiskSelection: Hashable, Sendable {
  var filter: RiskFilter
  var sort: RiskSort
}

/// What a column is sorted by.
struct RiskSort: Hashable, Sendable {
  var column: RiskColumn
  var descends: Bool

  static let ranked = RiskSort(column: .rank, descends: false)
}

/// What a row has to be like; empty lists ask for nothing.
struct RiskFilter: Hashable, Sendable {
  var text = ""
  /// Numbers of servers and resources; nil asks for nothing.
  var servers: Set<Int32>?
  var resources: Set<Int32>?
  /// A bit for each position in the table's severities, tiers and thresholds.
  var severities: UInt64 = .max
  var tiers: UInt64 = .max
  var thresholds: UInt64 = .max
  /// Values by inventory column, -1 for servers without one.
  var groups: [Int: Set<Int32>] = [:]
  /// Position in 0, 30, 60, 90, 180 days.
  var within: Int?
  /// Days after the as-of of the likely breach, both included.
  var from: Double?
  var to: Double?
  var onlyWorst = false

  static let windows = [0, 30, 60, 90, 180]
}

extension Snapshot {
  /// Rows of the risk table that a selection leaves, in its order.
  ///
  /// - Complexity: O(rows), and O(rows log rows) for the first of each order.
  func rows(_ selection: RiskSelection) -> [Int32] {
    if let known = selections[selection] { return known }
    let rows = filtered(selection.filter, order: selection.sort == .ranked ? nil : order(selection.sort))
    selections.insert(selection, rows, cost: max(64, rows.count))
    return rows
  }

  /// Servers that are asked for by name or by what they belong to; nil when all are.
  func servers(passing filter: RiskFilter) -> [Bool]? {
    var marks: [Bool]?
    if let wanted = filter.servers {
      var chosen = [Bool](repeating: false, count: servers.count)
      for server in wanted { chosen[Int(server)] = true }
      marks = chosen
    }
    for (column, values) in filter.groups {
      let value = inventory.columns[column].value
      var chosen = marks ?? [Bool](repeating: true, count: servers.count)
      for s in chosen.indices where chosen[s] { chosen[s] = values.contains(value[s]) }
      marks = chosen
    }
    return marks
  }

  /// Servers and resources that a text is found in: in their names, or in what a server belongs to.
  func found(_ text: String) -> (servers: [Bool], resources: [Bool]) {
    let word = Array(text.lowercased().utf8)
    var found = [Bool](repeating: false, count: servers.count)
    search.mark(word, in: &found)
    for column in inventory.columns {
      let hits = column.values.names.map { $0.lowercased().utf8Contains(word) }
      guard hits.contains(true) else { continue }
      for (s, value) in column.value.enumerated() where value >= 0 && hits[Int(value)] { found[s] = true }
    }
    return (found, resources.names.map { $0.lowercased().utf8Contains(word) })
  }

  private func filtered(_ filter: RiskFilter, order: [Int32]?) -> [Int32] {
    // A server or resource that is asked for has the first bit, one in which the text was found the second.
    let (wanted, sought): (UInt8, UInt8) = (1, 2)
    let (risks, onlyWorst) = (self.risks, filter.onlyWorst)
    let passing = servers(passing: filter)
    let found = filter.text.isEmpty ? nil : found(filter.text)
    func marks(_ count: Int, _ isWanted: (Int) -> Bool, _ isFound: (Int) -> Bool) -> [UInt8] {
      (0..<count).map { (isWanted($0) ? wanted : 0) | (isFound($0) ? sought : 0) }
    }
    let server = marks(servers.count, { passing?[$0] ?? true }, { found?.servers[$0] ?? true })
    let resource = marks(
      resources.count, { filter.resources?.contains(Int32($0)) ?? true }, { found?.resources[$0] ?? true })
    let kinds = risks.kinds(severities: filter.severities, tiers: filter.tiers, thresholds: filter.thresholds)
    let least: Float? = filter.within.map { $0 == 0 ? 0 : 0.5 }
    let chances = filter.within.flatMap { $0 > 0 ? risks.chances[$0 - 1] : nil } ?? []
    let hasDate = filter.from != nil || filter.to != nil
    let (from, to) = (Float(filter.from ?? -.infinity), Float(filter.to ?? .infinity))
    return risks.kind.withUnsafeBufferPointer { kind in
      kinds.withUnsafeBufferPointer { kinds in
        risks.days[1].withUnsafeBufferPointer { likely in
          chances.withUnsafeBufferPointer { chances in
            @inline(__always) func passes(_ row: Int) -> Bool {
              guard kinds[Int(kind[row])] else { return false }
              let (s, r) = (server[Int(risks.server[row])], resource[Int(risks.resource[row])])
              guard s & r & wanted != 0, (s | r) & sought != 0 else { return false }
              if onlyWorst && !risks.isWorst[row] { return false }
              if let least, !(chances.isEmpty ? likely[row] <= 0 : chances[row] >= least) { return false }
              return !hasDate || (likely[row] >= from && likely[row] <= to)
            }
            var rows: [Int32] = []
            if let order {
              for row in order where passes(Int(row)) { rows.append(row) }
            } else {
              for row in 0..<kind.count where passes(row) { rows.append(Int32(row)) }
            }
            return rows
          }
        }
      }
    }
  }

  /// All rows in an order; equal ones stay ranked, and what is not known stands last.
  private func order(_ sort: RiskSort) -> [Int32] {
    if let known = orders[sort] { return known }
    var keys = [Double](repeating: 0, count: risks.count)
    for row in keys.indices { keys[row] = key(sort.column, row) ?? .nan }
    let rows = keys.indices.map { Int32($0) }
    let sign = sort.descends ? -1.0 : 1
    let known = rows.filter { !keys[Int($0)].isNaN }.sorted {
      let (a, b) = (sign * keys[Int($0)], sign * keys[Int($1)])
      return a == b ? $0 < $1 : a < b
    }
    let order = known + rows.filter { keys[Int($0)].isNaN }
    orders.insert(sort, order, cost: max(64, order.count))
    return order
  }
}

extension String {
  func utf8Contains(_ word: [UInt8]) -> Bool {
    Array(utf8).withUnsafeBytes { text in
      word.withUnsafeBytes { word in
        word.isEmpty || place(of: word, in: text, from: 0) != nil
      }
    }
  }
}
