// Cross-entropy over spike counts with a soft edge in time.
import Mathematics
import Networks

/// The label neuron shall spike most:
///
///     -log softmax(scale * n)[label],   n = sum over a neuron's spikes of exp(-t / tau0)
///
/// A plain count has no derivative with respect to spike times; the soft one rewards early spikes of the label. With
/// tau0 = infinity it is the plain count and its gradient zero. A sample whose label neuron is silent is skipped.
///
/// | symbol | name    | default | unit | meaning                                          |
/// |--------|---------|---------|------|--------------------------------------------------|
/// | scale  | `scale` | 1       | -    | the logit of one spike at time 0, > 0            |
/// | tau0   | `tau0`  | 20e-3   | s    | the time after which a spike counts 1/e, > 0     |
public struct SpikeCountCrossEntropy: TabledLoss, Equatable {
    public static let defaultScale = 1.0
    public static let defaultTau0 = 20e-3

    public var scale: Double
    public var tau0: Double

    public init() { self.init(scale: SpikeCountCrossEntropy.defaultScale) }

    public init(scale: Double = defaultScale, tau0: Double = defaultTau0) {
        self.scale = scale
        self.tau0 = tau0
    }

    public var name: String { "SpikeCountCrossEntropy" }
    public var needsLeakyReadout: Bool { false }

    public static let fields: [OptionField<SpikeCountCrossEntropy>] = [
        OptionField("scale", \.scale, .positive),
        OptionField("tau0", \.tau0, .positive(infinity: "plain counts")),
    ]

    /// The logits scale * n.
    func countSpikes(_ output: OutputSample, into logits: UnsafeMutablePointer<Double>) {
        for neuron in 0..<output.outputCount { logits[neuron] = 0 }
        for spike in 0..<output.spikeCount {
            logits[Int(output.units[spike])] += scale * Elementary.exp(-output.times[spike] / tau0)
        }
    }

    public func evaluate(
        _ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>
    ) -> SampleResult {
        let label = target.label
        guard label >= 0, output.firstSpikes[label] >= 0 else { return SampleResult(value: 0, isSkipped: true) }
        return withScratch(output.outputCount) { scratch in
            countSpikes(output, into: scratch)
            let value = Softmax.crossEntropy(scratch, count: output.outputCount, label: label)
            for spike in 0..<output.spikeCount {
                let error = scratch[Int(output.units[spike])]
                errors[spike] -= error * scale / tau0 * Elementary.exp(-output.times[spike] / tau0)
            }
            return SampleResult(value: value)
        }
    }

    public func predict(_ output: OutputSample) -> Int {
        withScratch(output.outputCount) { scratch in
            countSpikes(output, into: scratch)
            var winner = -1
            for neuron in 0..<output.outputCount where output.firstSpikes[neuron] >= 0 {
                if winner < 0 || scratch[neuron] > scratch[winner] { winner = neuron }
            }
            return winner
        }
    }

    public func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        countSpikes(output, into: probabilities)
        Softmax.probabilities(probabilities, count: output.outputCount)
    }
}
