import Foundation
import HorizonNumerics

/// Bursts of load: Poisson starts, geometric lengths, Pareto heights with a cap. Times are steps, heights shares of capacity.
struct BurstProcess: Sendable {
  /// Mean number of starts a step.
  let rate: Double
  /// Mean number of steps that a burst lasts, above 1.
  let meanLength: Double
  /// Least height; the cap is eight times that.
  let smallest: Double
  /// Mean length of calm and storm together; a storm is a fifth of it and has all bursts. Nil spreads them evenly.
  let storms: Double?

  private static let tail = 1.8
  private static let cap = 8.0

  /// Expected load a step.
  var mean: Double {
    let a = BurstProcess.tail
    let height = smallest * (1 + (1 - pow(BurstProcess.cap, 1 - a)) / (a - 1))
    return rate * meanLength * height
  }

  func place(into load: inout [Double], events: inout [SyntheticEvent], random: inout SplitMix64) {
    let stormShare = 0.2
    let pace = storms == nil ? rate : rate / stormShare
    var stormy = storms == nil || random.uniform() < stormShare
    var begin = 0.0
    // Bursts that began before the first step are left out; at these rates they are fewer than one.
    while begin < Double(load.count) {
      let end = storms.map { begin + random.exponential() * $0 * (stormy ? stormShare : 1 - stormShare) } ?? .infinity
      if stormy {
        var at = begin + random.exponential() / pace
        while at < min(end, Double(load.count)) {
          add(at: Int(at), to: &load, events: &events, random: &random)
          at += random.exponential() / pace
        }
      }
      begin = end
      stormy.toggle()
    }
  }

  private func add(at start: Int, to load: inout [Double], events: inout [SyntheticEvent], random: inout SplitMix64) {
    let length = 1 + Int(random.exponential() / -log(1 - 1 / meanLength))
    let height = smallest * min(BurstProcess.cap, exp(random.exponential() / BurstProcess.tail))
    for t in start..<min(start + length, load.count) {
      load[t] += height
      if events[t] == .none { events[t] = .burst }
    }
  }
}
