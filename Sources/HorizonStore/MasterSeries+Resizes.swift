package import HorizonCore

extension MasterSeries {
  /// A change of what 100 % is, in the unit of the capacity.
  package struct Resize: Sendable, Hashable {
    /// Step index of the first reading with the new capacity.
    package let index: Int
    package let from: Double
    package let to: Double

    /// What it does to readings that are shares of the capacity of their time.
    package var change: LevelChange { LevelChange(kind: .capacity, index: index, factor: from / to) }
  }

  /// Changes of the capacity column, oldest first.
  package func resizes(step: Step) -> [Resize] {
    var result: [Resize] = []
    var known = Double.nan
    for (time, capacity) in zip(times, capacity) where capacity > 0 && capacity != known {
      if known > 0 {
        result.append(Resize(index: step.index(ofMicroseconds: time), from: known, to: capacity))
      }
      known = capacity
    }
    return result
  }
}
