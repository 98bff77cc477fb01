// A slice of a layer that learns by BioGrad on one processing element: what it holds, and its step forward.
import LocalLearning
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs

/// The formulas are those of `LocalForward`, `Credit` and the sleep of `LocalNetwork`, each number added in the same order.
final class LocalNeuronProgram: Program {
    let place: LocalPlace
    let layer: Int
    let slice: Slice
    let shape: LocalShape
    let costs: ProgramCosts
    let width: Int
    let rows: Int
    private let senders: [Slice]
    private let spikes: KeyRange
    private let negatives: KeyRange

    /// A row for each sender, then the biases; gradients of a part of a batch, and of its parts, likewise.
    let weights: UnsafeMutablePointer<Float>
    let gradient: UnsafeMutablePointer<Float>
    let sum: UnsafeMutablePointer<Float>?
    /// A row for each step.
    let membranes: UnsafeMutablePointer<Float>
    /// A bit for each sender and step.
    let tape: UnsafeMutablePointer<UInt32>
    let words: Int
    /// Where traces are kept, the emulator takes the recursion's way to the same bits, in memory of its own.
    private let shortcut = Block<Float>()
    private let shortcutTape = Block<UInt32>()
    /// Spikes of the error neurons of each output, and what they are to the neurons.
    let dendrites: UnsafeMutablePointer<Float>
    let deltas: UnsafeMutablePointer<Float>
    let feedback: UnsafeMutablePointer<Float>?
    let signs: UnsafeMutablePointer<Int32>?
    let correlations: UnsafeMutablePointer<Int32>?
    let powers: UnsafeMutablePointer<Double>?
    let staging: UnsafeMutableRawPointer?

    var job: LocalJob?
    var order = PacketOrder()
    var sample: Int?
    /// Of the first copy: the others', and how many of them have run a part.
    var peers: [LocalNeuronBuffers] = []
    var activeCopies = 0
    var isFirstGather = true
    var factor: Float = 0
    // Of a sleep.
    var random = RandomStream(seed: 0, stream: 0)
    var rate = 0.0
    var sleepers = 0

    init(
        _ place: LocalPlace, layer: Int, slice: Slice, senders: [Slice], plan: LocalPlan,
        _ find: (String) throws(SpinnpropError) -> MemoryBuffer
    ) throws(SpinnpropError) {
        (self.place, self.layer, self.slice, self.senders) = (place, layer, slice, senders)
        (shape, costs, width, rows) = (place.shape, place.costs, slice.width, plan.rows(layer))
        spikes = place.spikes(population: layer + 1, slice: slice.index)
        negatives = place.spikes(population: layer + 1, slice: slice.index, isNegative: true)
        weights = try find(LocalBuffer.weights).floats
        gradient = try find(LocalBuffer.gradient).floats
        sum = plan.needsSum && place.copy == 0 ? try find(LocalBuffer.sum).floats : nil
        words = LocalPlan.words(shape.sizes[layer])
        if place.credit == .recursion {
            membranes = try find(LocalBuffer.membranes).floats
            tape = try find(LocalBuffer.tape).base.assumingMemoryBound(to: UInt32.self)
        } else {
            try shortcut.reserve(shape.steps * width)
            try shortcutTape.reserve(shape.steps * words)
            (membranes, tape) = (shortcut.pointer, shortcutTape.pointer)
        }
        dendrites = try find(LocalBuffer.dendrites).floats
        deltas = dendrites + shape.outputCount
        let isHidden = shape.isHidden(layer)
        let sleeps = isHidden && shape.sleepSteps > 0
        feedback = isHidden ? try find(LocalBuffer.feedback).floats : nil
        signs = sleeps ? try find(LocalBuffer.signs).words : nil
        correlations = sleeps ? try find(LocalBuffer.correlations).words : nil
        powers = sleeps ? try find(LocalBuffer.powers).base.assumingMemoryBound(to: Double.self) : nil
        staging = plan.needsStaging && place.copy == 0 ? try find(LocalBuffer.staging).base : nil
    }

    var name: String { "neurons" }

    func isActive(phase: Int) -> Bool {
        switch LocalPhase(rawValue: phase) {
        case .gather, .update: place.copy == 0
        case .align: place.copy == 0 && signs != nil
        default: true
        }
    }

    func sends(phase: Int) -> [KeyRange] {
        switch LocalPhase(rawValue: phase) {
        case .forward: [spikes]
        case .sleep: shape.isHidden(layer) ? [spikes, negatives] : [spikes]
        default: []
        }
    }

    func tick(_ context: TickContext) throws(SpinnpropError) {
        context.charge(costs.tick)
        switch LocalPhase(rawValue: context.phase) {
        case .forward, .error: try forward(context)
        case .credit: if sample != nil { assignCredit(context) }
        case .gather: try gather(context)
        case .update: try update(context)
        case .sleep: try sleep(context)
        default: try align(context)
        }
    }

    // MARK: - Forward

