extension Panel {
  /// Of everything that the panel knows up to its cutoff, covariates aside: equal panels have equal digests on every machine.
  package var digest: UInt64 {
    var hash = mixed(mixed(UInt64(bitPattern: Int64(firstIndex)), UInt64(length)), UInt64(step.seconds))
    for s in 0..<count {
      hash = mixed(hash, seeds[s])
      hash = mixed(hash, ceilings[s].bitPattern)
      for change in capacityChanges[s] where change.index <= cutoff {
        hash = mixed(mixed(hash, UInt64(bitPattern: Int64(change.index))), change.factor.bitPattern)
      }
      for value in row(s) { hash = (hash ^ UInt64(value.bitPattern)) &* 0x0000_0100_0000_01b3 }
    }
    return hash
  }
}

/// Every bit of the result depends on every bit of both.
private func mixed(_ a: UInt64, _ b: UInt64) -> UInt64 {
  var h = (a ^ (b &* 0x9e37_79b9_7f4a_7c15)) &* 0xbf58_476d_1ce4_e5b9
  h ^= h >> 29
  h = h &* 0x94d0_49bb_1331_11eb
  return h ^ (h >> 32)
}
