import HorizonModels

/// Appends values to a row of 32-bit words, as passes hand them to each other in files.
struct WordWriter {
  private(set) var words: [UInt32]

  init(_ words: [UInt32] = []) { self.words = words }

  mutating func add(_ value: Int) { words.append(UInt32(truncatingIfNeeded: Int32(truncatingIfNeeded: value))) }
  mutating func add(_ value: Float) { words.append(value.bitPattern) }

  mutating func add(_ text: String) {
    let bytes = Array(text.utf8)
    add(bytes.count)
    for at in stride(from: 0, to: bytes.count, by: 4) {
      var word: UInt32 = 0
      for k in 0..<min(4, bytes.count - at) { word |= UInt32(bytes[at + k]) << UInt32(8 * k) }
      words.append(word)
    }
  }

  mutating func add(_ floats: [Float]?) {
    add(floats?.count ?? -1)
    for value in floats ?? [] { add(value) }
  }

  mutating func add(_ recipe: Recipe?) {
    add(recipe?.members.count ?? 0)
    guard let recipe else { return }
    for member in recipe.members { add(member) }
    switch recipe.blend {
    case .median: add(0)
    case .average(let weights):
      add(1)
      for weight in weights { add(weight) }
    }
  }

  /// Writes how many words `body` adds before them.
  mutating func counted(_ body: (inout WordWriter) -> Void) {
    let place = words.count
    words.append(0)
    body(&self)
    words[place] = UInt32(words.count - place - 1)
  }
}

/// Reads what `WordWriter` wrote; the words are known to be whole.
struct WordReader {
  private let words: UnsafeBufferPointer<UInt32>
  private(set) var at: Int

  init(_ words: UnsafeBufferPointer<UInt32>, at: Int) {
    self.words = words
    self.at = at
  }

  mutating func int() -> Int {
    defer { at += 1 }
    return Int(Int32(bitPattern: words[at]))
  }

  mutating func float() -> Float {
    defer { at += 1 }
    return Float(bitPattern: words[at])
  }

  mutating func text() -> String {
    let count = int()
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: words[at + $0 / 4] >> UInt32(8 * ($0 % 4))) }
    at += (count + 3) / 4
    return String(decoding: bytes, as: UTF8.self)
  }

  mutating func floats() -> [Float]? {
    let count = int()
    return count < 0 ? nil : (0..<count).map { _ in float() }
  }

  mutating func recipe() -> Recipe? {
    let count = int()
    guard count > 0 else { return nil }
    let members = (0..<count).map { _ in int() }
    return Recipe(members: members, blend: int() == 0 ? .median : .average((0..<count).map { _ in float() }))
  }
}
