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

extension ClockPlan {
    /// Appends a sample's spikes to `output`, or leaves the maxima of a leaky read-out in `state`.
    ///
    /// Arrivals of a step are summed by the step of emission, then by connection (feed-forward ones first), then by sender.
    func run(
        _ rows: StepRows, _ state: ClockState, output: SpikeColumns, budget: SpikeBudget
    ) throws(SpinnpropError) {
        let slots = largestDelay + 1
        state.reset(self, slots: slots)
        // Before the first emission of a source all is at rest.
        let sources = incoming.filter { $0.source != layer }.map { rows.source($0) }
        var cursors = [Int](repeating: 0, count: sources.count)
        guard let first = sources.filter({ $0.count > 0 }).map({ Int($0.steps[0]) }).min() else { return }
        let end = grid.steps - 1
        var step = first
        // The slot of arrivals in this step.
        var slot = first % slots
        let (currents, membranes, arrivals) = (state.currents.pointer, state.membranes.pointer, state.arrivals.pointer)
        while step <= end {
            var found = 0
            let maySpike = ClockKernels.advance(
                arrivals: arrivals + slot &* stride, currents: currents, membranes: membranes, constants, count: stride)
            if !isSpiking {
                ClockKernels.trackMaxima(
                    currents: currents, membranes: membranes, step: step, count: stride, maxima: state.maxima.pointer,
                    steps: state.maximumSteps.pointer, maximumCurrents: state.maximumCurrents.pointer)
            } else if maySpike {
                found = ClockKernels.takeSpikes(
                    currents: currents, membranes: membranes, constants, count: stride, units: state.units.pointer,
                    spikeCurrents: state.spikeCurrents.pointer, spikeMembranes: state.spikeMembranes.pointer)
                output.reserve(found)
                var n = 0
                while n < found {
                    output.append(
                        time: grid.time(ofStep: step), unit: Int(state.units.pointer[n]),
                        current: Double(state.spikeCurrents.pointer[n]),
                        membrane: Double(state.spikeMembranes.pointer[n]))
                    n &+= 1
                }
                try budget.check(output.count, layer: layer, time: grid.time(ofStep: step))
            }
            slot = ClockKernels.slot(slot, after: 1, slots)
            for (n, own) in incoming.enumerated() {
                if n < sources.count {
                    let source = sources[n]
                    var spike = cursors[n]
                    while spike < source.count, Int(source.steps[spike]) == step {
                        deliver(own, Int(source.units[spike]), state, slot, slots)
                        spike &+= 1
                    }
                    cursors[n] = spike
                } else {
                    var spike = 0
                    while spike < found {
                        deliver(own, Int(state.units.pointer[spike]), state, slot, slots)
                        spike &+= 1
                    }
                }
            }
            try state.poller.spend(stride)
            step &+= 1
        }
        guard ClockKernels.areFinite(currents, count: stride) else {
            let neuron = (0..<neuronCount).first { !currents[$0].isFinite } ?? 0
            throw .invalidValue(
                "the current of neuron \(neuron) of layer \(layer) overflows float32; use smaller weights")
        }
    }

    /// Puts one spike under way; `next` is the slot of the following step.
    @inline(__always)
    private func deliver(_ own: ClockConnection, _ unit: Int, _ state: ClockState, _ next: Int, _ slots: Int) {
        if own.isSpread {
            ClockKernels.gather(
                own.row(unit), delays: own.delays(unit), into: state.arrivals.pointer, first: next, slots: slots,
                stride: stride, count: neuronCount)
        } else {
            let slot = ClockKernels.slot(next, after: own.delay(unit), slots)
            ClockKernels.gather(own.row(unit), into: state.arrivals.pointer + slot &* stride, count: stride)
        }
        _ = state.poller.isStopped(after: stride)
    }
}
