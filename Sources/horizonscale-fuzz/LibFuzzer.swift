import Foundation
import HorizonFuzzing

// libFuzzer brings `main`; these are the two functions that it calls. See https://llvm.org/docs/LibFuzzer.html.

private let target: FuzzTarget = {
  let name = ProcessInfo.processInfo.environment["HORIZONSCALE_FUZZ_TARGET"] ?? ""
  guard let target = FuzzTarget.named(name) else {
    let names = FuzzTarget.all.map(\.name).joined(separator: ", ")
    FileHandle.standardError.write(Data("HORIZONSCALE_FUZZ_TARGET is '\(name)', not one of \(names).\n".utf8))
    exit(64)
  }
  return target
}()

/// Before flags are read: the longest input is the target's, unless a flag further on says otherwise.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>
) -> CInt {
  let old = Array(UnsafeBufferPointer(start: arguments.pointee, count: Int(count.pointee)))
  let new = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: old.count + 2)
  let all = old.prefix(1) + [strdup("-max_len=\(target.longestInput)")] + old.dropFirst() + [nil]
  new.initialize(from: Array(all), count: all.count)
  arguments.pointee = new
  count.pointee += 1
  return 0
}

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  target.run(UnsafeRawBufferPointer(start: bytes, count: count))
  return 0
}
