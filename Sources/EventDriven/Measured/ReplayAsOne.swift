// The currents at measured spikes of a layer whose neurons share time constants and arrivals: all neurons move from arrival to arrival together.
import Mathematics
import Networks
import Neurons

/// What a replay of all neurons at once works on.
final class ReplayState {
    private let current = Block<Double>()
    private let tied = Block<Double>()
    private let between = Block<Double>()
    private let since = Block<Double>()

    /// All currents 0.
    func begin(stride: Int) throws(SpinnpropError) -> UnsafeMutablePointer<Double> {
        try current.reserve(stride)
        current.pointer.update(repeating: 0, count: stride)
        return current.pointer
    }

    /// Room for the currents before arrivals that come with spikes.
    func before(_ count: Int) throws(SpinnpropError) -> UnsafeMutablePointer<Double> {
        try tied.reserve(count)
        return tied.pointer
    }

    /// What is left of currents from each arrival to the next.
    func left(by flow: Flow, _ arrivals: Arrivals) throws(SpinnpropError) -> UnsafePointer<Double> {
        let (times, count) = (arrivals.times, arrivals.count)
        try between.reserve(padded(count))
        let own = between.pointer
        var n = 0
        while n < count &- 1 {
            own[n] = times[n &+ 1] - times[n]
            n &+= 1
        }
        while n < padded(count) {
            own[n] = 0
            n &+= 1
        }
        decay(own, count, by: flow)
        return UnsafePointer(own)
    }

    /// Room for how long before each spike its current was known; 0 until it is set.
    func since(_ count: Int) throws(SpinnpropError) -> UnsafeMutablePointer<Double> {
        try since.clear(padded(count))
        return since.pointer
    }

    /// Turns intervals into what is left of currents after them, four at a time.
    func decay(_ lengths: UnsafeMutablePointer<Double>, _ count: Int, by flow: Flow) {
        var n = 0
        while n < count {
            store(flow.decay(loadVector(lengths + n)), at: lengths + n)
            n &+= 4
        }
    }
}

extension LayerPlan {
    /// Whether a replay may move all neurons together.
    var isReplayedAsOne: Bool { sharesArrivals && flows.count == 1 && isSpiking }

    /// What `replay` finds of each neuron's spikes, for all neurons; not when the model would have spiked, nor whether spikes are measured too
    /// close to one another: whoever measured them knows.
    ///
    /// - Parameter row: its spikes in order of (time, unit).
    func replayAsOne(
        _ arrivals: Arrivals, _ state: ReplayState, _ row: MeasuredRow, endTime: Double, poller: Poller
    ) throws(SpinnpropError) {
        let flow = flows[0]
        let (times, count, stride) = (arrivals.times, arrivals.count, self.stride)
        let spikes = row.spikes
        let i = try state.begin(stride: stride)
        let columns = self.columns.pointer
        let left = try state.left(by: flow, arrivals)
        let since = try state.since(spikes.count)
        var (spike, event, last) = (0, 0, 0.0)
        func record(upTo end: Double, tie: Double) {
            while spike < spikes.count, spikes.times[spike] < end - tie {
                let time = spikes.times[spike]
                row.times[spike] = time
                row.currents[spike] = i[Int(spikes.units[spike])]
                since[spike] = event == 0 ? 0 : time - last
                spike += 1
            }
        }
        while event < count, times[event] <= endTime, spike < spikes.count {
            let start = times[event]
            let tie = 64 * start.ulp
            record(upTo: start, tie: tie)
            if event > 0 {
                let b = left[event - 1]
                var n = 0
                while n < stride {
                    store(loadVector(i + n) * b, at: i + n)
                    n &+= 4
                }
            }
            var next = event + 1
            while next < count, times[next] <= start + tie { next += 1 }
            let end = times[next - 1]
            var tied = spike
            while tied < spikes.count, spikes.times[tied] <= end + tie { tied += 1 }
            let before = try state.before(tied - spike)
            for n in spike..<tied { before[n - spike] = i[Int(spikes.units[n])] }
            while event < next {
                let column = columns[Int(arrivals.connections[event])] + Int(arrivals.units[event]) &* stride
                var n = 0
                while n < stride {
                    store(loadVector(i + n) + loadVector(column + n), at: i + n)
                    n &+= 4
                }
                event += 1
            }
            for n in spike..<tied {
                let after = i[Int(spikes.units[n])]
                (row.times[n], row.currents[n]) = placed(
                    spikes.times[n], flow.threshold, from: start, to: end, endTime: endTime, before: before[n - spike],
                    after: after)
            }
            spike = tied
            last = start
            try poller.spend(stride)
        }
        record(upTo: .infinity, tie: 0)
        state.decay(since, spikes.count, by: flow)
        for n in 0..<spikes.count { row.currents[n] *= since[n] }
        try checkFinite(i)
    }
}
