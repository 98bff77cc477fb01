// The emulated SpiNNaker2 as an engine: a substrate, a gradient rule, and the place where the optimiser's steps are taken.
import ClockDriven
import Mathematics
import Networks
import SpiNNaker2
import Spikes
import Synchronization

#if canImport(Glibc)
import Glibc
#endif

/// A network with its programs on a machine.
package protocol MappedNetwork: AnyObject {
    var account: SpiNNaker2Account { get }
    func resetAccount()
}

/// Trains networks on an emulated SpiNNaker2 by the time-step EventProp of arXiv 2412.15021: the same bits as the clock-driven engine
/// with the same number of copies, whatever the placement, the cut and the number of host threads.
///
/// Keeps the network it has mapped last, and what the machine has counted since; a network of another shape is mapped anew. Calls from several
/// threads wait for each other. Not emulated: single instructions, conflicts in DRAM or on the mesh, anything analogue.
public final class SpiNNaker2Engine: Substrate, GradientRule, @unchecked Sendable {
    public static let name = "spinnaker2"
    public let options: SpiNNaker2Options
    private let lock = Mutex<Void>(())
    private var mapped: (any MappedNetwork)?
    /// The thread of the call that runs, 0 for none.
    private let runner = Atomic<UInt>(0)

    /// One chip, all defaults.
    public init() { options = SpiNNaker2Options() }

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public init(_ options: SpiNNaker2Options) throws(SpinnpropError) {
        try options.check()
        self.options = options
    }

    public var name: String { SpiNNaker2Engine.name }
    public var precision: Precision { .single }
    public var rule: any GradientRule { self }

    /// The grid asked for, with 1 copy if as many as fit are asked for; a recording's grid has the number that there are.
    public var grid: TimeGrid? {
        var grid = options.grid
        grid.copies = options.copies ?? 1
        return grid
    }

    public func forward(
        _ network: Network, _ input: SpikeTrains, options forward: ForwardOptions, monitor: Monitor?
    ) throws(SpinnpropError) -> Recording {
        try ClockSubstrate(options.grid).check(network, input, forward, for: name)
        return try withEmulation(for: network) { (emulation) throws(SpinnpropError) in
            try emulation.forward(network, input, forward, monitor: monitor)
        }
    }

    /// Each sample goes backward right after it went forward, and steps are taken on the chip.
    public func session(
        _ network: Network, optimizer: Optimizer, options: ForwardOptions
    ) throws(SpinnpropError) -> any Session {
        SpiNNaker2Session(self, network, optimizer, options)
    }

    /// A batch of a session.
    func batch(
        of session: SpiNNaker2Session, _ input: SpikeTrains, _ forward: ForwardOptions, _ objective: Objective,
        monitor: Monitor?
    ) throws(SpinnpropError) -> (Recording, Gradients) {
        let network = session.network
        try ClockSubstrate(options.grid).check(network, input, forward, for: name)
        try check(objective, network, sampleCount: input.sampleCount)
        return try withEmulation(for: network) { (emulation) throws(SpinnpropError) in
            try emulation.batch(of: ObjectIdentifier(session), network, input, forward, objective, monitor: monitor)
        }
    }

    private func check(_ objective: Objective, _ network: Network, sampleCount: Int) throws(SpinnpropError) {
        guard objective.given != nil || !objective.loss.needsLeakyReadout else {
            throw .unsupported(
                "the loss \(objective.loss.name) reads membranes, and programs of engine \"\(name)\" spikes; use \"event\" in its place"
            )
        }
        try objective.check(network, sampleCount: sampleCount, grid: options.grid)
        guard !(objective.loss is any BatchLoss) else {
            throw .unsupported(
                "the loss \(objective.loss.name) sees whole batches, and a chip's program its own samples; train with engine \"clock\", or with its "
                    + "gradient rule (gradient_engine)")
        }
        guard objective.given == nil else {
            throw .unsupported(
                "errors are given, and programs of engine \"\(name)\" take those of a loss that runs on the chip; use engine "
                    + "\"\(ClockSubstrate.name)\" for the gradient, which has the same bits")
        }
        guard objective.rate == nil else {
            throw .unsupported(
                "rate regularisation needs means over the batch, which no program of engine \"\(name)\" takes; use engine "
                    + "\"\(ClockSubstrate.name)\" for the gradient, or leave it out")
        }
    }

