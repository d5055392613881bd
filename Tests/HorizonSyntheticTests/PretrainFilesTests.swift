import Foundation
import HorizonCore
import HorizonPretraining
import HorizonStore
import HorizonSynthetic
import Testing

@Suite struct PretrainFilesTests {
  private func written(_ step: Step = .day, servers: Int = 300, days: Int = 60) throws -> Data {
    let folder = FileManager.default.temporaryDirectory.appending(path: "horizonscale-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try PretrainFiles(seed: 3, servers: servers, days: days, step: step).write(to: folder.path)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["metrics.parquet"])
    return try Data(contentsOf: folder.appending(path: "metrics.parquet"))
  }

  @Test func theSameSeedWritesTheSameBytes() throws {
    let first = try written()
    #expect(first.count > 10_000)
    #expect(try written() == first)
    #expect(try written(.hour) != first)
  }

  @Test func theFileHoldsTheReadingsOfTheFamilyWithoutItsGaps() throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "horizonscale-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try PretrainFiles(seed: 3, servers: 40, days: 90, step: .day).write(to: folder.path)
    let reader = try TableReader(
      parquet: folder.appending(path: "metrics.parquet").path,
      columns: [
        Column("server", .key), Column("time", .time), Column("value", .double),
        Column("capacity", .double, nullable: true),
      ])
    let family = PretrainFamily(seed: 3)
    let all = (0..<40).map { family.series($0, step: .day, length: family.length($0, longest: 90)) }
    var row = 0
    let batch = try #require(try reader.next())
    let names = reader.keyNames(0)
    for (index, series) in all.enumerated() {
      for (t, value) in series.values.enumerated() where !value.isNaN {
        #expect(names[Int(batch.codes(0)[row])] == (index < 9 ? "p-00000\(index + 1)" : "p-0000\(index + 1)"))
        let day = FleetPlan.defaultLastDay - series.values.count + 1 + t
        #expect(batch.times(1)[row] == Step.day.microseconds(of: day))
        #expect(batch.doubles(2)[row] == Double(value))
        #expect(series.ceiling.map { batch.doubles(3)[row] == $0 } ?? batch.doubles(3)[row].isNaN)
        row += 1
      }
    }
    #expect(batch.rowCount == row)
    #expect(all.contains { $0.values.contains { $0.isNaN } })
  }

  @Test func numbersThatCannotBeMadeAreRefused() {
    #expect(throws: Failure.self) { try PretrainFiles(seed: 1, servers: 0, days: 60, step: .day) }
    #expect(throws: Failure.self) { try PretrainFiles(seed: 1, servers: 1, days: 1, step: .day) }
  }
}
