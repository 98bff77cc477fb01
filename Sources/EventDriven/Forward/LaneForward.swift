// Forward through a layer without recurrence whose neurons see the same spikes at times of their own: four neurons side by side.
import Mathematics
import Networks
import Neurons

/// Vectors of four neurons on their way through a sample, and those neurons that may reach the threshold.
final class LaneState {
    private let numbers = Block<Double>()
    private let integers = Block<Int32>()
    private let eventBlock = Block<Int>()
    let poller: Poller

    init(_ poller: Poller) { self.poller = poller }

    /// Room for so many vectors, each before its first event, state zero.
    fileprivate func lanes(_ vectors: Int) throws(SpinnpropError) -> Lanes {
        // With room for candidates that fill up the last vector.
        let step = 4 * vectors + 8
        try numbers.reserve(13 * step)
        try integers.reserve(2 * step)
        try eventBlock.clear(vectors)
        let (base, whole) = (numbers.pointer, integers.pointer)
        base.update(repeating: 0, count: 2 * step)
        return Lanes(
            event: eventBlock.pointer, v: base, i: base + step, place: whole, neuron: whole + step,
            candidateV: base + 2 * step, candidateI: base + 3 * step, offset: base + 4 * step, start: base + 5 * step,
            length: base + 6 * step, x: base + 7 * step, time: base + 8 * step, current: base + 9 * step,
            resets: base + 10 * step, endV: base + 11 * step, endI: base + 12 * step)
    }
}

private struct Lanes {
    /// Of each vector the event that comes next, and the states before it.
    let event: UnsafeMutablePointer<Int>
    let v, i: UnsafeMutablePointer<Double>
    /// Of each candidate where its neuron's state is, and the neuron; its state, the time since its interval's start, and the interval.
    let place, neuron: UnsafeMutablePointer<Int32>
    let candidateV, candidateI, offset, start, length: UnsafeMutablePointer<Double>
    /// The coordinate of the crossing, when it is, the current then, and the states after it and at the interval's end.
    let x, time, current, resets, endV, endI: UnsafeMutablePointer<Double>
}

/// The weights of the synapses that an arrival takes to four neurons.
private protocol LaneWeights {
    func at(_ event: Int) -> SIMD4<Double>
    /// Those of a vector of neurons so many after the first.
    func of(_ vector: Int) -> Self
}

/// Of spikes that all neurons receive.
private struct SentWeights: LaneWeights {
    let order: UnsafePointer<Int32>
    let count: Int
    let columns: UnsafePointer<UnsafePointer<Double>>
    let first: Int

    @inline(__always)
    func of(_ vector: Int) -> SentWeights {
        SentWeights(
            order: order + 4 &* count &* vector, count: count, columns: columns, first: first &+ 4 &* vector)
    }

    @inline(__always)
    func at(_ event: Int) -> SIMD4<Double> {
        let at = order + 4 &* event
        return SIMD4(
            columns[Int(at[0])][first], columns[Int(at[1])][first &+ 1], columns[Int(at[2])][first &+ 2],
            columns[Int(at[3])][first &+ 3])
    }
}

/// Of spikes that each neuron receives by itself.
private struct OwnWeights: LaneWeights {
    let weights: UnsafePointer<Double>

    /// There is no other.
    @inline(__always)
    func of(_ vector: Int) -> OwnWeights { self }

    @inline(__always)
    func at(_ event: Int) -> SIMD4<Double> { loadVector(weights + 4 &* event) }
}

extension LayerPlan {
    /// Appends the spikes of some vectors of four neurons from `first` on up to `endTime` to `output`, in any order.
    ///
    /// All vectors move on to their next intervals in which neurons may spike, then the crossings of all are found together.
    func runLanes(
        _ first: Int, vectors: Int, _ arrivals: LaneArrivals, _ state: LaneState, output: SpikeColumns, endTime: Double,
        budget: SpikeBudget
    ) throws(SpinnpropError) {
        if isSparse {
            let weights = OwnWeights(weights: arrivals.weights)
            try run(weights, first, vectors, arrivals, state, output, endTime, budget)
        } else {
            let weights = SentWeights(
                order: arrivals.order, count: arrivals.count, columns: arrivals.columns, first: first)
            try run(weights, first, vectors, arrivals, state, output, endTime, budget)
        }
    }

    @inline(__always)
    private func run(
        _ weights: some LaneWeights, _ first: Int, _ vectors: Int, _ arrivals: LaneArrivals, _ state: LaneState,
        _ output: SpikeColumns, _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        if let ownThresholds {
            try run(ownThresholds, weights, first, vectors, arrivals, state, output, endTime, budget)
        } else {
            try run(SharedThreshold(flow: flows[0]), weights, first, vectors, arrivals, state, output, endTime, budget)
        }
    }

