import Foundation
import HorizonCore

/// A scale without ends for readings that have some: straight where there is room, ever finer towards floor and ceiling, or logarithms.
///
/// A line on it grows at its own pace until a few percent below the ceiling and bends only there, unlike logistic growth, which flattens
/// from the middle on.
struct ReadingScale: Sendable {
  private let isLogarithm: Bool
  /// What logarithms add to a reading, so that zeros are no outliers.
  private let offset: Double
  private let ceiling: Double?
  private let floor: Double?
  /// Distance from an end at which the scale bends.
  private let ceilingWidth: Double
  private let floorWidth: Double
  /// Forecasts of logarithms end here.
  private let most: Double

  /// Readings closer to an end than this share of the width are taken to lie there.
  private static let closest = 0.05
  /// From this many widths on the scale is straight, to 6 millionths of a width.
  private static let straight = 12.0

  /// The scales that may suit: plain, and logarithms where no reading is negative.
  ///
  /// - Parameter ceiling: NaN where there is none.
  static func candidates(_ history: History, ceiling: Double) -> [ReadingScale] {
    var least = Double.infinity
    var greatest = -Double.infinity
    var sum = 0.0
    for v in history.values where !v.isNaN {
      least = min(least, Double(v))
      greatest = max(greatest, Double(v))
      sum += Double(v)
    }
    let mean = sum / Double(history.readings)
    let plain = ReadingScale(
      isLogarithm: false, offset: 0, ceiling: ceiling > 0 && greatest <= ceiling ? ceiling : nil,
      floor: least >= 0 && mean > 0 ? 0 : nil, ceilingWidth: 0.02 * ceiling, floorWidth: 0.1 * mean, most: .infinity)
    guard least >= 0, mean > 0 else { return [plain] }
    let logarithm = ReadingScale(
      isLogarithm: true, offset: 0.3 * mean, ceiling: nil, floor: nil, ceilingWidth: 1, floorWidth: 1,
      most: log(greatest + 0.3 * mean) + 1.5)
    return [plain, logarithm]
  }

  func callAsFunction(_ reading: Double) -> Double {
    if isLogarithm { return log(reading + offset) }
    var value = reading
    if let ceiling { value = ceiling - spread((ceiling - value) / ceilingWidth) * ceilingWidth }
    if let floor { value = floor + spread((value - floor) / floorWidth) * floorWidth }
    return value
  }

  /// The reading at a place on the scale.
  func inverse(_ place: Double) -> Double {
    if isLogarithm { return exp(min(place, most)) - offset }
    var value = place
    if let floor { value = floor + softened((value - floor) / floorWidth) * floorWidth }
    if let ceiling { value = ceiling - softened((ceiling - value) / ceilingWidth) * ceilingWidth }
    return value
  }

  /// Logarithm of the scale's slope at a reading.
  func logSlope(_ reading: Double) -> Double {
    if isLogarithm { return -log(reading + offset) }
    var sum = 0.0
    if let ceiling { sum += bend((ceiling - reading) / ceilingWidth) }
    if let floor { sum += bend((reading - floor) / floorWidth) }
    return sum
  }

  private func bend(_ x: Double) -> Double { x > Self.straight ? 0 : -log(-expm1(-max(Self.closest, x))) }

  /// The inverse of `softened`.
  private func spread(_ x: Double) -> Double { x > Self.straight ? x : log(expm1(max(Self.closest, x))) }

  /// log(1 + exp(x)): x where it is large, 0 where it is far below.
  private func softened(_ x: Double) -> Double { x > Self.straight ? x : log1p(exp(x)) }
}
