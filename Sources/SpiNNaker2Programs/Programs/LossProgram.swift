// The loss of one copy on one processing element: reads output spikes, sends each its error.
import Mathematics
import Networks
import SpiNNaker2

/// Any loss on spikes, evaluated as on the host. Errors leave as packets, one tick before the step that needs them.
final class LossProgram: Program {
    private let copy: Int
    private let keys: KeyLayout
    private let costs: ProgramCosts
    private let slices: [Slice]
    private let errorRanges: [KeyRange]
    private let outputCount: Int
    private let tapeCapacity: Int
    private let tapeSteps: UnsafeMutablePointer<Int32>
    private let tapeUnits: UnsafeMutablePointer<Int32>
    private let tapeErrors: UnsafeMutablePointer<Float>
    /// What the protocol `Loss` wants to see and answers in.
    private let times = Block<Double>()
    private let perSecond = Block<Double>()
    private let firstSpikes = Block<Int>()
    var job: SpiNNaker2Job? { didSet { view = job?.view ?? JobView() } }
    private var view = JobView()
    private var order = PacketOrder()
    private var count = 0
    private var cursor = 0

    init(
        copy: Int, keys: KeyLayout, costs: ProgramCosts, plan: BufferPlan, slices: [Slice],
        _ find: (String) throws(SpinnpropError) -> MemoryBuffer
    ) throws(SpinnpropError) {
        self.copy = copy
        self.keys = keys
        self.costs = costs
        self.slices = slices
        let population = plan.shape.layerCount
        outputCount = plan.shape.sizes[population]
        errorRanges = slices.map { keys.errors(copy: copy, population: population, slice: $0.index) }
        tapeCapacity = plan.tapeCapacity(units: outputCount)
        tapeSteps = try find(BufferName.outputTape).words
        tapeUnits = tapeSteps + tapeCapacity
        tapeErrors = UnsafeMutableRawPointer(tapeUnits + tapeCapacity).assumingMemoryBound(to: Float.self)
    }

    var name: String { "loss" }

    func isActive(phase: Int) -> Bool {
        phase != SpiNNaker2Phase.gather.rawValue && phase != SpiNNaker2Phase.update.rawValue
    }

    func sends(phase: Int) -> [KeyRange] {
        phase == SpiNNaker2Phase.loss.rawValue || phase == SpiNNaker2Phase.backward.rawValue ? errorRanges : []
    }

    func tick(_ context: TickContext) throws(SpinnpropError) {
        context.charge(costs.tick)
        switch context.phase {
        case SpiNNaker2Phase.forward.rawValue:
            if context.tick == 0 { count = 0 }
            if context.packetCount > 0 { try takeIn(context) }
            context.sleep(until: .max, charging: costs.tick)
        case SpiNNaker2Phase.loss.rawValue:
            guard let job, let sample = job.sample(copy: copy, round: context.round) else {
                count = 0
                cursor = 0
                return
            }
            if !view.isJoint { try load(context, sample, job) }
            cursor = count
            try evaluate(context, sample, job)
            try send(context, step: view.steps &- 1)
        default:
            try send(context, step: view.steps &- 2 &- context.tick)
            context.sleep(
                until: cursor > 0 ? view.steps &- 2 &- Int(tapeSteps[cursor &- 1]) : .max, charging: costs.tick)
        }
    }

    /// Output spikes of the step before, in order of neuron.
    private func takeIn(_ context: TickContext) throws(SpinnpropError) {
        let packets = order.packets(context)
        let (packetCount, stride) = (context.packetCount, context.packetStride)
        guard packetCount <= tapeCapacity &- count else {
            throw tapeFull(sample: job?.sample(copy: copy, round: context.round) ?? 0, spikes: count + packetCount)
        }
        for n in 0..<packetCount {
            let key = packets[n &* stride]
            let unit = slices[keys.slice(ofSpike: key)].first &+ keys.index(ofSpike: key)
            tapeSteps[count] = Int32(truncatingIfNeeded: context.tick &- 1)
            tapeUnits[count] = Int32(truncatingIfNeeded: unit)
            count &+= 1
        }
        context.charge(packetCount &* costs.packet)
    }

    private func tapeFull(sample: Int, spikes: Int) -> SpinnpropError {
        SpinnpropError(
            .outOfMemory,
            "sample \(sample) has \(spikes) output spikes or more, and the output spike tape of copy \(copy) holds "
                + "\(tapeCapacity); raise spikes_per_neuron")
    }

    private func load(_ context: TickContext, _ sample: Int, _ job: SpiNNaker2Job) throws(SpinnpropError) {
        let table = job.tables[job.tables.count - 1]
        let range = table.range(sample)
        guard range.count <= tapeCapacity else {
            throw tapeFull(sample: sample, spikes: range.count)
        }
        count = range.count
        tapeSteps.update(from: table.steps.pointer + range.lowerBound, count: count)
        tapeUnits.update(from: table.units.pointer + range.lowerBound, count: count)
        context.countDRAM(bytes: 8 * count)
    }

    private func evaluate(_ context: TickContext, _ sample: Int, _ job: SpiNNaker2Job) throws(SpinnpropError) {
        guard let objective = job.objective else { return }
        try times.reserve(max(1, count))
        try perSecond.clear(max(1, count))
        try firstSpikes.reserve(outputCount)
        firstSpikes.pointer.update(repeating: -1, count: outputCount)
        var spike = count
        while spike > 0 {
            spike -= 1
            times.pointer[spike] = job.grid.time(ofStep: Int(tapeSteps[spike]))
            firstSpikes.pointer[Int(tapeUnits[spike])] = spike
        }
        // No read-out: the pointers to its maxima and integrals are never followed.
        let output = OutputSample(
            outputCount: outputCount, times: UnsafePointer(times.pointer), units: UnsafePointer(tapeUnits),
            spikeCount: count, firstSpikes: UnsafePointer(firstSpikes.pointer), maxima: UnsafePointer(times.pointer),
            integrals: UnsafePointer(times.pointer), endTime: .infinity, grid: job.grid)
        job.judgements.pointer[sample] = objective.judge(output, sample: sample, errors: perSecond.pointer)
        for n in 0..<count { tapeErrors[n] = Float(perSecond.pointer[n] * job.grid.timeStep) * job.scale }
        context.charge(outputCount * costs.lossOutput)
    }

    /// Sends the errors of spikes of a step.
    private func send(_ context: TickContext, step: Int) throws(SpinnpropError) {
        while cursor > 0, Int(tapeSteps[cursor &- 1]) >= step {
            cursor &-= 1
            guard Int(tapeSteps[cursor]) == step, tapeErrors[cursor] != 0 else { continue }
            let unit = Int(tapeUnits[cursor])
            var slice = 0
            while slice < slices.count &- 1, slices[slice].first &+ slices[slice].count <= unit { slice &+= 1 }
            var word = tapeErrors[cursor].bitPattern
            let tail = keys.errorTail(isRecurrent: false, index: unit &- slices[slice].first, block: 0)
            try context.send(errorRanges[slice].key | tail, payload: &word, words: 1)
            context.charge(costs.packet)
        }
    }
}
