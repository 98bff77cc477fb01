// A network that learns by BioGrad, laid out on a machine: programs in place, routes written, parameters loaded and read back.
import LocalLearning
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs

/// One mapped network. Belongs to one thread at a time.
final class LocalEmulation: MappedNetwork {
    let options: SpiNNaker2Options
    let layout: LocalLayout
    let machine: Machine
    private var inputs: [LocalInputProgram] = []
    /// By (copy, layer, slice).
    private(set) var neurons: [[[LocalNeuronProgram]]] = []
    private var errors: [LocalErrorProgram] = []
    /// The network whose parameters the chip holds.
    private var resident: LocalNetwork?
    var counts = RunCounts()

    var shape: LocalShape { layout.shape }
    var copies: Int { layout.copies }

    init(_ shape: LocalShape, _ options: SpiNNaker2Options) throws(SpinnpropError) {
        self.options = options
        layout = try LocalLayout(shape, options)
        machine = Machine(options.board, phases: LocalPhase.allCases.map(\.name), options: options.machine)
        for copy in 0..<copies { try build(copy) }
        for layer in 0..<shape.layerCount {
            for slice in layout.slices[layer].indices {
                neurons[0][layer][slice].peers = try (1..<copies).map { (copy) throws(SpinnpropError) in
                    try LocalNeuronBuffers(machine, pe: layout.pes(copy, layer: layer)[slice])
                }
            }
        }
    }

    private func build(_ copy: Int) throws(SpinnpropError) {
        let plan = layout.plan
        let place = LocalPlace(
            copy: copy, shape: shape, keys: layout.keys, costs: options.costs, credit: options.credit)
        let inputPE = layout.inputPE(copy)
        let input = try LocalInputProgram(place, try machine.allocate(inputPE, plan.inputBuffers, fifo: nil))
        try machine.load(input, on: inputPE)
        inputs.append(input)
        var layers: [[LocalNeuronProgram]] = []
        for layer in 0..<shape.layerCount {
            let senders =
                layer == 0 ? [Slice(index: 0, first: 0, count: shape.sizes[0])] : layout.slices[layer - 1]
            var programs: [LocalNeuronProgram] = []
            for (slice, pe) in zip(layout.slices[layer], layout.pes(copy, layer: layer)) {
                let find = try machine.allocate(
                    pe, plan.neuronBuffers(layer, slice, copy: copy), fifo: plan.neuronFIFO(layer))
                let program = try LocalNeuronProgram(
                    place, layer: layer, slice: slice, senders: senders, plan: plan, find)
                try machine.load(program, on: pe)
                programs.append(program)
            }
            layers.append(programs)
        }
        neurons.append(layers)
        let errorPE = layout.errorPE(copy)
        _ = try machine.allocate(errorPE, plan.errorBuffers, fifo: plan.errorFIFO)
        let error = LocalErrorProgram(place, slices: layout.slices[shape.layerCount - 1])
        try machine.load(error, on: errorPE)
        errors.append(error)
        try route(place)
    }

    /// Spikes go to the layer above, those of the output to the error neurons, errors to all layers.
    private func route(_ place: LocalPlace) throws(SpinnpropError) {
        let copy = place.copy
        let errorPE = layout.errorPE(copy)
        let layers = (0..<shape.layerCount).map { layout.pes(copy, layer: $0) }
        try machine.route(place.spikes(population: 0, slice: 0), from: layout.inputPE(copy), to: layers[0])
        for layer in layers.indices {
            let targets = shape.isHidden(layer) ? layers[layer + 1] : [errorPE]
            for (slice, pe) in layers[layer].enumerated() {
                try machine.route(place.spikes(population: layer + 1, slice: slice), from: pe, to: targets)
                guard shape.isHidden(layer) else { continue }
                try machine.route(
                    place.spikes(population: layer + 1, slice: slice, isNegative: true), from: pe, to: targets)
            }
        }
        try machine.route(place.errors, from: errorPE, to: Array(layers.joined()))
    }

    // MARK: - Parameters

    /// Brings a network's parameters to the chip, unless it holds them.
    func load(_ network: LocalNetwork) {
        if resident == network { return }
        for copy in neurons {
            for (layer, programs) in copy.enumerated() {
                for program in programs { load(network.layers[layer], program) }
            }
        }
        resident = network
    }

