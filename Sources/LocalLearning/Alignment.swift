// How far feedback weights point where errors should come from.
import Mathematics

/// Feedback of one hidden layer beside the product of the weights that lead from it to the output.
public struct Alignment: Equatable, Sendable {
    /// The angle between both as vectors, in degrees, 0 ... 180; NaN where one of them is 0.
    public let angle: Double
    /// The feedback's Euclidean norm over the product's.
    public let normRatio: Double
}

extension LocalNetwork {
    /// The product W_L ... W_(l+1), transposed: (neurons, outputs).
    func alignedFeedback(layer: Int) -> [Float] { product(from: layer).map { Float($0) } }

    /// One per hidden layer.
    public var alignments: [Alignment] {
        layers.indices.dropLast().map { layer in
            let (product, feedback) = (product(from: layer), feedback(layer: layer))
            var (dot, own, other) = (0.0, 0.0, 0.0)
            for (a, b) in zip(product, feedback) {
                dot += a * Double(b)
                own += Double(b) * Double(b)
                other += a * a
            }
            let norms = own.squareRoot() * other.squareRoot()
            let cosine = norms > 0 ? max(-1, min(1, dot / norms)) : .nan
            let angle = HalfTurn.angle(((1 - cosine) * (1 + cosine)).squareRoot(), cosine)
            return Alignment(angle: angle * 180 / .pi, normRatio: (own / other).squareRoot())
        }
    }

    /// (neurons, outputs), in float64.
    private func product(from layer: Int) -> [Double] {
        let outputs = outputCount
        var product: [Double] = []
        for upper in layers.indices.reversed().prefix(while: { $0 > layer }) {
            let own = layers[upper]
            var next = [Double](repeating: 0, count: own.preCount * outputs)
            for sender in 0..<own.preCount {
                for neuron in 0..<own.neuronCount {
                    let weight = Double(own.rows[sender * own.stride + neuron])
                    if upper == layers.count - 1 {
                        next[sender * outputs + neuron] = weight
                    } else {
                        for output in 0..<outputs {
                            next[sender * outputs + output] += weight * product[neuron * outputs + output]
                        }
                    }
                }
            }
            product = next
        }
        return product
    }
}
