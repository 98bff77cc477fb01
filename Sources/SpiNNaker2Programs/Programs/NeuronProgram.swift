// A slice of a layer of neurons on one processing element: what it holds, and its step forward.
import ClockArithmetic
import ClockDriven
import Mathematics
import Networks
import SpiNNaker2

/// Where a neuron program stands in the network and on the board.
struct NeuronPlace {
    let copy: Int
    let layer: Int
    let isLastLayer: Bool
    let slice: Slice
    /// The slices of each population.
    let slices: [[Slice]]
    let keys: KeyLayout
    let costs: ProgramCosts

    var population: Int { layer + 1 }
}

/// Runs one copy's slice of a layer, forward and backward. The formulas are those of `ClockKernels`.
final class NeuronProgram: Program {
    let place: NeuronPlace
    let keys: KeyLayout
    let costs: ProgramCosts
    let isLastLayer: Bool
    let width: Int
    let constants: ClockConstants
    let constantBlock: UnsafeMutablePointer<Float>
    let incoming: UnsafeMutablePointer<Incoming>
    let incomingCount: Int
    let axonal: [AxonalSums]
    let hasAxonal: Bool
    let largestDelay: Int
    let spikeRange: KeyRange
    /// For each connection, and each slice of its senders, the keys of the errors that go back there.
    let errorRanges: [[KeyRange]]
    var job: SpiNNaker2Job? { didSet { view = job?.view ?? JobView() } }
    var view = JobView()
    var order = PacketOrder()

    // State, in SRAM.
    let currents: UnsafeMutablePointer<Float>
    let membranes: UnsafeMutablePointer<Float>
    let arrivals: UnsafeMutablePointer<Float>
    let foundUnits: UnsafeMutablePointer<Int32>
    let foundCurrents: UnsafeMutablePointer<Float>
    let foundMembranes: UnsafeMutablePointer<Float>
    let lambdaV: UnsafeMutablePointer<Float>
    let lambdaI: UnsafeMutablePointer<Float>
    let pickedV: UnsafeMutablePointer<Float>
    let pickedI: UnsafeMutablePointer<Float>
    let earlierI: UnsafeMutablePointer<Float>
    let errors: UnsafeMutablePointer<Float>
    let blockSums: UnsafeMutablePointer<Float>
    let stateCount: Int
    let adjointCount: Int

    // The tape of own spikes, in SRAM.
    let ownSteps: UnsafeMutablePointer<Int32>
    let ownUnits: UnsafeMutablePointer<Int32>
    let ownCurrents: UnsafeMutablePointer<Float>
    let ownMembranes: UnsafeMutablePointer<Float>
    let ownCapacity: Int
    var ownCount = 0
    var ownCursor = 0

    // The running sample.
    var sample: Int32 = -1
    /// Whether anything but zeros can be in the state.
    var isAwake = false
    var isStateUsed = false
    var areAdjointsUsed = false
    var slot = 0
    /// What runs have left in DRAM: spikes of sample after sample.
    let log = SpikeLog()

    init(
        _ place: NeuronPlace, plan: BufferPlan, _ find: (String) throws(SpinnpropError) -> MemoryBuffer
    ) throws(SpinnpropError) {
        self.place = place
        keys = place.keys
        costs = place.costs
        isLastLayer = place.isLastLayer
        let shape = plan.shape
        let own = shape.incoming[place.layer]
        width = place.slice.width
        constantBlock = try find(BufferName.constants).floats
        constants = ClockConstants(UnsafePointer(constantBlock))
        largestDelay = own.reduce(0) { max($0, $1.largestDelay) }
        incomingCount = own.count
        errorRanges = own.map { connection in
            place.slices[connection.source].map {
                place.keys.errors(copy: place.copy, population: connection.source, slice: $0.index)
            }
        }
        var connections: [Incoming] = []
        for (n, connection) in own.enumerated() {
            connections.append(
                try Incoming(
                    connection, width: width, senderSlices: place.slices[connection.source],
                    errorRanges: errorRanges[n], plan: plan, find))
        }
        axonal = try AxonalSums.all(leaving: place.population, width: width, plan: plan, find)
        hasAxonal = !axonal.isEmpty
        spikeRange = keys.spikes(copy: place.copy, population: place.population, slice: place.slice.index)
        let state = try find(BufferName.state).floats
        currents = state
        membranes = state + width
        arrivals = state + 2 * width
        stateCount = (2 + largestDelay + 1) * width
        foundCurrents = state + stateCount
        foundMembranes = foundCurrents + width
        foundUnits = UnsafeMutableRawPointer(foundMembranes + width).assumingMemoryBound(to: Int32.self)
        let adjoints = try find(BufferName.adjoints).floats
        lambdaV = adjoints
        lambdaI = adjoints + (largestDelay + 2) * width
        pickedV = lambdaI + (largestDelay + 2) * width
        pickedI = pickedV + width
        earlierI = pickedI + width
        errors = earlierI + width
        blockSums = errors + width
        adjointCount = (2 * (largestDelay + 2) + 4) * width
        let tape = try find(BufferName.ownTape)
        ownCapacity = plan.tapeCapacity(units: place.slice.count)
        ownSteps = tape.words
        ownUnits = ownSteps + ownCapacity
        ownCurrents = tape.floats + 2 * ownCapacity
        ownMembranes = ownCurrents + ownCapacity
        incoming = .allocate(capacity: connections.count)
        incoming.initialize(from: connections, count: connections.count)
    }

