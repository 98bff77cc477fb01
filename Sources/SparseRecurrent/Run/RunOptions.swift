// What a run of a sparse network is asked for, and what it gives.
import Mathematics

public struct SparseRunOptions: Sendable {
    public static let defaultSpikes = 100_000
    public static let defaultTraceInterval = 1e-3

    /// The run ends with this many spikes of the network, or at `endTime`, whichever comes first.
    public var spikes: Int
    /// When the run ends at the latest, in seconds, inclusive.
    public var endTime: Double
    /// One per neuron, in the model's units (see `NeuronModel`). Empty: uniform between reset and threshold (LIF and EIF:
    /// 0 .. 1), drawn in order from `RandomStream(seed: network.seed, stream: 1)`.
    public var initialPhases: [Double]
    public var inputs: InputSpikes
    /// Neurons whose V is wanted at t = 0, `traceInterval`, 2 `traceInterval` ... seconds, before what happens then.
    public var traceUnits: [Int32]
    public var traceInterval: Double
    /// Whether to keep what gradients and Jacobians need: 12 bytes per spike for LIF, about 12 + K/2 for QIF and
    /// 12 + K/4 for EIF.
    public var keepsTape: Bool

    public init(
        spikes: Int = defaultSpikes, endTime: Double = .infinity, initialPhases: [Double] = [],
        inputs: InputSpikes = .none, traceUnits: [Int32] = [], traceInterval: Double = defaultTraceInterval,
        keepsTape: Bool = true
    ) {
        self.spikes = spikes
        self.endTime = endTime
        self.initialPhases = initialPhases
        self.inputs = inputs
        self.traceUnits = traceUnits
        self.traceInterval = traceInterval
        self.keepsTape = keepsTape
    }

    func check(_ network: SparseNetwork) throws(SpinnpropError) {
        guard spikes >= 0 else { throw .invalidValue("n_spikes is \(spikes); it must be >= 0") }
        guard endTime >= 0 else { throw .invalidValue("t_end is \(endTime); it must be >= 0 seconds") }
        guard spikes < .max || endTime < .infinity else {
            throw .invalidValue("neither n_spikes nor t_end bounds the run; give one of them")
        }
        guard initialPhases.isEmpty || initialPhases.count == network.neuronCount else {
            throw .invalidValue(
                "\(initialPhases.count) initial phases for \(network.neuronCount) neurons; give one each, or none")
        }
        guard traceInterval > 0, traceInterval < .infinity else {
            throw .invalidValue("trace_interval is \(traceInterval); it must be finite and > 0 seconds")
        }
        for (index, unit) in traceUnits.enumerated() where unit < 0 || Int(unit) >= network.neuronCount {
            throw .invalidIndex(
                "trace unit \(index) is \(unit); the network has neurons 0 .. \(network.neuronCount - 1)")
        }
        for (index, unit) in inputs.units.enumerated() where Int(unit) >= network.neuronCount {
            throw .invalidIndex(
                "input unit \(index) is \(unit); the network has neurons 0 .. \(network.neuronCount - 1)")
        }
    }
}

/// How a run ended.
public struct SparseRunSummary: Equatable, Sendable {
    public let spikeCount: Int
    /// The time of the last spike, or `endTime` where that ended the run, in seconds.
    public let endTime: Double
    /// Spikes per neuron and second, 0 for an empty run.
    public let rate: Double
}
