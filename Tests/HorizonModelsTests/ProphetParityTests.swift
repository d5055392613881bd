import Foundation
import HorizonCore
import HorizonModels
import HorizonTestKit
import Testing

/// Our `prophet` against what the package of that name said about the same series: scripts/parity/prophet writes the files.
@Suite struct ProphetParityTests {
  /// How far quantiles over 4,000 samples of the package may lie from ours, as a share of its 80 % interval.
  static let samplingError = 0.1

  static let golden: [Golden] = {
    let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .appending(path: "Golden/prophet")
    let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
    return files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.map { file in
      do {
        return Golden(try ProphetCase.read(ProphetGolden.self, from: Data(contentsOf: file)))
      } catch { fatalError("\(file.lastPathComponent): \(error)") }
    }
  }()

  /// A golden file with what we make of its case.
  struct Golden: Sendable, CustomTestStringConvertible {
    let reference: ProphetReference
    let ours: ProphetOutcome

    init(_ golden: ProphetGolden) {
      reference = golden.reference
      ours = ProphetOutcome(of: golden.case, reference: golden.reference)
    }

    var testDescription: String { ours.name }
  }

  @Test func everyKindOfCaseIsThere() {
    #expect(Self.golden.count >= 40)
    let kinds = Set(Self.golden.map(\.ours.kind))
    #expect(
      kinds.isSuperset(of: [
        "linear", "logistic", "flat", "multiplicative", "seasonality", "holidays", "regressors", "gaps", "changepoints",
        "scaling", "steps", "short", "values",
      ]))
  }

  @Test(arguments: golden) func theSameFormulaStandsBehindBoth(_ golden: Golden) throws {
    let agreement = try #require(golden.ours.against, "\(golden.ours.refused ?? "no reference")")
    #expect(agreement.columnsAgree, "\(golden.ours.parameters?.columns ?? [])")
    #expect(try #require(agreement.changepointError) < 1e-9)
    #expect(
      abs((golden.ours.parameters?.yScale ?? 0) - (golden.reference.yScale ?? 0)) <= 1e-9
        * (golden.reference.yScale ?? 0))
    // Where the noise level is next to nothing, the last digits of a float decide the value.
    if !agreement.isUnbounded { #expect(try #require(agreement.formulaError) < 1e-6) }
  }

  @Test(arguments: golden) func ourOptimumIsAtLeastThePackages(_ golden: Golden) throws {
    let agreement = try #require(golden.ours.against)
    // A fit through every reading has no optimum: the package stops at some small noise level, as we do.
    if !agreement.isUnbounded { #expect(agreement.gain >= -1e-3) }
  }

  @Test(arguments: golden) func pointForecastsAreThePackagesOrOfABetterOptimum(_ golden: Golden) throws {
    let agreement = try #require(golden.ours.against)
    #expect(agreement.meanDifference <= 0.005 || agreement.gain > 0.01, "gain \(agreement.gain)")
    #expect(agreement.fittedDifference <= 0.005 || agreement.gain > 0.01, "gain \(agreement.gain)")
  }

  @Test(arguments: golden) func componentsAddUpToThePointForecast(_ golden: Golden) throws {
    let agreement = try #require(golden.ours.against)
    #expect(agreement.componentsLeave < 1e-5)
    #expect(golden.ours.components.map(\.name).sorted() == golden.reference.components?.map(\.name).sorted())
  }

  @Test(arguments: golden) func atThePackagesParametersOurForecastIsThePackages(_ golden: Golden) throws {
    let agreement = try #require(golden.ours.against)
    #expect(try #require(agreement.forecastError) < 1e-5)
    #expect(try #require(agreement.componentError) < 1e-5)
    // Noise of next to nothing leaves an interval of rounding.
    if !agreement.isUnbounded { #expect(try #require(agreement.spreadError) < Self.samplingError) }
  }
}
