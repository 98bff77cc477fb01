// What a training step is expected to take, from what programs charge and how active the network is taken to be.
import ClockArithmetic
import ClockDriven
import Mathematics
import Networks
import SpiNNaker2

/// Mirrors the charges of the programs with mean numbers of spikes. Neurons are taken to work in every step, from the first on;
/// real ones sleep until the first spike or error comes. Of links between chips only the transfers of gradients and weights are counted, and
/// memory interfaces are taken to keep up.
struct StepEstimate {
    /// Seconds of each phase, over a whole step.
    private(set) var seconds = [Double](repeating: 0, count: SpiNNaker2Phase.allCases.count)
    private(set) var slips = 0
    /// What all PEs together count in a whole step.
    private(set) var counters = PECounters()

    init(_ layout: Layout, _ options: SpiNNaker2Options, batch: Int, activity: Activity) {
        let rounds = (batch + layout.copies - 1) / layout.copies
        let model = CopyModel(layout, options, activity)
        let steps = options.grid.steps
        for (phase, ticks) in [(SpiNNaker2Phase.forward, steps + 1), (.loss, 1), (.backward, steps)] {
            let busiest = model.pes.map { $0.cycles[phase.rawValue] }.max() ?? 0
            add(phase, ticks: rounds * ticks, cyclesPerTick: busiest / Double(ticks), options)
        }
        for pe in model.pes { counters.cycles += StepEstimate.whole(Double(batch) * pe.cycles.reduce(0, +)) }
        counters.hopBits += StepEstimate.whole(Double(batch) * model.hopBits)
        counters.dramBytes += StepEstimate.whole(Double(batch) * model.dramBytes)
        addOptimizers(layout, options)
        if options.machine.level == .high { counters.highCycles = counters.cycles }
    }

    private mutating func add(
        _ phase: SpiNNaker2Phase, ticks: Int, cyclesPerTick: Double, linkBits: Int = 0, _ options: SpiNNaker2Options
    ) {
        let constants = options.board.constants
        let seconds = max(
            cyclesPerTick / constants[options.machine.level == .high ? .highClock : .lowClock],
            Double(linkBits) / constants[.linkBandwidth])
        let period = constants[.tick]
        guard period > 0 else {
            self.seconds[phase.rawValue] += Double(ticks) * seconds
            return
        }
        let periods = Machine.periods(seconds, of: period)
        slips += StepEstimate.whole(Double(ticks) * Double(periods - 1))
        self.seconds[phase.rawValue] += Double(ticks) * max(Double(periods) * period, seconds)
    }

    private mutating func addOptimizers(_ layout: Layout, _ options: SpiNNaker2Options) {
        let (costs, constants) = (options.costs, options.board.constants)
        var busiest = (gather: 0.0, update: 0.0)
        // Gradients to the optimisers, and weights the way back.
        var (toOptimizers, fromOptimizers) = (LinkLoad(options.board), LinkLoad(options.board))
        for (pe, chunks) in zip(layout.optimizerPEs, layout.cut.chunks) {
            var (gather, update) = (Double(costs.tick), Double(costs.tick))
            for chunk in chunks {
                let count = Double(chunk.count)
                let bytes = 4 * count / constants[.dmaBytesPerCycle]
                let pieces = (count / Double(BufferPlan.stagingCount)).rounded(.up)
                let transfer = constants[.dmaSetupCycles] + bytes
                gather +=
                    Double(layout.copies) * (pieces * constants[.dmaSetupCycles] + bytes) + Double(
                        (layout.copies + 1) * costs.sumWeight) * count
                update += Double(layout.copies) * transfer + Double(costs.optimizerWeight) * count
                for copy in 0..<layout.copies {
                    let other = layout.pes(copy: copy, population: chunk.population)[chunk.slice]
                    let bits = 32 * chunk.count * (128 + Int(constants[.packetBits])) / 128
                    counters.hopBits += 2 * bits * options.board.hops(from: other, to: pe)
                    toOptimizers.add(bits, from: other, to: pe)
                    fromOptimizers.add(bits, from: pe, to: other)
                }
            }
            busiest = (max(busiest.gather, gather), max(busiest.update, update))
            counters.cycles += StepEstimate.whole(gather + update)
        }
        counters.linkBits += toOptimizers.total + fromOptimizers.total
        add(.gather, ticks: 1, cyclesPerTick: busiest.gather, linkBits: toOptimizers.largest, options)
        add(.update, ticks: 1, cyclesPerTick: busiest.update, linkBits: fromOptimizers.largest, options)
    }

    /// A number of things that is no number any more beyond 1e15, so that sums of it stay within 64 bits.
    private static func whole(_ count: Double) -> Int { Int(min(count, 1e15)) }

    /// The energy of a step, in joules.
    func energy(_ options: SpiNNaker2Options, loadedPEs: Int) -> Double {
        EnergyParts(
            counters, seconds: seconds.reduce(0, +), loadedPEs: loadedPEs, board: options.board,
            level: options.machine.level
        ).total
    }
}

/// Bits that go over each link between chips.
private struct LinkLoad {
    private let board: Board
    private var bits: [Int]

    init(_ board: Board) {
        self.board = board
        bits = Array(repeating: 0, count: board.linkCount)
    }

