import Foundation
import HorizonCore
import HorizonPipeline
import HorizonStore

/// All series of a run as columns, in the order of `decisions.parquet`, which is that of the forecasts.
struct SeriesTable: Sendable {
  /// Numbers of the snapshot's servers and resources.
  private(set) var server: [Int32] = []
  private(set) var resource: [Int32] = []
  /// What 100 % is; NaN without one.
  private(set) var ceiling: [Double] = []
  private(set) var isLive: [Bool] = []
  private(set) var isContested: [Bool] = []
  /// NaN without a contest.
  private(set) var lossRatio: [Float] = []
  private(set) var testedLead: [Int32] = []
  private(set) var persistence: [Float] = []
  /// Numbers in `words`.
  private(set) var champion: [Int32] = []
  private(set) var tail: [Int32] = []
  private(set) var members: [Int32] = []
  private(set) var weights: [Int32] = []
  /// By lead bucket, then series: tier, code, reason.
  private(set) var verdicts: [[[Int32]]] = []
  private(set) var words = NameTable()
  /// Series of a server: those from `first[server]` to `first[server + 1]` in `byServer`.
  private var first: [Int32] = []
  private var byServer: [Int32] = []

  var count: Int { server.count }

  private static let buckets = ["1_30", "31_60", "61_90", "91_180"]

  init(of run: URL, servers: inout NameTable, resources: inout NameTable) throws {
    let texts = ["champion", "tail", "members", "weights"]
    let judged = SeriesTable.buckets.flatMap { ["tier_\($0)", "code_\($0)", "reason_\($0)"] }
    let columns =
      (["server", "resource"] + texts + judged).map { Column($0, .key) } + [
        Column("ceiling", .double, nullable: true), Column("live", .bool), Column("contested", .bool),
        Column("loss_ratio", .float, nullable: true), Column("tested_lead", .int32), Column("persistence", .float),
      ]
    let reader = try TableReader(parquet: run.appending(path: "decisions.parquet").path, columns: columns)
    let wordColumns = 2..<(2 + texts.count + judged.count)
    let next = wordColumns.upperBound
    var translations = [CodeTranslation](repeating: CodeTranslation(), count: next)
    var coded = [[Int32]](repeating: [], count: next)
    while let batch = try reader.next() {
      for c in 0..<next {
        let places =
          switch c {
          case 0: translations[c].translate(reader, column: c, into: &servers)
          case 1: translations[c].translate(reader, column: c, into: &resources)
          default: translations[c].translate(reader, column: c, into: &words)
          }
        // Text that is null stands for none, as an empty one does.
        let none = c < 2 ? 0 : words.place(of: "")
        coded[c].append(contentsOf: batch.codes(c).lazy.map { $0 < 0 ? none : places[Int($0)] })
      }
      ceiling.append(contentsOf: batch.doubles(next))
      isLive.append(contentsOf: batch.bools(next + 1).lazy.map { $0 == 1 })
      isContested.append(contentsOf: batch.bools(next + 2).lazy.map { $0 == 1 })
      lossRatio.append(contentsOf: batch.floats(next + 3))
      testedLead.append(contentsOf: batch.int32s(next + 4))
      persistence.append(contentsOf: batch.floats(next + 5))
    }
    server = coded[0]
    resource = coded[1]
    champion = coded[2]
    tail = coded[3]
    members = coded[4]
    weights = coded[5]
    verdicts = SeriesTable.buckets.indices.map { b in (0..<3).map { coded[6 + 3 * b + $0] } }
    (first, byServer) = SeriesTable.grouped(server, count: servers.count)
  }

  /// Positions of each value's elements end to end, in their order, and where each value's begin.
  static func grouped(_ values: [Int32], count: Int) -> (first: [Int32], members: [Int32]) {
    var first = [Int32](repeating: 0, count: count + 1)
    for value in values { first[Int(value) + 1] += 1 }
    for i in 0..<count { first[i + 1] += first[i] }
    var next = first
    var members = [Int32](repeating: 0, count: values.count)
    for (i, value) in values.enumerated() {
      members[Int(next[Int(value)])] = Int32(i)
      next[Int(value)] += 1
    }
    return (first, members)
  }

  /// The series of a server, in the order of the table.
  func series(ofServer server: Int32) -> ArraySlice<Int32> {
    byServer[Int(first[Int(server)])..<Int(first[Int(server) + 1])]
  }

  func find(server: Int32, resource: Int32) -> Int? {
    series(ofServer: server).first { self.resource[Int($0)] == resource }.map(Int.init)
  }

  func shape(_ series: Int) -> StoredShape {
    StoredShape(
      persistence: persistence[series], tail: TailShape(rawValue: words[tail[series]]) ?? .exponential,
      champion: words[champion[series]], isLive: isLive[series])
  }

  /// One for each lead bucket.
  func tiers(_ series: Int) -> [(tier: TrustTier, code: String, reason: String)] {
    verdicts.map {
      (TrustTier(rawValue: words[$0[0][series]]) ?? .low, words[$0[1][series]], words[$0[2][series]])
    }
  }
}
