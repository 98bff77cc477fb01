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
        try numbers.reserve(40)
        let base = numbers.pointer
        return FiringLanes(
            v: base, i: base + 4, endV: base + 8, endI: base + 12, start: base + 16, length: base + 20,
            offset: base + 24,
            solvedV: base + 28, solvedI: base + 32, x: base + 36)
    }
}

private struct FiringLanes {
    /// States, and what becomes of them at the end of the interval.
    let v, i, endV, endI: UnsafeMutablePointer<Double>
    /// The interval, and how much of it has passed.
    let start, length, offset: UnsafeMutablePointer<Double>
    /// Those that are looked for together, and the coordinates of their crossings.
    let solvedV, solvedI, x: UnsafeMutablePointer<Double>
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
            let mayFire = Case.mayFire(flow, v: v, i: i, endV: endV, endI: endI)
            let firing = unsafeBitCast(isThere .& (mayFire .< .zero), to: SIMD4<Int64>.self).signs
            if firing != 0 {
                store(v, at: lanes.v)
                store(i, at: lanes.i)
                store(endV, at: lanes.endV)
                store(endI, at: lanes.endI)
                store(start, at: lanes.start)
                store(length, at: lanes.length)
                store(.zero, at: lanes.offset)
                try fire(Case.self, thresholds, first, firing, lanes, state, output, endTime, budget)
                (endV, endI) = (loadVector(lanes.endV), loadVector(lanes.endI))
            }
            (v, i) = (lesser(endV, below), endI)
            event &+= 1
        }
        let undefined = unsafeBitCast((i - i) .!= .zero, to: SIMD4<Int64>.self).signs
        if undefined != 0 { throw overflow(first + undefined.trailingZeroBitCount) }
    }

    /// All spikes within the interval of those of four neurons that may spike: the first of each, then, from the reset, the next, until nobody
    /// reaches the threshold again.
    private func fire<Case: CrossingCase>(
        _: Case.Type, _ thresholds: some Thresholds, _ first: Int, _ mayFire: UInt8, _ lanes: FiringLanes,
        _ state: LaneState, _ output: SpikeColumns, _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        let flow = thresholds.flow
        let large = Flow.soonCurrent * flow.threshold
        var firing = mayFire
        while firing != 0 {
            // Side by side, with nobody in what is left of a vector.
            store(.zero, at: lanes.solvedV)
            store(.zero, at: lanes.solvedI)
            var (bits, count) = (firing, 0)
            while bits != 0 {
                let lane = bits.trailingZeroBitCount
                lanes.solvedV[count] = lanes.v[lane]
                lanes.solvedI[count] = lanes.i[lane]
                count &+= 1
                bits &= bits &- 1
            }
            Case.crossings(flow, count: count, v: lanes.solvedV, i: lanes.solvedI, x: lanes.x)
            (bits, count) = (firing, 0)
            while bits != 0 {
                let lane = bits.trailingZeroBitCount
                bits &= bits &- 1
                let (x, v, i) = (lanes.x[count], lanes.v[lane], lanes.i[lane])
                count &+= 1
                firing &= ~(1 &<< UInt8(truncatingIfNeeded: lane))
                guard x >= 0 else { continue }
                var elapsed = Case.elapsed(flow, x: x)
                if i > large { elapsed = flow.polished(elapsed, v: v, i: i) }
                let offset = min(lanes.offset[lane] + elapsed, lanes.length[lane])
                let time = lanes.start[lane] + offset
                guard time <= endTime else { continue }
                let neuron = first &+ lane
                let current = i * Case.decay(flow, x: x)
                try output.append(time: time, unit: neuron, current: thresholds.current(current, neuron))
                let reset = thresholds.reset(neuron)
                let p = Case.propagators(flow, lanes.length[lane] - offset)
                let (endV, endI) = (reset * p.a + current * p.h, current * p.b)
                (lanes.v[lane], lanes.i[lane], lanes.offset[lane]) = (reset, current, offset)
                (lanes.endV[lane], lanes.endI[lane]) = (endV, endI)
                if Case.mayFire(flow, v: reset, i: current, endV: endV, endI: endI) {
                    firing |= 1 &<< UInt8(truncatingIfNeeded: lane)
                }
            }
            try budget.check(output.count, layer: layer, time: lanes.start[0])
            try state.poller.spend(64)
        }
    }
}
