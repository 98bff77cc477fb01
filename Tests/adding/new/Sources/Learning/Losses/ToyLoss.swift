// A loss that only a test has: the label neuron shall spike early.
import Mathematics
import Networks

/// gain / 2 (t_label / tau0)^2, t_label the label's first spike time; a sample whose label neuron is silent is skipped.
///
/// | symbol | name   | default | unit | meaning                       |
/// |--------|--------|---------|------|-------------------------------|
/// | gain   | `gain` | 2       | -    | how much it counts, > 0       |
/// | tau0   | `tau0` | 5e-3    | s    | when a spike counts as late   |
public struct ToyLoss: TabledLoss, Equatable {
    public var gain = 2.0
    public var tau0 = 5e-3

    public init() {}

    public var name: String { "ToyLoss" }
    public var needsLeakyReadout: Bool { false }

    public static let fields: [OptionField<ToyLoss>] = [
        OptionField("gain", \.gain, .above(0, to: 8)),
        OptionField("tau0", \.tau0, .positive),
    ]

    public func evaluate(
        _ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>
    ) -> SampleResult {
        guard target.label >= 0, output.firstSpikes[target.label] >= 0 else {
            return SampleResult(value: 0, isSkipped: true)
        }
        let lateness = output.firstTime(target.label) / tau0
        errors[output.firstSpikes[target.label]] += gain * lateness / tau0
        return SampleResult(value: gain / 2 * lateness * lateness)
    }

    public func predict(_ output: OutputSample) -> Int { output.earliestOutput }

    public func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        output.latencyLogits(tau: tau0, into: probabilities)
        Softmax.probabilities(probabilities, count: output.outputCount)
    }
}
