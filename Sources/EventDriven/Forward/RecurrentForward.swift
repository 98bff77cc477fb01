// Forward through any layer, neuron by neuron: a queue of arrivals and of the spikes that neurons are due to make.
import Mathematics
import Networks
import Neurons
import Spikes

/// State of a recurrent layer, each neuron at the time of its own last event.
final class RecurrentState {
    let v = Block<Double>()
    let i = Block<Double>()
    let last = Block<Double>()
    /// When the refractory period after a neuron's last spike ends.
    let release = Block<Double>()
    /// Whether the due time in the queue is exact or only a lower bound.
    let isExact = Block<Bool>()
    let poller: Poller
    var due = TournamentTree(count: 0)
    var pending = ArrivalHeap()

    init(_ poller: Poller) { self.poller = poller }

    func reset(neurons: Int) throws(SpinnpropError) {
        for block in [v, i, last, release] { try block.clear(neurons) }
        try isExact.reserve(neurons)
        isExact.pointer.update(repeating: true, count: neurons)
        due.reset(count: neurons)
        pending.removeAll()
    }
}

extension LayerPlan {
    /// Appends a sample's spikes to `output` in order of time. `arrivals` are those through feed-forward connections.
    func runRecurrent(
        _ arrivals: Arrivals, _ state: RecurrentState, output: SpikeColumns, endTime: Double, budget: SpikeBudget
    ) throws(SpinnpropError) {
        try state.reset(neurons: neuronCount)
        if isDriven {
            for neuron in 0..<neuronCount {
                state.v.pointer[neuron] = flow(neuron).start
                bound(neuron, state)
            }
        }
        // What never comes, at an infinite time, does not come before the end.
        let endTime = min(endTime, .greatestFiniteMagnitude)
        var mover = Mover(plan: self)
        var event = 0
        let start = output.count
        while true {
            try state.poller.spend(8)
            let arrivalTime = arrivals.time(event)
            let pendingTime = state.pending.time
            let due = state.due.minimum
            // A spike comes before an arrival at the same time: it is what the arrival finds.
            if due <= min(arrivalTime, pendingTime) && due <= endTime {
                let neuron = state.due.minimumIndex
                if !state.isExact.pointer[neuron] {
                    refine(neuron, state)
                    continue
                }
                mover.spike(neuron, at: due, state)
                try output.append(time: due, unit: neuron, current: state.i.pointer[neuron])
                try budget.check(output.count, layer: layer, time: due)
                try schedule(neuron, at: due, state)
                bound(neuron, state)
            } else if arrivalTime <= pendingTime && arrivalTime <= endTime {
                let own = feedForward[Int(arrivals.connections[event])]
                try receive(
                    own, unit: Int(arrivals.units[event]), at: arrivalTime, neuron: Int(arrivals.neurons[event]), state,
                    &mover)
                event += 1
            } else if pendingTime <= endTime, let next = state.pending.popFirst() {
                try receive(
                    recurrent[Int(next.connection)], unit: Int(next.unit), at: next.time, neuron: Int(next.neuron),
                    state,
                    &mover)
            } else {
                break
            }
        }
        for neuron in 0..<neuronCount where !(state.i.pointer[neuron] - state.i.pointer[neuron] == 0) {
            throw overflow(neuron)
        }
        orderTies(output, from: start)
    }

    /// A lower bound of the next spike: Newton's first step, exact enough until the neuron comes first in the queue.
    @inline(__always)
    private func bound(_ neuron: Int, _ state: RecurrentState) {
        state.due.set(lowerBound(neuron, state), at: neuron)
    }

    @inline(__always)
    private func lowerBound(_ neuron: Int, _ state: RecurrentState) -> Double {
        let flow = self.flow(neuron)
        let (v, i) = (state.v.pointer[neuron], state.i.pointer[neuron])
        state.isExact.pointer[neuron] = false
        let (last, release) = (state.last.pointer[neuron], state.release.pointer[neuron])
        if release > last { return release }
        guard flow.threshold > 0 else {
            // As if an inhibitory current were gone.
            let drawn = max(i, 0)
            return v < drawn ? last + flow.tauMem * (flow.threshold - v) / (drawn - v) : .infinity
        }
        guard i > flow.threshold, v < i else { return .infinity }
        return last + flow.tauMem * (flow.threshold - v) / (i - v)
    }

