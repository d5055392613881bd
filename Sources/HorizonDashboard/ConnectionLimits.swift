import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// Closes connections whose clients take their time, and says what was wrong with a header.
///
/// One deadline runs at a time: for the header of the next request, for its body, or for the answer to be read.
final class ConnectionLimits: ChannelDuplexHandler, RemovableChannelHandler {
  typealias InboundIn = HTTPRequestPart
  typealias InboundOut = HTTPRequestPart
  typealias OutboundIn = HTTPResponsePart
  typealias OutboundOut = HTTPResponsePart

  private let limits: ServeSettings.Limits
  private let metrics: ServerMetrics
  private var deadline: Scheduled<Void>?
  /// Requests whose answer has not been sent whole.
  private var open = 0
  private var isCounted = false

  init(_ limits: ServeSettings.Limits, metrics: ServerMetrics) {
    self.limits = limits
    self.metrics = metrics
  }

  func handlerAdded(context: ChannelHandlerContext) {
    if context.channel.isActive { began(context) }
  }

  func handlerRemoved(context: ChannelHandlerContext) {
    deadline?.cancel()
    deadline = nil
    if isCounted { metrics.disconnected() }
    isCounted = false
  }

  func channelActive(context: ChannelHandlerContext) {
    began(context)
    context.fireChannelActive()
  }

  private func began(_ context: ChannelHandlerContext) {
    if isCounted { return }
    isCounted = true
    metrics.connected()
    arm(context, limits.headerSeconds, "header")
  }

  private func arm(_ context: ChannelHandlerContext, _ seconds: Double, _ why: String) {
    deadline?.cancel()
    let channel = context.channel
    let metrics = self.metrics
    deadline = context.eventLoop.scheduleTask(in: .milliseconds(Int64(seconds * 1_000))) {
      metrics.dropped(why)
      channel.close(mode: .all, promise: nil)
    }
  }

  private func disarm() {
    deadline?.cancel()
    deadline = nil
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    switch unwrapInboundIn(data) {
    case .head:
      open += 1
      arm(context, limits.bodySeconds, "body")
    case .body: break
    case .end: disarm()
    }
    context.fireChannelRead(data)
  }

  func channelWritabilityChanged(context: ChannelHandlerContext) {
    if !context.channel.isWritable { arm(context, limits.readSeconds, "answer") } else { disarm() }
    context.fireChannelWritabilityChanged()
  }

  func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
    guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
    let sent = promise ?? context.eventLoop.makePromise(of: Void.self)
    arm(context, limits.readSeconds, "answer")
    let bound = NIOLoopBound((handler: self, context: context), eventLoop: context.eventLoop)
    sent.futureResult.whenSuccess {
      let (handler, context) = bound.value
      handler.open -= 1
      if handler.open == 0 { handler.arm(context, handler.limits.idleSeconds, "idle") }
    }
    context.write(data, promise: sent)
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    guard let error = error as? HTTPParserError, open == 0 else { return context.fireErrorCaught(error) }
    let problem =
      error == .headerOverflow
      ? Problem(.headerTooLarge, "The header is larger than \(limits.headerBytes) bytes.")
      : Problem(.badParameter, "This is no HTTP request.")
    let json = problem.json
    var headers = Responder.headers
    headers[.contentType] = "application/problem+json"
    headers[.contentLength] = String(json.count)
    headers[.connection] = "close"
    open += 1
    context.write(
      wrapOutboundOut(.head(HTTPResponse(status: .init(code: problem.kind.status), headerFields: headers))),
      promise: nil)
    context.write(wrapOutboundOut(.body(ByteBuffer(bytes: json))), promise: nil)
    let channel = context.channel
    let sent = context.eventLoop.makePromise(of: Void.self)
    sent.futureResult.whenComplete { _ in channel.close(mode: .all, promise: nil) }
    context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: sent)
  }
}

@available(*, unavailable)
extension ConnectionLimits: Sendable {}
