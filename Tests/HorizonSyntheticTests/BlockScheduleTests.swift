import HorizonSynthetic
import Testing

@Suite struct BlockScheduleTests {
  /// Runs a schedule with jobs that end in a seeded order.
  private func run(blocks: Int, limit: Int, threads: Int) -> [BlockSchedule.Job] {
    var schedule = BlockSchedule(blocks: blocks, limit: limit)
    var running: [BlockSchedule.Job] = []
    var begun: [BlockSchedule.Job] = []
    var pick = 1
    while true {
      while running.count < threads, let job = schedule.next() {
        running.append(job)
        begun.append(job)
      }
      if running.isEmpty { break }
      pick = (pick * 75 + 74) % 65_537
      _ = schedule.end(running.remove(at: pick % running.count))
    }
    #expect(schedule.finished == blocks)
    return begun
  }

  @Test(arguments: [1, 2, 3, 8])
  func everyBlockIsMadeOnceAndAppendedInOrder(threads: Int) {
    for blocks in [0, 1, 2, 17] {
      let jobs = run(blocks: blocks, limit: threads + 2, threads: threads)
      let made = jobs.compactMap { if case .make(let n) = $0 { n } else { nil } }
      let truth = jobs.compactMap { if case .appendTruth(let n) = $0 { n } else { nil } }
      let metrics = jobs.compactMap { if case .appendMetrics(let n) = $0 { n } else { nil } }
      #expect([made, truth, metrics].allSatisfy { $0 == Array(0..<blocks) })
    }
  }

  @Test func noMoreBlocksThanTheLimitAreUnderWay() {
    var schedule = BlockSchedule(blocks: 10, limit: 3)
    var jobs: [BlockSchedule.Job] = []
    while let job = schedule.next() { jobs.append(job) }
    #expect(jobs == [.make(0), .make(1), .make(2)])
  }
}
