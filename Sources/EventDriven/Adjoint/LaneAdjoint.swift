// Backward through a layer without recurrence whose neurons see the same spikes at times of their own: the mirror of LaneForward.
import Mathematics
import Networks
import Neurons

final class LaneAdjointState {
    let arrivals: LaneArrivals
    fileprivate let numbers = Block<Double>()
    fileprivate let lambdaV = Block<Double>()
    fileprivate let lambdaI = Block<Double>()
    let poller: Poller

    init(_ poller: Poller) {
        self.poller = poller
        arrivals = LaneArrivals(poller)
    }
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
        let count = arrivals.count
        try state.lambdaV.reserve(4 &* count)
        try state.lambdaI.reserve(4 &* count)
        try state.numbers.reserve(16)
        let flow = flows[0]
        let present = min(4, neuronCount - first)
        let members = groups.members
        // Adjoints and when they were; of each neuron the jump that comes next and its time, -infinity after the last.
        let numbers = state.numbers.pointer
        let (laneV, laneI, last, next) = (numbers, numbers + 4, numbers + 8, numbers + 12)
        var at = SIMD4<Int>.zero
        for lane in 0..<4 {
            (laneV[lane], laneI[lane], last[lane]) = (0, 0, .infinity)
            at[lane] = lane < present ? groups.range(first + lane).upperBound : 0
            next[lane] = -.infinity
            if lane < present, !groups.range(first + lane).isEmpty {
                next[lane] = jumps.times[Int(members[at[lane] - 1])]
            }
        }
        let (times, vs, ins) = (arrivals.times, vectors(state.lambdaV.pointer), vectors(state.lambdaI.pointer))
        let poller = state.poller
        var event = count &- 1
        while event >= 0, !poller.isStopped(after: 8) {
            let time = times[event]
            // An arrival at the time of a spike came after it, so it comes first here.
            let jumping = unsafeBitCast(vectors(next).pointee .> time, to: SIMD4<Int64>.self).signs
            if jumping != 0 {
                for lane in 0..<present {
                    while next[lane] > time[lane] {
                        let jump = Int(members[at[lane] - 1])
                        if laneV[lane] != 0 || laneI[lane] != 0 {
                            let p = Case.propagators(flow, last[lane] - next[lane])
                            laneI[lane] = p.b * laneI[lane] + p.h * flow.ratio * laneV[lane]
                            laneV[lane] *= p.a
                        }
                        last[lane] = next[lane]
                        laneV[lane] += jumps.delta(jump, lambdaV: laneV[lane], self.flow(first + lane))
                        at[lane] -= 1
                        next[lane] =
                            at[lane] > groups.range(first + lane).lowerBound
                            ? jumps.times[Int(members[at[lane] - 1])] : -.infinity
                    }
                }
            }
            // Until its last jump a neuron has no adjoint, whatever the interval.
            let p = Case.propagators(flow, vectors(last).pointee - time)
            let (v, i) = (vectors(laneV).pointee, vectors(laneI).pointee)
            let newI = i * p.b + v * p.h * flow.ratio
            let newV = v * p.a
            vectors(laneV).pointee = newV
            vectors(laneI).pointee = newI
            vectors(last).pointee = time
            (vs[event], ins[event]) = (newV, newI)
            event &-= 1
        }
        if event >= 0 { return }
        add(first, present, UnsafePointer(state.lambdaV.pointer), UnsafePointer(state.lambdaI.pointer), arrivals, sums)
    }

    /// Adds the adjoints at all arrivals to the gradients of weights and delays and to the senders' errors, in the order in which spikes were
    /// sent.
    private func add(
        _ first: Int, _ present: Int, _ lambdaV: UnsafePointer<Double>, _ lambdaI: UnsafePointer<Double>,
        _ arrivals: LaneArrivals, _ sums: UnsafePointer<IncomingSums>
    ) {
        let (connections, units, spikes) = (arrivals.connections, arrivals.units, arrivals.spikes)
        var n = 0
        while n < arrivals.count {
            let own = sums[Int(connections[n])]
            let unit = Int(units[n])
            let row = unit &* stride &+ first
            let (v, i) = (arrivals.gather(lambdaV, n), arrivals.gather(lambdaI, n))
            let gradient = vectors(own.weights + row)
            gradient.pointee += i
            let weights = UnsafeRawPointer(own.columns + row).assumingMemoryBound(to: SIMD4<Double>.self).pointee
            let error = weights * (v - i)
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
