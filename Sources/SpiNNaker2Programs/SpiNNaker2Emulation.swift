// A network laid out on a machine: programs in place, routes written, parameters loaded.
import ClockArithmetic
import ClockDriven
import Mathematics
import Networks
import SpiNNaker2
import Spikes

/// A forward run whose backward run may follow: what it took, and the spikes it left, by which the backward run knows it.
struct PendingEvaluation {
    let account: EvaluationAccount
    let spikes: SpikeColumns?
}

/// One mapped network. Belongs to one thread at a time.
final class SpiNNaker2Emulation: MappedNetwork {
    let options: SpiNNaker2Options
    let layout: Layout
    let machine: Machine
    private(set) var inputs: [InputProgram] = []
    /// The neuron programs by (copy, layer, slice).
    private(set) var neurons: [[[NeuronProgram]]] = []
    private(set) var losses: [LossProgram] = []
    private(set) var optimizers: [OptimizerProgram] = []
    /// The network whose parameters the chip holds, and the optimiser's memory that it holds.
    private var resident: Network?
    private var residentMean: [[Double]] = []
    private var residentSquare: [[Double]] = []
    /// The session whose gradient the optimisers hold; `nil` if it is nobody's.
    var holder: ObjectIdentifier?
    /// All but `lastForward`, which may still be followed by its backward run.
    var counts = RunCounts()
    var lastForward: PendingEvaluation?

    var shape: NetworkShape { layout.plan.shape }
    var copies: Int { layout.copies }
    var grid: TimeGrid {
        var grid = options.grid
        grid.copies = copies
        return grid
    }

    init(_ shape: NetworkShape, _ options: SpiNNaker2Options) throws(SpinnpropError) {
        self.options = options
        layout = try Layout(shape, options)
        machine = Machine(options.board, phases: SpiNNaker2Phase.allCases.map(\.name), options: options.machine)
        for copy in 0..<layout.copies { try build(copy) }
        try buildOptimizers()
    }

    // MARK: - Building

    private func build(_ copy: Int) throws(SpinnpropError) {
        let (plan, cut, keys, costs) = (layout.plan, layout.cut, layout.keys, options.costs)
        let inputPE = layout.inputPE(copy: copy)
        var find = try machine.allocate(
            inputPE, plan.inputBuffers(cuts: cut.cuts), fifo: plan.inputFIFO(cuts: cut.cuts))
        let input = try InputProgram(
            copy: copy, keys: keys, costs: costs, plan: plan, slice: cut.slices[0][0], find)
        try machine.load(input, on: inputPE)
        inputs.append(input)
        var layers: [[NeuronProgram]] = []
        for layer in 0..<shape.layerCount {
            var programs: [NeuronProgram] = []
            for (slice, pe) in zip(cut.slices[layer + 1], layout.pes(copy: copy, population: layer + 1)) {
                find = try machine.allocate(
                    pe, plan.neuronBuffers(layer: layer, slice: slice, cuts: cut.cuts),
                    fifo: plan.fifo(layer: layer, slice: slice, cuts: cut.cuts))
                let place = NeuronPlace(
                    copy: copy, layer: layer, isLastLayer: layer == shape.layerCount - 1, slice: slice,
                    slices: cut.slices, keys: keys, costs: costs)
                let program = try NeuronProgram(place, plan: plan, find)
                try machine.load(program, on: pe)
                programs.append(program)
            }
            layers.append(programs)
        }
        neurons.append(layers)
        let lossPE = layout.lossPE(copy: copy)
        find = try machine.allocate(lossPE, plan.lossBuffers, fifo: plan.lossFIFO)
        let loss = try LossProgram(
            copy: copy, keys: keys, costs: costs, plan: plan, slices: cut.slices[shape.layerCount], find)
        try machine.load(loss, on: lossPE)
        losses.append(loss)
        try route(copy)
    }

    private func route(_ copy: Int) throws(SpinnpropError) {
        for route in PlannedRoute.all(shape, layout.cut, place: layout.copyPEs[copy]) {
            let range =
                route.isError
                ? layout.keys.errors(copy: copy, population: route.population, slice: route.slice)
                : layout.keys.spikes(copy: copy, population: route.population, slice: route.slice)
            for source in route.sources { try machine.route(range, from: source, to: route.targets) }
        }
    }

    private func buildOptimizers() throws(SpinnpropError) {
        let cut = layout.cut
        for (pe, chunks) in zip(layout.optimizerPEs, cut.chunks) {
            let total = chunks.reduce(0) { $0 + $1.count }
            let find = try machine.allocate(pe, BufferPlan.optimizerBuffers(parameters: total), fifo: nil)
            var owned: [OwnedChunk] = []
            var start = 0
            for chunk in chunks {
                let connection = shape.connections[chunk.connection]
                let name = chunk.isDelay ? BufferName.copyDelayGradient : BufferName.copyGradient
                owned.append(
                    OwnedChunk(
                        chunk: chunk, start: start, gradients: try buffers(chunk, BufferName.of(name, connection)),
                        parameters: chunk.isDelay
                            ? [] : try buffers(chunk, BufferName.of(BufferName.weights, connection)),
                        factors: []))
                start += chunk.count
            }
            let program = try OptimizerProgram(owned, costs: options.costs, find)
            try machine.load(program, on: pe)
            optimizers.append(program)
        }
    }

