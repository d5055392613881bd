import Foundation
import HorizonCore
package import HorizonStore
import Synchronization

/// Inputs in an object store, copied into the scratch folder: each is read several times, as a whole for its digest.
package struct StagedInputs: Sendable {
  private let folder: String
  private let environment: [String: String]
  private let say: @Sendable (String) -> Void
  private let report: @Sendable () throws -> Void

  /// Transfers at a time.
  private static let threads = 4

  init(_ options: IngestOptions, environment: [String: String] = ProcessInfo.processInfo.environment) {
    folder = StagedInputs.folder(in: options.scratch)
    self.environment = environment
    say = options.say ?? { _ in }
    report = { [progress = options.progress] in try progress?(0) }
  }

  /// Where copies lie while an ingest lasts.
  static func folder(in scratch: String) -> String { "\(scratch)/objects-\(getpid())" }

  /// The files that an address names: one object, all below a folder as `InputList` takes them from a disk, or those that
  /// fit a pattern.
  func files(_ text: String) throws -> [InputFile] {
    let address = try ObjectAddress(text)
    let settings = try ObjectSettings(address, environment: environment)
    let store = try ObjectStore(address, settings)
    if let pattern = ObjectPattern(address.key) {
      let found = try store.list(address.at(pattern.folder)).filter { pattern.matches($0.address.key) }
      guard !found.isEmpty else { throw nothing("no object fits \(address)", "Check the pattern.") }
      return try copied(found, settings, isFromFolder: true)
    }
    if let object = try store.find(address) { return try copied([object], settings, isFromFolder: false) }
    let all = try store.list(address)
    if all.isEmpty { throw nothing("there is no object or folder \(address)", "Check the address.") }
    let found = StagedInputs.metrics(all, below: address)
    guard !found.isEmpty else {
      throw nothing(
        "there are no \(InputList.endings.map { "*" + $0 }.joined(separator: ", ")) objects in \(address)",
        "Name a folder that holds metrics.")
    }
    return try copied(found, settings, isFromFolder: true)
  }

  /// The local copy of a file that was named beside the inputs; the path itself when it is none of a store.
  func file(_ text: String) throws -> (path: String, shown: String) {
    guard ObjectAddress.isMeant(by: text) else { return (text, text) }
    let address = try ObjectAddress(text)
    let settings = try ObjectSettings(address, environment: environment)
    guard let object = try ObjectStore(address, settings).find(address) else {
      throw nothing("there is no object \(address)", "Check the address.")
    }
    let file = try copied([object], settings, isFromFolder: false)[0]
    return (file.path, file.shown)
  }

  /// Hidden names are passed over, and so are workspaces.
  package static func metrics(_ objects: [ObjectStore.Object], below folder: ObjectAddress) -> [ObjectStore.Object] {
    let start = folder.key.isEmpty ? 0 : folder.key.utf8.count + 1
    let names = objects.map { String(decoding: $0.address.key.utf8.dropFirst(start), as: UTF8.self) }
    let roots = ["master/manifest.json", "index.json"].flatMap { mark in
      names.filter { $0 == mark || $0.hasSuffix("/" + mark) }.map { String($0.dropLast(mark.count)) }
    }
    return zip(objects, names).filter { _, name in
      !name.split(separator: "/").contains { $0.hasPrefix(".") } && !roots.contains(where: name.hasPrefix)
        && InputList.endings.contains(where: name.lowercased().hasSuffix)
    }.map(\.0)
  }

  private func nothing(_ what: String, _ remedy: String) -> Failure {
    Failure(.missingInput, what.prefix(1).uppercased() + what.dropFirst() + ".", remedy: remedy)
  }

  private func copied(
    _ objects: [ObjectStore.Object], _ settings: ObjectSettings, isFromFolder: Bool
  ) throws -> [InputFile] {
    let files = try objects.map { object in
      let place = object.address.key
      guard !place.split(separator: "/").contains(where: { $0 == "." || $0 == ".." || $0.utf8.count > 255 }) else {
        throw Failure(
          .unusableData, "\(object.address) has a name that no file can have.", remedy: "Copy it to another.")
      }
      let path = "\(folder)/\(object.address.bucket)/\(place)"
      return InputFile(
        path: path, shown: object.address.description, isFromFolder: isFromFolder, stem: InputList.stem(of: path))
    }
    let bytes = objects.reduce(0) { $0 + $1.bytes }
    let talk = TransferTalk(
      "fetch",
      line: "Fetching \(TransferTalk.amount(objects.count, bytes)) from s3://\(objects[0].address.bucket).",
      total: bytes, report: { [report] _, _ in try report() }, say: say)
    let count = min(StagedInputs.threads, objects.count)
    try inParallel(threads: count, count: count) { _, first in
      let store = try ObjectStore(objects[first].address, settings)
      for k in stride(from: first, to: objects.count, by: count) {
        try copy(objects[k], to: files[k].path, store, talk)
      }
    }
    return files
  }

  private func copy(_ object: ObjectStore.Object, to path: String, _ store: ObjectStore, _ talk: TransferTalk) throws {
    if FileManager.default.fileExists(atPath: path) { return }
    do {
      try FileManager.default.createDirectory(
        at: URL(fileURLWithPath: path).deletingLastPathComponent(), withIntermediateDirectories: true)
    } catch {
      throw Failure(
        .cannotCreate, "\(object.address) cannot be copied to \(path): \(error.localizedDescription)",
        remedy: "Check permissions and free disk.")
    }
    try store.get(object, into: path, transferred: talk.moved)
    guard try store.find(object.address) == object else {
      throw Failure(
        .unusableData, "\(object.address) has changed while it was read.", remedy: "Run again when it is whole.")
    }
  }
}

/// A key with `*` in it, which stands for any characters but a slash; `**` for slashes too.
package struct ObjectPattern: Sendable {
  /// Below which everything lies that can fit, without a slash at its end.
  package let folder: String
  private let parts: [UInt8]

  /// - Returns: Nil for a key without `*`.
  package init?(_ key: String) {
    guard let star = key.firstIndex(of: "*") else { return nil }
    folder = key[..<star].lastIndex(of: "/").map { String(key[..<$0]) } ?? ""
    parts = Array(key.utf8)
  }

  /// - Complexity: O(pattern x key).
  package func matches(_ key: String) -> Bool {
    let text = Array(key.utf8)
    // Whether what has been read of the pattern fits the first characters of the key, for every number of them.
    var fits = [Bool](repeating: false, count: text.count + 1)
    fits[0] = true
    var at = 0
    while at < parts.count {
      if parts[at] == UInt8(ascii: "*") {
        let isDeep = at + 1 < parts.count && parts[at + 1] == UInt8(ascii: "*")
        for k in text.indices where fits[k] && (isDeep || text[k] != UInt8(ascii: "/")) { fits[k + 1] = true }
        at += isDeep ? 2 : 1
      } else {
        for k in text.indices.reversed() { fits[k + 1] = fits[k] && text[k] == parts[at] }
        fits[0] = false
        at += 1
      }
    }
    return fits[text.count]
  }
}
