// Forward through a recurrent layer of which few synapses exist: each neuron at the time of its own last event, four receivers of a spike side by side.
import Mathematics
import Networks
import Neurons
import Spikes

final class SparseState {
    /// Four numbers of each neuron: membrane, current, when that was, and the current at the spike that it is due to make; not a number where `due`
    /// has but a time before which it makes none.
    fileprivate let neurons = Block<Double>()
    fileprivate var due = TournamentTree(count: 0)
    fileprivate var pending = ArrivalHeap()
    let poller: Poller

    init(_ poller: Poller) { self.poller = poller }

    fileprivate func begin(_ thresholds: some Thresholds, neurons count: Int) throws(SpinnpropError) {
        // With room for a vector that is not full.
        try neurons.reserve(4 * padded(count))
        for four in 0..<padded(count) / 4 {
            let start = thresholds.starts(four)
            for lane in 0..<4 {
                store(SIMD4(start[lane], 0, 0, .nan), at: neurons.pointer + 4 &* (4 &* four &+ lane))
            }
        }
        due.reset(count: count)
        pending.removeAll()
    }
}

extension LayerPlan {
    /// Appends a sample's spikes to `output` in order of time. `arrivals` are those through feed-forward connections. A spike comes before whatever
    /// arrives at the same time, and acts after all spikes of that time.
    func runSparse(
        _ arrivals: Arrivals, _ state: SparseState, _ candidates: Candidates, output: SpikeColumns, endTime: Double,
        budget: SpikeBudget
    ) throws(SpinnpropError) {
        try byMotion(
            SparseWork(
                plan: self, arrivals: arrivals, state: state, candidates: candidates, output: output, endTime: endTime,
                budget: budget))
    }

    fileprivate func run(
        _ motion: some Motion, _ arrivals: Arrivals, _ state: SparseState, _ candidates: Candidates,
        _ output: SpikeColumns, _ endTime: Double, _ budget: SpikeBudget
    ) throws(SpinnpropError) {
        let thresholds = motion.thresholds
        try state.begin(thresholds, neurons: neuronCount)
        let neurons = state.neurons.pointer
        // What never comes, at an infinite time, does not come before the end.
        let endTime = min(endTime, .greatestFiniteMagnitude)
        let start = output.count
        var (now, event) = (0.0, 0)
        while true {
            let next = min(arrivals.time(event), state.pending.time)
            let due = state.due.minimum
            if due <= next {
                guard due <= endTime else { break }
                try state.poller.spend(32)
                let neuron = state.due.minimumIndex
                let own = neurons + 4 &* neuron
                guard own[3] == own[3] else {
                    // Arrivals since have most often put it off.
                    let later = bound(motion, neuron, own)
                    state.due.set(
                        later > due ? later : try find(motion, neuron, own, candidates), at: neuron)
                    continue
                }
                // Earlier by rounding only.
                now = max(now, due)
                try output.append(time: now, unit: neuron, current: thresholds.current(own[3], neuron))
                try budget.check(output.count, layer: layer, time: now)
                for (c, connection) in recurrent.enumerated() {
                    try state.pending.insert(
                        time: now + connection.delays.from(neuron, to: 0), connection: feedForward.count &+ c,
                        unit: neuron, neuron: -1)
                }
                (own[0], own[1], own[2], own[3]) = (thresholds.reset(neuron), own[3], now, .nan)
                state.due.set(bound(motion, neuron, own), at: neuron)
            } else {
                guard next <= endTime else { break }
                now = next
                if arrivals.time(event) == next {
                    try receive(
                        motion, Int(arrivals.connections[event]), unit: Int(arrivals.units[event]), at: next, state)
                    event &+= 1
                } else if let own = state.pending.popFirst() {
                    try receive(motion, Int(own.connection), unit: Int(own.unit), at: next, state)
                }
            }
        }
        for neuron in 0..<neuronCount where !(neurons[4 &* neuron &+ 1] - neurons[4 &* neuron &+ 1] == 0) {
            throw overflow(neuron)
        }
        orderTies(output, from: start)
    }

