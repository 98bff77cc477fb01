// The clock-driven engine's forward pass: time in steps, float32.
import ClockArithmetic
import Mathematics
import Networks
import Spikes

/// Runs networks of leaky integrate-and-fire neurons on a grid of time steps, as a SpiNNaker2 chip does (arXiv 2412.15021): the
/// formulas are at `ClockKernels`. Spikes of one step act in the next, delays are rounded to whole steps.
///
/// Layers are run one after the other, samples in parallel. Cost per sample: steps x neurons, plus neurons for each spike. Memory
/// grows with spikes.
public struct ClockSubstrate: Substrate {
    public static let name = "clock"
    public var name: String { ClockSubstrate.name }
    let options: TimeGrid
    public var grid: TimeGrid? { options }
    public var precision: Precision { .single }
    public var rule: any GradientRule { ClockRule(options) }

    public init(_ grid: TimeGrid = TimeGrid()) { options = grid }

    public func forward(
        _ network: Network, _ input: SpikeTrains, options forward: ForwardOptions, monitor: Monitor?
    ) throws(SpinnpropError) -> Recording {
        try check(network, input, forward, for: name)
        let plans = try ClockPlans(network, grid: options, monitor: monitor)
        let run = try ClockRun(network, plans, input, grid: options, forward, monitor)
        try run.forward()
        return run.recording(network.fingerprint)
    }

    public func session(
        _ network: Network, optimizer: Optimizer, options forward: ForwardOptions
    ) throws(SpinnpropError) -> any Session {
        // Weights that are rounded are not those that loops read.
        if options.weightBits != nil {
            return PlainSession(self, network, rule: rule, optimizer: optimizer, options: forward)
        }
        return try ClockSession(self, network, optimizer, forward)
    }

    /// What every engine on this grid asks of a run. - Parameter engine: its name, for messages.
    public func check(
        _ network: Network, _ input: SpikeTrains, _ forward: ForwardOptions, for engine: String
    ) throws(SpinnpropError) {
        try options.check()
        try forward.check()
        guard input.unitCount == network.inputCount else {
            throw .invalidValue(
                "the input has n_units = \(input.unitCount), the network \(network.inputCount) input units; they must agree"
            )
        }
        guard forward.endTime == .infinity else {
            throw .invalidValue(
                "t_end is \(forward.endTime); engine \"\(engine)\" ends after its steps (\(options.steps)), so leave t_end open"
            )
        }
        // A spike before this time need not be rounded to know that its step is there.
        let safe = (Double(options.steps) - 0.75) * options.timeStep
        for sample in 0..<input.sampleCount {
            for spike in input.offsets[sample]..<input.offsets[sample + 1]
            where input.times[spike] >= safe && options.step(nearest: input.times[spike]) >= options.steps {
                throw .invalidValue(
                    "input spike \(spike - input.offsets[sample]) of sample \(sample) comes at \(input.times[spike]) s, past "
                        + "the last step at \(options.time(ofStep: options.steps - 1)) s; use more steps, or an engine with a longer time_step"
                )
            }
        }
    }
}

/// A forward pass as work for several threads: what all of them read, and where each part's spikes go.
final class ClockRun: Sendable {
    /// How samples are cut into parts that run in parallel: by their number and the size of the network alone. Their results do not
    /// depend on it.
    let partition: [Range<Int>]
    /// What a part should have to do at the least, in steps of a neuron: some 50 us, beside which it costs little to begin one.
    private static let leastWork = 49152.0
    private let network: Network
    private let input: SpikeTrains
    private let grid: TimeGrid
    private let options: ForwardOptions
    /// The spikes of each part, layer by layer.
    private let columns: [[SpikeColumns]]
    private let maxima: ReadoutMaxima
    private let budget: SpikeBudget
    private let plans: ClockPlans
    private let monitor: Monitor?

    init(
        _ network: Network, _ plans: ClockPlans, _ input: SpikeTrains, grid: TimeGrid, _ options: ForwardOptions,
        _ monitor: Monitor?
    ) throws(SpinnpropError) {
        self.network = network
        self.input = input
        self.grid = grid
        self.options = options
        self.monitor = monitor
        let samples = input.sampleCount
        let work = Double(samples) * Double(grid.steps) * Double(network.neuronCount)
        // A power of two, for numbers of threads mostly are.
        let wanted = Int(min(16, max(1, work / ClockRun.leastWork)))
        let parts = min(samples, 1 << (Int.bitWidth - 1 - wanted.leadingZeroBitCount))
        let bounds = ClockRun.bounds(samples, parts: parts)
        let partition = (0..<parts).map { bounds[$0]..<bounds[$0 + 1] }
        self.partition = partition
        columns = try network.layers.map { (layer) throws(SpinnpropError) in
            try partition.map { (part) throws(SpinnpropError) in
                // Each neuron spikes once: a guess that spares most growing.
                try SpikeColumns(
                    capacity: layer.isSpiking ? min(4096, part.count * layer.neuronCount) : 1,
                    withMembranes: layer.isSpiking)
            }
        }
        maxima = try ReadoutMaxima(network, sampleCount: samples)
        budget = options.budget(network, samples: samples)
        self.plans = plans
    }

