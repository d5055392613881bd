import Foundation
import HorizonCore
import HorizonStore
import Testing

/// What the machine does to a run, by the built command line; `docs/faults.md` has the whole list.
@Suite struct FaultTests {
  private static let canMount = geteuid() == 0 && (try? Executable.shell("unshare -m true").code) == 0

  enum Pass: CaseIterable {
    case ingest, contest, publish

    /// Whether the file stands in the workspace that is there while the pass works.
    func isAtWork(in workspace: Workspace) -> Bool {
      let files = FileManager.default
      if self == .ingest { return files.fileExists(atPath: workspace.scratch.path) }
      if self == .contest {
        return files.fileExists(atPath: workspace.unfinishedRun.appending(path: "digests.bin").path)
      }
      let names = (try? files.contentsOfDirectory(atPath: workspace.runs.path)) ?? []
      return names.filter { $0.hasPrefix(".tmp-") }.contains { name in
        files.fileExists(atPath: workspace.runs.appending(path: "\(name)/forecasts.parquet").path)
      }
    }
  }

  @Test(arguments: Pass.allCases, [SIGKILL, SIGTERM])
  func aRunKilledInAnyPassLeavesTheEarlierOneWholeAndTheNextOneWorks(pass: Pass, signal: Int32) async throws {
    let (sandbox, run) = try await Sandbox.withFinishedRun()
    // A pipe that stays open keeps the ingest from ending before the signal.
    let input = pass == .ingest ? "-" : try await sandbox.fleet(servers: 100, days: 400)
    let executable = try Executable(
      ["run", input, "--threads", "1", "--quiet"], workspace: sandbox.workspace.folder.path)
    if pass == .ingest { executable.write(quietCSV) }
    // Giving way to other tests would take longer than the pass does.
    while executable.isRunning && !pass.isAtWork(in: sandbox.workspace) { usleep(200) }
    executable.send(signal)
    #expect(executable.finish().code == (signal == SIGKILL ? 128 + SIGKILL : ExitCode.interrupted.rawValue))
    try sandbox.expectWhole(run)
    #expect(try Executable.run(["risk"], workspace: sandbox.workspace.folder.path).code == 0)
    if signal != SIGKILL { #expect(try sandbox.leftovers(resumable: true).isEmpty) }
    let next = try await sandbox.run(sandbox.path("quiet.csv"))
    #expect(next.folder.lastPathComponent == run + ".2")
    #expect(try sandbox.leftovers().isEmpty)
  }

  @Test(.enabled(if: canMount, "needs root, for a small file system of its own"))
  func aFullDiskIsToldAndLeavesTheEarlierRunWhole() async throws {
    let (sandbox, run) = try await Sandbox.withFinishedRun()
    let outcome = try Executable.shell(
      """
      exec unshare -m bash -c '
      mkdir "$1/small" && mount -t tmpfs -o size=8m tmpfs "$1/small" && cp -a "$1/workspace" "$1/small/w"
      cd "$1/small/w/runs/$2" && sha256sum * >"$1/digests"
      for free in 0 4 8 16 24 32; do
        fallocate -l $(($(df --output=avail -k "$1/small" | tail -1) - free))K "$1/small/filler"
        "$0" forecast --workspace "$1/small/w" >/dev/null && echo "$free kB are enough?" || echo "code $?"
        rm "$1/small/filler"
        sha256sum --quiet --check "$1/digests"
        ls -A "$1/small/w" "$1/small/w/runs" | grep -E "^[.].*[^:]$|lock" | grep -vE "unfinished|folds"
      done
      "$0" forecast --workspace "$1/small/w" | tail -1' "$0" "$1" "$2"
      """, sandbox.folder.path, run)
    let lines = outcome.output.split(separator: "\n")
    #expect(lines.dropLast().allSatisfy { $0 == "code 74" } && lines.count == 7, "\(outcome.output)")
    #expect(lines.last?.contains("\(run).2/report.html") == true, "\(outcome.output)")
    let talk = outcome.talk.split(separator: "\n")
    #expect(talk.count == 6 && talk.allSatisfy { $0.contains("No space left on device") }, "\(outcome.talk)")
  }

  @Test(.enabled(if: canMount, "needs root, for a read-only mount"))
  func aReadOnlyWorkspaceCanBeReadAndIsNotWritten() async throws {
    let (sandbox, _) = try await Sandbox.withFinishedRun()
    let outcome = try Executable.shell(
      """
      exec unshare -m bash -c '
      mount --bind "$1" "$1" && mount -o remount,ro,bind "$1"
      "$0" risk --workspace "$1" && "$0" report --workspace "$1" --out - | head -1
      "$0" forecast --workspace "$1"; echo "code $?"' "$0" "$1"
      """, sandbox.workspace.folder.path)
    #expect(outcome.output == "Nothing is at risk.\n<!doctype html>\ncode 73\n", "\(outcome.output)")
    #expect(outcome.talk.contains("Read-only file system"), "\(outcome.talk)")
  }

  @Test func aDeadOwnerWhoseNumberAnotherProcessHasIsNoOwner() async throws {
    let (sandbox, run) = try await Sandbox.withFinishedRun()
    let host = ProcessInfo.processInfo.hostName
    let process = ProcessInfo.processInfo.processIdentifier
    try sandbox.file(
      "workspace/lock", "{\"host\": \"\(host)\", \"process\": \(process), \"started\": \"2025-01-01T00:00:00Z\"}")
    let second = try await sandbox.run(sandbox.path("quiet.csv"))
    #expect(second.folder.lastPathComponent == run + ".2")
  }

  @Test func anOwnerOnAnotherHostIsBelieved() async throws {
    let (sandbox, _) = try await Sandbox.withFinishedRun()
    let lock = try sandbox.file(
      "workspace/lock", "{\"host\": \"elsewhere\", \"process\": 1, \"started\": \"2025-01-01T00:00:00Z\"}")
    let outcome = try Executable.run(["forecast"], workspace: sandbox.workspace.folder.path)
    #expect(outcome.code == ExitCode.workspaceInUse.rawValue)
    #expect(outcome.talk.contains("process 1 on elsewhere") && outcome.talk.contains("remove \(lock)"))
    #expect(FileManager.default.fileExists(atPath: lock))
  }

  @Test func aRunOfAnotherVersionIsNamedAsOne() async throws {
    let (sandbox, run) = try await Sandbox.withFinishedRun()
    try sandbox.file("workspace/runs/\(run)/run.json", "{\"version\": \"9.0.0\"}")
    let outcome = try Executable.run(["risk"], workspace: sandbox.workspace.folder.path)
    #expect(outcome.code == ExitCode.unusableData.rawValue)
    #expect(outcome.talk.contains("written by HorizonScale 9.0.0"))
  }

  struct Circumstance: CustomTestStringConvertible {
    let testDescription: String
    /// `$0` is the executable, `$1` the workspace with a run, `$2` its input.
    let script: String
    let code: Int32
    let says: String
  }

  static let circumstances = [
    Circumstance(
      testDescription: "a full standard output", script: "\"$0\" risk --workspace \"$1\" >/dev/full", code: 74,
      says: "No space left"),
    Circumstance(
      testDescription: "help into a full file", script: "\"$0\" --help >/dev/full", code: 74, says: "No space"),
    Circumstance(
      testDescription: "help into a closed pipe", script: "\"$0\" --help | true; exit ${PIPESTATUS[0]}", code: 0,
      says: ""),
    Circumstance(
      testDescription: "no standard output", script: "\"$0\" risk --workspace \"$1\" >&-", code: 74,
      says: "Standard output"),
    Circumstance(
      testDescription: "nobody to talk to", script: "\"$0\" run \"$2\" --workspace \"$1\" <&- 2>&- >/dev/null", code: 0,
      says: ""),
    Circumstance(
      testDescription: "few open files",
      script: "ulimit -n 64; \"$0\" run \"$2\" --workspace \"$1\" --quiet >/dev/null", code: 0, says: ""),
    Circumstance(
      testDescription: "no home, no place for temporary files, no locale",
      script: "env -i TMPDIR=/nonexistent LC_ALL=C \"$0\" run \"$2\" --workspace \"$1/ü ☃\n\" --quiet >/dev/null",
      code: 0, says: ""),
    Circumstance(
      testDescription: "bytes that are no UTF-8 in a path",
      script: "\"$0\" run \"$2\" --workspace \"$1\"$'\\xff' >/dev/null", code: 64, says: "is not UTF-8"),
    Circumstance(
      testDescription: "bytes that are no UTF-8 in a folder of exports",
      script: "mkdir \"$1/in\" && cp \"$2\" \"$1/in/\"$'a\\xff.csv' && \"$0\" ingest \"$1/in\" --workspace \"$1\"",
      code: 66, says: "is not UTF-8"),
    Circumstance(
      testDescription: "a report into a device", script: "\"$0\" report --workspace \"$1\" --out /dev/full", code: 74,
      says: "/dev/full: No space left"),
  ]

  @Test(arguments: circumstances)
  func oddCircumstancesAreToldOrDoNotMatter(_ circumstance: Circumstance) async throws {
    let (sandbox, run) = try await Sandbox.withFinishedRun()
    let outcome = try Executable.shell(circumstance.script, sandbox.workspace.folder.path, sandbox.path("quiet.csv"))
    #expect(outcome.code == circumstance.code, "\(outcome.talk)")
    #expect(
      circumstance.says.isEmpty ? outcome.talk.isEmpty : outcome.talk.contains(circumstance.says), "\(outcome.talk)")
    try sandbox.expectWhole(run)
    #expect(try sandbox.leftovers().isEmpty)
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: sandbox.folder.path).sorted() == ["quiet.csv", "workspace"])
  }

  @Test func tablesFitANarrowTerminalAndDoNotDependOnOneElsewhere() async throws {
    let sandbox = try Sandbox()
    let full = dailyCSV(["a-server-with-a-long-name-in-the-cellar"]) { _, day in "\(95 + day % 3)" }
    _ = try await sandbox.run(try sandbox.file("full.csv", full))
    let workspace = sandbox.workspace.folder.path
    for columns in [40, 60, 80, 100] {
      let shown = try Executable.shown(["risk", "--workspace", workspace], columns: columns)
      #expect(shown.split(separator: "\r\n").allSatisfy { $0.count <= columns }, "\(shown)")
      #expect(shown.contains("a-server-") && shown.contains("critical") && shown.contains("d ago"), "\(shown)")
      let models = try Executable.shown(["models"], columns: columns)
      #expect(models.split(separator: "\r\n").allSatisfy { $0.count <= columns }, "\(models)")
    }
    let plain = try Executable.run(["risk"], workspace: workspace, environment: ["COLUMNS": "40"])
    #expect(plain.output.hasPrefix("server  "))
  }
}
