// Refractory periods of a layer that is moved as one: the few neurons that are held are moved apart from all others.
import Mathematics
import Networks
import Neurons

extension LayerPlan {
    /// Takes the neurons that are held out of those that may spike.
    @inline(__always)
    func hold(_ own: SynchronousSample, _ candidates: Candidates) {
        for n in 0..<own.heldCount {
            let neuron = Int(own.held[n])
            candidates.mayFire[neuron / 4] &= ~(1 &<< UInt8(truncatingIfNeeded: neuron & 3))
        }
    }

    /// Keeps membranes that are held at the reset, moves those that are let go within the interval to its end, and adds those of them that may spike to the
    /// candidates. - Returns: how many there are now.
    func release(
        _ motion: some Motion, _ own: inout SynchronousSample, _ index: Int, _ column: UnsafePointer<Double>,
        _ candidates: Candidates, _ first: Int, _ start: Double, _ length: Double
    ) -> Int {
        let thresholds = motion.thresholds
        let below = SIMD4(repeating: thresholds.flow.threshold.nextDown)
        let (freed, offsets, currents) = (candidates.freed, candidates.passed, candidates.current)
        var (kept, free) = (0, 0)
        for n in 0..<own.heldCount {
            let neuron = Int(own.held[n])
            if own.release[neuron] < start + length {
                freed[free] = own.held[n]
                offsets[free] = max(0, own.release[neuron] - start)
                currents[free] = own.i[neuron] + thresholds.measured(column[neuron], neuron)
                free &+= 1
            } else {
                own.nextV[neuron] = thresholds.reset(neuron)
                own.held[kept] = own.held[n]
                kept &+= 1
            }
        }
        own.heldCount = kept
        // What fills up the last vector has to be numbers.
        for n in free..<padded(free) { (freed[n], offsets[n], currents[n]) = (0, 0, 0) }
        var count = first
        for n in Swift.stride(from: 0, to: free, by: 4) {
            let neurons = SIMD4(freed + n)
            let constants = motion.constants(neurons)
            let offset = loadVector(offsets + n)
            let current = loadVector(currents + n) * motion.propagators(constants, offset).b
            let p = motion.propagators(constants, SIMD4(repeating: length) - offset)
            let reset = thresholds.resets(neurons)
            let endV = reset * p.a + current * p.h
            let mayFire = motion.mayFire(constants, v: reset, i: current, endV: endV, endI: current * p.b)
            let end = lesser(endV, below)
            for lane in 0..<min(4, free &- n) {
                let neuron = Int(freed[n &+ lane])
                own.nextV[neuron] = end[lane]
                guard mayFire &>> UInt8(truncatingIfNeeded: lane) & 1 != 0 else { continue }
                candidates.begin(
                    motion, count, count &+ 1, sample: index, start: start, length: length,
                    Decays(membrane: p.a[lane], synapse: p.b[lane]))
                candidates.neuron[count] = freed[n &+ lane]
                candidates.v[count] = reset[lane]
                candidates.i[count] = current[lane]
                candidates.offset[count] = offset[lane]
                count &+= 1
            }
        }
        return count
    }
}
