// Forward through a layer without recurrence whose neurons see the same spikes at times of their own: four neurons side by side.
import Mathematics
import Networks
import Neurons

/// Four neurons that reach the threshold, one by one; memory rather than vectors, whose elements by number are slow.
final class LaneState {
    private let numbers = Block<Double>()
    let poller: Poller

    init(_ poller: Poller) { self.poller = poller }

    fileprivate func lanes() throws(SpinnpropError) -> FiringLanes {
        try numbers.reserve(20)
        let base = numbers.pointer
        return FiringLanes(v: base, i: base + 4, x: base + 8, time: base + 12, current: base + 16)
    }
}

private struct FiringLanes {
    /// States, the coordinates of their crossings, when these are, and the currents then.
    let v, i, x, time, current: UnsafeMutablePointer<Double>
}

/// The weights of the synapses that an arrival takes to four neurons.
private protocol LaneWeights {
    func at(_ event: Int) -> SIMD4<Double>
}

/// Of spikes that all neurons receive.
private struct SentWeights: LaneWeights {
    let order: UnsafePointer<Int32>
    let columns: UnsafePointer<UnsafePointer<Double>>
    let first: Int

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

    @inline(__always)
    func at(_ event: Int) -> SIMD4<Double> { loadVector(weights + 4 &* event) }
}

extension LayerPlan {
    /// Appends the spikes of four neurons from `first` on up to `endTime` to `output`, in any order.
    func runLanes(
        _ first: Int, _ arrivals: LaneArrivals, _ state: LaneState, output: SpikeColumns, endTime: Double,
        budget: SpikeBudget
    ) throws(SpinnpropError) {
        if isSparse {
            let weights = OwnWeights(weights: arrivals.weights)
            try run(weights, first, arrivals, state, output, endTime, budget)
        } else {
            let weights = SentWeights(order: arrivals.order, columns: arrivals.columns, first: first)
            try run(weights, first, arrivals, state, output, endTime, budget)
        }
    }

    @inline(__always)
    private func run(
        _ weights: some LaneWeights, _ first: Int, _ arrivals: LaneArrivals, _ state: LaneState,
        _ output: SpikeColumns, _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        if let ownThresholds {
            try run(ownThresholds, weights, first, arrivals, state, output, endTime, budget)
        } else {
            try run(SharedThreshold(flow: flows[0]), weights, first, arrivals, state, output, endTime, budget)
        }
    }

    /// One specialised body per case of tau.
    @inline(__always)
    private func run(
        _ thresholds: some Thresholds, _ weights: some LaneWeights, _ first: Int, _ arrivals: LaneArrivals,
        _ state: LaneState, _ output: SpikeColumns, _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        switch thresholds.flow.ratio {
        case 4: try run(CrossingRatioFour.self, thresholds, weights, first, arrivals, state, output, endTime, budget)
        case 2: try run(CrossingRatioTwo.self, thresholds, weights, first, arrivals, state, output, endTime, budget)
        case 1: try run(CrossingRatioOne.self, thresholds, weights, first, arrivals, state, output, endTime, budget)
        case 0.5: try run(CrossingRatioHalf.self, thresholds, weights, first, arrivals, state, output, endTime, budget)
        case 0.25:
            try run(CrossingRatioQuarter.self, thresholds, weights, first, arrivals, state, output, endTime, budget)
        default: try run(CrossingGeneral.self, thresholds, weights, first, arrivals, state, output, endTime, budget)
        }
    }

    private func run<Case: CrossingCase>(
        _: Case.Type, _ thresholds: some Thresholds, _ arriving: some LaneWeights, _ first: Int,
        _ arrivals: LaneArrivals, _ state: LaneState, _ output: SpikeColumns, _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        let flow = thresholds.flow
        let below = SIMD4(repeating: flow.threshold.nextDown)
        let lanes = try state.lanes()
        let (times, count) = (arrivals.times, arrivals.count)
        try state.poller.spend(8 &* count)
        var (v, i) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
        // Until the first arrival the drive alone moves them.
        if isDriven, count > 0 { v = thresholds.starts(first / 4) * Case.propagators(flow, loadVector(times)).a }
        var event = 0
        while event < count {
            let start = loadVector(times + 4 &* event)
            // The last of a neuron that has got all it gets before the end goes on for ever.
            let isThere = start .<= SIMD4<Double>(repeating: endTime)
            let length = loadVector(times + 4 &* (event &+ 1)) - start
            i += thresholds.measured(SIMD4.select(isThere, arriving.at(event), .zero), first / 4)
            let p = Case.propagators(flow, length)
            var endV = v * p.a + i * p.h
            var endI = i * p.b
            let firing = isThere .& mask(Case.mayFire(flow, v: v, i: i, endV: endV, endI: endI))
            if unsafeBitCast(firing, to: SIMD4<Int64>.self).signs != 0 {
                let (from, interval) = (State(v: v, i: i), (start: start, length: length))
                var end = State(v: endV, i: endI)
                try fire(
                    Case.self, thresholds, first, firing, from: from, end: &end, interval, lanes, state, output,
                    endTime,
                    budget)
                (endV, endI) = (end.v, end.i)
            }
            (v, i) = (lesser(endV, below), endI)
            event &+= 1
        }
        let undefined = unsafeBitCast((i - i) .!= .zero, to: SIMD4<Int64>.self).signs
        if undefined != 0 { throw overflow(first + undefined.trailingZeroBitCount) }
    }

