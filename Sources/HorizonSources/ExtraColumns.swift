/// Text columns that nobody understood, kept per row as one code, in case they tell series apart.
///
/// Written by the one thread that reads rows; afterwards read by many.
final class ExtraColumns: @unchecked Sendable {
  /// Names over all files.
  private(set) var names: [String] = []
  private var values: [String] = [""]
  private var valueCodes: [String: Int32] = ["": 0]
  /// Per combination the code of each column's value; the first is "nothing known".
  private(set) var combinations: [[Int32]] = [[]]
  private var combinationCodes: [[Int32]: Int32] = [[]: 0]
  /// Set when there are too many combinations for them to be names.
  private(set) var isOverfull = false
  static let limit = 1_000_000

  func column(_ name: String) -> Int {
    if let known = names.firstIndex(of: name) { return known }
    names.append(name)
    return names.count - 1
  }

  func valueCode(_ text: String) -> Int32 {
    if let known = valueCodes[text] { return known }
    if isOverfull || values.count >= ExtraColumns.limit {
      isOverfull = true
      return 0
    }
    let code = Int32(values.count)
    values.append(text)
    valueCodes[text] = code
    return code
  }

  func combination(_ codes: [Int32]) -> Int32 {
    if isOverfull { return 0 }
    var codes = codes
    while codes.last == 0 { codes.removeLast() }
    if let known = combinationCodes[codes] { return known }
    if combinations.count >= ExtraColumns.limit {
      isOverfull = true
      return 0
    }
    let code = Int32(combinations.count)
    combinations.append(codes)
    combinationCodes[codes] = code
    return code
  }

  func value(of column: Int, in combination: Int32) -> Int32 {
    let codes = combinations[Int(combination)]
    return column < codes.count ? codes[column] : 0
  }

  /// Different texts of a column.
  func valueCount(of column: Int) -> Int {
    Set(combinations.indices.lazy.map { self.value(of: column, in: Int32($0)) }).count
  }

  func text(_ code: Int32) -> String { values[Int(code)] }
}

/// Which extra columns became part of the server's name.
struct NameExtension: Sendable {
  let columns: [Int]
  /// Per combination its group: combinations that agree in the chosen columns.
  let groups: [Int32]
  /// Per group what stands before the server, such as `dataset/`.
  let prefixes: [String]

  init(columns: [Int], of extras: ExtraColumns) {
    self.columns = columns
    var codes: [[Int32]: Int32] = [:]
    var prefixes: [String] = []
    groups = extras.combinations.indices.map { combination in
      let key = columns.map { extras.value(of: $0, in: Int32(combination)) }
      if let known = codes[key] { return known }
      let code = Int32(prefixes.count)
      codes[key] = code
      prefixes.append(key.filter { $0 != 0 }.map { extras.text($0) + "/" }.joined())
      return code
    }
    self.prefixes = prefixes
  }

  /// Nothing was added to any name.
  static let none = NameExtension(columns: [], of: ExtraColumns())
}
