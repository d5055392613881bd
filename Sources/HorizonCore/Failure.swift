/// How a command ends (sysexits where one fits); the numbers are part of the contract.
package enum ExitCode: Int32, Sendable {
  case done = 0
  case riskFound = 1
  case seriesFailed = 3
  case badUsage = 64
  case unusableData = 65
  case missingInput = 66
  case defect = 70
  case cannotCreate = 73
  case writingFailed = 74
  case workspaceInUse = 75
  case badSetting = 78
  case interrupted = 130
}

/// What a user is told when something cannot be done: what happened, where, and what to do next.
package struct Failure: Error, Sendable, CustomStringConvertible {
  package let code: ExitCode
  package let message: String
  package let remedy: String

  package init(_ code: ExitCode, _ message: String, remedy: String) {
    self.code = code
    self.message = message
    self.remedy = remedy
  }

  package var description: String { remedy.isEmpty ? message : "\(message) \(remedy)" }
}
