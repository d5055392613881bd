package import Foundation
package import HorizonCore
package import HorizonPipeline
import HorizonReport
package import HorizonRisk
import HorizonSources
package import HorizonStore
import Synchronization

/// One finished run as the server answers from it: read once, never changed.
package final class Snapshot: Sendable {
  /// Name of the run's folder.
  package let run: String
  package let folder: URL
  package let workspace: Workspace
  package let manifest: RunManifest
  let fleet: Fleet
  package let settings: RiskSettings
  /// Tells this run from any other.
  let id: String
  let servers: NameTable
  package let resources: NameTable
  let series: SeriesTable
  package let risks: RiskTable
  let inventory: Inventory
  let serverJSON: JSONStrings
  let resourceJSON: JSONStrings
  let reasonJSON: JSONStrings
  /// By resource number.
  let units: [String?]
  /// Place of each server in the order of names.
  let serverOrder: [Int32]
  /// Servers and inventory values in lower case, for search.
  let search: SearchText
  let loadSeconds: Double

  let bank: Once<RankPathBank>
  let forecasts: Once<ForecastTable>
  let quality: Once<QualityReport>
  let record: Once<ReportData.Record>
  package let changes: Once<RunChanges?>
  package let stored: Once<StoredRisks>
  package let overview: Once<Overview>
  let reclaimable: Once<ReclaimableTable>
  private let told = Mutex<[SeriesName: String]?>(nil)

  /// All rows of the list as JSON, where there are not too many of them.
  private let rendered = Mutex<RowText?>(nil)

  let orders = RecentCache<RiskSort, [Int32]>(limit: 24_000_000)
  let selections = RecentCache<RiskSelection, [Int32]>(limit: 8_000_000)
  package let answers = RecentCache<String, PackedBody>(limit: 160 << 20)
  let evaluations = RecentCache<Scenario, Evaluation>(limit: 8)

  /// Reads the run whole.
  init(_ folder: URL, in workspace: Workspace) throws {
    let clock = ContinuousClock.now
    let manifest = try RunManifest(readingFrom: folder)
    let settings = try manifest.settings.risk()
    let fleet = try Fleet(of: manifest, in: workspace)
    var servers = NameTable()
    var resources = NameTable()
    let series = try SeriesTable(of: folder, servers: &servers, resources: &resources)
    let risks = try RiskTable(
      of: folder, thresholds: settings.thresholds, table: series, servers: &servers, resources: &resources)
    run = folder.lastPathComponent
    self.folder = folder
    self.workspace = workspace
    self.manifest = manifest
    self.settings = settings
    self.fleet = fleet
    id = String(sha256(of: Array("\(folder.lastPathComponent) \(manifest.digest)".utf8)).prefix(20))
    self.servers = servers
    self.resources = resources
    self.series = series
    self.risks = risks
    inventory = try Inventory(of: workspace, servers: servers)
    serverJSON = JSONStrings(servers.names)
    resourceJSON = JSONStrings(resources.names)
    reasonJSON = JSONStrings(risks.reasons.names)
    let known = Dictionary(uniqueKeysWithValues: fleet.manifest.resources.map { ($0.name, $0.unit) })
    units = resources.names.map { known[$0] ?? nil }
    let sorted = servers.names.indices.sorted { [servers] in servers.names[$0] < servers.names[$1] }
    var order = [Int32](repeating: 0, count: sorted.count)
    for (place, server) in sorted.enumerated() { order[server] = Int32(place) }
    serverOrder = order
    search = SearchText(servers.names)
    bank = Once { RankPathBank(seed: manifest.settings.seed, horizon: manifest.horizon, step: fleet.step) }
    forecasts = Once { try ForecastTable(of: folder, horizon: manifest.horizon) }
    quality = Once { try QualityReport(readingFrom: workspace) }
    record = Once { try ReportData.Record(of: manifest, in: workspace) }
    changes = Once { try RunChanges(of: folder, manifest: manifest, in: workspace) }
    let names = (servers: servers, resources: resources)
    stored = Once {
      var shapes: [SeriesName: StoredShape] = [:]
      for i in 0..<series.count where series.isLive[i] {
        shapes[SeriesName(server: names.servers[series.server[i]], resource: names.resources[series.resource[i]])] =
          series.shape(i)
      }
      return try StoredRisks(of: folder, manifest: manifest, in: workspace, shapes: shapes)
    }
    let groups = inventory
    overview = Once {
      Overview(risks, thresholds: settings.thresholds, resources: names.resources, inventory: groups)
    }
    reclaimable = Once {
      ReclaimableTable(risks, series: series, servers: names.servers.count, resources: names.resources)
    }
    let seconds = (ContinuousClock.now - clock).components
    loadSeconds = Double(seconds.seconds) + Double(seconds.attoseconds) * 1e-18
  }

  var asOf: String { manifest.asOf }
  var step: Step { fleet.step }
  /// Of the as-of, in days since 1970-01-01.
  var asOfDay: Double { Double(fleet.asOfTime) / 86_400_000_000 }

  func name(ofSeries i: Int) -> SeriesName {
    SeriesName(server: servers[series.server[i]], resource: resources[series.resource[i]])
  }

  func find(server: String, resource: String) -> Int? {
    guard let s = servers.find(server), let r = resources.find(resource) else { return nil }
    return series.find(server: s, resource: r)
  }

  /// Why the first moved dates moved; nil while that is being worked out.
  package var reasons: [SeriesName: String]? { told.withLock { $0 } }

  /// Series up to which what scenarios need is read ahead, so that the first one is as fast as the next.
  static let readAhead = 20_000

  /// Rows up to which all are written ahead: about 10 MB for 2,000 servers.
  private static let writtenAhead = 60_000

  /// All rows of the list, as they are sent; nil while they are not written.
  var rowText: RowText? { rendered.withLock { $0 } }

  /// Works out ahead what pages ask for first.
  package func prepare(threads: Int) async {
    if risks.count <= Snapshot.writtenAhead {
      let text = RowText(self)
      rendered.withLock { $0 = text }
    }
    _ = try? overview.value
    _ = try? quality.value
    _ = try? record.value
    let changes = (try? changes.value) ?? nil
    _ = try? bank.value
    if series.count <= Snapshot.readAhead { _ = try? stored.value }
    let reasons = await changes?.reasons(threads: threads) ?? [:]
    told.withLock { $0 = reasons }
  }
}

