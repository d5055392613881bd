import HorizonCore
import Testing

import HorizonLedger

@Suite struct LedgerRowTests {
  @Test func aRowNamesItsSeries() {
    let name = SeriesName(server: "web-1", resource: "cpu")
    #expect(LedgerRow(name: name).name == name)
  }
}
