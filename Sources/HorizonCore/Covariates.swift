/// What is known beside the readings, in the past and ahead: holidays and events that all series share, and regressors of a series.
package struct Covariates: Sendable {
  package let holidays: Holidays
  /// By series; empty when no series has any.
  package let regressors: [[Regressor]]

  /// - Parameter regressors: One list per series of the panel that they belong to, or an empty list.
  package init(holidays: Holidays = Holidays(), regressors: [[Regressor]] = []) {
    self.holidays = holidays
    self.regressors = regressors
  }

  package static let none = Covariates()

  package func regressors(of series: Int) -> [Regressor] { regressors.isEmpty ? [] : regressors[series] }

  func selecting(_ series: [Int]) -> Covariates {
    Covariates(holidays: holidays, regressors: regressors.isEmpty ? [] : series.map { regressors[$0] })
  }
}

/// Days that are unlike others, by name: public holidays, month ends, releases, sales.
package struct Holidays: Sendable, Hashable {
  /// One occurrence.
  package struct Entry: Sendable, Hashable {
    package let name: String
    /// Civil days since 1970-01-01.
    package let day: Int
    /// First and last day that it reaches, counted from `day`: at most 0 and at least 0.
    package let lowerWindow: Int
    package let upperWindow: Int
    /// Scale of the effect's prior; nil for a model's own.
    package let priorScale: Double?

    package init(name: String, day: Int, lowerWindow: Int = 0, upperWindow: Int = 0, priorScale: Double? = nil) {
      precondition(lowerWindow <= 0 && upperWindow >= 0, "a window holds its own day")
      self.name = name
      self.day = day
      self.lowerWindow = lowerWindow
      self.upperWindow = upperWindow
      self.priorScale = priorScale
    }
  }

  /// In the order given.
  package let entries: [Entry]

  package init(_ entries: [Entry] = []) { self.entries = entries }
  package var isEmpty: Bool { entries.isEmpty }
}

/// A quantity known for the past and planned for the future that moves a series: users, orders, a campaign.
package struct Regressor: Sendable, Hashable {
  package let name: String
  /// Step index of the first value.
  package let firstIndex: Int
  /// NaN where unknown.
  package let values: [Float]

  package init(name: String, firstIndex: Int, values: [Float]) {
    self.name = name
    self.firstIndex = firstIndex
    self.values = values
  }

  /// NaN where unknown.
  package func value(at index: Int) -> Float {
    values.indices.contains(index - firstIndex) ? values[index - firstIndex] : .nan
  }
}
