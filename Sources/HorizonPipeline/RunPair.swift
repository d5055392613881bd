import Foundation
import HorizonCore
import HorizonModels
import HorizonRisk

/// What two runs kept of what their forecasts were made with.
struct RunPair: Sendable {
  let calibration: (before: KeptCalibration, now: KeptCalibration)
  let banks: (before: RankPathBank, now: RankPathBank)
  /// All contestants of the earlier run; with its settings but with what the later one learnt; all of the later run.
  let contestants: (before: [Contestant], retrained: [Contestant], now: [Contestant])
  /// Models that have learnt something else since.
  let relearnt: Set<String>
  /// Models of which the earlier run's file cannot be read: the later one's stands in for it.
  let lost: Set<String>
  /// Models of which the later run's file cannot be read.
  let unread: [Unread]

  /// - Parameter wanted: Names of the models that publish some series in one of the runs.
  /// - Throws: `DateMove.Untold` when one of the runs kept no calibration.
  init(
    from earlier: (folder: URL, manifest: RunManifest), to later: (folder: URL, manifest: RunManifest), step: Step,
    wanted: Set<String>
  ) throws {
    func kept(_ folder: URL) throws(DateMove.Untold) -> KeptCalibration {
      do { return try KeptCalibration(readingFrom: folder) } catch {
        throw DateMove.Untold(
          message: "Run \(folder.lastPathComponent) has no \(KeptCalibration.fileName) that can be read, "
            + "so it cannot be repeated.")
      }
    }
    calibration = (try kept(earlier.folder), try kept(later.folder))
    func bank(_ manifest: RunManifest) -> RankPathBank {
      RankPathBank(seed: manifest.settings.seed, horizon: manifest.horizon, step: step)
    }
    let isSameBank =
      earlier.manifest.horizon == later.manifest.horizon
      && earlier.manifest.settings.seed == later.manifest.settings.seed
    let first = bank(earlier.manifest)
    banks = (first, isSameBank ? first : bank(later.manifest))

    let (old, oldUnread) = Catalog.contestants(try earlier.manifest.settings.modelOptions())
      .loaded(from: earlier.folder, wanted: wanted)
    let (new, newUnread) = Catalog.contestants(try later.manifest.settings.modelOptions())
      .loaded(from: later.folder, wanted: wanted)
    let lost = Set(oldUnread.map(\.model))
    contestants = (
      old.indices.map { lost.contains(old[$0].card.name) ? new[$0] : old[$0] },
      old.indices.map { Catalog.all[$0].isLearner ? new[$0] : old[$0] }, new
    )
    self.lost = lost
    unread = newUnread
    relearnt = Set(
      Catalog.all.compactMap { contestant in
        guard case .learner(let learner) = contestant else { return nil }
        let name = contestant.card.name
        guard wanted.contains(name), !lost.contains(name) else { return nil }
        func content(_ folder: URL) -> Data? {
          try? Data(contentsOf: folder.appending(path: type(of: learner).fileName))
        }
        return content(earlier.folder) == content(later.folder) ? nil : name
      })
  }
}