    deinit {
        for n in 0..<incomingCount { incoming[n].deallocate() }
        incoming.deinitialize(count: incomingCount)
        incoming.deallocate()
    }

    var name: String { "neurons" }

    func isActive(phase: Int) -> Bool {
        phase != SpiNNaker2Phase.gather.rawValue && phase != SpiNNaker2Phase.update.rawValue
    }

    func sends(phase: Int) -> [KeyRange] {
        switch SpiNNaker2Phase(rawValue: phase) {
        case .forward: [spikeRange]
        case .backward: errorRanges.flatMap { $0 }
        default: []
        }
    }

    func tick(_ context: TickContext) throws(SpinnpropError) {
        switch context.phase {
        case SpiNNaker2Phase.forward.rawValue: try forward(context)
        case SpiNNaker2Phase.loss.rawValue: try beginBackward(context)
        default: try backward(context)
        }
    }

    // MARK: - Forward

    /// Step `context.tick`: takes in the spikes of the step before, advances, sends its own.
    private func forward(_ context: TickContext) throws(SpinnpropError) {
        let step = context.tick
        if step == 0 { beginForward(context) }
        context.charge(costs.tick)
        guard sample >= 0, step < view.steps else { return context.sleep(until: .max, charging: costs.tick) }
        if context.packetCount > 0 { try takeIn(context, step: step) }
        if isAwake {
            try advance(context, step: step)
        } else {
            // The ring of arrivals is all zeros: where in it the run stands does not matter.
            context.sleep(until: view.steps &- 1, charging: costs.tick)
        }
        slot = ClockKernels.slot(slot, after: 1, largestDelay + 1)
        if step == view.steps - 1 { try endForward(context) }
    }

    private func beginForward(_ context: TickContext) {
        sample = job?.sample(copy: place.copy, round: context.round).map { Int32(truncatingIfNeeded: $0) } ?? -1
        if isStateUsed { currents.update(repeating: 0, count: stateCount) }
        isAwake = false
        isStateUsed = false
        slot = 0
        ownCount = 0
        for n in 0..<incomingCount { incoming[n].tapeCount = 0 }
    }

    /// Adds arrivals up by connection, feed-forward first, then by sender: the order of the keys.
    private func takeIn(_ context: TickContext, step: Int) throws(SpinnpropError) {
        let packets = order.packets(context)
        let (count, stride) = (context.packetCount, context.packetStride)
        let keys = keys
        var n = 0
        while n < count {
            let key = packets[n &* stride]
            let population = keys.population(ofSpike: key)
            let connection = incoming + (incoming[0].shape.source == population ? 0 : incomingCount &- 1)
            let sender = Int(connection.pointee.senderFirsts[keys.slice(ofSpike: key)]) &+ keys.index(ofSpike: key)
            let at = connection.pointee.tapeCount
            guard at < connection.pointee.tapeCapacity else {
                throw tapeFull("incoming", capacity: at, step: step)
            }
            connection.pointee.tapeSteps[at] = Int32(truncatingIfNeeded: step &- 1)
            connection.pointee.tapeUnits[at] = Int32(truncatingIfNeeded: sender)
            connection.pointee.tapeCount = at &+ 1
            let row = UnsafePointer(connection.pointee.row(sender))
            if let delays = connection.pointee.spreadDelays(sender) {
                ClockKernels.gather(
                    row, delays: delays, into: arrivals, first: slot, slots: largestDelay &+ 1, stride: width,
                    count: width)
            } else {
                let arrival = ClockKernels.slot(slot, after: connection.pointee.delay(sender), largestDelay &+ 1)
                ClockKernels.gather(row, into: arrivals + arrival &* width, count: width)
            }
            n &+= 1
        }
        isAwake = true
        isStateUsed = true
        context.charge(count &* (costs.packet &+ costs.synapse &* width))
    }

