import Foundation

/// `{"token": "..."}`.
struct SignIn: Decodable, Sendable {
  let token: String

  init(json bytes: [UInt8]) throws(Problem) {
    do { self = try JSONDecoder().decode(SignIn.self, from: Data(bytes)) } catch {
      throw Problem(.badBody, "The body is not {\"token\": \"...\"}.")
    }
  }
}
