import HorizonStore

/// Distinct names by number.
package struct NameTable: Sendable {
  package private(set) var names: [String] = []
  private var places: [String: Int32] = [:]

  init() {}

  init(_ names: [String]) { for name in names { _ = place(of: name) } }

  /// The number of a name, given to it where it has none.
  mutating func place(of name: String) -> Int32 {
    if let known = places[name] { return known }
    let place = Int32(names.count)
    names.append(name)
    places[name] = place
    return place
  }

  func find(_ name: String) -> Int32? { places[name] }

  subscript(_ place: Int32) -> String { names[Int(place)] }

  var count: Int { names.count }
}

/// Turns the codes of one reader's column into numbers of a name table, each new name once.
struct CodeTranslation {
  private var places: [Int32] = []

  mutating func translate(_ reader: TableReader, column: Int, into table: inout NameTable) -> [Int32] {
    if reader.keyCount(column) > places.count {
      for name in reader.keyNames(column)[places.count...] { places.append(table.place(of: name)) }
    }
    return places
  }
}
