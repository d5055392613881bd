package import HorizonCore
package import HorizonStore

/// What to read and how to understand it.
package struct IngestOptions: Sendable {
  /// Files, folders, `s3://` addresses, or `-` for standard input.
  package var inputs: [String]
  /// Standard name (`server resource time value capacity unit`) to the column that holds it.
  package var map: [String: String]
  /// Nil lets the data decide.
  package var step: Step?
  /// By resource, by kind of resource, or `*`.
  package var aggregation: [String: Aggregation]
  /// By resource; outranks what the data says.
  package var units: [String: String]
  package var inventory: String?
  /// A table of old and new names of servers.
  package var renames: String?
  /// A table of capacities by server and time.
  package var capacity: String?
  /// Where a day begins, an identifier of the time zone database.
  package var timezone: String
  /// Share of rows that may be rejected before the whole input is.
  package var maxBadRows: Double
  /// Adds to the master that is there, in its step, units and time zone, instead of filling it anew.
  package var appends: Bool
  package var threads: Int
  /// The workspace's folder.
  package var workspace: String
  /// Folder for spill files, created when missing; nothing stays there.
  package var scratch: String
  /// Told the share done, in 0...1, from one thread at a time; what it throws ends the work with nothing changed.
  package var progress: (@Sendable (Double) throws -> Void)?
  /// Told what people should know while it happens.
  package var say: (@Sendable (String) -> Void)?

  package init(
    inputs: [String], map: [String: String] = [:], step: Step? = nil, aggregation: [String: Aggregation] = [:],
    units: [String: String] = [:], inventory: String? = nil, renames: String? = nil, capacity: String? = nil,
    timezone: String = "UTC", maxBadRows: Double = 0.01, appends: Bool = false, threads: Int = 2, workspace: String,
    scratch: String,
    progress: (@Sendable (Double) throws -> Void)? = nil, say: (@Sendable (String) -> Void)? = nil
  ) {
    self.inputs = inputs
    self.map = map
    self.step = step
    self.aggregation = aggregation
    self.units = units
    self.inventory = inventory
    self.renames = renames
    self.capacity = capacity
    self.timezone = timezone
    self.maxBadRows = maxBadRows
    self.appends = appends
    self.threads = max(1, threads)
    self.workspace = workspace
    self.scratch = scratch
    self.progress = progress
    self.say = say
  }

  func aggregation(of resource: String) -> Aggregation {
    let kind = ResourceKind(resource: resource)
    return aggregation[resource] ?? aggregation[kind.rawValue] ?? aggregation["*"] ?? kind.defaultAggregation
  }
}

package struct IngestResult: Sendable {
  package let manifest: MasterManifest
  package let quality: QualityReport
}
