// A training on the emulated machine: forward, backward and the optimiser's steps all on it.
import Mathematics
import Networks
import Spikes

/// The host has what the chip has, read back after each step. Where another call has used the chip since the batch, the host takes the
/// step, with the same bits.
final class SpiNNaker2Session: Session {
    private let engine: SpiNNaker2Engine
    private let options: ForwardOptions
    private(set) var network: Network
    private(set) var optimizer: Optimizer
    private var gradients: Gradients?

    init(_ engine: SpiNNaker2Engine, _ network: Network, _ optimizer: Optimizer, _ options: ForwardOptions) {
        (self.engine, self.network, self.optimizer, self.options) = (engine, network, optimizer, options)
    }

    func batch(
        _ input: SpikeTrains, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> BatchResult {
        gradients = nil
        let (recording, made) = try engine.batch(of: self, input, options, objective, monitor: monitor)
        gradients = made
        return BatchResult(recording, made)
    }

    func step(rateFactor: Double) throws(SpinnpropError) {
        guard var own = gradients else { throw .noGradient }
        gradients = nil
        let (engine, name) = (engine, ObjectIdentifier(self))
        try optimizer.step(&network, &own, rateFactor: rateFactor) {
            (network, rules, clipping, mean, square) throws(SpinnpropError) in
            try engine.step(of: name, &network, rules, clipping, mean: &mean, square: &square)
        }
    }

    func setWeights(of other: Network) { network.takeWeights(of: other) }
}
