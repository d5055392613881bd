/// A text column under construction in which values repeat: codes into the distinct names.
package struct KeyColumn: Sendable {
  private var codes: [Int32] = []
  private var names: [String] = []
  private var index: [String: Int32] = [:]

  package init() {}

  package mutating func append(_ name: String, count: Int = 1) {
    let code: Int32
    if let known = index[name] {
      code = known
    } else {
      code = Int32(names.count)
      names.append(name)
      index[name] = code
    }
    for _ in 0..<count { codes.append(code) }
  }

  package var count: Int { codes.count }
  package var values: ColumnValues { .keys(codes: codes, names: names) }
}
