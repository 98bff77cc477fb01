// Forward through a layer without recurrence whose neurons see the same spikes at times of their own: four neurons side by side.
import Mathematics
import Networks
import Neurons

/// Vectors of four neurons on their way through a sample, and those neurons that may reach the threshold.
final class LaneState {
    private let numbers = Block<Double>()
    private let eventBlock = Block<Int>()
    private let candidateNumbers = Block<Double>()
    private let candidateIntegers = Block<Int32>()
    private let candidateBits = Block<UInt8>()
    let poller: Poller

    init(_ poller: Poller) { self.poller = poller }

    /// Room for so many vectors, currents of 0.
    fileprivate func lanes(_ vectors: Int) throws(SpinnpropError) -> Lanes {
        let step = 4 * vectors
        // With room for candidates that fill up the last vector.
        let most = step + 8
        try numbers.reserve(3 * step)
        try eventBlock.reserve(vectors)
        try candidateNumbers.reserve(Candidates.numbers * most)
        try candidateIntegers.reserve(Candidates.integers * most)
        try candidateBits.reserve(8)
        let base = numbers.pointer
        (base + step).update(repeating: 0, count: step)
        (base + 2 * step).update(repeating: -.infinity, count: step)
        return Lanes(
            event: eventBlock.pointer, v: base, i: base + step, release: base + 2 * step,
            candidates: Candidates(
                candidateNumbers.pointer, candidateIntegers.pointer, mayFire: candidateBits.pointer, most: most))
    }
}

private struct Lanes {
    /// Of each vector the event that comes next, -1: its start, and the states before it; of each neuron when its refractory period ends.
    let event: UnsafeMutablePointer<Int>
    let v, i, release: UnsafeMutablePointer<Double>
    let candidates: Candidates
}

/// What is the same throughout a run.
private struct LaneRun {
    let first: Int
    let vectors: Int
    let arrivals: LaneArrivals
    let lanes: Lanes
    let state: LaneState
    let output: SpikeColumns
    let endTime: Double
    let budget: SpikeBudget
}

private struct LaneWork: MotionWork {
    let plan: LayerPlan
    let run: LaneRun

    @inline(__always)
    func run(_ motion: some Motion) throws(SpinnpropError) { try plan.run(motion, run) }
}

extension LayerPlan {
    /// Appends the spikes of some vectors of four neurons from `first` on up to `endTime` to `output`, in any order.
    ///
    /// All vectors move on to their next intervals in which neurons may spike, then the crossings of all are found together.
    func runLanes(
        _ first: Int, vectors: Int, _ arrivals: LaneArrivals, _ state: LaneState, output: SpikeColumns, endTime: Double,
        budget: SpikeBudget
    ) throws(SpinnpropError) {
        let run = LaneRun(
            first: first, vectors: vectors, arrivals: arrivals, lanes: try state.lanes(vectors), state: state,
            output: output, endTime: endTime, budget: budget)
        try byMotion(LaneWork(plan: self, run: run))
    }

    fileprivate func run(_ motion: some Motion, _ run: LaneRun) throws(SpinnpropError) {
        let lanes = run.lanes
        for n in 0..<run.vectors {
            store(motion.thresholds.starts(run.first / 4 &+ n), at: lanes.v + 4 &* n)
            // Until the first arrival the drive alone moves them.
            lanes.event[n] = isDriven ? -1 : 0
        }
        while true {
            var count = 0
            for n in 0..<run.vectors { count = try move(motion, n, run, count) }
            if count == 0 { break }
            try emit(motion, run, count)
        }
        for n in 0..<run.vectors {
            let i = loadVector(lanes.i + 4 &* n)
            let undefined = unsafeBitCast((i - i) .!= .zero, to: SIMD4<Int64>.self).signs
            if undefined != 0 { throw overflow(run.first + 4 * n + undefined.trailingZeroBitCount) }
        }
    }

    /// Moves a vector past its next interval in which neurons may spike, or to its end, and lists these. - Returns: how many candidates there are then.
    @inline(__always)
    private func move(
        _ motion: some Motion, _ vector: Int, _ run: LaneRun, _ before: Int
    ) throws(SpinnpropError) -> Int {
        let (lanes, candidates, own) = (run.lanes, run.lanes.candidates, run.first / 4 &+ vector)
        let below = SIMD4(repeating: motion.thresholds.flow.threshold.nextDown)
        let endTime = SIMD4<Double>(repeating: run.endTime)
        let constants = motion.constants(own)
        let (times, weights) = (run.arrivals.times(vector), run.arrivals.weights(vector))
        let events = run.arrivals.count(vector)
        var (v, i) = (loadVector(lanes.v + 4 &* vector), loadVector(lanes.i + 4 &* vector))
        let release = loadVector(lanes.release + 4 &* vector)
        var (event, count) = (lanes.event[vector], before)
        let from = event
        while event < events, count == before {
            var start = event < 0 ? .zero : loadVector(times + 4 &* event)
            // The last of a neuron that has got all it gets before the end goes on for ever.
            let isThere = start .<= endTime
            if event >= 0 {
                let arriving = SIMD4.select(isThere, loadVector(weights + 4 &* event), .zero)
                i += motion.thresholds.measured(arriving, own)
            }
            let end = loadVector(times + 4 &* (event &+ 1))
            if isRefractory, unsafeBitCast(release .> start, to: SIMD4<Int64>.self).signs != 0 {
                let freed = lesser(greater(release, start), end)
                i *= motion.propagators(constants, freed - start).b
                start = freed
            }
            let length = end - start
            let p = motion.propagators(constants, length)
            let (endV, endI) = (v * p.a + i * p.h, i * p.b)
            var mayFire = unsafeBitCast(isThere, to: SIMD4<Int64>.self).signs
            mayFire &= motion.mayFire(constants, v: v, i: i, endV: endV, endI: endI)
            while mayFire != 0 {
                let lane = mayFire.trailingZeroBitCount
                candidates.neuron[count] = Int32(truncatingIfNeeded: 4 &* own &+ lane)
                candidates.v[count] = v[lane]
                candidates.i[count] = i[lane]
                candidates.offset[count] = 0
                candidates.start[count] = start[lane]
                candidates.length[count] = length[lane]
                count &+= 1
                mayFire &= mayFire &- 1
            }
            (v, i) = (lesser(endV, below), endI)
            event &+= 1
        }
        store(v, at: lanes.v + 4 &* vector)
        store(i, at: lanes.i + 4 &* vector)
        lanes.event[vector] = event
        try run.state.poller.spend(8 &* (event &- from))
        return count
    }

