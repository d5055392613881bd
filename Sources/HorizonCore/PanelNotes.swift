import Synchronization

/// What one model has worked out from a panel's readings, kept as long as the panel lives for others that need the same.
package final class PanelNotes: Sendable {
  private let values = Mutex<[String: any Sendable]>([:])

  /// The value under a name, made when it is first asked for.
  ///
  /// - Parameter make: A function of the panel alone; two threads that ask at once may both call it.
  package func value<Value: Sendable>(_ name: String, _ make: () -> Value) -> Value {
    if let known = values.withLock({ $0[name] as? Value }) { return known }
    let made = make()
    values.withLock { $0[name] = made }
    return made
  }
}
