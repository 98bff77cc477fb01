// One neuron under the spikes that were measured: its current at each of its own, and when the model would have spiked.
import Mathematics
import Networks
import Neurons

/// The measured spikes of a layer in one sample, in order of (time, unit), and what a replay finds at each.
struct MeasuredRow {
    let spikes: SpikeRow
    let groups: UnitGroups
    /// As measured, but for the last digit where an arrival comes at the same time.
    let times: UnsafeMutablePointer<Double>
    let currents: UnsafeMutablePointer<Double>
}

extension LayerPlan {
    /// Replays the arrivals at a neuron. The membrane is not needed: at its spikes it is at the threshold, whoever measured them.
    ///
    /// Clocks of chips let spikes and arrivals come at one time. A spike at which the current exceeds the threshold without those arrivals
    /// came before them; one at which it does only with them was their effect. It is put before or after them by the last digit, so that
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
        func record(_ at: Int, time: Double, current: Double) throws(SpinnpropError) {
            row.times[at] = time
            row.currents[at] = current
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
                try record(at, time: row.spikes.times[at], current: 0)
            }
            let before = i
            repeat {
                let connection = incoming[Int(arrivals.connections[event])]
                i += connection.columns.pointer[Int(arrivals.units[event]) * stride + neuron]
                event += 1
            } while event < count && times[event] <= start + tie
            let last = times[event - 1]
            try poller.spend(16)
            while let at = spike, row.spikes.times[at] <= last + tie {
                let own = placed(
                    row.spikes.times[at], flow.threshold, from: start, to: last, endTime: endTime, before: before,
                    after: i)
                try record(at, time: own.time, current: own.current)
            }
            let end = event < count ? times[event] : .infinity
            while let at = spike, event == count || row.spikes.times[at] < end - 64 * end.ulp {
                let time = row.spikes.times[at]
                try record(at, time: time, current: i * flow.propagators(time - start).b)
                try poller.spend(64)
            }
            let p = propagators[event - 1]
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
        while let at = spike { try record(at, time: row.spikes.times[at], current: 0) }
        guard i - i == 0 else { throw overflow(neuron) }
        return first <= endTime ? first : .infinity
    }

    /// Time and current of a spike that comes with arrivals, before or after them.
    ///
    /// - Parameters:
    ///   - start, last: the first and the last of these arrivals.
    ///   - before, after: the current without and with them.
    @inline(__always)
    func placed(
        _ time: Double, _ threshold: Double, from start: Double, to last: Double, endTime: Double, before: Double,
        after: Double
    ) -> (time: Double, current: Double) {
        if recurrent.isEmpty, before > threshold { return (min(time, start.nextDown), before) }
        if recurrent.isEmpty, after > threshold, last < endTime { return (max(time, last.nextUp), after) }
        return (time, before)
    }
}
