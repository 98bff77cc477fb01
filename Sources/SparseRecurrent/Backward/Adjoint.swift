// The backward pass, spike by spike in reverse: what the two kinds of keys share.
import Mathematics

/// lambda_i = dL / d key_i, carried from the end of the run to its begin.
///
/// A spike of j at clock c = key_j: key_j <- reset(c), key_i <- moved(key_i, c, w). So with lambda as it stands after it
///
///     p          = dL/dc + lambda_j d reset/dc + sum over targets of lambda_i d moved_i/dc
///     dL/dw_ji  += lambda_i d moved_i/dw
///     lambda_i  <- lambda_i d moved_i/d key_i
///     lambda_j  <- p
///
/// A neuron pushed over its threshold spikes at the clock of what pushed it: its own key does not matter, so lambda_j <- 0, and p
/// goes to the spike, or input, that began the avalanche.
final class Adjoint<K: Kernel> {
    let recording: SparseRecording
    let kernel: K
    let tape: EventTape
    let replay: Replay<K>
    let timeErrors: [Double]
    let lambda: LargeBuffer<Double>
    let weightGradient: LargeBuffer<Double>
    let weightStride: Int
    var inputTimes: [Double]
    var inputWeights: [Double]
    /// p of an avalanche's spikes, on its way to their cause.
    var carry = 0.0
    private var nextSpike: Int
    private var forcedLeft: Int
    private var rebasingsLeft: Int
    private let monitor: Monitor?
    private var work = 0
    /// `nextSpike` when the monitor last heard of it.
    private var reported: Int

    init(
        _ recording: SparseRecording, _ tape: EventTape, _ kernel: K, _ timeErrors: [Double],
        _ nextTimeErrors: [Double],
        _ monitor: Monitor?
    ) throws(SpinnpropError) {
        self.recording = recording
        self.kernel = kernel
        self.tape = tape
        self.timeErrors = timeErrors
        self.monitor = monitor
        let network = recording.network
        replay = try Replay(recording, kernel, tape)
        lambda = try LargeBuffer(count: network.neuronCount, repeating: 0, "the adjoint state")
        weightGradient = try LargeBuffer(count: network.weightCount, repeating: 0, "the gradient")
        weightStride = network.weightCount == 1 ? 0 : 1
        inputTimes = [Double](repeating: 0, count: recording.options.inputs.times.count)
        inputWeights = inputTimes
        nextSpike = recording.spikeCount
        reported = nextSpike
        forcedLeft = tape.forced.count
        rebasingsLeft = tape.rebasings.count
        for (neuron, error) in nextTimeErrors.enumerated() { lambda.pointer[neuron] = error * network.tau }
    }

    /// dL/dt of the spike that is next in reverse, per membrane time constant.
    @inline(__always)
    func takeTimeError() -> Double {
        nextSpike &-= 1
        return timeErrors[nextSpike] * recording.network.tau
    }

    @inline(__always)
    func takeForced(_ event: Int) -> Bool {
        guard forcedLeft > 0, tape.forced[forcedLeft &- 1] == event else { return false }
        forcedLeft &-= 1
        return true
    }

    /// The next re-basing in reverse if it happened after this event. The one before the first event has no effect.
    @inline(__always)
    func takeRebasing(after event: Int) -> Rebasing? {
        guard rebasingsLeft > 0, tape.rebasings[rebasingsLeft &- 1].event > event else { return nil }
        rebasingsLeft &-= 1
        return tape.rebasings[rebasingsLeft].rebasing
    }

    @inline(__always)
    func spend(_ amount: Int) throws(SpinnpropError) {
        work &+= amount
        if work > 1 << 20 {
            work = 0
            monitor?.finish(reported - nextSpike)
            reported = nextSpike
            if let monitor, monitor.poll() { throw .cancelled }
        }
    }

    /// `perTime`: d key / d (time of the neuron's next spike, in membrane time constants), by the state at the begin.
    func result(_ perTime: (Snapshot, _ neuron: Int) -> Double) throws(SpinnpropError) -> SparseGradient {
        let network = recording.network
        var nextTimes: [Double] = []
        var phases: [Double] = []
        nextTimes.reserveCapacity(network.neuronCount)
        phases.reserveCapacity(network.neuronCount)
        for neuron in 0..<network.neuronCount {
            let error = lambda.pointer[neuron] * perTime(tape.snapshots[0], neuron)
            nextTimes.append(error / network.tau)
            phases.append(-error / network.phaseVelocity(kernel, neuron))
        }
        return SparseGradient(
            weights: weightGradient.elements, phases: phases, nextTimes: nextTimes, inputTimes: inputTimes,
            inputWeights: inputWeights)
    }
}
