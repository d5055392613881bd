/// A cell read as a number.
enum NumberText {
  case number(Double)
  case missing
  case other

  /// What counts as missing, as Arrow has it.
  private static let missingWords: Set<String> = [
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "N/A", "NA", "NULL",
    "NaN", "n/a",
    "nan", "null", "None", "NAN",
  ]

  init(_ text: String?) {
    guard var text else {
      self = .missing
      return
    }
    while text.utf8.last == 32 || text.utf8.last == 9 { text.removeLast() }
    while text.utf8.first == 32 || text.utf8.first == 9 { text.removeFirst() }
    if NumberText.missingWords.contains(text) {
      self = .missing
    } else if !text.utf8.contains(where: { $0 == 120 || $0 == 88 || $0 == 112 || $0 == 80 }), let number = Double(text)
    {
      self = .number(number)
    } else {
      self = .other
    }
  }
}
