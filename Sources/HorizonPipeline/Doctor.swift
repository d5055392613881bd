import Foundation
import HorizonSources
package import HorizonStore

/// One thing that was looked at, and what to do about it.
package struct Finding: Sendable, Hashable, Encodable {
  package enum Status: String, Sendable, Hashable, Encodable {
    case ok
    /// Worth knowing, neither good nor bad.
    case info
    case warning
    case problem
  }

  /// What was looked at, such as `settings`; several findings may share it.
  package let check: String
  package let status: Status
  /// One line.
  package let message: String
  /// What to do; nil when nothing is to be done.
  package let remedy: String?

  static func ok(_ check: String, _ message: String) -> Finding {
    Finding(check: check, status: .ok, message: message, remedy: nil)
  }
  static func info(_ check: String, _ message: String) -> Finding {
    Finding(check: check, status: .info, message: message, remedy: nil)
  }
  static func warning(_ check: String, _ message: String, remedy: String) -> Finding {
    Finding(check: check, status: .warning, message: message, remedy: remedy)
  }
  static func problem(_ check: String, _ message: String, remedy: String) -> Finding {
    Finding(check: check, status: .problem, message: message, remedy: remedy)
  }
}

/// Looks an install and a workspace over; changes nothing.
package struct Doctor: Sendable {
  let workspace: Workspace
  let machine: Machine
  let disk: DiskProbe
  let environment: [String: String]
  /// Seconds since 1970.
  let now: Double
  /// Whether outputs are read whole and compared by digest, instead of by size.
  let isDeep: Bool

  package init(
    workspace: Workspace, machine: Machine, disk: DiskProbe = .real, environment: [String: String], now: Double,
    isDeep: Bool = false
  ) {
    self.workspace = workspace
    self.machine = machine
    self.disk = disk
    self.environment = environment
    self.now = now
    self.isDeep = isDeep
  }

  /// The install first, then the workspace.
  package func findings() -> [Finding] { installFindings() + workspaceFindings() }
}

/// What the file system says of a path; a value, so that tests can say it.
package struct DiskProbe: Sendable {
  package var isReadable: @Sendable (String) -> Bool
  package var isWritable: @Sendable (String) -> Bool
  /// Bytes that this user may still write at a path; nil when that is not known.
  package var freeBytes: @Sendable (String) -> Int?

  package init(
    isReadable: @escaping @Sendable (String) -> Bool, isWritable: @escaping @Sendable (String) -> Bool,
    freeBytes: @escaping @Sendable (String) -> Int?
  ) {
    self.isReadable = isReadable
    self.isWritable = isWritable
    self.freeBytes = freeBytes
  }

  package static let real = DiskProbe(
    isReadable: { access($0, R_OK) == 0 }, isWritable: { access($0, W_OK) == 0 },
    freeBytes: { path in
      var information = statvfs()
      guard statvfs(path, &information) == 0 else { return nil }
      return Int(information.f_bavail) * Int(information.f_frsize)
    })
}

/// The findings as people read them: the worst ones keep their remedy beside them.
package func doctorText(_ findings: [Finding], style: TerminalStyle) -> String {
  var lines: [String] = []
  for finding in findings {
    let label = finding.status.rawValue + String(repeating: " ", count: 8 - finding.status.rawValue.count)
    let emphasis: TerminalStyle.Emphasis =
      switch finding.status {
      case .ok: .good
      case .info: .dim
      case .warning: .warning
      case .problem: .alarm
      }
    let body = style.wrapped("\(finding.check): \(finding.message)", indent: 9)
    lines.append(style.styled(label, emphasis) + " " + body[0].dropFirst(9))
    lines += body.dropFirst()
    if let remedy = finding.remedy { lines += style.wrapped("-> \(remedy)", indent: 9, hanging: 12) }
  }
  let (problems, warnings) = (findings.count { $0.status == .problem }, findings.count { $0.status == .warning })
  func count(_ n: Int, _ noun: String) -> String { "\(n) \(noun)\(n == 1 ? "" : "s")" }
  lines += [
    "", problems + warnings == 0 ? "All is well." : "\(count(problems, "problem")), \(count(warnings, "warning")).",
  ]
  return lines.joined(separator: "\n")
}

/// The findings as one JSON object: `version`, `problems`, `warnings`, `findings[]` with `check`, `status`, `message`, `remedy`.
package func doctorJSON(_ findings: [Finding]) throws -> String {
  struct Report: Encodable {
    let version: String
    let problems: Int
    let warnings: Int
    let findings: [Finding]
  }
  let report = Report(
    version: productVersion, problems: findings.count { $0.status == .problem },
    warnings: findings.count { $0.status == .warning }, findings: findings)
  return String(decoding: try JSONEncoder.pretty.encode(report), as: UTF8.self)
}

/// A size as people say it.
func bytesText(_ bytes: Int) -> String {
  let size = Double(bytes)
  return size >= 1e9
    ? "\(fixed(size / 1e9, digits: 1)) GB"
    : size >= 1e6 ? "\(fixed(size / 1e6, digits: 0)) MB" : "\(grouped(bytes)) bytes"
}
