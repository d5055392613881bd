import HorizonNumerics

/// How many examples go through the matrix products together.
///
/// The products see this many columns whatever the number of examples, so that an example's result has the same bits in any
/// company.
package let tileWidth = 64

/// The memory of one pass over at most `tileWidth` examples, forward and, where history is kept, backward.
///
/// Examples are columns. The rows of a cell's input are its hidden state, the features of the step, and 1, so that one product
/// a step gives all four gates with their bias, and one product over all steps gives all gradients of the weights. A row holds
/// all steps behind each other.
struct LSTMTile<Scalar: NetworkScalar>: ~Copyable {
  let shape: LSTMShape
  let steps: Int
  /// What is kept of each step; a forward pass alone keeps two.
  private let slots: Int
  private let memory: UnsafeMutablePointer<Scalar>

  /// The cell's weights, gates x rows of its input.
  private let packed: Matrix<Scalar>
  private let packedGradient: Matrix<Scalar>
  /// One slot more than steps.
  private let cellInputs: Matrix<Scalar>
  /// Activations; the backward pass leaves the gradient by the sums before the activation here.
  private let gates: Matrix<Scalar>
  private let cells: UnsafeMutablePointer<Scalar>
  /// tanh of the cells.
  private let squashed: UnsafeMutablePointer<Scalar>
  private let hiddenGradient: Matrix<Scalar>
  private let cellGradient: UnsafeMutablePointer<Scalar>
  /// The last hidden state, then the statics.
  private let headInputs: Matrix<Scalar>
  /// Factors of the last hidden state: 0 where it is dropped.
  private let kept: UnsafeMutablePointer<Scalar>

  /// How many columns a product takes at once, so that each place in the tile gives the same bits. A tile that keeps history
  /// takes all: what is learned may depend on the order of examples, which is shuffled anyway.
  private let cellWidth: Int
  private let headWidth: Int

  /// Forecasts after `forward`, a row for each output; `backward` expects the loss's gradient by them.
  let outputs: Matrix<Scalar>

  /// - Parameter keepsHistory: Whether `backward` can follow.
  init(_ shape: LSTMShape, steps: Int, keepsHistory: Bool) {
    precondition(steps > 0)
    let slots = keepsHistory ? steps + 1 : 2
    let gateSlots = keepsHistory ? steps : 1
    let hidden = shape.hidden
    let inputRows = hidden + shape.inputs + 1
    let headRows = hidden + shape.statics
    // Rows a power of two apart would fall into the same lines of the cache.
    let gap = 16
    let sizes = [
      4 * hidden * inputRows, 4 * hidden * inputRows, inputRows * (slots * tileWidth + gap),
      4 * hidden * (gateSlots * tileWidth + gap), slots * hidden * tileWidth, slots * hidden * tileWidth,
      hidden * tileWidth, hidden * tileWidth, headRows * tileWidth, hidden * tileWidth, shape.outputs * tileWidth,
    ]
    let lanes = Scalar.Lanes.count
    let starts = sizes.reduce(into: [0]) { $0.append($0.last! + ($1 + lanes - 1) / lanes * lanes) }
    let total = starts.last!
    let memory = UnsafeMutableRawPointer.allocate(byteCount: total * MemoryLayout<Scalar>.stride, alignment: 64)
      .bindMemory(to: Scalar.self, capacity: total)
    memory.initialize(repeating: 0, count: total)
    packed = Matrix(memory + starts[0], rows: 4 * hidden, columns: inputRows)
    packedGradient = Matrix(memory + starts[1], rows: 4 * hidden, columns: inputRows)
    cellInputs = Matrix(
      memory + starts[2], rows: inputRows, columns: slots * tileWidth, stride: slots * tileWidth + gap)
    gates = Matrix(
      memory + starts[3], rows: 4 * hidden, columns: gateSlots * tileWidth, stride: gateSlots * tileWidth + gap)
    cells = memory + starts[4]
    squashed = memory + starts[5]
    hiddenGradient = Matrix(memory + starts[6], rows: hidden, columns: tileWidth)
    cellGradient = memory + starts[7]
    headInputs = Matrix(memory + starts[8], rows: headRows, columns: tileWidth)
    kept = memory + starts[9]
    outputs = Matrix(memory + starts[10], rows: shape.outputs, columns: tileWidth)
    cellWidth =
      keepsHistory
      ? tileWidth : Matrix<Scalar>.evenWidth(rows: 4 * hidden, inner: inputRows, columns: tileWidth, adding: false)
    headWidth =
      keepsHistory
      ? tileWidth : Matrix<Scalar>.evenWidth(rows: shape.outputs, inner: headRows, columns: tileWidth, adding: true)
    self.memory = memory
    self.shape = shape
    self.steps = steps
    self.slots = slots
    cellInputs.row(inputRows - 1).update(repeating: 1, count: cellInputs.columns)
    kept.update(repeating: 1, count: hidden * tileWidth)
  }

  deinit { memory.deallocate() }

  private var keepsHistory: Bool { slots > 2 || steps == 1 }

  private func slot(_ step: Int) -> Int { step % slots }