    /// Layer l runs step t in tick t + l + 1, with the spikes that layer l - 1 has sent in the tick before.
    private func forward(_ context: TickContext) throws(SpinnpropError) {
        let isForward = context.phase == LocalPhase.forward.rawValue
        if isForward, context.tick == 0 { begin(context) }
        guard let sample else { return context.sleep(until: .max, charging: costs.tick) }
        let packets = order.packets(context)
        let spikeCount = takeErrors(context, packets)
        let step = context.tick - layer - 1
        guard isForward, step >= 0, step < shape.steps else { return }
        let v = membranes + step * width
        if step == 0 {
            v.update(from: weights + (rows - 1) * width, count: width)
        } else {
            leak(v - width, to: v)
        }
        let own = tape + step * words
        own.update(repeating: 0, count: words)
        for n in 0..<spikeCount {
            let unit = sender(packets[n &* context.packetStride])
            own[unit / 32] |= 1 << UInt32(unit % 32)
            Self.add(weights + unit &* width, to: v, width)
        }
        context.charge(spikeCount * (costs.packet + costs.synapse * width) + costs.neuron * width)
        if place.credit == .traces { context.charge(rows * width * costs.traceSynapse) }
        let found = try send(context, v)
        job?.spikes.pointer[sample * shape.layerCount + layer] += found
    }

    private func begin(_ context: TickContext) {
        sample = job?.sample(copy: place.copy, round: context.round)
        dendrites.update(repeating: 0, count: shape.outputCount)
        if context.round == 0 { gradient.update(repeating: 0, count: rows * width) }
    }

    /// Errors come after spikes in the order of keys. - Returns: how many spikes there are.
    func takeErrors(_ context: TickContext, _ packets: UnsafePointer<UInt32>) -> Int {
        var n = context.packetCount
        while n > 0, packets[(n &- 1) &* context.packetStride] >> 31 == 1 {
            n &-= 1
            let at = n &* context.packetStride
            let value: Float
            if shape.isExact {
                value = Float(bitPattern: packets[at &+ 1])
            } else {
                value = place.keys.isRecurrent(error: packets[at]) ? -1 : 1
            }
            dendrites[place.keys.index(ofError: packets[at])] += value
        }
        context.charge((context.packetCount - n) * costs.packet)
        return n
    }

    /// Sends the spikes of the neurons above their threshold. - Returns: how many there are.
    func send(_ context: TickContext, _ v: UnsafePointer<Float>) throws(SpinnpropError) -> Int {
        guard let job else { return 0 }
        let threshold = Float(job.options.threshold)
        var found = 0
        for unit in 0..<slice.count where v[unit] > threshold {
            try context.send(spikes.key | UInt32(truncatingIfNeeded: unit))
            found += 1
        }
        context.charge(found * (costs.spike + costs.packet))
        return found
    }

    func send(_ context: TickContext, unit: Int, sign: Int) throws(SpinnpropError) {
        try context.send((sign < 0 ? negatives : spikes).key | UInt32(truncatingIfNeeded: unit))
        context.charge(costs.packet)
    }

    func sender(_ key: UInt32) -> Int {
        senders[place.keys.slice(ofSpike: key)].first &+ place.keys.index(ofSpike: key)
    }

    func isNegative(_ key: UInt32) -> Bool { place.keys.population(ofSpike: key) >= shape.sizes.count }

    /// v <- b + d v (1 - s).
    private func leak(_ before: UnsafePointer<Float>, to v: UnsafeMutablePointer<Float>) {
        guard let job else { return }
        let (decay, threshold) = (Float(job.options.decay), Float(job.options.threshold))
        let biases = weights + (rows - 1) * width
        var j = 0
        while j < width {
            let kept = before[j] > threshold ? 0 : decay * before[j]
            v[j] = kept + biases[j]
            j &+= 1
        }
    }

    @inline(__always)
    static func add(_ source: UnsafePointer<Float>, to target: UnsafeMutablePointer<Float>, _ count: Int) {
        var j = 0
        while j < count {
            target[j] += source[j]
            j &+= 1
        }
    }

    @inline(__always)
    static func add(
        _ source: UnsafePointer<Float>, times factor: Float, to target: UnsafeMutablePointer<Float>, _ count: Int
    ) {
        var j = 0
        while j < count {
            target[j] += factor * source[j]
            j &+= 1
        }
    }
}

/// What the first copy's program reads and writes of another copy's.
struct LocalNeuronBuffers {
    let weights: MemoryBuffer
    let gradient: MemoryBuffer
    let feedback: MemoryBuffer?
    let correlations: MemoryBuffer?
    let powers: MemoryBuffer?

    init(_ machine: Machine, pe: Int) throws(SpinnpropError) {
        let all = machine.buffers(pe: pe)
        func find(_ name: String) -> MemoryBuffer? { all.first { $0.name == name } }
        guard let weights = find(LocalBuffer.weights), let gradient = find(LocalBuffer.gradient) else {
            throw SpinnpropError(.internal, "PE \(pe) has no weights of BioGrad's")
        }
        (self.weights, self.gradient, feedback) = (weights, gradient, find(LocalBuffer.feedback))
        (correlations, powers) = (find(LocalBuffer.correlations), find(LocalBuffer.powers))
    }
}
