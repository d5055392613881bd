import ArrowBridge

/// The physical lines on which data records of a CSV file begin, the header being on line 1; quotes and gzip are respected.
///
/// - Parameter records: Counted from 0, in any order; blank lines are not records.
/// - Returns: One line a record, 0 where the file ends before it.
/// - Complexity: One pass over the file up to the last record.
package func lineNumbers(ofRecords records: [Int], csv path: String) throws(StoreError) -> [Int] {
  guard !records.isEmpty else { return [] }
  try checkReadable(path)
  let order = records.indices.sorted { records[$0] < records[$1] }
  let ascending = order.map { Int64(records[$0]) }
  var lines = [Int64](repeating: 0, count: records.count)
  try native(path) { ab_line_numbers(path, ascending, Int64(ascending.count), &lines, $0) }
  var result = [Int](repeating: 0, count: records.count)
  for (place, index) in order.enumerated() { result[index] = Int(lines[place]) }
  return result
}
