// Forward through one layer in one sample, step by step.
import Mathematics
import Networks
import Spikes

/// State and buffers of the layer that is being run.
final class ClockState {
    let currents = Block<Float>()
    let membranes = Block<Float>()
    /// Arrivals of the steps to come: one vector per delay, as a ring.
    let arrivals = Block<Float>()
    let units = Block<Int32>()
    let spikeCurrents = Block<Float>()
    let spikeMembranes = Block<Float>()
    /// Of a leaky read-out.
    let maxima = Block<Float>()
    let maximumSteps = Block<Int32>()
    let maximumCurrents = Block<Float>()
    fileprivate let feeds = Block<ClockFeed>()
    let poller: Poller

    init(_ poller: Poller) { self.poller = poller }

    fileprivate func reset(_ plan: ClockPlan, slots: Int) {
        currents.clear(plan.stride)
        membranes.clear(plan.stride)
        arrivals.clear(slots * plan.stride)
        units.reserve(plan.stride)
        spikeCurrents.reserve(plan.stride)
        spikeMembranes.reserve(plan.stride)
        guard !plan.isSpiking else { return }
        maxima.clear(plan.stride)
        maximumSteps.clear(plan.stride)
        maximumCurrents.clear(plan.stride)
    }
}

/// An incoming connection and the spikes of its source.
private struct ClockFeed {
    let lanes: ConnectionLanes
    /// The spikes of a recurrent connection are those of the step that is being run.
    let isRecurrent: Bool
    let row: StepRow
    var cursor = 0
}

extension ClockPlan {
    /// Appends a sample's spikes to `output` and its steps to `steps`, or leaves the maxima of a leaky read-out in `state`.
    ///
    /// Arrivals of a step are summed by the step of emission, then by connection (feed-forward ones first), then by sender.
    func run(
        _ rows: StepRows, _ state: ClockState, output: SpikeColumns, budget: SpikeBudget
    ) throws(SpinnpropError) {
        let slots = largestDelay + 1
        state.reset(self, slots: slots)
        let end = grid.steps - 1
        var step = bind(rows, state, end: end)
        let (feeds, feedCount) = (state.feeds.pointer, incoming.count)
        // The slot of arrivals in this step.
        var slot = step % slots
        let (currents, membranes, arrivals) = (state.currents.pointer, state.membranes.pointer, state.arrivals.pointer)
        let (units, spikeCurrents) = (state.units.pointer, state.spikeCurrents.pointer)
        let spikeMembranes = state.spikeMembranes.pointer
        let (constants, stride, isSpiking, poller) = (constants, stride, isSpiking, state.poller)
        let steps = rows.nextSteps
        let start = output.count
        while step <= end {
            let found = ClockKernels.advance(
                arrivals: arrivals + slot &* stride, currents: currents, membranes: membranes, constants, count: stride,
                units: units, spikeCurrents: spikeCurrents, spikeMembranes: spikeMembranes)
            if found > 0 {
                append(state, found, step: step, to: output, steps, from: start)
                try budget.check(output.count, layer: layer, time: grid.time(ofStep: step))
            } else if !isSpiking {
                ClockKernels.trackMaxima(
                    currents: currents, membranes: membranes, step: step, count: stride, maxima: state.maxima.pointer,
                    steps: state.maximumSteps.pointer, maximumCurrents: state.maximumCurrents.pointer)
            }
            slot = ClockKernels.slot(slot, after: 1, slots)
            var n = 0
            while n < feedCount {
                let lanes = feeds[n].lanes
                if feeds[n].isRecurrent {
                    deliver(lanes, units, 0, found, arrivals, slot, slots)
                } else {
                    let row = feeds[n].row
                    let first = feeds[n].cursor
                    var last = first
                    while last < row.count, Int(row.steps[last]) == step { last &+= 1 }
                    feeds[n].cursor = last
                    deliver(lanes, row.units, first, last, arrivals, slot, slots)
                    try poller.spend(stride &* (last &- first))
                }
                n &+= 1
            }
            try poller.spend(stride &* (1 &+ found))
            step &+= 1
        }
        guard ClockKernels.areFinite(currents, count: stride) else {
            let neuron = (0..<neuronCount).first { !currents[$0].isFinite } ?? 0
            throw .invalidValue(
                "the current of neuron \(neuron) of layer \(layer) overflows float32; use smaller weights")
        }
    }

    /// Sets the feeds up. - Returns: the first step in which a source spikes, before which all is at rest; past the end if none does.
    private func bind(_ rows: StepRows, _ state: ClockState, end: Int) -> Int {
        state.feeds.reserve(incoming.count)
        var first = end + 1
        for (n, own) in incoming.enumerated() {
            let isRecurrent = own.source == layer
            let row = isRecurrent ? rows.inputRow : rows.source(own)
            (state.feeds.pointer + n).initialize(
                to: ClockFeed(lanes: own.lanes, isRecurrent: isRecurrent, row: row))
            if !isRecurrent && row.count > 0 { first = min(first, Int(row.steps[0])) }
        }
        return first
    }

    /// Appends the spikes of a step.
    @inline(__always)
    private func append(
        _ state: ClockState, _ found: Int, step: Int, to output: SpikeColumns, _ steps: Block<Int32>, from start: Int
    ) {
        output.reserve(found)
        let at = output.count
        steps.grow(at &+ found &- start, keeping: at &- start)
        let (times, units, currents) = (output.times + at, output.units + at, output.currents + at)
        let time = grid.time(ofStep: step)
        let ownSteps = steps.pointer + (at &- start)
        let (spikeUnits, spikeCurrents) = (state.units.pointer, state.spikeCurrents.pointer)
        let spikeMembranes = state.spikeMembranes.pointer
        let membranes = output.membranes.map { $0 + at }
        var n = 0
        while n < found {
            times[n] = time
            units[n] = spikeUnits[n]
            currents[n] = Double(spikeCurrents[n])
            membranes?[n] = Double(spikeMembranes[n])
            ownSteps[n] = Int32(truncatingIfNeeded: step)
            n &+= 1
        }
        output.count = at &+ found
    }

    /// Puts the spikes `first ..< last` under way; `next` is the slot of the following step.
    @inline(__always)
    private func deliver(
        _ lanes: ConnectionLanes, _ units: UnsafePointer<Int32>, _ first: Int, _ last: Int,
        _ arrivals: UnsafeMutablePointer<Float>, _ next: Int, _ slots: Int
    ) {
        let stride = lanes.stride
        var spike = first
        while spike < last {
            let unit = Int(units[spike])
            if lanes.isSpread, let delays = lanes.delays {
                ClockKernels.gather(
                    lanes.row(unit), delays: delays + unit &* lanes.delayStride, into: arrivals, first: next,
                    slots: slots,
                    stride: stride, count: neuronCount)
            } else {
                let slot = ClockKernels.slot(next, after: lanes.delay(unit), slots)
                ClockKernels.gather(lanes.row(unit), into: arrivals + slot &* stride, count: stride)
            }
            spike &+= 1
        }
    }
}
