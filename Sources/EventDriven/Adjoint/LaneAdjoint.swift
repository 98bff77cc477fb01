// Backward through any layer whose neurons see spikes at times of their own: four neurons side by side.
import Mathematics
import Networks
import Neurons

/// Nothing but a neuron's own jumps changes its adjoint. So each is known at any time from the jump that comes next, and arrivals need no order.
final class LaneAdjointState {
    fileprivate let poller: Poller
    /// For each jump, grouped by neuron, when it is and the adjoint before it.
    fileprivate let times = Block<Double>()
    fileprivate let lambdaV = Block<Double>()
    fileprivate let lambdaI = Block<Double>()
    /// For each neuron the first of its jumps that have been worked out.
    fileprivate let firsts = Block<Int>()
    /// Of a sparse layer what each neuron receives through the connection that is worked on.
    fileprivate let lists = ReceiverLists()
    private let numbers = Block<Double>()
    private let places = Block<Int>()

    init(_ poller: Poller) { self.poller = poller }

    /// Four neurons before the first of their jumps that have been worked out.
    fileprivate func lanes(_ first: Int, of neurons: Int, _ groups: UnitGroups) throws(SpinnpropError) -> JumpLanes {
        try numbers.reserve(16)
        try places.clear(12)
        let (base, place) = (numbers.pointer, places.pointer)
        let lanes = JumpLanes(
            times: times.pointer, lambdaV: lambdaV.pointer, lambdaI: lambdaI.pointer, start: place, at: place + 4,
            end: place + 8, previous: base, next: base + 4, v: base + 8, i: base + 12)
        for lane in 0..<4 {
            let neuron = first + lane
            lanes.start[lane] = neuron < neurons ? firsts.pointer[neuron] : 0
            lanes.at[lane] = lanes.start[lane]
            lanes.end[lane] = neuron < neurons ? groups.range(neuron).upperBound : 0
            lanes.turn(lane, to: -.infinity)
        }
        return lanes
    }
}

/// Of four neurons the jumps between which a time lies. Memory rather than vectors, whose elements by number are slow.
private struct JumpLanes {
    let times, lambdaV, lambdaI: UnsafePointer<Double>
    /// Where a neuron's jumps start, the one that comes next, and where they end.
    let start, at, end: UnsafeMutablePointer<Int>
    /// When the one before was, when the next one is, infinities where there is none, and the adjoint before that one.
    let previous, next, v, i: UnsafeMutablePointer<Double>

    /// Finds a neuron's next jump after a time. An arrival at the time of a spike came after it.
    func turn(_ lane: Int, to time: Double) {
        var at = self.at[lane]
        while at < end[lane], times[at] <= time { at += 1 }
        while at > start[lane], times[at - 1] > time { at -= 1 }
        self.at[lane] = at
        previous[lane] = at > start[lane] ? times[at - 1] : -.infinity
        let isLast = at == end[lane]
        next[lane] = isLast ? .infinity : times[at]
        v[lane] = isLast ? 0 : lambdaV[at]
        i[lane] = isLast ? 0 : lambdaI[at]
    }

    /// lV and lI of four neurons, each at a time of its own; `nil` where none has any.
    @inline(__always)
    func adjoint<Rule: Motion>(
        _ motion: Rule, _ constants: Rule.Constants, at time: SIMD4<Double>
    ) -> (lambdaV: SIMD4<Double>, lambdaI: SIMD4<Double>)? {
        let isBetween = (loadVector(previous) .<= time) .& (time .< loadVector(next))
        var others = ~unsafeBitCast(isBetween, to: SIMD4<Int64>.self).signs & 15
        while others != 0 {
            let lane = others.trailingZeroBitCount
            others &= others &- 1
            turn(lane, to: time[lane])
        }
        let (v, i, next) = (loadVector(self.v), loadVector(self.i), loadVector(next))
        let bits = unsafeBitCast(v, to: SIMD4<Int64>.self) | unsafeBitCast(i, to: SIMD4<Int64>.self)
        guard bits != .zero else { return nil }
        // Where no jump comes next there is nothing, however far.
        let isLast = next .>= SIMD4<Double>(repeating: .infinity)
        let p = motion.propagators(constants, SIMD4.select(isLast, .zero, next - time))
        return (v * p.a, i * p.b + v * (p.h * motion.ratio(constants)))
    }
}

