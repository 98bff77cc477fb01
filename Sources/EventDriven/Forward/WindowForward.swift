// Forward through a recurrent layer, whatever its neurons and delays are: four side by side, window of time by window.
import Mathematics
import Networks
import Neurons
import Spikes

/// What is the same throughout a run.
private struct WindowRun {
    let lanes: WindowLanes
    let candidates: Candidates
    let endTime: Double
    /// Of each incoming connection.
    let delays: [DelayRows]
}

/// How long windows are, and what they have cost.
private struct WindowLength {
    private let shortest: Double
    private(set) var seconds: Double
    /// Arrivals in this window, and how often four neurons went through it again.
    var arrivals = 0
    var repeats = 0

    /// Begins with windows of a membrane time constant.
    init(tauMem: Double) { (shortest, seconds) = (tauMem * 0x1p-30, tauMem) }

    /// Slices of the calendar that are shorter leave little to be put in order.
    var slice: Double { max(seconds / 8, shortest) }

    /// So that neurons have some arrivals each, and few windows are gone through again for spikes that were not known of before.
    mutating func adapt(passed: Double, fours: Int) {
        if 2 * repeats > fours || arrivals > 128 * fours {
            seconds = max(shortest, 0.5 * passed)
        } else if 8 * repeats < fours, arrivals < 48 * fours {
            seconds *= 2
        }
        (arrivals, repeats) = (0, 0)
    }
}

extension LayerPlan {
    /// Appends a sample's spikes to `output`, in order of time.
    ///
    /// In each window every neuron goes through the arrivals it knows of, up to its first spike. The first of all these spikes is certain, since
    /// whatever is not known yet follows from later ones. It sets out for the layer; those that it reaches within the window, and the neuron itself, go
    /// through the rest again before their next spike is trusted. When no spike is left in the window, states at its end are certain. Windows do not
    /// depend on when the run ends, nor does what comes before.
    func runWindows(
        _ rows: EventRows, _ state: WindowState, output: SpikeColumns, endTime: Double, budget: SpikeBudget
    ) throws(SpinnpropError) {
        try byMotion(
            WindowWork(plan: self, rows: rows, state: state, output: output, endTime: endTime, budget: budget))
    }

    fileprivate func run(
        _ motion: some Motion, _ rows: EventRows, _ state: WindowState, _ output: SpikeColumns, _ endTime: Double,
        _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        // Beyond it there is no time for another window.
        let endTime = min(endTime, 1e300)
        let run = WindowRun(
            lanes: try state.lanes(stride: stride), candidates: try state.candidates(), endTime: endTime,
            delays: try incoming.map { (own) throws(SpinnpropError) in try state.delays(own) })
        let (lanes, fours, thresholds) = (run.lanes, stride / 4, motion.thresholds)
        for n in 0..<fours { store(thresholds.starts(n), at: lanes.v + 4 &* n) }
        var sent = [Int](repeating: 0, count: feedForward.count)
        var length = WindowLength(tauMem: motion.shortestTauMem)
        try state.calendar.begin(slice: length.slice)
        let start = output.count
        var now = 0.0
        repeat {
            var end = min(now + length.seconds, .greatestFiniteMagnitude)
            for (c, own) in feedForward.enumerated() {
                // No more than some arrivals at each neuron.
                let (row, ahead) = (rows.source(own), sent[c] + 32 * (own.synapses == nil ? 1 : sparsity(own)))
                if ahead < row.count, row.times[ahead] > now { end = min(end, row.times[ahead]) }
            }
            end = max(end, now.nextUp)
            let slice = state.calendar.slice
            if slice > 4 * length.slice || slice < length.slice / 8 {
                try state.calendar.setSlice(length.slice, from: now)
            }
            for (c, own) in feedForward.enumerated() {
                let row = rows.source(own)
                while sent[c] < row.count, row.times[sent[c]] < end, row.times[sent[c]] <= endTime {
                    try send(
                        motion, run, c, own, unit: Int(row.units[sent[c]]), at: row.times[sent[c]], before: nil, state)
                    sent[c] &+= 1
                }
            }
            var lists = state.lists
            try state.calendar.take(before: end) { (own) throws(SpinnpropError) in
                length.arrivals &+= 1
                try lists.insert(Int(own.neuron), own.time, own.weight, lanes, state, stride: stride)
            }
            try state.poller.spend(8 &* (stride &+ length.arrivals))
            for four in 0..<fours {
                go(motion, four, run, state, until: end)
                state.due.setLeaf(lanes.next[four], at: four)
            }
            state.due.rebuild()
            while state.due.minimum <= endTime {
                let four = state.due.minimumIndex
                let neuron = firstSpike(4 &* four, lanes)
                if lanes.spike[neuron] <= lanes.unseen[four] {
                    let time = max(lanes.spike[neuron], output.count > start ? output.times[output.count - 1] : 0)
                    guard lanes.spikeI[neuron] - lanes.spikeI[neuron] == 0 else { throw overflow(neuron) }
                    try output.append(
                        time: time, unit: neuron, current: thresholds.current(lanes.spikeI[neuron], neuron))
                    try budget.check(output.count, layer: layer, time: time)
                    spike(neuron, at: time, motion, run, state)
                    for (c, own) in recurrent.enumerated() {
                        try send(motion, run, feedForward.count &+ c, own, unit: neuron, at: time, before: end, state)
                    }
                } else {
                    go(motion, four, run, state, until: end)
                    state.due.set(lanes.next[four], at: four)
                    length.repeats &+= 1
                    try state.poller.spend(32)
                }
            }
            commit(lanes, at: end)
            length.adapt(passed: end - now, fours: fours)
            now = end
        } while now <= endTime
        try checkFinite(lanes.i)
        orderTies(output, from: start)
    }

