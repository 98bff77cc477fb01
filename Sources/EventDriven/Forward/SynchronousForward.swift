// Forward through a layer whose neurons all see the same events: moved together from event to event, in vectors.
import Mathematics
import Networks
import Neurons

extension LayerPlan {
    /// Adds a sample's spikes to `output`, in order of time. Arrivals after `endTime` and spikes after it are left out.
    func runSynchronous(
        _ arrivals: Arrivals, _ state: SynchronousState, output: SpikeColumns, endTime: Double, budget: SpikeBudget
    ) throws(SpinnpropError) {
        if let ownThresholds {
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
        case 4: try run(CrossingRatioFour.self, thresholds, arrivals, state, output, endTime, budget)
        case 2: try run(CrossingRatioTwo.self, thresholds, arrivals, state, output, endTime, budget)
        case 1: try run(CrossingRatioOne.self, thresholds, arrivals, state, output, endTime, budget)
        default: try run(CrossingGeneral.self, thresholds, arrivals, state, output, endTime, budget)
        }
    }

    @inline(__always)
    private func run<Case: CrossingCase>(
        _: Case.Type, _ thresholds: some Thresholds, _ arrivals: Arrivals, _ state: SynchronousState,
        _ output: SpikeColumns, _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        let flow = thresholds.flow
        let events = arrivals.count
        let (times, connections, units) = (arrivals.times, arrivals.connections, arrivals.units)
        var lanes = try state.lanes(stride: stride, events: events)
        intervals(Case.self, flow, times, events, lanes)
        let columns = self.columns.pointer
        let poller = state.poller
        var event = 0
        while event < events, times[event] <= endTime {
            try poller.spend(stride)
            let column = columns[Int(connections[event])] + Int(units[event]) &* stride
            let length = event &+ 1 < events ? times[event &+ 1] - times[event] : .infinity
            if length == 0 {
                receive(thresholds, column, lanes)
            } else {
                advance(Case.self, thresholds, column, lanes, event)
                let count = gather(thresholds, lanes, column, lanes.a[event])
                swap(&lanes.v, &lanes.nextV)
                swap(&lanes.i, &lanes.nextI)
                if count > 0 {
                    try emit(
                        Case.self, thresholds, state, lanes, count: count, start: times[event], length: length,
                        endTime: endTime, output: output, budget: budget)
                }
            }
            event &+= 1
        }
        try checkFinite(lanes.i)
    }

