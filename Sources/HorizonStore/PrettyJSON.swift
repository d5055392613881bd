package import Foundation

extension JSONEncoder {
  /// For files and answers that people read and tools compare: indented, with sorted keys and plain slashes.
  package static var pretty: JSONEncoder {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return encoder
  }
}
