import Crypto
import Glibc

/// SHA-256 of a file's bytes, in lower-case hexadecimal digits.
package func sha256(ofFile path: String) throws(StoreError) -> String {
  try checkReadable(path)
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw StoreError(.unreadable, path: path, message: systemError()) }
  defer { close(descriptor) }
  var hash = SHA256()
  let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 64)
  defer { buffer.deallocate() }
  while true {
    let count = read(descriptor, buffer.baseAddress, buffer.count)
    if count < 0 && errno == EINTR { continue }
    guard count >= 0 else { throw StoreError(.unreadable, path: path, message: systemError()) }
    if count == 0 { return hexadecimal(hash.finalize()) }
    hash.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
  }
}

/// SHA-256 of some bytes, in lower-case hexadecimal digits.
package func sha256(of bytes: some Sequence<UInt8>) -> String {
  var hash = SHA256()
  hash.update(data: Array(bytes))
  return hexadecimal(hash.finalize())
}

/// Two lower-case hexadecimal digits a byte.
package func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
  let digits = Array("0123456789abcdef".utf8)
  return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
}