    /// One specialised body per case of tau.
    @inline(__always)
    private func run(
        _ thresholds: some Thresholds, _ weights: some LaneWeights, _ first: Int, _ vectors: Int,
        _ arrivals: LaneArrivals, _ state: LaneState, _ output: SpikeColumns, _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        switch thresholds.flow.ratio {
        case 4:
            try run(
                CrossingRatioFour.self, thresholds, weights, first, vectors, arrivals, state, output, endTime, budget)
        case 2:
            try run(
                CrossingRatioTwo.self, thresholds, weights, first, vectors, arrivals, state, output, endTime, budget)
        case 1:
            try run(
                CrossingRatioOne.self, thresholds, weights, first, vectors, arrivals, state, output, endTime, budget)
        case 0.5:
            try run(
                CrossingRatioHalf.self, thresholds, weights, first, vectors, arrivals, state, output, endTime, budget)
        case 0.25:
            try run(
                CrossingRatioQuarter.self, thresholds, weights, first, vectors, arrivals, state, output, endTime, budget
            )
        default:
            try run(CrossingGeneral.self, thresholds, weights, first, vectors, arrivals, state, output, endTime, budget)
        }
    }

    private func run<Case: CrossingCase>(
        _: Case.Type, _ thresholds: some Thresholds, _ arriving: some LaneWeights, _ first: Int, _ vectors: Int,
        _ arrivals: LaneArrivals, _ state: LaneState, _ output: SpikeColumns, _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        let lanes = try state.lanes(vectors)
        if isDriven, arrivals.count > 0 {
            // Until the first arrival the drive alone moves them.
            for n in 0..<vectors {
                let p = Case.propagators(thresholds.flow, loadVector(arrivals.times(n)))
                store(thresholds.starts(first / 4 &+ n) * p.a, at: lanes.v + 4 &* n)
            }
        }
        while true {
            var count = 0
            for n in 0..<vectors {
                count = try move(
                    Case.self, thresholds, arriving.of(n), first, n, arrivals, lanes, count, endTime, state.poller)
            }
            if count == 0 { break }
            try emit(Case.self, thresholds, lanes, count, state, output, endTime, budget)
        }
        for n in 0..<vectors {
            let i = loadVector(lanes.i + 4 &* n)
            let undefined = unsafeBitCast((i - i) .!= .zero, to: SIMD4<Int64>.self).signs
            if undefined != 0 { throw overflow(first + 4 * n + undefined.trailingZeroBitCount) }
        }
    }

    /// Moves a vector past its next interval in which neurons may spike, or to its end, and lists these. - Returns: how many candidates there are then.
    @inline(__always)
    private func move<Case: CrossingCase>(
        _: Case.Type, _ thresholds: some Thresholds, _ arriving: some LaneWeights, _ first: Int, _ vector: Int,
        _ arrivals: LaneArrivals, _ lanes: Lanes, _ before: Int, _ endTime: Double, _ poller: Poller
    ) throws(SpinnpropError) -> Int {
        let flow = thresholds.flow
        let below = SIMD4(repeating: flow.threshold.nextDown)
        let (times, events) = (arrivals.times(vector), arrivals.count)
        var (v, i) = (loadVector(lanes.v + 4 &* vector), loadVector(lanes.i + 4 &* vector))
        var (event, count) = (lanes.event[vector], before)
        let from = event
        while event < events, count == before {
            let start = loadVector(times + 4 &* event)
            // The last of a neuron that has got all it gets before the end goes on for ever.
            let isThere = start .<= SIMD4<Double>(repeating: endTime)
            let length = loadVector(times + 4 &* (event &+ 1)) - start
            i += thresholds.measured(SIMD4.select(isThere, arriving.at(event), .zero), first / 4 &+ vector)
            let p = Case.propagators(flow, length)
            let (endV, endI) = (v * p.a + i * p.h, i * p.b)
            let firing = isThere .& mask(Case.mayFire(flow, v: v, i: i, endV: endV, endI: endI))
            var mayFire = unsafeBitCast(firing, to: SIMD4<Int64>.self).signs
            while mayFire != 0 {
                let lane = mayFire.trailingZeroBitCount
                lanes.place[count] = Int32(truncatingIfNeeded: 4 &* vector &+ lane)
                lanes.neuron[count] = Int32(truncatingIfNeeded: first &+ 4 &* vector &+ lane)
                lanes.candidateV[count] = v[lane]
                lanes.candidateI[count] = i[lane]
                lanes.offset[count] = 0
                lanes.start[count] = start[lane]
                lanes.length[count] = length[lane]
                count &+= 1
                mayFire &= mayFire &- 1
            }
            (v, i) = (lesser(endV, below), endI)
            event &+= 1
        }
        store(v, at: lanes.v + 4 &* vector)
        store(i, at: lanes.i + 4 &* vector)
        lanes.event[vector] = event
        try poller.spend(8 &* (event &- from))
        return count
    }

    @inline(__always)
    private func mask(_ lanes: SIMD4<Int64>) -> SIMDMask<SIMD4<Int64>> {
        unsafeBitCast(lanes, to: SIMDMask<SIMD4<Int64>>.self)
    }

