/// FNV-1a over UTF-8, finished with a SplitMix64 step: the same on every machine and in every process.
///
/// The seed is spread over all bits before the first letter is: else a neighbouring seed would be no more than another first letter,
/// and fleets of two seeds would share series.
package func stableHash(_ text: String, seed: UInt64 = 0) -> UInt64 {
  var h: UInt64 = 0xcbf2_9ce4_8422_2325 ^ spread(seed)
  for byte in text.utf8 { h = (h ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
  return spread(h)
}

/// The last step of SplitMix64: a bijection in which every bit of the result depends on every bit of `x`; 0 stays 0.
private func spread(_ x: UInt64) -> UInt64 {
  var h = x
  h ^= h >> 30
  h = h &* 0xbf58_476d_1ce4_e5b9
  h ^= h >> 27
  h = h &* 0x94d0_49bb_1331_11eb
  return h ^ (h >> 31)
}
