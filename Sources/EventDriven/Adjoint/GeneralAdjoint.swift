// Backward through any layer: neurons at times of their own, with recurrence, delays, parameters of their own.
import Mathematics
import Networks
import Neurons

final class GeneralAdjointState {
    fileprivate let poller: Poller
    let lambdaV = Block<Double>()
    let lambdaI = Block<Double>()
    let last = Block<Double>()
    /// Jumps, in order of time, grouped by neuron or all together.
    let groups = UnitGroups()

    init(_ poller: Poller) { self.poller = poller }

    /// Begins with adjoints of 0 at the receivers.
    func begin(_ receivers: Range<Int>, of neurons: Int) throws(SpinnpropError) {
        for block in [lambdaV, lambdaI, last] { try block.reserve(neurons) }
        (lambdaV.pointer + receivers.lowerBound).update(repeating: 0, count: receivers.count)
        (lambdaI.pointer + receivers.lowerBound).update(repeating: 0, count: receivers.count)
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
        var event = arrivals.count - 1
        var at = range.upperBound - 1
        // Once cancelled, what has been added is of no interest.
        while event >= 0, !state.poller.isStopped(after: 8) {
            // An arrival at the time of a spike came after it, so it comes first here.
            if at >= range.lowerBound, jumps.times[Int(state.groups.members[at])] > arrivals.times[event] {
                let jump = Int(state.groups.members[at])
                let neuron = Int(jumps.units[jump])
                move(neuron, to: jumps.times[jump], state)
                state.lambdaV.pointer[neuron] += jumps.delta(
                    jump, lambdaV: state.lambdaV.pointer[neuron], flow(neuron))
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

    /// The adjoint at an arrival gives the weight's and delay's gradient and the sender's error.
    private func receive(
        _ own: IncomingSums, _ connection: EventConnection, unit: Int, spike: Int, at time: Double,
        _ receivers: Range<Int>, _ state: GeneralAdjointState
    ) {
        var total = 0.0
        let row = unit * stride
        for neuron in receivers {
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