    /// Nothing is known of what the chip holds.
    func forget() { resident = nil }

    func adopt(_ network: LocalNetwork) { resident = network }

    private func load(_ own: LocalLayer, _ program: LocalNeuronProgram) {
        let (first, width) = (program.slice.first, program.width)
        func copy(_ values: [Float], _ row: Int, to target: UnsafeMutablePointer<Float>) {
            for unit in 0..<width { target[unit] = values[row * own.stride + first + unit] }
        }
        for row in 0..<own.preCount { copy(own.rows, row, to: program.weights + row * width) }
        copy(own.biases, 0, to: program.weights + own.preCount * width)
        counts.hostBytes += 4 * program.rows * width
        guard let feedback = program.feedback else { return }
        for output in 0..<shape.outputCount { copy(own.feedback, output, to: feedback + output * width) }
        counts.hostBytes += 4 * shape.outputCount * width
    }

    /// The network with the weights and biases that the first copy holds.
    func readWeights(into network: inout LocalNetwork) {
        for (layer, programs) in neurons[0].enumerated() {
            let (pre, stride) = (network.layers[layer].preCount, network.layers[layer].stride)
            for program in programs {
                let (first, width) = (program.slice.first, program.width)
                for row in 0..<pre {
                    for unit in 0..<width {
                        network.layers[layer].rows[row * stride + first + unit] = program.weights[row * width + unit]
                    }
                }
                for unit in 0..<width {
                    network.layers[layer].biases[first + unit] = program.weights[pre * width + unit]
                }
            }
        }
    }

    /// The same of a layer's feedback. - Throws: `invalidValue` if it has left float32.
    func readFeedback(_ layer: Int, into network: inout LocalNetwork, sleep: Int) throws(SpinnpropError) {
        let stride = network.layers[layer].stride
        for program in neurons[0][layer] {
            guard let feedback = program.feedback else { continue }
            for output in 0..<shape.outputCount {
                for unit in 0..<program.width {
                    let (value, neuron) = (feedback[output * program.width + unit], program.slice.first + unit)
                    guard value.isFinite else {
                        throw LocalNetwork.feedbackOverflow(neuron: neuron, layer: layer, sleep: sleep)
                    }
                    network.layers[layer].feedback[output * stride + neuron] = value
                }
            }
        }
    }

    // MARK: - Runs

    /// Runs a schedule of segments on samples that `job` deals out.
    func run(_ job: LocalJob, _ schedule: [Segment], rounds: Int) throws(SpinnpropError) {
        setJob(job)
        defer { setJob(nil) }
        do throws(SpinnpropError) {
            try machine.run(schedule, rounds: rounds, monitor: job.monitor)
        } catch {
            machine.reset()
            throw error
        }
    }

    private func setJob(_ job: LocalJob?) {
        for program in inputs { program.job = job }
        for program in errors { program.job = job }
        for copy in neurons { for layer in copy { for program in layer { program.job = job } } }
    }

    // MARK: - Account

    var account: SpiNNaker2Account {
        var placed: [PlacedProgram] = []
        func add(_ pe: Int, _ name: String, _ copy: Int, layer: Int = -1, first: Int = 0, count: Int) {
            placed.append(
                PlacedProgram(on: machine, pe: pe, name, copy: copy, layer: layer, first: first, count: count))
        }
        for copy in 0..<copies {
            add(layout.inputPE(copy), inputs[copy].name, copy, count: shape.sizes[0])
            for layer in 0..<shape.layerCount {
                for (program, pe) in zip(neurons[copy][layer], layout.pes(copy, layer: layer)) {
                    add(pe, program.name, copy, layer: layer, first: program.slice.first, count: program.slice.count)
                }
            }
            add(layout.errorPE(copy), errors[copy].name, copy, count: shape.outputCount)
        }
        return SpiNNaker2Account(
            machine, placed.sorted { $0.pe < $1.pe }, programs: ["input", "neurons", "errors"], copies: copies,
            steps: shape.steps, counts, costs: options.costs)
    }

    func resetAccount() {
        machine.resetCounters()
        counts = RunCounts()
    }
}
