// What measured spikes of a layer tell whose neurons share time constants and arrivals: all neurons move from arrival to arrival together.
import Mathematics
import Networks
import Neurons

/// What a replay of all neurons at once works on.
final class ReplayState {
    private let membranes = Block<Double>()
    private let currents = Block<Double>()
    private let tied = Block<Double>()
    private let since = Block<Double>()
    private let latest = Block<Int>()
    private let pairs = Block<(before: Int, spike: Int)>()
    private let (a, b, h) = (Block<Double>(), Block<Double>(), Block<Double>())

    /// All neurons where they start.
    func begin(
        _ flow: Flow, stride: Int
    ) throws(SpinnpropError) -> (v: UnsafeMutablePointer<Double>, i: UnsafeMutablePointer<Double>) {
        try membranes.reserve(stride)
        membranes.pointer.update(repeating: flow.start, count: stride)
        try currents.clear(stride)
        return (membranes.pointer, currents.pointer)
    }

    /// Room for the currents before arrivals that come with spikes.
    func before(_ count: Int) throws(SpinnpropError) -> UnsafeMutablePointer<Double> {
        try tied.reserve(count)
        return tied.pointer
    }

    /// How neurons move from each arrival to the next.
    func propagators(
        _ flow: Flow, _ arrivals: Arrivals
    ) throws(SpinnpropError) -> (a: UnsafePointer<Double>, b: UnsafePointer<Double>, h: UnsafePointer<Double>) {
        let (times, count) = (arrivals.times, arrivals.count)
        try reservePropagators(count)
        let lengths = a.pointer
        var n = 0
        while n < padded(count) {
            lengths[n] = n &+ 1 < count ? times[n &+ 1] - times[n] : 0
            n &+= 1
        }
        try flow.findPropagators(over: lengths, count: count, a: a.pointer, b: b.pointer, h: h.pointer)
        return (UnsafePointer(a.pointer), UnsafePointer(b.pointer), UnsafePointer(h.pointer))
    }

    private func reservePropagators(_ count: Int) throws(SpinnpropError) {
        try a.reserve(padded(count))
        try b.reserve(padded(count))
        try h.reserve(padded(count))
    }

    /// Room for how long before each spike its neuron's state was known; 0 until it is set.
    func since(_ count: Int) throws(SpinnpropError) -> UnsafeMutablePointer<Double> {
        try since.clear(padded(count))
        return since.pointer
    }

    /// Turns states of a while before the spikes into those at them, four at a time.
    func move(_ row: MeasuredRow, by flow: Flow) throws(SpinnpropError) {
        let count = row.spikes.count
        try reservePropagators(count)
        let (a, b, h) = (a.pointer, b.pointer, h.pointer)
        try flow.findPropagators(over: since.pointer, count: count, a: a, b: b, h: h)
        var n = 0
        while n < count {
            let i = loadVector(row.currents + n)
            store(loadVector(row.membranes + n) * loadVector(a + n) + i * loadVector(h + n), at: row.membranes + n)
            store(i * loadVector(b + n), at: row.currents + n)
            n &+= 4
        }
    }

    /// Turns membranes that were never reset into those that were: a reset changes a membrane by what is left of its step.
    func reset(_ row: MeasuredRow, by flow: Flow, neurons: Int) throws(SpinnpropError) {
        let spikes = row.spikes
        try latest.reserve(neurons)
        try pairs.reserve(spikes.count)
        let (latest, pairs, elapsed) = (latest.pointer, pairs.pointer, since.pointer)
        latest.update(repeating: -1, count: neurons)
        var (count, spike) = (0, 0)
        while spike < spikes.count {
            let neuron = Int(spikes.units[spike])
            let before = latest[neuron]
            if before >= 0 {
                elapsed[count] = row.times[spike] - row.times[before]
                pairs[count] = (before, spike)
                count &+= 1
            }
            latest[neuron] = spike
            spike &+= 1
        }
        var n = 0
        while n < count {
            let x = loadVector(elapsed + n) / flow.tauMem
            store(Elementary.decay(normal: x.replacing(with: 700, where: x .> 700)).value, at: elapsed + n)
            n &+= 4
        }
        // From the last one on: each needs the membrane before as if never reset.
        while count > 0 {
            count &-= 1
            let (before, spike) = pairs[count]
            row.membranes[spike] += elapsed[count] * (flow.reset - row.membranes[before])
        }
    }
}

