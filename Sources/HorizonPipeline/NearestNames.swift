/// Names that somebody may have meant, the nearest first, at most `count`.
///
/// Upper and lower case do not matter. A name that contains the word, or is contained in it, is near; else at most a third of
/// its letters may differ (Levenshtein's distance).
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

/// Levenshtein's distance; nil when it is above `most`.
private func distance(_ a: [UInt8], _ b: [UInt8], most: Int) -> Int? {
  var row = Array(0...b.count)
  for i in a.indices {
    var diagonal = row[0]
    row[0] = i + 1
    for j in b.indices {
      let changed = diagonal + (a[i] == b[j] ? 0 : 1)
      diagonal = row[j + 1]
      row[j + 1] = min(changed, row[j] + 1, row[j + 1] + 1)
    }
    if row.min()! > most { return nil }
  }
  return row[b.count] <= most ? row[b.count] : nil
}
