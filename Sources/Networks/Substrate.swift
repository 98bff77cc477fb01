// The two protocols everything is one of: a substrate leaves a recording, a gradient rule turns it into gradients.
import Mathematics
import Spikes

public struct ForwardOptions: Equatable, Sendable {
    /// When a run ends, in seconds, inclusive; infinite: when the network is silent. Must be finite with recurrence.
    public var endTime: Double
    /// The most spikes of all samples and layers together; passing it is an error. `nil`: `defaultMaxSpikes` of the run.
    public var maxSpikes: Int?
    /// Of the integrals of the read-out's membranes that the recording is to have, seconds; `nil`: of none. For losses that look at them: see `Loss.integralTau`.
    public var integralTau: Double?
    /// Whether recordings of measured spikes have when the model would have spiked first (`Recording.deviations`), which takes most of the time to find.
    public var findsDeviations = true

    public init(endTime: Double = .infinity, maxSpikes: Int? = nil, integralTau: Double? = nil) {
        self.endTime = endTime
        self.maxSpikes = maxSpikes
        self.integralTau = integralTau
    }

    /// What is checked, and what bindings carry.
    public static let fields: [OptionField<ForwardOptions>] = [
        OptionField("t_end", \.endTime, .notNegative(infinity: "a run until silence")),
        OptionField("max_spikes", \.maxSpikes, .longCount(from: 1)),
    ]

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public func check() throws(SpinnpropError) {
        for field in ForwardOptions.fields { try field.check(self) }
    }

    /// What a run may spend.
    public func budget(_ network: Network, samples: Int) -> SpikeBudget {
        SpikeBudget(
            limit: maxSpikes ?? ForwardOptions.defaultMaxSpikes(samples: samples, neurons: network.neuronCount))
    }

    /// 4 million, and 200 for each neuron in each sample, but at most 100 million: a batch that runs away ends within seconds and a
    /// few hundred megabytes, and a long run of few neurons does not end early.
    public static func defaultMaxSpikes(samples: Int, neurons: Int) -> Int {
        let (pairs, overflow) = samples.multipliedReportingOverflow(by: neurons)
        return overflow || pairs > 480_000 ? 100_000_000 : 4_000_000 + 200 * pairs
    }
}

/// The number format in which a substrate holds parameters, and so in which they are trained.
public enum Precision: Sendable {
    case double
    /// Parameters are float32 numbers, whatever arrays hold them.
    case single
}

/// Something a network can run on.
public protocol Substrate: Sendable {
    /// The name users know it by.
    var name: String { get }
    /// The grid of time steps it runs on; `nil` in continuous time.
    var grid: TimeGrid? { get }
    var precision: Precision { get }
    /// The values of its options other than the grid: what tells substrates of one name apart, whose runs differ.
    var optionValues: [Double] { get }
    /// What differentiates its recordings unless another rule is asked for.
    var rule: any GradientRule { get }
    /// Looks for what it cannot run in samples, so that a training's are refused before any of them runs.
    ///
    /// - Throws: `unsupported` with the sizes.
    func check(_ input: SpikeTrains) throws(SpinnpropError)
    /// Runs every sample. - Throws: `unsupported` for a network it cannot run, `tooManySpikes`, `cancelled`.
    func forward(
        _ network: Network, _ input: SpikeTrains, options: ForwardOptions, monitor: Monitor?
    ) throws(SpinnpropError) -> Recording
    /// A training of a network on this substrate with its own rule. Substrates that can do better than forward, backward and a step on
    /// the host make a session of their own; the bits are the same.
    func session(
        _ network: Network, optimizer: Optimizer, options: ForwardOptions
    ) throws(SpinnpropError) -> any Session
}

extension Substrate {
    public var grid: TimeGrid? { nil }
    public var precision: Precision { .double }
    public var optionValues: [Double] { [] }
    public func check(_ input: SpikeTrains) throws(SpinnpropError) {}
}

/// Something that turns a recording and an objective into gradients.
public protocol GradientRule: Sendable {
    var name: String { get }
    /// The grid it is bound to, if any.
    var grid: TimeGrid? { get }
    /// The values of the rule's options other than the grid: what tells rules of one name apart.
    var parameters: [Double] { get }
    /// Whether it has gradients of neuron parameters.
    var differentiatesNeurons: Bool { get }
    /// The network must be the one that made the recording; callers see to that with `Recording.check(madeBy:)`.
    func backward(
        _ network: Network, _ recording: Recording, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> Gradients
    /// The membranes of a leaky read-out at given times, or their integrals. - Throws: `unsupported` where it knows none.
    func read(
        _ values: OutputValues, _ network: Network, _ recording: Recording, monitor: Monitor?
    ) throws(SpinnpropError) -> [Double]
}

extension GradientRule {
    public var grid: TimeGrid? { nil }
    public var parameters: [Double] { [] }
    public var differentiatesNeurons: Bool { false }

    public func read(
        _ values: OutputValues, _ network: Network, _ recording: Recording, monitor: Monitor?
    ) throws(SpinnpropError) -> [Double] { try noMembranes(values) }
}