  private func cellInput(_ step: Int) -> Matrix<Scalar> {
    cellInputs.columns(slot(step) * tileWidth, count: tileWidth)
  }

  private func gates(_ step: Int) -> Matrix<Scalar> {
    gates.columns(step * tileWidth % gates.columns, count: tileWidth)
  }

  private func cells(_ step: Int) -> UnsafeMutablePointer<Scalar> { cells + slot(step) * shape.hidden * tileWidth }

  private func squashed(_ step: Int) -> UnsafeMutablePointer<Scalar> {
    squashed + slot(step) * shape.hidden * tileWidth
  }

  // MARK: Parameters

  /// Takes the cell's weights over; to be called whenever they have changed.
  func pack(_ parameters: UnsafePointer<Scalar>) {
    let recurrent = parameters + shape.range(of: .recurrentWeights).lowerBound
    let input = parameters + shape.range(of: .inputWeights).lowerBound
    let inputBias = parameters + shape.range(of: .inputBias).lowerBound
    let recurrentBias = parameters + shape.range(of: .recurrentBias).lowerBound
    let (hidden, inputs) = (shape.hidden, shape.inputs)
    for gate in 0..<4 * hidden {
      let row = packed.row(gate)
      row.update(from: recurrent + gate * hidden, count: hidden)
      (row + hidden).update(from: input + gate * inputs, count: inputs)
      row[hidden + inputs] = inputBias[gate] + recurrentBias[gate]
    }
  }

  private func addPackedGradient(to gradient: UnsafeMutablePointer<Scalar>) {
    let recurrent = gradient + shape.range(of: .recurrentWeights).lowerBound
    let input = gradient + shape.range(of: .inputWeights).lowerBound
    let inputBias = gradient + shape.range(of: .inputBias).lowerBound
    let recurrentBias = gradient + shape.range(of: .recurrentBias).lowerBound
    let (hidden, inputs) = (shape.hidden, shape.inputs)
    for gate in 0..<4 * hidden {
      let row = packedGradient.row(gate)
      for k in 0..<hidden { recurrent[gate * hidden + k] += row[k] }
      for k in 0..<inputs { input[gate * inputs + k] += row[hidden + k] }
      inputBias[gate] += row[hidden + inputs]
      recurrentBias[gate] += row[hidden + inputs]
    }
  }

  private func headWeights(_ parameters: UnsafePointer<Scalar>) -> Matrix<Scalar> {
    Matrix(
      UnsafeMutablePointer(mutating: parameters) + shape.range(of: .headWeights).lowerBound, rows: shape.outputs,
      columns: shape.hidden + shape.statics)
  }

  /// Drops each number of the last hidden state with the given probability and raises the others, so that the mean stays.
  func drop(_ probability: Double, with random: inout SplitMix64) {
    let raised = Scalar(1 / (1 - probability))
    for at in 0..<shape.hidden * tileWidth { kept[at] = random.uniform() < probability ? 0 : raised }
  }

  // MARK: Forward

  /// Fills `outputs` for the given examples, in the first columns.
  ///
  /// - Parameters:
  ///   - inputs: [example][step][feature].
  ///   - statics: [example][feature].
  ///   - rows: At most `tileWidth` places of examples in `inputs` and `statics`.
  func forward(
    _ parameters: UnsafePointer<Scalar>, inputs: UnsafePointer<Scalar>, statics: UnsafePointer<Scalar>,
    rows: ArraySlice<Int>
  ) {
    precondition(rows.count <= tileWidth)
    for unit in 0..<shape.hidden { cellInput(0).row(unit).update(repeating: 0, count: tileWidth) }
    cells(0).update(repeating: 0, count: shape.hidden * tileWidth)
    for step in 0..<steps {
      fill(cellInput(step).rows(from: shape.hidden), rows: rows, count: shape.inputs) {
        inputs + ($0 * steps + step) * shape.inputs
      }
      gates(step).set(packed, times: cellInput(step), width: cellWidth)
      advance(step)
    }
    let last = cellInput(steps)
    for unit in 0..<shape.hidden {
      let (from, to) = (last.row(unit), headInputs.row(unit))
      let factors = kept + unit * tileWidth
      for column in 0..<tileWidth { to[column] = from[column] * factors[column] }
    }
    fill(headInputs.rows(from: shape.hidden), rows: rows, count: shape.statics) { statics + $0 * shape.statics }
    let bias = parameters + shape.range(of: .headBias).lowerBound
    for output in 0..<shape.outputs { outputs.row(output).update(repeating: bias[output], count: tileWidth) }
    outputs.set(headWeights(parameters), times: headInputs, adding: true, width: headWidth)
  }

  /// Copies features of examples into the columns of `matrix`; columns without an example become 0.
  @inline(__always)
  private func fill(
    _ matrix: Matrix<Scalar>, rows: ArraySlice<Int>, count: Int, _ features: (Int) -> UnsafePointer<Scalar>
  ) {
    for (column, row) in rows.enumerated() {
      let from = features(row)
      for feature in 0..<count { matrix.row(feature)[column] = from[feature] }
    }
    for feature in 0..<count {
      (matrix.row(feature) + rows.count).update(repeating: 0, count: tileWidth - rows.count)
    }
  }

