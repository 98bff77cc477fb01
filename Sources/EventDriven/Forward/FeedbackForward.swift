// Forward through a recurrent layer whose neurons all see the same events: moved together, its own spikes among the events.
import Mathematics
import Networks
import Neurons
import Spikes

extension LayerPlan {
    /// Adds a sample's spikes to `output`, in order of time. `arrivals` are those through feed-forward connections. A spike comes before
    /// whatever arrives at the same time, and acts after all spikes of that time.
    func runFeedback(
        _ arrivals: Arrivals, _ state: FeedbackState, output: SpikeColumns, endTime: Double, budget: SpikeBudget
    ) throws(SpinnpropError) {
        guard arrivals.count > 0 || firesAlone else { return }
        try byMotion(
            FeedbackWork(
                plan: self, arrivals: arrivals, state: state, output: output, endTime: endTime, budget: budget))
    }

    fileprivate func run(
        _ motion: some Motion, _ arrivals: Arrivals, _ state: FeedbackState, _ output: SpikeColumns,
        _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        let thresholds = motion.thresholds
        let lanes = try state.lanes(stride: stride, events: arrivals.count)
        let columns = self.columns.pointer
        let start = output.count
        prepare(motion, arrivals, lanes)
        // Until the first event drives alone move neurons, of which some may fire.
        var now = firesAlone ? 0 : arrivals.times[0]
        if isDriven {
            for n in 0..<stride / 4 {
                let p = motion.propagators(motion.constants(n), SIMD4(repeating: now))
                store(thresholds.starts(n) * p.a, at: lanes.v + 4 &* n)
            }
        }
        var event = 0
        var isAnyoneNear = firesAlone
        if firesAlone { lanes.mayFire.update(repeating: 15, count: stride / 4) }
        while true {
            try state.poller.spend(stride)
            let next = min(arrivals.time(event), state.pending.time, nextRelease(lanes))
            var (time, winners) = (next, 0)
            if isAnyoneNear {
                let first = firstSpike(motion, lanes, now: now, until: min(next, endTime))
                winners = first.count
                if winners > 0 { time = first.time }
            }
            guard time <= endTime else { break }
            // Most often nothing has come between two arrivals.
            let isWhole = event > 0 && now == arrivals.times[event - 1] && time == arrivals.time(event)
            let passed = isWhole ? lanes.interval(event) : interval(motion, time - now)
            now = time
            for n in 0..<winners {
                let neuron = Int(lanes.rivals.neuron[n])
                let p = motion.map(motion.constants(neuron / 4), passed)
                try output.append(
                    time: time, unit: neuron, current: thresholds.current(lanes.i[neuron] * p.b[neuron & 3], neuron))
                try send(neuron, at: time, state)
            }
            if winners > 0 { try budget.check(output.count, layer: layer, time: time) }
            // What arrives at this time, if anything does.
            var column = UnsafePointer(lanes.nothing)
            if arrivals.time(event) == time {
                column = columns[Int(arrivals.connections[event])] + Int(arrivals.units[event]) &* stride
                event &+= 1
            } else if state.pending.time == time, let own = state.pending.popFirst() {
                column = columns[feedForward.count &+ Int(own.connection)] + Int(own.unit) &* stride
            }
            let freed = isRefractory ? release(lanes, winners, at: time) : 0
            let horizon = min(arrivals.time(event), state.pending.time, nextRelease(lanes), endTime)
            let ahead = widened(horizon - time, horizon)
            isAnyoneNear = advance(motion, column, lanes, passed, ahead: ahead)
            for n in 0..<winners + freed {
                let neuron = Int(n < winners ? lanes.rivals.neuron[n] : lanes.candidate[n - winners])
                lanes.v[neuron] = thresholds.reset(neuron)
                let vector = neuron / 4
                lanes.mayFire[vector] = motion.mayReach(
                    motion.constants(vector), v: loadVector(lanes.v + 4 &* vector),
                    i: loadVector(lanes.i + 4 &* vector), within: ahead)
                isAnyoneNear = isAnyoneNear || lanes.mayFire[vector] != 0
            }
            if isRefractory { hold(thresholds, lanes) }
        }
        try checkFinite(lanes.i)
        // Neurons that reached the threshold again at the same time.
        orderTies(output, from: start)
    }

