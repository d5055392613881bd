import ArrowBridge
package import HorizonCore

/// A bucket's objects through Arrow's file systems, which come up when the first store is opened. For one thread at a time.
///
/// Errors are `Failure`s that say what, where and what to do; each request is tried again while that may help.
package final class ObjectStore {
  /// Something in a store.
  package struct Object: Sendable, Hashable {
    package let address: ObjectAddress
    package let bytes: Int
    /// Nanoseconds since 1970.
    let modified: Int64

    /// One whose time is not known.
    package init(address: ObjectAddress, bytes: Int) { self.init(address: address, bytes: bytes, modified: 0) }

    init(address: ObjectAddress, bytes: Int, modified: Int64) {
      (self.address, self.bytes, self.modified) = (address, bytes, modified)
    }
  }

  package let bucket: ObjectAddress
  package let settings: ObjectSettings
  private let handle: OpaquePointer

  /// - Parameter address: Any of the bucket.
  package init(_ address: ObjectAddress, _ settings: ObjectSettings) throws(Failure) {
    bucket = address.at("")
    self.settings = settings
    do throws(StoreError) { handle = try ObjectStore.opened(address, settings) } catch {
      throw ObjectStore.failure(error, .reading, address, settings)
    }
  }

  private static func opened(_ address: ObjectAddress, _ settings: ObjectSettings) throws(StoreError) -> OpaquePointer {
    var handle: OpaquePointer?
    try native(address.description) { text in
      settings.scheme.withCString { scheme in
        withOptional(settings.endpoint) { endpoint in
          withOptional(settings.region) { region in
            withOptional(settings.certificates) { certificates in
              address.bucket.withCString { bucket in
                var options = ab_store_options(
                  scheme: scheme, endpoint: endpoint, region: region, bucket: bucket, ca_file: certificates,
                  anonymous: settings.isAnonymous, timeout: settings.timeout, attempts: Int32(settings.attempts),
                  patience: settings.patience)
                return ab_store_open(&options, &handle, text)
              }
            }
          }
        }
      }
    }
    return handle!
  }

  deinit { ab_store_free(handle) }

  /// That requests are signed for.
  package var region: String { String(cString: ab_store_region(handle)) }

  package struct Keys: Sendable {
    package let key: String
    package let secret: String
    /// Nil for lasting keys.
    package let token: String?
  }

  /// As the usual sources of AWS give them now.
  ///
  /// - Returns: Nil when requests are to go out unsigned.
  package func keys() throws(Failure) -> Keys? {
    if settings.isAnonymous { return nil }
    var (key, secret, token) = (
      UnsafeMutablePointer<CChar>?.none, UnsafeMutablePointer<CChar>?.none, UnsafeMutablePointer<CChar>?.none
    )
    defer { for part in [key, secret, token] { ab_free(part) } }
    do throws(StoreError) {
      try native(bucket.description) { text in ab_store_credentials(handle, &key, &secret, &token, text) }
    } catch { throw ObjectStore.failure(error, .reading, bucket, settings) }
    let texts = [key, secret, token].map { $0.map { String(cString: $0) } ?? "" }
    guard !texts[0].isEmpty, !texts[1].isEmpty else {
      throw ObjectTrouble(.noKeys, "").failure(.reading, bucket, settings)
    }
    return Keys(key: texts[0], secret: texts[1], token: texts[2].isEmpty ? nil : texts[2])
  }

  /// All objects below a folder, by name.
  package func list(_ folder: ObjectAddress) throws(Failure) -> [Object] {
    try found(folder) { ab_store_list(handle, folder.path, $0, $1, $2) }
      .sorted { utf8Less($0.address.key, $1.address.key) }
  }

  /// The object of a name; nil where there is none.
  package func find(_ address: ObjectAddress) throws(Failure) -> Object? {
    address.key.isEmpty ? nil : try found(address) { ab_store_find(handle, address.path, $0, $1, $2) }.first
  }

  private func found(
    _ address: ObjectAddress,
    _ call: (
      UnsafeMutablePointer<UnsafeMutablePointer<ab_object>?>, UnsafeMutablePointer<Int64>,
      UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>
    ) -> ab_status
  ) throws(Failure) -> [Object] {
    // Else the store would be asked without a signature, and deny what it may well allow.
    _ = try keys()
    var list: UnsafeMutablePointer<ab_object>?
    var count: Int64 = 0
    do throws(StoreError) { try native(address.description) { text in call(&list, &count, text) } } catch {
      throw ObjectStore.failure(error, .reading, address, settings)
    }
    defer { ab_objects_free(list, count) }
    return UnsafeBufferPointer(start: list, count: Int(count)).map { object in
      let path = String(cString: object.key)
      return Object(
        address: address.at(String(path.dropFirst(bucket.bucket.count + 1))), bytes: Int(object.bytes),
        modified: object.modified)
    }
  }

  /// Copies an object into a new file.
  ///
  /// - Parameter transferred: Told how many bytes have come since it was told last; what it throws ends the transfer.
  package func get(_ object: Object, into path: String, transferred: (Int) throws -> Void = { _ in }) throws {
    try transfer(.reading, object.address, transferred) { tell, context, text in
      object.address.path.withCString { key in
        var native = ab_object(
          key: UnsafeMutablePointer(mutating: key), bytes: Int64(object.bytes), modified: object.modified)
        return ab_store_get(handle, &native, path, tell, context, text)
      }
    }
  }

  /// Copies a file into an object, which appears whole or not at all.
  package func put(_ path: String, to address: ObjectAddress, transferred: (Int) throws -> Void = { _ in }) throws {
    try transfer(.writing, address, transferred) { tell, context, text in
      ab_store_put(handle, path, address.path, ObjectStore.contentType(of: address.key), tell, context, text)
    }
  }

  /// What a browser is to make of it.
  private static func contentType(of name: String) -> String {
    for (ending, type) in [
      (".html", "text/html; charset=utf-8"), (".json", "application/json"), (".csv", "text/csv; charset=utf-8"),
      (".parquet", "application/vnd.apache.parquet"),
    ] where name.hasSuffix(ending) { return type }
    return "application/octet-stream"
  }

  /// Carries a closure through a C function, and what it threw back.
  private struct Passage {
    let body: (Int) throws -> Void
    var error: (any Error)?
  }

  private func transfer(
    _ deed: ObjectTrouble.Deed, _ address: ObjectAddress, _ body: (Int) throws -> Void,
    _ call: (ab_transferred, UnsafeMutableRawPointer, UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> ab_status
  ) throws {
    try withoutActuallyEscaping(body) { body in
      var passage = Passage(body: body)
      do throws(StoreError) {
        try withUnsafeMutablePointer(to: &passage) { passage throws(StoreError) in
          try native(address.description) { text in
            call(
              { context, bytes in
                let passage = context!.assumingMemoryBound(to: Passage.self)
                do { try passage.pointee.body(Int(bytes)) } catch {
                  passage.pointee.error = error
                  return 1
                }
                return 0
              }, UnsafeMutableRawPointer(passage), text)
          }
        }
      } catch {
        if let thrown = passage.error { throw thrown }
        throw ObjectStore.failure(error, deed, address, settings)
      }
    }
  }

  private static func failure(
    _ error: StoreError, _ deed: ObjectTrouble.Deed, _ address: ObjectAddress, _ settings: ObjectSettings
  ) -> Failure {
    if let trouble = ObjectTrouble(arrow: error.message) { return trouble.failure(deed, address, settings) }
    // The other side of a copy is a file here.
    return Failure(
      deed == .reading && error.code == .unreadable ? .writingFailed : error.exitCode, error.description,
      remedy: deed == .reading ? "Check the free disk of this machine." : "")
  }
}

private func withOptional<Result>(_ text: String?, _ body: (UnsafePointer<CChar>?) -> Result) -> Result {
  if let text { text.withCString(body) } else { body(nil) }
}
