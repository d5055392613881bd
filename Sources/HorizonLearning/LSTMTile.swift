import HorizonNumerics

/// How many examples go through the matrix products together.
///
/// The products see this many rows whatever the number of examples, so that an example's result has the same bits in any company.
package let tileWidth = 64

/// The memory of one pass over at most `tileWidth` examples, forward and, where history is kept, backward.
///
/// Examples are rows. A row of the cell's input is [hidden state | features of the step | 1], so that one product a step gives
/// all four gates with their bias, and one product over all steps gives all weight gradients. Hidden units are padded to whole
/// vectors with units of zero weight, which stay at zero.
struct LSTMTile<Scalar: NetworkScalar>: ~Copyable {
  let shape: LSTMShape
  let steps: Int
  /// Hidden units with the padding.
  private let units: Int
  /// What is kept of each step; a forward pass alone keeps two.
  private let slots: Int
  private let memory: UnsafeMutablePointer<Scalar>

  /// The cell's weights, gates x [hidden | features | 1].
  private let packed: Matrix<Scalar>
  private let packedGradient: Matrix<Scalar>
  /// Of all kept steps below each other, one more than steps.
  private let cellInputs: UnsafeMutablePointer<Scalar>
  private let cellInputStride: Int
  /// Activations of the gates; the backward pass leaves the gradient before the activation here.
  private let gates: UnsafeMutablePointer<Scalar>
  private let cells: UnsafeMutablePointer<Scalar>
  /// tanh of the cells.
  private let squashed: UnsafeMutablePointer<Scalar>
  private let hiddenGradient: Matrix<Scalar>
  private let cellGradient: UnsafeMutablePointer<Scalar>
  /// [last hidden state | statics].
  private let headInputs: Matrix<Scalar>
  /// Factors of the last hidden state: 0 where it is dropped.
  private let kept: Matrix<Scalar>

  /// Forecasts after `forward`; `backward` expects the loss's gradient by them.
  let outputs: Matrix<Scalar>

  /// - Parameter keepsHistory: Whether `backward` can follow.
  init(_ shape: LSTMShape, steps: Int, keepsHistory: Bool) {
    precondition(steps > 0)
    func padded(_ count: Int) -> Int { (count + Scalar.Lanes.count - 1) / Scalar.Lanes.count * Scalar.Lanes.count }
    let units = padded(shape.hidden)
    let slots = keepsHistory ? steps + 1 : 2
    let columns = units + shape.inputs + 1
    let stride = padded(columns)
    let headColumns = shape.hidden + shape.statics
    let sizes = [
      4 * units * stride, 4 * units * stride, slots * tileWidth * stride,
      (keepsHistory ? steps : 1) * tileWidth * 4 * units, slots * tileWidth * units, slots * tileWidth * units,
      tileWidth * units, tileWidth * units, tileWidth * padded(headColumns), tileWidth * units,
      tileWidth * padded(shape.outputs),
    ]
    let total = sizes.reduce(0, +)
    memory = UnsafeMutableRawPointer.allocate(byteCount: total * MemoryLayout<Scalar>.stride, alignment: 64)
      .bindMemory(to: Scalar.self, capacity: total)
    memory.initialize(repeating: 0, count: total)
    var next = memory
    func part(_ index: Int) -> UnsafeMutablePointer<Scalar> {
      defer { next += sizes[index] }
      return next
    }
    packed = Matrix(part(0), rows: 4 * units, columns: columns, stride: stride)
    packedGradient = Matrix(part(1), rows: 4 * units, columns: columns, stride: stride)
    cellInputs = part(2)
    gates = part(3)
    cells = part(4)
    squashed = part(5)
    hiddenGradient = Matrix(part(6), rows: tileWidth, columns: shape.hidden, stride: units)
    cellGradient = part(7)
    headInputs = Matrix(part(8), rows: tileWidth, columns: headColumns, stride: padded(headColumns))
    kept = Matrix(part(9), rows: tileWidth, columns: shape.hidden, stride: units)
    outputs = Matrix(part(10), rows: tileWidth, columns: shape.outputs, stride: padded(shape.outputs))
    cellInputStride = stride
    self.shape = shape
    self.steps = steps
    self.units = units
    self.slots = slots
    keepAll()
  }

  deinit { memory.deallocate() }

  private func slot(_ step: Int) -> Int { slots > 2 ? step : step % 2 }

  private func cellInput(_ step: Int) -> Matrix<Scalar> {
    Matrix(
      cellInputs + slot(step) * tileWidth * cellInputStride, rows: tileWidth, columns: packed.columns,
      stride: cellInputStride)
  }

  private func gates(_ step: Int) -> Matrix<Scalar> {
    Matrix(gates + (slots > 2 ? step : 0) * tileWidth * 4 * units, rows: tileWidth, columns: 4 * units)
  }

  private func cells(_ step: Int) -> UnsafeMutablePointer<Scalar> { cells + slot(step) * tileWidth * units }

