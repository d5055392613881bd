import Foundation
import HorizonStore
import Synchronization

/// As much of S3 as a workspace asks for, in this process: objects of one bucket in memory, behind a socket on loopback.
///
/// `make test-s3` asks a server that others wrote; this one is for what must hold in every `make test`.
final class FakeStore: Sendable {
  private struct Object: Sendable {
    let bytes: [UInt8]
    let tag: String
  }

  private struct Request {
    var method = ""
    var path = ""
    var query: [String: String] = [:]
    var headers: [String: String] = [:]
    var body: [UInt8] = []
  }

  private struct Answer {
    var status: Int
    var headers: [(String, String)] = []
    var body: [UInt8] = []
    /// Said of the body where there is none.
    var length: Int?
  }

  /// What happens before a request is answered; a status answers it.
  typealias Fault = @Sendable (_ method: String, _ key: String) -> Int?

  private let objects = Mutex<[String: Object]>([:])
  private let made = Atomic(0)
  private let fault = Mutex<Fault?>(nil)
  private let listener: Int32
  let port: UInt16

  init() {
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    port = withUnsafeMutablePointer(to: &address) { [listener] pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        precondition(
          bind(listener, address, size) == 0 && listen(listener, 64) == 0 && getsockname(listener, address, &size) == 0)
      }
      return UInt16(bigEndian: pointer.pointee.sin_port)
    }
    Thread.detachNewThread { [self] in
      while true {
        let connection = accept(listener, nil, nil)
        if connection < 0 { return }
        Thread.detachNewThread { [self] in
          serve(connection)
          close(connection)
        }
      }
    }
  }

  func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

  func address(_ key: String) -> String { "s3://bucket/\(key)?anonymous=true&endpoint=http://127.0.0.1:\(port)" }

  subscript(_ key: String) -> String? {
    get { objects.withLock { $0[key] }.map { String(decoding: $0.bytes, as: UTF8.self) } }
    set {
      let tag = "\"\(made.add(1, ordering: .relaxed).newValue)\""
      objects.withLock { $0[key] = newValue.map { Object(bytes: Array($0.utf8), tag: tag) } }
    }
  }

  var keys: [String] { objects.withLock { $0.keys.sorted() } }

  func setFault(_ new: Fault?) { fault.withLock { $0 = new } }

  // MARK: HTTP

  private func serve(_ connection: Int32) {
    var buffer: [UInt8] = []
    func more() -> Bool {
      var block = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(connection, &block, block.count)
      if count > 0 { buffer += block[..<count] }
      return count > 0
    }
    func take(_ count: Int) -> [UInt8]? {
      while buffer.count < count { if !more() { return nil } }
      defer { buffer.removeFirst(count) }
      return Array(buffer[..<count])
    }
    func line() -> String? {
      while true {
        if let end = buffer.firstIndex(of: 10) {
          defer { buffer.removeFirst(end + 1) }
          return String(decoding: buffer[..<end], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
        if !more() { return nil }
      }
    }
    func chunks() -> [UInt8]? {
      var body: [UInt8] = []
      while let text = line(), let size = Int(text.split(separator: ";")[0], radix: 16) {
        guard let chunk = take(size) else { return nil }
        // A checksum may follow the last one.
        if size == 0 {
          while let trailer = line(), !trailer.isEmpty {}
          return body
        }
        body += chunk
        _ = line()
      }
      return nil
    }
    while let first = line() {
      var request = Request()
      let words = first.split(separator: " ")
      guard words.count == 3 else { return }
      request.method = String(words[0])
      let target = words[1].split(separator: "?", maxSplits: 1)
      request.path = String(target[0]).removingPercentEncoding ?? ""
      for pair in target.count == 2 ? target[1].split(separator: "&") : [] {
        let parts = pair.split(separator: "=", maxSplits: 1)
        request.query[String(parts[0])] = parts.count == 2 ? String(parts[1]).removingPercentEncoding : ""
      }
      while let text = line(), !text.isEmpty {
        let parts = text.split(separator: ":", maxSplits: 1)
        request.headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
      }
      if request.headers["expect"] != nil { send(connection, Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) }
      let body =
        request.headers["transfer-encoding"] == "chunked"
        ? chunks() : take(Int(request.headers["content-length"] ?? "") ?? 0)
      guard var body else { return }
      if request.headers["content-encoding"] == "aws-chunked" {
        swap(&buffer, &body)
        let content = chunks()
        buffer = body
        guard let content else { return }
        body = content
      }
      request.body = body
      let answer = answer(to: request)
      var head = "HTTP/1.1 \(answer.status) x\r\ncontent-length: \(answer.length ?? answer.body.count)\r\n"
      for (name, value) in answer.headers { head += "\(name): \(value)\r\n" }
      send(connection, Array((head + "\r\n").utf8) + (request.method == "HEAD" ? [] : answer.body))
    }
  }

  private func send(_ connection: Int32, _ bytes: [UInt8]) {
    var done = 0
    while done < bytes.count {
      let count = bytes[done...].withUnsafeBytes {
        Foundation.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return }
      done += count
    }
  }

  // MARK: S3

  private func answer(to request: Request) -> Answer {
    guard request.path == "/bucket" || request.path.hasPrefix("/bucket/") else { return error(404, "NoSuchBucket") }
    let key = String(request.path.dropFirst("/bucket/".count))
    if let status = fault.withLock({ $0 })?(request.method, key) { return error(status, "SlowDown") }
    switch (request.method, key.isEmpty) {
    case ("GET", true): return list(request)
    case ("GET", false), ("HEAD", false): return get(key, request)
    case ("PUT", false): return put(key, request)
    case ("DELETE", false):
      objects.withLock { $0[key] = nil }
      return Answer(status: 204)
    default: return error(405, "MethodNotAllowed")
    }
  }

  private func error(_ status: Int, _ code: String) -> Answer {
    Answer(status: status, body: Array("<Error><Code>\(code)</Code></Error>".utf8))
  }

  private func get(_ key: String, _ request: Request) -> Answer {
    guard let object = objects.withLock({ $0[key] }) else { return error(404, "NoSuchKey") }
    var answer = Answer(
      status: 200, headers: [("etag", object.tag), ("last-modified", "Mon, 01 Jan 2024 00:00:00 GMT")],
      body: object.bytes)
    if let range = request.headers["range"], range.hasPrefix("bytes=") {
      let ends = range.dropFirst("bytes=".count).split(separator: "-").compactMap { Int($0) }
      answer.status = 206
      answer.body = Array(object.bytes[ends[0]...min(ends[1], object.bytes.count - 1)])
    }
    return answer
  }

  private func put(_ key: String, _ request: Request) -> Answer {
    let tag = "\"\(made.add(1, ordering: .relaxed).newValue)\""
    let isDone = objects.withLock { objects in
      if request.headers["if-none-match"] == "*", objects[key] != nil { return false }
      if let wanted = request.headers["if-match"], objects[key]?.tag != wanted { return false }
      objects[key] = Object(bytes: request.body, tag: tag)
      return true
    }
    return isDone ? Answer(status: 200, headers: [("etag", tag)]) : error(412, "PreconditionFailed")
  }

  private func list(_ request: Request) -> Answer {
    let prefix = request.query["prefix"] ?? ""
    var text = "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><IsTruncated>false</IsTruncated>"
    for (key, object) in objects.withLock({ $0 }).sorted(by: { $0.key < $1.key }) where key.hasPrefix(prefix) {
      text += "<Contents><Key>\(key)</Key><Size>\(object.bytes.count)</Size>"
      text += "<LastModified>2024-01-01T00:00:00.000Z</LastModified></Contents>"
    }
    return Answer(status: 200, body: Array((text + "</ListBucketResult>").utf8))
  }
}
