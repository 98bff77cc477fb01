// Backward through a layer without recurrence whose neurons see the same spikes at times of their own: the mirror of LaneForward.
import Mathematics
import Networks
import Neurons

final class LaneAdjointState {
    let arrivals: LaneArrivals
    fileprivate let poller: Poller
    /// lI and lV - lI at each arrival, in the order in which spikes were sent, four numbers for each.
    fileprivate let lambdaI = Block<Double>()
    fileprivate let difference = Block<Double>()
    private let numbers = Block<Double>()
    private let ends = Block<Int>()

    init(_ poller: Poller) {
        self.poller = poller
        arrivals = LaneArrivals(poller)
    }

    fileprivate func lanes(
        _ plan: LayerPlan, _ first: Int, _ jumps: Jumps, _ groups: UnitGroups
    ) throws(SpinnpropError) -> JumpingLanes {
        try numbers.reserve(16)
        try ends.clear(4)
        let base = numbers.pointer
        let lanes = JumpingLanes(v: base, i: base + 4, last: base + 8, next: base + 12, end: ends.pointer)
        vectors(lanes.next).pointee = SIMD4(repeating: -.infinity)
        for lane in 0..<min(4, plan.neuronCount - first) {
            lanes.end[lane] = groups.range(first + lane).upperBound
            lanes.next[lane] = groups.lastTime(jumps.times, from: first + lane, before: lanes.end[lane])
        }
        return lanes
    }
}

/// Four neurons' adjoints and when they were so; of each the jump that comes next, where those that have not been end, and its time, -infinity if
/// there is none. Memory rather than vectors, whose elements by number are slow.
private struct JumpingLanes {
    let v, i, last, next: UnsafeMutablePointer<Double>
    let end: UnsafeMutablePointer<Int>
}

extension LayerPlan {
    /// Runs the adjoints of the four neurons from `first` on, whose jumps `groups` lists, and adds to `sums` what they give.
    func reverseLanes(
        _ first: Int, _ jumps: Jumps, _ groups: UnitGroups, _ sums: UnsafePointer<IncomingSums>,
        _ state: LaneAdjointState
    ) throws(SpinnpropError) {
        switch flows[0].ratio {
        case 4: try reverse(CrossingRatioFour.self, first, jumps, groups, sums, state)
        case 2: try reverse(CrossingRatioTwo.self, first, jumps, groups, sums, state)
        case 1: try reverse(CrossingRatioOne.self, first, jumps, groups, sums, state)
        default: try reverse(CrossingGeneral.self, first, jumps, groups, sums, state)
        }
    }

    private func reverse<Case: CrossingCase>(
        _: Case.Type, _ first: Int, _ jumps: Jumps, _ groups: UnitGroups, _ sums: UnsafePointer<IncomingSums>,
        _ state: LaneAdjointState
    ) throws(SpinnpropError) {
        let arrivals = state.arrivals
        try arrivals.arrange(self, first: first)
        let (times, order, count) = (arrivals.times, arrivals.order, arrivals.count)
        try state.lambdaI.reserve(4 &* count)
        try state.difference.reserve(4 &* count)
        let (lambdaI, difference) = (state.lambdaI.pointer, state.difference.pointer)
        let flow = flows[0]
        let lanes = try state.lanes(self, first, jumps, groups)
        var (v, i) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
        // When the adjoints were so.
        var last = SIMD4<Double>(repeating: .infinity)
        var event = count &- 1
        while event >= 0, !state.poller.isStopped(after: 8) {
            let time = times[event]
            // An arrival at the time of a spike came after it, so it comes first here.
            if unsafeBitCast(vectors(lanes.next).pointee .> time, to: SIMD4<Int64>.self).signs != 0 {
                (vectors(lanes.v).pointee, vectors(lanes.i).pointee) = (v, i)
                vectors(lanes.last).pointee = last
                jump(Case.self, first, jumps, groups, lanes, after: time)
                (v, i) = (vectors(lanes.v).pointee, vectors(lanes.i).pointee)
                last = vectors(lanes.last).pointee
            }
            let p = Case.propagators(flow, last - time)
            i = i * p.b + v * (p.h * flow.ratio)
            v *= p.a
            last = time
            let at = order + 4 &* event
            let ahead = v - i
            for lane in 0..<4 {
                let place = 4 &* Int(at[lane]) &+ lane
                lambdaI[place] = i[lane]
                difference[place] = ahead[lane]
            }
            event &-= 1
        }
        // Once cancelled, what would be added is of no interest.
        if event < 0 { add(first, state, sums) }
    }

    /// All jumps of four neurons after the time up to which each goes back.
    private func jump<Case: CrossingCase>(
        _: Case.Type, _ first: Int, _ jumps: Jumps, _ groups: UnitGroups, _ lanes: JumpingLanes,
        after time: SIMD4<Double>
    ) {
        let flow = flows[0]
        for lane in 0..<min(4, neuronCount - first) {
            while lanes.next[lane] > time[lane] {
                let jump = Int(groups.members[lanes.end[lane] - 1])
                // Until its last jump a neuron has no adjoint, whatever the interval.
                let p = Case.propagators(flow, lanes.last[lane] - lanes.next[lane])
                lanes.i[lane] = lanes.i[lane] * p.b + lanes.v[lane] * (p.h * flow.ratio)
                lanes.v[lane] *= p.a
                lanes.v[lane] += jumps.delta(jump, lambdaV: lanes.v[lane], self.flow(first + lane))
                lanes.last[lane] = lanes.next[lane]
                lanes.end[lane] -= 1
                lanes.next[lane] = groups.lastTime(jumps.times, from: first + lane, before: lanes.end[lane])
            }
        }
    }

    /// Adds the adjoints at all arrivals to the gradients of weights and delays and to the senders' errors, in the order in which spikes were
    /// sent.
    private func add(_ first: Int, _ state: LaneAdjointState, _ sums: UnsafePointer<IncomingSums>) {
        let (connections, units, spikes) = (state.arrivals.connections, state.arrivals.units, state.arrivals.spikes)
        let (lambdaI, difference) = (vectors(state.lambdaI.pointer), vectors(state.difference.pointer))
        let (count, present) = (state.arrivals.count, min(4, neuronCount - first))
        var n = 0
        while n < count {
            let own = sums[Int(connections[n])]
            let unit = Int(units[n])
            let row = unit &* stride &+ first
            vectors(own.weights + row).pointee += lambdaI[n]
            let weights = UnsafeRawPointer(own.columns + row).assumingMemoryBound(to: SIMD4<Double>.self).pointee
            let error = weights * difference[n]
            let total = (error[0] + error[1]) + (error[2] + error[3])
            own.errors?[Int(spikes[n])] += total
            switch own.delayKind {
            case .none: break
            case .axonal: own.delays[unit] += total
            case .synaptic:
                let preCount = own.preCount
                var delay = own.delays + (first &* preCount &+ unit)
                for lane in 0..<present {
                    delay.pointee += error[lane]
                    delay += preCount
                }
            case .dendritic:
                for lane in 0..<present { own.delays[first &+ lane] += error[lane] }
            }
            n &+= 1
        }
    }
}
