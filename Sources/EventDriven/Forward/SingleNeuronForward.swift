// Forward through a layer without recurrence whose neurons see events at times of their own: one neuron after another.
import Mathematics
import Networks
import Neurons

extension LayerPlan {
    /// Appends the spikes of one neuron up to `endTime` to `output`, in order of time. `propagators` are those of the interval
    /// after each event, the last one endless.
    func runNeuron(
        _ neuron: Int, _ arrivals: Arrivals, _ propagators: UnsafePointer<Propagators>, output: SpikeColumns,
        endTime: Double, budget: SpikeBudget, poller: Poller
    ) throws(SpinnpropError) {
        let flow = self.flow(neuron)
        let below = flow.threshold.nextDown
        let times = arrivals.times
        var (v, i) = (flow.start * (isDriven ? flow.propagators(arrivals.time(0)).a : 0), 0.0)
        var event = 0
        while event < arrivals.count, times[event] <= endTime {
            try poller.spend(8)
            let own = feedForward[Int(arrivals.connections[event])]
            i += own.columns.pointer[Int(arrivals.units[event]) * stride + neuron]
            let isLast = event + 1 == arrivals.count
            let length = isLast ? .infinity : times[event + 1] - times[event]
            var p = propagators[event]
            var offset = 0.0
            while length > 0 {
                let endV = p.a * v + p.h * i
                let endI = p.b * i
                let mayFire = CrossingGeneral.mayFire(flow, v: v, i: i, endV: endV, endI: endI)
                let elapsed = mayFire ? CrossingGeneral.timeToThreshold(flow, v: v, i: i) : .infinity
                guard elapsed < .infinity else {
                    (v, i) = (min(endV, below), endI)
                    break
                }
                let next = min(offset + elapsed, length)
                i *= CrossingGeneral.decay(flow, x: elapsed)
                v = flow.reset
                offset = next
                let time = times[event] + offset
                guard time <= endTime else { break }
                try output.append(time: time, unit: neuron, current: i)
                try budget.check(output.count, layer: layer, time: time)
                try poller.spend(64)
                p = flow.propagators(length - offset)
            }
            event += 1
        }
        guard i - i == 0 else { throw overflow(neuron) }
    }
}
