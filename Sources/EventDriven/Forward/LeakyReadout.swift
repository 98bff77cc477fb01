// Forward through a leaky read-out: the exact maximum of a membrane that is never reset.
import Mathematics
import Networks
import Neurons

extension LayerPlan {
    /// The maximum of one neuron's membrane V, not measured from the drive, up to `endTime`. `propagators` are those of the interval after each event, the last
    /// one endless.
    func maximum(
        neuron: Int, _ arrivals: Arrivals, _ propagators: UnsafePointer<Propagators>, endTime: Double, poller: Poller
    ) throws(SpinnpropError) -> MembraneMaximum {
        let flow = self.flow(neuron)
        let times = arrivals.times
        var best = MembraneMaximum()
        let drive = flow.drive
        var (v, i) = (flow.start, 0.0)
        // Until the first arrival a drive alone moves the membrane.
        var event = isDriven ? -1 : 0
        while event < arrivals.count, (event < 0 ? 0 : times[event]) <= endTime {
            let start = event < 0 ? 0 : times[event]
            try poller.spend(8)
            if event >= 0 {
                let own = feedForward[Int(arrivals.connections[event])]
                i += own.columns.pointer[Int(arrivals.units[event]) * stride + neuron]
            }
            let isLast = event + 1 == arrivals.count || times[event + 1] > endTime
            let length = isLast ? endTime - start : times[event + 1] - start
            let p = isLast || event < 0 ? flow.propagators(length) : propagators[event]
            let endV = p.a * v + p.h * i
            let endI = p.b * i
            // It goes where current and drive, or the drive alone, draw it.
            if max(i, 0) + drive > best.value {
                // The end of a rise, or the peak, where the membrane equals the current, if it lies inside.
                if endI > endV {
                    if endV + drive > best.value {
                        best = MembraneMaximum(
                            value: endV + drive, time: start + length, current: (isLast ? endV : endI) + drive)
                    }
                } else if v < i && i > 0 {
                    let elapsed = flow.timeToPeak(v: v, i: i)
                    let peak = i * CrossingGeneral.decay(flow, x: elapsed) + drive
                    if peak > best.value {
                        best = MembraneMaximum(value: peak, time: start + min(elapsed, length), current: peak)
                    }
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
