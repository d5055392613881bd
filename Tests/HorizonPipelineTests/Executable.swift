import Foundation
import Synchronization

/// The built command line, run as a user would.
struct Executable {
  /// What one call left.
  struct Outcome {
    let code: Int32
    let output: String
    let talk: String
  }

  /// It lies beside the bundle of the tests.
  static let url: URL = {
    let beside = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appending(path: "horizonscale")
    if FileManager.default.isExecutableFile(atPath: beside.path) { return beside }
    return packageRoot.appending(path: ".build/release/horizonscale")
  }()

  static let packageRoot = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private let talk = Pipe()

  /// Models that learn from the fleet only where they are asked for; and what a sanitizer was told, which it is built with as well.
  private static let surroundings = ["HORIZONSCALE_MODELS": "fast"].merging(
    ProcessInfo.processInfo.environment.filter { $0.key.hasSuffix("SAN_OPTIONS") }
  ) { $1 }

  /// Starts it with `--workspace` added.
  init(_ arguments: [String], workspace: String, environment: [String: String] = [:]) throws {
    process.executableURL = Executable.url
    process.arguments = arguments + ["--workspace", workspace]
    process.environment = Executable.surroundings.merging(environment) { $1 }
    process.standardInput = input
    process.standardOutput = output
    process.standardError = talk
    try process.run()
  }

  /// Runs it to its end with `text` as standard input.
  static func run(
    _ arguments: [String], workspace: String, input text: String = "", environment: [String: String] = [:]
  ) throws -> Outcome {
    let executable = try Executable(arguments, workspace: workspace, environment: environment)
    executable.write(text)
    return executable.finish()
  }

  func write(_ text: String) { try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

  /// Ctrl-C.
  func interrupt() { process.interrupt() }

  func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

  var isRunning: Bool { process.isRunning }

  /// Runs a script of bash with the executable as `$0` and more arguments; what it prints and its exit code.
  static func shell(_ script: String, _ arguments: String...) throws -> Outcome {
    let shell = Executable(running: URL(fileURLWithPath: "/bin/bash"), ["-c", script, url.path] + arguments)
    try shell.process.run()
    return shell.finish()
  }

  /// What a terminal of a given width shows of a call.
  static func shown(_ arguments: [String], columns: Int) throws -> String {
    let terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
    defer { close(terminal) }
    // TIOCSPTLCK and TIOCGPTN, macros that Swift does not see: unlock the other end, ask for its number.
    var (isLocked, number) = (Int32(0), Int32(0))
    guard terminal >= 0, ioctl(terminal, 0x4004_5431, &isLocked) == 0, ioctl(terminal, 0x8004_5430, &number) == 0 else {
      throw POSIXError(.ENOTTY)
    }
    let line = open("/dev/pts/\(number)", O_RDWR | O_NOCTTY | O_CLOEXEC)
    var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    _ = ioctl(line, UInt(TIOCSWINSZ), &size)
    let process = Process()
    process.executableURL = url
    process.arguments = arguments
    process.standardOutput = FileHandle(fileDescriptor: line)
    try process.run()
    close(line)
    var shown: [UInt8] = []
    var part = [UInt8](repeating: 0, count: 4_096)
    // Reading fails when the last writer has closed its end.
    while case let count = read(terminal, &part, part.count), count > 0 { shown += part[..<count] }
    process.waitUntilExit()
    return String(decoding: shown, as: UTF8.self)
  }

  private init(running program: URL, _ arguments: [String]) {
    process.executableURL = program
    process.arguments = arguments
    process.environment = ProcessInfo.processInfo.environment.merging(Executable.surroundings) { $1 }
    process.standardInput = input
    process.standardOutput = output
    process.standardError = talk
  }

  func finish() -> Outcome {
    try? input.fileHandleForWriting.close()
    let said = Mutex(Data())
    let reading = DispatchGroup()
    let stream = talk.fileHandleForReading
    DispatchQueue.global().async(group: reading) {
      let all = (try? stream.readToEnd()) ?? Data()
      said.withLock { $0 = all }
    }
    let data = (try? output.fileHandleForReading.readToEnd()) ?? Data()
    reading.wait()
    process.waitUntilExit()
    // A death by signal is told as a shell would.
    let code =
      process.terminationReason == .uncaughtSignal ? 128 + process.terminationStatus : process.terminationStatus
    return Outcome(
      code: code, output: String(decoding: data, as: UTF8.self),
      talk: String(decoding: said.withLock { $0 }, as: UTF8.self))
  }
}
