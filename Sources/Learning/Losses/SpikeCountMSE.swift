// Squared distance of spike counts with a soft edge in time from targets.
import Mathematics
import Networks

/// Each output shall spike so many times:
///
///     1/2 sum over outputs of (n - target)^2,   n = sum over the output's spikes of exp(-t / tau0)
///
/// A count has no derivative with respect to spike times; the factor exp(-t / tau0) gives it one, and an infinite tau0 is the plain count, whose
/// gradient is zero. Targets are given per sample and output (`Objective.targets`), or follow from the label: `nLabel` for its neuron, `nOther`,
/// which must be fewer, for the others. A silent output counts 0 and has nothing to differentiate, but its distance is in the value, so that no
/// sample is skipped.
///
/// | symbol | name     | default | unit   | meaning                                      |
/// |--------|----------|---------|--------|----------------------------------------------|
/// | tau0   | `tau0`   | 20e-3   | s      | when a spike fades, > 0                      |
/// |        | `nLabel` | 2       | spikes | the soft count of the label's neuron, >= 0   |
/// |        | `nOther` | 0.2     | spikes | that of the others, >= 0, less than `nLabel` |
public struct SpikeCountMSE: TabledLoss, Equatable {
    public static let defaultTau0 = 20e-3
    public static let defaultNLabel = 2.0
    public static let defaultNOther = 0.2

    public var tau0: Double
    public var nLabel: Double
    public var nOther: Double

    public init() { self.init(tau0: SpikeCountMSE.defaultTau0) }

    public init(tau0: Double = defaultTau0, nLabel: Double = defaultNLabel, nOther: Double = defaultNOther) {
        self.tau0 = tau0
        self.nLabel = nLabel
        self.nOther = nOther
    }

    public var name: String { "SpikeCountMSE" }
    public var needsLeakyReadout: Bool { false }
    public var targets: TargetKind { .counts }

    public static let fields: [OptionField<SpikeCountMSE>] = [
        OptionField("tau0", \.tau0, .positive(infinity: "plain counts")),
        OptionField("n_label", \.nLabel, .notNegative),
        OptionField("n_other", \.nOther, .notNegative),
    ]

    public func check() throws(SpinnpropError) {
        for field in SpikeCountMSE.fields { try field.check(self) }
        guard nOther < nLabel else {
            throw .invalidValue(
                "n_label is \(nLabel) and n_other \(nOther); the output that spikes most is the class, so the label's count must be "
                    + "the larger one: make n_other smaller than n_label")
        }
    }

    public func spikesAsked(_ objective: Objective, sampleCount: Int, outputCount: Int) -> Double {
        // n_other is less than n_label.
        objective.targets.isEmpty ? objective.labels.isEmpty ? 0 : nLabel : objective.targets.max() ?? 0
    }

    private var counts: SpikeCountCrossEntropy { SpikeCountCrossEntropy(scale: 1, tau0: tau0) }

    public func evaluate(
        _ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>
    ) -> SampleResult {
        guard target.values != nil || target.label >= 0 else { return SampleResult(value: 0, isSkipped: true) }
        return withScratch(output.outputCount) { distances in
            counts.countSpikes(output, into: distances)
            var value = 0.0
            for neuron in 0..<output.outputCount {
                distances[neuron] -= target.values.map { $0[neuron] } ?? (neuron == target.label ? nLabel : nOther)
                value += distances[neuron] * distances[neuron] / 2
            }
            for spike in 0..<output.spikeCount {
                errors[spike] -=
                    distances[Int(output.units[spike])] / tau0 * Elementary.exp(-output.times[spike] / tau0)
            }
            return SampleResult(value: value)
        }
    }

    public func predict(_ output: OutputSample) -> Int { counts.predict(output) }

    public func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        counts.probabilities(output, into: probabilities)
    }
}
