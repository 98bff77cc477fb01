// Forward through a layer of at most four neurons that all see the same events: what SynchronousForward does, with the state in registers.
import Mathematics
import Networks
import Neurons

extension LayerPlan {
    /// Whether all neurons fit into one vector.
    var isNarrow: Bool { stride == 4 }

    /// As `move`; nobody has a refractory period.
    @inline(__always)
    func moveNarrow(
        _ motion: some Motion, _ sample: UnsafeMutablePointer<SynchronousSample>, _ index: Int,
        _ candidates: Candidates, _ count: Int, _ endTime: Double, _ poller: Poller
    ) throws(SpinnpropError) -> Int {
        let columns = self.columns.pointer
        let (thresholds, constants) = (motion.thresholds, motion.constants(0))
        let below = SIMD4(repeating: thresholds.flow.threshold.nextDown)
        var own = sample.pointee
        var (v, i, count) = (loadVector(own.v), loadVector(own.i), count)
        let first = count
        while count == first, own.event < own.events, own.times[own.event] <= endTime {
            let (from, pause) = (own.event, min(own.events, own.event &+ 256))
            while own.event < pause, own.times[own.event] <= endTime {
                let column = columns[Int(own.connections[own.event])] + 4 &* Int(own.units[own.event])
                i += thresholds.measured(loadVector(column), 0)
                let (start, interval) = (own.times[own.event], own.interval)
                own.event &+= 1
                // At the same time as the next.
                if interval.length == 0 { continue }
                let p = motion.map(constants, interval)
                let (endV, endI) = (v * p.a + i * p.h, i * p.b)
                var mayFire = motion.mayFire(constants, v: v, i: i, endV: endV, endI: endI)
                if mayFire != 0 {
                    while mayFire != 0 {
                        let lane = mayFire.trailingZeroBitCount
                        candidates.neuron[count] = Int32(truncatingIfNeeded: lane)
                        candidates.v[count] = v[lane]
                        candidates.i[count] = i[lane]
                        count &+= 1
                        mayFire &= mayFire &- 1
                    }
                    candidates.begin(
                        motion, first, count, sample: index, start: start, length: interval.length, interval.decays)
                    (v, i) = (lesser(endV, below), endI)
                    break
                }
                (v, i) = (lesser(endV, below), endI)
            }
            try poller.spend(4 &* (own.event &- from))
        }
        store(v, at: own.v)
        store(i, at: own.i)
        sample.pointee.event = own.event
        return count
    }
}
