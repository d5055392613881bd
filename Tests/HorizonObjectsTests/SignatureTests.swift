import HorizonObjects
import Testing

/// The examples of AWS, "Signature Calculations for the Authorization Header: Transferring Payload in a Single Chunk".
@Suite struct SignatureTests {
  struct Example: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var method = "GET"
    var path = "/"
    var query: [(String, String)] = []
    var headers: [(String, String)] = []
    var payload = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    let signature: String
  }

  static let examples = [
    Example(
      testDescription: "get an object", path: "/test.txt", headers: [("range", "bytes=0-9")],
      signature: "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
    Example(
      testDescription: "put an object", method: "PUT", path: SignatureV4.path("/test$file.text"),
      headers: [("date", "Fri, 24 May 2013 00:00:00 GMT"), ("x-amz-storage-class", "REDUCED_REDUNDANCY")],
      payload: "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
      signature: "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
    Example(
      testDescription: "get a setting of a bucket", query: [("lifecycle", "")],
      signature: "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
    Example(
      testDescription: "list objects", query: [("prefix", "J"), ("max-keys", "2")],
      signature: "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
  ]

  @Test(arguments: examples) func signaturesAreThoseOfTheReference(_ example: Example) {
    let signature = SignatureV4(
      key: "AKIAIOSFODNN7EXAMPLE", secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", token: nil, region: "us-east-1")
    let headers = signature.headers(
      method: example.method, path: example.path, query: example.query,
      headers: example.headers + [("host", "examplebucket.s3.amazonaws.com")], payload: example.payload,
      time: 1_369_353_600)
    let authorization = headers.last { $0.0 == "authorization" }!.1
    #expect(authorization.hasSuffix(",Signature=\(example.signature)"))
    #expect(authorization.contains("Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,"))
  }

  @Test func aTokenIsSentAndSigned() {
    let signature = SignatureV4(key: "k", secret: "s", token: "t", region: "eu-west-1")
    let headers = signature.headers(method: "GET", path: "/", headers: [("host", "h")], payload: "", time: 0)
    #expect(headers.contains { $0 == ("x-amz-security-token", "t") })
    #expect(headers.last!.1.contains("x-amz-date;x-amz-security-token"))
  }

  @Test func keysArePercentEncodedButForTheirSlashes() {
    #expect(SignatureV4.path("a b/resource=cpu/ü+~.x") == "a%20b/resource%3Dcpu/%C3%BC%2B~.x")
  }

  @Test func errorsOfAStoreAreReadFromTheirBody() {
    let body = "<?xml version=\"1.0\"?><Error><Code>SlowDown</Code><Message>Reduce your rate.</Message></Error>"
    let trouble = ObjectDoor.trouble(status: 503, body: Array(body.utf8))
    #expect(trouble.kind == .busy)
    #expect(trouble.detail == "SlowDown, Reduce your rate., HTTP status 503")
    #expect(ObjectDoor.trouble(status: 412, body: []).kind == .refused)
    #expect(ObjectDoor.trouble(status: 403, body: Array("</Code><Code>".utf8)).kind == .denied)
  }
}
