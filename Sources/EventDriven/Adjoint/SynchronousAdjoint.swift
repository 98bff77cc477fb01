// Backward through a layer whose neurons all see the same events: the mirror of SynchronousForward.
import Mathematics
import Networks
import Neurons

final class SynchronousAdjointState {
    fileprivate let poller: Poller
    fileprivate let lambdaV = Block<Double>()
    fileprivate let lambdaI = Block<Double>()
    /// What delays at the receivers have coming, for whole vectors of them.
    fileprivate let receiverDelays = Block<Double>()
    // For each jump the event before it, and the flow from that event to the jump.
    fileprivate let event = Block<Int32>()
    fileprivate let jumpA = Block<Double>()
    fileprivate let jumpH = Block<Double>()
    // For each event the flow of the interval before it.
    fileprivate let a = Block<Double>()
    fileprivate let b = Block<Double>()
    fileprivate let h = Block<Double>()
    fileprivate let intervals = Block<Double>()

    init(_ poller: Poller) { self.poller = poller }

    fileprivate func reserve(stride: Int, events: Int, jumps: Int) throws(SpinnpropError) {
        try lambdaV.clear(stride)
        try lambdaI.clear(stride)
        try a.reserve(padded(events))
        try b.reserve(padded(events))
        try h.reserve(padded(events))
        try jumpA.reserve(padded(jumps))
        try jumpH.reserve(padded(jumps))
        try intervals.reserve(padded(max(events, jumps)))
        try event.reserve(jumps)
    }
}

extension LayerPlan {
    /// Beyond this many membrane time constants between an event and a jump, states referred to the event lose range.
    private static let longestReference = 200.0

    /// Adds to `sums` what one sample gives. `false`, with nothing added, where an interval is so long that the referred state
    /// would leave float64; `reverse` then serves.
    ///
    /// Within an interval every adjoint is kept as it will be at the interval's start, so that a jump at one neuron needs no move of
    /// the others: a jump of delta at time s after the event adds a(s) delta to lV and h(s) tau_m / tau_s delta to lI there.
    func reverseSynchronous(
        _ arrivals: Arrivals, _ jumps: Jumps, _ sums: UnsafePointer<IncomingSums>, _ state: SynchronousAdjointState
    ) throws(SpinnpropError) -> Bool {
        try byTimes(SynchronousAdjointWork(plan: self, arrivals: arrivals, jumps: jumps, sums: sums, state: state))
    }

    @inline(__always)
    fileprivate func reverse(
        _ motion: some Motion, _ arrivals: Arrivals, _ jumps: Jumps, _ sums: UnsafePointer<IncomingSums>,
        _ state: SynchronousAdjointState
    ) throws(SpinnpropError) -> Bool {
        // What follows the last jump with an error has no adjoint.
        var jump = jumps.count - 1
        while jump >= 0, jumps.isWithoutError(jump) { jump -= 1 }
        guard jump >= 0, arrivals.count > 0 else { return true }
        try state.reserve(stride: stride, events: arrivals.count, jumps: jump + 1)
        if isShifted { try state.receiverDelays.clear(stride) }
        guard let last = refer(motion, arrivals, jumps, jump, state) else { return false }
        if isNarrow {
            receiveNarrow(motion, arrivals, jumps, sums, state, last: last, jump: jump)
        } else {
            receiveWide(motion, arrivals, jumps, sums, state, last: last, jump: jump)
        }
        // A layer that is moved as one has delays at the receivers through a single connection alone.
        if isShifted {
            for neuron in 0..<neuronCount { sums[0].delays[neuron] += state.receiverDelays.pointer[neuron] }
        }
        return true
    }

    /// Takes the jumps and arrivals up to event `last` and jump `jump` in reverse order.
    @inline(__always)
    private func receiveWide(
        _ motion: some Motion, _ arrivals: Arrivals, _ jumps: Jumps, _ sums: UnsafePointer<IncomingSums>,
        _ state: SynchronousAdjointState, last: Int, jump: Int
    ) {
        let (lambdaV, lambdaI) = (state.lambdaV.pointer, state.lambdaI.pointer)
        let (connections, units, spikes) = (arrivals.connections, arrivals.units, arrivals.spikes)
        let (intervals, a, b, h) = (state.intervals.pointer, state.a.pointer, state.b.pointer, state.h.pointer)
        var (event, jump) = (last, jump)
        let poller = state.poller
        // Once cancelled, what has been added is of no interest.
        while event >= 0, !poller.isStopped(after: stride) {
            jump = take(jump, event, jumps, state)
            let own = sums[Int(connections[event])]
            let unit = Int(units[event])
            let row = unit &* stride
            let error = receive(
                motion, own.columns + row, own.weights + row, lambdaV, lambdaI,
                Interval(length: intervals[event], a: a[event], b: b[event], h: h[event]),
                wantsError: own.errors != nil || own.delayKind == .axonal,
                delays: own.delayKind == .dendritic ? state.receiverDelays.pointer : nil)
            own.errors?[Int(spikes[event])] += error
            if own.delayKind == .axonal { own.delays[unit] += error }
            event &-= 1
        }
    }

