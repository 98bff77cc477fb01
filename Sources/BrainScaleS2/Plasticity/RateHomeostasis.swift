// Homeostasis: synapses grow where their neuron fires too seldom.
import Mathematics

/// dw = lambda (target - rate) with a probability, for each synapse of a neuron by itself (Cramer et al. 2020, arXiv 1909.08418).
///
/// Rates and targets are spikes within the program's period. Weights keep their sender's sign, if that has one: inhibition shrinks where
/// a neuron fires too seldom.
public final class RateHomeostasis: PlasticityProgram {
    private let target: UInt8
    private let factor: Fraction
    private let probability: Double

    /// - Parameters:
    ///   - target: spikes per period, 0 ... 255.
    ///   - learningRate: of the weight, per spike too few; -8 ..< 8 in steps of 2^-12.
    public init(target: Int, learningRate: Double, probability: Double) {
        self.target = UInt8(clamping: target)
        factor = Fraction(learningRate)
        self.probability = probability
    }

    public func run(on processor: PlasticityProcessor) throws(SpinnpropError) {
        let wanted = UnsignedLanes(repeating: target, count: processor.neuronCount)
        let change = processor.product(processor.difference(wanted, processor.rates()), factor)
        for sender in 0..<processor.senderCount {
            let chosen = processor.masked(change, processor.trials(probability))
            processor.setWeights(of: sender, processor.sum(processor.weights(of: sender), chosen))
        }
    }
}
