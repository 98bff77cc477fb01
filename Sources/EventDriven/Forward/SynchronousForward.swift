// Forward through a layer whose neurons all see the same events: moved together from event to event, in vectors.
import Mathematics
import Networks
import Neurons

extension LayerPlan {
    /// Adds the spikes of the samples in `state` to `output`, sample by sample, each's in order of time. Arrivals after `endTime` and spikes after it are left out.
    ///
    /// Samples go side by side: all move on to their next intervals in which neurons may spike, then the crossings of all are found together. Those
    /// whose neurons spike again within the interval wait for these spikes, which are found beside the first ones of others. What a sample does is the same whichever others it goes with.
    func runSynchronous(
        _ state: SynchronousState, output: SpikeColumns, endTime: Double, budget: SpikeBudget
    ) throws(SpinnpropError) {
        let candidates = try state.begin(stride: stride, isRefractory: isRefractory)
        let group = SynchronousGroup(
            samples: state.samples, count: state.sampleCount, candidates: candidates, output: output, endTime: endTime,
            budget: budget)
        try byMotion(SynchronousWork(plan: self, group: group, state: state))
        try state.append(
            to: output, delays: isShifted ? UnsafePointer(feedForward[0].delayRow.pointer) : nil, endTime: endTime)
    }

    @inline(__always)
    fileprivate func run(
        _ motion: some Motion, _ group: SynchronousGroup, _ state: SynchronousState
    ) throws(SpinnpropError) {
        let (samples, candidates) = (group.samples, group.candidates)
        for n in 0..<group.count {
            intervals(motion, samples[n])
            if isDriven, !firesAlone, samples[n].events > 0 { start(motion, samples[n]) }
        }
        let movesNarrow = isNarrow && !isRefractory && !firesAlone
        var count = 0
        if firesAlone {
            for n in 0..<group.count { count = moveToFirst(motion, samples + n, n, candidates, count) }
            if count > 0 { count = try emit(motion, group, state, count: count) }
        }
        while true {
            for n in 0..<group.count where samples[n].waiting == 0 {
                count =
                    movesNarrow
                    ? try moveNarrow(motion, samples + n, n, candidates, count, group.endTime, state.poller)
                    : try move(motion, samples + n, n, candidates, count, group.endTime, state.poller)
            }
            if count == 0 { break }
            count = try emit(motion, group, state, count: count)
        }
        for n in 0..<group.count { try checkFinite(samples[n].i) }
    }

    /// The interval after each event, the last one endless, and its propagators.
    @inline(__always)
    private func intervals(_ motion: some Motion, _ own: SynchronousSample) {
        let (times, events) = (own.times, own.events)
        var n = 0
        while n < events &- 1 {
            own.length[n] = times[n &+ 1] - times[n]
            n &+= 1
        }
        while n < padded(events) {
            own.length[n] = .infinity
            n &+= 1
        }
        motion.findPropagators(over: own.length, count: events, a: own.a, b: own.b, h: own.h)
    }

    /// States at the first event: until then the drive alone moves them. Where neurons receive late, so does everything but that.
    private func start(_ motion: some Motion, _ own: SynchronousSample) {
        for n in 0..<stride / 4 {
            let late = isShifted ? loadVector(feedForward[0].delayRow.pointer + 4 &* n) : .zero
            let p = motion.propagators(motion.constants(n), SIMD4(repeating: own.times[0]) + late)
            store(motion.thresholds.starts(n) * p.a, at: own.v + 4 &* n)
        }
    }

    /// Moves a sample past its next interval in which neurons may spike, or to its end. - Parameters: its index, and how many candidates there are.
    /// - Returns: how many there are then.
    @inline(__always)
    private func move(
        _ motion: some Motion, _ sample: UnsafeMutablePointer<SynchronousSample>, _ index: Int,
        _ candidates: Candidates, _ count: Int, _ endTime: Double, _ poller: Poller
    ) throws(SpinnpropError) -> Int {
        let columns = self.columns.pointer
        var (own, count) = (sample.pointee, count)
        let first = count
        while own.event < own.events, own.times[own.event] <= endTime {
            try poller.spend(stride)
            let column = columns[Int(own.connections[own.event])] + Int(own.units[own.event]) &* stride
            let (start, interval) = (own.times[own.event], own.interval)
            own.event &+= 1
            if interval.length == 0 {
                receive(motion.thresholds, column, own)
                continue
            }
            count = pass(motion, &own, index, column, interval, from: start, candidates, count)
            if count > first { break }
        }
        sample.pointee = own
        return count
    }

    /// Moves a sample to its first event. Until then drives alone move neurons, and may make them fire: nothing arrives where currents are still 0.
    private func moveToFirst(
        _ motion: some Motion, _ sample: UnsafeMutablePointer<SynchronousSample>, _ index: Int,
        _ candidates: Candidates, _ count: Int
    ) -> Int {
        for n in 0..<stride / 4 { store(motion.thresholds.starts(n), at: sample.pointee.v + 4 &* n) }
        let length = sample.pointee.events > 0 ? sample.pointee.times[0] : .infinity
        let p = motion.common(length)
        let interval = Interval(length: length, a: p.a, b: p.b, h: p.h)
        return pass(
            motion, &sample.pointee, index, UnsafePointer(sample.pointee.i), interval, from: 0, candidates, count)
    }

