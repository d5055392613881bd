import CShippedWeights
package import Foundation
import HorizonCore
package import HorizonLearning

/// The networks of both layouts, as they are shipped, saved with a run, and given by `--lstm-weights`.
package struct LSTMWeights: Sendable {
  private var networks: [LSTMLayout: QuantileLSTM<Float>]

  /// Those that come with the product: trained on random series of their own kind, see `docs/method/pretraining.md`.
  package static let shipped: LSTMWeights = {
    var count: UInt = 0
    let start = hs_lstm_weights(&count)
    let bytes = Data(UnsafeBufferPointer(start: start, count: Int(count)))
    do throws(LearningError) { return try LSTMWeights(bytes) } catch {
      preconditionFailure("the weights in this executable: \(error)")
    }
  }()

  package init(_ networks: [LSTMLayout: QuantileLSTM<Float>]) { self.networks = networks }

  package subscript(layout: LSTMLayout) -> QuantileLSTM<Float>? { networks[layout] }

  /// These, and those of `others` for layouts that these have none for.
  package func completed(by others: LSTMWeights) -> LSTMWeights {
    LSTMWeights(networks.merging(others.networks) { own, _ in own })
  }

  /// A network that has learnt nothing: it forecasts normal quantiles of scores.
  package static func untrained(_ layout: LSTMLayout, hidden: Int, seed: UInt64) -> QuantileLSTM<Float> {
    var network = QuantileLSTM<Float>(
      layout.shape(hidden: hidden), levels: Levels.all.map(Double.init), seed: seed)
    network[.headBias] = (0..<layout.leads).flatMap { _ in Levels.normal }
    return network
  }

  /// - Parameter bytes: A safetensors file; the tensors of a layout begin with its name and a dot.
  /// - Throws: `LearningError.badWeights`: what does not fit.
  package init(_ bytes: Data) throws(LearningError) {
    let file = try SafetensorsFile(bytes)
    networks = [:]
    for layout in LSTMLayout.allCases {
      let prefix = layout.rawValue + "."
      let own = file.tensors.filter { $0.key.hasPrefix(prefix) }
      guard !own.isEmpty else { continue }
      let name = prefix + LSTMTensor.recurrentWeights.rawValue
      guard let hidden = own[name]?.dimensions.last, (1...4_096).contains(hidden) else {
        throw .badWeights("there is no tensor '\(name)' that tells the size of the network")
      }
      networks[layout] = try QuantileLSTM(
        layout.shape(hidden: hidden), levels: Levels.all.map(Double.init),
        tensors: Dictionary(uniqueKeysWithValues: own.map { (String($0.key.dropFirst(prefix.count)), $0.value) }))
    }
    guard !networks.isEmpty else {
      throw .badWeights("there are no tensors whose names begin with 'day.' or 'hour.'")
    }
  }

  /// As a safetensors file; the same weights give the same bytes.
  package var bytes: Data {
    var tensors: [String: SafetensorsFile.Tensor] = [:]
    for (layout, network) in networks {
      for (name, tensor) in network.tensors { tensors["\(layout.rawValue).\(name)"] = tensor }
    }
    return SafetensorsFile(tensors: tensors, metadata: ["format": "horizonscale-lstm-1"]).bytes
  }
}
