// Forward through a leaky read-out: the exact maximum of a membrane that is never reset.
import Mathematics
import Networks
import Neurons

extension LayerPlan {
    /// The maximum of one neuron's membrane up to `endTime`. `propagators` are those of the interval after each event, the last
    /// one endless.
    func maximum(
        neuron: Int, _ arrivals: Arrivals, _ propagators: UnsafePointer<Propagators>, endTime: Double, poller: Poller
    ) throws(SpinnpropError) -> MembraneMaximum {
        let flow = self.flow(neuron)
        let times = arrivals.times
        var best = MembraneMaximum()
        var (v, i) = (0.0, 0.0)
        var event = 0
        while event < arrivals.count, times[event] <= endTime {
            let start = times[event]
            try poller.spend(8)
            let own = feedForward[Int(arrivals.connections[event])]
            i += own.columns.pointer[Int(arrivals.units[event]) * stride + neuron]
            let isLast = event + 1 == arrivals.count || times[event + 1] > endTime
            let length = isLast ? endTime - start : times[event + 1] - start
            let p = isLast ? flow.propagators(length) : propagators[event]
            let endV = p.a * v + p.h * i
            let endI = p.b * i
            if v < i && i > best.value {
                // The peak, where the membrane equals the current, if it lies inside; otherwise the end of the rise.
                if endI <= endV {
                    let elapsed = flow.timeToPeak(v: v, i: i)
                    let peak = i * CrossingGeneral.decay(flow, x: elapsed)
                    if peak > best.value {
                        best = MembraneMaximum(value: peak, time: start + min(elapsed, length), current: peak)
                    }
                } else if endV > best.value {
                    best = MembraneMaximum(value: endV, time: start + length, current: isLast ? endV : endI)
                }
            }
            (v, i) = (endV, endI)
            event += 1
        }
        guard v.isFinite, i.isFinite else { throw overflow(neuron) }
        return best
    }

    func overflow(_ neuron: Int) -> SpinnpropError {
        .invalidValue("the current of neuron \(neuron) of layer \(layer) overflows float64; use smaller weights")
    }
}
