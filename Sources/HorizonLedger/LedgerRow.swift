package import HorizonCore

/// What one run promised for one series and lead bucket, and what happened: a row of the ledger.
package struct LedgerRow: Sendable, Hashable {
  package var name: SeriesName

  package init(name: SeriesName) { self.name = name }
}
