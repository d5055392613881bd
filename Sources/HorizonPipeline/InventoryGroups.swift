import Foundation
package import HorizonReport
package import HorizonStore

/// The columns of a workspace's inventory that sort servers into groups; none without an inventory.
///
/// - Parameter servers: Those that the run knows; nil for all.
package func inventoryGroups(_ workspace: Workspace, servers: Set<String>?) throws -> [ServerGroups] {
  let path = workspace.inventory.path
  guard FileManager.default.fileExists(atPath: path) else { return [] }
  // Numbers are read as text, where they are as good a name as any; times and flags sort nobody.
  let names = try TableSummary.of(path: path).fields
    .filter { $0.name != "server" && [.text, .key, .double].contains($0.type) && !$0.isAllNull }.map(\.name)
  guard !names.isEmpty else { return [] }
  let columns = [Column("server", .text)] + names.map { Column($0, .text, nullable: true) }
  let reader = try TableReader(parquet: path, columns: columns)
  var groups = names.map { ServerGroups(name: $0, group: [:]) }
  while let batch = try reader.next() {
    let known = batch.strings(0)
    for column in groups.indices {
      for (server, value) in zip(known, batch.strings(column + 1)) {
        guard let server, let value, !value.allSatisfy(\.isWhitespace), servers?.contains(server) ?? true else {
          continue
        }
        groups[column].group[server] = value
      }
    }
  }
  return groups
}

/// The inventory in numbers, for models that learn from the fleet: by server the place of its value among those of each column that
/// sorts servers into two groups or more, -1 where it has none.
func inventoryNumbers(_ workspace: Workspace) throws -> [String: [Int]] {
  var numbers: [String: [Int]] = [:]
  let columns = try inventoryGroups(workspace, servers: nil).compactMap { column -> [String: Int]? in
    let values = Set(column.group.values).sorted()
    // A value of its own for every other server is a name and no group.
    guard values.count >= 2, values.count * 2 <= column.group.count else { return nil }
    let place = Dictionary(uniqueKeysWithValues: values.enumerated().map { ($1, $0) })
    return column.group.mapValues { place[$0]! }
  }
  for (at, column) in columns.enumerated() {
    for (server, number) in column {
      numbers[server, default: Array(repeating: -1, count: columns.count)][at] = number
    }
  }
  return numbers
}
