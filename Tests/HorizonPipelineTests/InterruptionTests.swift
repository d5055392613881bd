import Foundation
import HorizonCore
import HorizonPipeline
import HorizonStore
import Testing

@Suite struct InterruptionTests {
  private func finished() async throws -> (Sandbox, String) { try await Sandbox.withFinishedRun() }

  private func expectOnly(_ run: String, in sandbox: Sandbox) throws {
    try sandbox.expectWhole(run)
    let runs = sandbox.workspace.runs
    #expect(try FileManager.default.contentsOfDirectory(atPath: runs.path).filter { $0 != ".unfinished" } == [run])
    let latest = try FileManager.default.destinationOfSymbolicLink(atPath: sandbox.workspace.latest.path)
    #expect(latest == "runs/\(run)")
    #expect(try sandbox.leftovers(resumable: true).isEmpty)
  }

  @Test func aRunInterruptedWhileItReadsLeavesTheEarlierOneWhole() async throws {
    let (sandbox, run) = try await finished()
    let executable = try Executable(["run", "-"], workspace: sandbox.workspace.folder.path)
    executable.write(quietCSV)
    // It holds the lock and waits for more input.
    while !FileManager.default.fileExists(atPath: sandbox.workspace.folder.appending(path: "lock").path) {
      await Task.yield()
    }
    executable.interrupt()
    let outcome = executable.finish()
    #expect(outcome.code == ExitCode.interrupted.rawValue)
    #expect(outcome.talk.contains("earlier runs are untouched"))
    try expectOnly(run, in: sandbox)
  }

  @Test func aRunInterruptedInTheContestLeavesTheEarlierOneWhole() async throws {
    let (sandbox, run) = try await finished()
    let fleet = try await sandbox.fleet(servers: 120, days: 400)
    let executable = try Executable(["run", fleet, "--threads", "1"], workspace: sandbox.workspace.folder.path)
    // A tile of the contest is through.
    let digests = sandbox.workspace.unfinishedRun.appending(path: "digests.bin").path
    while executable.isRunning,
      ((try? FileManager.default.attributesOfItem(atPath: digests))?[.size] as? Int ?? 0) == 0
    {
      usleep(1_000)
    }
    executable.interrupt()
    let outcome = executable.finish()
    #expect(outcome.code == ExitCode.interrupted.rawValue)
    #expect(outcome.talk.contains("With --resume"), "\(outcome.talk)")
    try expectOnly(run, in: sandbox)
  }

  @Test func aWorkspaceInUseIsLeftAlone() async throws {
    let (sandbox, run) = try await finished()
    let lock = try WorkspaceLock(sandbox.workspace)
    let outcome = try Executable.run(["run", sandbox.path("quiet.csv")], workspace: sandbox.workspace.folder.path)
    #expect(outcome.code == ExitCode.workspaceInUse.rawValue)
    #expect(outcome.talk.contains("in use by process \(ProcessInfo.processInfo.processIdentifier)"))
    lock.release()
    try expectOnly(run, in: sandbox)
  }

  @Test func theLockAndLeftoversOfADeadProcessAreCleared() async throws {
    let (sandbox, run) = try await finished()
    try sandbox.file("workspace/lock", "not even whole")
    try sandbox.file("workspace/.scratch/stdin-1", "half")
    try sandbox.file("workspace/.master-1/manifest.json", "half")
    try sandbox.file("workspace/runs/.tmp-1/forecasts.parquet", "half")
    let second = try await sandbox.run(sandbox.path("quiet.csv"))
    #expect(second.folder.lastPathComponent == run + ".2")
    #expect(try sandbox.leftovers().isEmpty)
  }

  @Test func aClosedPipeIsSuccess() async throws {
    let (sandbox, _) = try await finished()
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/bash")
    shell.arguments = [
      "-c", "\"$0\" report --out - --workspace \"$1\" 2>&1 | head -c 1 >/dev/null; exit ${PIPESTATUS[0]}",
      Executable.url.path, sandbox.workspace.folder.path,
    ]
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0)
  }

  @Test func nobodyListeningToTheTalkStopsNothing() async throws {
    let (sandbox, _) = try await finished()
    let shell = Process()
    shell.executableURL = URL(fileURLWithPath: "/bin/bash")
    shell.arguments = [
      "-c", "\"$0\" run \"$2\" --workspace \"$1\" 2>&1 >/dev/null | true; exit ${PIPESTATUS[0]}", Executable.url.path,
      sandbox.workspace.folder.path, sandbox.path("quiet.csv"),
    ]
    try shell.run()
    shell.waitUntilExit()
    #expect(shell.terminationStatus == 0)
  }
}
