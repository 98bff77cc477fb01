// What a loss sees of a sample, what it answers, and the protocol it satisfies.
import Mathematics
import Neurons

/// The output layer's part of one sample, borrowed from a recording for the duration of a call.
public struct OutputSample {
    public let outputCount: Int
    /// Spikes in order of time.
    public let times: UnsafePointer<Double>
    public let units: UnsafePointer<Int32>
    public let spikeCount: Int
    /// For each output the index of its first spike in `times`, or -1 if it is silent.
    public let firstSpikes: UnsafePointer<Int>
    /// For each output of a leaky read-out its largest membrane value. Not to be read for a spiking one.
    public let maxima: UnsafePointer<Double>
    /// For each output of a leaky read-out the integral of its membrane that the loss asks for by `integralTau`. Not to be read by other losses.
    public let integrals: UnsafePointer<Double>
    /// When the run ended, seconds; +infinity if it went on until silence.
    public let endTime: Double
    /// The grid on which times lie, if they do.
    public let grid: TimeGrid?

    public init(
        outputCount: Int, times: UnsafePointer<Double>, units: UnsafePointer<Int32>, spikeCount: Int,
        firstSpikes: UnsafePointer<Int>, maxima: UnsafePointer<Double>, integrals: UnsafePointer<Double>,
        endTime: Double, grid: TimeGrid? = nil
    ) {
        self.outputCount = outputCount
        self.times = times
        self.units = units
        self.spikeCount = spikeCount
        self.firstSpikes = firstSpikes
        self.maxima = maxima
        self.integrals = integrals
        self.endTime = endTime
        self.grid = grid
    }

    /// The first spike time of an output, +infinity if silent.
    @inlinable
    public func firstTime(_ output: Int) -> Double {
        firstSpikes[output] < 0 ? .infinity : times[firstSpikes[output]]
    }
}

/// What a sample should have given: a label, or a number per output.
public struct Target {
    /// The class, -1 if none was given.
    public let label: Int
    /// A number for each output, of the loss's `TargetKind`; `nil` unless targets were given.
    public let values: UnsafePointer<Double>?

    public init(label: Int, values: UnsafePointer<Double>? = nil) {
        self.label = label
        self.values = values
    }
}

/// What a loss takes of each output in place of labels.
public enum TargetKind: Sendable {
    /// Nothing: it needs labels.
    case none
    /// A time in seconds, >= 0; +infinity: no target.
    case times
    /// A membrane value, finite.
    case membranes
    /// A number of spikes, finite and >= 0.
    case counts
    /// As many numbers for each sample as the loss likes.
    case any
}

public struct SampleResult {
    public var value: Double
    /// The sample adds nothing to value and gradient: its label neuron, or all that have a target time, are silent.
    public var isSkipped: Bool
    /// What answers that are not there count where a training is judged, >= 0, in units of `Evaluation.undecided`: the label's counts 1, that of
    /// an output with a target the square of a distance in the loss's unit.
    public var missing: Double

    /// - Parameter missing: `nil`: 1 where the sample is skipped.
    public init(value: Double, isSkipped: Bool = false, missing: Double? = nil) {
        self.value = value
        self.isSkipped = isSkipped
        self.missing = missing ?? (isSkipped ? 1 : 0)
    }
}

/// A loss on the output of one sample. Batches are means over samples; rules multiply by samples' weights and divide by the batch size.
public protocol Loss: Sendable {
    var name: String { get }
    /// The values of all its fields, in their order: what tells losses of one name apart.
    var parameters: [Double] { get }
    /// Whether it looks at a leaky read-out's membrane rather than at spikes.
    var needsLeakyReadout: Bool { get }
    /// Where it looks at integrals of the membranes of a leaky read-out, seconds, of their weight e^{-t / tau}; +infinity: of a weight of 1. `nil`: at maxima or spikes.
    var integralTau: Double? { get }
    /// Whether it counts time in steps and so needs a recording on a grid.
    var needsGrid: Bool { get }
    /// What it can be given in place of labels.
    var targets: TargetKind { get }
    /// The largest number of spikes that it asks of one output in a sample; 0 if it asks for none in particular.
    func spikesAsked(_ objective: Objective, sampleCount: Int, outputCount: Int) -> Double
    /// - Throws: `invalidValue` naming the parameter that is out of its domain.
    func check() throws(SpinnpropError)
    /// The value for one sample. Adds the derivative with respect to each output spike's time (as many elements as spikes),
    /// or with respect to each maximum or integral of a leaky read-out (as many as outputs), to `errors`.
    func evaluate(_ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>) -> SampleResult
    /// The class the output stands for, -1 if no output spoke. Ties: the lowest index.
    func predict(_ output: OutputSample) -> Int
    /// The softmax over outputs that the loss rests on; uniform if no output spoke.
    func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>)
}

