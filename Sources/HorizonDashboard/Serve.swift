import Foundation
import HTTPTypes
import HorizonCore
import HorizonStore
package import Hummingbird
import HummingbirdCore
import HummingbirdTLS
package import Logging
import NIOCore
import NIOPosix
import NIOSSL
import ServiceLifecycle
import Synchronization

extension Dashboard {
  /// The server as a service.
  ///
  /// - Parameter running: Told the port once connections are accepted.
  /// - Throws: When certificate or key cannot be used.
  package func application(
    logger: Logger, running: @escaping @Sendable (Int) async -> Void = { _ in }
  ) throws -> Application<Responder> {
    let limits = settings.limits
    let metrics = metrics
    let http = HTTPServerBuilder.http1(
      configuration: .init(
        additionalChannelHandlers: [ConnectionLimits(limits, metrics: metrics)], idleTimeout: nil,
        httpDecoderConfiguration: .init(
          maxHeaderFieldSize: limits.headerBytes, maxHeaderListSize: limits.headerBytes, maxHeaderFieldCount: 100)))
    return Application(
      responder: Responder(dashboard: self), server: try tls().map { try .tls(http, tlsConfiguration: $0) } ?? http,
      configuration: .init(
        address: .hostname(settings.host, port: settings.port), serverName: nil,
        availableConnectionsDelegate: MaximumAvailableConnections(limits.connections)),
      services: [RunWatcher(dashboard: self)],
      onServerRunning: { [self] channel in
        let port = channel.localAddress?.port ?? settings.port
        self.port.store(port, ordering: .relaxed)
        await running(port)
      }, logger: logger)
  }

  private func tls() throws -> TLSConfiguration? {
    guard let certificate = settings.certificate, let key = settings.key else { return nil }
    func read<Value>(_ what: String, in file: String, _ parse: ([UInt8]) throws -> Value) throws(Failure) -> Value {
      guard let bytes = FileManager.default.contents(atPath: file) else {
        throw Failure(
          .missingInput, "There is no \(what) to be read at '\(file)'.",
          remedy: "Name a PEM file that this user may read.")
      }
      do { return try parse([UInt8](bytes)) } catch {
        throw Failure(
          .missingInput, "'\(file)' holds no \(what).",
          remedy: "Give PEM files: the chain with --tls-certificate, its private key with --tls-key.")
      }
    }
    let chain = try read("certificate", in: certificate, NIOSSLCertificate.fromPEMBytes)
    let secret = try read("private key", in: key) { try NIOSSLPrivateKey(bytes: $0, format: .pem) }
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(secret))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    do { _ = try NIOSSLContext(configuration: configuration) } catch {
      throw Failure(
        .missingInput, "The key in '\(key)' is not that of the certificate in '\(certificate)'.",
        remedy: "Give the private key that the certificate was made with.")
    }
    return configuration
  }

  /// Serves until it is interrupted.
  ///
  /// - Parameters:
  ///   - say: Told what people should know.
  /// - Throws: When the address cannot be listened on.
  package func serve(say: @escaping @Sendable (String) -> Void) async throws {
    do { try load() } catch {
      metrics.note(failure: error)
      say("The newest run cannot be read: \((error as? Failure)?.description ?? "\(error)")")
    }
    // Talk is ours; what libraries have to say is for those who look for a defect.
    var logger = Logger(label: "horizonscale")
    logger.logLevel = .critical
    let app = try application(logger: logger) { [self] port in
      let host = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
      let what = run.map { "run \($0)" } ?? "no finished run yet"
      say("Serving \(workspace.folder.path), \(what), at \(settings.scheme)://\(host):\(port)/ until interrupted.")
    }
    let group = ServiceGroup(
      configuration: .init(
        services: [.init(service: Watched(talk: say, dashboard: self)), .init(service: app)],
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    do { try await group.run() } catch let error as IOError {
      throw Failure(
        .badUsage,
        "\(settings.host):\(settings.port) cannot be listened on: \(String(cString: strerror(error.errnoCode))).",
        remedy: "Choose another address with --listen, such as 127.0.0.1:0 for any free port.")
    }
  }
}

/// Looks for a newer run once a second.
private struct RunWatcher: Service {
  let dashboard: Dashboard

  func run() async throws {
    let threads = max(1, ProcessInfo.processInfo.activeProcessorCount - 1)
    await cancelWhenGracefulShutdown {
      await dashboard.store.current?.prepare(threads: threads)
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(1))
        do {
          let isNew = try await dashboard.pool.run { [store = dashboard.store] in try store.refresh() }
          if isNew {
            await dashboard.store.current?.prepare(threads: threads)
            // What the run before held is free now, but still the process's.
            releaseMemory()
          }
        } catch is CancellationError { return } catch { dashboard.metrics.note(failure: error) }
      }
    }
  }
}

/// Says what went wrong, each time something else does.
private struct Watched: Service {
  let talk: @Sendable (String) -> Void
  let dashboard: Dashboard

  func run() async throws {
    await cancelWhenGracefulShutdown {
      var said = dashboard.metrics.lastFailure
      var run = dashboard.run
      while !Task.isCancelled {
        try? await Task.sleep(for: .seconds(1))
        let failure = dashboard.metrics.lastFailure
        if failure != said { talk("An answer or a run could not be made: \(failure)") }
        said = failure
        if dashboard.run != run { talk("Answering from run \(dashboard.run ?? "") now.") }
        run = dashboard.run
      }
    }
  }
}
