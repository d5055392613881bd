import HorizonPipeline
import HorizonReport
import HorizonStore

/// What each server belongs to: the columns of the workspace's inventory.
struct Inventory: Sendable {
  struct Group: Sendable {
    let name: String
    let values: NameTable
    /// Number of each server's value; -1 where it has none.
    let value: [Int32]
    /// Whether it sorts servers into groups that say something.
    let isUseful: Bool
    let json: JSONStrings
  }

  let columns: [Group]

  /// More columns describe servers one by one.
  private static let most = 32

  init(of workspace: Workspace, servers: NameTable) throws {
    let known = Set(servers.names)
    columns = try inventoryGroups(workspace, servers: known).prefix(Inventory.most).map { column in
      var values = NameTable()
      // Sorted, so that numbers are in the order of the names.
      for value in Set(column.group.values).sorted() { _ = values.place(of: value) }
      return Group(
        name: column.name, values: values,
        value: servers.names.map { column.group[$0].flatMap(values.find) ?? -1 },
        isUseful: column.isUseful(servers: known), json: JSONStrings(values.names))
    }
  }

  func column(_ name: String) -> Int? { columns.firstIndex { $0.name == name } }

  /// `{"region": "eu-west", "owner": null}`.
  func write(_ server: Int32, into json: inout JSONText) {
    json.beginObject()
    for column in columns {
      json.key(of: column.name)
      let value = column.value[Int(server)]
      if value < 0 { json.null() } else { json.raw(column.json[Int(value)]) }
    }
    json.endObject()
  }
}
