import Foundation
import HorizonCore
import HorizonPipeline
import Testing

/// Two runs whose difference is known.
@Suite struct MoveTests {
  /// Disks of 200 GB that grow by 0.3 GB a day; what happens to each around day 300 is in its name.
  private let disks = [
    "faster", "shrunk", "enlarged", "shifted", "jumped-before", "quiet", "steady",
  ]
  private let earlierDay = 300
  private let laterDay = 330

  private var csv: String {
    var text = "server,resource,time,value,capacity,unit\n"
    for (s, disk) in disks.enumerated() {
      for day in 0...laterDay {
        var value = (disk == "quiet" ? 60 : 20 + 0.3 * Double(day)) + 0.3 * Double((day * 7_919 + s * 31) % 11)
        if disk == "faster" { value += 0.8 * Double(max(0, day - 300)) }
        if disk == "shifted" && day >= 305 || disk == "jumped-before" && day >= 295 { value *= 1.2 }
        let capacity = day < 310 ? 200 : disk == "shrunk" ? 170 : disk == "enlarged" ? 400 : 200
        text += "\(disk),disk,\(date(day)),\(value),\(capacity),GB\n"
      }
    }
    return text
  }

  private func date(_ day: Int) -> String { CivilDate(daysSinceEpoch: 20_000 + day).description }

