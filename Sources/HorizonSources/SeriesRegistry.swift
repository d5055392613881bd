import HorizonCore

/// Names of servers and resources, and the series they make, in the order in which rows bring them.
///
/// Written by the one thread that reads rows; afterwards read by many.
final class SeriesRegistry: @unchecked Sendable {
  static let bucketCount = 256

  private(set) var servers: [String] = []
  private var serverCodes: [String: Int32] = [:]
  private(set) var resources: [String] = []
  private var resourceCodes: [String: Int32] = [:]
  private let pairs = FlatTable()

  /// Per series: its names, its bucket, its place in the bucket, and the readings spilled.
  let server = FlatArray<Int32>()
  let resource = FlatArray<Int32>()
  let bucket = FlatArray<UInt8>()
  let place = FlatArray<Int32>()
  let readings = FlatArray<Int>()
  /// Per bucket the series in it; a bucket is a hash of the name, so it does not depend on the order of rows.
  private(set) var members = [[Int32]](repeating: [], count: SeriesRegistry.bucketCount)

  /// Per resource the units that were named for it, in order of appearance, and the column that named the first.
  private(set) var units: [[String]] = []
  private(set) var unitColumns: [String?] = []

  var count: Int { server.count }

  func serverCode(_ name: String) -> Int32 {
    if let code = serverCodes[name] { return code }
    let code = Int32(servers.count)
    servers.append(name)
    serverCodes[name] = code
    return code
  }

  func resourceCode(_ name: String) -> Int32 {
    if let code = resourceCodes[name] { return code }
    let code = Int32(resources.count)
    resources.append(name)
    resourceCodes[name] = code
    units.append([])
    unitColumns.append(nil)
    return code
  }

  /// Codes by name, of `servers` or `resources`.
  func codes(of names: [String]) -> [String: Int32] {
    Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, Int32($0)) })
  }

  func note(unit: String, of resource: Int32, column: String?) {
    let at = Int(resource)
    if !units[at].contains(where: { $0.lowercased() == unit.lowercased() }) { units[at].append(unit) }
    if unitColumns[at] == nil { unitColumns[at] = column }
  }

  @inline(__always)
  func series(server: Int32, resource: Int32) -> Int {
    let key = UInt64(UInt32(bitPattern: resource)) << 32 | UInt64(UInt32(bitPattern: server))
    let known = pairs.find(key)
    return known >= 0 ? Int(known) : add(server, resource, key)
  }

  private func add(_ serverCode: Int32, _ resourceCode: Int32, _ key: UInt64) -> Int {
    let id = server.count
    pairs.insert(key, Int32(id))
    let hash = stableHash(servers[Int(serverCode)], seed: stableHash(resources[Int(resourceCode)]))
    let bucket = Int(hash & UInt64(SeriesRegistry.bucketCount - 1))
    server.append(serverCode)
    resource.append(resourceCode)
    self.bucket.append(UInt8(bucket))
    place.append(Int32(members[bucket].count))
    readings.append(0)
    members[bucket].append(Int32(id))
    return id
  }
}
