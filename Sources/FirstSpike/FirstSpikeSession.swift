// A training on first spikes: weights, delays, gradients and optimiser as the loops over senders read them.
import Mathematics
import Networks
import Spikes

/// Each part of a batch goes forward and backward in one go: its spikes are still in the cache, and threads meet once instead of twice.
final class FirstSpikeSession: Session {
    private let options: ForwardOptions
    private let ruleOptions: FirstSpikeOptions
    private let trainsDelays: Bool
    /// Its shape and neurons; weights and delays are in the layers.
    private let shape: Network
    private let layers: [FirstSpikeLayer]
    /// In the order of the network's connections, each with its layer.
    private let sources: [(layer: Int, own: FirstSpikeSource)]
    private let resident: ResidentOptimizer<Double>
    private let memory = GradientMemory()
    /// The batch that a step may be taken for.
    private var back: FirstSpikeBackward?

    init(
        _ network: Network, _ optimizer: Optimizer, _ options: ForwardOptions, _ ruleOptions: FirstSpikeOptions
    ) throws(SpinnpropError) {
        (self.options, self.ruleOptions, trainsDelays) = (options, ruleOptions, optimizer.trainsDelays)
        shape = network
        layers = try FirstSpikeLayer.all(network, monitor: nil)
        sources = layers.flatMap { layer in layer.sources.map { (layer.index, $0) } }
            .sorted { $0.own.connection < $1.own.connection }
        resident = try ResidentOptimizer(
            optimizer, network, weights: sources.map(\.own.weights), delays: sources.map(\.own.delays))
    }

    var network: Network { resident.network }

    var optimizer: Optimizer { resident.optimizer }

    func batch(
        _ input: SpikeTrains, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> BatchResult {
        back = nil
        let there = try FirstSpikeForward(shape, input, options, layers, monitor)
        // Mean rates are known only when all parts have run forward, as is what a loss of whole batches sees.
        let isJoint = objective.isBySample
        if !isJoint { try there.run() }
        let own = try FirstSpikeBackward(
            shape, there.recording(nil), objective, ruleOptions, layers, monitor, memory: memory)
        if isJoint { try run(there, own, monitor) } else { try own.run() }
        back = own
        return own.result
    }

    private func run(
        _ there: FirstSpikeForward, _ back: FirstSpikeBackward, _ monitor: Monitor?
    ) throws(SpinnpropError) {
        let workers = WorkerPool { () throws(SpinnpropError) in
            (forward: there.worker(), backward: try back.worker())
        }
        try parallelLoop(parts: there.partition.count, monitor: monitor) { (part) throws(SpinnpropError) in
            try workers.withWorker { (worker) throws(SpinnpropError) in
                try there.run(part, worker.forward)
                try back.run(part, worker.backward)
            }
        }
    }

    func step(rateFactor: Double) throws(SpinnpropError) {
        guard let back, back.hasParts else { throw .noGradient }
        self.back = nil
        let totals = layers.map { back.total($0) }
        try resident.step(
            weights: sources.map { totals[$0.layer].weights + $0.own.weightOffset },
            delays: trainsDelays ? sources.map { totals[$0.layer].delays + $0.own.delayOffset } : [],
            rateFactor: rateFactor)
        if trainsDelays { for layer in layers { layer.takeDelays() } }
    }

    func setWeights(of network: Network) { resident.setWeights(of: network) }
}
