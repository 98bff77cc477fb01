// Backward through any layer: neurons at times of their own, with recurrence, delays, parameters of their own.
import Mathematics
import Networks
import Neurons

final class GeneralAdjointState {
    fileprivate let poller: Poller
    let lambdaV = Block<Double>()
    let lambdaI = Block<Double>()
    let last = Block<Double>()
    /// Indices of jumps, in order of time, grouped by neuron or all together.
    private let list = Block<Int32>()
    private let starts = Block<Int>()

    init(_ poller: Poller) { self.poller = poller }

    var jumps: UnsafePointer<Int32> { UnsafePointer(list.pointer) }

    /// Groups jumps by neuron, each group in order of time.
    func sortByUnit(_ jumps: Jumps, neurons: Int) throws(SpinnpropError) {
        try list.reserve(jumps.count)
        try starts.reserve(neurons + 2)
        let start = starts.pointer
        start.update(repeating: 0, count: neurons + 2)
        for n in 0..<jumps.count { start[Int(jumps.units[n]) + 2] += 1 }
        for n in 1..<(neurons + 2) { start[n] += start[n - 1] }
        for n in 0..<jumps.count {
            let unit = Int(jumps.units[n])
            list.pointer[start[unit + 1]] = Int32(truncatingIfNeeded: n)
            start[unit + 1] += 1
        }
    }

    func range(_ neuron: Int) -> Range<Int> { starts.pointer[neuron]..<starts.pointer[neuron + 1] }

    /// Whether no neuron before this one has a jump.
    func isFirst(_ neuron: Int) -> Bool { starts.pointer[neuron] == 0 }

    /// Begins with adjoints of 0 at the receivers.
    func begin(_ receivers: Range<Int>, of neurons: Int) throws(SpinnpropError) {
        for block in [lambdaV, lambdaI, last] { try block.reserve(neurons) }
        (lambdaV.pointer + receivers.lowerBound).update(repeating: 0, count: receivers.count)
        (lambdaI.pointer + receivers.lowerBound).update(repeating: 0, count: receivers.count)
    }

    /// Lists all jumps as one group, in order of time.
    func all(_ count: Int) throws(SpinnpropError) {
        try list.reserve(count)
        for n in 0..<count { list.pointer[n] = Int32(truncatingIfNeeded: n) }
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
            if at >= range.lowerBound, jumps.times[Int(state.jumps[at])] > arrivals.times[event] {
                let jump = Int(state.jumps[at])
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
