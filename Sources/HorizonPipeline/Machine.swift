import Foundation
package import HorizonLearning
import HorizonNumerics

/// What `doctor` needs to know of the machine and of this process.
package struct Machine: Sendable {
  /// A native library as it was loaded.
  package struct Library: Sendable, Hashable {
    package var name: String
    package var path: String
    package var version: String

    package init(name: String, path: String, version: String) {
      self.name = name
      self.path = path
      self.version = version
    }
  }

  package var executable: String
  package var libraries: [Library]
  /// XGBoost's, which is opened when it is needed; or why it cannot be.
  package var treeLibrary: Result<Library, LearningError>
  /// Cores that this process may run on.
  package var cores: Int
  /// Cores' worth of time that a control group allows; nil without a limit.
  package var coreLimit: Double?
  /// Bytes.
  package var memory: Int
  /// Bytes that a control group allows; nil without a limit.
  package var memoryLimit: Int?
  /// Of the terminal on standard output; nil when it is none.
  package var columns: Int?
  /// The compiler on the path when a source tree lies around this executable; nil elsewhere.
  package var toolchain: String?

  package init(
    executable: String, libraries: [Library], treeLibrary: Result<Library, LearningError>, cores: Int,
    coreLimit: Double? = nil, memory: Int, memoryLimit: Int? = nil, columns: Int? = nil, toolchain: String? = nil
  ) {
    self.executable = executable
    self.libraries = libraries
    self.treeLibrary = treeLibrary
    self.cores = cores
    self.coreLimit = coreLimit
    self.memory = memory
    self.memoryLimit = memoryLimit
    self.columns = columns
    self.toolchain = toolchain
  }

  /// The machine that this process runs on.
  ///
  /// - Parameter columns: Of the terminal, nil when standard output is none.
  package static func this(columns: Int?, environment: [String: String]) -> Machine {
    let executable = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "?"
    return Machine(
      executable: executable, libraries: loadedLibraries(maps: contents("/proc/self/maps") ?? ""),
      treeLibrary: Result { () throws(LearningError) in
        let library = try BoosterLibrary.shared()
        return Library(name: "XGBoost", path: library.path, version: library.version)
      },
      cores: ProcessInfo.processInfo.activeProcessorCount,
      coreLimit: contents("/sys/fs/cgroup/cpu.max").flatMap(coreLimit),
      memory: Int(ProcessInfo.processInfo.physicalMemory),
      memoryLimit: (contents("/sys/fs/cgroup/memory.max") ?? contents("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
        .flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) },
      columns: columns, toolchain: toolchain(executable: executable, path: environment["PATH"] ?? ""))
  }

  /// Files of the kernel have no size, so they are read to their end.
  private static func contents(_ path: String) -> String? {
    (try? FileHandle(forReadingAtPath: path)?.readToEnd()).map { String(decoding: $0, as: UTF8.self) }
  }

  /// Reads `cpu.max` of a control group: `200000 100000` is two cores, `max 100000` no limit.
  package static func coreLimit(_ text: String) -> Double? {
    let parts = text.split(whereSeparator: \.isWhitespace).map { Double($0) }
    guard parts.count == 2, let quota = parts[0], let period = parts[1], period > 0 else { return nil }
    return quota / period
  }

  /// Arrow, Parquet and OpenBLAS as the kernel's list of mapped files has them.
  package static func loadedLibraries(maps: String) -> [Library] {
    var found: [Library] = []
    for line in maps.split(separator: "\n") {
      guard let slash = line.firstIndex(of: "/") else { continue }
      let path = String(line[slash...])
      let file = path.split(separator: "/").last ?? ""
      let known = [("libarrow.so", "Arrow"), ("libparquet.so", "Parquet"), ("openblas", "OpenBLAS")]
      guard file.contains(".so"), let name = known.first(where: { file.contains($0.0) })?.1,
        !found.contains(where: { $0.path == path })
      else { continue }
      found.append(Library(name: name, path: path, version: name == "OpenBLAS" ? matrixLibrary() : version(file)))
    }
    return found.sorted { ($0.name, $0.path) < ($1.name, $1.path) }
  }

  /// Arrow's files are called after their version: `libarrow.so.2600` is 26.0.
  private static func version(_ file: Substring) -> String {
    let digits = file.components(separatedBy: ".so.").dropFirst().first?.split(separator: ".").first ?? ""
    guard let number = Int(digits), number >= 100 else { return "unknown" }
    return "\(number / 100).\(number % 100)"
  }

  /// The Swift compiler that a developer would build with.
  private static func toolchain(executable: String, path: String) -> String? {
    var folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
    while folder.path != "/" && !FileManager.default.fileExists(atPath: folder.appending(path: "Package.swift").path) {
      folder = folder.deletingLastPathComponent()
    }
    guard folder.path != "/" else { return nil }
    let swift = path.split(separator: ":").map { "\($0)/swift" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
    return "source tree \(folder.path), " + (swift.map { "swift at \($0)" } ?? "no swift on the PATH")
  }
}