    /// Of how many spikes of a sender's population one reaches a neuron.
    private func sparsity(_ own: EventConnection) -> Int {
        own.rows.preCount * own.rows.postCount / max(1, own.connection.synapseCount)
    }

    /// A spike sets out for the layer. - Parameter limit: the end of the window that is being gone through; `nil`: none is yet.
    @inline(__always)
    private func send(
        _ motion: some Motion, _ run: WindowRun, _ connection: Int, _ own: EventConnection, unit: Int, at time: Double,
        before limit: Double?, _ state: WindowState
    ) throws(SpinnpropError) {
        let (thresholds, lanes, delays) = (motion.thresholds, run.lanes, run.delays[connection])
        let (column, delay) = (own.columns.pointer + unit &* stride, delays.start + unit &* delays.perSender)
        let (calendar, slices) = (state.calendar, state.calendar.slices)
        var lists = state.lists
        @inline(__always)
        func send(to receiver: Int) throws(SpinnpropError) {
            let arrival = Arrival(
                time: time + delay[receiver &* delays.perReceiver],
                weight: thresholds.measured(column[receiver], receiver), neuron: Int32(truncatingIfNeeded: receiver))
            guard arrival.time <= run.endTime else { return }
            if let limit, arrival.time < limit {
                try lists.insert(receiver, arrival.time, arrival.weight, lanes, state, stride: stride)
                // A spike comes before what arrives at its time.
                let four = receiver / 4
                if arrival.time < min(lanes.spike[receiver], lanes.unseen[four]) {
                    lanes.unseen[four] = arrival.time
                    if arrival.time < lanes.next[four] {
                        lanes.next[four] = arrival.time
                        state.due.set(arrival.time, at: four)
                    }
                }
            } else {
                try calendar.insert(arrival, slices)
            }
        }
        if let synapses = own.synapses {
            for at in synapses.range(unit) { try send(to: Int(synapses.receivers.pointer[at])) }
            try state.poller.spend(8 &* synapses.range(unit).count)
        } else {
            var receiver = 0
            while receiver < neuronCount {
                try send(to: receiver)
                receiver &+= 1
            }
            try state.poller.spend(8 &* neuronCount)
        }
    }

    /// Which of four neurons spikes first.
    @inline(__always)
    private func firstSpike(_ first: Int, _ lanes: WindowLanes) -> Int {
        var neuron = first
        for other in first &+ 1..<first &+ 4 where lanes.spike[other] < lanes.spike[neuron] { neuron = other }
        return neuron
    }

    /// A neuron's spike is certain: from here on it goes on.
    @inline(__always)
    private func spike(_ neuron: Int, at time: Double, _ motion: some Motion, _ run: WindowRun, _ state: WindowState) {
        let (lanes, four) = (run.lanes, neuron / 4)
        (lanes.since[neuron], lanes.v[neuron]) = (time, motion.thresholds.reset(neuron))
        lanes.i[neuron] = lanes.spikeI[neuron]
        if isRefractory { lanes.release[neuron] = time + refractory.pointer[neuron] }
        let lists = state.lists
        let weights = lists.weights + 4 &* four &* lists.room + (neuron & 3)
        for n in lanes.past[neuron]..<lanes.spikeArrivals[neuron] { weights[4 &* n] = 0 }
        lanes.past[neuron] = lanes.spikeArrivals[neuron]
        lanes.spike[neuron] = .infinity
        (lanes.unseen[four], lanes.next[four]) = (time, time)
    }