  private func squashed(_ step: Int) -> UnsafeMutablePointer<Scalar> { squashed + slot(step) * tileWidth * units }

  // MARK: Parameters

  /// Takes the cell's weights over; to be called whenever they have changed.
  func pack(_ parameters: UnsafePointer<Scalar>) {
    let recurrent = parameters + shape.range(of: .recurrentWeights).lowerBound
    let input = parameters + shape.range(of: .inputWeights).lowerBound
    let inputBias = parameters + shape.range(of: .inputBias).lowerBound
    let recurrentBias = parameters + shape.range(of: .recurrentBias).lowerBound
    for gate in 0..<4 {
      for unit in 0..<shape.hidden {
        let from = gate * shape.hidden + unit
        let row = packed.base + (gate * units + unit) * packed.stride
        row.update(from: recurrent + from * shape.hidden, count: shape.hidden)
        (row + units).update(from: input + from * shape.inputs, count: shape.inputs)
        row[units + shape.inputs] = inputBias[from] + recurrentBias[from]
      }
    }
  }

  private func addPackedGradient(to gradient: UnsafeMutablePointer<Scalar>) {
    let recurrent = gradient + shape.range(of: .recurrentWeights).lowerBound
    let input = gradient + shape.range(of: .inputWeights).lowerBound
    let inputBias = gradient + shape.range(of: .inputBias).lowerBound
    let recurrentBias = gradient + shape.range(of: .recurrentBias).lowerBound
    for gate in 0..<4 {
      for unit in 0..<shape.hidden {
        let to = gate * shape.hidden + unit
        let row = packedGradient.base + (gate * units + unit) * packedGradient.stride
        for k in 0..<shape.hidden { recurrent[to * shape.hidden + k] += row[k] }
        for k in 0..<shape.inputs { input[to * shape.inputs + k] += row[units + k] }
        inputBias[to] += row[units + shape.inputs]
        recurrentBias[to] += row[units + shape.inputs]
      }
    }
  }

  // MARK: Dropout

  /// No hidden state is dropped.
  func keepAll() { kept.base.update(repeating: 1, count: tileWidth * units) }

  /// Drops each number of the last hidden state with the given probability and raises the others, so that the mean stays.
  func drop(_ probability: Double, with random: inout SplitMix64) {
    let raised = Scalar(1 / (1 - probability))
    for row in 0..<tileWidth {
      for unit in 0..<shape.hidden {
        kept.base[row * units + unit] = random.uniform() < probability ? 0 : raised
      }
    }
  }

  // MARK: Passes

