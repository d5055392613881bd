package import HorizonContest
package import HorizonCore

/// A stratified sample of bounded size, drawn while the master streams by: what models that learn from the fleet learn from.
///
/// A series is drawn by a hash of its name and the seed, the smallest of each stratum: who is in it does not depend on the order
/// of the series, the threads, or what else the fleet holds of other strata.
package struct FleetSample {
  /// What the series is of, and how much of it there is: short ones are the many in few fleets, but must be learnt from too.
  private struct Stratum: Hashable {
    let kind: ResourceKind
    let length: Length
  }

  private enum Length: Int { case short, medium, long }

  private struct Drawn {
    let stratum: Stratum
    let draw: UInt64
    let series: Panel
  }

  private static let mostSeries = 1_536
  private static let mostOfStratum = 768
  /// Steps of all series together, 64 MB.
  private static let mostReadings = 16_000_000

  private var strata: [Stratum: [Drawn]] = [:]
  /// Steps of the longest history so far, drawn or not.
  private var longest = 0
  /// Series that the sample may have, as far as is known by now.
  private var most: Int { min(FleetSample.mostSeries, max(1, FleetSample.mostReadings / max(1, longest))) }

  package init() {}

  package mutating func add(_ tile: ContestTile) {
    for s in tile.names.indices {
      let history = tile.panel.history(s)
      longest = max(longest, history.count)
      let days = Double(history.count) * tile.panel.step.days
      let kind = ResourceKind(resource: tile.names[s].resource)
      let stratum = Stratum(kind: kind, length: days < 120 ? .short : days < 730 ? .medium : .long)
      let draw = tile.panel.seeds[s]
      var drawn = strata[stratum] ?? []
      guard drawn.count < FleetSample.mostOfStratum || draw < drawn.last!.draw else { continue }
      let place = drawn.firstIndex { $0.draw > draw } ?? drawn.count
      let series = tile.panel.selecting([s], cutoff: tile.panel.cutoff).trimmed()
      drawn.insert(Drawn(stratum: stratum, draw: draw, series: series), at: place)
      if drawn.count > FleetSample.mostOfStratum { drawn.removeLast() }
      strata[stratum] = drawn
    }
    // Who is not among the chosen by now never will be: series that are still to come only take places.
    if strata.values.reduce(0, { $0 + $1.count }) > 2 * most {
      strata = Dictionary(grouping: chosen, by: \.stratum)
    }
  }

  /// The sample as one panel; nil when there is none.
  package var panel: Panel? {
    let series = chosen.sorted { $0.draw < $1.draw }.map(\.series)
    return series.isEmpty ? nil : Panel(joining: series)
  }

  /// Equal shares of the strata as far as they have series, the smallest draws of each; ascending within each.
  private var chosen: [Drawn] {
    var chosen: [Drawn] = []
    var round = 0
    while chosen.count < most {
      // The place among those of the same stratum first, then the draw: a stratum that is used up leaves its share to others.
      let next = strata.values.compactMap { round < $0.count ? $0[round] : nil }.sorted { $0.draw < $1.draw }
      guard !next.isEmpty else { break }
      chosen += next.prefix(most - chosen.count)
      round += 1
    }
    return chosen
  }
}
