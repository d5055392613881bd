import Foundation
import HorizonCore
import HorizonObjects
import HorizonPipeline
import HorizonStore

/// The folder that stands for a workspace in an object store while a command works with it.
enum OpenWorkspace {
  @TaskLocal static var current: Workspace?
}

extension WorkspaceOptions {
  /// Runs a command's work with the workspace at hand: at once for a folder; for one in an object store what is needed is
  /// fetched before, and what a writer has made is put back behind it.
  func use<Result>(_ need: WorkspaceNeed, _ work: () async throws -> Result) async throws -> Result {
    guard ObjectAddress.isMeant(by: workspace) else { return try await work() }
    let progress = progress
    let environment = ProcessInfo.processInfo.environment
    let poll = try pollSeconds(environment)
    let talk = RemoteTalk(
      report: { stage, share in
        progress.report(stage, share)
        try Interruption.check()
      }, say: progress.say)
    let remote = try await RemoteWorkspace.opened(
      workspace, for: need, cache: cache ?? environment["HORIZONSCALE_CACHE"], environment: environment, talk: talk)
    Terminal.show(remote.address.description, for: remote.workspace.folder.path)
    let follower = need == .serving ? Task { await remote.follow(every: poll) } : nil
    func finish() async {
      follower?.cancel()
      _ = await follower?.result
      await remote.close()
    }
    do {
      let result = try await OpenWorkspace.$current.withValue(remote.workspace) { try await work() }
      if need.isWriter { try await remote.commit() }
      await finish()
      return result
    } catch {
      await finish()
      throw error
    }
  }
}

/// Seconds between two looks for a newer run.
private func pollSeconds(_ environment: [String: String]) throws -> Double {
  guard let text = environment["HORIZONSCALE_S3_POLL"] else { return 15 }
  guard let seconds = Double(text), (1...86_400).contains(seconds) else {
    throw Failure(
      .badSetting, "HORIZONSCALE_S3_POLL: '\(text)' is not understood.", remedy: "Write seconds, 1 to 86400.")
  }
  return seconds
}
