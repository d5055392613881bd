extension QuantileLSTM {
  /// All parameters by the names that PyTorch gives them.
  package var tensors: [String: SafetensorsFile.Tensor] {
    var tensors: [String: SafetensorsFile.Tensor] = [:]
    for tensor in LSTMTensor.allCases {
      tensors[tensor.rawValue] = SafetensorsFile.Tensor(
        dimensions: shape.dimensions(of: tensor), values: self[tensor].map { Float($0) })
    }
    return tensors
  }

  /// A network with given parameters.
  ///
  /// - Throws: `LearningError.badWeights` naming the tensor that is missing, unknown, of other dimensions or not finite.
  package init(
    _ shape: LSTMShape, levels: [Double], tensors: [String: SafetensorsFile.Tensor]
  ) throws(LearningError) {
    self.init(shape, levels: levels, parameters: [Scalar](repeating: 0, count: shape.parameterCount))
    for tensor in LSTMTensor.allCases {
      let name = tensor.rawValue
      guard let given = tensors[name] else { throw .badWeights("tensor '\(name)' is missing") }
      let wanted = shape.dimensions(of: tensor)
      guard given.dimensions == wanted else {
        throw .badWeights("tensor '\(name)' is \(Self.words(given.dimensions)), not \(Self.words(wanted))")
      }
      guard given.values.allSatisfy(\.isFinite) else {
        throw .badWeights("tensor '\(name)' holds something that is no finite number")
      }
      self[tensor] = given.values.map { Scalar($0) }
    }
    if let unknown = tensors.keys.filter({ LSTMTensor(rawValue: $0) == nil }).min() {
      throw .badWeights("tensor '\(unknown)' has no place in this network")
    }
  }

  private static func words(_ dimensions: [Int]) -> String {
    dimensions.isEmpty ? "a single number" : dimensions.map(String.init).joined(separator: " x ")
  }
}
