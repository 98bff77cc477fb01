// Forward through a layer of at most four neurons that all see the same events: what SynchronousForward does, with the state in registers.
import Mathematics
import Networks
import Neurons

extension LayerPlan {
    /// Whether all neurons fit into one vector.
    var isNarrow: Bool { stride == 4 }

    /// From the state in `lanes` on; nobody has a refractory period.
    @inline(__always)
    func runNarrow(
        _ motion: some Motion, _ arrivals: Arrivals, _ state: SynchronousState, _ lanes: SynchronousLanes,
        _ output: SpikeColumns, _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        let events = arrivals.count
        let (times, connections, units) = (arrivals.times, arrivals.connections, arrivals.units)
        let (columns, poller) = (self.columns.pointer, state.poller)
        let (thresholds, constants) = (motion.thresholds, motion.constants(0))
        let below = SIMD4(repeating: thresholds.flow.threshold.nextDown)
        var (v, i) = (loadVector(lanes.v), SIMD4<Double>.zero)
        var event = 0
        while event < events, times[event] <= endTime {
            let pause = min(events, event &+ 256)
            try poller.spend(4 &* (pause &- event))
            while event < pause, times[event] <= endTime {
                let column = columns[Int(connections[event])] + 4 &* Int(units[event])
                i += thresholds.measured(loadVector(column), 0)
                let length = lanes.length[event]
                let interval = Interval(length: length, a: lanes.a[event], b: lanes.b[event], h: lanes.h[event])
                event &+= 1
                // At the same time as the next.
                if length == 0 { continue }
                let p = motion.map(constants, interval)
                let (endV, endI) = (v * p.a + i * p.h, i * p.b)
                let mayFire = motion.mayFire(constants, v: v, i: i, endV: endV, endI: endI)
                if mayFire == 0 {
                    v = lesser(endV, below)
                } else {
                    let count = list(mayFire, lanes, v: v, i: i, a: interval.a)
                    store(lesser(endV, below), at: lanes.v)
                    try emit(
                        motion, state, lanes, count: count, start: times[event &- 1], length: length, endTime: endTime,
                        output: output, budget: budget)
                    v = loadVector(lanes.v)
                }
                i = endI
            }
        }
        store(i, at: lanes.i)
        try checkFinite(lanes.i)
    }

    /// Lists those of four neurons that may spike.
    @inline(__always)
    private func list(
        _ mayFire: UInt8, _ lanes: SynchronousLanes, v: SIMD4<Double>, i: SIMD4<Double>, a: Double
    ) -> Int {
        store(v, at: lanes.nextV)
        store(i, at: lanes.nextI)
        var (bits, count) = (mayFire, 0)
        while bits != 0 {
            let neuron = bits.trailingZeroBitCount
            lanes.candidate[count] = Int32(truncatingIfNeeded: neuron)
            lanes.candidateV[count] = lanes.nextV[neuron]
            lanes.candidateI[count] = lanes.nextI[neuron]
            lanes.offset[count] = 0
            lanes.rest[count] = a
            count &+= 1
            bits &= bits &- 1
        }
        pad(lanes, count)
        return count
    }
}