extension LayerPlan {
    /// Adds to `sums` what one sample gives; `groups` lists the jumps of each neuron.
    func reverseLanes(
        _ rows: EventRows, _ jumps: Jumps, _ groups: UnitGroups, _ sums: UnsafePointer<IncomingSums>,
        _ state: LaneAdjointState
    ) throws(SpinnpropError) {
        try byTimes(LaneAdjointWork(plan: self, rows: rows, jumps: jumps, groups: groups, sums: sums, state: state))
    }

    fileprivate func reverse(
        _ motion: some Motion, _ rows: EventRows, _ jumps: Jumps, _ groups: UnitGroups,
        _ sums: UnsafePointer<IncomingSums>,
        _ state: LaneAdjointState
    ) throws(SpinnpropError) {
        for block in [state.times, state.lambdaV, state.lambdaI] { try block.reserve(jumps.count) }
        try state.firsts.reserve(neuronCount)
        for neuron in 0..<neuronCount { state.firsts.pointer[neuron] = groups.range(neuron).upperBound }
        if let holds = jumps.holds { try addArrivals(motion, rows, jumps, holds, groups, state) }
        // From the last one on; with recurrence a spike's error has what it does to any neuron later.
        for jump in (0..<jumps.count).reversed() {
            let (own, spike) = (
                SpikeRow(times: jumps.times + jump, units: jumps.units + jump, count: 1), jumps.spike(jump)
            )
            for (c, connection) in recurrent.enumerated() where spike >= 0 {
                if let synapses = connection.synapses {
                    if state.poller.isStopped(after: 16 * synapses.range(Int(jumps.units[jump])).count) { return }
                    receive(motion, jump, jumps, connection, synapses, groups, sums[feedForward.count + c], state)
                    continue
                }
                if state.poller.isStopped(after: 16 * neuronCount) { return }
                var sums = sums[feedForward.count + c]
                sums.errors = jumps.errors + spike
                for first in Swift.stride(from: 0, to: neuronCount, by: 4) {
                    let lanes = try state.lanes(first, of: neuronCount, groups)
                    receive(
                        motion, own, LaneDelays(connection.delays, first: first, of: neuronCount), first, lanes, sums)
                }
            }
            reverse(motion, jump, jumps, groups, state)
        }
        for (c, own) in feedForward.enumerated() {
            let row = rows.source(own)
            if let synapses = own.synapses {
                try state.lists.fill(synapses, row, neurons: neuronCount, state.poller)
            }
            for first in Swift.stride(from: 0, to: neuronCount, by: 4)
            where groups.hasAny(first..<min(first + 4, neuronCount)) {
                let lanes = try state.lanes(first, of: neuronCount, groups)
                if isSparse {
                    receive(motion, row, own, state.lists, first, lanes, sums[c], state.poller)
                    continue
                }
                // Once cancelled, what has been added is of no interest.
                if state.poller.isStopped(after: 16 * row.count) { return }
                receive(motion, row, LaneDelays(own.delays, first: first, of: neuronCount), first, lanes, sums[c])
            }
        }
    }

