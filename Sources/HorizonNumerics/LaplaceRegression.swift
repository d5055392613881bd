/// Least squares on normal equations under a ridge on some coefficients and a Laplace prior on the others, solved exactly.
///
/// Minimises 1/2 x' (G + R) x - b' x + w * sum of |x_i| over the last `sparse` coefficients, R being a diagonal that is zero there. The
/// free coefficients are eliminated by a Schur complement; on the rest an active set of signs is moved until no sign can improve
/// the sum, which takes finitely many steps and no tolerance on the way.
///
/// Source: Lee, Battle, Raina, Ng, "Efficient sparse coding algorithms", NIPS 2006 (feature-sign search).
package struct LaplaceRegression: Sendable {
  package let free: Int
  package let sparse: Int
  /// Cholesky factor of the free coefficients' block; that block's share of the coupling with the others; what is left of their own.
  private let factor: [Double]
  private let coupling: [Double]
  private let schur: [Double]

  /// - Parameters:
  ///   - gram: G, `(free + sparse)` squared, symmetric.
  ///   - ridge: Diagonal of R, one for each free coefficient.
  /// - Returns: nil when the equations have no unique solution.
  package init?(gram: [Double], ridge: [Double], sparse s: Int) {
    let p = ridge.count
    let n = p + s
    free = p
    sparse = s
    var factor = [Double](repeating: 0, count: p * p)
    for j in 0..<p {
      for i in j..<p { factor[j * p + i] = gram[j * n + i] }
      factor[j * (p + 1)] += ridge[j]
    }
    guard choleskyInPlace(&factor, size: p) else { return nil }
    var coupling = [Double](repeating: 0, count: p * s)
    for j in 0..<s { for i in 0..<p { coupling[j * p + i] = gram[(p + j) * n + i] } }
    if s > 0 { solveLower(factor, size: p, matrix: &coupling, columns: s) }
    var schur = [Double](repeating: 0, count: s * s)
    coupling.withUnsafeBufferPointer { w in
      for j in 0..<s {
        for i in j..<s {
          let value = gram[(p + j) * n + p + i] - dot(w.baseAddress! + i * p, w.baseAddress! + j * p, count: p)
          schur[j * s + i] = value
          schur[i * s + j] = value
        }
      }
    }
    self.factor = factor
    self.coupling = coupling
    self.schur = schur
  }

  /// - Parameters:
  ///   - right: b.
  ///   - weight: w, above 0 unless the sparse coefficients are to be free too.
  ///   - x: Where the search for signs starts; the solution afterwards.
  package func solve(right b: [Double], weight: Double, x: inout [Double]) {
    let p = free
    let s = sparse
    var half = Array(b[0..<p])
    solveLower(factor, size: p, &half)
    if s > 0 {
      var right = [Double](repeating: 0, count: s)
      coupling.withUnsafeBufferPointer { w in
        half.withUnsafeBufferPointer { h in
          for j in 0..<s { right[j] = b[p + j] - dot(w.baseAddress! + j * p, h.baseAddress!, count: p) }
        }
      }
      var signs = ActiveSigns(count: s)
      signs.minimise(matrix: schur, right: right, weight: weight, x: &x, from: p)
      for j in 0..<s where x[p + j] != 0 {
        let value = x[p + j]
        for i in 0..<p { half[i] -= coupling[j * p + i] * value }
      }
    }
    solveUpper(factor, size: p, &half)
    for i in 0..<p { x[i] = half[i] }
  }
}

/// Minimises 1/2 x' M x - c' x + w * sum of |x|; M may be singular.
private struct ActiveSigns: Sendable {
  private let count: Int
  private var active: [Int] = []
  private var sign: [Double]
  private var gradient: [Double]
  private var small: [Double]
  private var target: [Double]

  init(count: Int) {
    self.count = count
    sign = [Double](repeating: 0, count: count)
    gradient = sign
    small = [Double](repeating: 0, count: count * count)
    target = sign
  }

  mutating func minimise(matrix m: [Double], right c: [Double], weight w: Double, x: inout [Double], from offset: Int) {
    active.removeAll(keepingCapacity: true)
    var largest = 0.0
    for i in 0..<count {
      largest = max(largest, m[i * (count + 1)])
      sign[i] = x[offset + i] > 0 ? 1 : x[offset + i] < 0 ? -1 : 0
      if sign[i] != 0 { active.append(i) }
    }
    // Changepoints with no reading between them have the same column: a trace of ridge keeps their equations solvable.
    let trace = 1e-12 * largest + .leastNormalMagnitude
    for _ in 0..<(20 * count + 20) {
      while !active.isEmpty, !step(m, c, w, trace, &x, offset) {}
      var entering = -1
      var excess = w * (1 + 1e-9) + 1e-13 * largest
      for i in 0..<count where sign[i] == 0 {
        var g = -c[i]
        for a in active { g += m[a * count + i] * x[offset + a] }
        if abs(g) > excess {
          excess = abs(g)
          entering = i
          gradient[i] = g
        }
      }
      guard entering >= 0 else { return }
      sign[entering] = gradient[entering] > 0 ? -1 : 1
      active.append(entering)
    }
  }

  /// Solves for the active coefficients under their signs and goes there, or to where the first of them becomes 0 and leaves.
  ///
  /// - Returns: Whether the solution was reached.
  private mutating func step(
    _ m: [Double], _ c: [Double], _ w: Double, _ trace: Double, _ x: inout [Double], _ offset: Int
  ) -> Bool {
    let n = active.count
    for (b, j) in active.enumerated() {
      for a in b..<n { small[b * n + a] = m[j * count + active[a]] }
      small[b * (n + 1)] += trace
      target[b] = c[j] - w * sign[j]
    }
    guard choleskyInPlace(&small, size: n) else {
      // The newest one adds nothing to the others.
      let last = active.removeLast()
      sign[last] = 0
      x[offset + last] = 0
      return active.isEmpty
    }
    solveLower(small, size: n, &target)
    solveUpper(small, size: n, &target)
    var share = 1.0
    var leaving = -1
    for (a, j) in active.enumerated() where target[a] * sign[j] < 0 {
      let now = x[offset + j]
      let reach = now == target[a] ? 0 : now / (now - target[a])
      if reach < share {
        share = max(0, reach)
        leaving = a
      }
    }
    for (a, j) in active.enumerated() { x[offset + j] += share * (target[a] - x[offset + j]) }
    guard leaving >= 0 else { return true }
    let j = active.remove(at: leaving)
    sign[j] = 0
    x[offset + j] = 0
    return active.isEmpty
  }
}
