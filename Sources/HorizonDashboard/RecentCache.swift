import Synchronization

/// What was asked for lately, bounded by its size: when the newer half is full the older one goes.
package final class RecentCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
  private struct State {
    var newer: [Key: (value: Value, cost: Int)] = [:]
    var older: [Key: (value: Value, cost: Int)] = [:]
    var newerCost = 0
    var olderCost = 0
    var hits = 0
    var misses = 0
  }

  private let state = Mutex(State())
  private let limit: Int

  /// - Parameter limit: Of the costs together.
  package init(limit: Int) { self.limit = limit }

  package subscript(_ key: Key) -> Value? {
    state.withLock { state in
      if let found = state.newer[key] {
        state.hits += 1
        return found.value
      }
      guard let found = state.older[key] else {
        state.misses += 1
        return nil
      }
      state.hits += 1
      state.older[key] = nil
      state.olderCost -= found.cost
      RecentCache.insert(key, found, into: &state, limit: limit)
      return found.value
    }
  }

  package func insert(_ key: Key, _ value: Value, cost: Int) {
    state.withLock { RecentCache.insert(key, (value, cost), into: &$0, limit: limit) }
  }

  private static func insert(_ key: Key, _ entry: (value: Value, cost: Int), into state: inout State, limit: Int) {
    if entry.cost > limit / 2 { return }
    if state.newerCost + entry.cost > limit / 2 {
      (state.older, state.olderCost) = (state.newer, state.newerCost)
      (state.newer, state.newerCost) = ([:], 0)
    }
    if let old = state.newer.updateValue(entry, forKey: key) { state.newerCost -= old.cost }
    state.newerCost += entry.cost
  }

  /// Answers found and not found, and what is held.
  package var counts: (hits: Int, misses: Int, cost: Int) {
    state.withLock { ($0.hits, $0.misses, $0.newerCost + $0.olderCost) }
  }
}
