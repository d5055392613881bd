import Foundation
package import HorizonCore

/// The lowest threshold of a series in the unit of its readings, and how often it has to be reached.
package struct BreachLimit: Sendable, Hashable {
  package let value: Float
  package let rule: BreachRule

  package init(value: Float, rule: BreachRule) {
    self.value = value
    self.rule = rule
  }
}

/// The breach rule reading by reading; missing readings are passed over.
struct BreachWindow: Sendable {
  let limit: BreachLimit
  private var exceedances: UInt64 = 0

  init(_ limit: BreachLimit, history: ArraySlice<Float>) {
    self.limit = limit
    var newest: [Float] = []
    for value in history.reversed() where !value.isNaN && newest.count < limit.rule.of { newest.append(value) }
    for value in newest.reversed() { add(value) }
  }

  mutating func add(_ value: Float) {
    let mask: UInt64 = limit.rule.of == 64 ? .max : (1 << UInt64(limit.rule.of)) - 1
    exceedances = ((exceedances << 1) | (value >= limit.value ? 1 : 0)) & mask
  }

  /// Whether the rule holds at the newest reading.
  var isBreached: Bool { exceedances.nonzeroBitCount >= limit.rule.count }
}

/// What one fold said of breaches and what happened, for each lead bucket: by its end, counted from the cutoff.
///
/// A fold "called" a breach when its median path meets the rule: the digest has no room for paths, and where errors persist
/// the median of the first breach is the first breach of the median.
package struct FoldBreach: Sendable, Hashable {
  private var called: UInt8 = 0
  private var happened: UInt8 = 0
  private var known: UInt8 = 0

  package init() {}

  package init(bits: Int) {
    called = UInt8(bits & 0xF)
    happened = UInt8(bits >> 4 & 0xF)
    known = UInt8(bits >> 8 & 0xF)
  }

  package var bits: Int { Int(called) | Int(happened) << 4 | Int(known) << 8 }

  /// Nil where the threshold was crossed already, there is none, or the bucket has not ended yet.
  package func outcome(by bucket: LeadBucket) -> (called: Bool, happened: Bool)? {
    let bit: UInt8 = 1 << UInt8(bucket.rawValue)
    return known & bit == 0 ? nil : (called & bit != 0, happened & bit != 0)
  }

  mutating func call(in bucket: LeadBucket) { called |= FoldBreach.from(bucket) }
  mutating func happen(in bucket: LeadBucket) { happened |= FoldBreach.from(bucket) }
  mutating func know(_ bucket: LeadBucket) { known |= 1 << UInt8(bucket.rawValue) }

  /// That bucket and all later ones: a first breach stays one.
  private static func from(_ bucket: LeadBucket) -> UInt8 { 0xF << UInt8(bucket.rawValue) & 0xF }
}

/// Chance that a reading reaches `limit`: linear between the seven quantiles, a tail beyond them.
func exceedance(_ q: UnsafePointer<Float>, of limit: Float) -> Float {
  let last = Levels.count - 1
  if limit > q[last] {
    let unit = q[last] - q[last - 1]
    return unit > 0 ? 0.05 * exp2(-(limit - q[last]) / unit) : 0
  }
  if limit <= q[0] {
    let unit = q[1] - q[0]
    return unit > 0 ? 1 - 0.05 * exp2(-(q[0] - limit) / unit) : 1
  }
  var k = 0
  while q[k + 1] < limit { k += 1 }
  let low = Levels.all[k]
  return 1 - (low + (limit - q[k]) / (q[k + 1] - q[k]) * (Levels.all[k + 1] - low))
}
