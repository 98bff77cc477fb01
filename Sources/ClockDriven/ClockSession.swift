// A training on the clock-driven engine: weights, delays, gradients and optimiser in float32, as the loops over steps read them.
import Mathematics
import Networks
import Spikes

/// Each sample goes forward and backward before the next: what it has made is still at hand. The same bits as in two calls, which are
/// left to batches whose backward pass needs all of the forward one, or much memory.
final class ClockSession: Session {
    private let substrate: ClockSubstrate
    private let options: ForwardOptions
    /// The network's shape and neurons; its weights and delays are in the plans.
    private let shape: Network
    private let plans: ClockPlans
    private let resident: ResidentOptimizer<Float>
    /// Delays that are trained, in seconds.
    private let delays: TrainedDelays?
    /// The delays of each connection in seconds, if they have changed since the plans took them.
    private var changedDelays: [[Double]]?
    private let memory = ClockMemory()
    /// The batch whose gradient the next step takes.
    private var job: ClockJob?

    init(
        _ substrate: ClockSubstrate, _ network: Network, _ optimizer: Optimizer, _ options: ForwardOptions
    ) throws(SpinnpropError) {
        (self.substrate, self.options, shape) = (substrate, options, network)
        try substrate.options.check()
        plans = try ClockPlans(network, grid: substrate.options, monitor: nil)
        delays = optimizer.trainsDelays && network.hasDelays ? try TrainedDelays(plans, network) : nil
        resident = try ResidentOptimizer(
            optimizer, network, weights: plans.connections.map(\.rows), delays: delays?.rows ?? [])
    }

    private var grid: TimeGrid { substrate.options }

    var network: Network { resident.network }

    var optimizer: Optimizer { resident.optimizer }

    func batch(
        _ input: SpikeTrains, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> BatchResult {
        job = nil
        try substrate.check(shape, input, options, for: substrate.name)
        try objective.check(shape, sampleCount: input.sampleCount, grid: grid)
        if let changedDelays { try plans.setDelays(changedDelays, grid: grid) }
        changedDelays = nil
        let run = try ClockRun(shape, plans, input, grid: grid, options, monitor)
        let own: ClockJob
        if let joint = try jointly(run, objective, monitor) {
            own = joint
        } else {
            own = try inTurn(run, objective, monitor)
        }
        job = own
        return own.result
    }

    private func jointly(
        _ run: ClockRun, _ objective: Objective, _ monitor: Monitor?
    ) throws(SpinnpropError) -> ClockJob? {
        guard objective.isBySample, shape.layers[shape.layers.count - 1].isSpiking else { return nil }
        // Filled while its parts are run.
        let job = try ClockJob(plans, run.recording(nil), objective, grid: grid, memory: memory)
        guard job.fitsWhole else { return nil }
        let units = try memory.units(run.partition)
        let workers = WorkerPool { () throws(SpinnpropError) in
            let runner = try run.runner()
            return (runner: runner, worker: try ClockWorker(job, rows: runner.rows, monitor: monitor))
        }
        try parallelLoop(parts: units.count, monitor: monitor) { (part) throws(SpinnpropError) in
            try workers.withWorker { (pair) throws(SpinnpropError) in
                pair.worker.begin()
                let unit = units[part]
                try run.forward(part, with: pair.runner) {
                    (sample, index) throws(SpinnpropError) in try pair.worker.backward(sample, part, index, unit)
                }
                job.finish(unit, of: units)
            }
        }
        try job.finishAll(units, monitor: monitor)
        return job
    }

    private func inTurn(
        _ run: ClockRun, _ objective: Objective, _ monitor: Monitor?
    ) throws(SpinnpropError) -> ClockJob {
        try run.forward()
        let job = try ClockJob(plans, run.recording(nil), objective, grid: grid, memory: memory)
        try job.run(monitor: monitor)
        return job
    }

    func step(rateFactor: Double) throws(SpinnpropError) {
        guard let job else { throw .noGradient }
        self.job = nil
        try resident.step(
            weights: job.weightSpace.map { job.total($0) },
            delays: delays.map { own in zip(job.delaySpace, own.rows).map { $0.map { job.total($0) } ?? $1.pointer } }
                ?? [],
            rateFactor: rateFactor)
        changedDelays = delays?.rows.map(\.values)
    }

    func setWeights(of network: Network) { resident.setWeights(of: network) }
}

/// Delays in the layout of their gradients; runs read them rounded to steps, from the plans.
private final class TrainedDelays {
    let rows: [SenderRows<Float>]
    private let blocks: [Block<Float>]

    init(_ plans: ClockPlans, _ network: Network) throws(SpinnpropError) {
        let spaces = plans.connections.map { GradientSpace(delaysOf: $0) }
        blocks = try spaces.map { (space) throws(SpinnpropError) in try Block(space.rowCount * space.stride) }
        rows = zip(spaces, blocks).map { $0.rows(at: $1.pointer) }
        for (own, connection) in zip(rows, network.connections) { own.load(connection.delays, Poller(nil)) }
    }
}
