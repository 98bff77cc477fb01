// The emulated BrainScaleS-2 as a substrate: the chip's network runs, layer by layer, and leaves a measured recording of the user's.
import EventDriven
import Mathematics
import Networks
import Spikes
import Synchronization

/// Runs networks as an analog chip would: with its circuits' own time constants, thresholds, resets and delays, weights in six bits, noise, and
/// events that its clock rounds. Its recordings are measured ones: of the network that it was given, with the spikes that the chip's
/// had, so that rules in continuous time differentiate the model where the chip was (training in the loop).
///
/// Noise is drawn from the chip's noise seed, the network's parameters and the input: the same run gives the same spikes, whatever ran before
/// and on however many threads; a step of training changes the parameters, and so the noise. With several chips each run takes one of
/// them, drawn likewise: training on many at once.
///
/// What is emulated, and how closely:
/// - Neurons are those of the exact engine, each with one synaptic time constant, for which the spread of excitatory inputs' is taken.
/// - Noise of a membrane moves its spikes by how far the membrane is moved over how fast it rises, together with jitter at most by a
///   tau_mem: a first approximation, in which no spike comes or goes by noise.
/// - Spikes of a layer with recurrence reach the layer itself exactly when they happen; only on the way out they are jittered and rounded.
/// - The events of the input and of each layer take turns among themselves; an input's event reaches all its copies. Up to 128 wait, further
///   ones are lost.
public struct BrainScaleS2Engine: Substrate {
    public static let name = "brainscales2"
    public var name: String { BrainScaleS2Engine.name }
    public var rule: any GradientRule { EventAdjoint() }

    public let chips: [BrainScaleS2Chip]
    public let options: BrainScaleS2Options
    private let deviations: [Deviations]
    private let losses = Losses()

    /// - Throws: `invalidValue` naming the option that is out of its domain, or if there is no chip.
    public init(_ chips: [BrainScaleS2Chip], _ options: BrainScaleS2Options = BrainScaleS2Options())
        throws(SpinnpropError)
    {
        try options.check()
        guard !chips.isEmpty else { throw .invalidValue("chips is empty; give at least one") }
        self.chips = chips
        self.options = options
        deviations = chips.map { Deviations($0) }
    }

    /// A calibrated chip of seed 0.
    public init() {
        chips = [BrainScaleS2Chip.standard]
        options = BrainScaleS2Options()
        deviations = [Deviations(BrainScaleS2Chip.standard)]
    }

    /// Events lost on their way in all runs of this engine and of its copies so far, those of sessions among them.
    public var lostEvents: Int { losses.count.load(ordering: .relaxed) }

    /// Everything that makes a difference to what it records.
    public var optionValues: [Double] {
        func values<Options>(_ options: Options, _ fields: [OptionField<Options>]) -> [Double] {
            fields.map { field in
                if case .word(let word) = field.get(options) { return Double(bitPattern: word) }
                return field.get(options).number ?? .nan
            }
        }
        return values(options, BrainScaleS2Options.fields)
            + chips.flatMap {
                values($0.options, BrainScaleS2ChipOptions.fields) + ($0.codes ?? []).map(Double.init)
            }
    }

    public func forward(
        _ network: Network, _ input: SpikeTrains, options: ForwardOptions, monitor: Monitor?
    ) throws(SpinnpropError) -> Recording {
        let (spikes, maxima) = try measure(network, input, options, monitor)
        let recording = try Recording.measured(
            network, input, spikes, endTime: options.endTime, maxima: maxima, findsDeviations: options.findsDeviations,
            monitor: monitor)
        guard let tau = options.integralTau else { return recording }
        return try recording.integrated(by: network, tau: tau, monitor: monitor)
    }

    /// Parameters stay where the exact engine's adjoint reads them; only spikes come from the chip.
    ///
    /// - Throws: `unsupported` with the sizes if the network does not fit.
    public func session(
        _ network: Network, optimizer: Optimizer, options: ForwardOptions
    ) throws(SpinnpropError) -> any Session {
        try BrainScaleS2Placement(network, inputCopies: self.options.inputCopies).check()
        return try EventSession(network, optimizer, options) { (network, input, monitor) throws(SpinnpropError) in
            try measure(network, input, options, monitor)
        }
    }

    /// Of a sample's events, the input's are known beforehand.
    public func check(_ input: SpikeTrains) throws(SpinnpropError) {
        guard !options.countLosses else { return }
        for chip in chips {
            try EventLink(chip.options, speedup: options.speedup).check(input, speedup: options.speedup)
        }
    }

    /// What the chip reports of a run.
    private func measure(
        _ network: Network, _ input: SpikeTrains, _ options: ForwardOptions, _ monitor: Monitor?
    ) throws(SpinnpropError) -> (spikes: [SpikeTrains], maxima: [Double]?) {
        let placement = BrainScaleS2Placement(network, inputCopies: self.options.inputCopies)
        try placement.check()
        try check(input)
        guard input.unitCount == network.inputCount else {
            throw .invalidValue(
                "the input has n_units = \(input.unitCount), the network \(network.inputCount) input units; they must agree"
            )
        }
        var hash = Fingerprint()
        hash.add(network.fingerprint)
        hash.add(input)
        let own = chips.count == 1 ? 0 : Int(hash.value % UInt64(chips.count))
        hash.add(chips[own].options.noiseSeed)
        var run = ChipRun(network, physical(placement, chip: own), noiseSeed: hash.value, options, monitor)
        try run.run(input)
        losses.count.add(run.lostCount, ordering: .relaxed)
        return (run.spikes, network.layers.last?.isSpiking == false ? run.maxima : nil)
    }

    private func physical(_ placement: BrainScaleS2Placement, chip: Int) -> PhysicalLayer {
        PhysicalLayer(chip: chips[chip], deviations: deviations[chip], options: options, placement: placement)
    }

    /// The weights of a connection as the first chip's synapses have them, in the network's units, (post, pre).
    ///
    /// - Throws: `unsupported` with the sizes if the network does not fit.
    public func physicalWeights(_ network: Network, connection: Int) throws(SpinnpropError) -> [Double] {
        let placement = BrainScaleS2Placement(network, inputCopies: options.inputCopies)
        try placement.check()
        let own = network.connections[connection]
        let before = network.connections.indices.filter { index in
            let other = network.connections[index]
            return other.target == own.target
                && (other.isRecurrent ? 1 : 0, index) < (own.isRecurrent ? 1 : 0, connection)
        }
        let first = before.reduce(0) {
            let other = network.connections[$1]
            return $0 + other.preCount * (other.source == nil ? options.inputCopies : 1)
        }
        return physical(placement, chip: 0).weights(own, firstInput: first)
    }
}

/// What an engine and its copies count together.
private final class Losses: Sendable {
    let count = Atomic<Int>(0)
}
