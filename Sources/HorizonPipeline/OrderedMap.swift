import Foundation

/// Transforms items on several threads and consumes the results in the order of the source.
///
/// - Parameters:
///   - threads: Transforms that run at a time.
///   - window: Items that may be between the source and the consumer, at least `threads`: the bound on memory.
///   - next: The next item, nil at the end; called by one task at a time.
func mapInOrder<Item: Sendable, Result: Sendable>(
  threads: Int, window: Int, next: () throws -> Item?, transform: @escaping @Sendable (Item) throws -> Result,
  consume: (Result) throws -> Void
) async throws {
  try await withThrowingTaskGroup(of: (Int, Result).self) { group in
    var waiting: [Int: Result] = [:]
    var started = 0
    var running = 0
    var consumed = 0
    var isAtEnd = false
    // Where all cores are ours, more transforms wait than run, so that none is idle while results are consumed; the runtime's pool
    // is as wide as the machine. Fewer threads than cores are kept to by starting no more.
    let most = threads < ProcessInfo.processInfo.activeProcessorCount ? threads : 2 * threads
    while true {
      while !isAtEnd, running < most, started - consumed < max(threads, window) {
        guard let item = try next() else {
          isAtEnd = true
          break
        }
        let place = started
        // In a queue of their own: in one with them this task would come back only after all that wait, and a kill would cost those
        // that are through as well.
        group.addTask(priority: .utility) { (place, try transform(item)) }
        started += 1
        running += 1
      }
      guard let (place, result) = try await group.next() else { break }
      running -= 1
      waiting[place] = result
      try Interruption.check()
      while let ready = waiting.removeValue(forKey: consumed) {
        try consume(ready)
        consumed += 1
      }
    }
  }
}
