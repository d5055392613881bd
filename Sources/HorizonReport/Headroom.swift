/// A column of the inventory: what each server belongs to.
package struct ServerGroups: Sendable, Equatable {
  /// The column's name, such as `region`.
  package var name: String
  /// By server; one that is absent belongs to no group.
  package var group: [String: String]

  package init(name: String, group: [String: String]) {
    self.name = name
    self.group = group
  }

  /// Groups that a page can show, at most; a column with more describes servers one by one.
  package static let mostGroups = 400

  /// Whether the column sorts these servers into groups that say something: at least two, fewer than servers.
  package func isUseful(servers: Set<String>) -> Bool {
    let names = Set(servers.compactMap { group[$0] })
    return (2...ServerGroups.mostGroups).contains(names.count) && names.count < servers.count
  }
}

extension ReportData {
  /// How much room is left, by group of servers and resource.
  package struct Headroom: Codable, Sendable, Equatable {
    /// Columns of every table, sorted.
    package var resources: [String]
    /// The whole fleet, one cell per resource.
    package var all: [Cell?]
    /// One per useful column of the inventory, in its order; none without an inventory.
    package var groupings: [Grouping]

    package init(resources: [String], all: [Cell?], groupings: [Grouping]) {
      self.resources = resources
      self.all = all
      self.groupings = groupings
    }

    package struct Grouping: Codable, Sendable, Equatable {
      package var name: String
      /// Sorted by what is at risk, then by name; an empty name, which stands last, holds servers without a group.
      package var groups: [String]
      /// Index into `groups` of each server, in the order in which `ReportData.risks` first names them.
      package var members: [Int]
      /// One row per group with a cell per resource; nil where no series is.
      package var cells: [[Cell?]]

      package init(name: String, groups: [String], members: [Int], cells: [[Cell?]]) {
        self.name = name
        self.groups = groups
        self.members = members
        self.cells = cells
      }
    }

    /// Series of one group and resource that have a ceiling.
    package struct Cell: Codable, Sendable, Equatable {
      package var series: Int
      /// With a severity other than `none`.
      package var atRisk: Int
      /// Points between utilization now and the lowest threshold, negative when it is crossed; in tenths.
      package var median: Double
      package var worst: Double

      package init(series: Int, atRisk: Int, median: Double, worst: Double) {
        self.series = series
        self.atRisk = atRisk
        self.median = median
        self.worst = worst
      }
    }
  }
}

extension ReportData.Headroom {
  /// Counts all rows of a run.
  ///
  /// - Parameters:
  ///   - risks: All rows, also those that will not be shown.
  ///   - shown: How many of them, from the first, the page will hold; `members` is in the order of their servers.
  ///   - inventory: Its columns; those that form no groups are left out.
  package init(counting risks: [ReportData.Risk], shown: Int, inventory: [ServerGroups]) {
    let rooms = Self.rooms(risks)
    let resources = Set(rooms.map(\.resource)).sorted()
    let place = Dictionary(uniqueKeysWithValues: resources.enumerated().map { ($1, $0) })
    let servers = Set(rooms.map(\.server))
    var seen: Set<String> = []
    let order = risks.prefix(shown).lazy.map(\.server).filter { seen.insert($0).inserted }
    let shownServers = Array(order)

    func cells(of group: (Room) -> Int, count: Int) -> [[Cell?]] {
      var members = [[[Room]]](repeating: [[Room]](repeating: [], count: resources.count), count: count)
      for room in rooms { members[group(room)][place[room.resource]!].append(room) }
      return members.map { $0.map(Self.cell) }
    }
    let groupings = inventory.filter { $0.isUseful(servers: servers) }.map { column in
      var atRisk: [String: Int] = [:]
      for room in rooms { atRisk[column.group[room.server] ?? "", default: 0] += room.isAtRisk ? 1 : 0 }
      let groups = atRisk.keys.sorted { a, b in
        if a.isEmpty != b.isEmpty { return b.isEmpty }
        return atRisk[a]! == atRisk[b]! ? a < b : atRisk[a]! > atRisk[b]!
      }
      let index = Dictionary(uniqueKeysWithValues: groups.enumerated().map { ($1, $0) })
      return Grouping(
        name: column.name, groups: groups, members: shownServers.map { index[column.group[$0] ?? ""]! },
        cells: cells(of: { index[column.group[$0.server] ?? ""]! }, count: groups.count))
    }
    self.init(
      resources: resources, all: rooms.isEmpty ? [] : cells(of: { _ in 0 }, count: 1)[0], groupings: groupings)
  }

  /// One series at its lowest threshold.
  private struct Room {
    let server: String
    let resource: String
    var threshold: Double
    var headroom: Double
    var isAtRisk: Bool
  }

  private static func rooms(_ risks: [ReportData.Risk]) -> [Room] {
    var rooms: [Room] = []
    var index: [String: [String: Int]] = [:]
    for risk in risks {
      let atRisk = risk.severity != "none"
      let headroom = risk.headroom ?? .nan
      if let i = index[risk.server]?[risk.resource] {
        rooms[i].isAtRisk = rooms[i].isAtRisk || atRisk
        if risk.thresholdValue < rooms[i].threshold {
          rooms[i].threshold = risk.thresholdValue
          rooms[i].headroom = headroom
        }
      } else {
        index[risk.server, default: [:]][risk.resource] = rooms.count
        rooms.append(
          Room(
            server: risk.server, resource: risk.resource, threshold: risk.thresholdValue, headroom: headroom,
            isAtRisk: atRisk))
      }
    }
    return rooms.filter { $0.headroom.isFinite }
  }

  private static func cell(_ rooms: [Room]) -> Cell? {
    guard !rooms.isEmpty else { return nil }
    let sorted = rooms.map(\.headroom).sorted()
    let middle = sorted.count / 2
    let median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
    return Cell(
      series: rooms.count, atRisk: rooms.count { $0.isAtRisk }, median: decimal(median, 10) ?? 0,
      worst: decimal(sorted[0], 10) ?? 0)
  }
}
