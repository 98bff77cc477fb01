// Squared distance of first spike times from target times.
import Mathematics
import Networks

/// Each output shall spike for the first time at its target:
///
///     1/2 sum over outputs of ((t - target) / tau0)^2,   t: first spike times
///
/// Targets are given per sample and output (`Objective.targets`), or follow from the label. Silent outputs and
/// infinite targets add nothing. A sample is skipped if its label neuron is silent, where targets follow from the label, or if
/// every output with a target is.
///
/// Where a training is judged, a silent output whose target is given counts as a spike at 0 would, at least as one tau0 off,
/// `max(1, (target / tau0)^2) / 2`: less, and networks that fall silent would look better than those whose spikes are that far from where they should
/// be. That amount is a choice of this library, no part of the gradient.
///
/// | symbol  | name     | default | unit | meaning                                                            |
/// |---------|----------|---------|------|--------------------------------------------------------------------|
/// | tau0    | `tau0`   | 5e-3    | s    | the distance that counts as 1, > 0                                 |
/// | t_label | `tLabel` | 20e-3   | s    | target of the label neuron, >= 0                                   |
/// | t_other | `tOther` | 30e-3   | s    | target of the other outputs, > t_label; infinite: none             |
///
/// The class is read from the earliest output: with t_label >= t_other what is learnt would be to be wrong.
public struct SpikeTimeMSE: TabledLoss, Equatable {
    public static let defaultTau0 = 5e-3
    public static let defaultTLabel = 20e-3
    public static let defaultTOther = 30e-3

    public var tau0: Double
    public var tLabel: Double
    public var tOther: Double

    public init() { self.init(tau0: SpikeTimeMSE.defaultTau0) }

    public init(tau0: Double = defaultTau0, tLabel: Double = defaultTLabel, tOther: Double = defaultTOther) {
        self.tau0 = tau0
        self.tLabel = tLabel
        self.tOther = tOther
    }

    public var name: String { "SpikeTimeMSE" }
    public var needsLeakyReadout: Bool { false }
    public var targets: TargetKind { .times }

    public static let fields: [OptionField<SpikeTimeMSE>] = [
        OptionField("tau0", \.tau0, .positive),
        OptionField("t_label", \.tLabel, .notNegative),
        OptionField("t_other", \.tOther, .notNegative(infinity: "no target")),
    ]

    public func check() throws(SpinnpropError) {
        for field in SpikeTimeMSE.fields { try field.check(self) }
        guard tLabel < tOther else {
            throw .invalidValue(
                "t_label is \(tLabel) and t_other \(tOther); the output that spikes first is the class, so the label's target "
                    + "must be the earlier one: make t_label smaller than t_other")
        }
    }

    public func evaluate(
        _ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>
    ) -> SampleResult {
        let label = target.label
        if target.values == nil {
            guard label >= 0, output.firstSpikes[label] >= 0 else { return SampleResult(value: 0, isSkipped: true) }
        }
        var value = 0.0
        var (isSeen, isMissed, missing) = (false, false, 0.0)
        for neuron in 0..<output.outputCount {
            let wanted = target.values.map { $0[neuron] } ?? (neuron == label ? tLabel : tOther)
            guard wanted < .infinity else { continue }
            guard output.firstSpikes[neuron] >= 0 else {
                isMissed = true
                missing += max(1, (wanted / tau0) * (wanted / tau0))
                continue
            }
            isSeen = true
            let distance = (output.firstTime(neuron) - wanted) / tau0
            value += distance * distance / 2
            errors[output.firstSpikes[neuron]] += distance / tau0
        }
        // Where targets follow from the label, its output has answered: others may well be silent.
        return SampleResult(
            value: value, isSkipped: isMissed && !isSeen, missing: target.values == nil ? 0 : missing)
    }

    public func predict(_ output: OutputSample) -> Int { output.earliestOutput }

    public func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        output.latencyLogits(tau: tau0, into: probabilities)
        Softmax.probabilities(probabilities, count: output.outputCount)
    }
}
