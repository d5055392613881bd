import Foundation
import HorizonCore
import HorizonStore

/// What all readings of a master come to, step by step, so that a change of any of them shows from when on it matters.
package struct ReadingsDigest: Sendable {
  private let firstIndex: Int
  private let steps: [UInt64]

  /// One streamed read of the master up to the as-of.
  init(_ fleet: Fleet, execution: Execution) async throws {
    firstIndex = fleet.manifest.firstIndex
    let first = firstIndex
    let count = max(0, fleet.asOf - firstIndex + 1)
    let reader = try fleet.masterTiles()
    var sums = [UInt64](repeating: 0, count: count)
    try await mapInOrder(
      threads: execution.threads, window: 2 * execution.threads, next: reader.next,
      transform: { tile in (tile.firstIndex, ReadingsDigest.sums(of: tile, in: fleet)) },
      consume: { start, added in
        for (t, sum) in added.enumerated() { sums[start - first + t] &+= sum }
      })
    steps = sums
  }

  /// The sum over the series of a tile by column, which no order of the series changes.
  private static func sums(of tile: MasterTile, in fleet: Fleet) -> [UInt64] {
    var sums = [UInt64](repeating: 0, count: tile.length)
    let resource = fleet.manifest.resources[tile.resource].name
    tile.values.withUnsafeBufferPointer { values in
      for (s, server) in tile.servers.enumerated() {
        let hash = stableHash(SeriesName(server: server, resource: resource).description)
        let row = UnsafeBufferPointer(rebasing: values[(s * tile.length)..<((s + 1) * tile.length)])
        for t in 0..<tile.length where !row[t].isNaN { sums[t] &+= mixed(hash, UInt64(row[t].bitPattern)) }
        if tile.capacity[s] > 0 {
          // Without the last digits, which multiplying through the changes costs.
          let first = tile.capacityChanges[s].reduce(tile.capacity[s]) { $0 * $1.factor }
          sums[0] &+= mixed(hash &+ 1, UInt64(bitPattern: Int64((log(first) * 1e6).rounded())))
        }
        for change in tile.capacityChanges[s] {
          sums[change.index - tile.firstIndex] &+= mixed(~hash, UInt64(Float(change.factor).bitPattern))
        }
      }
    }
    return sums
  }

  /// Of the readings with step indices in a range, in hexadecimal digits.
  func digest(of range: ClosedRange<Int>) -> String {
    var hash: UInt64 = 0
    for index in max(range.lowerBound, firstIndex)...max(range.upperBound, firstIndex)
    where index - firstIndex < steps.count {
      hash = mixed(hash, steps[index - firstIndex])
    }
    return String(hash, radix: 16)
  }
}

/// Every bit of the result depends on every bit of both.
private func mixed(_ a: UInt64, _ b: UInt64) -> UInt64 {
  var h = (a ^ (b &* 0x9e37_79b9_7f4a_7c15)) &* 0xbf58_476d_1ce4_e5b9
  h ^= h >> 29
  h = h &* 0x94d0_49bb_1331_11eb
  return h ^ (h >> 32)
}
