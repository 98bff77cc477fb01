// Correlation sensors: what synapses keep of the order in which their two sides fire.
import Mathematics

/// One pair of accumulators per synapse.
///
///     causal += e^{-(t_post - t_pre) / tau+} at each spike of the neuron, with the sender's last arrival
///     acausal += e^{-(t_pre - t_post) / tau-} at each arrival, with the neuron's last spike
///
/// A read-out is `amplitude` times that, of each synapse a little different, rounded and held to 0 ... 255; reading resets.
final class CorrelationSensors {
    private let options: SensorOptions
    private let senderCount, neuronCount: Int
    /// (neurons, senders): a neuron's spike changes a row.
    private let causal: Block<Double>
    /// (senders, neurons): a sender's arrival changes a row.
    private let acausal: Block<Double>
    private let lastArrivals: Block<Double>
    private let lastSpikes: Block<Double>

    init(_ options: ArrayOptions) throws(SpinnpropError) {
        self.options = options.sensors
        (senderCount, neuronCount) = (options.senderCount, options.neuronCount)
        (causal, acausal) = (try Block(senderCount * neuronCount), try Block(senderCount * neuronCount))
        (lastArrivals, lastSpikes) = (try Block(senderCount), try Block(neuronCount))
        restart()
    }

    init(copying other: CorrelationSensors) throws(SpinnpropError) {
        options = other.options
        (senderCount, neuronCount) = (other.senderCount, other.neuronCount)
        (causal, acausal) = (try Block(senderCount * neuronCount), try Block(senderCount * neuronCount))
        (lastArrivals, lastSpikes) = (try Block(senderCount), try Block(neuronCount))
        causal.pointer.update(from: other.causal.pointer, count: senderCount * neuronCount)
        acausal.pointer.update(from: other.acausal.pointer, count: senderCount * neuronCount)
        lastArrivals.pointer.update(from: other.lastArrivals.pointer, count: senderCount)
        lastSpikes.pointer.update(from: other.lastSpikes.pointer, count: neuronCount)
    }

    func exchange(_ tape: inout StateTape) throws(SpinnpropError) {
        try tape.numbers(causal, senderCount * neuronCount, 0...1e300)
        try tape.numbers(acausal, senderCount * neuronCount, 0...1e300)
        try tape.numbers(lastArrivals, senderCount, -.infinity...1e16)
        try tape.numbers(lastSpikes, neuronCount, -.infinity...1e16)
    }

    /// Forgets all spikes.
    func restart() {
        clear()
        lastArrivals.pointer.update(repeating: -.infinity, count: senderCount)
        lastSpikes.pointer.update(repeating: -.infinity, count: neuronCount)
    }

    /// Resets the accumulators.
    func clear() {
        causal.pointer.update(repeating: 0, count: senderCount * neuronCount)
        acausal.pointer.update(repeating: 0, count: senderCount * neuronCount)
    }

    /// A spike of `sender` has come at its synapses.
    func arrival(of sender: Int, at time: Double, _ targets: UnsafeBufferPointer<Int32>) {
        lastArrivals.pointer[sender] = time
        let row = acausal.pointer + sender * neuronCount
        let (spikes, rate) = (lastSpikes.pointer, -1 / options.tauAcausal)
        for target in targets { row[Int(target)] += Elementary.exp((time - spikes[Int(target)]) * rate) }
    }

    /// `neuron` has fired.
    func spike(of neuron: Int, at time: Double, _ senders: UnsafeBufferPointer<Int32>) {
        lastSpikes.pointer[neuron] = time
        let row = causal.pointer + neuron * senderCount
        let (arrivals, rate) = (lastArrivals.pointer, -1 / options.tauCausal)
        for sender in senders { row[Int(sender)] += Elementary.exp((time - arrivals[Int(sender)]) * rate) }
    }

    /// The synapse of a sender and a neuron is a new one.
    func forget(sender: Int, neuron: Int) {
        causal.pointer[neuron * senderCount + sender] = 0
        acausal.pointer[sender * neuronCount + neuron] = 0
    }

    /// The read-outs of a sender's sensors, one per neuron, 0 where there is no synapse; without a reset.
    func read(
        sender: Int, _ targets: UnsafeBufferPointer<Int32>, causal causalRow: UnsafeMutablePointer<UInt8>,
        acausal acausalRow: UnsafeMutablePointer<UInt8>
    ) {
        causalRow.update(repeating: 0, count: neuronCount)
        acausalRow.update(repeating: 0, count: neuronCount)
        let isEven = options.spread == 0 && options.offset == 0
        var stream = ArrayStream.sensors.of(options.seed, sender)
        var drawn = 0
        for target in targets {
            let neuron = Int(target)
            // Each synapse's own four numbers, whoever else exists.
            while !isEven, drawn < neuron {
                for _ in 0..<4 { _ = stream.normal() }
                drawn += 1
            }
            causalRow[neuron] = readOut(causal.pointer[neuron * senderCount + sender], isEven, &stream)
            acausalRow[neuron] = readOut(acausal.pointer[sender * neuronCount + neuron], isEven, &stream)
            drawn += 1
        }
    }

    private func readOut(_ sum: Double, _ isEven: Bool, _ stream: inout RandomStream) -> UInt8 {
        guard !isEven else { return UInt8(min(255, options.amplitude * sum).rounded()) }
        let amplitude = options.amplitude * max(0, 1 + options.spread * stream.normal())
        return UInt8(max(0, min(255, amplitude * sum + options.offset * stream.normal())).rounded())
    }
}
