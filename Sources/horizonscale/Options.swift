import ArgumentParser
import Foundation
import HorizonCore
import HorizonPipeline
import HorizonStore

/// Where the work happens and how loud.
struct WorkspaceOptions: ParsableArguments {
  @Option(name: .long, help: "Folder, or s3://bucket/name, that holds master, runs and settings.")
  var workspace = "./horizonscale-workspace"

  @Option(
    help: ArgumentHelp(
      "Folder that keeps the files of a workspace in an object store. (default: ~/.cache/horizonscale)",
      valueName: "dir")
  )
  var cache: String?

  @Flag(name: .long, help: "Say nothing but errors.")
  var quiet = false

  /// Inside `use` for one in an object store.
  var folder: Workspace { OpenWorkspace.current ?? Workspace(workspace) }
  var progress: RunProgress { Terminal.progress(quiet: quiet) }
}

/// How readings are understood.
struct IngestOptionsGroup: ParsableArguments {
  @Option(help: "Distance between readings: day, hour, week, 15min. (default: from the input)")
  var step: String?

  @Option(
    help:
      "How readings within a step become one: max, or cpu=p95,disk=max. (default: p95 for cpu and network, max for memory and disk, else mean)"
  )
  var aggregate: String?

  @Option(help: "Which column is what: server=hostname,value=p95_util.")
  var map: String?

  @Option(
    help:
      "Unit of a resource: cpu=fraction,disk=GB. A fraction's 100 % is 1, a percentage's is 100; a counter (network=counter) becomes a rate per second."
  )
  var unit: String?

  @Option(help: ArgumentHelp("Table with a row per server: region, department, application, ...", valueName: "file"))
  var inventory: String?

  @Option(
    help: ArgumentHelp("Table of renamed servers: old, new and, if a name was used again, time.", valueName: "file"))
  var renames: String?

  @Option(
    help: ArgumentHelp(
      "Table of what 100 % was when: server, time, capacity and, with several resources, resource.", valueName: "file"))
  var capacity: String?

  @Option(help: "Time zone that decides where a day begins. (default: UTC)")
  var timezone: String?

  @Option(help: "Share of rows that may be rejected. (default: 0.01)")
  var maxBadRows: String?

  var flags: [String: String?] {
    [
      "step": step, "aggregate": aggregate, "map": map, "unit": unit, "inventory": inventory, "renames": renames,
      "capacity": capacity, "timezone": timezone, "max_bad_rows": maxBadRows,
    ]
  }
}

/// How forecasts are made.
struct ForecastOptionsGroup: ParsableArguments {
  @Option(help: "Last time known to the run. (default: the newest reading)")
  var asOf: String?

  @Option(help: "Steps ahead. (default: 180 days of steps, at most as many as the history has)")
  var horizon: String?

  @Option(help: "Rolling origins in the contest. (default: 6)")
  var folds: String?

  @Option(help: "all, fast, or names separated by commas; see 'horizonscale models'. (default: all)")
  var models: String?

  @Option(
    help:
      "Breach rule k/m, or cpu=4/7,disk=1/1: at least k of the last m readings at or above the threshold. (default: 4/7, disk 1/1)"
  )
  var breach: String?

  @Option(help: "Seed of everything random. (default: 42)")
  var seed: String?

  @Option(
    help: ArgumentHelp(
      "Table of days unlike others, for prophet and prophet-shift: name, date and, if wanted, lower_window, upper_window, prior_scale.",
      valueName: "file"))
  var holidays: String?

  @Option(
    help: ArgumentHelp(
      "Table of what moves a series, future values included, for the same: server, resource, time, name, value.",
      valueName: "file"))
  var regressors: String?

  @Option(
    help: ArgumentHelp(
      "Weights that lstm-zero-shot forecasts with and lstm starts from, such as a run's lstm.safetensors. (default: those shipped)",
      valueName: "file"))
  var lstmWeights: String?

  @Flag(help: "End with 3 when a champion failed and the baseline stood in for it.")
  var strict = false

  @Flag(help: "Read nothing of earlier runs in the workspace.")
  var fresh = false

  var flags: [String: String?] {
    [
      "as_of": asOf, "horizon": horizon, "folds": folds, "models": models, "breach": breach, "seed": seed,
      "holidays": holidays, "regressors": regressors, "lstm_weights": lstmWeights,
    ]
  }
}

/// How much of the machine is used; results do not depend on it.
struct ExecutionOptionsGroup: ParsableArguments {
  @Option(help: "Threads. (default: all cores)")
  var threads: String?

  @Option(help: "Series in memory at a time. (default: 1024)")
  var chunk: String?

  var flags: [String: String?] { ["threads": threads, "chunk": chunk] }
}

/// Whether the master is added to.
struct AppendOptions: ParsableArguments {
  @Flag(help: "Add to the master, in its step, units and time zone, instead of filling it anew.")
  var append = false
}

/// Whether work that was cut short is gone on with.
struct ResumeOptions: ParsableArguments {
  @Flag(help: "Go on from where an unfinished run of the same inputs and settings has come to.")
  var resume = false

  /// - Throws: For a workspace in an object store, where a run that does not end leaves nothing.
  func check(in workspace: WorkspaceOptions) throws(Failure) {
    guard resume, ObjectAddress.isMeant(by: workspace.workspace) else { return }
    throw Failure(
      .badUsage,
      "There is nothing to resume in \(workspace.workspace): a run that fails puts nothing into an object store.",
      remedy: "Leave --resume away, or work in a folder.")
  }
}

extension SettingSources {
  init(_ groups: [String: String?]..., in workspace: WorkspaceOptions) throws {
    var flags: [String: String] = [:]
    for group in groups { for (name, value) in group { if let value { flags[name] = value } } }
    try self.init(flags: flags, environment: ProcessInfo.processInfo.environment, workspace: workspace.folder)
  }

  func execution(_ progress: RunProgress, resumes: Bool = false) throws -> Execution {
    Execution(
      threads: try threads(), chunk: try chunk(), progress: progress, keepRunsDays: try keepRunsDays(),
      resumes: resumes, mostFoldBytes: try mostFoldBytes())
  }
}