    @inline(__always)
    private func mask(_ lanes: SIMD4<Int64>) -> SIMDMask<SIMD4<Int64>> {
        unsafeBitCast(lanes, to: SIMDMask<SIMD4<Int64>>.self)
    }

    /// Of four neurons.
    private struct State {
        var v, i: SIMD4<Double>
    }

    /// All spikes within the interval of those of four neurons that may spike: the first of each, then, from the reset, the next, until nobody
    /// reaches the threshold again. - Parameter end: the states at its end, as if nobody spiked and as it is.
    private func fire<Case: CrossingCase>(
        _: Case.Type, _ thresholds: some Thresholds, _ first: Int, _ mayFire: SIMDMask<SIMD4<Int64>>, from: State,
        end: inout State, _ interval: (start: SIMD4<Double>, length: SIMD4<Double>),
        _ lanes: FiringLanes, _ state: LaneState, _ output: SpikeColumns, _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        let flow = thresholds.flow
        let large = SIMD4<Double>(repeating: Flow.soonCurrent * flow.threshold)
        let last = SIMD4<Double>(repeating: endTime)
        let own = Int32(truncatingIfNeeded: first)
        let reset = thresholds.resets(SIMD4(own, own &+ 1, own &+ 2, own &+ 3))
        var (v, i, offset, mayFire) = (from.v, from.i, SIMD4<Double>.zero, mayFire)
        repeat {
            store(v, at: lanes.v)
            store(i, at: lanes.i)
            Case.crossings(flow, count: 4, v: lanes.v, i: lanes.i, x: lanes.x)
            let isReached = loadVector(lanes.x) .>= .zero
            let x = SIMD4.select(isReached, loadVector(lanes.x), SIMD4(repeating: 1))
            var elapsed = Case.elapsed(flow, x: x)
            if !Case.isTime {
                var soon = unsafeBitCast(mayFire .& isReached .& (i .> large), to: SIMD4<Int64>.self).signs
                while soon != 0 {
                    let lane = soon.trailingZeroBitCount
                    elapsed[lane] = flow.polished(elapsed[lane], v: lanes.v[lane], i: lanes.i[lane])
                    soon &= soon &- 1
                }
            }
            // Beyond the end by rounding only: the state at the end was above the threshold.
            offset = lesser(offset + elapsed, interval.length)
            let time = interval.start + offset
            let fires = mayFire .& isReached .& (time .<= last)
            let y = Case.exponential(flow, v: v, i: i, x: x)
            i *= Case.decay(flow, x: y)
            let p = Case.propagators(flow, interval.length - offset)
            let (nextV, nextI) = (reset * p.a + i * p.h, i * p.b)
            end.v = .select(fires, nextV, end.v)
            end.i = .select(fires, nextI, end.i)
            mayFire = fires .& mask(Case.mayFire(flow, v: reset, i: i, endV: nextV, endI: nextI))
            v = reset
            store(time, at: lanes.time)
            store(i, at: lanes.current)
            var spikes = unsafeBitCast(fires, to: SIMD4<Int64>.self).signs
            while spikes != 0 {
                let lane = spikes.trailingZeroBitCount
                let neuron = first &+ lane
                try output.append(
                    time: lanes.time[lane], unit: neuron, current: thresholds.current(lanes.current[lane], neuron))
                spikes &= spikes &- 1
            }
            try budget.check(output.count, layer: layer, time: interval.start[0])
            try state.poller.spend(64)
        } while unsafeBitCast(mayFire, to: SIMD4<Int64>.self).signs != 0
    }
}
