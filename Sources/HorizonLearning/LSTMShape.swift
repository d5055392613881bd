/// How large a network is: one LSTM layer over the time steps, then a linear head over its last hidden state.
package struct LSTMShape: Sendable, Hashable, Codable {
  /// Features of a time step.
  package let inputs: Int
  /// Features of an example that go straight to the head; may be 0.
  package let statics: Int
  package let hidden: Int
  /// Leads times levels.
  package let outputs: Int

  package init(inputs: Int, statics: Int = 0, hidden: Int, outputs: Int) {
    precondition(inputs > 0 && statics >= 0 && hidden > 0 && outputs > 0)
    self.inputs = inputs
    self.statics = statics
    self.hidden = hidden
    self.outputs = outputs
  }

  /// Rows and columns of a tensor, as PyTorch has them; a bias has rows only.
  package func dimensions(of tensor: LSTMTensor) -> [Int] {
    switch tensor {
    case .inputWeights: [4 * hidden, inputs]
    case .recurrentWeights: [4 * hidden, hidden]
    case .inputBias, .recurrentBias: [4 * hidden]
    case .headWeights: [outputs, hidden + statics]
    case .headBias: [outputs]
    }
  }

  /// Where a tensor lies in the flat parameters.
  package func range(of tensor: LSTMTensor) -> Range<Int> {
    var start = 0
    for other in LSTMTensor.allCases {
      let count = dimensions(of: other).reduce(1, *)
      if other == tensor { return start..<start + count }
      start += count
    }
    preconditionFailure("every tensor is listed")
  }

  package var parameterCount: Int { range(of: LSTMTensor.allCases.last!).upperBound }
}

/// The parameters of a network, in the order in which they lie in memory, with the names that a PyTorch module with the
/// parts `lstm` and `head` gives them.
///
/// Rows of the LSTM's tensors are the gates in PyTorch's order: input, forget, candidate, output.
package enum LSTMTensor: String, CaseIterable, Sendable {
  case inputWeights = "lstm.weight_ih_l0"
  case recurrentWeights = "lstm.weight_hh_l0"
  case inputBias = "lstm.bias_ih_l0"
  case recurrentBias = "lstm.bias_hh_l0"
  case headWeights = "head.weight"
  case headBias = "head.bias"

  var isBias: Bool { self == .inputBias || self == .recurrentBias || self == .headBias }
}
