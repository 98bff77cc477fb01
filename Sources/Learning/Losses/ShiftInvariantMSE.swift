// Squared distance of first spike times from a wanted lead of the label's, whenever that is.
import Mathematics
import Networks

/// All other outputs shall spike a fixed time after the label neuron; when it spikes itself is left open:
///
///     1/2 sum over other outputs n of ((t_n - t_label - separation) / tau0)^2,   t: first spike times
///
/// with the gradient through the label's time too, so that moving all spikes together changes nothing. Silent outputs add nothing; a
/// sample whose label neuron is silent is skipped.
/// Equation: Goeltz, Weber, Kriener et al., DelGrad (arXiv 2404.19165), with times in units of tau0.
///
/// | symbol     | name         | default | unit | meaning                                              |
/// |------------|--------------|---------|------|------------------------------------------------------|
/// | separation | `separation` | 1e-3    | s    | how long after the label the others shall spike, > 0 |
/// | tau0       | `tau0`       | 5e-3    | s    | the distance that counts as 1, > 0                   |
public struct ShiftInvariantMSE: TabledLoss, Equatable {
    public static let defaultSeparation = 1e-3
    public static let defaultTau0 = 5e-3

    public var separation: Double
    public var tau0: Double

    public init() { self.init(separation: ShiftInvariantMSE.defaultSeparation) }

    public init(separation: Double = defaultSeparation, tau0: Double = defaultTau0) {
        self.separation = separation
        self.tau0 = tau0
    }

    public var name: String { "ShiftInvariantMSE" }
    public var needsLeakyReadout: Bool { false }

    public static let fields: [OptionField<ShiftInvariantMSE>] = [
        OptionField("separation", \.separation, .positive),
        OptionField("tau0", \.tau0, .positive),
    ]

    public func evaluate(
        _ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>
    ) -> SampleResult {
        let label = target.label
        guard label >= 0, output.firstSpikes[label] >= 0 else { return SampleResult(value: 0, isSkipped: true) }
        let wanted = output.firstTime(label) + separation
        var (value, sum) = (0.0, 0.0)
        for neuron in 0..<output.outputCount where neuron != label && output.firstSpikes[neuron] >= 0 {
            let distance = (output.firstTime(neuron) - wanted) / tau0
            value += distance * distance / 2
            sum += distance / tau0
            errors[output.firstSpikes[neuron]] += distance / tau0
        }
        errors[output.firstSpikes[label]] -= sum
        return SampleResult(value: value)
    }

    public func predict(_ output: OutputSample) -> Int { output.earliestOutput }

    public func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        output.latencyLogits(tau: tau0, into: probabilities)
        Softmax.probabilities(probabilities, count: output.outputCount)
    }
}
