package import Foundation
package import HorizonCore
import HorizonStore

/// One file to look at.
package struct InputFile: Sendable, Hashable {
  /// Where it is read.
  package let path: String
  /// How it is called in messages and in the manifest.
  package let shown: String
  let isFromFolder: Bool
  /// Server of its rows when no column names one.
  var stem: String
}

/// Turns what the user named into files: folders recursively in sorted order; `-` and objects of a store copied to the scratch
/// folder.
package enum InputList {
  static let endings = [".csv", ".csv.gz", ".parquet"]

  /// A workspace that lies inside an input folder is passed over.
  static func files(_ options: IngestOptions) throws -> [InputFile] {
    let inputs = options.inputs
    var files: [InputFile] = []
    var seen: Set<String> = []
    for (place, input) in inputs.enumerated() where input != "-" || inputs.firstIndex(of: input) == place {
      let found =
        try input == "-"
        ? [spooled(FileHandle.standardInput, scratch: options.scratch)]
        : ObjectAddress.isMeant(by: input)
          ? StagedInputs(options).files(input) : listed(input, options.workspace)
      for file in found where seen.insert(URL(fileURLWithPath: file.path).resolvingSymlinksInPath().path).inserted {
        files.append(file)
      }
    }
    if files.isEmpty {
      throw Failure(
        .missingInput, "No input was named.", remedy: "Name a CSV or Parquet file, a folder, or - for standard input.")
    }
    return files
  }

  /// Copies a stream to a file, so that it can be looked at twice.
  package static func spooled(_ stream: FileHandle, scratch: String) throws(Failure) -> InputFile {
    let path = "\(scratch)/stdin-\(getpid())"
    guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
    else {
      throw Failure(.cannotCreate, "\(path) cannot be created.", remedy: "Check permissions and free disk.")
    }
    do {
      while let block = try stream.read(upToCount: 1 << 20), !block.isEmpty { try file.write(contentsOf: block) }
      try file.close()
    } catch {
      throw Failure(
        .writingFailed, "Standard input cannot be kept in \(path): \(error.localizedDescription).",
        remedy: "Free some disk, or name a file instead of -.")
    }
    return InputFile(path: path, shown: "standard input", isFromFolder: false, stem: "stdin")
  }

  private static func listed(_ input: String, _ excluded: String) throws(Failure) -> [InputFile] {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: input, isDirectory: &isFolder) else {
      throw Failure(.missingInput, "There is no file or folder \(input).", remedy: "Check the path.")
    }
    if !isFolder.boolValue {
      return [InputFile(path: input, shown: input, isFromFolder: false, stem: stem(of: input))]
    }
    var paths: [String] = []
    try collect(
      input.count > 1 && input.hasSuffix("/") ? String(input.dropLast()) : input, excluded: standardized(excluded),
      &paths)
    if paths.isEmpty {
      throw Failure(
        .missingInput, "There are no \(endings.map { "*" + $0 }.joined(separator: ", ")) files in \(input).",
        remedy: "Name a folder that holds metrics.")
    }
    return paths.map { InputFile(path: $0, shown: $0, isFromFolder: true, stem: stem(of: $0)) }
  }

  private static func standardized(_ path: String) -> String {
    URL(fileURLWithPath: path).standardizedFileURL.resolvingSymlinksInPath().path
  }

  /// Hidden files and folders are passed over, and so are workspaces.
  private static func collect(_ folder: String, excluded: String, _ paths: inout [String]) throws(Failure) {
    let files = FileManager.default
    if standardized(folder) == excluded || files.fileExists(atPath: "\(folder)/master/manifest.json") { return }
    for name in ((try? files.contentsOfDirectory(atPath: folder)) ?? []).sorted() where !name.hasPrefix(".") {
      let path = "\(folder)/\(name)"
      var isFolder: ObjCBool = false
      guard files.fileExists(atPath: path, isDirectory: &isFolder) else {
        // Bytes that are no UTF-8 were replaced, so that the name leads nowhere; nothing is passed over in silence.
        if name.contains("\u{FFFD}") {
          throw Failure(
            .missingInput, "The name of a file in \(folder) is not UTF-8: \(name).",
            remedy: "Rename it or move it away.")
        }
        continue
      }
      if isFolder.boolValue {
        // A link to a folder could lead in a circle.
        if (try? files.destinationOfSymbolicLink(atPath: path)) == nil {
          try collect(path, excluded: excluded, &paths)
        }
      } else if endings.contains(where: { name.lowercased().hasSuffix($0) }) {
        paths.append(path)
      }
    }
  }

  static func stem(of path: String) -> String {
    var name = path.split(separator: "/").last.map(String.init) ?? path
    for ending in [".gz", ".csv", ".tsv", ".txt", ".parquet"]
    where name.lowercased().hasSuffix(ending) && name.count > ending.count {
      name.removeLast(ending.count)
    }
    return name
  }

  /// Tells files of one name in several folders apart by the folder.
  static func distinguish(_ files: inout [InputFile]) -> [String] {
    let byStem = Dictionary(grouping: files.indices, by: { files[$0].stem }).filter { $0.value.count > 1 }
    for k in byStem.values.joined() {
      let parts = files[k].path.split(separator: "/")
      if parts.count > 1 { files[k].stem = "\(parts[parts.count - 2])/\(files[k].stem)" }
    }
    return byStem.keys.sorted().map {
      "Several files are called '\($0)' and have no server column: their folder became part of the server"
    }
  }
}
