// A training under way: what holds the parameters and the optimiser's memory from one batch to the next.
import Mathematics
import Spikes

/// What a batch of training leaves beside its gradient, which stays in the session.
public struct BatchResult: Sendable {
    public let spikes: BatchSpikes
    /// The batch mean of the loss; counts are of samples, as in `Gradients`.
    public let value: Double
    public let skippedCount: Int
    /// `SampleResult.missing` times the samples' weights, added up.
    public let missingWeight: Double
    public let correctCount: Int

    /// - Parameter value: the mean, with all that is added to the samples' own loss.
    public init(_ recording: Recording, value: Double, _ judged: JudgedSum) {
        spikes = BatchSpikes(recording)
        self.value = value
        skippedCount = judged.skippedCount
        missingWeight = judged.missingWeight
        correctCount = judged.correctCount
    }

    public init(_ recording: Recording, _ gradients: Gradients) {
        self.init(BatchSpikes(recording), gradients)
    }

    public init(_ spikes: BatchSpikes, _ gradients: Gradients) {
        self.spikes = spikes
        value = gradients.value
        skippedCount = gradients.skippedCount
        missingWeight = gradients.missingWeight
        correctCount = gradients.correctCount
    }
}

/// Parameters, their gradient and an optimiser's memory, in whatever layout and on whatever device suits the substrate that made it.
///
/// Whoever trains calls `batch`, then `step`. After an error of either, and after `batch` without `step`, parameters and memory are
/// what they were before. A session belongs to one thread at a time.
public protocol Session: AnyObject {
    /// The network with its parameters as they stand, read back on demand.
    var network: Network { get }
    /// The optimiser with its memory in the order of the network's arrays, read back on demand.
    var optimizer: Optimizer { get }
    /// Runs every sample forward and backward, and keeps the gradient of the objective for `step`.
    func batch(
        _ input: SpikeTrains, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> BatchResult
    /// Takes a step with the gradient of the last batch, once. - Throws: as `Optimizer.step`.
    func step(rateFactor: Double) throws(SpinnpropError)
    /// Takes over the weights of a network with the same layers and connections. Delays and the optimiser's memory stay.
    func setWeights(of network: Network)
}

extension Substrate {
    public func session(
        _ network: Network, optimizer: Optimizer, options: ForwardOptions
    ) throws(SpinnpropError) -> any Session {
        PlainSession(self, network, rule: rule, optimizer: optimizer, options: options)
    }
}

/// A session of any substrate with any rule: forward, backward, and a step on the network's own arrays.
///
/// It may accumulate gradients: batches then add up until a step, which is that of the mean over all their samples. After an error of a batch it is not
/// used any more.
public final class PlainSession: Session {
    private let substrate: any Substrate
    private let rule: any GradientRule
    private var options: ForwardOptions
    public private(set) var network: Network
    public private(set) var optimizer: Optimizer
    private let accumulates: Bool
    private var gradients: Gradients?
    /// In the gradients, if they add up: these are then the sum over so many samples.
    private var sampleCount = 0

    public init(
        _ substrate: any Substrate, _ network: Network, rule: any GradientRule, optimizer: Optimizer,
        options: ForwardOptions, accumulates: Bool = false
    ) {
        self.accumulates = accumulates
        self.substrate = substrate
        self.rule = rule
        self.options = options
        // No rule asks for them.
        self.options.findsDeviations = false
        self.network = network
        self.optimizer = optimizer
    }

    public func batch(
        _ input: SpikeTrains, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> BatchResult {
        if !accumulates { gradients = nil }
        let recording = try substrate.forward(network, input, options: options, monitor: monitor)
        let made = try rule.backward(network, recording, objective, monitor: monitor)
        take(made, sampleCount: recording.sampleCount)
        return BatchResult(recording, made)
    }

    /// Takes over the gradient of a batch that somebody else has run with the parameters as they stand, as `batch` takes its own.
    public func take(_ made: Gradients, sampleCount: Int) {
        if accumulates { add(made, sampleCount: sampleCount) } else { gradients = made }
    }

    private func add(_ made: Gradients, sampleCount: Int) {
        if gradients == nil {
            var sum = made
            sum.scale(by: Double(sampleCount))
            (gradients, self.sampleCount) = (sum, sampleCount)
        } else {
            gradients?.add(made, times: Double(sampleCount))
            self.sampleCount += sampleCount
        }
    }

    public func step(rateFactor: Double) throws(SpinnpropError) {
        guard var own = gradients else { throw .noGradient }
        gradients = nil
        if accumulates { own.scale(by: 1 / Double(sampleCount)) }
        try optimizer.step(&network, &own, rateFactor: rateFactor)
    }

    public func setWeights(of other: Network) {
        gradients = nil
        network.takeWeights(of: other)
    }
}

extension SpinnpropError {
    /// A step was asked for that no batch has given a gradient for.
    public static var noGradient: SpinnpropError {
        SpinnpropError(.internal, "a step needs the gradient of a batch of its own; run a batch first")
    }
}
