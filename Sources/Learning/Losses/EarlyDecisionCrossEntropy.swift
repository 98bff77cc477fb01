// Cross-entropy over times to first spike, with a penalty on the time of the decision.
import Mathematics
import Networks

/// The label neuron shall spike before all others, and the decision shall come early, whoever makes it:
///
///     -log softmax(-t / tau0)[label] + alpha min(t) / tau1,   t: first spike times
///
/// The penalty grows with the first spike of any output, at which the class is known, and its derivative is that output's. (The term of
/// `TTFSCrossEntropy` grows with the label's spike, right decision or not.) Outputs that never spike are left out of the softmax; a sample whose
/// label neuron is silent is skipped.
///
/// | symbol | name    | default | unit | meaning                                           |
/// |--------|---------|---------|------|---------------------------------------------------|
/// | tau0   | `tau0`  | 0.5e-3  | s    | the time difference that tells outputs apart, > 0 |
/// | alpha  | `alpha` | 1e-2    | -    | what a delay of tau1 costs, >= 0                  |
/// | tau1   | `tau1`  | 6.4e-3  | s    | the unit of the decision's time, > 0              |
public struct EarlyDecisionCrossEntropy: TabledLoss, Equatable {
    public static let defaultTau0 = 0.5e-3
    public static let defaultAlpha = 1e-2
    public static let defaultTau1 = 6.4e-3

    public var tau0: Double
    public var alpha: Double
    public var tau1: Double

    public init() { self.init(tau0: EarlyDecisionCrossEntropy.defaultTau0) }

    public init(tau0: Double = defaultTau0, alpha: Double = defaultAlpha, tau1: Double = defaultTau1) {
        self.tau0 = tau0
        self.alpha = alpha
        self.tau1 = tau1
    }

    public var name: String { "EarlyDecisionCrossEntropy" }
    public var needsLeakyReadout: Bool { false }

    public static let fields: [OptionField<EarlyDecisionCrossEntropy>] = [
        OptionField("tau0", \.tau0, .positive),
        OptionField("alpha", \.alpha, .notNegative),
        OptionField("tau1", \.tau1, .positive),
    ]

    public func evaluate(
        _ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>
    ) -> SampleResult {
        let entropy = TTFSCrossEntropy(tau0: tau0, alpha: 0, tau1: tau1)
        var result = entropy.evaluate(output, target: target, errors: errors)
        let winner = output.earliestOutput
        guard !result.isSkipped, winner >= 0 else { return result }
        result.value += alpha * output.firstTime(winner) / tau1
        errors[output.firstSpikes[winner]] += alpha / tau1
        return result
    }

    public func predict(_ output: OutputSample) -> Int { output.earliestOutput }

    public func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        output.latencyLogits(tau: tau0, into: probabilities)
        Softmax.probabilities(probabilities, count: output.outputCount)
    }
}