extension Loss {
    public var integralTau: Double? { nil }
    public var needsGrid: Bool { false }
    public var targets: TargetKind { .none }
    public func spikesAsked(_ objective: Objective, sampleCount: Int, outputCount: Int) -> Double { 0 }
}

/// Firing-rate regularisation of hidden layers:
/// strength / 2 * sum over neurons of (batch mean of n - target)^2, n = sum over spikes of exp(-t / tau).
///
/// The soft count n stands for the number of spikes, which has no derivative with respect to spike times.
public struct RateRegularisation: Equatable, Sendable {
    public var strength: Double
    public var target: Double
    /// Seconds; `nil`: `defaultTau` times the network's `timeStretch`.
    public var tau: Double?

    public static let defaultTau = 20e-3

    public init(strength: Double = 0, target: Double = 1, tau: Double? = nil) {
        self.strength = strength
        self.target = target
        self.tau = tau
    }

    /// What is checked, and what bindings carry.
    public static let fields: [OptionField<RateRegularisation>] = [
        OptionField("rate_strength", \.strength, .notNegative),
        OptionField("rate_target", \.target, .notNegative),
        OptionField("rate_tau", \.tau, .positive),
    ]
}

/// All that a gradient rule needs to know of what is wanted.
public struct Objective: Sendable {
    public var loss: any Loss
    /// A class for each sample; empty if targets are given and labels are not.
    public var labels: [Int]
    /// (sample, output), of the loss's `TargetKind`; empty unless it takes them.
    public var targets: [Double]
    /// What each sample's loss and derivatives are multiplied by, finite and >= 0; empty: 1. The divisor of the mean stays the number of samples,
    /// so that whole numbers stand for repeated samples but for that.
    public var sampleWeights: [Double]
    /// The number of each sample among the data it is from; empty: 0, 1, ...
    public var samples: [Int] = []
    /// Whether the value alone is wanted, of validation data.
    public var isValidation = false
    public var rate: RateRegularisation?
    /// Whether `Gradients.inputTimes` is wanted.
    public var wantsInputTimes: Bool
    /// Whether `Gradients.neurons` is wanted.
    public var wantsNeurons: Bool
    /// Derivatives to take further back in place of the loss's, which is then not asked.
    public private(set) var given: GivenErrors?

    public init(
        loss: any Loss, labels: [Int], targets: [Double] = [], sampleWeights: [Double] = [],
        rate: RateRegularisation? = nil, wantsInputTimes: Bool = true, wantsNeurons: Bool = false
    ) {
        self.loss = loss
        self.labels = labels
        self.targets = targets
        self.sampleWeights = sampleWeights
        self.rate = rate
        self.wantsInputTimes = wantsInputTimes
        self.wantsNeurons = wantsNeurons
    }

    /// Of the integrals of membranes at which errors are, if they are at any.
    public var integralTau: Double? {
        guard let given else { return loss.integralTau }
        return given.usedIntegralTau
    }

    /// The product of given derivatives with a recording's Jacobian.
    public init(
        _ given: GivenErrors, rate: RateRegularisation? = nil, wantsInputTimes: Bool = true, wantsNeurons: Bool = false
    ) {
        self.init(
            loss: NoLoss(), labels: [], rate: rate, wantsInputTimes: wantsInputTimes, wantsNeurons: wantsNeurons)
        self.given = given
    }
}

/// Stands where derivatives are given.
private struct NoLoss: Loss {
    let name = "errors that are given"
    let parameters: [Double] = []
    let needsLeakyReadout = false

    func check() {}
    func evaluate(_ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>) -> SampleResult {
        SampleResult(value: 0)
    }
    func predict(_ output: OutputSample) -> Int { -1 }
    func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        probabilities.update(repeating: 1 / Double(output.outputCount), count: output.outputCount)
    }
}

