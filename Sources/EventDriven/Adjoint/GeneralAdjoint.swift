// Backward through any layer: neurons at times of their own, with recurrence, delays, parameters of their own.
import Mathematics
import Networks
import Neurons

final class GeneralAdjointState {
    fileprivate let poller: Poller
    let lambdaV = Block<Double>()
    let lambdaI = Block<Double>()
    let last = Block<Double>()
    fileprivate let holds = Block<Hold>()
    /// For each jump the one before it of the same neuron, -1: none.
    private let previous = Block<Int32>()
    /// Jumps, in order of time, grouped by neuron or all together.
    let groups = UnitGroups()

    init(_ poller: Poller) { self.poller = poller }

    /// Begins with adjoints of 0 at the receivers.
    func begin(_ receivers: Range<Int>, of neurons: Int) throws(SpinnpropError) {
        for block in [lambdaV, lambdaI, last] { try block.reserve(neurons) }
        (lambdaV.pointer + receivers.lowerBound).update(repeating: 0, count: receivers.count)
        (lambdaI.pointer + receivers.lowerBound).update(repeating: 0, count: receivers.count)
    }

    /// Begins with the refractory periods after the neurons' last jumps, of those in `range`.
    fileprivate func beginHolds(
        _ plan: LayerPlan, _ jumps: Jumps, _ range: Range<Int>, receivers: Range<Int>
    ) throws(SpinnpropError) {
        try previous.reserve(jumps.count)
        try holds.reserve(plan.neuronCount)
        let lasts = holds.pointer
        (lasts + receivers.lowerBound).update(repeating: Hold(), count: receivers.count)
        for at in range {
            let jump = Int(groups.members[at])
            let neuron = Int(jumps.units[jump])
            previous.pointer[jump] = lasts[neuron].jump
            lasts[neuron] = Hold(jump: jump, jumps, plan.flow(neuron))
        }
    }

    /// The refractory period of the jump before.
    fileprivate func hold(before jump: Int, _ jumps: Jumps, _ flow: Flow) -> Hold {
        let own = Int(previous.pointer[jump])
        return own < 0 ? Hold() : Hold(jump: own, jumps, flow)
    }
}

/// The refractory period of the jump that comes next in reverse time: see `Holds`, which without one is what `Jumps` says.
private struct Hold {
    /// -1: none.
    var jump: Int32 = -1
    /// When it ends.
    var release = -Double.infinity
    /// Whether the adjoint, in reverse time, has come to its end.
    var isWithin = false
    /// lV just after the release, and the current there of what arrives within.
    var lambdaV = 0.0
    var current = 0.0

    init() {}

    init(jump: Int, _ jumps: Jumps, _ flow: Flow) {
        self.jump = Int32(truncatingIfNeeded: jump)
        release = jumps.times[jump] + flow.refractory
    }
}

extension LayerPlan {
    /// Runs the adjoint of `receivers` from their last jump to the first arrival. Arrivals at neuron -1 reach every receiver.
    func reverse(
        _ arrivals: Arrivals, _ jumps: Jumps, _ range: Range<Int>, receivers: Range<Int>,
        _ sums: UnsafePointer<IncomingSums>,
        _ state: GeneralAdjointState
    ) throws(SpinnpropError) {
        try state.begin(receivers, of: neuronCount)
        if isRefractory { try state.beginHolds(self, jumps, range, receivers: receivers) }
        var event = arrivals.count - 1
        var at = range.upperBound - 1
        // Once cancelled, what has been added is of no interest.
        while event >= 0, !state.poller.isStopped(after: 8) {
            // An arrival at the time of a spike came after it, so it comes first here.
            if at >= range.lowerBound, jumps.times[Int(state.groups.members[at])] > arrivals.times[event] {
                let jump = Int(state.groups.members[at])
                let neuron = Int(jumps.units[jump])
                if isRefractory {
                    spike(jump, jumps, state)
                } else {
                    move(neuron, to: jumps.times[jump], state)
                    state.lambdaV.pointer[neuron] += jumps.delta(
                        jump, lambdaV: state.lambdaV.pointer[neuron], flow(neuron))
                }
                at -= 1
            } else {
                let connection = Int(arrivals.connections[event])
                let single = Int(arrivals.neurons[event])
                receive(
                    sums[connection], incoming[connection], unit: Int(arrivals.units[event]),
                    spike: Int(arrivals.spikes[event]),
                    at: arrivals.times[event], single >= 0 ? single..<(single + 1) : receivers, state)
                event -= 1
            }
        }
    }

    /// The jump of a neuron with a refractory period.
    private func spike(_ jump: Int, _ jumps: Jumps, _ state: GeneralAdjointState) {
        let (neuron, time) = (Int(jumps.units[jump]), jumps.times[jump])
        let flow = self.flow(neuron)
        hold(neuron, state)
        move(neuron, to: time, state)
        let own = state.holds.pointer[neuron]
        let current = jumps.currents[jump] * flow.propagators(own.release - time).b + own.current
        state.lambdaV.pointer[neuron] = jumps.lambdaV(jump, released: (current - flow.reset) * own.lambdaV, flow)
        state.holds.pointer[neuron] = state.hold(before: jump, jumps, flow)
    }

    /// Takes a neuron to its release, unless it is before it.
    private func hold(_ neuron: Int, _ state: GeneralAdjointState) {
        let own = state.holds.pointer + neuron
        guard !own.pointee.isWithin else { return }
        move(neuron, to: own.pointee.release, state)
        own.pointee.lambdaV = state.lambdaV.pointer[neuron]
        state.lambdaV.pointer[neuron] = 0
        own.pointee.isWithin = true
    }

    /// The adjoint at an arrival gives the weight's and delay's gradient and the sender's error.
    private func receive(
        _ own: IncomingSums, _ connection: EventConnection, unit: Int, spike: Int, at time: Double,
        _ receivers: Range<Int>, _ state: GeneralAdjointState
    ) {
        var total = 0.0
        let row = unit * stride
        for neuron in receivers {
            if isRefractory {
                let hold = state.holds.pointer + neuron
                if time < hold.pointee.release { self.hold(neuron, state) }
                if hold.pointee.isWithin {
                    hold.pointee.current +=
                        own.columns[row + neuron] * flow(neuron).propagators(hold.pointee.release - time).b
                }
            }
            move(neuron, to: time, state)
            let (lambdaV, lambdaI) = (state.lambdaV.pointer[neuron], state.lambdaI.pointer[neuron])
            own.weights[row + neuron] += lambdaI
            let error = own.columns[row + neuron] * (lambdaV - lambdaI)
            connection.addDelay(error, pre: unit, post: neuron, to: own.delays)
            total += error
        }
        own.errors?[spike] += total
        _ = state.poller.isStopped(after: 8 * receivers.count)
    }

    @inline(__always)
    private func move(_ neuron: Int, to time: Double, _ state: GeneralAdjointState) {
        let (lambdaV, lambdaI) = (state.lambdaV.pointer[neuron], state.lambdaI.pointer[neuron])
        // Until its last jump a neuron has no adjoint.
        if lambdaV != 0 || lambdaI != 0 {
            let flow = self.flow(neuron)
            let p = flow.propagators(state.last.pointer[neuron] - time)
            state.lambdaI.pointer[neuron] = p.b * lambdaI + p.h * flow.ratio * lambdaV
            state.lambdaV.pointer[neuron] = p.a * lambdaV
        }
        state.last.pointer[neuron] = time
    }
}
