// What a batch is to the programs: the spikes they start from, and what they leave for the host.
import Mathematics
import Networks
import Spikes

/// The phases of the machine.
enum SpiNNaker2Phase: Int, CaseIterable {
    case forward, loss, backward, gather, update

    var name: String {
        switch self {
        case .forward: "forward"
        case .loss: "loss"
        case .backward: "backward"
        case .gather: "gather"
        case .update: "update"
        }
    }
}

/// One population's spikes of a batch as they lie in DRAM, each sample's in order of step and unit.
final class SpikeTable: @unchecked Sendable {
    let steps: Block<Int32>
    let units: Block<Int32>
    /// I and V* at each spike of a layer; empty for the input.
    let currents = Block<Float>()
    let membranes = Block<Float>()
    private(set) var offsets: [Int] = [0]
    /// Where each spike stood before it was put in order; empty if all were in order.
    private(set) var origins: [Int] = []

    /// Takes the spikes of a layer of a recording.
    init(_ layer: LayerRecording, _ partition: [Range<Int>], grid: TimeGrid) throws(SpinnpropError) {
        let total = layer.spikeCount
        steps = try Block(total)
        units = try Block(total)
        try currents.reserve(total)
        try membranes.reserve(total)
        var at = 0
        for (samples, segment) in zip(partition, layer.segments) {
            for index in 0..<samples.count {
                offsets.append(at - segment.range(ofSample: 0).lowerBound + segment.range(ofSample: index).upperBound)
            }
            for spike in 0..<segment.count {
                steps.pointer[at] = Int32(truncatingIfNeeded: grid.step(nearest: segment.times[spike]))
                units.pointer[at] = segment.units[spike]
                currents.pointer[at] = Float(segment.currents[spike])
                membranes.pointer[at] = Float(segment.membranes?[spike] ?? 0)
                at += 1
            }
        }
    }

    /// Takes the input's spikes, rounded to steps and put in order.
    init(_ input: SpikeTrains, grid: TimeGrid) throws(SpinnpropError) {
        let total = input.spikeCount
        steps = try Block(total)
        units = try Block(total)
        offsets = input.offsets
        for spike in 0..<total {
            steps.pointer[spike] = Int32(truncatingIfNeeded: grid.step(nearest: input.times[spike]))
            units.pointer[spike] = input.units[spike]
        }
        for sample in 0..<input.sampleCount { order(offsets[sample]..<offsets[sample + 1]) }
    }

    private func order(_ range: Range<Int>) {
        let (steps, units) = (steps.pointer, units.pointer)
        func isBefore(_ x: Int, _ y: Int) -> Bool {
            (steps[x], units[x], x) < (steps[y], units[y], y)
        }
        var isOrdered = true
        for spike in range.dropFirst() where !isBefore(spike - 1, spike) {
            isOrdered = false
            break
        }
        if isOrdered { return }
        if origins.isEmpty { origins = Array(0..<offsets[offsets.count - 1]) }
        let sorted = range.sorted(by: isBefore)
        let (oldSteps, oldUnits) = (range.map { steps[$0] }, range.map { units[$0] })
        for (n, from) in sorted.enumerated() {
            origins[range.lowerBound + n] = from
            steps[range.lowerBound + n] = oldSteps[from - range.lowerBound]
            units[range.lowerBound + n] = oldUnits[from - range.lowerBound]
        }
    }

    @inline(__always)
    func range(_ sample: Int) -> Range<Int> { offsets[sample]..<offsets[sample + 1] }
}

/// What programs look at in every tick, without a reference to count. No steps: no batch is under way.
struct JobView {
    var steps = 0
    var wantsInputErrors = false
    /// Whether each sample goes backward right after it went forward, with its spikes still in SRAM.
    var isJoint = false
}

/// A batch under way. Copy c of the network runs samples c, c + copies, ...
final class SpiNNaker2Job: @unchecked Sendable {
    let sampleCount: Int
    let copies: Int
    let grid: TimeGrid
    let budget: SpikeBudget?
    /// The spikes of each population; the input's alone where the others come from a forward run.
    let tables: [SpikeTable]
    let objective: Objective?
    /// 1 / batch.
    let scale: Float
    /// What the loss says of each sample.
    let judgements: Block<Judgement>
    /// The error of each input spike in the table's order, in steps.
    let inputErrors: Block<Float>?
    /// Counts the samples that have begun.
    var monitor: Monitor?

    init(
        sampleCount: Int, copies: Int, grid: TimeGrid, tables: [SpikeTable], objective: Objective? = nil,
        budget: SpikeBudget? = nil
    ) throws(SpinnpropError) {
        self.sampleCount = sampleCount
        self.copies = copies
        self.grid = grid
        self.tables = tables
        self.objective = objective
        self.budget = budget
        scale = Float(1 / Double(max(1, sampleCount)))
        judgements = try Block(objective == nil ? 0 : sampleCount)
        let spikes = tables[0].offsets[sampleCount]
        inputErrors = objective?.wantsInputTimes ?? false ? try Block(spikes) : nil
        try inputErrors?.clear(spikes)
    }

    var view: JobView {
        JobView(
            steps: grid.steps, wantsInputErrors: inputErrors != nil, isJoint: objective != nil && tables.count == 1)
    }

    /// Rounds until every copy has run its samples.
    var rounds: Int { (sampleCount + copies - 1) / copies }

    /// The sample a copy runs in a round; `nil` if it has none left.
    @inline(__always)
    func sample(copy: Int, round: Int) -> Int? {
        let sample = round &* copies &+ copy
        return sample < sampleCount ? sample : nil
    }
}
