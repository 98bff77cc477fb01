// Structural plasticity: weak synapses listen to somebody else.
import Mathematics

/// Synapses from sources whose weight is below a threshold in amount are given to other sources, drawn evenly among those that the neuron does
/// not hear yet, and begin with a weight of their own. The number of a neuron's synapses stays.
public final class StructuralPlasticity: PlasticityProgram {
    private let threshold: Int
    private let weight: Int8
    private let probability: Double

    /// - Parameters:
    ///   - threshold: synapses with smaller weights are weak: 0 ... 64.
    ///   - weight: of new synapses, as far as their source's sign allows.
    ///   - probability: with which a weak synapse is given away.
    public init(threshold: Int, weight: Int, probability: Double) {
        self.threshold = threshold
        self.weight = Int8(clamping: weight)
        self.probability = probability
    }

    public func run(on processor: PlasticityProcessor) throws(SpinnpropError) {
        let sources = 0..<processor.sourceCount
        var moves: [SynapseMove] = []
        // A neuron's synapses one after another, so that each draws among those that the earlier ones left.
        let rows = sources.map { (weights: processor.weights(of: $0), synapses: processor.synapses(of: $0)) }
        let chosen = sources.map { _ in processor.trials(probability) }
        for neuron in 0..<processor.neuronCount {
            var free = sources.filter { rows[$0].synapses.values[neuron] == 0 }
            for source in sources where rows[source].synapses.values[neuron] != 0 {
                let isWeak = Int(rows[source].weights.values[neuron].magnitude) < threshold
                guard isWeak, chosen[source].values[neuron] != 0, !free.isEmpty else { continue }
                // A source that is left is free from the next call on.
                let new = free.remove(at: processor.index(below: free.count))
                moves.append(SynapseMove(neuron: neuron, from: source, to: new, weight: weight))
            }
        }
        try processor.move(moves)
    }
}
