import Synchronization

/// A value that is worked out when it is first asked for; who asks meanwhile waits.
package final class Once<Value: Sendable>: Sendable {
  private let state = Mutex<Result<Value, any Error>?>(nil)
  private let make: @Sendable () throws -> Value

  init(_ make: @escaping @Sendable () throws -> Value) { self.make = make }

  /// - Throws: What making it threw, each time.
  package var value: Value {
    get throws {
      try state.withLock { state in
        if let state { return state }
        let made = Result { try make() }
        state = made
        return made
      }.get()
    }
  }

  /// Nil while nobody has asked.
  var known: Value? { state.withLock { try? $0?.get() } }
}