    public func backward(
        _ network: Network, _ recording: Recording, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> Gradients {
        try check(objective, network, sampleCount: recording.sampleCount)
        guard let own = recording.grid, own.runsLike(options.grid) else {
            throw .unsupported(
                "engine \"\(name)\" needs a recording on its own grid (\(options.grid)); this one of engine "
                    + "\"\(recording.engine)\" has " + (recording.grid?.description ?? "none"))
        }
        return try withEmulation(for: network) { (emulation) throws(SpinnpropError) in
            try emulation.backward(network, recording, objective, monitor: monitor)
        }
    }

    /// Takes a step on the chip with the gradient of the session's last batch.
    ///
    /// - Returns: whether it did; not if somebody else has run another network or batch meanwhile.
    func step(
        of session: ObjectIdentifier, _ network: inout Network, _ rules: [UpdateRule<Float>?],
        _ clipping: AppliedClipping,
        mean: inout [[Double]], square: inout [[Double]]
    ) throws(SpinnpropError) -> Bool {
        try locked { (mapped) throws(SpinnpropError) in
            try (mapped as? SpiNNaker2Emulation)?
                .step(of: session, &network, rules, clipping, mean: &mean, square: &square) ?? false
        }
    }

    /// What has run since the network was mapped or the account was reset; `nil` before the first run.
    public var account: SpiNNaker2Account? { locked { $0?.account } }

    /// Whether this thread is within a call of this engine, as progress callbacks are: `account` would wait for ever.
    public var isRunningOnThisThread: Bool { runner.load(ordering: .relaxed) == SpiNNaker2Engine.thisThread }

    private static var thisThread: UInt { UInt(pthread_self()) }

    public func resetAccount() { locked { $0?.resetAccount() } }

    /// What would run where. Maps the network, unless it is mapped.
    public func layout(of network: Network) throws(SpinnpropError) -> [PlacedProgram] {
        try withEmulation(for: network) { $0.placedPrograms }
    }

    /// The chip that holds networks of this shape.
    private func withEmulation<Result>(
        for network: Network, _ body: (SpiNNaker2Emulation) throws(SpinnpropError) -> Result
    ) throws(SpinnpropError) -> Result {
        let shape = try NetworkShape(network, grid: options.grid)
        return try withMapped { (mapped) throws(SpinnpropError) in
            let emulation = mapped as? SpiNNaker2Emulation
            let own: SpiNNaker2Emulation
            if let emulation, emulation.shape.holds(shape) {
                own = emulation
            } else if let emulation, let roomy = shape.roomier(than: emulation.shape, steps: options.grid.steps),
                let made = try? SpiNNaker2Emulation(roomy, options)
            {
                // Delays that are being learnt should not ask for a new layout with each step.
                made.inheritAccount(from: emulation)
                own = made
            } else {
                own = try SpiNNaker2Emulation(shape, options)
            }
            mapped = own
            return try body(own)
        }
    }

    /// What lies on the chip, to be run or replaced.
    package func withMapped<Result>(
        _ body: (inout (any MappedNetwork)?) throws(SpinnpropError) -> Result
    ) throws(SpinnpropError) -> Result {
        guard !isRunningOnThisThread else {
            throw .invalidValue(
                "this engine \"\(name)\" is running, and its progress callback cannot use it, too; wait until that call has "
                    + "returned, or make another engine")
        }
        return try locked { (mapped) throws(SpinnpropError) in
            runner.store(SpiNNaker2Engine.thisThread, ordering: .relaxed)
            defer { runner.store(0, ordering: .relaxed) }
            return try body(&mapped)
        }
    }

    /// A Mutex of its own would have to own what is mapped, whose pointers are not Sendable.
    private func locked<Result, Failure: Error>(
        _ body: (inout (any MappedNetwork)?) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try lock.withLock { (_) throws(Failure) in try body(&mapped) }
    }
}

extension SpiNNaker2Engine: Equatable {
    /// Engines are equal if they are the same: each has an account of its own.
    public static func == (left: SpiNNaker2Engine, right: SpiNNaker2Engine) -> Bool { left === right }
}
