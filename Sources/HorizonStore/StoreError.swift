import ArrowBridge
import Glibc
package import HorizonCore

/// Why a file could not be read or written: what happened, where, and what to do next.
package struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: String, Sendable, CaseIterable {
    case missingFile
    case unreadable
    case empty
    /// Neither Parquet nor delimited text, or damaged.
    case foreign
    /// A value is not of the asked type, or a row has a wrong number of fields: a lenient reader gets further.
    case conversion
    case missingColumn
    case ambiguousColumn
    case unsupportedType
    case writingFailed
    case outOfMemory
    case defect
  }

  package let code: Code
  package let path: String
  package let message: String
  package let remedy: String

  package init(_ code: Code, path: String, message: String, remedy: String? = nil) {
    self.code = code
    self.path = path
    self.message = message
    self.remedy = remedy ?? code.remedy
  }

  package var description: String { "\(path): \(message). \(remedy)" }

  package var exitCode: ExitCode {
    switch code {
    case .missingFile, .unreadable: .missingInput
    case .empty, .foreign, .conversion, .missingColumn, .ambiguousColumn, .unsupportedType: .unusableData
    case .writingFailed: .writingFailed
    case .outOfMemory, .defect: .defect
    }
  }

  package var failure: Failure { failure(remedy: remedy) }

  /// The same with what to do for a file that the user did not make.
  package func failure(remedy: String) -> Failure { Failure(exitCode, "\(path): \(message).", remedy: remedy) }
}

extension StoreError.Code {
  var remedy: String {
    switch self {
    case .missingFile: "Check the path."
    case .unreadable: "Check that the file can be read and the disk is sound."
    case .empty: "Export the file again; it needs a header and at least one row."
    case .foreign: "Give a CSV file in UTF-8, plain or gzip, or a whole Parquet file."
    case .conversion: "Fix the value, or leave the row out."
    case .missingColumn: "Name the column that is meant."
    case .ambiguousColumn: "Rename one of the columns."
    case .unsupportedType: "Export the column as plain text, numbers or timestamps."
    case .writingFailed: "Check that the folder exists, can be written and has room."
    case .outOfMemory: "Read fewer columns or rows at a time, or give the process more memory."
    case .defect: "Please report this as a defect of HorizonScale."
    }
  }

  init(_ status: ab_status) {
    switch status {
    case ab_io: self = .unreadable
    case ab_empty: self = .empty
    case ab_foreign: self = .foreign
    case ab_conversion: self = .conversion
    case ab_missing_column: self = .missingColumn
    case ab_ambiguous_column: self = .ambiguousColumn
    case ab_unsupported_type: self = .unsupportedType
    case ab_memory: self = .outOfMemory
    default: self = .defect
    }
  }
}

/// Runs one native call and turns a status into an error that names `path`.
func native(
  _ path: String, writing: Bool = false,
  _ call: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> ab_status
) throws(StoreError) {
  var text: UnsafeMutablePointer<CChar>?
  let status = call(&text)
  defer { ab_free(text) }
  guard status != ab_ok else { return }
  // Quoted bytes of a damaged file could be anything.
  let plain = text.map { String(cString: $0).unicodeScalars.filter { $0.properties.generalCategory != .control } }
  var message = plain.map { String(String.UnicodeScalarView($0)) } ?? "unknown failure"
  while let last = message.last, last == "." || last.isWhitespace { message.removeLast() }
  let code = StoreError.Code(status)
  throw StoreError(writing && code == .unreadable ? .writingFailed : code, path: path, message: message)
}

/// The text of the system's latest error.
func systemError() -> String { String(cString: strerror(errno)) }

/// Fails unless `path` is a file that can be read.
func checkReadable(_ path: String) throws(StoreError) {
  var information = stat()
  guard stat(path, &information) == 0 else {
    let code: StoreError.Code = errno == ENOENT || errno == ENOTDIR ? .missingFile : .unreadable
    throw StoreError(code, path: path, message: code == .missingFile ? "there is no such file" : systemError())
  }
  if information.st_mode & S_IFMT == S_IFDIR {
    throw StoreError(.unreadable, path: path, message: "this is a folder", remedy: "Name a file in it.")
  }
}