extension LayerPlan {
    /// Whether a replay may move all neurons together.
    var isReplayedAsOne: Bool { sharesArrivals && flows.count == 1 && isSpiking && !isRefractory }

    /// What `replay` finds of each neuron's spikes, for all neurons; not when the model would have spiked, nor whether spikes are measured too
    /// close to one another: whoever measured them knows.
    ///
    /// - Parameter row: its spikes in order of (time, unit).
    func replayAsOne(
        _ arrivals: Arrivals, _ state: ReplayState, _ row: MeasuredRow, endTime: Double, poller: Poller
    ) throws(SpinnpropError) {
        let flow = flows[0]
        let (times, count, stride) = (arrivals.times, arrivals.count, self.stride)
        let (connections, senders) = (arrivals.connections, arrivals.units)
        let (spikeTimes, units, spikeCount) = (row.spikes.times, row.spikes.units, row.spikes.count)
        let (v, i) = try state.begin(flow, stride: stride)
        let columns = self.columns.pointer
        let (a, b, h) = try state.propagators(flow, arrivals)
        let since = try state.since(spikeCount)
        var (spike, event, last) = (0, 0, 0.0)
        while event < count, times[event] <= endTime, spike < spikeCount {
            let start = times[event]
            let tie = 64 * start.ulp
            let before = start - tie
            while spike < spikeCount, spikeTimes[spike] < before {
                record(spike, row, v, i, since: last, since)
                spike &+= 1
            }
            if event > 0 {
                move(v, i, Propagators(a: a[event &- 1], b: b[event &- 1], h: h[event &- 1]))
            } else if flow.start != 0 {
                move(v, i, flow.propagators(start))
            }
            var next = event &+ 1
            while next < count, times[next] <= start + tie { next &+= 1 }
            let end = times[next &- 1]
            // Spikes that come with these arrivals, and the currents without them.
            var tied = spike
            while tied < spikeCount, spikeTimes[tied] <= end + tie { tied &+= 1 }
            let without = tied > spike ? try state.before(tied &- spike) : v
            for n in spike..<tied { without[n &- spike] = i[Int(units[n])] }
            while event < next {
                let column = columns[Int(connections[event])] + Int(senders[event]) &* stride
                var n = 0
                while n < stride {
                    store(loadVector(i + n) + loadVector(column + n), at: i + n)
                    n &+= 4
                }
                event &+= 1
            }
            for n in spike..<tied {
                let neuron = Int(units[n])
                row.membranes[n] = v[neuron]
                (row.times[n], row.currents[n]) = placed(
                    spikeTimes[n], v[neuron], flow, from: start, to: end, endTime: endTime, before: without[n &- spike],
                    after: i[neuron])
            }
            spike = tied
            last = start
            try poller.spend(stride)
        }
        while spike < spikeCount {
            record(spike, row, v, i, since: last, since)
            spike &+= 1
        }
        try state.move(row, by: flow)
        try state.reset(row, by: flow, neurons: neuronCount)
        if flow.drive != 0 { for n in 0..<spikeCount { row.membranes[n] += flow.drive } }
        try checkFinite(i)
    }

    /// A spike's neuron as it was at the last arrival, and how long ago that is.
    @inline(__always)
    private func record(
        _ spike: Int, _ row: MeasuredRow, _ v: UnsafePointer<Double>, _ i: UnsafePointer<Double>, since last: Double,
        _ since: UnsafeMutablePointer<Double>
    ) {
        let time = row.spikes.times[spike]
        let neuron = Int(row.spikes.units[spike])
        (row.times[spike], row.membranes[spike], row.currents[spike]) = (time, v[neuron], i[neuron])
        since[spike] = time - last
    }

    /// All neurons over an interval without arrivals.
    @inline(__always)
    private func move(_ v: UnsafeMutablePointer<Double>, _ i: UnsafeMutablePointer<Double>, _ p: Propagators) {
        var n = 0
        while n < stride {
            let current = loadVector(i + n)
            store(loadVector(v + n) * p.a + current * p.h, at: v + n)
            store(current * p.b, at: i + n)
            n &+= 4
        }
    }
}