    /// Adds to the currents at releases what arrives within the refractory periods before them.
    private func addArrivals(
        _ motion: some Motion, _ rows: EventRows, _ jumps: Jumps, _ holds: Holds, _ groups: UnitGroups,
        _ state: LaneAdjointState
    ) throws(SpinnpropError) {
        let times = state.times.pointer
        for at in 0..<jumps.count { times[at] = jumps.times[Int(groups.members[at])] }
        for own in incoming {
            let row = rows.source(own)
            if let synapses = own.synapses {
                try state.lists.fill(synapses, row, neurons: neuronCount, state.poller)
            }
            for neuron in 0..<neuronCount where groups.range(neuron).count > 1 {
                let (flow, jump) = (self.flow(neuron), groups.range(neuron))
                let arrivals = own.synapses == nil ? 0..<row.count : state.lists.range(neuron)
                try state.poller.spend(8 &* arrivals.count)
                var at = jump.lowerBound
                for arrival in arrivals {
                    let n = own.synapses == nil ? arrival : Int(state.lists.spikes[arrival])
                    let unit = Int(row.units[n])
                    let time = row.times[n] + own.delays.from(unit, to: neuron)
                    // An arrival at the time of a spike or a release came after it.
                    while at < jump.upperBound, times[at] <= time { at &+= 1 }
                    while at > jump.lowerBound, times[at &- 1] > time { at &-= 1 }
                    guard at < jump.upperBound else { continue }
                    let spike = jumps.spike(Int(groups.members[at]))
                    guard spike < 0 else { continue }
                    holds.currents[-1 &- spike] +=
                        own.columns.pointer[unit &* stride &+ neuron] * motion.propagators(flow, times[at] - time).b
                }
            }
        }
    }

    /// Adds the adjoints of four neurons, each at what it receives itself, to the gradients of its synapses and to the senders' errors.
    private func receive(
        _ motion: some Motion, _ row: SpikeRow, _ own: EventConnection, _ lists: ReceiverLists, _ first: Int,
        _ lanes: JumpLanes, _ sums: IncomingSums, _ poller: Poller
    ) {
        guard let synapses = own.synapses else { return }
        let (constants, delays) = (motion.constants(first / 4), LaneDelays(own.delays, first: first, of: neuronCount))
        let (spikes, places, weights) = (lists.spikes, lists.places, synapses.weights.pointer)
        let (a, b) = (lists.range(first), lists.range(min(first &+ 1, neuronCount)))
        let (c, d) = (lists.range(min(first &+ 2, neuronCount)), lists.range(min(first &+ 3, neuronCount)))
        let rounds = max(max(a.count, b.count), max(c.count, d.count))
        _ = poller.isStopped(after: 16 * rounds)
        var round = 0
        while round < rounds {
            // Whoever receives nothing more takes an arrival again, and adds nothing.
            let at = (a.nth(round), b.nth(round), c.nth(round), d.nth(round))
            let n = (Int(spikes[at.0]), Int(spikes[at.1]), Int(spikes[at.2]), Int(spikes[at.3]))
            let units = (Int(row.units[n.0]), Int(row.units[n.1]), Int(row.units[n.2]), Int(row.units[n.3]))
            let time = SIMD4(row.times[n.0], row.times[n.1], row.times[n.2], row.times[n.3]) + delays.from(units)
            round &+= 1
            guard let (lambdaV, lambdaI) = lanes.adjoint(motion, constants, at: time) else { continue }
            let place = (Int(places[at.0]), Int(places[at.1]), Int(places[at.2]), Int(places[at.3]))
            let error =
                SIMD4(weights[place.0], weights[place.1], weights[place.2], weights[place.3]) * (lambdaV - lambdaI)
            func add(
                _ range: Range<Int>, _ place: Int, _ n: Int, _ unit: Int, _ lane: Int, _ lambdaI: Double,
                _ error: Double
            ) {
                guard round <= range.count else { return }
                sums.weights[place] += lambdaI
                sums.errors?[n] += error
                own.addDelay(error, pre: unit, post: first &+ lane, to: sums.delays)
            }
            add(a, place.0, n.0, units.0, 0, lambdaI[0], error[0])
            add(b, place.1, n.1, units.1, 1, lambdaI[1], error[1])
            add(c, place.2, n.2, units.2, 2, lambdaI[2], error[2])
            add(d, place.3, n.3, units.3, 3, lambdaI[3], error[3])
        }
    }

