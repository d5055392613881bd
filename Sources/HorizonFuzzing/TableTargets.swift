import Foundation
import HorizonCore
import HorizonPipeline
import HorizonSources
import HorizonStore

extension FuzzTarget {
  /// Ingest of delimited text. The first byte holds the options, the first text is the metrics, a second one the table beside them.
  static let csv = FuzzTarget("csv", longestInput: 8_192) { input in
    guard let options = input.first else { return }
    let texts = parts(of: UnsafeRawBufferPointer(rebasing: input.dropFirst()), atMost: 2)
    let folder = CSVFolder.shared
    let first = try folder.write(texts[0], to: "metrics.csv")
    let second = texts.count > 1 ? try folder.write(texts[1], to: "beside.csv") : nil
    if options & 0x40 != 0 {
      _ = try CovariateFiles(holidays: first, regressors: second, master: .days)
      return
    }
    try ingested(first, in: folder) {
      switch options & 3 {
      case 1: $0.inventory = second
      case 2: $0.renames = second
      case 3: $0.capacity = second
      default: if let second { $0.inputs.append(second) }
      }
      if options & 4 != 0 { $0.timezone = "Europe/Berlin" }
      if options & 8 != 0 { $0.step = .day }
      if options & 16 != 0 { $0.units["*"] = "counter" }
      if options & 32 != 0 { $0.maxBadRows = 0.01 }
    }
  }

  /// Readers of Parquet. The first byte says what the file is: metrics, a part of a master, an inventory, or any table.
  static let parquet = FuzzTarget("parquet", longestInput: 16_384) { input in
    guard let kind = input.first else { return }
    let folder = ParquetFolder.shared
    let bytes = UnsafeRawBufferPointer(rebasing: input.dropFirst())
    switch kind % 4 {
    case 0: try ingested(folder.write(bytes, to: "metrics.parquet"), in: folder)
    case 1: try readMaster(part: bytes, in: folder)
    case 2:
      let metrics = try folder.write(
        "server,time,cpu\na,2025-01-01,1\na,2025-01-02,2\nb,2025-01-01,3\n".utf8, to: "metrics.csv")
      let inventory = try folder.write(bytes, to: "inventory.parquet")
      try ingested(metrics, in: folder) { $0.inventory = inventory }
    default: try readTable(folder.write(bytes, to: "table.parquet"))
    }
  }

  /// Arrow streams between processes. The first byte says whose columns are asked for.
  static let arrow = FuzzTarget("arrow", longestInput: 16_384) { input in
    guard let kind = input.first else { return }
    let path = try ArrowFolder.shared.write(UnsafeRawBufferPointer(rebasing: input.dropFirst()), to: "stream")
    let descriptor = open(path, O_RDONLY)
    defer { close(descriptor) }
    let columns =
      switch kind % 3 {
      case 0: WorkerTables.readings
      case 1: WorkerTables.contested.columns
      default: WorkerTables.published.columns
      }
    let reader = try TableReader(stream: descriptor, named: path, columns: columns)
    while let batch = try reader.next() {
      for (at, column) in columns.enumerated() {
        if column.isList { precondition(Int(batch.offsets(at).last!) >= 0) }
        switch column.type {
        case .key: for code in batch.codes(at) where code >= 0 { _ = reader.keyNames(at)[Int(code)] }
        case .text: _ = batch.strings(at)
        case .double: _ = batch.doubles(at).reduce(0, +)
        case .float: _ = batch.floats(at).reduce(0, +)
        case .time: _ = batch.times(at).max()
        case .date: _ = batch.dates(at).max()
        case .binary: for row in 0..<batch.rowCount { _ = batch.bytes(at, row: row)?.reduce(0, ^) }
        default: break
        }
      }
    }
  }

  private static func ingested(
    _ metrics: String, in folder: FuzzFolder, change: (inout IngestOptions) -> Void = { _ in }
  ) throws {
    folder.remove("workspace")
    var options = IngestOptions(
      inputs: [metrics], maxBadRows: 1, threads: 1, workspace: folder.path + "/workspace",
      scratch: folder.path + "/scratch")
    change(&options)
    let manifest = try ingest(options).manifest
    try readMaster(folder.path + "/workspace/master", manifest, isOurs: true)
  }

  private static func readMaster(part: UnsafeRawBufferPointer, in folder: FuzzFolder) throws {
    let manifest = MasterManifest.days
    let name = "master/\(manifest.resources[0].folder)"
    try FileManager.default.createDirectory(atPath: "\(folder.path)/\(name)", withIntermediateDirectories: true)
    _ = try folder.write(part, to: "\(name)/\(MasterLayout.part(0))")
    try readMaster("\(folder.path)/master", manifest, isOurs: false)
  }

  /// - Parameter isOurs: Whether it was just written: then all that the manifest counts has to be there.
  private static func readMaster(_ path: String, _ manifest: MasterManifest, isOurs: Bool) throws {
    let reader = MasterReader(folder: path, manifest: manifest, asOf: manifest.lastIndex)
    var names: [SeriesName] = []
    while let tile = try reader.next() {
      precondition(tile.values.count == tile.servers.count * tile.length)
      names += tile.servers.map { SeriesName(server: $0, resource: manifest.resources[tile.resource].name) }
    }
    let series = try MasterIndex(folder: path, manifest: manifest).read(names, asOf: manifest.lastIndex)
    guard isOurs else { return }
    precondition(names.count == manifest.seriesCount && series.count == names.count)
    precondition(series.values.reduce(0) { $0 + $1.times.count } == manifest.readingCount)
    precondition(series.values.allSatisfy { $0.values.allSatisfy(\.isFinite) })
  }

  private static func readTable(_ path: String) throws {
    let summary = try TableSummary.of(path: path)
    let file = try ParquetFile(path)
    _ = try file.metadata(key: "horizonscale")
    for field in summary.fields.prefix(8) {
      for type in [field.type, .key, .text, .int32, .date].compactMap({ $0 }) {
        try refusable {
          _ = try file.rowGroups(column: field.name, holding: ["web-1"])
          let reader = try TableReader(file, columns: [Column(field.name, type, nullable: true)], threads: 1)
          while let batch = try reader.next() {
            switch type {
            case .key: precondition(batch.codes(0).allSatisfy { $0 < reader.keyCount(0) })
            case .text: _ = batch.strings(0)
            default: break
            }
          }
        }
      }
    }
  }
}

private enum CSVFolder { static let shared = FuzzFolder("csv") }
private enum ParquetFolder { static let shared = FuzzFolder("parquet") }
private enum ArrowFolder { static let shared = FuzzFolder("arrow") }

extension MasterManifest {
  /// Of the corpus's master parts: three servers and forty days.
  fileprivate static let days = MasterManifest(
    step: .day, timezone: "UTC",
    resources: [
      Resource(
        name: "cpu", kind: .cpu, folder: MasterLayout.folder(resource: "cpu"), unit: "%", ceiling: .constant(100),
        aggregation: .p95, decision: "100", seriesCount: 3, readingCount: 120, minimum: 0, maximum: 100)
    ], seriesCount: 3, readingCount: 120, firstIndex: 20_000, lastIndex: 20_039, inputs: [], notes: [])
}
