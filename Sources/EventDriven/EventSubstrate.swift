// The exact engine's forward pass: continuous time, no time step.
import Mathematics
import Networks
import Neurons
import Spikes

/// Runs networks of leaky integrate-and-fire neurons exactly: between two events each neuron follows its closed-form flow, and
/// threshold crossings are found to the last digits of float64 (Wunderlich and Pehle 2021).
///
/// Layers are run one after the other, samples in parallel. Cost per sample: arrivals x neurons for each layer, plus the
/// spikes it makes; a layer with recurrence pays arrivals x neurons for its own spikes too.
public struct EventSubstrate: Substrate {
    public static let name = "event"
    public var name: String { EventSubstrate.name }
    public var rule: any GradientRule { EventAdjoint() }

    public init() {}

    public func forward(
        _ network: Network, _ input: SpikeTrains, options: ForwardOptions, monitor: Monitor?
    ) throws(SpinnpropError) -> Recording {
        let plans = try LayerPlan.all(network, monitor: monitor)
        let run = try EventForward(network, input, options, plans, monitor)
        try run.run()
        let recording = run.recording(network.fingerprint)
        guard let tau = options.integralTau else { return recording }
        return try recording.integrated(plans, tau: tau, monitor: monitor)
    }

    public func session(
        _ network: Network, optimizer: Optimizer, options: ForwardOptions
    ) throws(SpinnpropError) -> any Session {
        try EventSession(network, optimizer, options)
    }

    static func check(
        _ network: Network, _ input: SpikeTrains, _ options: ForwardOptions
    ) throws(SpinnpropError) {
        try check(network, input)
        try options.check()
        guard options.endTime < .infinity || !network.hasRecurrence else {
            throw .invalidValue("a network with recurrence may never fall silent: give a finite t_end")
        }
        try checkEnd(network, options.endTime)
    }

    /// - Throws: `invalidValue` for drives that never let the network come to an end.
    static func checkEnd(_ network: Network, _ endTime: Double) throws(SpinnpropError) {
        guard endTime == .infinity else { return }
        for (index, layer) in network.layers.enumerated() where layer.parameters.isDriven {
            for neuron in 0..<layer.neuronCount {
                let own = layer.parameters[neuron]
                guard own.drive >= (layer.isSpiking ? own.threshold : .leastNonzeroMagnitude) else { continue }
                throw .invalidValue(
                    "drive of neuron \(neuron) of layer \(index) is \(own.drive), with which it "
                        + (layer.isSpiking
                            ? "fires by itself and never falls silent (its threshold is \(own.threshold))"
                            : "rises for ever, as it is a leaky read-out")
                        + ": give a finite t_end")
            }
        }
    }

    static func check(_ network: Network, _ input: SpikeTrains) throws(SpinnpropError) {
        guard input.unitCount == network.inputCount else {
            throw .invalidValue(
                "the input has n_units = \(input.unitCount), the network \(network.inputCount) input units; they must agree"
            )
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

/// One forward run: what its parts share, and where each leaves what it finds.
final class EventForward: @unchecked Sendable {
    let plans: [LayerPlan]
    let partition: [Range<Int>]
    private let network: Network
    private let input: SpikeTrains
    private let endTime: Double
    private let monitor: Monitor?
    private let budget: SpikeBudget
    /// The spikes of each part, layer by layer.
    private let columns: [[SpikeColumns]]
    private let maxima: ReadoutMaxima

    init(
        _ network: Network, _ input: SpikeTrains, _ options: ForwardOptions, _ plans: [LayerPlan], _ monitor: Monitor?
    ) throws(SpinnpropError) {
        try EventSubstrate.check(network, input, options)
        self.network = network
        self.input = input
        self.plans = plans
        self.monitor = monitor
        endTime = options.endTime
        let partition = EventSubstrate.partition(samples: input.sampleCount, network: network)
        self.partition = partition
        columns = try network.layers.map { (layer) throws(SpinnpropError) in
            // Room for a spike of every other neuron, if that is not much: growing costs copies.
            try partition.map { (part) throws(SpinnpropError) in
                try SpikeColumns(capacity: min(1024, part.count &* layer.neuronCount / 2))
            }
        }
        maxima = try ReadoutMaxima(network, sampleCount: input.sampleCount)
        budget = options.budget(network, samples: input.sampleCount)
    }

    /// Runs all parts.
    func run(_ runners: WorkerPool<SampleRunner>? = nil) throws(SpinnpropError) {
        let runners = runners ?? SampleRunner.pool(plans)
        try parallelLoop(parts: partition.count, monitor: monitor) { (part) throws(SpinnpropError) in
            try runners.withWorker { (runner) throws(SpinnpropError) in try run(part, runner) }
        }
    }

    func run(_ part: Int, _ runner: SampleRunner) throws(SpinnpropError) {
        runner.begin(columns: columns.map { $0[part] }, samples: partition[part].count, monitor)
        let samples = partition[part]
        var next = samples.lowerBound
        while next < samples.upperBound {
            let group = runner.group(from: next, to: samples.upperBound, of: input)
            try runner.run(group, of: input, endTime: endTime, budget: budget, maxima: maxima)
            monitor?.finish(group.count)
            next = group.upperBound
        }
    }

    /// What the parts have left so far: spikes appear in it as they are found, maxima must have been.
    func recording(_ fingerprint: UInt64?) -> Recording {
        let layers = network.layers.enumerated().map { (index, layer) in
            LayerRecording(
                neuronCount: layer.neuronCount, isSpiking: layer.isSpiking, thresholds: layer.parameters.threshold,
                drives: layer.parameters.drive, segments: columns[index], maxima: layer.isSpiking ? [] : maxima.values,
                maximumTimes: layer.isSpiking ? [] : maxima.times,
                maximumCurrents: layer.isSpiking ? [] : maxima.currents)
        }
        return Recording(
            input: input, layers: layers, partition: partition, fingerprint: fingerprint,
            engine: EventSubstrate.name, endTime: endTime, timeStretch: network.timeStretch)
    }
}
