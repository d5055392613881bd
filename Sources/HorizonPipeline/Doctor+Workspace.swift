import Foundation
import HorizonCore
import HorizonSources
import HorizonStore

extension Doctor {
  func workspaceFindings() -> [Finding] {
    let path = workspace.folder.path
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
      return [
        .warning(
          "workspace", "there is none at \(path).",
          remedy: "Make one with 'horizonscale run INPUT --workspace \(path)', or name another with --workspace.")
      ]
    }
    guard isFolder.boolValue else {
      return [.problem("workspace", "\(path) is a file, not a folder.", remedy: "Name a folder with --workspace.")]
    }
    guard disk.isReadable(path) else {
      return [
        .problem("workspace", "\(path) cannot be read.", remedy: "Give this user the right to: chmod u+rx, or chown.")
      ]
    }
    let master = self.master()
    return [permissions(path), freeDisk(path), lock(), settings()] + master.findings
      + [inventory(), quality()] + [latest()].compactMap { $0 } + runs() + ledger(master.manifest) + kept() + [
        leftovers()
      ]
      + [clock(master.manifest)].compactMap { $0 }
  }

  private func permissions(_ path: String) -> Finding {
    let places = [workspace.folder, workspace.runs, workspace.master].map(\.path).filter {
      FileManager.default.fileExists(atPath: $0)
    }
    guard let closed = places.first(where: { !disk.isWritable($0) }) else {
      return .ok("workspace", "\(path), can be read and written")
    }
    return .problem(
      "workspace", "\(closed) cannot be written: reading a finished run works, a new run does not.",
      remedy: "Give this user the right to (chmod u+w, chown), mount it writable, or name another with --workspace.")
  }

  private func freeDisk(_ path: String) -> Finding {
    guard let free = disk.freeBytes(path) else { return .info("disk", "free space is not known") }
    let used = bytes(under: workspace.master)
    // A new master is written beside the old one; a run takes less than a master of the usual three years.
    let needed = max(2 * used, 100_000_000)
    let text = "\(bytesText(free)) free, the master takes \(bytesText(used))"
    if free < needed / 4 {
      return .problem(
        "disk", "\(text): too little for a run.",
        remedy: "Free \(bytesText(needed - free)): remove old folders in \(workspace.runs.path).")
    }
    return free < needed
      ? .warning(
        "disk", "\(text): little for filling the master and making a run.",
        remedy: "Free \(bytesText(needed - free)): remove old folders in \(workspace.runs.path).")
      : .ok("disk", text)
  }

  private func bytes(under folder: URL) -> Int {
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: [.fileSizeKey])
    var sum = 0
    while let file = files?.nextObject() as? URL {
      sum += (try? file.resourceValues(forKeys: [.fileSizeKey]))?.fileSize ?? 0
    }
    return sum
  }

  private var isInUse: Bool { WorkspaceLock.owner(of: workspace)?.isAlive ?? false }

  private func lock() -> Finding {
    let file = WorkspaceLock.file(in: workspace).path
    guard FileManager.default.fileExists(atPath: file) else { return .ok("lock", "nobody is writing") }
    guard let owner = WorkspaceLock.owner(of: workspace) else {
      return .warning(
        "lock", "\(file) cannot be read; its owner died while writing it.",
        remedy: "Nothing needs to be done: the next run takes it over. Or remove it.")
    }
    let who = "process \(owner.process) on \(owner.host) since \(owner.started)"
    if !owner.isAlive {
      return .warning(
        "lock", "left by \(who), which is gone.",
        remedy: "Nothing needs to be done: the next run takes it over. Or remove \(file).")
    }
    return owner.host == ProcessInfo.processInfo.hostName
      ? .info("lock", "held by \(who), which is at work")
      : .warning(
        "lock", "held by \(who); from here it cannot be seen whether that process lives.",
        remedy: "Look on \(owner.host); remove \(file) if the process is gone.")
  }

  private func settings() -> Finding {
    let path = workspace.settings.path
    do throws(Failure) {
      let sources = try SettingSources(flags: [:], environment: environment, workspace: workspace)
      let settings = try sources.settings()
      _ = try sources.threads()
      _ = try sources.chunk()
      _ = try sources.keepRunsDays()
      let named = [
        ("inventory", settings.inventory), ("renames", settings.renames), ("capacity", settings.capacity),
        ("holidays", settings.holidays), ("regressors", settings.regressors),
      ]
      for (name, file) in named {
        guard let file, !FileManager.default.isReadableFile(atPath: file) else { continue }
        return .problem(
          "settings", "the file '\(file)' of the setting '\(name)' cannot be read.",
          remedy: "Put it there, or mend the setting in \(path).")
      }
    } catch {
      return .problem("settings", error.message, remedy: error.remedy)
    }
    let variables = SettingSources.names.map { "HORIZONSCALE_\($0.uppercased())" }.filter { environment[$0] != nil }
    let from = FileManager.default.fileExists(atPath: path) ? path : "defaults; the first run writes \(path)"
    return .ok("settings", "\(from)\(variables.isEmpty ? "" : ", and \(variables.joined(separator: ", "))")")
  }

  private func master() -> (findings: [Finding], manifest: MasterManifest?) {
    guard FileManager.default.fileExists(atPath: workspace.master.path) else {
      return (
        [
          .warning(
            "master", "the workspace has no readings yet.",
            remedy: "Fill it with 'horizonscale ingest INPUT' or 'horizonscale run INPUT'.")
        ], nil
      )
    }
    do throws(Failure) {
      let manifest = try MasterManifest.read(from: workspace.master.path)
      for resource in manifest.resources {
        _ = try MasterLayout.parts(folder: workspace.master.path, resource: resource)
      }
      return (
        [
          .ok(
            "master",
            "\(grouped(manifest.seriesCount)) series, \(grouped(manifest.readingCount)) readings, one per \(manifest.step.name), up to \(newest(manifest))"
          )
        ], manifest
      )
    } catch {
      return ([.problem("master", error.message, remedy: error.remedy)], nil)
    }
  }

  private func newest(_ manifest: MasterManifest) -> String {
    ISOTime.string(manifest.step.microseconds(of: manifest.lastIndex), full: manifest.step.seconds < 86_400)
  }

  private func inventory() -> Finding {
    let path = workspace.inventory.path
    guard FileManager.default.fileExists(atPath: path) else {
      return .info("inventory", "none; with --inventory FILE, servers get regions, applications and owners")
    }
    do throws(StoreError) {
      let summary = try TableSummary.of(path: path)
      return .ok(
        "inventory", "\(grouped(summary.rowCount ?? 0)) servers, \(summary.fields.map(\.name).joined(separator: ", "))")
    } catch {
      return .problem(
        "inventory", error.failure.message, remedy: "Give it anew with 'horizonscale ingest INPUT --inventory FILE'.")
    }
  }

  private func quality() -> Finding {
    guard let data = FileManager.default.contents(atPath: workspace.quality.path) else {
      return .info("quality", "no quality.json yet")
    }
    guard let report = try? JSONDecoder().decode(QualityReport.self, from: data) else {
      return .problem(
        "quality", "\(workspace.quality.path) is damaged, or of a newer HorizonScale.",
        remedy: "Fill the master anew with 'horizonscale ingest INPUT', or update HorizonScale.")
    }
    return .ok(
      "quality",
      "\(grouped(report.rowsRead)) rows read, \(grouped(report.rowsRejected)) rejected, \(grouped(report.seriesWithIssues)) series with remarks"
    )
  }

  /// `latest` is for people and scripts; HorizonScale itself looks for the newest run.
  private func latest() -> Finding? {
    let path = workspace.latest.path
    let newest = workspace.finishedRuns().last?.url.lastPathComponent
    guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else {
      return newest.map {
        .warning(
          "latest", "it is missing, the newest run is \($0).",
          remedy: "The next run writes it; or: ln -s runs/\($0) \(path)")
      }
    }
    let run = URL(fileURLWithPath: target).lastPathComponent
    guard FileManager.default.fileExists(atPath: workspace.runs.appending(path: "\(run)/run.json").path) else {
      return .problem(
        "latest", "it points to \(target), which is no finished run.",
        remedy: newest.map { "ln -sfn runs/\($0) \(path)" }
          ?? "Remove \(path), then make a run with 'horizonscale forecast'.")
    }
    return run == newest
      ? .ok("latest", target)
      : .warning(
        "latest", "it points to \(target), the newest run is \(newest ?? run).",
        remedy: "ln -sfn runs/\(newest ?? run) \(path)")
  }

  private func runs() -> [Finding] {
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: workspace.runs.path)) ?? [])
      .filter { !$0.hasPrefix(".") }.sorted()
    guard !names.isEmpty else { return [.info("runs", "none yet")] }
    var findings = names.compactMap { run(workspace.runs.appending(path: $0, directoryHint: .isDirectory)) }
    let whole = names.count - findings.count { $0.status == .problem }
    if whole > 0 {
      findings.insert(
        .ok(
          "runs",
          "\(whole) of \(names.count) whole, \(isDeep ? "every digest" : "every size") as written\(isDeep ? "" : " (--deep compares digests)")"
        ),
        at: 0)
    }
    return findings
  }

  /// - Returns: nil for a run that is whole.
  private func run(_ folder: URL) -> Finding? {
    let name = folder.lastPathComponent
    let check = "run \(name)"
    let again = "Remove \(folder.path) and make the run again with 'horizonscale forecast'."
    guard let data = FileManager.default.contents(atPath: folder.appending(path: "run.json").path) else {
      return .problem(check, "there is no run.json in it, so it is no finished run.", remedy: "Remove \(folder.path).")
    }
    struct Version: Decodable { let version: String }
    if let version = (try? JSONDecoder().decode(Version.self, from: data))?.version,
      isNewer(version, than: productVersion)
    {
      return .problem(
        check, "it was made by HorizonScale \(version), this is \(productVersion).",
        remedy: "Update HorizonScale, or use another workspace.")
    }
    let manifest: RunManifest
    do { manifest = try JSONDecoder().decode(RunManifest.self, from: data) } catch {
      return .problem(check, "its run.json is damaged.", remedy: again)
    }
    for output in manifest.outputs {
      let file = folder.appending(path: output.name).path
      guard let size = (try? FileManager.default.attributesOfItem(atPath: file))?[.size] as? Int else {
        return .problem(check, "\(output.name) is missing.", remedy: again)
      }
      guard size == output.bytes else {
        return .problem(
          check, "\(output.name) has \(grouped(size)) bytes, it was written with \(grouped(output.bytes)).",
          remedy: again)
      }
      if isDeep, (try? sha256(ofFile: file)) != output.sha256 {
        return .problem(check, "\(output.name) is not what was written: its digest differs.", remedy: again)
      }
    }
    return nil
  }

  private func ledger(_ manifest: MasterManifest?) -> [Finding] {
    let ledger = LedgerFolder(workspace.ledger)
    let origins = ledger.origins()
    guard !origins.isEmpty else { return [.info("ledger", "no rows yet")] }
    guard manifest != nil, let known = try? KnownSeries(workspace) else {
      return [.info("ledger", "\(origins.count) runs; without a master its rows cannot be told from another fleet's")]
    }
    let reading = LedgerReading(ledger, before: .max, of: known)
    let kept = Set(workspace.finishedRuns().map(\.asOf))
    let mended = reading.damaged.filter { kept.contains($0.origin) }
    var findings = mended.map { origin, error in
      Finding.warning(
        "ledger", "\(error.path) cannot be read: \(error.message).",
        remedy: "The next run makes it anew from the forecasts of \(origin).")
    }
    var lost = reading
    lost.damaged.removeAll { kept.contains($0.origin) }
    findings += lost.remarks(ledger).map { Finding.warning("ledger", $0.message, remedy: $0.remedy) }
    if findings.isEmpty {
      findings = [
        .ok(
          "ledger", "\(origins.count) run\(origins.count == 1 ? "" : "s"), \(grouped(reading.rows)) forecasts complete")
      ]
    }
    return findings
  }

  /// What the next run goes on from.
  private func kept() -> [Finding] {
    var findings: [Finding] = []
    if FileManager.default.fileExists(atPath: workspace.finishedFolds.path) {
      let size = bytesText(bytes(under: workspace.finishedFolds))
      findings.append(
        .info("folds", "\(size) of finished folds for the next run; fold_cache_gb says how much may be kept"))
    }
    if !isInUse, FileManager.default.fileExists(atPath: workspace.unfinishedRun.path) {
      findings.append(
        .info(
          "unfinished", "a run that was cut short: the same command with --resume goes on with it, any other removes it"
        ))
    }
    return findings
  }

  private func leftovers() -> Finding {
    let files = FileManager.default
    var found: [String] = []
    for folder in [workspace.folder, workspace.runs, workspace.backtests, workspace.ledger] {
      let names = (try? files.contentsOfDirectory(atPath: folder.path)) ?? []
      found += names.filter {
        $0.hasPrefix(".tmp-") || $0.hasPrefix(".latest-") || $0.hasPrefix(".scratch") || $0.hasPrefix(".master")
          || ($0.hasPrefix(".") && $0.hasSuffix(".partial"))
      }.map { folder.appending(path: $0).path }
    }
    guard !found.isEmpty else { return .ok("left-overs", "none") }
    let list = found.sorted().prefix(5).joined(separator: ", ") + (found.count > 5 ? ", ..." : "")
    return isInUse
      ? .info("left-overs", "work in progress: \(list)")
      : .warning(
        "left-overs", "of interrupted work: \(list)",
        remedy: "The next run removes most of them; or: rm -r \(list.replacing(",", with: ""))")
  }

  private func clock(_ manifest: MasterManifest?) -> Finding? {
    guard let manifest else { return nil }
    let time = Double(manifest.step.microseconds(of: manifest.lastIndex)) / 1e6
    // Local days may begin up to 14 hours before those of UTC.
    guard time > now + 14 * 3_600 else {
      return .ok("clock", "\(ISOTime.string(Int64(now) * 1_000_000, full: true)), not before the newest reading")
    }
    return .warning(
      "clock",
      "the newest reading, of \(newest(manifest)), lies in the future of this machine's clock (\(ISOTime.string(Int64(now) * 1_000_000, full: true))).",
      remedy: "Set the clock, or look for a wrong date in the export; --as-of DATE leaves later readings out.")
  }
}

/// Whether a version such as `0.10.2` comes after another.
private func isNewer(_ a: String, than b: String) -> Bool {
  func numbers(_ text: String) -> [Int] { text.split { !$0.isNumber }.map { Int($0) ?? 0 } }
  return numbers(b).lexicographicallyPrecedes(numbers(a))
}