    /// The same for at most four neurons, whose adjoints stay in registers between jumps.
    @inline(__always)
    private func receiveNarrow(
        _ motion: some Motion, _ arrivals: Arrivals, _ jumps: Jumps, _ sums: UnsafePointer<IncomingSums>,
        _ state: SynchronousAdjointState, last: Int, jump: Int
    ) {
        let (lambdaV, lambdaI) = (state.lambdaV.pointer, state.lambdaI.pointer)
        let (connections, units, spikes) = (arrivals.connections, arrivals.units, arrivals.spikes)
        let (intervals, a, b, h) = (state.intervals.pointer, state.a.pointer, state.b.pointer, state.h.pointer)
        let jumpEvent = state.event.pointer
        let constants = motion.constants(0)
        var (v, i, delays) = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero)
        var (event, jump) = (last, jump)
        let poller = state.poller
        while event >= 0, !poller.isStopped(after: 4) {
            if jump >= 0, jumpEvent[jump] == Int32(truncatingIfNeeded: event) {
                store(v, at: lambdaV)
                store(i, at: lambdaI)
                jump = take(jump, event, jumps, state)
                (v, i) = (loadVector(lambdaV), loadVector(lambdaI))
            }
            let own = sums + Int(connections[event])
            let unit = Int(units[event])
            let row = own.pointee.weights + 4 &* unit
            store(loadVector(row) + i, at: row)
            let terms = loadVector(own.pointee.columns + 4 &* unit) * (v - i)
            let error = (terms[0] + terms[1]) + (terms[2] + terms[3])
            own.pointee.errors?[Int(spikes[event])] += error
            switch own.pointee.delayKind {
            case .axonal: own.pointee.delays[unit] += error
            case .dendritic: delays += terms
            default: break
            }
            let interval = Interval(length: intervals[event], a: a[event], b: b[event], h: h[event])
            (v, i) = moved(motion, constants, v: v, i: i, interval)
            event &-= 1
        }
        if isShifted { store(delays, at: state.receiverDelays.pointer) }
    }

    /// The jumps from `last` down that follow an event, at that event. Returns the first before them.
    @inline(__always)
    private func take(_ last: Int, _ event: Int, _ jumps: Jumps, _ state: SynchronousAdjointState) -> Int {
        let (lambdaV, lambdaI) = (state.lambdaV.pointer, state.lambdaI.pointer)
        let (a, h) = (state.jumpA.pointer, state.jumpH.pointer)
        let (events, own) = (state.event.pointer, Int32(truncatingIfNeeded: event))
        var jump = last
        if flows.count == 1, jumps.isSpiking, jumps.holds == nil {
            // What is the same of all is read once.
            let (threshold, reset, drive) = (flows[0].threshold, flows[0].reset, flows[0].drive)
            let (units, currents, errors) = (jumps.units, jumps.currents, jumps.errors)
            if let membranes = jumps.membranes {
                while jump >= 0, events[jump] == own {
                    let neuron = Int(units[jump])
                    let delta = Jumps.delta(
                        slope: MeasuredSpike.slope(
                            current: currents[jump] + drive, membrane: membranes[jump], threshold: threshold + drive),
                        gain: membranes[jump] - drive - reset, error: errors[jump],
                        lambdaV: lambdaV[neuron] / a[jump])
                    lambdaV[neuron] += a[jump] * delta
                    lambdaI[neuron] += h[jump] * delta
                    jump &-= 1
                }
                return jump
            }
            let gain = threshold - reset
            while jump >= 0, events[jump] == own {
                let neuron = Int(units[jump])
                let delta = Jumps.delta(
                    slope: currents[jump] - threshold, gain: gain, error: errors[jump],
                    lambdaV: lambdaV[neuron] / a[jump])
                lambdaV[neuron] += a[jump] * delta
                lambdaI[neuron] += h[jump] * delta
                jump &-= 1
            }
            return jump
        }
        while jump >= 0, events[jump] == own {
            let neuron = Int(jumps.units[jump])
            let delta = jumps.delta(jump, lambdaV: lambdaV[neuron] / a[jump], flow(neuron))
            lambdaV[neuron] += a[jump] * delta
            lambdaI[neuron] += h[jump] * delta
            jump &-= 1
        }
        return jump
    }

    /// Refers jumps 0 ... `last` to the events before them and prepares the intervals up to the last of these, which is
    /// returned; `nil` if an interval is too long. A jump at the time of an event came before it.
    @inline(__always)
    private func refer(
        _ motion: some Motion, _ arrivals: Arrivals, _ jumps: Jumps, _ last: Int, _ state: SynchronousAdjointState
    ) -> Int? {
        let (times, intervals) = (arrivals.times, state.intervals.pointer)
        let longest = LayerPlan.longestReference * motion.shortestTauMem
        var event = 0
        var n = 0
        while n <= last {
            while event &+ 1 < arrivals.count, times[event &+ 1] < jumps.times[n] { event &+= 1 }
            let interval = jumps.times[n] - times[event]
            // A jump that no arrival came before: a measured spike, or a maximum at the first arrival.
            guard jumps.times[n] > times[0], interval < longest else { return nil }
            state.event.pointer[n] = Int32(truncatingIfNeeded: event)
            intervals[n] = interval
            n &+= 1
        }
        fill(intervals, from: n)
        for own in Swift.stride(from: 0, to: n, by: 4) {
            // Those beyond the last are anybody's.
            var neurons = SIMD4<Int32>.zero
            for lane in 0..<4 { neurons[lane] = jumps.units[min(own &+ lane, last)] }
            let constants = motion.constants(neurons)
            let p = motion.propagators(constants, loadVector(intervals + own))
            store(p.a, at: state.jumpA.pointer + own)
            store(p.h * motion.ratio(constants), at: state.jumpH.pointer + own)
        }
        // Nothing comes before the first event; between two at the same time nothing moves: a = b = 1, h = 0.
        intervals[0] = 0
        n = 1
        while n <= event {
            intervals[n] = times[n] - times[n &- 1]
            n &+= 1
        }
        fill(intervals, from: n)
        let ratio = SIMD4(repeating: flows[0].ratio)
        for own in Swift.stride(from: 0, to: n, by: 4) {
            let p = motion.common(loadVector(intervals + own))
            store(p.a, at: state.a.pointer + own)
            store(p.b, at: state.b.pointer + own)
            store(p.h * ratio, at: state.h.pointer + own)
        }
        return event
    }

    /// Numbers up to whole vectors.
    @inline(__always)
    private func fill(_ intervals: UnsafeMutablePointer<Double>, from count: Int) {
        for n in count..<padded(count) { intervals[n] = 0 }
    }

    /// Adds lI to the sender's row of the weight gradient, then moves all to the start of the interval before. Returns the sender's
    /// error, sum of w (lV - lI), whose terms are added to the receivers' delays.
    @inline(__always)
    private func receive(
        _ motion: some Motion, _ column: UnsafePointer<Double>, _ row: UnsafeMutablePointer<Double>,
        _ lambdaV: UnsafeMutablePointer<Double>, _ lambdaI: UnsafeMutablePointer<Double>, _ interval: Interval,
        wantsError: Bool, delays: UnsafeMutablePointer<Double>?
    ) -> Double {
        let count = stride / 4
        var error = SIMD4<Double>.zero
        var n = 0
        if let delays {
            while n < count {
                let own = loadVector(column + 4 &* n) * move(motion, n, lambdaV, lambdaI, row, interval)
                store(loadVector(delays + 4 &* n) + own, at: delays + 4 &* n)
                error += own
                n &+= 1
            }
        } else if wantsError {
            while n < count {
                error += loadVector(column + 4 &* n) * move(motion, n, lambdaV, lambdaI, row, interval)
                n &+= 1
            }
        } else {
            while n < count {
                _ = move(motion, n, lambdaV, lambdaI, row, interval)
                n &+= 1
            }
        }
        return (error[0] + error[1]) + (error[2] + error[3])
    }

    /// Adds lI to the gradient of four weights and moves four neurons. Returns lV - lI as it was.
    @inline(__always)
    private func move(
        _ motion: some Motion, _ n: Int, _ lambdaV: UnsafeMutablePointer<Double>,
        _ lambdaI: UnsafeMutablePointer<Double>, _ gradient: UnsafeMutablePointer<Double>, _ interval: Interval
    ) -> SIMD4<Double> {
        let (v, i, gradient) = (lambdaV + 4 &* n, lambdaI + 4 &* n, gradient + 4 &* n)
        let (ownV, ownI) = (loadVector(v), loadVector(i))
        store(loadVector(gradient) + ownI, at: gradient)
        let moved = moved(motion, motion.constants(n), v: ownV, i: ownI, interval)
        store(moved.i, at: i)
        store(moved.v, at: v)
        return ownV - ownI
    }

    /// Four neurons at the start of the interval before.
    @inline(__always)
    private func moved<Rule: Motion>(
        _ motion: Rule, _ constants: Rule.Constants, v: SIMD4<Double>, i: SIMD4<Double>, _ interval: Interval
    ) -> (v: SIMD4<Double>, i: SIMD4<Double>) {
        let p = motion.map(constants, interval)
        return (v * p.a, i * p.b + v * (motion.isShared ? p.h : p.h * motion.ratio(constants)))
    }
}

private struct SynchronousAdjointWork: MotionWork {
    let plan: LayerPlan
    let arrivals: Arrivals
    let jumps: Jumps
    let sums: UnsafePointer<IncomingSums>
    let state: SynchronousAdjointState

    @inline(__always)
    func run(_ motion: some Motion) throws(SpinnpropError) -> Bool {
        try plan.reverse(motion, arrivals, jumps, sums, state)
    }
}
