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
    /// Of a leaky read-out.
    let maxima = Block<Float>()
    let maximumSteps = Block<Int32>()
    let maximumCurrents = Block<Float>()
    private let feeds = Block<ForwardFeed>()
    let poller: Poller

    init(_ poller: Poller) { self.poller = poller }

    /// A run from rest, at the first step in which a source spikes; past the end if none does.
    fileprivate func begin(_ plan: ClockPlan, _ rows: StepRows, spikeLimit: Int) -> ForwardRun {
        let slots = plan.largestDelay + 1
        currents.clear(plan.stride)
        membranes.clear(plan.stride)
        arrivals.clear(slots * plan.stride)
        if !plan.isSpiking {
            maxima.clear(plan.stride)
            maximumSteps.clear(plan.stride)
            maximumCurrents.clear(plan.stride)
        }
        feeds.reserve(plan.sources.count)
        var first = plan.grid.steps
        var n = 0
        for own in plan.sources {
            let row = own.isRecurrent ? rows.inputRow : rows.row(source: own.source)
            (feeds.pointer + n).initialize(to: ForwardFeed(lanes: own.lanes, isRecurrent: own.isRecurrent, row: row))
            if !own.isRecurrent && row.count > 0 { first = min(first, Int(row.steps[0])) }
            n += 1
        }
        return ForwardRun(
            constants: plan.constants, neuronCount: plan.neuronCount, stride: plan.stride, slots: slots,
            currents: currents.pointer, membranes: membranes.pointer, arrivals: arrivals.pointer, feeds: feeds.pointer,
            feedCount: n,
            maxima: plan.isSpiking
                ? nil
                : ReadoutLanes(maxima: maxima.pointer, steps: maximumSteps.pointer, currents: maximumCurrents.pointer),
            step: first, end: plan.grid.steps - 1, spikes: rows[plan.layer], spikeLimit: spikeLimit)
    }
}

extension ClockPlan {
    /// Leaves a sample's spikes in `rows`, or the maxima of a leaky read-out in `state`.
    ///
    /// - Parameter before: spikes of the layer in earlier samples of the part, which count towards the budget.
    func run(_ rows: StepRows, _ state: ClockState, budget: SpikeBudget, before: Int) throws(SpinnpropError) {
        rows.reserve(stride, layer: layer)
        var run = state.begin(self, rows, spikeLimit: budget.limit - before)
        while run.step <= run.end {
            let work = NeuronLoops.forward(&run, patience: Poller.patience)
            rows[layer].count = run.spikes.count
            try budget.check(before + run.spikes.count, layer: layer, time: grid.time(ofStep: run.step - 1))
            try state.poller.spend(work)
            if !run.hasRoom {
                rows.reserve(run.spikes.count + stride, layer: layer)
                run.spikes = rows[layer]
            }
        }
        guard ClockKernels.areFinite(run.currents, count: stride) else {
            let neuron = (0..<neuronCount).first { !run.currents[$0].isFinite } ?? 0
            throw .invalidValue(
                "the current of neuron \(neuron) of layer \(layer) overflows float32; use smaller weights")
        }
    }
}
