import HorizonCore
import HorizonLearning
import HorizonStore

/// A door through which bytes of others come in.
///
/// What comes of an input is of no interest here, only that the product refuses it by an error of its own or takes it: any other error
/// ends the process, as a trap, a fault of memory or a signal would.
package struct FuzzTarget: Sendable {
  package let name: String
  /// Bytes; longer inputs find nothing that these do not.
  package let longestInput: Int
  private let body: @Sendable (UnsafeRawBufferPointer) throws -> Void

  init(_ name: String, longestInput: Int, _ body: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void) {
    self.name = name
    self.longestInput = longestInput
    self.body = body
  }

  package static let all: [FuzzTarget] = [.csv, .parquet, .arrow, .settings, .weights, .api]

  package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }

  /// Gives the input to the product.
  package func run(_ input: UnsafeRawBufferPointer) {
    do { try FuzzTarget.refusable { try body(input) } } catch {
      preconditionFailure("\(name): an error that no user should see: \(error)")
    }
  }

  /// Does what may be refused.
  ///
  /// - Throws: What is no refusal.
  static func refusable(_ body: () throws -> Void) throws {
    do { try body() } catch let error as Failure where error.code != .defect {
    } catch let error as StoreError where error.code != .defect {
    } catch is LearningError {
    }
  }
}

/// The parts of an input that means several texts: the byte RS (0x1e) stands between them.
func parts(of input: UnsafeRawBufferPointer, atMost most: Int) -> [[UInt8]] {
  input.split(separator: 0x1e, maxSplits: most - 1, omittingEmptySubsequences: false).map { Array($0) }
}
