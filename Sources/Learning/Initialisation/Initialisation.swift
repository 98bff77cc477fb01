// Initial weights.
import Mathematics
import Networks
import Neurons

/// Mean and standard deviation of initial weights in units of threshold / (PSP peak * sqrt(number of inputs)), those from all sources of a layer
/// together.
///
/// In these units the published settings for exact event-driven training (arXiv 2009.08378: 5-200-3 and 784-350-10) lie near one
/// pair of numbers; the defaults are ours. About half of the neurons spike on latency-coded input, whatever the time constants and
/// the threshold.
public struct Drive: Equatable, Sendable {
    public var mean = 0.53
    public var std = 0.27

    public init() {}
    public init(mean: Double, std: Double) {
        self.mean = mean
        self.std = std
    }
}

/// Means and standard deviations of a network's initial weights: feed-forward ones ~ N(mean, std), recurrent ones
/// ~ N(0, std / 2), one pair per layer. The weights of a sender with a sign are drawn likewise, then turned to that sign.
public struct Initialisation: Equatable, Sendable {
    /// Means of feed-forward weights, one per layer; empty: by `hiddenDrive`, for hidden layers after the first
    /// `laterDrive` and, for the last layer, `outputDrive`. `std`
    /// likewise.
    public var mean: [Double]
    public var std: [Double]
    public var hiddenDrive = Drive()
    public var laterDrive = Drive()
    public var outputDrive = Drive()

    public init(mean: [Double] = [], std: [Double] = []) {
        self.mean = mean
        self.std = std
    }

    /// The mean and standard deviation of a connection's weights from so many inputs unless they are given.
    private func spread(
        of network: Network, connection: Connection, inputCount: Int
    ) -> (mean: Double, std: Double) {
        let neuron = network.layers[connection.target].parameters[0]
        let unit =
            neuron.threshold / (Initialisation.peakOfUnitPSP(neuron) * Double(inputCount).squareRoot())
        let isLast = connection.target == network.layers.count - 1
        let drive = isLast ? outputDrive : connection.target == 0 ? hiddenDrive : laterDrive
        return (drive.mean * unit, drive.std * unit)
    }

    /// The highest membrane value after one arrival of weight 1 at rest: q^(1 / (1 - q)), q = tau_syn / tau_mem; 1/e at q = 1.
    public static func peakOfUnitPSP(_ neuron: LIFNeuron) -> Double {
        let difference = neuron.tauSyn / neuron.tauMem - 1
        let exponent = difference == 0 ? -1 : -Elementary.log1p(difference) / difference
        return Elementary.exp(exponent)
    }

    /// Draws all weights. Connection c takes the stream `RandomPurpose.weights` of c, row by row. By default the weights of a neuron to which not
    /// all synapses exist are stronger, as the root of how many times fewer there are; then all are brought to what their connection allows.
    ///
    /// - Throws: `invalidValue` unless mean and std are empty or have one number per layer, finite, std >= 0.
    public func apply(to network: inout Network, seed: UInt64) throws(SpinnpropError) {
        for (name, path, domain) in Initialisation.fields {
            let values = self[keyPath: path]
            guard values.isEmpty || values.count == network.layers.count else {
                throw .invalidValue(
                    "\(name) has \(values.count) elements for \(network.layers.count) layers; give one per layer, or none"
                )
            }
            for (layer, value) in values.enumerated() where !domain.contains(value) {
                throw .invalidValue("\(name)[\(layer)] is \(value); it must be \(domain.text(refusing: value))")
            }
        }
        var inputCounts = [Int](repeating: 0, count: network.layers.count)
        for connection in network.connections where !connection.isRecurrent {
            inputCounts[connection.target] += connection.preCount
        }
        for (index, connection) in network.connections.enumerated() {
            let layer = connection.target
            let spread = spread(
                of: network, connection: connection,
                inputCount: connection.isRecurrent ? connection.preCount : inputCounts[layer])
            let deviation = (std.isEmpty ? spread.std : std[layer]) * (connection.isRecurrent ? 0.5 : 1)
            let centre = connection.isRecurrent ? 0 : (mean.isEmpty ? spread.mean : mean[layer])
            // The largest normal number that 53 bits can give is near 12.
            guard (centre.magnitude + 16 * deviation).isFinite else {
                throw .invalidValue(
                    "the default spread of the weights into layer \(layer) is \(deviation), which overflows float64; use a smaller "
                        + "threshold or larger tau_syn, or give weight_mean and weight_std")
            }
            var random = RandomPurpose.weights.stream(seed: seed, UInt64(index))
            let (isMeanOpen, isStdOpen) = (mean.isEmpty, std.isEmpty)
            let (signs, preCount) = (connection.constraints.signs, connection.preCount)
            var weights: [Double] = []
            weights.reserveCapacity(connection.weights.count)
            for neuron in 0..<connection.postCount {
                let factor = fewerSynapses(connection, neuron)
                let (centre, deviation) = (
                    centre * (isMeanOpen ? factor : 1), deviation * (isStdOpen ? factor : 1)
                )
                for pre in 0..<preCount {
                    let weight = centre + deviation * random.normal()
                    let isFree = signs.isEmpty || signs[pre] == 0
                    weights.append(isFree ? weight : weight.magnitude * Double(signs[pre]))
                }
            }
            try network.setWeights(connection.allowed(weights), connection: index)
        }
    }

    /// By what the default weights to a neuron of which not all synapses exist are multiplied.
    private func fewerSynapses(_ connection: Connection, _ neuron: Int) -> Double {
        guard connection.constraints.hasMask else { return 1 }
        let own = connection.constraints.mask[neuron * connection.preCount..<(neuron + 1) * connection.preCount]
        return (Double(connection.preCount) / Double(max(1, own.count { $0 }))).squareRoot()
    }

    /// By the names that bindings know them by; the bounds are beyond any use, yet far from overflow.
    public static let fields: [(name: String, path: KeyPath<Initialisation, [Double]> & Sendable, domain: Domain)] = [
        ("weight_mean", \.mean, .closed(-1e100, 1e100)),
        ("weight_std", \.std, .closed(0, 1e100)),
    ]
}

/// What randomness is used for: each purpose has its own streams, so that no two share numbers even under one seed.
enum RandomPurpose: UInt64 {
    /// One stream per connection.
    case weights = 1
    /// One stream per epoch.
    case order = 2
    /// One stream per epoch and batch.
    case inputDropout = 3
    /// One stream per connection.
    case delays = 4

    func stream(seed: UInt64, _ first: UInt64, _ second: UInt64 = 0) -> RandomStream {
        RandomStream(seed: seed, purpose: rawValue, first, second)
    }
}
