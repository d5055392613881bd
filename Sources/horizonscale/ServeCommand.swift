import ArgumentParser
import HorizonCore
import HorizonDashboard
import HorizonStore

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Opens the dashboard and its interface for programs over the latest run.",
    discussion: """
      A newer run appears without a restart. Nothing is written but what-if scenarios, into the workspace's scenarios/.

      EXAMPLES
        horizonscale serve
        horizonscale serve --listen 127.0.0.1:0 --workspace fleet
        horizonscale serve --new-token token.txt
        horizonscale serve --listen 0.0.0.0:8443 --token-file token.txt --host-name fleet.example.org \\
          --tls-certificate chain.pem --tls-key key.pem

      Only this machine can reach the default address. Any other demands a token or --insecure. --new-token prints a token, once,
      and leaves its digest in the file; a program sends it as 'Authorization: Bearer TOKEN', a browser asks for it.
      The interface is described at /api/v1/openapi.json, figures for Prometheus are at /metrics.
      """)

  @Option(help: ArgumentHelp("Address and port; port 0 takes a free one.", valueName: "host:port"))
  var listen = "127.0.0.1:8080"

  @Option(
    help: ArgumentHelp("A name that browsers may reach the server by, with or without a port; may stand several times.")
  )
  var hostName: [String] = []

  @Option(help: ArgumentHelp("File with the digest of the token that is asked for.", valueName: "file"))
  var tokenFile: String?

  @Option(help: ArgumentHelp("Makes a token, prints it, leaves its digest in this file, and ends.", valueName: "file"))
  var newToken: String?

  @Flag(help: "Let anybody who reaches the address see everything.")
  var insecure = false

  @Option(help: ArgumentHelp("Certificate chain, PEM.", valueName: "file"))
  var tlsCertificate: String?

  @Option(help: ArgumentHelp("Its key, PEM.", valueName: "file"))
  var tlsKey: String?

  @OptionGroup var workspace: WorkspaceOptions

  func run() async throws {
    if let newToken { return Terminal.out(try Token.write(to: newToken)) }
    guard var settings = ServeSettings(listen: listen) else {
      throw Failure(
        .badUsage, "--listen: '\(listen)' is not understood.", remedy: "Write it as 127.0.0.1:8080 or [::1]:8080.")
    }
    settings.hostNames = hostName
    settings.tokenDigest = try tokenFile.map { try Token.digest(readingFrom: $0) }
    settings.certificate = tlsCertificate
    settings.key = tlsKey
    try settings.checked(isInsecure: insecure)
    let progress = workspace.progress
    try await workspace.use(.serving) {
      try await Dashboard(workspace.folder, settings: settings).serve { progress.say($0) }
    }
  }
}
