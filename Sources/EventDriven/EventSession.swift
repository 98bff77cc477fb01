// A training on the exact engine: weights, delays, gradients and optimiser as the loops over senders read them.
import Mathematics
import Networks
import Spikes

/// Each part of a batch goes forward and backward in one go: its spikes are still in the cache when its adjoint runs, and threads meet once
/// instead of twice.
///
/// Spikes may be somebody else's, a chip's with the network's weights: the session then goes backward from what was measured.
public final class EventSession: Session {
    /// Runs a network somewhere else. - Returns: the spikes of the layers that spike, and the maxima of a leaky read-out, as
    /// `Recording.measured` takes them; no neuron spikes twice at once or within its refractory period.
    public typealias Measurement = (
        _ network: Network, _ input: SpikeTrains, _ monitor: Monitor?
    ) throws(SpinnpropError) -> (spikes: [SpikeTrains], maxima: [Double]?)

    private let options: ForwardOptions
    private let measure: Measurement?
    private let trainsDelays: Bool
    /// The network's shape and neurons; its weights and delays are in the plans.
    private let shape: Network
    private let plans: [LayerPlan]
    /// The connections of all plans, in the order of the network's.
    private let incoming: [EventConnection]
    private let resident: ResidentOptimizer<Double>
    private let memory = EventMemory()
    /// Kept from batch to batch, with the memory they work in.
    private let runners: WorkerPool<SampleRunner>
    private let adjoints: WorkerPool<AdjointWorker>
    /// The batch whose gradient the next step takes.
    private var back: AdjointRun?

    /// - Parameter measure: where the network runs; `nil`: here.
    public init(
        _ network: Network, _ optimizer: Optimizer, _ options: ForwardOptions, measure: Measurement? = nil
    ) throws(SpinnpropError) {
        (self.options, shape, trainsDelays) = (options, network, optimizer.trainsDelays)
        self.measure = measure
        plans = try LayerPlan.all(network, monitor: nil)
        (runners, adjoints) = (SampleRunner.pool(plans), AdjointWorker.pool(plans))
        incoming = plans.flatMap(\.incoming).sorted { $0.index < $1.index }
        resident = try ResidentOptimizer(
            optimizer, network, weights: incoming.map(\.rows), delays: incoming.map(\.delayRow),
            isSparse: incoming.map { $0.synapses != nil })
    }

    public var network: Network { resident.network }

    public var optimizer: Optimizer { resident.optimizer }

    public func batch(
        _ input: SpikeTrains, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> BatchResult {
        back = nil
        if let measure {
            let (spikes, maxima) = try measure(network, input, monitor)
            let run = try MeasuredRun(shape, input, spikes, options.endTime, plans, wantsModel: false, monitor)
            let own = try AdjointRun(
                shape, try run.recording(nil, maxima), objective, plans, monitor, memory: memory)
            try own.run(adjoints)
            back = own
            return own.result
        }
        let there = try EventForward(shape, input, options, plans, monitor)
        // Only when all parts have run forward are maxima copied into the recording and mean rates known.
        let isJoint = objective.isBySample && shape.layers.allSatisfy(\.isSpiking)
        if !isJoint { try there.run(runners) }
        let own = try AdjointRun(shape, there.recording(nil), objective, plans, monitor, memory: memory)
        if isJoint { try run(there, own, monitor) } else { try own.run(adjoints) }
        back = own
        return own.result
    }

    private func run(_ there: EventForward, _ back: AdjointRun, _ monitor: Monitor?) throws(SpinnpropError) {
        try parallelLoop(parts: there.partition.count, monitor: monitor) {
            [runners, adjoints] (part) throws(SpinnpropError) in
            try runners.withWorker { (runner) throws(SpinnpropError) in
                try adjoints.withWorker { (adjoint) throws(SpinnpropError) in
                    try there.run(part, runner)
                    try back.run(part, adjoint)
                }
            }
        }
    }

    public func step(rateFactor: Double) throws(SpinnpropError) {
        guard let back, back.hasParts else { throw .noGradient }
        self.back = nil
        try resident.step(
            weights: incoming.map { back.total($0) },
            delays: trainsDelays ? incoming.map { back.delayTotal($0) } : [], rateFactor: rateFactor)
        for own in incoming { own.synapses?.load(own.rows) }
    }

    public func setWeights(of network: Network) {
        resident.setWeights(of: network)
        for own in incoming { own.synapses?.load(own.rows) }
    }
}
