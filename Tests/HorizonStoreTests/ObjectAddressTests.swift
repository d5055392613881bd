import HorizonCore
import HorizonStore
import Testing

@Suite struct ObjectAddressTests {
  @Test func anAddressIsABucketAndAKey() throws {
    let address = try ObjectAddress("s3://lake/usage//2025/")
    #expect(address.bucket == "lake")
    #expect(address.key == "usage/2025")
    #expect(address.description == "s3://lake/usage/2025")
    #expect(address.appending("lock").path == "lake/usage/2025/lock")
    #expect(try ObjectAddress("S3://lake").path == "lake")
    #expect(ObjectAddress.isMeant(by: "S3://lake") && !ObjectAddress.isMeant(by: "./s3:/lake"))
  }

  @Test func optionsStandBehindTheQuestionMark() throws {
    let address = try ObjectAddress("s3://lake/x?region=eu-west-1&endpoint=http%3A%2F%2F127.0.0.1:9000&anonymous=true")
    #expect(address.region == "eu-west-1")
    #expect(address.endpoint == "http://127.0.0.1:9000")
    #expect(address.isAnonymous)
    #expect(address.description == "s3://lake/x")
  }

  @Test(arguments: [
    "s3://", "s3:///x", "s3://AB/x", "s3://key:secret@bucket/x", "s3://lake/x?colour=red", "s3://lake/x?endpoint=lake",
    "s3://lake/../x", "s3://lake/x?anonymous=perhaps", "s3://lake:9000/x",
  ])
  func whatIsNoAddressIsRefusedWithoutRepeatingKeys(text: String) throws {
    let failure = try #require(throws: Failure.self) { try ObjectAddress(text) }
    #expect(failure.code == .badUsage)
    #expect(!failure.description.contains("secret"))
  }

  @Test func theEnvironmentOfAWSIsUnderstoodAndTheAddressWins() throws {
    let plain = try ObjectAddress("s3://lake/x")
    #expect(try ObjectSettings(plain, environment: [:]).endpoint == nil)
    #expect(try ObjectSettings(plain, environment: [:]).region == nil)
    let environment = [
      "AWS_ENDPOINT_URL": "http://all:1", "AWS_ENDPOINT_URL_S3": "http://s3:2/", "AWS_DEFAULT_REGION": "eu-north-1",
    ]
    let settings = try ObjectSettings(plain, environment: environment)
    #expect((settings.scheme, settings.endpoint, settings.region) == ("http", "s3:2", "eu-north-1"))
    let address = try ObjectAddress("s3://lake/x?endpoint=https://own&region=eu-west-1")
    let own = try ObjectSettings(address, environment: environment)
    #expect((own.scheme, own.endpoint, own.region) == ("https", "own", "eu-west-1"))
    // Requests are signed for some region, whatever the server.
    #expect(try ObjectSettings(plain, environment: ["AWS_ENDPOINT_URL": "http://all:1"]).region == "us-east-1")
  }

  @Test(arguments: ["HORIZONSCALE_S3_TIMEOUT", "HORIZONSCALE_S3_ATTEMPTS", "HORIZONSCALE_S3_PATIENCE"])
  func aWrongSettingIsNamed(name: String) throws {
    let address = try ObjectAddress("s3://lake/x")
    for text in ["soon", "0", "-1", "inf"] {
      let failure = try #require(throws: Failure.self) { try ObjectSettings(address, environment: [name: text]) }
      #expect(failure.code == .badSetting && failure.message.hasPrefix(name))
    }
  }
}

@Suite struct ObjectTroubleTests {
  struct Case: Sendable {
    let text: String
    let kind: ObjectTrouble.Kind?

    init(_ text: String, _ kind: ObjectTrouble.Kind?) { (self.text, self.kind) = (text, kind) }
  }

  /// As the pinned Arrow words them, tried against moto and a socket that never answers.
  @Test(arguments: [
    Case("Path does not exist 'lake/x': No such file or directory", .noObject),
    Case(
      "When listing objects under key 'x/' in bucket 'lake': AWS Error NO_SUCH_BUCKET during ListObjectsV2 operation: The specified bucket does not exist (Request ID: 1)",
      .noBucket),
    Case(
      "When getting information for key 'x' in bucket 'lake': AWS Error ACCESS_DENIED during HeadObject operation: No response body.",
      .denied),
    Case(
      "When listing objects under key 'x' in bucket 'lake': AWS Error INVALID_ACCESS_KEY_ID during ListObjectsV2 operation: The AWS Access Key Id you provided does not exist in our records. (Request ID: 1)",
      .badKeys),
    Case(
      "When listing objects under key 'x/' in bucket 'lake': AWS Error NETWORK_CONNECTION during ListObjectsV2 operation: curlCode: 7, Could not connect to server; Details: Failed to connect to 127.0.0.1:1 after 0 ms",
      .unreachable),
    Case(
      "When listing objects under key 'x/' in bucket 'lake': AWS Error NETWORK_CONNECTION during ListObjectsV2 operation: curlCode: 28, Timeout was reached; Details: Operation too slow. Less than 1 bytes/sec transferred the last 2 seconds",
      .slow),
    Case(
      "When reading: AWS Error UNKNOWN (HTTP status 301) during HeadObject operation: No response body.", .wrongRegion),
    Case("When reading: AWS Error SLOW_DOWN during GetObject operation: Please reduce your request rate.", .busy),
    Case("Error writing bytes to file: No space left on device", nil),
  ])
  func textsOfArrowAreUnderstood(_ one: Case) { #expect(ObjectTrouble(arrow: one.text)?.kind == one.kind) }

  @Test func aRequestIdIsNotShown() {
    #expect(
      ObjectTrouble(arrow: "AWS Error NO_SUCH_BUCKET during X: gone (Request ID: 1)")?.detail.hasSuffix("gone") == true)
  }

  @Test func codesWinOverStatus() {
    #expect(ObjectTrouble(status: 403, code: "RequestTimeTooSkewed", message: "").kind == .wrongClock)
    #expect(ObjectTrouble(status: 400, code: "AuthorizationHeaderMalformed", message: "").kind == .wrongRegion)
    #expect(ObjectTrouble(status: 404, code: "NoSuchBucket", message: "").kind == .noBucket)
    #expect(ObjectTrouble(status: 404, code: nil, message: "").kind == .noObject)
  }

  @Test func onlyWhatMayPassIsTriedAgain() {
    let passing = ObjectTrouble.Kind.allCases.filter { ObjectTrouble($0, "").isPassing }
    #expect(passing == [.unreachable, .slow, .busy, .broken])
  }

  @Test(arguments: ObjectTrouble.Kind.allCases) func everyTroubleSaysWhatWhereAndWhatToDo(kind: ObjectTrouble.Kind)
    throws
  {
    let address = try ObjectAddress("s3://lake/x")
    let settings = try ObjectSettings(address, environment: ["AWS_ENDPOINT_URL": "http://s3:1"])
    for deed in [ObjectTrouble.Deed.reading, .writing] {
      let failure = ObjectTrouble(kind, "what it said").failure(deed, address, settings)
      #expect(failure.message.hasPrefix("s3://lake/x cannot be \(deed == .reading ? "read" : "written"): "))
      #expect(failure.message.hasSuffix(".") && failure.remedy.hasSuffix("."))
      #expect(failure.code != .defect)
    }
  }
}
