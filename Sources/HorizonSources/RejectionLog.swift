import HorizonCore
import HorizonStore

/// Counts by reason with the first five examples of each.
final class RejectionLog {
  private(set) var rowsRead = 0
  private(set) var rowsRejected = 0
  private var counts: [QualityReason: Int] = [:]
  private var examples: [QualityReason: [QualityReport.Example]] = [:]
  /// Examples of the file being read, by data record, whose place is not known yet.
  private var pending: [(reason: QualityReason, record: Int, example: QualityReport.Example)] = []

  static let examplesKept = 5

  func read(rows: Int, rejected: Int) {
    rowsRead += rows
    rowsRejected += rejected
  }

  func count(_ reason: QualityReason, _ number: Int = 1) {
    if number > 0 { counts[reason, default: 0] += number }
  }

  func wantsExample(of reason: QualityReason) -> Bool {
    (examples[reason]?.count ?? 0) + pending.count(where: { $0.reason == reason }) < RejectionLog.examplesKept
  }

  /// Adds an example that is a series and not a place in a file.
  func example(of reason: QualityReason, _ text: @autoclosure () -> String) {
    guard wantsExample(of: reason) else { return }
    examples[reason, default: []].append(.init(file: "", text: text()))
  }

  /// - Parameter record: Data record in the file, counted from 0.
  func reject(_ reason: QualityReason, file: String, record: Int, column: String?, text: @autoclosure () -> String) {
    count(reason)
    guard wantsExample(of: reason) else { return }
    pending.append((reason, record, .init(file: file, column: column, text: shortened(text()))))
  }

  /// Finds the places of a file's examples.
  ///
  /// - Parameter skipped: Data records that the reader did not hand over, ascending; recorded rows are counted without them.
  func settle(path: String, isText: Bool, skipped: [Int] = []) throws(StoreError) {
    let records = pending.map { item in
      var record = item.record
      if item.reason != .wrongFieldCount {
        for place in skipped {
          if place > record { break }
          record += 1
        }
      }
      return record
    }
    let lines = isText ? try lineNumbers(ofRecords: records, csv: path) : []
    for (k, item) in pending.enumerated() {
      var example = item.example
      if isText { example.line = lines[k] } else { example.row = records[k] + 1 }
      examples[item.reason, default: []].append(example)
    }
    pending = []
  }

  var reasons: [QualityReport.Reason] {
    QualityReason.allCases.compactMap { reason in
      counts[reason].map { .init(reason: reason, kind: reason.kind, count: $0, examples: examples[reason] ?? []) }
    }
  }

  /// The rejected rows as an error: what, how often, and where, with a few examples.
  func failure(_ what: String) -> Failure {
    let rejected = reasons.filter { $0.kind == .rejected }
    let lines = rejected.flatMap { reason in
      ["\(reason.reason.rawValue): \(grouped(reason.count))"]
        + reason.examples.prefix(3).map { "  \($0.sentence(reason.reason))" }
    }
    return Failure(
      .unusableData, ([what] + lines).joined(separator: "\n") + (lines.isEmpty ? "" : "."),
      remedy: lines.isEmpty ? "Check that the input has readings." : "Fix it, or raise --max-bad-rows.")
  }

  private func shortened(_ text: String) -> String { text.count <= 80 ? text : text.prefix(79) + "…" }
}
