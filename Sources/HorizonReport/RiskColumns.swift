/// The ranked list as one array per column; repeated text is stored once.
struct RiskColumns: Codable {
  let server, resource, threshold, severity, tier, orderBy, unit, reason, trustReason: Words
  let outlook: [String]
  let action, trust: Words
  let thresholdValue: [Double?]
  let current, headroom: [Double?]
  let within30, within60, within90, within180: [Double?]
  let daysP10, daysP50, daysP90: [Double?]
  let recommendedCapacity, capacity, reclaimable: [Double?]
  let chart: [Int?]

  init(_ risks: [ReportData.Risk]) {
    server = Words(risks.map(\.server))
    resource = Words(risks.map(\.resource))
    threshold = Words(risks.map(\.threshold))
    severity = Words(risks.map(\.severity))
    tier = Words(risks.map(\.tier))
    orderBy = Words(risks.map { $0.orderBy ?? "" })
    unit = Words(risks.map(\.unit))
    reason = Words(risks.map(\.reason))
    trustReason = Words(risks.map(\.trustReason))
    outlook = risks.map(\.words.outlook)
    action = Words(risks.map(\.words.action))
    trust = Words(risks.map(\.words.trust))
    thresholdValue = risks.map { significant($0.thresholdValue, digits: 6) }
    current = risks.map { decimal($0.current, 10) }
    headroom = risks.map { decimal($0.headroom, 10) }
    within30 = risks.map { decimal($0.within30, 1_000) }
    within60 = risks.map { decimal($0.within60, 1_000) }
    within90 = risks.map { decimal($0.within90, 1_000) }
    within180 = risks.map { decimal($0.within180, 1_000) }
    // Tenths of a day: hourly fleets breach within the day.
    daysP10 = risks.map { decimal($0.daysP10, 10) }
    daysP50 = risks.map { decimal($0.daysP50, 10) }
    daysP90 = risks.map { decimal($0.daysP90, 10) }
    recommendedCapacity = risks.map { $0.recommendedCapacity.flatMap { significant($0, digits: 4) } }
    // Given by the user, so kept as given.
    capacity = risks.map { $0.capacity.flatMap { significant($0, digits: 9) } }
    reclaimable = risks.map { $0.reclaimable.flatMap { significant($0, digits: 4) } }
    chart = risks.map(\.chart)
  }

  var rows: [ReportData.Risk] {
    server.indices.indices.map { row in
      ReportData.Risk(
        server: server[row], resource: resource[row], threshold: threshold[row],
        thresholdValue: thresholdValue[row] ?? .nan, severity: severity[row], tier: tier[row], current: current[row],
        headroom: headroom[row], within30: within30[row], within60: within60[row], within90: within90[row],
        within180: within180[row], daysP10: daysP10[row], daysP50: daysP50[row], daysP90: daysP90[row],
        orderBy: orderBy[row].isEmpty ? nil : orderBy[row], recommendedCapacity: recommendedCapacity[row],
        capacity: capacity[row], reclaimable: reclaimable[row], unit: unit[row], reason: reason[row],
        trustReason: trustReason[row],
        words: RiskWords(outlook: outlook[row], action: action[row], trust: trust[row]), chart: chart[row])
    }
  }

  /// Text with each distinct word once, in order of first use.
  struct Words: Codable {
    var words: [String] = []
    var indices: [Int] = []

    init(_ texts: [String]) {
      var seen: [String: Int] = [:]
      indices.reserveCapacity(texts.count)
      for text in texts {
        if let index = seen[text] {
          indices.append(index)
        } else {
          seen[text] = words.count
          indices.append(words.count)
          words.append(text)
        }
      }
    }

    subscript(row: Int) -> String { words[indices[row]] }
  }
}

extension ReportData: Codable {
  private enum Key: String, CodingKey {
    case title, asOf, version, inputs, settings, fleet, headroom, changes, contest, record, risks, charts,
      quality, notes
  }

  package func encode(to encoder: any Encoder) throws {
    var box = encoder.container(keyedBy: Key.self)
    try box.encode(title, forKey: .title)
    try box.encode(asOf, forKey: .asOf)
    try box.encode(version, forKey: .version)
    try box.encode(inputs, forKey: .inputs)
    try box.encode(settings, forKey: .settings)
    try box.encode(fleet, forKey: .fleet)
    try box.encode(headroom, forKey: .headroom)
    try box.encode(changes, forKey: .changes)
    try box.encode(contest, forKey: .contest)
    try box.encode(record, forKey: .record)
    try box.encode(RiskColumns(risks), forKey: .risks)
    try box.encode(charts, forKey: .charts)
    try box.encode(quality, forKey: .quality)
    try box.encode(notes, forKey: .notes)
  }

  package init(from decoder: any Decoder) throws {
    let box = try decoder.container(keyedBy: Key.self)
    self.init(
      title: try box.decode(String.self, forKey: .title), asOf: try box.decode(String.self, forKey: .asOf),
      version: try box.decode(String.self, forKey: .version), inputs: try box.decode(Inputs.self, forKey: .inputs),
      settings: try box.decode(Settings.self, forKey: .settings), fleet: try box.decode(Fleet.self, forKey: .fleet),
      headroom: try box.decode(Headroom.self, forKey: .headroom),
      changes: try box.decode(Changes.self, forKey: .changes),
      contest: try box.decode(Contest.self, forKey: .contest), record: try box.decode(Record.self, forKey: .record),
      risks: try box.decode(RiskColumns.self, forKey: .risks).rows,
      charts: try box.decode([Chart].self, forKey: .charts), quality: try box.decode(Quality.self, forKey: .quality),
      notes: try box.decode([String].self, forKey: .notes))
  }
}