    /// A spike arrives at all its receivers.
    private func receive(
        _ motion: some Motion, _ connection: Int, unit: Int, at time: Double, _ state: SparseState
    ) throws(SpinnpropError) {
        guard let synapses = incoming[connection].synapses else { return }
        let range = synapses.range(unit)
        try state.poller.spend(8 &* (range.count &+ 1))
        let (thresholds, neurons) = (motion.thresholds, state.neurons.pointer)
        let (column, receivers) = (columns.pointer[connection] + unit &* stride, synapses.receivers.pointer)
        let below = SIMD4(repeating: thresholds.flow.threshold.nextDown)
        let now = SIMD4(repeating: time)
        var at = range.lowerBound
        while at < range.upperBound {
            let last = range.upperBound &- 1
            let four = SIMD4(
                receivers[at], receivers[min(at &+ 1, last)], receivers[min(at &+ 2, last)],
                receivers[min(at &+ 3, last)])
            let constants = motion.constants(four)
            let (a, b, c, d) = (
                loadVector(neurons + 4 &* Int(four[0])), loadVector(neurons + 4 &* Int(four[1])),
                loadVector(neurons + 4 &* Int(four[2])), loadVector(neurons + 4 &* Int(four[3]))
            )
            let (v, i) = (SIMD4(a[0], b[0], c[0], d[0]), SIMD4(a[1], b[1], c[1], d[1]))
            let p = motion.propagators(constants, now - SIMD4(a[2], b[2], c[2], d[2]))
            let membrane = lesser(v * p.a + i * p.h, below)
            let weights = SIMD4(
                thresholds.measured(column[Int(four[0])], Int(four[0])),
                thresholds.measured(column[Int(four[1])], Int(four[1])),
                thresholds.measured(column[Int(four[2])], Int(four[2])),
                thresholds.measured(column[Int(four[3])], Int(four[3])))
            let current = i * p.b + weights
            let mayReach = motion.mayReach(constants, v: membrane, i: current, within: .infinity)
            for lane in 0..<min(4, range.upperBound &- at) {
                let neuron = Int(four[lane])
                store(SIMD4(membrane[lane], current[lane], time, .nan), at: neurons + 4 &* neuron)
                guard (mayReach &>> UInt8(truncatingIfNeeded: lane)) & 1 != 0 else { continue }
                // What is earlier in the queue is a bound, too.
                let soonest = bound(motion, neuron, neurons + 4 &* neuron)
                if soonest < state.due.key(at: neuron) { state.due.set(soonest, at: neuron) }
            }
            at &+= 4
        }
    }

    /// A time before which a neuron does not spike, whatever of the kind the queue has.
    @inline(__always)
    private func bound(_ motion: some Motion, _ neuron: Int, _ own: UnsafeMutablePointer<Double>) -> Double {
        let flow = motion.flow(neuron)
        guard own[1] > own[0] else { return .infinity }
        return own[2] + FlowLanes.firstStep(v: own[0], i: own[1], threshold: flow.threshold, tauMem: flow.tauMem)
    }

    /// When a neuron spikes if nothing arrives before, +infinity where it does not.
    private func find<Rule: Motion>(
        _ motion: Rule, _ neuron: Int, _ own: UnsafeMutablePointer<Double>, _ candidates: Candidates
    ) throws(SpinnpropError) -> Double {
        let four = SIMD4(repeating: Int32(truncatingIfNeeded: neuron))
        let found = crossings(
            motion, motion.constants(four), four, v: SIMD4(repeating: own[0]), i: SIMD4(repeating: own[1]), candidates)
        guard found.isReached[0] else { return .infinity }
        own[3] = found.current[0]
        guard own[3] - own[3] == 0 else { throw overflow(neuron) }
        return own[2] + found.elapsed[0]
    }
}

private struct SparseWork: MotionWork {
    let plan: LayerPlan
    let arrivals: Arrivals
    let state: SparseState
    let candidates: Candidates
    let output: SpikeColumns
    let endTime: Double
    let budget: SpikeBudget

    @inline(__always)
    func run(_ motion: some Motion) throws(SpinnpropError) {
        try plan.run(motion, arrivals, state, candidates, output, endTime, budget)
    }
}
