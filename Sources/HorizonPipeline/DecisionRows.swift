import HorizonContest
import HorizonCore
package import HorizonModels
import HorizonStore

/// `decisions.parquet`: why each series is forecast as it is.
struct DecisionRows {
  private var server = KeyColumn()
  private var resource = KeyColumn()
  private var champion = KeyColumn()
  private var choice = KeyColumn()
  private var members: [String?] = []
  private var weights: [String?] = []
  private var contested: [Bool] = []
  private var live: [Bool] = []
  private var folds: [Int32] = []
  private var testedLead: [Int32] = []
  private var lossRatio: [Float] = []
  private var spreadFactor: [Float] = []
  private var group: [Int32] = []
  private var shape: [Int32] = []
  private var persistence: [Float] = []
  private var tail = KeyColumn()
  private var ceiling: [Double] = []
  private var tiers = [KeyColumn](repeating: KeyColumn(), count: LeadBucket.allCases.count)
  private var codes = [KeyColumn](repeating: KeyColumn(), count: LeadBucket.allCases.count)
  private var reasons = [[String?]](repeating: [], count: LeadBucket.allCases.count)

  mutating func append(_ decision: Decision, names: [String]) {
    server.append(decision.name.server)
    resource.append(decision.name.resource)
    champion.append(names[decision.champion])
    choice.append(decision.reason?.rawValue ?? "none")
    members.append((decision.recipe?.members ?? []).map { names[$0] }.joined(separator: " "))
    weights.append(decision.recipe?.blend.text ?? "")
    contested.append(decision.isContested)
    live.append(decision.isLive)
    folds.append(Int32(decision.folds))
    testedLead.append(Int32(decision.testedLead))
    lossRatio.append(decision.lossRatio.map { Float($0) } ?? .nan)
    spreadFactor.append(decision.spreadFactor)
    group.append(Int32(decision.group.volatility))
    shape.append(Int32(decision.group.shape))
    persistence.append(decision.persistence)
    tail.append(decision.tail.rawValue)
    ceiling.append(Double(decision.ceiling))
    for bucket in LeadBucket.allCases {
      tiers[bucket.rawValue].append(decision.tiers[bucket.rawValue].tier.rawValue)
      codes[bucket.rawValue].append(decision.tiers[bucket.rawValue].code.rawValue)
      reasons[bucket.rawValue].append(decision.tiers[bucket.rawValue].reason)
    }
  }

  var columns: [ColumnValues] {
    [
      server.values, resource.values, champion.values, choice.values, .text(members), .text(weights),
      .bools(contested), .bools(live), .int32s(folds), .int32s(testedLead), .floats(lossRatio), .floats(spreadFactor),
      .int32s(group), .int32s(shape),
      .floats(persistence), tail.values, .doubles(ceiling),
    ]
      + LeadBucket.allCases.flatMap {
        [tiers[$0.rawValue].values, codes[$0.rawValue].values, .text(reasons[$0.rawValue])]
      }
  }
}

extension Blend {
  /// As in `decisions.parquet`: the weights in the order of the members, separated by blanks; empty for a median.
  package var text: String {
    guard case .average(let weights) = self else { return "" }
    return weights.map(\.description).joined(separator: " ")
  }

  /// One for each member; empty for a median.
  var weights: [Double] {
    guard case .average(let weights) = self else { return [] }
    return weights.map(Double.init)
  }

  /// - Returns: Nil when the text does not have a weight for each member.
  package init?(_ text: String, members: Int) {
    guard !text.isEmpty else {
      self = .median
      return
    }
    let weights = text.split(separator: " ").compactMap { Float($0) }
    guard weights.count == members else { return nil }
    self = .average(weights)
  }
}