    /// The intervals before all arrivals, as if nothing else came between.
    @inline(__always)
    private func prepare(_ motion: some Motion, _ arrivals: Arrivals, _ lanes: FeedbackLanes) {
        let (times, count) = (arrivals.times, arrivals.count)
        for n in 0..<padded(count) { lanes.length[n] = n > 0 && n < count ? times[n] - times[n &- 1] : 0 }
        motion.findPropagators(over: lanes.length, count: count, a: lanes.a, b: lanes.b, h: lanes.h)
    }

    @inline(__always)
    private func interval(_ motion: some Motion, _ length: Double) -> Interval {
        let p = motion.common(length)
        return Interval(length: length, a: p.a, b: p.b, h: p.h)
    }

    /// When the next neuron is let go: an event at which nothing arrives.
    @inline(__always)
    private func nextRelease(_ lanes: FeedbackLanes) -> Double {
        var next = Double.infinity
        guard isRefractory else { return next }
        for n in 0..<lanes.heldCount.pointee { next = min(next, lanes.release[n]) }
        return next
    }

    /// Ends the periods that end by now, whose neurons are then the first candidates, and begins those of the winners. - Returns: how many end.
    private func release(_ lanes: FeedbackLanes, _ winners: Int, at time: Double) -> Int {
        var (kept, freed) = (0, 0)
        for n in 0..<lanes.heldCount.pointee {
            if lanes.release[n] <= time {
                lanes.candidate[freed] = lanes.held[n]
                freed &+= 1
            } else {
                (lanes.held[kept], lanes.release[kept]) = (lanes.held[n], lanes.release[n])
                kept &+= 1
            }
        }
        for n in 0..<winners where refractory.pointer[Int(lanes.rivals.neuron[n])] > 0 {
            (lanes.held[kept], lanes.release[kept]) = (
                lanes.rivals.neuron[n], time + refractory.pointer[Int(lanes.rivals.neuron[n])]
            )
            kept &+= 1
        }
        lanes.heldCount.pointee = kept
        return freed
    }

    /// Puts those that are held back to the reset, and out of those that may spike.
    @inline(__always)
    private func hold(_ thresholds: some Thresholds, _ lanes: FeedbackLanes) {
        for n in 0..<lanes.heldCount.pointee {
            let neuron = Int(lanes.held[n])
            lanes.v[neuron] = thresholds.reset(neuron)
            lanes.mayFire[neuron / 4] &= ~(1 &<< UInt8(truncatingIfNeeded: neuron & 3))
        }
    }

    /// A spike sets out for its own layer.
    private func send(_ neuron: Int, at time: Double, _ state: FeedbackState) throws(SpinnpropError) {
        let delays = delays.pointer + feedForward.count
        for c in 0..<recurrent.count {
            try state.pending.insert(
                time: time + delays[c].from(neuron, to: 0), connection: c, unit: neuron, neuron: -1)
        }
    }

    /// An interval up to `end` with more than what rounding can take from it.
    @inline(__always)
    private func widened(_ interval: Double, _ end: Double) -> Double { interval * (1 + 1e-9) + end * 0x1p-51 }

    /// Moves all to an event and adds what arrives with it. Returns whether anybody may reach the threshold in the interval `ahead`; `mayFire` says who.
    @inline(__always)
    private func advance(
        _ motion: some Motion, _ column: UnsafePointer<Double>, _ lanes: FeedbackLanes, _ passed: Interval,
        ahead: Double
    ) -> Bool {
        let thresholds = motion.thresholds
        let below = SIMD4(repeating: thresholds.flow.threshold.nextDown)
        let count = stride / 4
        var all: UInt8 = 0
        var n = 0
        while n < count {
            let constants = motion.constants(n)
            let p = motion.map(constants, passed)
            let (v, i) = (loadVector(lanes.v + 4 &* n), loadVector(lanes.i + 4 &* n))
            let membrane = lesser(v * p.a + i * p.h, below)
            let current = i * p.b + thresholds.measured(loadVector(column + 4 &* n), n)
            store(membrane, at: lanes.v + 4 &* n)
            store(current, at: lanes.i + 4 &* n)
            let own = motion.mayReach(constants, v: membrane, i: current, within: ahead)
            lanes.mayFire[n] = own
            all |= own
            n &+= 1
        }
        return all != 0
    }