    private func refine(_ neuron: Int, _ state: RecurrentState) {
        let flow = self.flow(neuron)
        let last = state.last.pointer[neuron]
        let held = max(0, state.release.pointer[neuron] - last)
        let current = state.i.pointer[neuron] * (held > 0 ? flow.propagators(held).b : 1)
        let elapsed = CrossingGeneral.timeToThreshold(flow, v: state.v.pointer[neuron], i: current)
        state.isExact.pointer[neuron] = true
        state.due.set((held > 0 ? state.release.pointer[neuron] : last) + elapsed, at: neuron)
    }

    private func schedule(_ neuron: Int, at time: Double, _ state: RecurrentState) throws(SpinnpropError) {
        for (c, own) in recurrent.enumerated() {
            func send(to receiver: Int) throws(SpinnpropError) {
                try state.pending.insert(
                    time: time + own.delays.from(neuron, to: max(0, receiver)), connection: c, unit: neuron,
                    neuron: receiver)
            }
            if own.arrivesAtOnce {
                try send(to: -1)
            } else if let synapses = own.synapses {
                for at in synapses.range(neuron) { try send(to: Int(synapses.receivers.pointer[at])) }
            } else {
                for receiver in 0..<neuronCount { try send(to: receiver) }
            }
        }
    }

    @inline(__always)
    private func receive(
        _ own: EventConnection, unit: Int, at time: Double, neuron: Int, _ state: RecurrentState, _ mover: inout Mover
    ) throws(SpinnpropError) {
        let column = own.columns.pointer + unit * stride
        if neuron >= 0 {
            mover.move(neuron, to: time, state)
            state.i.pointer[neuron] += column[neuron]
            bound(neuron, state)
        } else if let synapses = own.synapses {
            for at in synapses.range(unit) {
                let receiver = Int(synapses.receivers.pointer[at])
                mover.move(receiver, to: time, state)
                state.i.pointer[receiver] += column[receiver]
                bound(receiver, state)
            }
            try state.poller.spend(8 * synapses.range(unit).count)
        } else {
            for receiver in 0..<neuronCount {
                mover.move(receiver, to: time, state)
                state.i.pointer[receiver] += column[receiver]
                state.due.setLeaf(lowerBound(receiver, state), at: receiver)
            }
            state.due.rebuild()
            try state.poller.spend(8 * neuronCount)
        }
    }

    /// Puts spikes at the same time in order of unit.
    func orderTies(_ output: SpikeColumns, from start: Int) {
        var n = start + 1
        while n < output.count {
            var at = n
            while at > start, output.times[at - 1] == output.times[at], output.units[at - 1] > output.units[at] {
                output.exchange(at - 1, at)
                at -= 1
            }
            n += 1
        }
    }
}

/// Moves single neurons in time; remembers the last propagators, since many neurons often move by the same interval.
private struct Mover {
    let plan: LayerPlan
    private var cachedInterval = -1.0
    private var cached = Propagators(a: 1, b: 1, h: 0)

    init(plan: LayerPlan) { self.plan = plan }

    @inline(__always)
    mutating func propagators(_ neuron: Int, _ interval: Double) -> Propagators {
        if plan.flows.count == 1 {
            if interval != cachedInterval {
                cached = plan.flows[0].propagators(interval)
                cachedInterval = interval
            }
            return cached
        }
        return plan.flows[neuron].propagators(interval)
    }

    @inline(__always)
    mutating func move(_ neuron: Int, to time: Double, _ state: RecurrentState) {
        // Until its release the current alone moves.
        let (last, release) = (state.last.pointer[neuron], state.release.pointer[neuron])
        if release > last {
            let until = min(release, time)
            state.i.pointer[neuron] *= plan.flow(neuron).propagators(until - last).b
            state.last.pointer[neuron] = until
            if release >= time { return }
        }
        let p = propagators(neuron, time - state.last.pointer[neuron])
        let (v, i) = (state.v.pointer[neuron], state.i.pointer[neuron])
        state.v.pointer[neuron] = min(p.a * v + p.h * i, plan.flow(neuron).threshold.nextDown)
        state.i.pointer[neuron] = p.b * i
        state.last.pointer[neuron] = time
    }

    @inline(__always)
    mutating func spike(_ neuron: Int, at time: Double, _ state: RecurrentState) {
        move(neuron, to: time, state)
        state.v.pointer[neuron] = plan.flow(neuron).reset
        state.release.pointer[neuron] = time + plan.flow(neuron).refractory
    }
}
