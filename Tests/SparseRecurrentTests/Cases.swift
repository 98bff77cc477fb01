// Networks that the tests share.
import Mathematics

@testable import SparseRecurrent

enum Case {
    /// Weights w (1 +- spread), one per synapse.
    static func network(
        _ model: NeuronModel, n: Int, k: Int, weight: Double, spread: Double, seed: UInt64, isVaried: Bool = false,
        drive: Double = 0.5, isStored: Bool = true
    ) throws -> SparseNetwork {
        var stream = RandomStream(seed: seed, stream: 9)
        let connectivity = try Connectivity(neuronCount: n, degree: k, seed: seed, isStored: isStored)
        return try SparseNetwork(
            connectivity, model: model,
            drives: isVaried ? (0..<n).map { _ in drive * (0.7 + 0.6 * stream.uniform()) } : [drive],
            weights: (0..<n * k).map { _ in weight * (1 + spread * (2 * stream.uniform() - 1)) }, seed: seed)
    }

    static func phases(_ network: SparseNetwork, seed: UInt64 = 5) -> [Double] {
        var stream = RandomStream(seed: seed, stream: 10)
        let (reset, threshold) = (network.model.reset, network.model.threshold)
        return (0..<network.neuronCount).map { _ in reset + (threshold - reset) * stream.uniform() }
    }

    static func inputs(_ network: SparseNetwork, count: Int, until end: Double, seed: UInt64 = 6) throws -> InputSpikes
    {
        var stream = RandomStream(seed: seed, stream: 11)
        let n = network.neuronCount
        return try InputSpikes(
            times: (0..<count).map { _ in end * stream.uniform() },
            units: (0..<count).map { _ in Int32(stream.index(below: n)) },
            weights: (0..<count).map { _ in 0.4 * stream.uniform() - 0.2 }, neuronCount: n)
    }

    /// The balanced network of the paper.
    static func balanced(_ n: Int, _ k: Int, _ rate: Double, _ model: NeuronModel) throws -> SparseNetwork {
        try SparseNetwork(neuronCount: n, degree: k, model: model, rate: rate, seed: 3)
    }
}
