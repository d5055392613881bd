extension ReportData {
  /// What became different since an earlier run of the same workspace.
  package struct Changes: Codable, Sendable, Equatable {
    /// Name of the earlier run; nil when there was none to compare with.
    package var run: String?
    package var appeared: List
    package var gone: List
    package var moved: List

    package init(
      run: String? = nil, appeared: List = List(), gone: List = List(), moved: List = List()
    ) {
      self.run = run
      self.appeared = appeared
      self.gone = gone
      self.moved = moved
    }

    /// How many there are, and the first of them.
    package struct List: Codable, Sendable, Equatable {
      package var count: Int
      package var first: [Change]

      package init(count: Int = 0, first: [Change] = []) {
        self.count = count
        self.first = first
      }
    }

    package struct Change: Codable, Sendable, Equatable {
      package var server: String
      package var resource: String
      /// A threshold's name.
      package var threshold: String
      package var before: State?
      package var now: State?
      /// Whole days, negative when the breach comes sooner.
      package var movedDays: Int?
      /// What moved the date most; nil where that is not known.
      package var reason: String?

      package init(
        server: String, resource: String, threshold: String, before: State?, now: State?, movedDays: Int?,
        reason: String? = nil
      ) {
        self.server = server
        self.resource = resource
        self.threshold = threshold
        self.before = before
        self.now = now
        self.movedDays = movedDays
        self.reason = reason
      }
    }

    package struct State: Codable, Sendable, Equatable {
      package var severity: String
      /// ISO date of the median breach; nil beyond the horizon.
      package var date: String?
      package var isCrossed: Bool

      package init(severity: String, date: String?, isCrossed: Bool) {
        self.severity = severity
        self.date = date
        self.isCrossed = isCrossed
      }
    }
  }
}
