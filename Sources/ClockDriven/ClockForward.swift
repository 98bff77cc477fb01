// Forward through one layer in one sample.
import ClockArithmetic
import Mathematics
import Networks
import Spikes

/// State and buffers of the layer that is being run.
final class ClockState {
    private let currents = Block<Float>()
    private let membranes = Block<Float>()
    /// Arrivals of the steps to come: one vector per delay, as a ring.
    private let arrivals = Block<Float>()
    /// The largest membrane values of a leaky read-out, the first steps of them, and the currents then.
    let maxima = Block<Float>()
    let maximumSteps = Block<Int32>()
    let maximumCurrents = Block<Float>()
    private let feeds = Block<ForwardFeed>()
    private let windowBits = Block<UInt8>()
    private let windowCurrents = Block<Float>()
    private let windowMembranes = Block<Float>()
    let poller: Poller
    /// How many steps times neurons a window holds.
    private static let windowSize = 8192

    init(_ poller: Poller) { self.poller = poller }

    /// For a layer that is run several steps at a time: so many that they stay in a processor's caches.
    private func window(_ plan: ClockPlan) throws(SpinnpropError) -> SweepWindow? {
        let lanes = SweepWindow.blocks * ClockKernels.width
        let stride = (plan.stride + lanes - 1) / lanes * lanes
        let steps = min(32, ClockState.windowSize / stride)
        // Few steps are not worth the window's memory.
        guard plan.isSimple, !plan.isNarrow, plan.constants.isUniform, steps >= 4 else { return nil }
        let pitch = (stride / ClockKernels.width + 7) & ~7
        try windowBits.clear(steps * pitch)
        try windowCurrents.reserve(steps * stride)
        try windowMembranes.reserve(steps * stride)
        return SweepWindow(
            steps: steps, stride: stride, pitch: pitch, bits: windowBits.pointer, currents: windowCurrents.pointer,
            membranes: windowMembranes.pointer)
    }

    /// A run from rest. Its first step is the one in which a source spikes first, or for loops that ask for it the step after; past the
    /// end if no source spikes.
    fileprivate func begin(
        _ plan: ClockPlan, _ rows: StepRows, spikeLimit: Int
    ) throws(SpinnpropError) -> LayerForward {
        let slots = plan.largestDelay + 1
        let (window, isNarrow) = (try window(plan), plan.isSimple && plan.isNarrow)
        let stride = window?.stride ?? plan.stride
        try currents.clear(stride)
        try membranes.clear(stride)
        try arrivals.clear(slots * stride)
        if !plan.isSpiking {
            try maxima.clear(stride)
            try maximumSteps.clear(stride)
            try maximumCurrents.clear(stride)
        }
        try feeds.reserve(plan.sources.count)
        var first = plan.grid.steps
        var n = 0
        for own in plan.sources {
            let row = own.isRecurrent ? rows.inputRow : rows.row(source: own.source)
            (feeds.pointer + n).initialize(to: ForwardFeed(lanes: own.lanes, isRecurrent: own.isRecurrent, row: row))
            if !own.isRecurrent && row.count > 0 { first = min(first, Int(row.steps[0])) }
            n += 1
        }
        return LayerForward(
            constants: plan.constants, neuronCount: plan.neuronCount, stride: plan.stride, slots: slots,
            currents: currents.pointer, membranes: membranes.pointer, arrivals: arrivals.pointer, feeds: feeds.pointer,
            feedCount: n,
            maxima: plan.isSpiking
                ? nil
                : ReadoutLanes(maxima: maxima.pointer, steps: maximumSteps.pointer, currents: maximumCurrents.pointer),
            isNarrow: isNarrow, window: window, step: isNarrow || window != nil ? first + 1 : first,
            end: plan.grid.steps - 1, spikes: rows[plan.layer], spikeLimit: spikeLimit)
    }
}

extension ClockPlan {
    /// Leaves a sample's spikes in `rows`, or the maxima of a leaky read-out in `state`.
    ///
    /// - Parameter before: spikes of the layer in earlier samples of the part, which count towards the budget.
    func run(_ rows: StepRows, _ state: ClockState, budget: SpikeBudget, before: Int) throws(SpinnpropError) {
        var run = try state.begin(self, rows, spikeLimit: budget.limit - before)
        try rows.reserve(run.room, layer: layer)
        run.spikes = rows[layer]
        while run.step <= run.end {
            let work = runForward(&run, workLimit: Poller.workBetweenPolls)
            rows[layer].count = run.spikes.count
            let limit = max(0, run.spikeLimit)
            let beyond = run.spikes.count > limit ? Int(run.spikes.steps[limit]) : 0
            try budget.check(before + run.spikes.count, layer: layer, time: grid.time(ofStep: beyond))
            try state.poller.spend(work)
            try rows.reserve(run.spikes.count + run.room, layer: layer)
            run.spikes = rows[layer]
        }
        guard ClockKernels.areFinite(run.currents, count: stride) else {
            let neuron = (0..<neuronCount).first { !run.currents[$0].isFinite } ?? 0
            throw .invalidValue(
                "the current of neuron \(neuron) of layer \(layer) overflows float32; use smaller weights")
        }
    }
}
