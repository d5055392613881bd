package import HorizonCore

extension TableReader {
  /// Visits the rows of one series, in the order of the file, reading only row groups that can hold it.
  ///
  /// - Parameters:
  ///   - columns: What is read, with or without `server` and `resource`; positions in the batch are those in this list.
  ///   - body: Gets the reader, a batch, and the range of rows that belong to the series.
  package static func rows<E: Error>(
    parquet path: String, of series: SeriesName, columns: [Column],
    _ body: (TableReader, TableBatch, Range<Int>) throws(E) -> Void
  ) throws {
    let file = try ParquetFile(path)
    let ofServer = try file.rowGroups(column: "server", holding: [series.server])
    let groups = try file.rowGroups(column: "resource", holding: [series.resource]).filter { ofServer.contains($0) }
    if groups.isEmpty { return }
    let names = columns.map(\.name)
    let all = columns + ["server", "resource"].filter { !names.contains($0) }.map { Column($0, .key) }
    func position(_ name: String) -> Int { all.firstIndex { $0.name == name }! }
    let reader = try TableReader(file, columns: all, rowGroups: groups)
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