    /// Propagators of the interval after each event; the last one is endless.
    @inline(__always)
    private func intervals<Case: CrossingCase>(
        _: Case.Type, _ flow: Flow, _ times: UnsafePointer<Double>, _ events: Int, _ lanes: SynchronousLanes
    ) {
        let last = events &- 1
        var n = 0
        while n < last {
            let p = Case.propagators(flow, times[n &+ 1] - times[n])
            lanes.a[n] = p.a
            lanes.b[n] = p.b
            lanes.h[n] = p.h
            n &+= 1
        }
        guard last >= 0 else { return }
        let p = Case.propagators(flow, .infinity)
        lanes.a[last] = p.a
        lanes.b[last] = p.b
        lanes.h[last] = p.h
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

    /// The arrival, then the state at the end of the interval as if nobody spiked, and who may spike.
    @inline(__always)
    private func advance<Case: CrossingCase>(
        _: Case.Type, _ thresholds: some Thresholds, _ column: UnsafePointer<Double>, _ lanes: SynchronousLanes,
        _ event: Int
    ) {
        let flow = thresholds.flow
        let (a, b, h) = (lanes.a[event], lanes.b[event], lanes.h[event])
        let below = SIMD4(repeating: flow.threshold.nextDown)
        let (v, i, nextV, nextI) = (vectors(lanes.v), vectors(lanes.i), vectors(lanes.nextV), vectors(lanes.nextI))
        let mayFire = UnsafeMutableRawPointer(lanes.mayFire).assumingMemoryBound(to: SIMD4<Int64>.self)
        let weights = UnsafeRawPointer(column).assumingMemoryBound(to: SIMD4<Double>.self)
        let count = stride / 4
        var n = 0
        while n < count {
            let current = i[n] + thresholds.measured(weights[n], n)
            let endV = v[n] * a + current * h
            let endI = current * b
            nextI[n] = endI
            nextV[n] = lesser(endV, below)
            mayFire[n] = Case.mayFire(flow, v: v[n], i: current, endV: endV, endI: endI)
            n &+= 1
        }
    }

    /// Lists the neurons that may spike, with their states after the arrival.
    @inline(__always)
    private func gather(
        _ thresholds: some Thresholds, _ lanes: SynchronousLanes, _ column: UnsafePointer<Double>, _ a: Double
    ) -> Int {
        var count = 0
        var n = 0
        while n < neuronCount {
            lanes.candidate[count] = Int32(truncatingIfNeeded: n)
            // -1 is true.
            count &-= lanes.mayFire[n]
            n &+= 1
        }
        n = 0
        while n < count {
            let neuron = Int(lanes.candidate[n])
            lanes.candidateV[n] = lanes.v[neuron]
            lanes.candidateI[n] = lanes.i[neuron] + thresholds.measured(column[neuron], neuron)
            lanes.offset[n] = 0
            lanes.rest[n] = a
            n &+= 1
        }
        pad(lanes, count)
        return count
    }

    /// Candidates are worked on four at a time: what fills up the last four must be numbers too, and reach no threshold.
    @inline(__always)
    private func pad(_ lanes: SynchronousLanes, _ count: Int) {
        var n = count
        while n & 3 != 0 {
            lanes.candidateV[n] = 0
            lanes.candidateI[n] = 0
            n &+= 1
        }
    }

    /// All spikes of the candidates within the interval: the first of each, then, from the reset, the next, until nobody
    /// reaches the threshold again.
    private func emit<Case: CrossingCase>(
        _: Case.Type, _ thresholds: some Thresholds, _ state: SynchronousState, _ lanes: SynchronousLanes,
        count first: Int, start: Double, length: Double, endTime: Double, output: SpikeColumns, budget: SpikeBudget
    ) throws(SpinnpropError) {
        let flow = thresholds.flow
        var count = first
        var made = 0
        var generation = 0
        while count > 0 {
            Case.crossings(flow, count: count, v: lanes.candidateV, i: lanes.candidateI, x: lanes.x)
            let whole = padded(count)
            var n = 0
            while n < whole {
                let x = lanes.x[n] < 0 ? 1 : lanes.x[n]
                lanes.elapsed[n] = Case.elapsed(flow, x: x)
                lanes.decay[n] = Case.decay(flow, x: x)
                n &+= 1
            }
            let spikes = try state.spikes(made &+ count, keeping: made)
            (made, count) = fire(
                Case.self, thresholds, lanes, count: count, made: made, start: start, length: length, endTime: endTime,
                spikes)
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
    private func fire<Case: CrossingCase>(
        _: Case.Type, _ thresholds: some Thresholds, _ lanes: SynchronousLanes, count: Int, made: Int, start: Double,
        length: Double, endTime: Double, _ spikes: IntervalSpikes
    ) -> (made: Int, again: Int) {
        let flow = thresholds.flow
        let below = flow.threshold.nextDown
        let large = Flow.soonCurrent * flow.threshold
        var (made, again) = (made, 0)
        var n = 0
        while n < count {
            // Beyond the end by rounding only: the state at the end was above the threshold.
            var elapsed = lanes.elapsed[n]
            if lanes.candidateI[n] > large {
                elapsed = flow.polished(elapsed, v: lanes.candidateV[n], i: lanes.candidateI[n])
            }
            let passed = lanes.offset[n] + elapsed
            let offset = passed < length ? passed : length
            let time = start + offset
            if lanes.x[n] >= 0 && time <= endTime {
                let neuron = lanes.candidate[n]
                let current = lanes.candidateI[n] * lanes.decay[n]
                spikes.times[made] = time
                spikes.units[made] = neuron
                spikes.currents[made] = thresholds.current(current, Int(neuron))
                made &+= 1
                let reset = thresholds.reset(Int(neuron))
                let p = Case.rest(flow, a: lanes.rest[n], x: lanes.x[n], remaining: length - offset)
                let endV = reset * p.a + current * p.h
                let mayFire = Case.mayFire(flow, v: reset, i: current, endV: endV, endI: current * p.b)
                lanes.v[Int(neuron)] = min(endV, below)
                lanes.candidate[again] = neuron
                lanes.candidateV[again] = reset
                lanes.candidateI[again] = current
                lanes.offset[again] = offset
                lanes.rest[again] = p.a
                again &+= mayFire ? 1 : 0
            }
            n &+= 1
        }
        return (made, again)
    }

    /// Infinite and undefined currents stay so, whatever follows.
    @inline(__always)
    func checkFinite(_ currents: UnsafeMutablePointer<Double>) throws(SpinnpropError) {
        let i = vectors(currents)
        var sum = SIMD4<Double>.zero
        var vector = 0
        while vector < stride / 4 {
            sum += i[vector] - i[vector]
            vector &+= 1
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
