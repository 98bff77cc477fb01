// One neuron under the spikes that were measured: its state at each of its own, and when the model would have spiked.
import Mathematics
import Networks
import Neurons

/// The measured spikes of a layer in one sample, in order of (time, unit), and what a replay finds at each.
struct MeasuredRow {
    let spikes: SpikeRow
    let groups: UnitGroups
    /// As measured, but for the last digit where an arrival comes at the same time.
    let times: UnsafeMutablePointer<Double>
    /// The model's, for whole vectors of them.
    let membranes: UnsafeMutablePointer<Double>
    let currents: UnsafeMutablePointer<Double>
}

/// The model's membrane, measured from the drive as that of a flow is, and reset at the measured spikes.
private struct MeasuredMembrane {
    private let flow: Flow
    private(set) var v: Double
    private var (i, now, release) = (0.0, 0.0, 0.0)

    init(_ flow: Flow) { (self.flow, v) = (flow, flow.start) }

    mutating func receive(_ weight: Double) { i += weight }

    /// On to a time before which nothing arrives.
    mutating func move(to time: Double) {
        let free = min(max(now, release), time)
        if free > now { i *= flow.decay(free - now) }
        if time > free { take(flow.propagators(time - free)) }
        now = max(now, time)
    }

    /// The same by propagators that are known, of a membrane that is free.
    mutating func move(to time: Double, by p: Propagators) {
        guard release <= now else { return move(to: time) }
        take(p)
        now = time
    }

    private mutating func take(_ p: Propagators) { (v, i) = (p.a * v + p.h * i, p.b * i) }

    mutating func spike() { (v, release) = (flow.reset, now + flow.refractory) }
}

extension LayerPlan {
    /// Replays the arrivals at a neuron, and finds the model's current and membrane at each of its spikes: where a chip's neuron had another
    /// threshold or other weights, the model's membrane was not at the threshold.
    ///
    /// Clocks of chips let spikes and arrivals come at one time. A spike at which the current exceeds the membrane without those arrivals
    /// came before them; one at which it does only with them was their effect (`MeasuredSpike`). It is put before or after them by the last digit, so that
    /// every gradient rule takes it the same way; a layer further on the same time may have a few last digits. With recurrence, where a
    /// spike may reach its own neuron at once, arrivals come later.
    ///
    /// - Parameter propagators: of the interval after each arrival, the last one endless.
    /// - Returns: when the neuron's first spike would have been; +infinity: not up to `endTime`.
    func replay(
        _ neuron: Int, _ arrivals: Arrivals, _ propagators: UnsafePointer<Propagators>, _ row: MeasuredRow,
        endTime: Double, poller: Poller
    ) throws(SpinnpropError) -> Double {
        let flow = self.flow(neuron)
        let (times, count) = (arrivals.times, arrivals.count)
        var own = row.groups.range(neuron).makeIterator()
        var spike = own.next().map { Int(row.groups.members[$0]) }
        func advance() throws(SpinnpropError) {
            let last = spike
            spike = own.next().map { Int(row.groups.members[$0]) }
            guard let last, let spike else { return }
            let (time, before) = (row.spikes.times[spike], row.spikes.times[last])
            guard time != before else {
                throw .invalidValue(
                    "neuron \(neuron) of layer \(layer) was measured to spike twice at \(time) s; leave one of both out"
                )
            }
            guard time >= before + flow.refractory else {
                throw .invalidValue(
                    "neuron \(neuron) of layer \(layer) was measured to spike at \(before) s and at \(time) s, within its refractory "
                        + "period of \(flow.refractory) s; leave one of both out, or set a shorter period")
            }
        }
        var membrane = MeasuredMembrane(flow)
        func record(_ at: Int, time: Double, current: Double) throws(SpinnpropError) {
            (row.times[at], row.membranes[at], row.currents[at]) = (time, membrane.v + flow.drive, current)
            membrane.spike()
            try advance()
        }
        var first = Double.infinity
        var (v, i) = (flow.start, 0.0)
        if isDriven {
            let length = arrivals.time(0)
            let elapsed = flow.threshold > 0 ? .infinity : CrossingGeneral.timeToThreshold(flow, v: v, i: 0)
            if elapsed <= length { first = elapsed }
            v = min(v * flow.propagators(length).a, flow.threshold.nextDown)
        }
        var event = 0
        while event < count, times[event] <= endTime, spike != nil || first == .infinity {
            let start = times[event]
            let tie = 64 * start.ulp
            while let at = spike, row.spikes.times[at] < start - tie {
                // Before the first arrival.
                membrane.move(to: row.spikes.times[at])
                try record(at, time: row.spikes.times[at], current: 0)
            }
            let before = i
            membrane.move(to: start)
            repeat {
                let connection = incoming[Int(arrivals.connections[event])]
                let weight = connection.columns.pointer[Int(arrivals.units[event]) * stride + neuron]
                i += weight
                membrane.receive(weight)
                event += 1
            } while event < count && times[event] <= start + tie
            let last = times[event - 1]
            try poller.spend(16)
            while let at = spike, row.spikes.times[at] <= last + tie {
                let own = placed(
                    row.spikes.times[at], membrane.v, flow, from: start, to: last, endTime: endTime, before: before,
                    after: i)
                try record(at, time: own.time, current: own.current)
            }
            let end = event < count ? times[event] : .infinity
            let next = spike
            while let at = spike, event == count || row.spikes.times[at] < end - 64 * end.ulp {
                let time = row.spikes.times[at]
                membrane.move(to: time)
                try record(at, time: time, current: i * flow.propagators(time - start).b)
                try poller.spend(64)
            }
            let p = propagators[event - 1]
            if end < .infinity, spike == next { membrane.move(to: end, by: p) }
            let (endV, endI) = (p.a * v + p.h * i, p.b * i)
            if first == .infinity {
                // A neuron that fires by itself stays above a threshold that it has passed.
                let mayFire =
                    flow.threshold > 0
                    ? CrossingGeneral.mayFire(flow, v: v, i: i, endV: endV, endI: endI) : endV > flow.threshold
                let elapsed = mayFire ? CrossingGeneral.timeToThreshold(flow, v: v, i: i) : .infinity
                if elapsed < .infinity { first = start + min(elapsed, end - start) }
            }
            (v, i) = (min(endV, flow.threshold.nextDown), endI)
        }
        while let at = spike {
            membrane.move(to: row.spikes.times[at])
            try record(at, time: row.spikes.times[at], current: 0)
        }
        guard i - i == 0 else { throw overflow(neuron) }
        return first <= endTime ? first : .infinity
    }

    /// Time and current of a spike that comes with arrivals, before or after them.
    ///
    /// - Parameters:
    ///   - start, last: the first and the last of these arrivals.
    ///   - membrane: of the model then.
    ///   - before, after: the current without and with them.
    @inline(__always)
    func placed(
        _ time: Double, _ membrane: Double, _ flow: Flow, from start: Double, to last: Double, endTime: Double,
        before: Double,
        after: Double
    ) -> (time: Double, current: Double) {
        func rises(_ current: Double) -> Bool {
            MeasuredSpike.slope(
                current: current + flow.drive, membrane: membrane + flow.drive, threshold: flow.threshold + flow.drive)
                > 0
        }
        if recurrent.isEmpty, rises(before) { return (min(time, start.nextDown), before) }
        if recurrent.isEmpty, rises(after), last < endTime { return (max(time, last.nextUp), after) }
        return (time, before)
    }
}
