// Cross-entropy over times to first spike.
import Mathematics
import Networks

/// The label neuron shall spike before all others, and early:
///
///     -log softmax(-t / tau0)[label] + alpha (exp(t_label / tau1) - 1),   t: first spike times
///
/// Outputs that never spike are left out of the softmax; a sample whose label neuron is silent is skipped.
/// Equation: Wunderlich & Pehle 2021 (arXiv 2009.08378), with the defaults of their Yin-Yang experiment. Fast & Deep (Goeltz et al. 2021,
/// arXiv 1912.11443) has the same, larger by the constant alpha, with tau0 = xi tau_s and tau1 = beta tau_s: `init(tauSyn:xi:alpha:beta:)`.
///
/// | symbol | name    | default | unit | meaning                                                |
/// |--------|---------|---------|------|--------------------------------------------------------|
/// | tau0   | `tau0`  | 0.5e-3  | s    | the time difference that tells outputs apart, > 0      |
/// | alpha  | `alpha` | 3e-3    | -    | strength of the pull towards early spikes, >= 0        |
/// | tau1   | `tau1`  | 6.4e-3  | s    | the scale on which a label spike counts as late, > 0   |
///
/// A label spike later than about 709 tau1 (4.5 s with the defaults) has a value beyond float64: value and derivative are
/// then infinite, and whoever sums them reports it (`Trainer`, `Network.gradient`). With alpha = 0 no time is too late.
public struct TTFSCrossEntropy: TabledLoss, Equatable {
    public static let defaultTau0 = 0.5e-3
    public static let defaultAlpha = 3e-3
    public static let defaultTau1 = 6.4e-3

    public var tau0: Double
    public var alpha: Double
    public var tau1: Double

    public init() { self.init(tau0: TTFSCrossEntropy.defaultTau0) }

    public init(tau0: Double = defaultTau0, alpha: Double = defaultAlpha, tau1: Double = defaultTau1) {
        self.tau0 = tau0
        self.alpha = alpha
        self.tau1 = tau1
    }

    /// In units of the synaptic time constant, with the defaults of Fast & Deep.
    public init(tauSyn: Double, xi: Double = 0.2, alpha: Double = 5e-3, beta: Double = 1) {
        self.init(tau0: xi * tauSyn, alpha: alpha, tau1: beta * tauSyn)
    }

    public var name: String { "TTFSCrossEntropy" }
    public var needsLeakyReadout: Bool { false }

    public static let fields: [OptionField<TTFSCrossEntropy>] = [
        OptionField("tau0", \.tau0, .positive),
        OptionField("alpha", \.alpha, .notNegative),
        OptionField("tau1", \.tau1, .positive),
    ]

    public func evaluate(
        _ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>
    ) -> SampleResult {
        let label = target.label
        guard label >= 0, output.firstSpikes[label] >= 0 else { return SampleResult(value: 0, isSkipped: true) }
        return withScratch(output.outputCount) { scratch in
            output.latencyLogits(tau: tau0, into: scratch)
            // An unreachable label is a value beyond float64, like that of a label spike which is too late.
            guard scratch[label] > -.infinity else { return SampleResult(value: .infinity) }
            var value = Softmax.crossEntropy(scratch, count: output.outputCount, label: label)
            for neuron in 0..<output.outputCount where output.firstSpikes[neuron] >= 0 {
                errors[output.firstSpikes[neuron]] -= scratch[neuron] / tau0
            }
            if alpha > 0 {
                let lateness = output.firstTime(label) / tau1
                value += alpha * Elementary.expm1(lateness)
                errors[output.firstSpikes[label]] += alpha / tau1 * Elementary.exp(lateness)
            }
            return SampleResult(value: value)
        }
    }

    public func predict(_ output: OutputSample) -> Int { output.earliestOutput }

    public func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        output.latencyLogits(tau: tau0, into: probabilities)
        Softmax.probabilities(probabilities, count: output.outputCount)
    }
}
