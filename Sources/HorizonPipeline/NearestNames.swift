/// Names that somebody may have meant, the nearest first, at most `count`.
///
/// Upper and lower case do not matter. A name that contains the word, or is contained in it, is near; else at most a third of
/// its letters may be added, dropped, changed or swapped with a neighbour.
///
/// - Complexity: O(*names* x *letters*²) at worst; names of a very different length are passed over.
package func nearestNames(to word: String, among names: some Sequence<String>, count: Int = 3) -> [String] {
  let wanted = Array(word.lowercased().utf8)
  guard !wanted.isEmpty else { return [] }
  let most = max(1, wanted.count / 3)
  var found: [(distance: Int, name: String)] = []
  for name in names {
    let other = Array(name.lowercased().utf8)
    if abs(other.count - wanted.count) <= most, let d = distance(wanted, other, most: most) {
      found.append((2 * d, name))
    } else if contains(other, wanted) || (other.count >= 3 && contains(wanted, other)) {
      found.append((2 * most + 1 + abs(other.count - wanted.count), name))
    }
  }
  return found.sorted { ($0.distance, $0.name) < ($1.distance, $1.name) }.prefix(count).map(\.name)
}

private func contains(_ long: [UInt8], _ short: [UInt8]) -> Bool {
  guard short.count <= long.count else { return false }
  return (0...(long.count - short.count)).contains { long[$0...].starts(with: short) }
}

/// Letters to add, drop, change or swap with their neighbour; nil when there are more than `most`.
///
/// The optimal string alignment distance: Levenshtein's with swaps.
private func distance(_ a: [UInt8], _ b: [UInt8], most: Int) -> Int? {
  var twoUp: [Int] = []
  var above = Array(0...b.count)
  for i in a.indices {
    var row = [i + 1]
    for j in b.indices {
      var least = min(above[j] + (a[i] == b[j] ? 0 : 1), above[j + 1] + 1, row[j] + 1)
      if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, twoUp[j - 1] + 1) }
      row.append(least)
    }
    if row.min()! > most { return nil }
    (twoUp, above) = (above, row)
  }
  return above[b.count] <= most ? above[b.count] : nil
}