    /// Takes four neurons from where they are certain to the end of the window, or each to its first spike.
    @inline(__always)
    private func go(
        _ motion: some Motion, _ four: Int, _ run: WindowRun, _ state: WindowState, until end: Double
    ) {
        let (lanes, candidates, first) = (run.lanes, run.candidates, 4 &* four)
        let constants = motion.constants(four)
        let below = SIMD4(repeating: motion.thresholds.flow.threshold.nextDown)
        let lists = state.lists
        let (times, weights) = (lists.times + first &* lists.room, lists.weights + first &* lists.room)
        let count = max(
            max(lanes.count[first], lanes.count[first &+ 1]), max(lanes.count[first &+ 2], lanes.count[first &+ 3]))
        for lane in 0..<4 {
            // Those that have fewer than another get nothing at the end.
            var n = lanes.count[first &+ lane]
            while n < count {
                (times[4 &* n &+ lane], weights[4 &* n &+ lane]) = (end, 0)
                n &+= 1
            }
            lanes.spike[first &+ lane] = .infinity
        }
        var event = min(
            min(lanes.past[first], lanes.past[first &+ 1]), min(lanes.past[first &+ 2], lanes.past[first &+ 3]))
        var (now, v, i) = (
            loadVector(lanes.since + first), loadVector(lanes.v + first), loadVector(lanes.i + first)
        )
        let release = loadVector(lanes.release + first)
        var open: UInt8 = neuronCount &- first >= 4 ? 15 : (1 &<< UInt8(truncatingIfNeeded: neuronCount &- first)) &- 1
        while true {
            // A neuron that is certain beyond an arrival has taken it.
            let next = greater(event < count ? loadVector(times + 4 &* event) : SIMD4(repeating: end), now)
            if isRefractory, unsafeBitCast(release .> now, to: SIMD4<Int64>.self).signs != 0 {
                let freed = lesser(greater(release, now), next)
                i *= motion.propagators(constants, freed - now).b
                now = freed
            }
            let p = motion.propagators(constants, next - now)
            let (endV, endI) = (v * p.a + i * p.h, i * p.b)
            let mayFire = motion.mayFire(constants, v: v, i: i, endV: endV, endI: endI) & open
            if mayFire != 0 {
                open &= ~find(
                    motion, constants, first, mayFire, v: v, i: i, from: now, until: next, event, lanes, candidates)
                if open == 0 { break }
            }
            (v, i, now) = (lesser(endV, below), endI, next)
            if event == count { break }
            i += loadVector(weights + 4 &* event)
            event &+= 1
        }
        store(v, at: lanes.endV + first)
        store(i, at: lanes.endI + first)
        lanes.unseen[four] = .infinity
        lanes.next[four] = lanes.spike[firstSpike(first, lanes)]
    }

    /// Spikes of some of four neurons before the next arrival. - Returns: which of them do spike.
    private func find<Rule: Motion>(
        _ motion: Rule, _ constants: Rule.Constants, _ first: Int, _ mayFire: UInt8, v: SIMD4<Double>, i: SIMD4<Double>,
        from start: SIMD4<Double>, until end: SIMD4<Double>, _ event: Int, _ lanes: WindowLanes,
        _ candidates: Candidates
    ) -> UInt8 {
        let last = neuronCount &- 1
        let neurons = SIMD4<Int32>(
            truncatingIfNeeded: SIMD4(first, min(first &+ 1, last), min(first &+ 2, last), min(first &+ 3, last)))
        let found = crossings(motion, constants, neurons, v: v, i: i, candidates)
        // Beyond the end by rounding only: the state at the end was above the threshold.
        let times = lesser(start + found.elapsed, end)
        let fires = mayFire & unsafeBitCast(found.isReached, to: SIMD4<Int64>.self).signs
        for lane in 0..<4 where (fires &>> UInt8(truncatingIfNeeded: lane)) & 1 != 0 {
            lanes.spike[first &+ lane] = times[lane]
            lanes.spikeI[first &+ lane] = found.current[lane]
            lanes.spikeArrivals[first &+ lane] = event
        }
        return fires
    }

    /// States at the end of the window are certain.
    @inline(__always)
    private func commit(_ lanes: WindowLanes, at end: Double) {
        lanes.v.update(from: lanes.endV, count: stride)
        lanes.i.update(from: lanes.endI, count: stride)
        lanes.since.update(repeating: end, count: stride)
        lanes.count.update(repeating: 0, count: stride)
        lanes.past.update(repeating: 0, count: stride)
    }
}

private struct WindowWork: MotionWork {
    let plan: LayerPlan
    let rows: EventRows
    let state: WindowState
    let output: SpikeColumns
    let endTime: Double
    let budget: SpikeBudget

    @inline(__always)
    func run(_ motion: some Motion) throws(SpinnpropError) {
        try plan.run(motion, rows, state, output, endTime, budget)
    }
}