  private func move(_ sandbox: Sandbox, _ server: String, _ resource: String = "disk") throws -> Explanation.Move {
    try #require(
      try explained(SeriesName(server: server, resource: resource), run: nil, workspace: sandbox.workspace).move)
  }

  /// Expects parts to be what they promise: each begins where the one before ended, and the last one at what was published.
  private func expectSum(_ move: Explanation.Move, _ about: String) throws {
    let end = try #require(move.parts.last, "\(about)").outlook
    #expect(end.date == move.now?.date && end.chance == move.now?.chance, "\(about)")
    let moves = move.parts.map(\.movedDays)
    if let moved = move.movedDays, !moves.contains(nil) {
      #expect(moves.reduce(0) { $0 + $1! } == moved, "\(about)")
    }
    let chances = move.parts.compactMap(\.changedChance).reduce(0, +)
    let total = try #require(move.now?.chance) - #require(move.before?.chance)
    #expect(abs(chances - total) < 1e-9, "\(about)")
    #expect(!move.parts.contains { ["restated", "rest"].contains($0.cause) }, "\(about): \(move.words)")
  }

  /// The cause that moved the date most, or the chance where a date is not known all the way.
  private func mainCause(_ move: Explanation.Move) -> String? {
    let isDated = move.parts.allSatisfy { $0.movedDays != nil }
    return move.parts.max { a, b in
      isDated
        ? abs(a.movedDays!) < abs(b.movedDays!) : abs(a.changedChance ?? 0) < abs(b.changedChance ?? 0)
    }?.cause
  }

  @Test func theKnownCauseIsTheMainOne() async throws {
    let sandbox = try Sandbox()
    let input = try sandbox.file("disks.csv", csv)
    let first = try await sandbox.run(input) {
      $0.models = ["line-90"]
      $0.asOf = date(earlierDay)
      $0.within = 180
    }
    #expect(try move(sandbox, "steady").note == "There is no earlier run.")
    let second = try await sandbox.run(input) {
      $0.models = ["line-90"]
      $0.within = 180
    }
    for (disk, cause) in [
      ("faster", "readings"), ("shrunk", "capacity"), ("enlarged", "capacity"), ("shifted", "level_shift"),
    ] {
      let move = try move(sandbox, disk)
      #expect(move.run == date(earlierDay) && move.threshold == 80)
      #expect(mainCause(move) == cause, "\(disk): \(move.words)")
      try expectSum(move, disk)
    }
    let shifted = try move(sandbox, "shifted").words.joined(separator: " ")
    #expect(shifted.contains("sooner than run \(date(earlierDay)) said"), "\(shifted)")
    #expect(shifted.contains("a level shift of +2") && shifted.contains("on \(date(305)) brought it"), "\(shifted)")
    let shrunk = try move(sandbox, "shrunk").words.joined(separator: " ")
    #expect(shrunk.contains("the capacity's change from 200 to 170 GB brought it"), "\(shrunk)")
    // Until it is known for a shift, a jump passes for growth, the more so the more readings lie behind it.
    let jumped = try move(sandbox, "jumped-before")
    try expectSum(jumped, "jumped-before")
    let recognised = try #require(jumped.parts.first { $0.cause == "level_shift_recognised" })
    #expect(try #require(recognised.movedDays) > 0)
    #expect(recognised.words?.contains("for a level shift instead of growth took it") == true)

    // The report says the main reason of each.
    let page = try String(contentsOf: second.folder.appending(path: "report.html"), encoding: .utf8)
    #expect(page.contains("change from 200 to 170 GB ") && page.contains("\"A level shift of +2"))

    // A date that is gone is told by the chance.
    let enlarged = try move(sandbox, "enlarged")
    #expect(enlarged.before?.date != nil && enlarged.now?.date == nil && enlarged.movedDays == nil)
    let text = enlarged.words.joined(separator: " ")
    #expect(text.contains("is not likely within the horizon any more; run \(date(earlierDay)) said"), "\(text)")
    #expect(text.contains("The chance of reaching it within 180 days fell from 100 % to 0 %"), "\(text)")
    #expect(
      text.contains("The capacity's change from 200 to 400 GB took") && text.contains("points off the chance"),
      "\(text)")
    let quiet = try move(sandbox, "quiet")
    #expect(quiet.before?.date == nil && quiet.now?.date == nil)
    #expect(quiet.words[0] == "Reaching 80 % is not likely within the horizon, as in run \(date(earlierDay)).")
    try expectSum(quiet, "quiet")

    try FileManager.default.removeItem(at: first.folder)
    #expect(
      try move(sandbox, "steady").note == "Run \(date(earlierDay)), the one before this, has been deleted.")
  }

  @Test func anotherChampionAndAnotherCalibrationAreToldApart() async throws {
    let sandbox = try Sandbox()
    let input = try sandbox.file("disks.csv", csv)
    for (models, folds) in [("line-90", 6), ("drift", 6), ("drift", 3)] {
      _ = try await sandbox.run(input) {
        $0.models = [models]
        $0.folds = folds
      }
      guard models == "drift" else { continue }
      var effects = 0
      for disk in disks where disk != "quiet" {
        let move = try move(sandbox, disk)
        try expectSum(move, disk)
        effects += move.parts.count { $0.words != nil }
        if folds == 6 {
          // The earlier run knew no calibration of the new champion, which brings its own.
          #expect(move.parts.allSatisfy { $0.words == nil || $0.cause == "champion" }, "\(disk): \(move.words)")
        } else {
          #expect(move.parts.map(\.cause) == ["calibration"], "\(disk): \(move.words)")
        }
      }
      // Calibration changes how far intervals reach and leaves the middle, by which dates are likely, where it is.
      #expect((effects > 0) == (folds == 6), "\(models), \(folds) folds")
    }
  }

  @Test func whatATrainingMovedIsToldFromBothFiles() async throws {
    let sandbox = try Sandbox()
    let fleet = dailyCSV((0..<16).map { "web-\($0)" }, days: 300) { server, day in
      let week = [4, 4, 3, 3, 2, -7, -9][(day + server) % 7]
      return "\(35 + 0.1 * Double(day) + Double(week) + 0.8 * sin(Double(day * day + 31 * server)))"
    }
    let input = try sandbox.file("fleet.csv", fleet)
    for day in [285, 299] {
      _ = try await sandbox.run(input) {
        $0.models = ["xgboost"]
        $0.horizon = 60
        $0.asOf = date(day)
      }
    }
    let moves = try (0..<16).map { try move(sandbox, "web-\($0)", "cpu") }
    for move in moves {
      try expectSum(move, "\(move.words)")
      #expect(move.parts.first?.cause == "readings" && move.parts.last?.cause == "calibration")
    }
    #expect(moves.contains { $0.parts.contains { $0.cause == "training" } })
    let file = sandbox.workspace.runs.appending(path: "\(date(285))/xgboost.trees")
    try FileManager.default.removeItem(at: file)
    let lost = try move(sandbox, "web-0", "cpu")
    #expect(lost.words.last?.hasPrefix("What xgboost had learnt in run \(date(285)) cannot be read") == true)
  }

  @Test func aRunThatKeptNoCalibrationCannotBeRepeated() async throws {
    let (sandbox, run) = try await Sandbox.withFinishedRun()
    _ = try await sandbox.run(sandbox.path("quiet.csv"))
    let file = sandbox.workspace.runs.appending(path: "\(run)/calibration.parquet")
    try Data("not a table".utf8).write(to: file)
    let note = try #require(try move(sandbox, "web-1", "cpu").note)
    #expect(note == "Run \(run) has no calibration.parquet that can be read, so it cannot be repeated.")
  }
}