    /// Parts from half as large again as the mean down to half as large: threads that come to the end take small ones, and none
    /// waits long for the last.
    private static func bounds(_ samples: Int, parts: Int) -> [Int] {
        if parts < 2 || samples < 4 * parts { return (0...parts).map { samples * $0 / max(1, parts) } }
        return (0...parts).map { samples * (3 * $0 * (parts - 1) - $0 * ($0 - 1)) / (2 * parts * (parts - 1)) }
    }

    /// What runs samples; each thread has one of its own.
    func runner() throws(SpinnpropError) -> ClockRunner {
        try ClockRunner(plans: plans, input: input, grid: grid, monitor: monitor)
    }

    /// Runs all samples.
    func forward() throws(SpinnpropError) {
        let runners = WorkerPool { [self] () throws(SpinnpropError) in try runner() }
        try parallelLoop(parts: partition.count, monitor: monitor) { (part) throws(SpinnpropError) in
            try runners.withWorker { (runner) throws(SpinnpropError) in
                try forward(part, with: runner) { (_, _) in }
            }
        }
    }

    /// Runs the samples of a part. - Parameter then: is called after each with its number and its index in the part.
    func forward(
        _ part: Int, with runner: ClockRunner, then: (_ sample: Int, _ index: Int) throws(SpinnpropError) -> Void
    ) throws(SpinnpropError) {
        runner.begin(columns: columns.map { $0[part] }, samples: partition[part].count)
        for (index, sample) in partition[part].enumerated() {
            let made: Int
            do throws(SpinnpropError) {
                made = try runner.run(sample, budget: budget, maxima: maxima)
            } catch {
                throw error.naming(sample: sample)
            }
            try budget.add(made)
            try then(sample, index)
            if let monitor {
                monitor.finish(1)
                if monitor.poll() { throw .cancelled }
            }
        }
    }

    /// What has been run. Its spikes are those of the parts that have been, the maxima of a read-out need all.
    func recording(_ fingerprint: UInt64?) -> Recording {
        let layers = network.layers.enumerated().map { (index, layer) in
            LayerRecording(
                neuronCount: layer.neuronCount, isSpiking: layer.isSpiking, thresholds: layer.parameters.threshold,
                segments: columns[index], maxima: layer.isSpiking ? [] : maxima.values,
                maximumTimes: layer.isSpiking ? [] : maxima.times,
                maximumCurrents: layer.isSpiking ? [] : maxima.currents)
        }
        return Recording(
            input: input, layers: layers, partition: partition, fingerprint: fingerprint,
            engine: ClockSubstrate.name, endTime: options.endTime, grid: grid,
            timeStretch: network.timeStretch)
    }
}

/// Runs one sample after another through all layers; belongs to one part at a time.
final class ClockRunner {
    private let plans: ClockPlans
    private let layers: UnsafeBufferPointer<ClockPlan>
    /// The part's spikes, layer by layer. The run keeps them alive: no sample should count references that threads share.
    private var columns: [Unmanaged<SpikeColumns>] = []
    /// The spikes of the sample that was run last.
    let rows: StepRows
    private let state: ClockState
    private let grid: TimeGrid

    init(plans: ClockPlans, input: SpikeTrains, grid: TimeGrid, monitor: Monitor?) throws(SpinnpropError) {
        self.plans = plans
        self.grid = grid
        let poller = Poller(monitor)
        layers = plans.layers
        rows = try StepRows(input: input, plans, grid: grid, poller: poller)
        state = ClockState(poller)
    }

    /// Turns to a part: where its spikes go, layer by layer, and how many samples follow.
    func begin(columns: [SpikeColumns], samples: Int) {
        self.columns = columns.map { .passUnretained($0) }
        for own in columns { own.ends.reserveCapacity(samples) }
    }

    /// - Returns: the number of spikes.
    func run(_ sample: Int, budget: SpikeBudget, maxima: ReadoutMaxima) throws(SpinnpropError) -> Int {
        try Memory.poll()
        try rows.begin(sample)
        var made = 0
        for plan in layers {
            let before = columns[plan.layer]._withUnsafeGuaranteedRef { $0.count }
            try plan.run(rows, state, budget: budget, before: before)
            if !plan.isSpiking { keepMaxima(plan.neuronCount, maxima.of(sample)) }
            // `_withUnsafeGuaranteedRef` rethrows no typed error.
            let failure: SpinnpropError? = columns[plan.layer]._withUnsafeGuaranteedRef { columns in
                do throws(SpinnpropError) { try rows.store(layer: plan.layer, to: columns) } catch { return error }
                return nil
            }
            if let failure { throw failure }
            made += rows[plan.layer].count
        }
        return made
    }

    private func keepMaxima(_ count: Int, _ maxima: UnsafeMutablePointer<MembraneMaximum>) {
        for output in 0..<count {
            maxima[output] = MembraneMaximum(
                value: Double(state.maxima.pointer[output]),
                time: grid.time(ofStep: Int(state.maximumSteps.pointer[output])),
                current: Double(state.maximumCurrents.pointer[output]))
        }
    }
}
