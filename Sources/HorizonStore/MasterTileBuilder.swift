package import HorizonCore

/// Series of a tile under construction.
package struct MasterTileBuilder {
  private var servers: [String] = []
  private var starts: [Int] = []
  private var capacity: [Double] = []
  private var capacityChanges: [[LevelChange]] = []
  private var indices: [Int] = []
  private var values: [Float] = []
  package private(set) var isOpen = false

  package init() {}

  /// Finished series.
  package var count: Int { isOpen ? servers.count - 1 : servers.count }

  package mutating func openSeries(_ server: String) {
    servers.append(server)
    starts.append(values.count)
    capacity.append(.nan)
    capacityChanges.append([])
    isOpen = true
  }

  package mutating func closeSeries() { isOpen = false }

  package mutating func append(
    times: UnsafeBufferPointer<Int64>, values new: UnsafeBufferPointer<Double>,
    capacity newCapacity: UnsafeBufferPointer<Double>,
    step: Step
  ) {
    let length = step.seconds * 1_000_000
    var time = times[0]
    var index = step.index(ofMicroseconds: time)
    indices.reserveCapacity(indices.count + times.count)
    for t in times {
      if t == time + length {
        index += 1
      } else if t != time {
        index = step.index(ofMicroseconds: t)
      }
      time = t
      indices.append(index)
    }
    values.append(contentsOf: new.lazy.map { Float($0) })
    let series = capacity.count - 1
    for (k, value) in newCapacity.enumerated() where !value.isNaN && value != capacity[series] {
      if capacity[series] > 0, value > 0 {
        let index = indices[indices.count - times.count + k]
        capacityChanges[series].append(LevelChange(kind: .capacity, index: index, factor: capacity[series] / value))
      }
      capacity[series] = value
    }
  }

  /// Hands the finished series over and starts anew.
  package mutating func tile(resource: Int, asOf: Int) -> MasterTile {
    let count = servers.count
    let first = starts.map { indices[$0] }.min()!
    let length = asOf - first + 1
    var last = [Int](repeating: 0, count: count)
    let matrix = [Float](unsafeUninitializedCapacity: count * length) { buffer, filled in
      buffer.initialize(repeating: .nan)
      for s in 0..<count {
        let end = s + 1 < count ? starts[s + 1] : values.count
        for k in starts[s]..<end { buffer[s * length + indices[k] - first] = values[k] }
        last[s] = indices[end - 1]
      }
      filled = count * length
    }
    let result = MasterTile(
      resource: resource, servers: servers, firstIndex: first, length: length, values: matrix, capacity: capacity,
      capacityChanges: capacityChanges, lastReading: last)
    servers.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    capacity.removeAll(keepingCapacity: true)
    capacityChanges.removeAll(keepingCapacity: true)
    indices.removeAll(keepingCapacity: true)
    values.removeAll(keepingCapacity: true)
    return result
  }
}
