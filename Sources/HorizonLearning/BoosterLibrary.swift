import CXGBoost
import Foundation

/// XGBoost's shared library, opened when it is first needed and kept open.
///
/// Looked up as `libxgboost.so` in the run path of this executable (`../lib` of an install, `.deps/` of a source tree), then where
/// the system has its libraries. The environment variable `HORIZONSCALE_XGBOOST` names another file, or another name.
package struct BoosterLibrary: @unchecked Sendable {  // a table of addresses that never change
  /// The variable that names another library.
  package static let variable = "HORIZONSCALE_XGBOOST"

  /// The first version that grows trees with a value for every quantile in a leaf.
  private static let leastVersion = (major: Int32(3), minor: Int32(2))

  /// Full path of the file that was opened.
  package let path: String
  /// Such as `3.2.0`.
  package let version: String
  let functions: CXGBoostFunctions

  /// Opened once for the whole process.
  private static let opened = Result { () throws(LearningError) in
    let named = ProcessInfo.processInfo.environment[variable] ?? ""
    return try BoosterLibrary(opening: named.isEmpty ? "libxgboost.so" : named)
  }

  /// The library, opened now if it was not before.
  ///
  /// - Throws: `LearningError.libraryMissing`.
  package static func shared() throws(LearningError) -> BoosterLibrary { try opened.get() }

  /// Opens a library without keeping it for others.
  ///
  /// - Parameter library: A path, or a name for the loader to look up.
  /// - Throws: `LearningError.libraryMissing` with the loader's words; also when it is another library, or too old.
  package init(opening library: String) throws(LearningError) {
    var said = [CChar](repeating: 0, count: 1_024)
    // Filled whole by CXGBoostOpen, or never read.
    let table = UnsafeMutablePointer<CXGBoostFunctions>.allocate(capacity: 1)
    defer { table.deallocate() }
    let isOpen = CXGBoostOpen(library, table, &said, said.count)
    let words = String(decoding: said.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    guard isOpen != 0 else { throw .libraryMissing(words) }
    functions = table.pointee
    path = URL(fileURLWithPath: words).resolvingSymlinksInPath().path
    var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
    functions.version(&major, &minor, &patch)
    version = "\(major).\(minor).\(patch)"
    let least = BoosterLibrary.leastVersion
    guard (major, minor) >= (least.major, least.minor) else {
      throw .libraryMissing("\(path) is version \(version), \(least.major).\(least.minor) or newer is needed")
    }
  }

  /// Makes calls, with the library's own messages switched off for this thread.
  func calling<T>(_ what: String, _ body: (CXGBoostFunctions) -> (code: Int32, value: T)) throws(LearningError) -> T {
    _ = functions.setGlobalConfig(#"{"verbosity": 0}"#)
    let (code, value) = body(functions)
    guard code == 0 else { throw .failed("XGBoost could not \(what): \(lastError())") }
    return value
  }

  func calling(_ what: String, _ body: (CXGBoostFunctions) -> Int32) throws(LearningError) {
    try calling(what) { (body($0), ()) }
  }

  /// What the library said last on this thread, without its clock, its source's line and its stack.
  private func lastError() -> String {
    let text = String(cString: functions.lastError())
    let line = text.split(whereSeparator: \.isNewline).first.map(String.init) ?? "it did not say why"
    return line.replacing(#/^\[[0-9:]+\] \S+:[0-9]+: /#, with: "")
  }
}

/// One matrix or booster of the library's, freed with its owner.
///
/// - Important: Only what the library documents as safe may be called by several threads at once.
struct BoosterHandle: ~Copyable, @unchecked Sendable {
  enum Kind { case matrix, booster }

  let raw: CXGBoostHandle
  let library: BoosterLibrary
  private let kind: Kind

  /// Takes over what `body` makes.
  init(
    _ kind: Kind, _ what: String, in library: BoosterLibrary,
    _ body: (CXGBoostFunctions, UnsafeMutablePointer<CXGBoostHandle?>) -> Int32
  ) throws(LearningError) {
    let made = try library.calling(what) { functions in
      var made: CXGBoostHandle?
      let code = body(functions, &made)
      return (code, made)
    }
    guard let made else { throw .failed("XGBoost could not \(what): it gave nothing back") }
    (raw, self.library, self.kind) = (made, library, kind)
  }

  deinit {
    switch kind {
    case .matrix: _ = library.functions.freeMatrix(raw)
    case .booster: _ = library.functions.freeBooster(raw)
    }
  }
}

/// How the library is told where numbers lie.
///
/// - Parameter body: Makes the call; the text holds until it returns.
func withArrayInterface(_ values: ArraySlice<Float>, shape: [Int], _ body: (String) -> Int32) -> Int32 {
  values.withUnsafeBufferPointer {
    let address = UInt(bitPattern: $0.baseAddress)
    return body(#"{"data": [\#(address), true], "shape": \#(shape), "typestr": "<f4", "version": 3}"#)
  }
}
