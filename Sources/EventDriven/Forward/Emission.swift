// The spikes of a layer that is moved as one: those of all samples that go side by side are found together, four at a time.
import Mathematics
import Networks
import Neurons

extension LayerPlan {
    /// A spike of each candidate that does reach the threshold within its interval. - Returns: how many candidates there are then, those that may reach
    /// it again from their resets; their samples wait for them.
    func emit(
        _ motion: some Motion, _ group: SynchronousGroup, _ state: SynchronousState, count: Int
    ) throws(SpinnpropError) -> Int {
        let candidates = group.candidates
        let time = candidates.start[0]
        candidates.pad(count)
        motion.findCrossings(candidates, count: count)
        motion.findTimes(candidates, count: count)
        for n in 0..<group.count { group.samples[n].waiting = 0 }
        let again = fire(motion, group, count: count, try state.spikes(count))
        state.endIntervals()
        try group.budget.check(group.output.count + state.found, layer: layer, time: time)
        try state.poller.spend(count)
        return again
    }

    /// Fires the candidates that do reach the threshold, moves them to the end of the interval, and lists those that reach it
    /// again before. Returns how many these are.
    @inline(__always)
    private func fire<Rule: Motion>(
        _ motion: Rule, _ group: SynchronousGroup, count: Int, _ spikes: FoundSpikes
    ) -> Int {
        let (thresholds, own) = (motion.thresholds, group.candidates)
        let flow = thresholds.flow
        let below = SIMD4(repeating: flow.threshold.nextDown)
        let endTime = SIMD4(repeating: group.endTime)
        // Where a refractory period follows, the next state is that at its end.
        let after = isRefractory ? own.after : own.current
        var again = 0
        var n = 0
        while n < count {
            let neurons = SIMD4(own.neuron + n)
            let constants = motion.constants(neurons)
            let (i, length) = (loadVector(own.i + n), loadVector(own.length + n))
            let isReached = loadVector(own.x + n) .>= .zero
            let x = SIMD4.select(isReached, loadVector(own.x + n), SIMD4(repeating: 1))
            let elapsed = elapsed(motion, own, n, isReached)
            // Beyond the end by rounding only: the state at the end was above the threshold.
            let offset = lesser(loadVector(own.offset + n) + elapsed, length)
            let time = loadVector(own.start + n) + offset
            var fires = unsafeBitCast(isReached .& (time .<= endTime), to: SIMD4<Int64>.self).signs
            // What fills up the last four may be states at rest of a neuron that fires by itself.
            if firesAlone, count &- n < 4 { fires &= (1 &<< UInt8(truncatingIfNeeded: count &- n)) &- 1 }
            let passedDecays = motion.decays(constants, v: loadVector(own.v + n), i: i, x: x)
            let current = i * passedDecays.synapse
            store(time, at: own.time + n)
            store(current, at: own.current + n)
            var (next, passed, isHeld) = (current, offset, UInt8(0))
            let p: VectorPropagators
            if isRefractory {
                let until = offset + gathered(refractory.pointer, neurons)
                isHeld = unsafeBitCast(until .>= length, to: SIMD4<Int64>.self).signs
                passed = lesser(until, length)
                next = current * motion.propagators(constants, passed - offset).b
                p = motion.propagators(constants, length - passed)
                store(next, at: own.after + n)
            } else {
                let whole = Decays(membrane: loadVector(own.a + n), synapse: loadVector(own.b + n))
                p = motion.rest(constants, whole: whole, passed: passedDecays, remaining: length - offset)
            }
            let reset = thresholds.resets(neurons)
            let endV = reset * p.a + next * p.h
            let mayFire = motion.mayFire(constants, v: reset, i: next, endV: endV, endI: next * p.b) & ~isHeld
            store(passed, at: own.passed + n)
            if Rule.takes.membrane { store(p.a, at: own.leftA + n) }
            if Rule.takes.synapse { store(p.b, at: own.leftB + n) }
            store(lesser(endV, below), at: own.endV + n)
            store(reset, at: own.resets + n)
            var (others, held) = (fires & mayFire, fires & isHeld)
            while fires != 0 {
                let from = n &+ fires.trailingZeroBitCount
                let neuron = own.neuron[from]
                let sample = group.samples + Int(own.sample[from])
                let to = sample.pointee.found
                spikes.times[to] = own.time[from]
                spikes.currents[to] = thresholds.current(own.current[from], Int(neuron))
                spikes.units[to] = neuron
                sample.pointee.found = to &+ 1
                sample.pointee.v[Int(neuron)] = own.endV[from]
                fires &= fires &- 1
            }
            while held != 0 {
                let from = n &+ held.trailingZeroBitCount
                let neuron = own.neuron[from]
                let sample = group.samples + Int(own.sample[from])
                sample.pointee.held[sample.pointee.heldCount] = neuron
                sample.pointee.heldCount &+= 1
                sample.pointee.release[Int(neuron)] = own.time[from] + refractory.pointer[Int(neuron)]
                held &= held &- 1
            }
            // Last, as they take the places of those before.
            while others != 0 {
                let from = n &+ others.trailingZeroBitCount
                own.sample[again] = own.sample[from]
                own.neuron[again] = own.neuron[from]
                own.v[again] = own.resets[from]
                own.i[again] = after[from]
                own.offset[again] = own.passed[from]
                if Rule.takes.membrane { own.a[again] = own.leftA[from] }
                if Rule.takes.synapse { own.b[again] = own.leftB[from] }
                own.start[again] = own.start[from]
                own.length[again] = own.length[from]
                group.samples[Int(own.sample[again])].waiting &+= 1
                again &+= 1
                others &= others &- 1
            }
            n &+= 4
        }
        return again
    }

