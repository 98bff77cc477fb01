// Refractory periods of a layer that is moved as one: the few neurons that are held are moved apart from all others.
import Mathematics
import Networks
import Neurons

extension LayerPlan {
    /// Takes the neurons that are held out of those that may spike.
    @inline(__always)
    func hold(_ lanes: SynchronousLanes) {
        for n in 0..<lanes.heldCount.pointee {
            let neuron = Int(lanes.held[n])
            lanes.mayFire[neuron / 4] &= ~(1 &<< UInt8(truncatingIfNeeded: neuron & 3))
        }
    }

    /// Keeps membranes that are held at the reset, moves those that are let go within the interval to its end, and adds those of them that may spike to the
    /// candidates. - Returns: how many there are now.
    func release(
        _ motion: some Motion, _ lanes: SynchronousLanes, _ column: UnsafePointer<Double>, count: Int, start: Double,
        length: Double
    ) -> Int {
        let thresholds = motion.thresholds
        let below = SIMD4(repeating: thresholds.flow.threshold.nextDown)
        let (freed, offsets, currents) = (lanes.freed, lanes.passed, lanes.current)
        var (kept, free) = (0, 0)
        for n in 0..<lanes.heldCount.pointee {
            let neuron = Int(lanes.held[n])
            if lanes.release[neuron] < start + length {
                freed[free] = lanes.held[n]
                offsets[free] = max(0, lanes.release[neuron] - start)
                currents[free] = lanes.i[neuron] + thresholds.measured(column[neuron], neuron)
                free &+= 1
            } else {
                lanes.nextV[neuron] = thresholds.reset(neuron)
                lanes.held[kept] = lanes.held[n]
                kept &+= 1
            }
        }
        lanes.heldCount.pointee = kept
        // What fills up the last vector has to be numbers.
        for n in free..<padded(free) { (freed[n], offsets[n], currents[n]) = (0, 0, 0) }
        var count = count
        for n in Swift.stride(from: 0, to: free, by: 4) {
            let neurons = SIMD4(freed + n)
            let constants = motion.constants(neurons)
            let offset = loadVector(offsets + n)
            let current = loadVector(currents + n) * motion.propagators(constants, offset).b
            let p = motion.propagators(constants, SIMD4(repeating: length) - offset)
            let reset = thresholds.resets(neurons)
            let endV = reset * p.a + current * p.h
            let mayFire = motion.mayFire(constants, v: reset, i: current, endV: endV, endI: current * p.b)
            store(lesser(endV, below), at: lanes.endV + n)
            store(reset, at: lanes.resets + n)
            store(current, at: lanes.after + n)
            store(motion.kept(p), at: lanes.left + n)
            for from in n..<min(n &+ 4, free) {
                lanes.nextV[Int(freed[from])] = lanes.endV[from]
                guard mayFire &>> UInt8(truncatingIfNeeded: from & 3) & 1 != 0 else { continue }
                lanes.candidate[count] = freed[from]
                lanes.candidateV[count] = lanes.resets[from]
                lanes.candidateI[count] = lanes.after[from]
                lanes.offset[count] = offsets[from]
                lanes.rest[count] = lanes.left[from]
                count &+= 1
            }
        }
        pad(lanes, count)
        return count
    }
}
