// Forward through a layer whose neurons all see the same events: moved together from event to event, in vectors.
import Mathematics
import Networks
import Neurons

extension LayerPlan {
    /// Adds a sample's spikes to `output`, in order of time. Arrivals after `endTime` and spikes after it are left out.
    func runSynchronous(
        _ arrivals: Arrivals, _ state: SynchronousState, output: SpikeColumns, endTime: Double, budget: SpikeBudget
    ) throws(SpinnpropError) {
        // One specialised body per case of tau.
        switch flows[0].ratio {
        case 4: try run(CrossingRatioFour.self, arrivals, state, output, endTime, budget)
        case 2: try run(CrossingRatioTwo.self, arrivals, state, output, endTime, budget)
        default: try run(CrossingGeneral.self, arrivals, state, output, endTime, budget)
        }
    }

    @inline(__always)
    private func run<Case: CrossingCase>(
        _: Case.Type, _ arrivals: Arrivals, _ state: SynchronousState, _ output: SpikeColumns, _ endTime: Double,
        _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        let flow = flows[0]
        let events = arrivals.count
        let (times, connections, units) = (arrivals.times, arrivals.connections, arrivals.units)
        var lanes = state.lanes(stride: stride, events: events)
        intervals(Case.self, flow, times, events, lanes)
        let columns = self.columns.pointer
        var event = 0
        while event < events, times[event] <= endTime {
            let column = columns[Int(connections[event])] + Int(units[event]) &* stride
            let length = event &+ 1 < events ? times[event &+ 1] - times[event] : .infinity
            if length == 0 {
                receive(column, lanes)
            } else {
                advance(Case.self, flow, column, lanes, event)
                let count = gather(lanes)
                swap(&lanes.v, &lanes.nextV)
                swap(&lanes.i, &lanes.nextI)
                if count > 0 {
                    try emit(
                        Case.self, flow, state, lanes, count: count, start: times[event], length: length,
                        endTime: endTime, output: output, budget: budget)
                }
            }
            event &+= 1
        }
        try checkFinite(lanes)
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
    private func receive(_ column: UnsafePointer<Double>, _ lanes: SynchronousLanes) {
        var n = 0
        while n < stride {
            lanes.i[n] += column[n]
            n &+= 1
        }
    }

    /// The arrival, then the state at the end of the interval as if nobody spiked, and a score that is positive where
    /// somebody does.
    @inline(__always)
    private func advance<Case: CrossingCase>(
        _: Case.Type, _ flow: Flow, _ column: UnsafePointer<Double>, _ lanes: SynchronousLanes, _ event: Int
    ) {
        let (a, b, h) = (lanes.a[event], lanes.b[event], lanes.h[event])
        let threshold = SIMD4(repeating: flow.threshold)
        let below = SIMD4(repeating: flow.threshold.nextDown)
        let (v, i, nextV, nextI) = (vectors(lanes.v), vectors(lanes.i), vectors(lanes.nextV), vectors(lanes.nextI))
        let score = vectors(lanes.score)
        let weights = UnsafeRawPointer(column).assumingMemoryBound(to: SIMD4<Double>.self)
        let count = stride / 4
        var n = 0
        while n < count {
            let current = i[n] + weights[n]
            let membrane = v[n]
            let endV = membrane * a + current * h
            let endI = current * b
            i[n] = current
            nextI[n] = endI
            nextV[n] = lesser(endV, below)
            // Above at the end, or a peak inside (where V > I at the end) that is above; and rising now.
            let peak = lesser(Case.peakMargin(flow, v: membrane, i: current), endV - endI)
            score[n] = lesser(greater(peak, endV - threshold), current - membrane)
            n &+= 1
        }
    }

    /// Lists the neurons with a positive score, with their states.
    @inline(__always)
    private func gather(_ lanes: SynchronousLanes) -> Int {
        var count = 0
        var n = 0
        while n < neuronCount {
            lanes.candidate[count] = Int32(truncatingIfNeeded: n)
            count &+= lanes.score[n] > 0 ? 1 : 0
            n &+= 1
        }
        n = 0
        while n < count {
            let neuron = Int(lanes.candidate[n])
            lanes.candidateV[n] = lanes.v[neuron]
            lanes.candidateI[n] = lanes.i[neuron]
            lanes.offset[n] = 0
            n &+= 1
        }
        return count
    }

    /// All spikes of the candidates within the interval: the first of each, then, from the reset, the next, until nobody
    /// reaches the threshold again.
    @inline(__always)
    private func emit<Case: CrossingCase>(
        _: Case.Type, _ flow: Flow, _ state: SynchronousState, _ lanes: SynchronousLanes, count first: Int,
        start: Double, length: Double, endTime: Double, output: SpikeColumns, budget: SpikeBudget
    ) throws(SpinnpropError) {
        var count = first
        var made = 0
        while count > 0 {
            state.spikeTimes.grow(made + count, keeping: made)
            state.spikeCurrents.grow(made + count, keeping: made)
            state.spikeUnits.grow(made + count, keeping: made)
            let (times, currents) = (state.spikeTimes.pointer, state.spikeCurrents.pointer)
            let spikeUnits = state.spikeUnits.pointer
            Case.crossings(
                flow, count: count, v: lanes.candidateV, i: lanes.candidateI, elapsed: lanes.elapsed,
                decay: lanes.decay)
            // Keep those that do reach it: offset and current at the spike.
            var kept = 0
            var n = 0
            while n < count {
                let offset = lanes.offset[n] + lanes.elapsed[n]
                // Beyond the end by rounding only: the state at the end was above the threshold.
                let bounded = offset < length ? offset : length
                let current = lanes.candidateI[n] * lanes.decay[n]
                let neuron = lanes.candidate[n]
                let time = start + bounded
                times[made &+ kept] = time
                currents[made &+ kept] = current
                spikeUnits[made &+ kept] = neuron
                lanes.offset[kept] = bounded
                lanes.candidateI[kept] = current
                lanes.candidate[kept] = neuron
                kept &+= lanes.elapsed[n] < .infinity && time <= endTime ? 1 : 0
                n &+= 1
            }
            made &+= kept
            try budget.check(output.count + made, layer: layer, time: start)
            count = again(Case.self, flow, lanes, count: kept, length: length)
        }
        append(state, made, isOrdered: made == 1, to: output)
    }

    /// Moves neurons that have just spiked to the end of the interval; lists those that reach the threshold again before.
    @inline(__always)
    private func again<Case: CrossingCase>(
        _: Case.Type, _ flow: Flow, _ lanes: SynchronousLanes, count: Int, length: Double
    ) -> Int {
        var n = 0
        while n < count {
            let p = Case.propagators(flow, length - lanes.offset[n])
            lanes.restA[n] = p.a
            lanes.restB[n] = p.b
            lanes.restH[n] = p.h
            n &+= 1
        }
        let (reset, threshold) = (flow.reset, flow.threshold)
        let below = threshold.nextDown
        var kept = 0
        n = 0
        while n < count {
            let (neuron, current, offset) = (lanes.candidate[n], lanes.candidateI[n], lanes.offset[n])
            let endV = reset * lanes.restA[n] + current * lanes.restH[n]
            let endI = current * lanes.restB[n]
            let peak = min(Case.peakMargin(flow, v: reset, i: current), endV - endI)
            let score = min(max(peak, endV - threshold), current - reset)
            lanes.v[Int(neuron)] = min(endV, below)
            lanes.candidate[kept] = neuron
            lanes.candidateV[kept] = reset
            lanes.candidateI[kept] = current
            lanes.offset[kept] = offset
            kept &+= score > 0 ? 1 : 0
            n &+= 1
        }
        return kept
    }

    @inline(__always)
    private func append(_ state: SynchronousState, _ count: Int, isOrdered: Bool, to output: SpikeColumns) {
        output.reserve(count)
        let (times, units, currents) = (output.times + output.count, output.units + output.count, output.currents + output.count)
        let (madeTimes, madeUnits) = (state.spikeTimes.pointer, state.spikeUnits.pointer)
        let madeCurrents = state.spikeCurrents.pointer
        if isOrdered {
            times[0] = madeTimes[0]
            units[0] = madeUnits[0]
            currents[0] = madeCurrents[0]
        } else {
            let order = state.order.order(madeTimes, madeUnits, count)
            var n = 0
            while n < count {
                let from = Int(order[n])
                times[n] = madeTimes[from]
                units[n] = madeUnits[from]
                currents[n] = madeCurrents[from]
                n &+= 1
            }
        }
        output.count += count
    }

    /// Infinite and undefined currents stay so, whatever follows.
    private func checkFinite(_ lanes: SynchronousLanes) throws(SpinnpropError) {
        for n in 0..<neuronCount where !(lanes.i[n] - lanes.i[n] == 0) {
            throw overflow(n)
        }
    }
}

@inline(__always)
func vectors(_ pointer: UnsafeMutablePointer<Double>) -> UnsafeMutablePointer<SIMD4<Double>> {
    UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: SIMD4<Double>.self)
}

/// Elementwise minimum and maximum as the machine has them: the second operand where the first is not a number.
@inline(__always)
func lesser(_ x: SIMD4<Double>, _ y: SIMD4<Double>) -> SIMD4<Double> { y.replacing(with: x, where: x .< y) }
@inline(__always)
func greater(_ x: SIMD4<Double>, _ y: SIMD4<Double>) -> SIMD4<Double> { y.replacing(with: x, where: x .> y) }
