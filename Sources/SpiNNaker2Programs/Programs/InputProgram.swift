// The input of one copy on one processing element: sends a sample's spikes step by step.
import Mathematics
import SpiNNaker2

final class InputProgram: Program {
    private let copy: Int
    private let keys: KeyLayout
    private let costs: ProgramCosts
    private let range: KeyRange
    private let tapeSteps: UnsafeMutablePointer<Int32>
    private let tapeUnits: UnsafeMutablePointer<Int32>
    private let tapeCapacity: Int
    let axonal: [AxonalSums]
    var job: SpiNNaker2Job? { didSet { view = job?.view ?? JobView() } }
    private var view = JobView()
    private var order = PacketOrder()
    private var sample = -1
    private var count = 0
    private var cursor = 0
    private var hasErrors = false

    init(
        copy: Int, keys: KeyLayout, costs: ProgramCosts, plan: BufferPlan, slice: Slice,
        _ find: (String) throws(SpinnpropError) -> MemoryBuffer
    ) throws(SpinnpropError) {
        self.copy = copy
        self.keys = keys
        self.costs = costs
        range = keys.spikes(copy: copy, population: 0, slice: 0)
        tapeCapacity = plan.tapeCapacity(units: plan.shape.sizes[0])
        tapeSteps = try find(BufferName.inputTape).words
        tapeUnits = tapeSteps + tapeCapacity
        axonal = try AxonalSums.all(leaving: 0, width: slice.width, plan: plan, find)
    }

    var name: String { "input" }

    func isActive(phase: Int) -> Bool {
        phase != SpiNNaker2Phase.gather.rawValue && phase != SpiNNaker2Phase.update.rawValue
    }

    func sends(phase: Int) -> [KeyRange] { phase == SpiNNaker2Phase.forward.rawValue ? [range] : [] }

    func tick(_ context: TickContext) throws(SpinnpropError) {
        context.charge(costs.tick)
        switch context.phase {
        case SpiNNaker2Phase.forward.rawValue:
            if context.tick == 0 { try load(context) }
            // Nobody takes in what the last step sends.
            guard context.tick < view.steps &- 1 else { return }
            while cursor < count, Int(tapeSteps[cursor]) == context.tick {
                try context.send(range.key | UInt32(truncatingIfNeeded: tapeUnits[cursor]))
                context.charge(costs.packet)
                cursor &+= 1
            }
            context.sleep(until: cursor < count ? Int(tapeSteps[cursor]) : .max, charging: costs.tick)
        case SpiNNaker2Phase.loss.rawValue:
            if context.round == 0 { for sums in axonal { sums.clear() } }
            if !view.isJoint { try load(context) }
            cursor = count
            hasErrors = false
        default:
            if context.packetCount > 0 { takeErrors(context) }
            if hasErrors, context.tick == view.steps &- 1 { for sums in axonal { sums.closeSample() } }
            context.sleep(until: hasErrors ? view.steps &- 1 : .max, charging: costs.tick)
        }
    }

    /// Reads the sample's spikes from DRAM.
    private func load(_ context: TickContext) throws(SpinnpropError) {
        guard let job else { return }
        sample = job.sample(copy: copy, round: context.round) ?? -1
        count = 0
        cursor = 0
        guard sample >= 0 else { return }
        let spikes = job.tables[0].range(sample)
        guard spikes.count <= tapeCapacity else {
            throw SpinnpropError(
                .outOfMemory,
                "sample \(sample) has \(spikes.count) input spikes and the input spike tape of copy \(copy) holds "
                    + "\(tapeCapacity); raise spikes_per_neuron")
        }
        tapeSteps.update(from: job.tables[0].steps.pointer + spikes.lowerBound, count: spikes.count)
        tapeUnits.update(from: job.tables[0].units.pointer + spikes.lowerBound, count: spikes.count)
        count = spikes.count
        job.monitor?.finish(1)
        context.countDRAM(bytes: 8 * count)
    }

    /// Tick k brings the errors of spikes in step T - 1 - k.
    private func takeErrors(_ context: TickContext) {
        guard let job else { return }
        let packets = order.packets(context)
        let (packetCount, stride) = (context.packetCount, context.packetStride)
        let step = job.grid.steps &- 1 &- context.tick
        while cursor > 0, Int(tapeSteps[cursor &- 1]) > step { cursor &-= 1 }
        var first = cursor
        while first > 0, Int(tapeSteps[first &- 1]) == step { first &-= 1 }
        var n = 0
        while n < packetCount {
            let group = keys.group(ofError: packets[n &* stride])
            let unit = keys.index(ofError: packets[n &* stride])
            var sum: Float = 0
            while n < packetCount, keys.group(ofError: packets[n &* stride]) == group {
                var word = 1
                while word < stride {
                    sum += Float(bitPattern: packets[n &* stride &+ word])
                    word &+= 1
                }
                n &+= 1
            }
            // A unit that spikes repeatedly in a step is answered once; each of its spikes has the error.
            while first < cursor, Int(tapeUnits[first]) < unit { first &+= 1 }
            var spike = first
            while spike < cursor, Int(tapeUnits[spike]) == unit {
                for sums in axonal { sums.sample[unit] += sum }
                if let all = job.inputErrors { all.pointer[job.tables[0].range(sample).lowerBound + spike] += sum }
                spike &+= 1
            }
        }
        hasErrors = true
        context.charge(packetCount &* costs.packet)
    }
}