    private func advance(_ context: TickContext, step: Int) throws(SpinnpropError) {
        context.charge(costs.neuron &* width)
        let found = advanceNeurons(
            arrivals: arrivals + slot &* width, currents: currents, membranes: membranes, constants, count: width,
            units: foundUnits, spikeCurrents: foundCurrents, spikeMembranes: foundMembranes)
        guard found > 0 else { return }
        guard found <= ownCapacity &- ownCount else { throw tapeFull("own", capacity: ownCapacity, step: step) }
        // Nobody but the loss takes in what the last step sends.
        let isHeard = step < view.steps &- 1 || isLastLayer
        var n = 0
        while n < found {
            ownSteps[ownCount] = Int32(truncatingIfNeeded: step)
            ownUnits[ownCount] = foundUnits[n]
            ownCurrents[ownCount] = foundCurrents[n]
            ownMembranes[ownCount] = foundMembranes[n]
            ownCount &+= 1
            if isHeard { try context.send(spikeRange.key | UInt32(truncatingIfNeeded: foundUnits[n])) }
            n &+= 1
        }
        context.charge(found &* (costs.spike &+ (isHeard ? costs.packet : 0)))
    }

    /// Writes the sample's spikes to DRAM, unless they are used right away; the emulator notes them in any case.
    private func endForward(_ context: TickContext) throws(SpinnpropError) {
        if isStateUsed, !ClockKernels.areFinite(currents, count: width) {
            let neuron = (0..<place.slice.count).first { !currents[$0].isFinite } ?? 0
            throw .invalidValue(
                "sample \(sample): the current of neuron \(place.slice.first + neuron) of layer \(place.layer) overflows float32; "
                    + "use smaller weights")
        }
        try log.append(
            steps: ownSteps, units: ownUnits, currents: ownCurrents, membranes: ownMembranes, count: ownCount,
            firstUnit: place.slice.first)
        if !view.isJoint { context.countDRAM(bytes: 16 * ownCount) }
        try job?.budget?.add(ownCount)
    }

    func tapeFull(_ which: String, capacity: Int, step: Int) -> SpinnpropError {
        SpinnpropError(
            .outOfMemory,
            "sample \(sample): the \(which) spike tape of layer \(place.layer) (copy \(place.copy), neurons from "
                + "\(place.slice.first)) is full at \(capacity) spikes in step \(step); raise spikes_per_neuron, or use smaller "
                + "weights")
    }
}

/// Spikes of a program's samples, one after another: what lies in DRAM for the host to read.
final class SpikeLog {
    let steps = Block<Int32>()
    let units = Block<Int32>()
    let currents = Block<Float>()
    let membranes = Block<Float>()
    private(set) var count = 0
    /// For each sample where its spikes end.
    private(set) var ends: [Int] = []

    func removeAll() {
        count = 0
        ends.removeAll(keepingCapacity: true)
    }

    func append(
        steps ownSteps: UnsafePointer<Int32>, units ownUnits: UnsafePointer<Int32>,
        currents ownCurrents: UnsafePointer<Float>,
        membranes ownMembranes: UnsafePointer<Float>, count added: Int, firstUnit: Int
    ) throws(SpinnpropError) {
        for block in [steps, units] { try block.grow(count + added, keeping: count) }
        for block in [currents, membranes] { try block.grow(count + added, keeping: count) }
        var n = 0
        while n < added {
            steps.pointer[count &+ n] = ownSteps[n]
            units.pointer[count &+ n] = ownUnits[n] &+ Int32(truncatingIfNeeded: firstUnit)
            currents.pointer[count &+ n] = ownCurrents[n]
            membranes.pointer[count &+ n] = ownMembranes[n]
            n &+= 1
        }
        count += added
        ends.append(count)
    }

    func range(ofSample sample: Int) -> Range<Int> { (sample == 0 ? 0 : ends[sample - 1])..<ends[sample] }
}