    /// Adds the adjoints of those who receive a spike of the layer itself, one after another.
    private func receive(
        _ motion: some Motion, _ jump: Int, _ jumps: Jumps, _ own: EventConnection, _ synapses: Synapses,
        _ groups: UnitGroups,
        _ sums: IncomingSums, _ state: LaneAdjointState
    ) {
        let sender = Int(jumps.units[jump])
        var total = 0.0
        for at in synapses.range(sender) {
            let receiver = Int(synapses.receivers.pointer[at])
            let time = jumps.times[jump] + own.delays.from(sender, to: receiver)
            var next = state.firsts.pointer[receiver]
            let end = groups.range(receiver).upperBound
            // An arrival at the time of a spike came after it.
            while next < end, state.times.pointer[next] <= time { next &+= 1 }
            guard next < end else { continue }
            let flow = self.flow(receiver)
            let p = motion.propagators(flow, state.times.pointer[next] - time)
            let v = state.lambdaV.pointer[next]
            let lambdaI = state.lambdaI.pointer[next] * p.b + v * (p.h * flow.ratio)
            sums.weights[Int(synapses.places.pointer[at])] += lambdaI
            let error = sums.columns[sender &* stride &+ receiver] * (v * p.a - lambdaI)
            own.addDelay(error, pre: sender, post: receiver, to: sums.delays)
            total += error
        }
        jumps.errors[jumps.spike(jump)] += total
    }

    /// A neuron's adjoint before one of its jumps, those after it having been worked out.
    private func reverse(
        _ motion: some Motion, _ jump: Int, _ jumps: Jumps, _ groups: UnitGroups, _ state: LaneAdjointState
    ) {
        let (neuron, time) = (Int(jumps.units[jump]), jumps.times[jump])
        let next = state.firsts.pointer[neuron]
        let flow = self.flow(neuron)
        var (v, i) = (0.0, 0.0)
        if next < groups.range(neuron).upperBound {
            let p = motion.propagators(flow, state.times.pointer[next] - time)
            let lambdaV = state.lambdaV.pointer[next]
            (v, i) = (lambdaV * p.a, state.lambdaI.pointer[next] * p.b + lambdaV * (p.h * flow.ratio))
        }
        v += jumps.delta(jump, lambdaV: v, flow)
        (state.times.pointer[next - 1], state.lambdaV.pointer[next - 1], state.lambdaI.pointer[next - 1]) = (time, v, i)
        state.firsts.pointer[neuron] = next - 1
    }

    /// Adds the adjoints of four neurons at all arrivals through one connection to the gradients of weights and delays and to the senders'
    /// errors.
    private func receive(
        _ motion: some Motion, _ row: SpikeRow, _ delays: LaneDelays, _ first: Int, _ lanes: JumpLanes,
        _ sums: IncomingSums
    ) {
        let (constants, present) = (motion.constants(first / 4), min(4, neuronCount &- first))
        var n = 0
        while n < row.count {
            defer { n &+= 1 }
            let unit = Int(row.units[n])
            let time = row.times[n] + delays.from(unit)
            guard let (lambdaV, lambdaI) = lanes.adjoint(motion, constants, at: time) else { continue }
            let place = unit &* stride &+ first
            store(loadVector(sums.weights + place) + lambdaI, at: sums.weights + place)
            let weights = loadVector(sums.columns + place)
            let error = weights * (lambdaV - lambdaI)
            let total = (error[0] + error[1]) + (error[2] + error[3])
            sums.errors?[n] += total
            switch sums.delayKind {
            case .none: break
            case .axonal: sums.delays[unit] += total
            case .synaptic:
                var delay = sums.delays + (first &* sums.preCount &+ unit)
                for lane in 0..<present {
                    delay.pointee += error[lane]
                    delay += sums.preCount
                }
            case .dendritic:
                for lane in 0..<present { sums.delays[first &+ lane] += error[lane] }
            }
        }
    }
}

extension Range<Int> {
    /// The element so many after the first, or the last one; 0 where there is none.
    @inline(__always)
    fileprivate func nth(_ n: Int) -> Int { Swift.max(0, Swift.min(lowerBound &+ n, upperBound &- 1)) }
}

private struct LaneAdjointWork: MotionWork {
    let plan: LayerPlan
    let rows: EventRows
    let jumps: Jumps
    let groups: UnitGroups
    let sums: UnsafePointer<IncomingSums>
    let state: LaneAdjointState

    @inline(__always)
    func run(_ motion: some Motion) throws(SpinnpropError) {
        try plan.reverse(motion, rows, jumps, groups, sums, state)
    }
}
