// Reward-modulated STDP: what correlations ask for, as far as success says so.
import Mathematics

/// w <- min(63, w + beta c S) of one sender's synapses, rounded, c their causal read-outs and S the success (Wunderlich et al. 2019,
/// Frontiers in Neuroscience 13:260). Afterwards all sensors are reset.
public final class RewardModulatedSTDP: PlasticityProgram {
    private let sender: Int
    private let factor: Fraction

    /// - Parameters:
    ///   - sender: whose synapses learn: the one that was active.
    ///   - success: the reward less what was to be expected.
    ///   - learningRate: beta; times the success it is held to -8 ..< 8 in steps of 2^-12.
    public init(sender: Int, success: Double, learningRate: Double) {
        self.sender = sender
        factor = Fraction(learningRate * success)
    }

    public func run(on processor: PlasticityProcessor) throws(SpinnpropError) {
        guard sender >= 0, sender < processor.senderCount else {
            throw .invalidIndex("sender is \(sender); this array has senders 0 .. \(processor.senderCount - 1)")
        }
        let change = processor.product(try processor.correlations(of: sender).causal, factor)
        processor.setWeights(of: sender, processor.sum(processor.weights(of: sender), change))
        try processor.resetCorrelations()
    }
}
