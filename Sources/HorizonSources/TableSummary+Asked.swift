import HorizonCore
import HorizonStore

extension TableSummary {
  /// Of a file that was named by the user.
  static func asked(_ path: String, shown: String? = nil) throws -> TableSummary {
    do { return try TableSummary.of(path: path) } catch {
      throw Failure(error.exitCode, "\(shown ?? path): \(error.message).", remedy: error.remedy)
    }
  }

  /// The first columns, for an error that misses one.
  var shownColumns: String { fields.prefix(20).map { "'\($0.name)'" }.joined(separator: ", ") }

  /// Reads the file in its order; text in one thread, so that a row's number is known.
  func reader(path: String, columns: [Column], lenient: Bool) throws -> TableReader {
    switch format {
    case .parquet: try TableReader(parquet: path, columns: columns)
    case .csv(let delimiter):
      try TableReader(csv: path, columns: columns, delimiter: delimiter, lenient: lenient, threads: 1)
    }
  }
}
