// First spikes in closed form: the forward pass.
import Mathematics
import Networks
import Spikes

/// Runs feed-forward networks whose neurons spike at most once, each first spike in closed form (Göltz et al. 2021, arXiv
/// 1912.11443; with delays: arXiv 2404.19165). tau_mem is tau_syn or twice that, one ratio per layer. Layers may hear several sources, with
/// axonal delays from all of them, synaptic ones, or none.
///
/// Spikes are those first spikes of the exact engine that no second spike of another neuron has part in; after its spike a neuron is
/// silent, so its reset value has no effect. Input units may spike as often as they like.
///
/// Cost per sample and layer: n arrivals are sorted in O(n log n); arrivals x neurons, four neurons at a time and no further than their latest
/// spike; one solution per neuron that spikes, whatever the number of prefixes. Axonal and dendritic delays add nothing to that. With synaptic
/// delays, or dendritic ones and time constants of their own, neurons sort arrivals each for itself, four at a time: up to 64 by comparing all
/// pairs, more in O(n log n) per neuron. Backward arrivals x neurons, with exponentials per spike and not per pair where none leaves float64.
/// A batch costs the sum of its samples and, once, parameters x parts (at most 16).
public struct FirstSpikeSubstrate: Substrate {
    public static let name = "first-spike"
    public var name: String { FirstSpikeSubstrate.name }

    /// The options of the gradient rule that goes with this substrate.
    public let options: FirstSpikeOptions

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public init(_ options: FirstSpikeOptions) throws(SpinnpropError) {
        try options.check()
        self.options = options
    }

    public init() { options = FirstSpikeOptions() }

    public func forward(
        _ network: Network, _ input: SpikeTrains, options: ForwardOptions, monitor: Monitor?
    ) throws(SpinnpropError) -> Recording {
        let run = try FirstSpikeForward(
            network, input, options, FirstSpikeLayer.all(network, monitor: monitor), monitor)
        try run.run()
        return run.recording(network.fingerprint)
    }

    public var rule: any GradientRule { FirstSpikeRule(checked: options) }

    /// Parameters stay as the engine's loops read them.
    public func session(
        _ network: Network, optimizer: Optimizer, options: ForwardOptions
    ) throws(SpinnpropError) -> any Session {
        try FirstSpikeSession(network, optimizer, options, self.options)
    }

    static func check(
        _ network: Network, _ input: SpikeTrains, _ options: ForwardOptions
    ) throws(SpinnpropError) {
        guard input.unitCount == network.inputCount else {
            throw .invalidValue(
                "the input has n_units = \(input.unitCount), the network \(network.inputCount) input units; they must agree"
            )
        }
        guard options.endTime >= 0 else {
            throw .invalidValue("t_end is \(options.endTime); it must be >= 0, or infinite to run until silence")
        }
        if let limit = options.maxSpikes, limit < 1 {
            throw .invalidValue("max_spikes is \(limit); it must be >= 1")
        }
    }

    /// How samples are cut into parts that run in parallel: by their number and the size of the network alone, so that sums over
    /// parts are the same for any number of threads. Few parts for large networks, since each part sums gradients of its own.
    static func partition(samples: Int, network: Network) -> [Range<Int>] {
        let parameters = network.connections.reduce(0) { $0 + $1.weights.count + $1.delays.count }
        let parts = min(samples, max(2, min(16, (1 << 23) / max(1, parameters))))
        return (0..<parts).map { samples * $0 / parts..<samples * ($0 + 1) / parts }
    }
}