    /// All spikes of the candidates within their intervals: the first of each, then, from the reset, the next, until nobody reaches the threshold
    /// again.
    private func emit(_ motion: some Motion, _ run: LaneRun, _ first: Int) throws(SpinnpropError) {
        let (candidates, time) = (run.lanes.candidates, run.lanes.candidates.start[0])
        var count = first
        while count > 0 {
            candidates.pad(count)
            motion.findCrossings(candidates, count: count)
            motion.findTimes(candidates, count: count)
            count = try fire(motion, run, count)
            try run.budget.check(run.output.count, layer: layer, time: time)
            try run.state.poller.spend(64 &* count)
        }
    }

    /// Fires the candidates that do reach the threshold, moves them to the end of the interval, and lists those that reach it again before.
    /// Returns how many these are.
    @inline(__always)
    private func fire(_ motion: some Motion, _ run: LaneRun, _ count: Int) throws(SpinnpropError) -> Int {
        let (lanes, own, thresholds) = (run.lanes, run.lanes.candidates, motion.thresholds)
        let below = SIMD4(repeating: thresholds.flow.threshold.nextDown)
        let last = SIMD4<Double>(repeating: run.endTime)
        // Where a refractory period follows, the next state is that at its end.
        let after = isRefractory ? own.after : own.current
        try run.output.reserve(count)
        let (times, units, currents) = (run.output.times, run.output.units, run.output.currents)
        var (again, made) = (0, run.output.count)
        var n = 0
        while n < count {
            let neurons = SIMD4(own.neuron + n)
            let constants = motion.constants(neurons)
            let (v, i) = (loadVector(own.v + n), loadVector(own.i + n))
            let isReached = loadVector(own.x + n) .>= .zero
            let x = SIMD4.select(isReached, loadVector(own.x + n), SIMD4(repeating: 1))
            // Beyond the end by rounding only: the state at the end was above the threshold.
            let length = loadVector(own.length + n)
            let offset = lesser(loadVector(own.offset + n) + elapsed(motion, own, n, isReached), length)
            let time = loadVector(own.start + n) + offset
            var fires = unsafeBitCast(isReached .& (time .<= last), to: SIMD4<Int64>.self).signs
            // What fills up the last four may be states at rest of a neuron that fires by itself.
            if firesAlone, count &- n < 4 { fires &= (1 &<< UInt8(truncatingIfNeeded: count &- n)) &- 1 }
            let current = i * motion.decays(constants, v: v, i: i, x: x).synapse
            var (next, passed, isHeld) = (current, offset, UInt8(0))
            if isRefractory {
                let until = offset + gathered(refractory.pointer, neurons)
                isHeld = unsafeBitCast(until .>= length, to: SIMD4<Int64>.self).signs
                passed = lesser(until, length)
                next = current * motion.propagators(constants, passed - offset).b
                store(next, at: own.after + n)
            }
            let p = motion.propagators(constants, length - passed)
            let reset = thresholds.resets(neurons)
            let (endV, endI) = (reset * p.a + next * p.h, next * p.b)
            let mayFire = motion.mayFire(constants, v: reset, i: next, endV: endV, endI: endI) & ~isHeld
            store(time, at: own.time + n)
            store(current, at: own.current + n)
            store(passed, at: own.passed + n)
            store(reset, at: own.resets + n)
            store(lesser(endV, below), at: own.endV + n)
            store(endI, at: own.endI + n)
            var others = fires & mayFire
            while fires != 0 {
                let from = n &+ fires.trailingZeroBitCount
                let neuron = Int(own.neuron[from])
                let place = neuron &- run.first
                times[made] = own.time[from]
                units[made] = own.neuron[from]
                currents[made] = thresholds.current(own.current[from], neuron)
                made &+= 1
                (lanes.v[place], lanes.i[place]) = (own.endV[from], own.endI[from])
                if isRefractory { lanes.release[place] = own.time[from] + refractory.pointer[neuron] }
                fires &= fires &- 1
            }
            // Last, as they take the places of those before.
            while others != 0 {
                let from = n &+ others.trailingZeroBitCount
                own.neuron[again] = own.neuron[from]
                (own.v[again], own.i[again]) = (own.resets[from], after[from])
                (own.offset[again], own.start[again]) = (own.passed[from], own.start[from])
                own.length[again] = own.length[from]
                again &+= 1
                others &= others &- 1
            }
            n &+= 4
        }
        run.output.count = made
        return again
    }
}
