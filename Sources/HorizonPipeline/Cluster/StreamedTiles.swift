import HorizonContest
import HorizonCore
import HorizonStore

/// Readings as a distributed engine hands them over, as tiles: any batches, any series in any order, the rows of one together.
///
/// What is wrong with a series costs that series. Memory is bounded by a tile of each resource.
final class StreamedTiles {
  /// What comes next. Series are numbered as they come, so that answers can be given in that order.
  struct Portion: Sendable {
    var tile: FleetTile?
    /// By series of the tile.
    var numbers: [Int] = []
    var left: [(number: Int, series: LeftOut)] = []
  }

  private let fleet: Fleet
  private let seed: UInt64
  private let reader: TableReader
  private let refuses: (SeriesName) -> String?
  private let places: [String: Int]
  /// By resource, with the numbers of the series in them.
  private var builders: [MasterTileBuilder]
  private var numbers: [[Int]]
  private var next = 0
  private var batch: TableBatch?
  private var row = 0
  private var open: OpenSeries?
  private var left: [(number: Int, series: LeftOut)] = []

  /// Series that may come while an earlier one waits for its tile to fill.
  private static let patience = 1_024
  /// Hashes of the names of closed series.
  private var seen: Set<UInt64> = []
  private var isAtEnd = false

  private struct OpenSeries {
    let server: Int32
    let resource: Int32
    let name: SeriesName
    var times: [Int64] = []
    var values: [Double] = []
    var capacity: [Double] = []
    var fault: String?
  }

  /// - Parameters:
  ///   - descriptor: Of the stream.
  ///   - refuses: Why a series is not wanted; nil where it is.
  init(_ fleet: Fleet, seed: UInt64, descriptor: Int32, refuses: @escaping (SeriesName) -> String?) throws {
    self.fleet = fleet
    self.seed = seed
    self.refuses = refuses
    reader = try TableReader(stream: descriptor, named: "standard input", columns: WorkerTables.readings)
    places = Dictionary(uniqueKeysWithValues: fleet.manifest.resources.enumerated().map { ($1.name, $0) })
    builders = fleet.manifest.resources.map { _ in MasterTileBuilder() }
    numbers = builders.map { _ in [] }
  }

  /// Nil at the end.
  func portion() throws -> Portion? {
    while true {
      if let ready { return portion(ready) }
      if left.count >= StreamedTiles.patience { return portion(nil) }
      if batch == nil || row == batch!.rowCount {
        batch = isAtEnd ? nil : try reader.next()
        row = 0
        if batch == nil {
          isAtEnd = true
          closeSeries()
          if let rest = numbers.firstIndex(where: { !$0.isEmpty }) { return portion(rest) }
          return left.isEmpty ? nil : portion(nil)
        }
      }
      take(batch!)
    }
  }

  /// A resource whose tile is full, or has waited long enough.
  private var ready: Int? {
    numbers.firstIndex { $0.count == Execution.tileSize || next - ($0.first ?? next) > StreamedTiles.patience }
  }

  private func portion(_ resource: Int?) -> Portion {
    var portion = Portion(left: left)
    left = []
    if let resource {
      portion.tile = fleet.tile(builders[resource].tile(resource: resource, asOf: fleet.asOf), seed: seed)
      portion.numbers = numbers[resource]
      numbers[resource] = []
    }
    return portion
  }

  /// Takes the rows up to where a series ends.
  private func take(_ batch: TableBatch) {
    let (servers, resources) = (batch.codes(0), batch.codes(1))
    let (server, resource) = (servers[row], resources[row])
    if open == nil || open!.server != server || open!.resource != resource {
      closeSeries()
      openSeries(server, resource)
      // Closing may have filled a tile, which goes first.
      if ready != nil { return }
    }
    var end = row
    while end < batch.rowCount, servers[end] == server, resources[end] == resource { end += 1 }
    append(batch, row..<end)
    row = end
  }

  private func openSeries(_ server: Int32, _ resource: Int32) {
    func text(_ column: Int, _ code: Int32) -> String { code < 0 ? "" : reader.keyNames(column)[Int(code)] }
    let name = SeriesName(server: text(0, server), resource: text(1, resource))
    var series = OpenSeries(server: server, resource: resource, name: name)
    if server < 0 || resource < 0 {
      series.fault = "a row without a \(server < 0 ? "server" : "resource")"
    } else if places[name.resource] == nil {
      series.fault = "the master has no resource '\(name.resource)'"
    } else if seen.contains(stableHash(name.description)) {
      series.fault = "its rows do not stand together"
    } else {
      series.fault = refuses(name)
    }
    open = series
  }

  private func append(_ batch: TableBatch, _ rows: Range<Int>) {
    guard open!.fault == nil else { return }
    let (times, values, capacity) = (batch.times(2), batch.doubles(3), batch.doubles(4))
    let limits = (fleet.manifest.firstIndex, fleet.manifest.lastIndex)
    for i in rows {
      let index = fleet.step.index(ofMicroseconds: times[i])
      let previous = open!.times.last ?? .min
      let fault: String? =
        times[i] == .min
        ? "a row without a time"
        : times[i] <= previous
          ? "its times do not ascend"
          : index < limits.0 || index > limits.1
            ? "a time outside the master's"
            : fleet.step.microseconds(of: index) != times[i]
              ? "a time between two steps" : values[i].isInfinite ? "a value that is not finite" : nil
      if let fault {
        open!.fault = fault
        return
      }
      if values[i].isNaN || index > fleet.asOf { continue }
      open!.times.append(times[i])
      open!.values.append(values[i])
      open!.capacity.append(capacity[i])
    }
  }

  private func closeSeries() {
    guard let series = open else { return }
    open = nil
    seen.insert(stableHash(series.name.description))
    defer { next += 1 }
    if let fault = series.fault {
      left.append((next, LeftOut(name: series.name, status: .failed, reason: fault)))
    } else if series.times.isEmpty {
      left.append((next, LeftOut(name: series.name, status: .skipped, reason: "no reading at or before the as-of")))
    } else {
      let place = places[series.name.resource]!
      builders[place].openSeries(series.name.server)
      series.times.withUnsafeBufferPointer { times in
        series.values.withUnsafeBufferPointer { values in
          series.capacity.withUnsafeBufferPointer { capacity in
            builders[place].append(times: times, values: values, capacity: capacity, step: fleet.step)
          }
        }
      }
      builders[place].closeSeries()
      numbers[place].append(next)
    }
  }
}

/// Answers that come in any order, handed on in the order of their numbers.
struct InOrder<Answer> {
  private var waiting: [Int: Answer] = [:]
  private var next = 0

  /// Takes some. - Returns: Those whose turn it is now.
  mutating func take(_ answers: [(number: Int, answer: Answer)]) -> [Answer] {
    for (number, answer) in answers { waiting[number] = answer }
    var ready: [Answer] = []
    while let answer = waiting.removeValue(forKey: next) {
      ready.append(answer)
      next += 1
    }
    return ready
  }
}