    /// When four neurons in these states reach the threshold, and their currents then; who does not has no meaning there.
    @inline(__always)
    func crossings<Rule: Motion>(
        _ motion: Rule, _ constants: Rule.Constants, _ neurons: SIMD4<Int32>, v: SIMD4<Double>, i: SIMD4<Double>,
        _ candidates: Candidates
    ) -> (isReached: SIMDMask<SIMD4<Int64>>, elapsed: SIMD4<Double>, current: SIMD4<Double>) {
        for lane in 0..<4 { candidates.neuron[lane] = neurons[lane] }
        store(v, at: candidates.v)
        store(i, at: candidates.i)
        motion.findCrossings(candidates, count: 4)
        motion.findTimes(candidates, count: 4)
        let isReached = loadVector(candidates.x) .>= .zero
        let x = SIMD4.select(isReached, loadVector(candidates.x), SIMD4(repeating: 1))
        let current = i * motion.decays(constants, v: v, i: i, x: x).synapse
        return (isReached, elapsed(motion, candidates, 0, isReached), current)
    }

    /// How long the candidates from `n` on take to the threshold; 0 where they do not reach it.
    @inline(__always)
    func elapsed(
        _ motion: some Motion, _ own: Candidates, _ n: Int, _ isReached: SIMDMask<SIMD4<Int64>>
    ) -> SIMD4<Double> {
        var elapsed = SIMD4.select(isReached, loadVector(own.time + n), .zero)
        if motion.isTime { return elapsed }
        let large = SIMD4(repeating: Flow.soonCurrent * motion.thresholds.flow.threshold)
        let isLarge = loadVector(own.i + n) .> large
        var soon = unsafeBitCast(isReached .& isLarge, to: SIMD4<Int64>.self).signs
        while soon != 0 {
            let lane = soon.trailingZeroBitCount
            elapsed[lane] = motion.polished(elapsed[lane], v: own.v[n &+ lane], i: own.i[n &+ lane])
            soon &= soon &- 1
        }
        return elapsed
    }
}
