import HorizonCore

/// How many of the 256 simulated futures have breached a threshold by each lead.
///
/// A path's reading is at or above a threshold exactly when its rank is at or above a cut that depends on the lead alone, so
/// a whole lead is 16 byte vectors compared, and values need never be written out. The window of the rule is a running count
/// per path, whatever its length.
package struct BreachSimulation {
  package let future: FutureValues
  package let history: BreachHistory
  package let bank: RankPathBank
  /// Of the bank's classes, [lead].
  package let classes: [Int]

  /// The most paths that may breach where a chance of at most one tenth is asked for.
  package static let mostPathsOfTenth = RankPathBank.paths / 10

  /// - Parameter persistence: Share of the error of the nearest leads that persists; NaN when not known.
  package init(future: FutureValues, history: BreachHistory, bank: RankPathBank, persistence: Float) {
    self.future = future
    self.history = history
    self.bank = bank
    classes = future.persistence(near: persistence).map(RankPathBank.classIndex)
  }

  /// Number of paths whose first breach lies at or before each lead, [lead].
  ///
  /// - Parameter enough: Counting stops beyond this number of paths; later leads then repeat it.
  package func breached(threshold: Float, enough: Int = RankPathBank.paths) -> [Int] {
    let paths = RankPathBank.paths
    let window = history.rule.of
    let horizon = future.horizon
    // Cuts of the last readings, all or nothing, then of the leads.
    var cuts = history.exceedances(threshold).map { $0 ? 0 : paths } + [Int](repeating: 0, count: horizon)
    future.writeRanksBelow(threshold, to: &cuts, from: window)
    let before = cuts.prefix(window).reduce(0) { $0 + ($1 == 0 ? 1 : 0) }
    var result = [Int](repeating: 0, count: horizon)
    let lanes = paths / 16
    let needed = SIMD16<UInt8>(repeating: UInt8(history.rule.count))
    let one = SIMD16<UInt8>(repeating: 1)
    bank.withRows { rows in
      withUnsafeTemporaryAllocation(of: SIMD16<UInt8>.self, capacity: 2 * lanes) { scratch in
        let counts = scratch.baseAddress!
        let ever = counts + lanes
        for i in 0..<lanes {
          counts[i] = SIMD16(repeating: UInt8(before))
          ever[i] = SIMD16(repeating: 0)
        }
        // "None" has no cut in a byte: it is read as a row of zeros against a cut of 1.
        func row(_ index: Int) -> (UnsafePointer<SIMD16<UInt8>>, SIMD16<UInt8>) {
          let none = cuts[index] == paths
          let at =
            index < window || none
            ? bank.emptyRow : bank.row(classIndex: classes[index - window], lead: index - window + 1)
          let pointer = UnsafeRawPointer(rows + at * paths).assumingMemoryBound(to: SIMD16<UInt8>.self)
          return (pointer, SIMD16(repeating: none ? 1 : UInt8(cuts[index])))
        }
        var total = 0
        for lead in 0..<horizon {
          let entering = window + lead
          if cuts[entering] != paths || cuts[lead] != paths {
            let (newRanks, newCut) = row(entering)
            let (oldRanks, oldCut) = row(lead)
            var sum = SIMD16<UInt8>(repeating: 0)
            for i in 0..<lanes {
              let new = load(newRanks, i)
              let old = load(oldRanks, i)
              let added = SIMD16<UInt8>(repeating: 0).replacing(with: one, where: new .>= newCut)
              let removed = SIMD16<UInt8>(repeating: 0).replacing(with: one, where: old .>= oldCut)
              let count = counts[i] &+ added &- removed
              counts[i] = count
              let seen = ever[i].replacing(with: one, where: count .>= needed)
              ever[i] = seen
              sum = sum &+ seen
            }
            total = Int(SIMD16<UInt16>(truncatingIfNeeded: sum).wrappedSum())
          }
          result[lead] = total
          if total > enough {
            for later in lead..<horizon { result[later] = total }
            return
          }
        }
      }
    }
    return result
  }

  @inline(__always)
  private func load(_ pointer: UnsafePointer<SIMD16<UInt8>>, _ i: Int) -> SIMD16<UInt8> {
    UnsafeRawPointer(pointer + i).loadUnaligned(as: SIMD16<UInt8>.self)
  }

  /// Whether a threshold is breached within the horizon, or already is, with a chance above one tenth.
  package func exceedsTenth(_ threshold: Float) -> Bool {
    history.isBreached(threshold)
      || breached(threshold: threshold, enough: Self.mostPathsOfTenth).last! > Self.mostPathsOfTenth
  }

  /// The least threshold, in the unit of the readings and to five digits, whose chance of a breach within the horizon is at most
  /// one tenth. The tails are not cut at today's ceiling, which a new capacity would move.
  ///
  /// - Parameters:
  ///   - atLeast: A threshold known to exceed one tenth, or nil.
  ///   - atMost: A threshold known not to, or nil.
  package func leastSafeThreshold(above atLeast: Float?, atMost: Float?) -> Float {
    let past = history.readings >= history.rule.count ? history.level! : -.greatestFiniteMagnitude
    var high = min(max(past, future.largest).nextUp, .greatestFiniteMagnitude)
    if let atMost { high = min(high, atMost) }
    var low = max(past, min(future.smallest, high))
    if let atLeast { low = max(low, atLeast) }
    var steps = 0
    while high - low > 1e-5 * abs(high) && steps < 64 {
      let middle = Float((Double(low) + Double(high)) / 2)
      if middle <= low || middle >= high { break }
      if exceedsTenth(middle) { low = middle } else { high = middle }
      steps += 1
    }
    return high
  }
}
