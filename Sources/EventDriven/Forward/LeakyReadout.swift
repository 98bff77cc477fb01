// Forward through a leaky read-out: the exact maxima of membranes that are never reset.
import Mathematics
import Networks
import Neurons

extension LayerPlan {
    /// Maxima of all neurons' membranes V, not measured from the drive, up to `endTime`. `propagators` are those of the interval after each event, the
    /// last one endless.
    func maxima(
        _ rows: EventRows, _ arrivals: Arrivals, _ propagators: Block<Propagators>, endTime: Double,
        into maxima: UnsafeMutablePointer<MembraneMaximum>, poller: Poller
    ) throws(SpinnpropError) {
        let together = sharesArrivals && flows.count == 1 ? 4 : 1
        try forEachNeuron(rows, arrivals, propagators) { (neuron) throws(SpinnpropError) in
            guard neuron % together == 0 else { return }
            var membranes = Membranes(self, neuron..<min(neuron + together, neuronCount), maxima + neuron)
            try membranes.run(arrivals, propagators.pointer, endTime: endTime, poller: poller)
        }
    }

    func overflow(_ neuron: Int) -> SpinnpropError {
        .invalidValue("the current of neuron \(neuron) of layer \(layer) overflows float64; use smaller weights")
    }
}

/// Membranes that are never reset, of neurons that see the same events.
private struct Membranes {
    private let plan: LayerPlan
    private let flow: Flow
    /// At most four.
    private let neurons: Range<Int>
    /// Their maxima, and the values of these side by side.
    private let best: UnsafeMutablePointer<MembraneMaximum>
    private var highest = SIMD4<Double>.zero
    private var v: SIMD4<Double>
    private var i = SIMD4<Double>.zero

    init(_ plan: LayerPlan, _ neurons: Range<Int>, _ best: UnsafeMutablePointer<MembraneMaximum>) {
        (self.plan, self.neurons, self.best) = (plan, neurons, best)
        best.update(repeating: MembraneMaximum(), count: neurons.count)
        flow = plan.flow(neurons.lowerBound)
        v = SIMD4(repeating: flow.start)
    }

    mutating func run(
        _ arrivals: Arrivals, _ propagators: UnsafePointer<Propagators>, endTime: Double, poller: Poller
    ) throws(SpinnpropError) {
        let (times, count) = (arrivals.times, arrivals.count)
        let (connections, units) = (arrivals.connections, arrivals.units)
        // One neuron at a time stands in the first lane.
        let (first, isWhole) = (neurons.lowerBound, neurons.count > 1)
        let own: UInt8 = (1 &<< UInt8(truncatingIfNeeded: neurons.count)) &- 1
        // Until the first arrival a drive alone moves the membrane.
        var event = plan.isDriven ? -1 : 0
        while event < count, (event < 0 ? 0 : times[event]) <= endTime {
            let start = event < 0 ? 0 : times[event]
            try poller.spend(8)
            if event >= 0 {
                let row = plan.columns.pointer[Int(connections[event])] + Int(units[event]) &* plan.stride + first
                i += isWhole ? loadVector(row) : SIMD4(row[0], 0, 0, 0)
            }
            let isLast = event + 1 == count || times[event + 1] > endTime
            let length = isLast ? endTime - start : times[event + 1] - start
            let p = isLast || event < 0 ? flow.propagators(length) : propagators[event]
            let (endV, endI) = (v * p.a + i * p.h, i * p.b)
            // It goes where current and drive, or the drive alone, draw it.
            let isHigher = greater(i, .zero) + SIMD4(repeating: flow.drive) .> highest
            var open = unsafeBitCast(isHigher, to: SIMD4<Int64>.self).signs & own
            while open != 0 {
                let lane = open.trailingZeroBitCount
                rise(lane, v[lane], i[lane], endV[lane], endI[lane], start, length, isLast)
                open &= open &- 1
            }
            (v, i) = (endV, endI)
            event += 1
        }
        for lane in 0..<neurons.count where !v[lane].isFinite || !i[lane].isFinite {
            throw plan.overflow(first + lane)
        }
    }

    /// A membrane that may exceed its maximum within an interval: at the end of a rise, or at the peak, where the membrane equals the current, if
    /// it lies inside.
    private mutating func rise(
        _ lane: Int, _ v: Double, _ i: Double, _ endV: Double, _ endI: Double, _ start: Double, _ length: Double,
        _ isLast: Bool
    ) {
        let drive = flow.drive
        if endI > endV {
            if endV + drive > highest[lane] {
                best[lane] = MembraneMaximum(
                    value: endV + drive, time: start + length, current: (isLast ? endV : endI) + drive)
            }
        } else if v < i && i > 0 {
            let elapsed = flow.timeToPeak(v: v, i: i)
            let peak = i * CrossingGeneral.decay(flow, x: elapsed) + drive
            if peak > highest[lane] {
                best[lane] = MembraneMaximum(value: peak, time: start + min(elapsed, length), current: peak)
            }
        }
        highest[lane] = best[lane].value
    }
}
