package import HorizonCore

extension TableReader {
  /// Row groups that can hold a row with all these values, by the file's statistics; a group without statistics can.
  ///
  /// - Parameter values: Text by column name.
  package static func rowGroups(parquet path: String, holding values: [String: String]) throws(StoreError) -> [Int] {
    var chosen: [Int]?
    for (column, value) in values.sorted(by: { $0.key < $1.key }) {
      let groups = try rowGroups(parquet: path, column: column)
      chosen = (chosen ?? Array(groups.indices)).filter { group in
        guard let low = groups[group].min, let high = groups[group].max else { return true }
        return !utf8Less(value, low) && !utf8Less(high, value)
      }
    }
    return chosen ?? []
  }

  /// Visits the rows of one series, in the order of the file, reading only row groups that can hold it.
  ///
  /// - Parameters:
  ///   - columns: What is read, with or without `server` and `resource`; positions in the batch are those in this list.
  ///   - body: Gets the reader, a batch, and the range of rows that belong to the series.
  package static func rows<E: Error>(
    parquet path: String, of series: SeriesName, columns: [Column],
    _ body: (TableReader, TableBatch, Range<Int>) throws(E) -> Void
  ) throws {
    let groups = try rowGroups(parquet: path, holding: ["server": series.server, "resource": series.resource])
    if groups.isEmpty { return }
    let names = columns.map(\.name)
    let all = columns + ["server", "resource"].filter { !names.contains($0) }.map { Column($0, .key) }
    func position(_ name: String) -> Int { all.firstIndex { $0.name == name }! }
    let reader = try TableReader(parquet: path, columns: all, rowGroups: groups)
    while let batch = try reader.next() {
      guard let server = reader.keyNames(position("server")).firstIndex(of: series.server),
        let resource = reader.keyNames(position("resource")).firstIndex(of: series.resource)
      else { continue }
      let (servers, resources) = (batch.codes(position("server")), batch.codes(position("resource")))
      var row = 0
      while row < batch.rowCount {
        var end = row
        while end < batch.rowCount, servers[end] == Int32(server), resources[end] == Int32(resource) { end += 1 }
        if end > row { try body(reader, batch, row..<end) }
        row = max(end, row + 1)
      }
    }
  }
}

/// Order of bytes, in which Parquet keeps its statistics.
func utf8Less(_ a: String, _ b: String) -> Bool { a.utf8.lexicographicallyPrecedes(b.utf8) }