  /// One step of the cell: sums before the activation become gates in place.
  private func advance(_ step: Int) {
    let gates = gates(step)
    let hidden = cellInput(step + 1)
    let (cells, next, squashed) = (cells(step), cells(step + 1), squashed(step + 1))
    for unit in 0..<shape.hidden {
      let (z, h) = (UnitGates(gates, unit: unit, of: shape.hidden), hidden.row(unit))
      for column in stride(from: 0, to: tileWidth, by: Scalar.Lanes.count) {
        let at = unit * tileWidth + column
        let input = read(z.input + column).sigmoid()
        let forget = read(z.forget + column).sigmoid()
        let candidate = read(z.candidate + column).hyperbolicTangent()
        let output = read(z.output + column).sigmoid()
        let cell = forget * read(cells + at) + input * candidate
        let tanhOfCell = cell.hyperbolicTangent()
        write(input, z.input + column)
        write(forget, z.forget + column)
        write(candidate, z.candidate + column)
        write(output, z.output + column)
        write(cell, next + at)
        write(tanhOfCell, squashed + at)
        write(output * tanhOfCell, h + column)
      }
    }
  }

  // MARK: Backward

  /// Adds the gradient of a loss to `gradient`, laid out like the parameters; `outputs` holds the loss's gradient by them.
  ///
  /// To be called once after each `forward`, with the same parameters.
  func backward(_ parameters: UnsafePointer<Scalar>, into gradient: UnsafeMutablePointer<Scalar>) {
    precondition(keepsHistory)
    backwardThroughHead(parameters, into: gradient)
    cellGradient.update(repeating: 0, count: shape.hidden * tileWidth)
    let recurrent = packed.columns(0, count: shape.hidden).transposed
    for step in (0..<steps).reversed() {
      retreat(step)
      if step > 0 { hiddenGradient.set(recurrent, times: gates(step)) }
    }
    packedGradient.set(gates, times: cellInputs.columns(0, count: steps * tileWidth).transposed)
    addPackedGradient(to: gradient)
  }

  private func backwardThroughHead(_ parameters: UnsafePointer<Scalar>, into gradient: UnsafeMutablePointer<Scalar>) {
    headWeights(gradient).set(outputs, times: headInputs.transposed, adding: true)
    let bias = gradient + shape.range(of: .headBias).lowerBound
    for output in 0..<shape.outputs {
      let row = outputs.row(output)
      var sum = Scalar.Lanes(repeating: 0)
      for column in stride(from: 0, to: tileWidth, by: Scalar.Lanes.count) { sum = sum + read(row + column) }
      bias[output] += sum.sum()
    }
    hiddenGradient.set(headWeights(parameters).columns(0, count: shape.hidden).transposed, times: outputs)
    for at in 0..<shape.hidden * tileWidth { hiddenGradient.base[at] *= kept[at] }
  }

  /// One step of the cell, backwards: gates become the gradient by the sums before their activation.
  private func retreat(_ step: Int) {
    let gates = gates(step)
    let (cells, squashed) = (cells(step), squashed(step + 1))
    let one = Scalar.Lanes(repeating: 1)
    for unit in 0..<shape.hidden {
      let z = UnitGates(gates, unit: unit, of: shape.hidden)
      for column in stride(from: 0, to: tileWidth, by: Scalar.Lanes.count) {
        let at = unit * tileWidth + column
        let input = read(z.input + column)
        let forget = read(z.forget + column)
        let candidate = read(z.candidate + column)
        let output = read(z.output + column)
        let tanhOfCell = read(squashed + at)
        let byHidden = read(hiddenGradient.base + at)
        let throughHidden = byHidden * output * (one - tanhOfCell * tanhOfCell)
        let byCell = read(cellGradient + at) + throughHidden
        write(byCell * candidate * input * (one - input), z.input + column)
        write(byCell * read(cells + at) * forget * (one - forget), z.forget + column)
        write(byCell * input * (one - candidate * candidate), z.candidate + column)
        write(byHidden * tanhOfCell * output * (one - output), z.output + column)
        write(byCell * forget, cellGradient + at)
      }
    }
  }

  /// Where the four gates of one hidden unit lie.
  private struct UnitGates {
    let input, forget, candidate, output: UnsafeMutablePointer<Scalar>

    @inline(__always)
    init(_ gates: Matrix<Scalar>, unit: Int, of hidden: Int) {
      input = gates.row(unit)
      forget = gates.row(hidden + unit)
      candidate = gates.row(2 * hidden + unit)
      output = gates.row(3 * hidden + unit)
    }
  }
}

@inline(__always)
func read<Scalar: NetworkScalar>(_ from: UnsafePointer<Scalar>) -> Scalar.Lanes {
  UnsafeRawPointer(from).loadUnaligned(as: Scalar.Lanes.self)
}

@inline(__always)
func write<Scalar: NetworkScalar>(_ lanes: Scalar.Lanes, _ to: UnsafeMutablePointer<Scalar>) {
  UnsafeMutableRawPointer(to).storeBytes(of: lanes, as: Scalar.Lanes.self)
}
