import Foundation
import HorizonReport
import HorizonStore

/// The columns of a workspace's inventory that sort servers into groups; none without an inventory.
///
/// - Parameter servers: Those that the run knows.
func inventoryGroups(_ workspace: Workspace, servers: Set<String>) throws -> [ServerGroups] {
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
        guard let server, let value, !value.allSatisfy(\.isWhitespace), servers.contains(server) else { continue }
        groups[column].group[server] = value
      }
    }
  }
  return groups
}
