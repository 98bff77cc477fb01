// Scaling of initial weights until enough of each layer spikes on the data that are to be learnt.
import Mathematics
import Networks
import Spikes

/// How weights are scaled up.
///
/// | name          | default | meaning                                                                       |
/// |---------------|---------|-------------------------------------------------------------------------------|
/// | `hiddenLimit` | 0.7     | the fraction of a hidden layer's (sample, neuron) pairs that may be silent     |
/// | `outputLimit` | 0.1     | likewise of the last layer, whose silence leaves samples without a gradient    |
/// | `factor`      | 1.1     | of one scaling                                                                |
/// | `trials`      | 30      | scalings for each layer, at most                                              |
/// | `samples`     | 512     | how many of the first samples are run                                         |
struct Waking {
    var hiddenLimit = 0.7
    var outputLimit = 0.1
    var factor = 1.1
    var trials = 30
    var samples = 512
}

extension Network {
    /// Scales initial weights up, layer after layer, until enough of each layer spikes on the first samples.
    ///
    /// The default spread of weights cannot know when the input spikes of some data come; where nothing spikes, no gradient says
    /// so. A layer is silent also where the layers before it are: their weights are scaled with its own, which alone could not
    /// wake it. What spikes enough stays as it is, and so do recurrent weights. Samples without a spike ask for none; weights that no
    /// scaling gives a single spike stay as they were.
    ///
    /// - Throws: what `Substrate.forward` throws; then the network is unchanged.
    public mutating func wakeSilentLayers(
        on input: SpikeTrains, substrate: any Substrate, options: ForwardOptions, monitor: Monitor?
    ) throws(SpinnpropError) {
        let waking = Waking()
        let first = input.prefix(waking.samples)
        let heard = first.offsets.indices.dropFirst().count { first.offsets[$0] > first.offsets[$0 - 1] }
        var network = self
        for (layer, own) in layers.enumerated() where own.isSpiking {
            let limit = layer == layers.count - 1 ? waking.outputLimit : waking.hiddenLimit
            let pairs = Double(heard) * Double(own.neuronCount)
            let before = network
            var hasSpiked = false
            for _ in 0..<waking.trials {
                monitor?.restart()
                let recording = try substrate.forward(network, first, options: options, monitor: monitor)
                let spiked = recording.samplesWithSpikes(layer: layer).reduce(0, +)
                hasSpiked = spiked > 0
                guard pairs - Double(spiked) > limit * pairs else { break }
                for (index, connection) in network.connections.enumerated()
                where connection.target <= layer && !connection.isRecurrent {
                    let scaled = connection.weights.map { waking.factor * $0 }
                    try network.setWeights(connection.allowed(scaled), connection: index)
                }
            }
            if !hasSpiked { network = before }
        }
        self = network
    }
}

extension SpikeTrains {
    /// The first `count` samples, or all if there are fewer.
    fileprivate func prefix(_ count: Int) -> SpikeTrains {
        guard count < sampleCount else { return self }
        let end = offsets[count]
        return SpikeTrains(
            trustedTimes: Array(times[..<end]), units: Array(units[..<end]), offsets: Array(offsets[...count]),
            unitCount: unitCount)
    }
}
