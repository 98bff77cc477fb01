// Squared distance of a leaky read-out's largest membrane values from targets.
import Mathematics
import Networks

/// Each membrane's largest value shall be its target:
///
///     1/2 sum over outputs of (max over time of V - target)^2
///
/// Targets are given per sample and output (`Objective.targets`), or follow from the label: 1 for its neuron, 0 for the others. No parameters.
/// Every output always speaks: one that never rises has the maximum 0, its value at the start, so no target below 0 is reached.
public struct VMaxMSE: TabledLoss, Equatable {
    public init() {}

    public var name: String { "VMaxMSE" }
    public var needsLeakyReadout: Bool { true }
    public var targets: TargetKind { .membranes }

    public static let fields: [OptionField<VMaxMSE>] = []

    public func evaluate(
        _ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>
    ) -> SampleResult {
        guard target.values != nil || target.label >= 0 else { return SampleResult(value: 0, isSkipped: true) }
        var value = 0.0
        for neuron in 0..<output.outputCount {
            let wanted = target.values.map { $0[neuron] } ?? (neuron == target.label ? 1 : 0)
            let distance = output.maxima[neuron] - wanted
            value += distance * distance / 2
            errors[neuron] += distance
        }
        return SampleResult(value: value)
    }

    public func predict(_ output: OutputSample) -> Int { output.highestOutput }

    public func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        probabilities.update(from: output.maxima, count: output.outputCount)
        Softmax.probabilities(probabilities, count: output.outputCount)
    }
}
