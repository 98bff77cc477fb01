// Forward through a layer whose neurons all see the same events: moved together from event to event, in vectors.
import Mathematics
import Networks
import Neurons

extension LayerPlan {
    /// Adds a sample's spikes to `output`, in order of time. Arrivals after `endTime` and spikes after it are left out.
    func runSynchronous(
        _ arrivals: Arrivals, _ state: SynchronousState, output: SpikeColumns, endTime: Double, budget: SpikeBudget
    ) throws(SpinnpropError) {
        if let ownMotion {
            try run(ownMotion, arrivals, state, output, endTime, budget)
        } else if let ownThresholds {
            try run(ownThresholds, arrivals, state, output, endTime, budget)
        } else {
            try run(SharedThreshold(flow: flows[0]), arrivals, state, output, endTime, budget)
        }
    }

    /// One specialised body per case of tau.
    @inline(__always)
    private func run(
        _ thresholds: some Thresholds, _ arrivals: Arrivals, _ state: SynchronousState, _ output: SpikeColumns,
        _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        switch thresholds.flow.ratio {
        case 4: try run(SharedMotion(CrossingRatioFour.self, thresholds), arrivals, state, output, endTime, budget)
        case 2: try run(SharedMotion(CrossingRatioTwo.self, thresholds), arrivals, state, output, endTime, budget)
        case 1: try run(SharedMotion(CrossingRatioOne.self, thresholds), arrivals, state, output, endTime, budget)
        case 0.5: try run(SharedMotion(CrossingRatioHalf.self, thresholds), arrivals, state, output, endTime, budget)
        case 0.25:
            try run(SharedMotion(CrossingRatioQuarter.self, thresholds), arrivals, state, output, endTime, budget)
        default: try run(SharedMotion(CrossingGeneral.self, thresholds), arrivals, state, output, endTime, budget)
        }
    }

    @inline(__always)
    private func run(
        _ motion: some Motion, _ arrivals: Arrivals, _ state: SynchronousState, _ output: SpikeColumns,
        _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        let events = arrivals.count
        let (times, connections, units) = (arrivals.times, arrivals.connections, arrivals.units)
        var lanes = try state.lanes(stride: stride, events: events)
        intervals(motion, times, events, lanes)
        if isDriven, events > 0 { start(motion, lanes, at: times[0]) }
        if isNarrow, !isRefractory {
            return try runNarrow(motion, arrivals, state, lanes, output, endTime, budget)
        }
        let columns = self.columns.pointer
        let poller = state.poller
        var event = 0
        while event < events, times[event] <= endTime {
            try poller.spend(stride)
            let column = columns[Int(connections[event])] + Int(units[event]) &* stride
            let length = lanes.length[event]
            if length == 0 {
                receive(motion.thresholds, column, lanes)
            } else {
                let interval = Interval(length: length, a: lanes.a[event], b: lanes.b[event], h: lanes.h[event])
                let isAnyone = advance(motion, column, lanes, interval)
                if isRefractory { hold(lanes) }
                var count = isAnyone ? gather(motion.thresholds, lanes, column, motion.kept(interval)) : 0
                if isRefractory {
                    count = release(motion, lanes, column, count: count, start: times[event], length: length)
                }
                swap(&lanes.v, &lanes.nextV)
                swap(&lanes.i, &lanes.nextI)
                if count > 0 {
                    try emit(
                        motion, state, lanes, count: count, start: times[event], length: length, endTime: endTime,
                        output: output, budget: budget)
                }
            }
            event &+= 1
        }
        try checkFinite(lanes.i)
    }

    /// States at the first event: until then the drive alone moves them. Where neurons receive late, so does everything but that.
    private func start(_ motion: some Motion, _ lanes: SynchronousLanes, at time: Double) {
        for n in 0..<stride / 4 {
            let late = isShifted ? loadVector(feedForward[0].delayRow.pointer + 4 &* n) : .zero
            let p = motion.propagators(motion.constants(n), SIMD4(repeating: time) + late)
            store(motion.thresholds.starts(n) * p.a, at: lanes.v + 4 &* n)
        }
    }

    /// The interval after each event, the last one endless, and its propagators.
    @inline(__always)
    private func intervals(
        _ motion: some Motion, _ times: UnsafePointer<Double>, _ events: Int, _ lanes: SynchronousLanes
    ) {
        var n = 0
        while n < events &- 1 {
            lanes.length[n] = times[n &+ 1] - times[n]
            n &+= 1
        }
        while n < padded(events) {
            lanes.length[n] = .infinity
            n &+= 1
        }
        n = 0
        while n < events {
            let p = motion.common(loadVector(lanes.length + n))
            store(p.a, at: lanes.a + n)
            store(p.b, at: lanes.b + n)
            store(p.h, at: lanes.h + n)
            n &+= 4
        }
    }