    /// All spikes of the candidates within their intervals: the first of each, then, from the reset, the next, until nobody reaches the threshold
    /// again.
    private func emit<Case: CrossingCase>(
        _: Case.Type, _ thresholds: some Thresholds, _ lanes: Lanes, _ first: Int, _ state: LaneState,
        _ output: SpikeColumns, _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        let (flow, time) = (thresholds.flow, lanes.start[0])
        var count = first
        while count > 0 {
            // What fills up the last four must be numbers too, and reach no threshold.
            for n in count..<padded(count) {
                lanes.neuron[n] = 0
                (lanes.candidateV[n], lanes.candidateI[n], lanes.offset[n]) = (0, 0, 0)
                (lanes.start[n], lanes.length[n]) = (0, 0)
            }
            Case.crossings(flow, count: count, v: lanes.candidateV, i: lanes.candidateI, x: lanes.x)
            Case.elapsed(flow, count: count, x: lanes.x, times: lanes.time)
            count = try fire(Case.self, thresholds, lanes, count, output, endTime)
            try budget.check(output.count, layer: layer, time: time)
            try state.poller.spend(64 &* count)
        }
    }

    /// Fires the candidates that do reach the threshold, moves them to the end of the interval, and lists those that reach it again before.
    /// Returns how many these are.
    @inline(__always)
    private func fire<Case: CrossingCase>(
        _: Case.Type, _ thresholds: some Thresholds, _ lanes: Lanes, _ count: Int, _ output: SpikeColumns,
        _ endTime: Double
    ) throws(SpinnpropError) -> Int {
        let flow = thresholds.flow
        let below = SIMD4(repeating: flow.threshold.nextDown)
        let last = SIMD4<Double>(repeating: endTime)
        let large = SIMD4<Double>(repeating: Flow.soonCurrent * flow.threshold)
        try output.reserve(count)
        let (times, units, currents) = (output.times, output.units, output.currents)
        var (again, made) = (0, output.count)
        var n = 0
        while n < count {
            let (v, i) = (loadVector(lanes.candidateV + n), loadVector(lanes.candidateI + n))
            let isReached = loadVector(lanes.x + n) .>= .zero
            let x = SIMD4.select(isReached, loadVector(lanes.x + n), SIMD4(repeating: 1))
            var elapsed = SIMD4.select(isReached, loadVector(lanes.time + n), .zero)
            if !Case.isTime {
                var soon = unsafeBitCast(isReached .& (i .> large), to: SIMD4<Int64>.self).signs
                while soon != 0 {
                    let lane = soon.trailingZeroBitCount
                    elapsed[lane] = flow.polished(
                        elapsed[lane], v: lanes.candidateV[n &+ lane], i: lanes.candidateI[n &+ lane])
                    soon &= soon &- 1
                }
            }
            // Beyond the end by rounding only: the state at the end was above the threshold.
            let length = loadVector(lanes.length + n)
            let offset = lesser(loadVector(lanes.offset + n) + elapsed, length)
            let time = loadVector(lanes.start + n) + offset
            var fires = unsafeBitCast(isReached .& (time .<= last), to: SIMD4<Int64>.self).signs
            let current = i * Case.decay(flow, x: Case.exponential(flow, v: v, i: i, x: x))
            let p = Case.propagators(flow, length - offset)
            let reset = thresholds.resets(SIMD4(lanes.neuron + n))
            let (endV, endI) = (reset * p.a + current * p.h, current * p.b)
            let mayFire = Case.mayFire(flow, v: reset, i: current, endV: endV, endI: endI)
            store(time, at: lanes.time + n)
            store(current, at: lanes.current + n)
            store(offset, at: lanes.offset + n)
            store(reset, at: lanes.resets + n)
            store(lesser(endV, below), at: lanes.endV + n)
            store(endI, at: lanes.endI + n)
            var others = fires & mayFire.signs
            while fires != 0 {
                let from = n &+ fires.trailingZeroBitCount
                let (place, neuron) = (Int(lanes.place[from]), Int(lanes.neuron[from]))
                times[made] = lanes.time[from]
                units[made] = lanes.neuron[from]
                currents[made] = thresholds.current(lanes.current[from], neuron)
                made &+= 1
                (lanes.v[place], lanes.i[place]) = (lanes.endV[from], lanes.endI[from])
                fires &= fires &- 1
            }
            // Last, as they take the places of those before.
            while others != 0 {
                let from = n &+ others.trailingZeroBitCount
                (lanes.place[again], lanes.neuron[again]) = (lanes.place[from], lanes.neuron[from])
                (lanes.candidateV[again], lanes.candidateI[again]) = (lanes.resets[from], lanes.current[from])
                (lanes.offset[again], lanes.start[again]) = (lanes.offset[from], lanes.start[from])
                lanes.length[again] = lanes.length[from]
                again &+= 1
                others &= others &- 1
            }
            n &+= 4
        }
        output.count = made
        return again
    }
}
