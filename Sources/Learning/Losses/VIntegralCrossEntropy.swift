// Cross-entropy over weighted time integrals of a leaky read-out's membranes.
import Mathematics
import Networks

/// The label's membrane shall be the highest in the mean over a sample:
///
///     -log softmax(scale / T * integral from 0 to T of e^{-t / tau0} V dt)[label]
///
/// T is the end of the run, or tau0 of a run until silence. Unlike first spikes and maxima an integral feels every spike that reaches the read-out,
/// and one that appears or vanishes at the end of the weight changes little. Equation: loss shaping, Nowotny, Turner and Knight 2022 (arXiv 2212.01232), whose
/// weight is e^{-t / T}; there T and scale are part of the unit of V.
///
/// | symbol | name    | default   | unit | meaning                                                       |
/// |--------|---------|-----------|------|---------------------------------------------------------------|
/// | tau0   | `tau0`  | +infinity | s    | of the weight, > 0; +infinity: 1, for runs with a finite end  |
/// |        | `scale` | 10        | -    | what a mean membrane of 1 counts, > 0                         |
public struct VIntegralCrossEntropy: TabledLoss, Equatable {
    public static let defaultTau0 = Double.infinity
    public static let defaultScale = 10.0

    public var tau0: Double
    public var scale: Double

    public init() { self.init(tau0: VIntegralCrossEntropy.defaultTau0) }

    public init(tau0: Double = defaultTau0, scale: Double = defaultScale) {
        self.tau0 = tau0
        self.scale = scale
    }

    public var name: String { "VIntegralCrossEntropy" }
    public var needsLeakyReadout: Bool { true }
    public var integralTau: Double? { tau0 }

    public static let fields: [OptionField<VIntegralCrossEntropy>] = [
        OptionField("tau0", \.tau0, .positive(infinity: "a weight of 1")),
        OptionField("scale", \.scale, .positive),
    ]

    /// What an integral of 1 adds to the logit. A run of no length has none.
    private func factor(_ output: OutputSample) -> Double {
        let length = output.endTime < .infinity ? output.endTime : tau0
        return length > 0 ? scale / length : 0
    }

    public func evaluate(
        _ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>
    ) -> SampleResult {
        guard target.label >= 0 else { return SampleResult(value: 0, isSkipped: true) }
        let factor = factor(output)
        return withScratch(output.outputCount) { scratch in
            for neuron in 0..<output.outputCount { scratch[neuron] = factor * output.integrals[neuron] }
            let value = Softmax.crossEntropy(scratch, count: output.outputCount, label: target.label)
            for neuron in 0..<output.outputCount { errors[neuron] += factor * scratch[neuron] }
            return SampleResult(value: value)
        }
    }

    public func predict(_ output: OutputSample) -> Int {
        OutputSample.highest(output.integrals, count: output.outputCount)
    }

    public func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        let factor = factor(output)
        for neuron in 0..<output.outputCount { probabilities[neuron] = factor * output.integrals[neuron] }
        Softmax.probabilities(probabilities, count: output.outputCount)
    }
}