    /// An arrival at the same time as the next: the current jumps, nothing moves.
    @inline(__always)
    private func receive(_ thresholds: some Thresholds, _ column: UnsafePointer<Double>, _ lanes: SynchronousLanes) {
        var n = 0
        while n < stride {
            lanes.i[n] += thresholds.measured(column[n], n)
            n &+= 1
        }
    }

    /// The arrival, then the state at the end of the interval as if nobody spiked, and who may spike. Returns whether anybody may.
    @inline(__always)
    private func advance(
        _ motion: some Motion, _ column: UnsafePointer<Double>, _ lanes: SynchronousLanes, _ interval: Interval
    ) -> Bool {
        let thresholds = motion.thresholds
        let below = SIMD4(repeating: thresholds.flow.threshold.nextDown)
        let count = stride / 4
        var all: UInt8 = 0
        var n = 0
        while n < count {
            let current = loadVector(lanes.i + 4 &* n) + thresholds.measured(loadVector(column + 4 &* n), n)
            let constants = motion.constants(n)
            let p = motion.map(constants, interval)
            let v = loadVector(lanes.v + 4 &* n)
            let endV = v * p.a + current * p.h
            let endI = current * p.b
            store(endI, at: lanes.nextI + 4 &* n)
            store(lesser(endV, below), at: lanes.nextV + 4 &* n)
            let own = motion.mayFire(constants, v: v, i: current, endV: endV, endI: endI)
            lanes.mayFire[n] = own
            all |= own
            n &+= 1
        }
        return all != 0
    }

    /// Lists the neurons that may spike, with their states after the arrival.
    @inline(__always)
    private func gather(
        _ thresholds: some Thresholds, _ lanes: SynchronousLanes, _ column: UnsafePointer<Double>, _ kept: Double
    ) -> Int {
        // Eight vectors' bits at a time.
        let words = UnsafeRawPointer(lanes.mayFire).assumingMemoryBound(to: UInt64.self)
        let wordCount = (stride / 4 &+ 7) / 8
        var count = 0
        var word = 0
        while word < wordCount {
            var bits = words[word]
            while bits != 0 {
                let bit = bits.trailingZeroBitCount
                let neuron = 32 &* word &+ 4 &* (bit &>> 3) &+ (bit & 7)
                lanes.candidate[count] = Int32(truncatingIfNeeded: neuron)
                lanes.candidateV[count] = lanes.v[neuron]
                lanes.candidateI[count] = lanes.i[neuron] + thresholds.measured(column[neuron], neuron)
                lanes.offset[count] = 0
                lanes.rest[count] = kept
                count &+= 1
                bits &= bits &- 1
            }
            word &+= 1
        }
        pad(lanes, count)
        return count
    }

    /// Candidates are worked on four at a time: what fills up the last four must be numbers too, and reach no threshold.
    @inline(__always)
    func pad(_ lanes: SynchronousLanes, _ count: Int) {
        var n = count
        while n & 3 != 0 {
            lanes.candidate[n] = 0
            lanes.candidateV[n] = 0
            lanes.candidateI[n] = 0
            lanes.offset[n] = 0
            lanes.rest[n] = 1
            n &+= 1
        }
    }

    /// All spikes of the candidates within the interval: the first of each, then, from the reset, the next, until nobody
    /// reaches the threshold again.
    func emit(
        _ motion: some Motion, _ state: SynchronousState, _ lanes: SynchronousLanes, count first: Int, start: Double,
        length: Double, endTime: Double, output: SpikeColumns, budget: SpikeBudget
    ) throws(SpinnpropError) {
        var count = first
        var made = 0
        var generation = 0
        while count > 0 {
            motion.findCrossings(lanes, count: count)
            let spikes = try state.spikes(made &+ count, keeping: made)
            (made, count) = fire(
                motion, lanes, count: count, made: made, start: start, length: length, endTime: endTime, spikes)
            pad(lanes, count)
            generation &+= 1
            if generation & 63 == 0 {
                try budget.check(output.count + made, layer: layer, time: start)
                try state.poller.spend(64 &* count)
            }
        }
        try budget.check(output.count + made, layer: layer, time: start)
        try state.append(made, to: output)
    }