    /// An arrival and the interval after it. - Returns: how many candidates there are then.
    @inline(__always)
    private func pass(
        _ motion: some Motion, _ own: inout SynchronousSample, _ index: Int, _ column: UnsafePointer<Double>,
        _ interval: Interval, from start: Double, _ candidates: Candidates, _ before: Int
    ) -> Int {
        var count = before
        let isAnyone = advance(motion, column, own, candidates, interval)
        if isRefractory { hold(own, candidates) }
        if isAnyone {
            count = gather(motion.thresholds, own.v, own.i, column, candidates, before)
            candidates.begin(
                motion, before, count, sample: index, start: start, length: interval.length, interval.decays)
        }
        if isRefractory {
            count = release(motion, &own, index, column, candidates, count, start, interval.length)
        }
        own.advance()
        return count
    }

    /// An arrival at the same time as the next: the current jumps, nothing moves.
    @inline(__always)
    private func receive(_ thresholds: some Thresholds, _ column: UnsafePointer<Double>, _ own: SynchronousSample) {
        var n = 0
        while n < stride {
            own.i[n] += thresholds.measured(column[n], n)
            n &+= 1
        }
    }

    /// The arrival, then the state at the end of the interval as if nobody spiked, and who may spike. Returns whether anybody may.
    @inline(__always)
    private func advance(
        _ motion: some Motion, _ column: UnsafePointer<Double>, _ own: SynchronousSample, _ candidates: Candidates,
        _ interval: Interval
    ) -> Bool {
        let thresholds = motion.thresholds
        let below = SIMD4(repeating: thresholds.flow.threshold.nextDown)
        let count = stride / 4
        var all: UInt8 = 0
        var n = 0
        while n < count {
            let current = loadVector(own.i + 4 &* n) + thresholds.measured(loadVector(column + 4 &* n), n)
            let constants = motion.constants(n)
            let p = motion.map(constants, interval)
            let v = loadVector(own.v + 4 &* n)
            let endV = v * p.a + current * p.h
            let endI = current * p.b
            store(endI, at: own.nextI + 4 &* n)
            store(lesser(endV, below), at: own.nextV + 4 &* n)
            let mayFire = motion.mayFire(constants, v: v, i: current, endV: endV, endI: endI)
            candidates.mayFire[n] = mayFire
            all |= mayFire
            n &+= 1
        }
        return all != 0
    }

    /// Lists the neurons that may spike, with their states after the arrival. Returns how many candidates there are then. Not inlined, for want of registers.
    @inline(never)
    private func gather(
        _ thresholds: some Thresholds, _ v: UnsafePointer<Double>, _ i: UnsafePointer<Double>,
        _ column: UnsafePointer<Double>, _ candidates: Candidates, _ first: Int
    ) -> Int {
        // Eight vectors' bits at a time.
        let words = UnsafeRawPointer(candidates.mayFire).assumingMemoryBound(to: UInt64.self)
        let (neurons, candidateV, candidateI) = (candidates.neuron, candidates.v, candidates.i)
        let wordCount = (stride / 4 &+ 7) / 8
        var count = first
        var word = 0
        while word < wordCount {
            var bits = words[word]
            while bits != 0 {
                let bit = bits.trailingZeroBitCount
                let neuron = 32 &* word &+ 4 &* (bit &>> 3) &+ (bit & 7)
                neurons[count] = Int32(truncatingIfNeeded: neuron)
                candidateV[count] = v[neuron]
                candidateI[count] = i[neuron] + thresholds.measured(column[neuron], neuron)
                count &+= 1
                bits &= bits &- 1
            }
            word &+= 1
        }
        return count
    }

    /// Infinite and undefined currents stay so, whatever follows.
    @inline(__always)
    func checkFinite(_ currents: UnsafeMutablePointer<Double>) throws(SpinnpropError) {
        var sum = SIMD4<Double>.zero
        for n in Swift.stride(from: 0, to: stride, by: 4) {
            let i = loadVector(currents + n)
            sum += i - i
        }
        guard sum != .zero else { return }
        for n in 0..<neuronCount where !(currents[n] - currents[n] == 0) {
            throw overflow(n)
        }
    }
}

/// Samples that go through a layer side by side.
struct SynchronousGroup {
    let samples: UnsafeMutablePointer<SynchronousSample>
    let count: Int
    let candidates: Candidates
    let output: SpikeColumns
    let endTime: Double
    let budget: SpikeBudget
}

private struct SynchronousWork: MotionWork {
    let plan: LayerPlan
    let group: SynchronousGroup
    let state: SynchronousState

    @inline(__always)
    func run(_ motion: some Motion) throws(SpinnpropError) { try plan.run(motion, group, state) }
}

extension SynchronousSample {
    /// That after the event that comes next.
    @inline(__always)
    var interval: Interval {
        Interval(length: length[event], a: a[event], b: b[event], h: h[event])
    }
}

@inline(__always)
func vectors(_ pointer: UnsafeMutablePointer<Double>) -> UnsafeMutablePointer<SIMD4<Double>> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: SIMD4<Double>.self)
}

/// Four numbers where single ones are read and written, too: typed vectors would let the compiler take the two for different memory.
@inline(__always)
func loadVector(_ pointer: UnsafePointer<Double>) -> SIMD4<Double> {
    UnsafeRawPointer(pointer).load(as: SIMD4<Double>.self)
}

@inline(__always)
func store(_ vector: SIMD4<Double>, at pointer: UnsafeMutablePointer<Double>) {
    UnsafeMutableRawPointer(pointer).storeBytes(of: vector, as: SIMD4<Double>.self)
}