    var total: Int { bits.reduce(0, +) }
    var largest: Int { bits.max() ?? 0 }

    mutating func add(_ amount: Int, from source: Int, to target: Int) {
        for link in board.links(from: board.chip(ofPE: source), to: board.chip(ofPE: target)) { bits[link] += amount }
    }
}

/// What the PEs of one copy do for one sample.
private struct CopyModel {
    struct PE {
        var cycles = [Double](repeating: 0, count: SpiNNaker2Phase.allCases.count)
    }
    private(set) var pes: [PE] = []
    private(set) var hopBits = 0.0
    private(set) var dramBytes = 0.0

    init(_ layout: Layout, _ options: SpiNNaker2Options, _ activity: Activity) {
        let (shape, cut, costs) = (layout.plan.shape, layout.cut, options.costs)
        let steps = Double(options.grid.steps)
        let spikes = shape.sizes.enumerated().map { Double($1) * activity.of(population: $0) }
        let tick = Double(costs.tick)
        let packet = Double(costs.packet)
        // Packets of errors per spike of a population, one slice of receivers after the other.
        var errorPackets = [Double](repeating: 0, count: shape.sizes.count)
        errorPackets[shape.layerCount] = 1
        for own in shape.connections where own.source > 0 {
            for slice in cut.slices[own.target] {
                errorPackets[own.source] += CopyModel.errorPackets(slice)
            }
        }
        var input = PE()
        input.cycles = [tick * (steps + 1) + spikes[0] * packet, tick, tick * steps, 0, 0]
        pes.append(input)
        for layer in 0..<shape.layerCount {
            for slice in cut.slices[layer + 1] {
                pes.append(
                    CopyModel.neurons(
                        layer, slice, shape, options, spikes: spikes, errorPackets: errorPackets[layer + 1]))
                dramBytes += 2 * 16 * spikes[layer + 1] * Double(slice.count) / Double(shape.sizes[layer + 1])
                for own in shape.incoming[layer] { dramBytes += 8 * spikes[own.source] }
            }
        }
        var loss = PE()
        let outputs = spikes[shape.layerCount]
        loss.cycles = [
            tick * (steps + 1) + outputs * packet,
            tick + Double(costs.lossOutput * shape.sizes[shape.layerCount]), tick * steps + outputs * packet, 0, 0,
        ]
        pes.append(loss)
        dramBytes += 2 * 8 * spikes[0] + 8 * outputs
        addHops(layout, options, spikes, errorPackets)
    }

    private static func errorPackets(_ slice: Slice) -> Double {
        slice.first == 0 ? 1 : Double((slice.width / ClockKernels.width + 3) / 4)
    }

    private static func neurons(
        _ layer: Int, _ slice: Slice, _ shape: NetworkShape, _ options: SpiNNaker2Options, spikes: [Double],
        errorPackets: Double
    ) -> PE {
        let costs = options.costs
        let (width, steps) = (Double(slice.width), Double(options.grid.steps))
        let own = spikes[layer + 1] * Double(slice.count) / Double(shape.sizes[layer + 1])
        let packet = Double(costs.packet)
        var forward = Double(costs.tick) * (steps + 1) + Double(costs.neuron) * width * (steps - 1)
        var backward = Double(costs.tick) * steps + Double(costs.adjointNeuron) * width * (steps - 1)
        forward += own * (Double(costs.spike) + packet)
        backward += own * (Double(costs.jump) + packet * errorPackets)
        for connection in shape.incoming[layer] {
            let arriving = spikes[connection.source]
            forward += arriving * (packet + Double(costs.synapse) * width)
            backward += arriving * Double(costs.gradientSynapse) * width
            if connection.source > 0 {
                backward += arriving * (Double(costs.errorSynapse) * width + packet * CopyModel.errorPackets(slice))
            }
            let touched = min(arriving, Double(connection.preCount))
            backward += touched * width * Double(costs.sumWeight)
        }
        var pe = PE()
        pe.cycles = [forward, Double(costs.tick), backward, 0, 0]
        return pe
    }

    /// Adds the hops of packets between the places of the first copy.
    private mutating func addHops(
        _ layout: Layout, _ options: SpiNNaker2Options, _ spikes: [Double], _ errorPackets: [Double]
    ) {
        let (shape, cut, board) = (layout.plan.shape, layout.cut, options.board)
        let header = board.constants[.packetBits]
        func toRouter(_ pe: Int) -> Double { Double(QuadGrid.hopsToRouter(fromPE: board.localPE(pe))) }
        for population in shape.sizes.indices {
            var targets: [Int] = []
            for own in shape.connections where own.source == population {
                targets += layout.pes(copy: 0, population: own.target)
            }
            if population == shape.layerCount { targets.append(layout.lossPE(copy: 0)) }
            let toTargets = targets.reduce(0) { $0 + toRouter($1) }
            for (slice, pe) in zip(cut.slices[population], layout.pes(copy: 0, population: population)) {
                let share = spikes[population] * Double(slice.count) / Double(shape.sizes[population])
                hopBits += share * header * (toRouter(pe) + toTargets)
                guard population > 0, !targets.isEmpty else { continue }
                let mean = toTargets / Double(targets.count)
                hopBits += share * errorPackets[population] * (header + 32) * (toRouter(pe) + mean)
            }
        }
    }
}