extension Objective {
    /// - Throws: `invalidValue` for wrong numbers of labels or targets or values out of range, `unsupported` for a loss that does
    ///   not suit the read-out.
    ///
    /// - Parameters:
    ///   - grid: that of the recording, or of the substrate that will make it.
    ///   - differentiatesNeurons: what the gradient rule says of itself.
    public func check(
        _ network: Network, sampleCount: Int, grid: TimeGrid? = nil, differentiatesNeurons: Bool = false
    ) throws(SpinnpropError) {
        try loss.check()
        guard differentiatesNeurons || !wantsNeurons else {
            throw .unsupported(
                "gradients of neuron parameters (\(LIFParameters.fields.map(\.name).joined(separator: ", "))) are asked for, which the "
                    + "gradient rule of engine \"event\" alone has; use that engine, or leave neuron parameters out")
        }
        // They are checked against the recording, where it is read.
        guard given == nil else { return }
        guard grid != nil || !loss.needsGrid else {
            throw .unsupported(
                "the loss \(loss.name) counts time in steps, and this engine has none; use engine \"clock\" or another loss"
            )
        }
        guard grid == nil || loss.integralTau == nil else {
            throw .unsupported(
                "the loss \(loss.name) looks at integrals of membranes, which engines with time steps do not have; use engine \"event\" or another "
                    + "loss")
        }
        let isLeaky = !network.layers[network.layers.count - 1].isSpiking
        let needed = loss.needsLeakyReadout ? "leaky" : "spiking"
        guard loss.needsLeakyReadout == isLeaky else {
            throw .unsupported(
                "the loss \(loss.name) needs a \(needed) read-out and the network's is \(isLeaky ? "leaky" : "spiking"); make the network with "
                    + "readout \"\(needed)\", or use another loss")
        }
        guard labels.count == sampleCount || (labels.isEmpty && !targets.isEmpty) else {
            throw .invalidValue("\(labels.count) labels for \(sampleCount) samples; give one per sample")
        }
        for (sample, label) in labels.enumerated() where label < 0 || label >= network.outputCount {
            throw .invalidValue(
                "the label of sample \(sample) is \(label); the network has outputs 0 .. \(network.outputCount - 1)")
        }
        guard targets.isEmpty || loss.targets == .any || targets.count == sampleCount * network.outputCount else {
            throw .invalidValue(
                "\(targets.count) targets for \(sampleCount) samples of \(network.outputCount) outputs; give samples x outputs"
            )
        }
        try checkTargets()
        guard sampleWeights.isEmpty || sampleWeights.count == sampleCount else {
            throw .invalidValue(
                "\(sampleWeights.count) sample weights for \(sampleCount) samples; give one per sample, or none")
        }
        for (sample, weight) in sampleWeights.enumerated() where !(weight >= 0 && weight <= Objective.largestNumber) {
            throw .invalidValue(
                "the weight of sample \(sample) is \(weight); it must be finite and >= 0, at most \(Objective.largestNumber); rescale the "
                    + "weights, so that their mean is 1")
        }
        if let rate {
            for field in RateRegularisation.fields { try field.check(rate) }
        }
    }

    /// Of targets and samples' weights: far above what anybody measures, and its square is a number.
    private static let largestNumber = 1e100

    private func checkTargets() throws(SpinnpropError) {
        guard !targets.isEmpty else { return }
        switch loss.targets {
        case .none:
            throw .unsupported(
                "\(loss.name) takes labels, not targets; use SpikeTimeMSE, SpikeCountMSE, VMaxMSE or MembraneMSE, or leave the targets out"
            )
        case .times:
            for (index, time) in targets.enumerated()
            where !(time >= 0 && (time <= Objective.largestNumber || time == .infinity)) {
                throw .invalidValue(
                    "target time \(index) is \(time); target times must be >= 0, at most \(Objective.largestNumber), "
                        + "+infinity for none")
            }
        case .any: break
        case .counts:
            for (index, count) in targets.enumerated() where !(count >= 0 && count <= Objective.largestNumber) {
                throw .invalidValue(
                    "target \(index) is \(count); target counts must be finite and >= 0, at most \(Objective.largestNumber)"
                )
            }
        case .membranes:
            for (index, value) in targets.enumerated() where !(value.magnitude <= Objective.largestNumber) {
                throw .invalidValue(
                    "target \(index) is \(value); targets of membranes must be finite, of magnitude <= \(Objective.largestNumber)"
                )
            }
        }
    }
}