    /// The neurons that reach the threshold first up to `horizon`, all at one time, listed as rivals in order.
    private func firstSpike(
        _ motion: some Motion, _ lanes: FeedbackLanes, now: Double, until horizon: Double
    ) -> (time: Double, count: Int) {
        let (count, soonest) = gather(motion, lanes)
        guard soonest <= widened(horizon - now, horizon) else { return (.infinity, 0) }
        // First those that look about as soon as the soonest, then the others that may still be before all of these.
        var limit = soonest * 1.25
        var listed = list(lanes, count, from: 0, limit: limit)
        var best = solve(motion, lanes, 0, listed, now)
        if best > horizon { best = horizon }
        limit = widened(best - now, best)
        let others = list(lanes, count, from: padded(listed), limit: limit)
        if others > padded(listed) {
            for n in listed..<padded(listed) { lanes.rivals.time[n] = .infinity }
            best = min(best, solve(motion, lanes, padded(listed), others, now))
            listed = others
        }
        var winners = 0
        let neurons = lanes.rivals.neuron
        for n in 0..<listed where lanes.rivals.time[n] == best {
            // In order of units.
            var at = winners
            let neuron = neurons[n]
            while at > 0, neurons[at - 1] > neuron {
                neurons[at] = neurons[at - 1]
                at -= 1
            }
            neurons[at] = neuron
            winners += 1
        }
        return (best, winners)
    }

    /// Lists who may fire, and for each a time before which it does not.
    /// Returns how many there are, and the least time.
    @inline(__always)
    private func gather(_ motion: some Motion, _ lanes: FeedbackLanes) -> (count: Int, soonest: Double) {
        let words = UnsafeRawPointer(lanes.mayFire).assumingMemoryBound(to: UInt64.self)
        let wordCount = (stride / 4 + 7) / 8
        var (count, least) = (0, Double.infinity)
        var word = 0
        while word < wordCount {
            var bits = words[word]
            while bits != 0 {
                // A byte of four bits for each vector of four.
                let bit = bits.trailingZeroBitCount
                let neuron = 32 &* word &+ 4 &* (bit &>> 3) &+ (bit & 7)
                let flow = motion.flow(neuron)
                let soonest = FlowLanes.firstStep(
                    v: lanes.v[neuron], i: lanes.i[neuron], threshold: flow.threshold, tauMem: flow.tauMem)
                lanes.candidate[count] = Int32(truncatingIfNeeded: neuron)
                lanes.soonest[count] = soonest
                least = min(least, soonest)
                count &+= 1
                bits &= bits &- 1
            }
            word &+= 1
        }
        return (count, least)
    }

    /// Makes rivals of the candidates that are not later than `limit`. Returns where the list ends.
    @inline(__always)
    private func list(_ lanes: FeedbackLanes, _ count: Int, from start: Int, limit: Double) -> Int {
        let rivals = lanes.rivals
        var end = start
        for n in 0..<count where lanes.soonest[n] <= limit {
            let neuron = Int(lanes.candidate[n])
            rivals.neuron[end] = lanes.candidate[n]
            (rivals.v[end], rivals.i[end]) = (lanes.v[neuron], lanes.i[neuron])
            // Listed once.
            lanes.soonest[n] = .infinity
            end &+= 1
        }
        return end
    }

    /// When the rivals `start` ..< `end` reach the threshold. Returns the first such time.
    @inline(__always)
    private func solve(_ motion: some Motion, _ lanes: FeedbackLanes, _ start: Int, _ end: Int, _ now: Double) -> Double
    {
        let rivals = lanes.rivals.dropFirst(start)
        let (count, last) = (padded(end &- start), end &- start &- 1)
        // The last one fills up its vector.
        for n in last &+ 1..<count {
            (rivals.neuron[n], rivals.v[n], rivals.i[n]) = (rivals.neuron[last], rivals.v[last], rivals.i[last])
        }
        motion.findCrossings(rivals, count: count)
        // All four of a vector take as long as one.
        motion.findTimes(rivals, count: count)
        var first = SIMD4<Double>(repeating: .infinity)
        var n = 0
        while n < count {
            let isReached = loadVector(rivals.x + n) .>= .zero
            let time = SIMD4.select(
                isReached, elapsed(motion, rivals, n, isReached) + now, SIMD4(repeating: .infinity))
            store(time, at: rivals.time + n)
            first = lesser(time, first)
            n &+= 4
        }
        return min(min(first[0], first[1]), min(first[2], first[3]))
    }
}

private struct FeedbackWork: MotionWork {
    let plan: LayerPlan
    let arrivals: Arrivals
    let state: FeedbackState
    let output: SpikeColumns
    let endTime: Double
    let budget: SpikeBudget

    @inline(__always)
    func run(_ motion: some Motion) throws(SpinnpropError) {
        try plan.run(motion, arrivals, state, output, endTime, budget)
    }
}