    /// Fires the candidates that do reach the threshold, moves them to the end of the interval, and lists those that reach it
    /// again before. Returns the spikes made so far and the new number of candidates.
    @inline(__always)
    private func fire(
        _ motion: some Motion, _ lanes: SynchronousLanes, count: Int, made: Int, start: Double, length: Double,
        endTime: Double, _ spikes: IntervalSpikes
    ) -> (made: Int, again: Int) {
        let thresholds = motion.thresholds
        let flow = thresholds.flow
        let below = SIMD4(repeating: flow.threshold.nextDown)
        let (length, start, endTime) = (SIMD4(repeating: length), SIMD4(repeating: start), SIMD4(repeating: endTime))
        // Where a refractory period follows, the next state is that at its end.
        let after = isRefractory ? lanes.after : lanes.current
        var (made, again) = (made, 0)
        var n = 0
        while n < count {
            let neurons = SIMD4(lanes.candidate + n)
            let constants = motion.constants(neurons)
            let i = loadVector(lanes.candidateI + n)
            let isReached = loadVector(lanes.x + n) .>= .zero
            let x = SIMD4.select(isReached, loadVector(lanes.x + n), SIMD4(repeating: 1))
            let elapsed = elapsed(motion, constants, lanes, n, x: x, isReached)
            // Beyond the end by rounding only: the state at the end was above the threshold.
            let offset = lesser(loadVector(lanes.offset + n) + elapsed, length)
            let time = start + offset
            var fires = unsafeBitCast(isReached .& (time .<= endTime), to: SIMD4<Int64>.self).signs
            let y = motion.exponential(constants, v: loadVector(lanes.candidateV + n), i: i, x: x)
            let current = i * motion.decay(constants, x: y)
            store(time, at: lanes.time + n)
            store(current, at: lanes.current + n)
            var (next, passed, isHeld) = (current, offset, UInt8(0))
            let p: VectorPropagators
            if isRefractory {
                let until = offset + gathered(refractory.pointer, neurons)
                isHeld = unsafeBitCast(until .>= length, to: SIMD4<Int64>.self).signs
                passed = lesser(until, length)
                next = current * motion.propagators(constants, passed - offset).b
                p = motion.propagators(constants, length - passed)
                store(next, at: lanes.after + n)
            } else {
                p = motion.rest(constants, kept: loadVector(lanes.rest + n), x: y, remaining: length - offset)
            }
            let reset = thresholds.resets(neurons)
            let endV = reset * p.a + next * p.h
            let mayFire = motion.mayFire(constants, v: reset, i: next, endV: endV, endI: next * p.b) & ~isHeld
            store(passed, at: lanes.passed + n)
            store(motion.kept(p), at: lanes.left + n)
            store(lesser(endV, below), at: lanes.endV + n)
            store(reset, at: lanes.resets + n)
            var (others, held) = (fires & mayFire, fires & isHeld)
            while fires != 0 {
                let from = n &+ fires.trailingZeroBitCount
                let neuron = lanes.candidate[from]
                spikes.times[made] = lanes.time[from]
                spikes.units[made] = neuron
                spikes.currents[made] = thresholds.current(lanes.current[from], Int(neuron))
                lanes.v[Int(neuron)] = lanes.endV[from]
                made &+= 1
                fires &= fires &- 1
            }
            while held != 0 {
                let from = n &+ held.trailingZeroBitCount
                let neuron = lanes.candidate[from]
                lanes.held[lanes.heldCount.pointee] = neuron
                lanes.heldCount.pointee &+= 1
                lanes.release[Int(neuron)] = lanes.time[from] + refractory.pointer[Int(neuron)]
                held &= held &- 1
            }
            // Last, as they take the places of those before.
            while others != 0 {
                let from = n &+ others.trailingZeroBitCount
                lanes.candidate[again] = lanes.candidate[from]
                lanes.candidateV[again] = lanes.resets[from]
                lanes.candidateI[again] = after[from]
                lanes.offset[again] = lanes.passed[from]
                lanes.rest[again] = lanes.left[from]
                again &+= 1
                others &= others &- 1
            }
            n &+= 4
        }
        return (made, again)
    }

    /// How long the candidates from `n` on take to the threshold.
    @inline(__always)
    func elapsed<Rule: Motion>(
        _ motion: Rule, _ constants: Rule.Constants, _ lanes: SynchronousLanes, _ n: Int, x: SIMD4<Double>,
        _ isReached: SIMDMask<SIMD4<Int64>>
    ) -> SIMD4<Double> {
        var elapsed = motion.elapsed(constants, x: x)
        if motion.isTime { return elapsed }
        let large = SIMD4(repeating: Flow.soonCurrent * motion.thresholds.flow.threshold)
        let isLarge = loadVector(lanes.candidateI + n) .> large
        var soon = unsafeBitCast(isReached .& isLarge, to: SIMD4<Int64>.self).signs
        while soon != 0 {
            let lane = soon.trailingZeroBitCount
            elapsed[lane] = motion.polished(
                elapsed[lane], v: lanes.candidateV[n &+ lane], i: lanes.candidateI[n &+ lane])
            soon &= soon &- 1
        }
        return elapsed
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
