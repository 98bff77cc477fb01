// Everything a network is made of in one value, as bindings take it.
import Learning
import Mathematics
import Networks
import Neurons

/// What `Network(_: NetworkOptions)` builds.
///
/// A neuron parameter is empty (the default of `LIFParameters`, or for time constants the engine's `setting`), given once for all, per layer, or per neuron (layer after
/// layer); with one neuron per layer the last two are the same thing.
public struct NetworkOptions: Equatable, Sendable {
    /// Units of the input, then neurons of each layer; at least two numbers.
    public var sizes: [Int]
    /// Time constants in seconds.
    public var tauMem: [Double] = []
    public var tauSyn: [Double] = []
    public var threshold: [Double] = []
    public var reset: [Double] = []
    public var drive: [Double] = []
    /// Seconds.
    public var refractory: [Double] = []
    /// One kind for all layers, or one for each; where `connections` are given one for all of these, or one for each.
    public var delays = [DelayKind.none]
    /// Empty: none; one flag for all hidden layers, or one per hidden layer.
    public var recurrent: [Bool] = []
    /// Whether the last layer is a leaky read-out that never spikes.
    public var leakyReadout = false
    public var initialisation = Initialisation()
    /// What the weights of the network's connections are held to: which synapses exist, as `Network.setMask` takes them, those of all connections one after
    /// another, feed-forward ones first; empty: all do.
    public var masks: [Bool] = []
    /// Signs of the senders of all connections likewise; empty: free.
    public var signs: [Int8] = []
    /// The least and the largest weight: two numbers for all connections, or two for each.
    public var weightBounds: [Double] = []
    /// The engine for which what is not given is chosen: time constants and initial weights (`Engine.setting`). Any engine may
    /// run the network.
    public var engine = Engine.defaultEngine
    /// Seeds the initial weights.
    public var seed: UInt64 = 0
    /// What is connected to what; `nil`: each layer to the next, and to themselves as `recurrent` says.
    public var connections: [Ends]?

    public init(sizes: [Int]) { self.sizes = sizes }

    /// The values that each element may have, by the names that bindings know, and the defaults: time constants are those of exact
    /// events.
    public static let elements: [(name: String, domain: Domain, initial: OptionValue)] =
        LIFParameters.fields.map { ($0.name, $0.domain, .real($0.initial)) }
        + Initialisation.fields.map { ($0.name, $0.domain, .open) }
}

extension Network {
    /// Layers with random initial weights and delays of 0.
    ///
    /// - Throws: `invalidValue` naming the option, `outOfMemory` for a network no machine can hold.
    public init(_ options: NetworkOptions) throws(SpinnpropError) {
        // A network without neuron parameters checks the sizes before anything is made from them.
        var network = try Network(
            sizes: options.sizes, delays: options.delays, recurrent: options.recurrent,
            leakyReadout: options.leakyReadout, connections: options.connections)
        let counts = network.layers.map(\.neuronCount)
        let setting = options.engine.setting()
        let tauMem = try spread(options.tauMem, "tau_mem", setting.tauMem, counts)
        let tauSyn = try spread(options.tauSyn, "tau_syn", setting.tauSyn, counts)
        let threshold = try spread(options.threshold, "threshold", LIFParameters.defaultThreshold, counts)
        let reset = try spread(options.reset, "reset", LIFParameters.defaultReset, counts)
        let drive = try spread(options.drive, "drive", LIFParameters.defaultDrive, counts)
        let refractory = try spread(options.refractory, "refractory", LIFParameters.defaultRefractory, counts)
        for layer in counts.indices {
            let parameters = LIFParameters(
                tauMem: tauMem[layer], tauSyn: tauSyn[layer], threshold: threshold[layer], reset: reset[layer],
                drive: drive[layer], refractory: refractory[layer])
            try network.setParameters(parameters, layer: layer)
        }
        if !(options.masks.isEmpty && options.signs.isEmpty && options.weightBounds.isEmpty) {
            try network.hold(to: options)
        }
        var initialisation = options.initialisation
        let drives = options.engine.setting(for: network)
        initialisation.hiddenDrive = drives.hiddenDrive
        initialisation.laterDrive = drives.laterDrive
        initialisation.outputDrive = drives.outputDrive
        try initialisation.apply(to: &network, seed: options.seed)
        self = network
    }
}

extension Network {
    /// Sets what weights are held to, before they are drawn.
    fileprivate mutating func hold(to options: NetworkOptions) throws(SpinnpropError) {
        let bounds = options.weightBounds
        let (synapses, senders) = connections.reduce(into: (0, 0)) {
            $0 = ($0.0 + $1.weights.count, $0.1 + $1.preCount)
        }
        for (name, count, counts) in [
            ("masks", options.masks.count, [0, synapses]), ("signs", options.signs.count, [0, senders]),
            ("weight_bounds", bounds.count, [0, 2, 2 * connections.count]),
        ] where !counts.contains(count) {
            throw .invalidValue(
                "\(name) has \(count) elements; give none\(counts.dropFirst().map { " or \($0)" }.joined())")
        }
        var (synapse, sender) = (0, 0)
        let order = options.connections ?? connections.map(\.ends)
        for (place, ends) in order.enumerated() {
            guard let index = connections.firstIndex(where: { $0.ends == ends }) else { continue }
            let connection = connections[index]
            if !options.masks.isEmpty {
                try setMask(Array(options.masks[synapse..<synapse + connection.weights.count]), connection: index)
            }
            if !options.signs.isEmpty {
                try setSigns(Array(options.signs[sender..<sender + connection.preCount]), connection: index)
            }
            if !bounds.isEmpty {
                let first = bounds.count == 2 ? 0 : 2 * place
                try setBounds(low: bounds[first], high: bounds[first + 1], connection: index)
            }
            synapse += connection.weights.count
            sender += connection.preCount
        }
    }
}

/// A neuron parameter per layer, each with one number or one per neuron.
private func spread(
    _ values: [Double], _ name: String, _ defaultValue: Double, _ counts: [Int]
) throws(SpinnpropError) -> [[Double]] {
    let neuronCount = counts.reduce(0, +)
    switch values.count {
    case 0: return counts.map { _ in [defaultValue] }
    case 1: return counts.map { _ in values }
    case counts.count: return values.map { [$0] }
    case neuronCount:
        var start = 0
        return counts.map { count in
            start += count
            return Array(values[start - count..<start])
        }
    default:
        throw .invalidValue(
            "\(name) has \(values.count) elements; give 1, one for each of the \(counts.count) layers, or one for each of "
                + "the \(neuronCount) neurons")
    }
}