extension QualityReport {
  /// - Throws: `.unusableData` when it cannot be read.
  init(readingFrom workspace: Workspace) throws(Failure) {
    do { self = try JSONDecoder().decode(QualityReport.self, from: try Data(contentsOf: workspace.quality)) } catch {
      throw Failure(
        .unusableData, "\(workspace.quality.lastPathComponent) cannot be read.",
        remedy: "Fill the master anew with 'horizonscale ingest INPUT'.")
    }
  }
}

/// Names end to end in lower case, so that one pass finds those that contain a word.
struct SearchText: Sendable {
  private var bytes: [UInt8] = []
  private var ends: [Int32] = []

  init(_ names: [String]) {
    for name in names {
      bytes.append(contentsOf: name.lowercased().utf8)
      // In no name: a match does not cross from one to the next.
      bytes.append(0)
      ends.append(Int32(bytes.count))
    }
  }

  /// Marks the names that contain a word.
  ///
  /// - Parameter word: In lower case.
  /// - Complexity: O(bytes).
  func mark(_ word: [UInt8], in marks: inout [Bool]) {
    guard !word.isEmpty else { return }
    bytes.withUnsafeBytes { all in
      word.withUnsafeBytes { word in
        var at = 0
        var name = 0
        while let offset = place(of: word, in: all, from: at) {
          while Int(ends[name]) <= offset { name += 1 }
          marks[name] = true
          at = Int(ends[name])
          if at >= all.count { break }
        }
      }
    }
  }
}

/// Where some bytes first stand in others, from a place on.
func place(of word: UnsafeRawBufferPointer, in text: UnsafeRawBufferPointer, from start: Int) -> Int? {
  guard let all = text.baseAddress, let wanted = word.baseAddress else { return nil }
  var at = start
  while at + word.count <= text.count {
    guard let found = memchr(all + at, Int32(word[0]), text.count - word.count + 1 - at) else { return nil }
    at = UnsafeRawPointer(found) - all
    if memcmp(found, wanted, word.count) == 0 { return at }
    at += 1
  }
  return nil
}

/// The rows of a list as JSON end to end, ready to be copied into an answer.
final class RowText: Sendable {
  private let bytes: [UInt8]
  private let ends: [Int]

  init(_ run: Snapshot) {
    var json = JSONText(capacity: run.risks.count * 640)
    var ends: [Int] = []
    for row in 0..<run.risks.count {
      // A comma before each but the first.
      run.write(row: row, nil, into: &json)
      ends.append(json.bytes.count)
    }
    bytes = json.bytes
    self.ends = ends
  }

  /// A row, without a comma.
  func row(_ row: Int) -> ArraySlice<UInt8> { bytes[(row == 0 ? 0 : ends[row - 1] + 1)..<ends[row]] }
}
