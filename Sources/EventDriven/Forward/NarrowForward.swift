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
                    v = try emitNarrow(
                        motion, state, lanes, mayFire, v: v, i: i, endV: lesser(endV, below), interval,
                        start: times[event &- 1], endTime: endTime, output: output, budget: budget)
                }
                i = endI
            }
        }
        store(i, at: lanes.i)
        try checkFinite(lanes.i)
    }

    /// All spikes within the interval of those of the four neurons that may spike: the first of each, then, from the reset, the next, until nobody
    /// reaches the threshold again. Returns the membranes at the interval's end. - Parameter endV: those if nobody spikes.
    private func emitNarrow(
        _ motion: some Motion, _ state: SynchronousState, _ lanes: SynchronousLanes, _ mayFire: UInt8,
        v: SIMD4<Double>, i: SIMD4<Double>, endV: SIMD4<Double>, _ interval: Interval, start: Double, endTime: Double,
        output: SpikeColumns, budget: SpikeBudget
    ) throws(SpinnpropError) -> SIMD4<Double> {
        let (thresholds, constants) = (motion.thresholds, motion.constants(0))
        let below = SIMD4(repeating: thresholds.flow.threshold.nextDown)
        let reset = thresholds.resets(SIMD4(0, 1, 2, 3))
        let (length, from, endTime) = (
            SIMD4(repeating: interval.length), SIMD4(repeating: start), SIMD4(repeating: endTime)
        )
        var (v, i, endV, offset, kept) = (v, i, endV, SIMD4<Double>.zero, SIMD4(repeating: motion.kept(interval)))
        for lane in 0..<4 { lanes.candidate[lane] = Int32(truncatingIfNeeded: lane) }
        var (mayFire, made, generation) = (mayFire, 0, 0)
        while mayFire != 0 {
            store(v, at: lanes.candidateV)
            store(i, at: lanes.candidateI)
            motion.findCrossings(lanes, count: 4)
            let isReached = loadVector(lanes.x) .>= .zero
            let x = SIMD4.select(isReached, loadVector(lanes.x), SIMD4(repeating: 1))
            // Beyond the end by rounding only: the state at the end was above the threshold.
            offset = lesser(offset + elapsed(motion, constants, lanes, 0, x: x, isReached), length)
            let time = from + offset
            var fires = mayFire & unsafeBitCast(isReached .& (time .<= endTime), to: SIMD4<Int64>.self).signs
            let y = motion.exponential(constants, v: v, i: i, x: x)
            i *= motion.decay(constants, x: y)
            let p = motion.rest(constants, kept: kept, x: y, remaining: length - offset)
            let nextV = reset * p.a + i * p.h
            mayFire = fires & motion.mayFire(constants, v: reset, i: i, endV: nextV, endI: i * p.b)
            (v, kept) = (reset, motion.kept(p))
            store(time, at: lanes.time)
            store(i, at: lanes.current)
            store(endV, at: lanes.v)
            store(lesser(nextV, below), at: lanes.endV)
            let spikes = try state.spikes(made &+ 4, keeping: made)
            while fires != 0 {
                let lane = fires.trailingZeroBitCount
                spikes.times[made] = lanes.time[lane]
                spikes.units[made] = Int32(truncatingIfNeeded: lane)
                spikes.currents[made] = thresholds.current(lanes.current[lane], lane)
                lanes.v[lane] = lanes.endV[lane]
                made &+= 1
                fires &= fires &- 1
            }
            endV = loadVector(lanes.v)
            generation &+= 1
            if generation & 63 == 0 {
                try budget.check(output.count + made, layer: layer, time: start)
                try state.poller.spend(256)
            }
        }
        try budget.check(output.count + made, layer: layer, time: start)
        try state.append(made, to: output)
        return endV
    }
}
