/// What is known beside the readings, in the past and ahead: holidays and events that all series share, regressors of a series, and
/// what a series is.
package struct Covariates: Sendable {
  package let holidays: Holidays
  /// By series; empty when no series has any.
  package let regressors: [[Regressor]]
  /// By series; empty when nothing is known of any.
  private let attributes: [SeriesAttributes]

  /// - Parameters:
  ///   - regressors: One list per series of the panel that they belong to, or an empty list.
  ///   - attributes: One per series, or an empty list.
  package init(
    holidays: Holidays = Holidays(), regressors: [[Regressor]] = [], attributes: [SeriesAttributes] = []
  ) {
    self.holidays = holidays
    self.regressors = regressors
    self.attributes = attributes
  }

  package static let none = Covariates()

  package func regressors(of series: Int) -> [Regressor] { regressors.isEmpty ? [] : regressors[series] }

  package func attributes(of series: Int) -> SeriesAttributes {
    attributes.isEmpty ? .unknown : attributes[series]
  }

  func selecting(_ series: [Int]) -> Covariates {
    Covariates(
      holidays: holidays, regressors: regressors.isEmpty ? [] : series.map { regressors[$0] },
      attributes: attributes.isEmpty ? [] : series.map { attributes[$0] })
  }
}

/// What a series is, as far as readings do not tell.
package struct SeriesAttributes: Sendable, Hashable {
  package let kind: ResourceKind
  /// By column of the inventory, the number of the server's value in it; -1 where there is none.
  package let groups: [Int]

  package init(kind: ResourceKind, groups: [Int] = []) {
    self.kind = kind
    self.groups = groups
  }

  package static let unknown = SeriesAttributes(kind: .other)
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