    /// A buffer of the slice a chunk lies in, copy by copy.
    private func buffers(_ chunk: ParameterChunk, _ name: String) throws(SpinnpropError) -> [MemoryBuffer] {
        var result: [MemoryBuffer] = []
        for copy in 0..<copies {
            let pe = layout.pes(copy: copy, population: chunk.population)[chunk.slice]
            guard let buffer = machine.buffers(pe: pe).first(where: { $0.name == name }) else {
                throw SpinnpropError(.internal, "PE \(pe) has no buffer \"\(name)\" for its optimiser")
            }
            result.append(buffer)
        }
        return result
    }

    // MARK: - Parameters

    /// Brings a network's parameters to the chip, unless it holds them.
    func load(_ network: Network) throws(SpinnpropError) {
        if resident == network { return }
        resident = nil
        for (index, connection) in network.connections.enumerated() {
            for (at, weight) in connection.weights.enumerated() where !Float(weight).isFinite {
                throw .invalidValue(
                    "\(connection.isRecurrent ? "recurrent weight" : "weight") \(at) into layer \(connection.target) is "
                        + "\(weight); engine \"\(SpiNNaker2Engine.name)\" takes finite float32 numbers (connection \(index))"
                )
            }
        }
        for copy in neurons {
            for (layer, programs) in copy.enumerated() {
                for program in programs { try load(network, layer, program) }
            }
        }
        for optimizer in optimizers {
            for n in optimizer.chunks.indices { optimizer.chunks[n].factors = factors(optimizer.chunks[n].chunk) }
            for own in optimizer.chunks where !own.chunk.isDelay {
                let values = network.connections[own.chunk.connection].weights
                forEachParameter(own.chunk) { place, index in
                    optimizer.master[own.start + place] = Float(values[index])
                }
                counts.hostBytes += 4 * own.chunk.count
            }
        }
        resident = network
    }

    private func load(_ network: Network, _ layer: Int, _ program: NeuronProgram) throws(SpinnpropError) {
        let slice = program.place.slice
        let stride = ClockKernels.padded(network.layers[layer].neuronCount)
        // Constants of the whole layer; the slice takes its part.
        let whole = try Block<Float>(ClockConstants.count * stride)
        try ClockConstants.fill(
            whole.pointer, stride: stride, layer: network.layers[layer], index: layer, grid: options.grid)
        program.constantBlock.update(
            from: whole.pointer + ClockConstants.count * slice.first, count: ClockConstants.count * slice.width)
        counts.hostBytes += 4 * ClockConstants.count * slice.width
        for n in 0..<program.incomingCount {
            let own = program.incoming[n]
            let connection = network.connections[own.shape.index]
            let pre = own.shape.preCount
            for unit in 0..<slice.count {
                for sender in 0..<pre {
                    own.weights[sender * slice.width + unit] = Float(
                        connection.weights[(slice.first + unit) * pre + sender])
                }
            }
            counts.hostBytes += 4 * pre * slice.width
            guard let delays = own.delays else { continue }
            func steps(_ index: Int) -> Int32 {
                Int32(
                    truncatingIfNeeded: min(
                        options.grid.step(nearest: connection.delays[index]), options.grid.steps - 1))
            }
            switch own.shape.delayKind {
            case .none: break
            case .axonal: for sender in 0..<pre { delays[sender] = steps(sender) }
            case .dendritic: for unit in 0..<slice.count { delays[unit] = steps(slice.first + unit) }
            case .synaptic:
                for unit in 0..<slice.count {
                    for sender in 0..<pre {
                        delays[sender * slice.width + unit] = steps((slice.first + unit) * pre + sender)
                    }
                }
            }
            counts.hostBytes += 4 * (own.shape.delayKind == .synaptic ? pre * slice.width : pre)
        }
    }

    /// Calls with the place of each parameter of a chunk, and its index in the network's array. Padding is left out.
    func forEachParameter(_ chunk: ParameterChunk, _ body: (_ place: Int, _ index: Int) -> Void) {
        let connection = shape.connections[chunk.connection]
        let slice = layout.cut.slices[chunk.population][chunk.slice]
        for place in 0..<chunk.count {
            let (row, column) = (chunk.offset + place).quotientAndRemainder(dividingBy: slice.width)
            guard column < slice.count else { continue }
            let unit = slice.first + column
            // One row for all senders or receivers, or one per sender.
            let isVector = chunk.isDelay && connection.delayKind != .synaptic
            body(place, isVector ? unit : unit * connection.preCount + row)
        }
    }

    /// What the optimisers' sums are multiplied with.
    func factors(_ chunk: ParameterChunk) -> [Float] {
        if chunk.isDelay { return [Float(1 / options.grid.timeStep)] }
        let program = neurons[0][chunk.population - 1][chunk.slice]
        return (0..<program.width).map { -program.constants[.tauSyn, $0] }
    }

    func holds(_ network: Network) -> Bool { resident == network }

    /// Brings the optimiser's memory to the chip, unless it holds it.
    func loadMemory(_ mean: [[Double]], _ square: [[Double]]) {
        if residentMean == mean && residentSquare == square { return }
        for optimizer in optimizers {
            for own in optimizer.chunks where !own.chunk.isDelay {
                let connection = own.chunk.connection
                forEachParameter(own.chunk) { place, index in
                    optimizer.first[own.start + place] = Float(mean[connection][index])
                    guard square[connection].count > 0 else { return }
                    optimizer.second[own.start + place] = Float(square[connection][index])
                }
                counts.hostBytes += 8 * own.chunk.count
            }
        }
    }

    /// The chip holds what it has made itself.
    func adopt(_ network: Network, _ mean: [[Double]], _ square: [[Double]]) {
        (resident, residentMean, residentSquare) = (network, mean, square)
    }
}
