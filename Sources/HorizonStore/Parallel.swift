import Dispatch
import Synchronization

/// Runs `body` for items 0..<count on a bounded number of threads; the first error is thrown after all have stopped.
///
/// - Parameter body: Is given the worker's number, for buffers of its own, and the item.
package func inParallel(threads: Int, count: Int, _ body: @Sendable (_ worker: Int, _ item: Int) throws -> Void) throws
{
  let next = Atomic(0)
  let failure = Mutex<(any Error)?>(nil)
  DispatchQueue.concurrentPerform(iterations: max(1, min(threads, count))) { worker in
    while true {
      let item = next.wrappingAdd(1, ordering: .relaxed).oldValue
      if item >= count || failure.withLock({ $0 != nil }) { return }
      do { try body(worker, item) } catch { failure.withLock { if $0 == nil { $0 = error } } }
    }
  }
  if let error = failure.withLock({ $0 }) { throw error }
}
