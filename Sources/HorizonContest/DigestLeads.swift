import HorizonCore

/// The leads at which scaled errors are kept for calibration: dense where forecasts change fast, 24 at most.
package struct DigestLeads: Sendable, Hashable {
  package let leads: [Int]

  private static let shape = [
    1, 2, 3, 4, 5, 7, 10, 14, 19, 24, 30, 37, 45, 53, 62, 72, 83, 95, 107, 120, 134, 149, 164, 180,
  ]

  /// - Parameter horizon: The largest lead of the run.
  package init(horizon: Int) {
    let stretch = max(1, Double(horizon) / 180)
    var leads: [Int] = []
    for base in DigestLeads.shape {
      let lead = Int((Double(base) * stretch).rounded())
      if lead <= horizon && lead != leads.last { leads.append(lead) }
    }
    if leads.last != horizon && leads.count < 24 { leads.append(horizon) }
    self.leads = leads
  }
}
