// Cross-entropy over the largest membrane values of a leaky read-out.
import Mathematics
import Networks

/// The label's membrane shall rise highest:
///
///     -log softmax(max over time of V)[label]
///
/// Equation: Wunderlich & Pehle 2021 (arXiv 2009.08378). No parameters. Every output always speaks: one that never rises
/// has the maximum 0, its value at the start.
public struct VMaxCrossEntropy: TabledLoss, Equatable {
    public init() {}

    public var name: String { "VMaxCrossEntropy" }
    public var needsLeakyReadout: Bool { true }

    public static let fields: [OptionField<VMaxCrossEntropy>] = []

    public func evaluate(
        _ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>
    ) -> SampleResult {
        guard target.label >= 0 else { return SampleResult(value: 0, isSkipped: true) }
        return withScratch(output.outputCount) { scratch in
            scratch.update(from: output.maxima, count: output.outputCount)
            let value = Softmax.crossEntropy(scratch, count: output.outputCount, label: target.label)
            for neuron in 0..<output.outputCount { errors[neuron] += scratch[neuron] }
            return SampleResult(value: value)
        }
    }

    public func predict(_ output: OutputSample) -> Int { output.highestOutput }

    public func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        probabilities.update(from: output.maxima, count: output.outputCount)
        Softmax.probabilities(probabilities, count: output.outputCount)
    }
}