  /// Fills `outputs` for the given examples.
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
    clearState()
    for step in 0..<steps {
      let input = cellInput(step)
      fill(input, inputs: inputs, step: step, rows: rows)
      let gates = gates(step)
      gates.set(input, times: packed.transposed)
      advance(
        gates.base, cells: cells(step), to: cells(step + 1), squashed: squashed(step + 1),
        hidden: cellInput(step + 1).base)
    }
    fillHeadInputs(statics: statics, rows: rows)
    let bias = parameters + shape.range(of: .headBias).lowerBound
    for row in 0..<tileWidth {
      (outputs.base + row * outputs.stride).update(from: bias, count: shape.outputs)
    }
    outputs.set(headInputs, times: headWeights(parameters).transposed, adding: true)
  }

  private func headWeights(_ parameters: UnsafePointer<Scalar>) -> Matrix<Scalar> {
    Matrix(
      UnsafeMutablePointer(mutating: parameters) + shape.range(of: .headWeights).lowerBound, rows: shape.outputs,
      columns: shape.hidden + shape.statics)
  }

  private func clearState() {
    let input = cellInput(0)
    for row in 0..<tileWidth { (input.base + row * input.stride).update(repeating: 0, count: units) }
    cells(0).update(repeating: 0, count: tileWidth * units)
  }

  private func fill(_ input: Matrix<Scalar>, inputs: UnsafePointer<Scalar>, step: Int, rows: ArraySlice<Int>) {
    var features = input.base + units
    for row in rows {
      features.update(from: inputs + (row * steps + step) * shape.inputs, count: shape.inputs)
      features[shape.inputs] = 1
      features += input.stride
    }
    for _ in rows.count..<tileWidth {
      features.update(repeating: 0, count: shape.inputs + 1)
      features += input.stride
    }
  }

  private func fillHeadInputs(statics: UnsafePointer<Scalar>, rows: ArraySlice<Int>) {
    let last = cellInput(steps)
    for row in 0..<tileWidth {
      let to = headInputs.base + row * headInputs.stride
      let hidden = last.base + row * last.stride
      let factors = kept.base + row * units
      for unit in 0..<shape.hidden { to[unit] = hidden[unit] * factors[unit] }
      (to + shape.hidden).update(repeating: 0, count: shape.statics)
    }
    for (row, example) in rows.enumerated() {
      (headInputs.base + row * headInputs.stride + shape.hidden)
        .update(from: statics + example * shape.statics, count: shape.statics)
    }
  }

  /// One step of the cell: sums before the activation become gates in place.
  private func advance(
    _ gates: UnsafeMutablePointer<Scalar>, cells: UnsafeMutablePointer<Scalar>, to next: UnsafeMutablePointer<Scalar>,
    squashed: UnsafeMutablePointer<Scalar>, hidden: UnsafeMutablePointer<Scalar>
  ) {
    for row in 0..<tileWidth {
      let z = gates + row * 4 * units
      for unit in stride(from: 0, to: units, by: Scalar.Lanes.count) {
        let at = row * units + unit
        let input = read(z + unit).sigmoid()
        let forget = read(z + units + unit).sigmoid()
        let candidate = read(z + 2 * units + unit).hyperbolicTangent()
        let output = read(z + 3 * units + unit).sigmoid()
        let cell = forget * read(cells + at) + input * candidate
        let tanhOfCell = cell.hyperbolicTangent()
        write(input, z + unit)
        write(forget, z + units + unit)
        write(candidate, z + 2 * units + unit)
        write(output, z + 3 * units + unit)
        write(cell, next + at)
        write(tanhOfCell, squashed + at)
        write(output * tanhOfCell, hidden + row * cellInputStride + unit)
      }
    }
  }

  /// Adds the gradient of a loss to `gradient`, laid out like the parameters, given its gradient by `outputs` there.
  ///
  /// To be called once after each `forward`, with the same parameters.
  func backward(_ parameters: UnsafePointer<Scalar>, into gradient: UnsafeMutablePointer<Scalar>) {
    precondition(slots == steps + 1)
    backwardThroughHead(parameters, into: gradient)
    cellGradient.update(repeating: 0, count: tileWidth * units)
    let recurrent = Matrix(packed.base, rows: 4 * units, columns: shape.hidden, stride: packed.stride)
    for step in (0..<steps).reversed() {
      let gates = gates(step)
      retreat(gates.base, cells: cells(step), squashed: squashed(step + 1))
      if step > 0 { hiddenGradient.set(gates, times: recurrent) }
    }
    let all = Matrix(gates, rows: steps * tileWidth, columns: 4 * units)
    let inputs = Matrix(
      cellInputs, rows: steps * tileWidth, columns: packed.columns, stride: cellInputStride)
    packedGradient.set(all.transposed, times: inputs)
    addPackedGradient(to: gradient)
  }

  private func backwardThroughHead(_ parameters: UnsafePointer<Scalar>, into gradient: UnsafeMutablePointer<Scalar>) {
    let weights = Matrix(
      gradient + shape.range(of: .headWeights).lowerBound, rows: shape.outputs, columns: headInputs.columns)
    weights.set(outputs.transposed, times: headInputs, adding: true)
    let bias = gradient + shape.range(of: .headBias).lowerBound
    for row in 0..<tileWidth {
      let from = outputs.base + row * outputs.stride
      for output in 0..<shape.outputs { bias[output] += from[output] }
    }
    let ofHidden = Matrix(
      headWeights(parameters).base, rows: shape.outputs, columns: shape.hidden, stride: headInputs.columns)
    hiddenGradient.set(outputs, times: ofHidden)
    for at in 0..<tileWidth * units { hiddenGradient.base[at] *= kept.base[at] }
  }

  /// One step of the cell, backwards: gates become the gradient by the sums before their activation.
  private func retreat(
    _ gates: UnsafeMutablePointer<Scalar>, cells: UnsafeMutablePointer<Scalar>, squashed: UnsafeMutablePointer<Scalar>
  ) {
    let one = Scalar.Lanes(repeating: 1)
    for row in 0..<tileWidth {
      let z = gates + row * 4 * units
      for unit in stride(from: 0, to: units, by: Scalar.Lanes.count) {
        let at = row * units + unit
        let input = read(z + unit)
        let forget = read(z + units + unit)
        let candidate = read(z + 2 * units + unit)
        let output = read(z + 3 * units + unit)
        let tanhOfCell = read(squashed + at)
        let byHidden = read(hiddenGradient.base + at)
        let throughHidden = byHidden * output * (one - tanhOfCell * tanhOfCell)
        let byCell = read(cellGradient + at) + throughHidden
        write(byCell * candidate * input * (one - input), z + unit)
        write(byCell * read(cells + at) * forget * (one - forget), z + units + unit)
        write(byCell * input * (one - candidate * candidate), z + 2 * units + unit)
        write(byHidden * tanhOfCell * output * (one - output), z + 3 * units + unit)
        write(byCell * forget, cellGradient + at)
      }
    }
  }

  @inline(__always)
  private func read(_ from: UnsafePointer<Scalar>) -> Scalar.Lanes {
    UnsafeRawPointer(from).loadUnaligned(as: Scalar.Lanes.self)
  }

  @inline(__always)
  private func write(_ lanes: Scalar.Lanes, _ to: UnsafeMutablePointer<Scalar>) {
    UnsafeMutableRawPointer(to).storeBytes(of: lanes, as: Scalar.Lanes.self)
  }
}
