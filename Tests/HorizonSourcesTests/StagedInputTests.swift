import HorizonCore
import HorizonSources
import HorizonStore
import Testing

@Suite struct StagedInputTests {
  @Test(arguments: [
    ("usage/*.csv", ["usage/a.csv"]), ("usage/**.csv", ["usage/a.csv", "usage/2025/b.csv"]),
    ("usage/*/b*", ["usage/2025/b.csv"]), ("*", ["c.csv"]), ("usage/a.csv*", ["usage/a.csv", "usage/a.csv.gz"]),
    ("usage/*x*", []),
  ])
  func aStarStandsForAnythingButASlash(pattern: String, fits: [String]) throws {
    let pattern = try #require(ObjectPattern(pattern))
    let keys = ["c.csv", "usage/a.csv", "usage/a.csv.gz", "usage/2025/b.csv"]
    #expect(keys.filter(pattern.matches) == fits)
  }

  @Test func whatIsListedIsTheFolderBeforeTheFirstStar() {
    #expect(ObjectPattern("usage/2025/*/a*.csv")?.folder == "usage/2025")
    #expect(ObjectPattern("*.csv")?.folder == "")
    #expect(ObjectPattern("usage/a.csv") == nil)
  }

  @Test func hiddenNamesWorkspacesAndOtherFilesArePassedOver() throws {
    let folder = try ObjectAddress("s3://lake/usage")
    let names = [
      "a.csv", "b.parquet", "2025/c.CSV.GZ", "notes.txt", ".hidden/d.csv", "fleet/index.json",
      "fleet/master/resource=cpu/part-00000.parquet", "old/master/manifest.json", "old/inventory.parquet",
    ]
    let objects = names.map { ObjectStore.Object(address: folder.appending($0), bytes: 1) }
    let found = StagedInputs.metrics(objects, below: folder).map(\.address.key)
    #expect(found == ["usage/a.csv", "usage/b.parquet", "usage/2025/c.CSV.GZ"])
  }
}
