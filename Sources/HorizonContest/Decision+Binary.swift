package import HorizonCore
import HorizonModels

/// What publishing needs of a decision as 32-bit words; the first tells how many follow.
extension Decision {
  package func encode(into words: inout [UInt32]) {
    var writer = WordWriter(words)
    words = []
    writer.counted(write)
    words = writer.words
  }

  private func write(to out: inout WordWriter) {
    out.add(name.server)
    out.add(name.resource)
    out.add(champion)
    out.add(recipe)
    for v in [
      isContested ? 1 : 0, isLive ? 1 : 0, folds, group.volatility, group.shape, testedLead,
      TailShape.allCases.firstIndex(of: tail)!,
    ] { out.add(v) }
    for v in [ceiling, spreadFactor, persistence] { out.add(v) }
    for verdict in tiers { out.add(TrustTier.allCases.firstIndex(of: verdict.tier)!) }
  }

  /// The name alone of the decision at a place.
  package static func name(decoding words: UnsafeBufferPointer<UInt32>, at: Int) -> SeriesName {
    var reader = WordReader(words, at: at + 1)
    let server = reader.text()
    return SeriesName(server: server, resource: reader.text())
  }

  /// Reads the decision at a place; why its tiers are what they are does not come with it.
  package init(decoding words: UnsafeBufferPointer<UInt32>, at: Int) {
    var reader = WordReader(words, at: at + 1)
    let server = reader.text()
    let name = SeriesName(server: server, resource: reader.text())
    let champion = reader.int()
    let recipe = reader.recipe()
    let isContested = reader.int() == 1
    let isLive = reader.int() == 1
    let folds = reader.int()
    let volatility = reader.int()
    let group = ErrorGroup(volatility: volatility, shape: reader.int())
    let testedLead = reader.int()
    let tail = TailShape.allCases[reader.int()]
    let ceiling = reader.float()
    let spreadFactor = reader.float()
    let persistence = reader.float()
    let tiers = LeadBucket.allCases.map { _ in
      TierVerdict(tier: TrustTier.allCases[reader.int()], code: .earned, reason: "")
    }
    self.init(
      name: name, champion: champion, recipe: recipe, isContested: isContested, isLive: isLive, folds: folds,
      ceiling: ceiling, spreadFactor: spreadFactor, group: group, persistence: persistence, testedLead: testedLead,
      tail: tail, tiers: tiers, lossRatio: nil)
  }
}
