// How far feedback weights point where errors should come from.
import Mathematics

/// Feedback of one hidden layer beside the product of the weights that lead from it to the output.
public struct Alignment: Equatable, Sendable {
    /// The angle between both as vectors, in degrees, 0 ... 180; NaN where one of them is 0.
    public let angle: Double
    /// The feedback's Euclidean norm over the product's; 0 or infinite where it leaves float64.
    public let normRatio: Double
}

extension LocalNetwork {
    /// Gives each hidden layer the product W_L ... W_(l+1), transposed, as its feedback.
    mutating func alignFeedback() throws(SpinnpropError) {
        var all: [[Float]] = []
        try products(nil) { (_, product, unit) in all.append(product.map { Float($0 * unit) }) }
        for (layer, feedback) in all.reversed().enumerated() { try setFeedback(feedback, layer: layer) }
    }

    /// One per hidden layer. - Throws: `cancelled` if `monitor` says so, which wide layers take long enough for; `outOfMemory`.
    public func alignments(_ monitor: Monitor? = nil) throws(SpinnpropError) -> [Alignment] {
        var all: [Alignment] = []
        try products(monitor) { (layer, product, unit) in
            all.append(alignment(layer, product, unit))
            monitor?.finish(1)
        }
        return all.reversed()
    }

    private func alignment(_ layer: Int, _ product: UnsafeBufferPointer<Double>, _ unit: Double) -> Alignment {
        let own = layers[layer]
        var (dot, squares, others) = (0.0, 0.0, 0.0)
        for neuron in 0..<own.neuronCount {
            for output in 0..<outputCount {
                let a = product[neuron * outputCount + output]
                let b = Double(own.feedback[output * own.stride + neuron])
                dot += a * b
                squares += b * b
                others += a * a
            }
        }
        let norms = squares.squareRoot() * others.squareRoot()
        let cosine = norms > 0 ? max(-1, min(1, dot / norms)) : .nan
        let angle = HalfTurn.angle(((1 - cosine) * (1 + cosine)).squareRoot(), cosine)
        return Alignment(angle: angle * 180 / .pi, normRatio: (squares / others).squareRoot() / unit)
    }

    /// Hands `body` each hidden layer, from the last to the first, with the product W_L ... W_(l+1), transposed: (neurons, outputs), in a unit that
    /// is a power of two and keeps its largest element near 1: of many layers neither it nor its squares leave float64.
    private func products(
        _ monitor: Monitor?, _ body: (_ layer: Int, _ product: UnsafeBufferPointer<Double>, _ unit: Double) -> Void
    ) throws(SpinnpropError) {
        let outputs = outputCount
        var unit = 1.0
        var (above, product) = (Block<Double>(), Block<Double>())
        for upper in layers.indices.dropFirst().reversed() {
            let own = layers[upper]
            let isLast = upper == layers.count - 1
            swap(&above, &product)
            try product.reserve(own.preCount * outputs)
            let (above, product) = (above.pointer, product.pointer)
            try own.rows.withUnsafeBufferPointer { (rows) throws(SpinnpropError) in
                let rows = Shared(rows.baseAddress.unsafelyUnwrapped, above, product)
                // Each sender's row by itself, so that nothing depends on which thread does it.
                let parts = min(own.preCount, 64)
                try parallelLoop(parts: parts, monitor: monitor) { (part) throws(SpinnpropError) in
                    let poller = Poller(monitor)
                    for sender in own.preCount * part / parts..<own.preCount * (part + 1) / parts {
                        try rows.multiply(sender, own.stride, own.neuronCount, outputs, isLast: isLast, poller)
                    }
                }
            }
            let count = own.preCount * outputs
            var largest = 0.0
            for n in 0..<count { largest = max(largest, product[n].magnitude) }
            if largest > 0 {
                for n in 0..<count { product[n] /= largest.binade }
                unit *= largest.binade
            }
            body(upper - 1, UnsafeBufferPointer(start: product, count: count), unit)
        }
    }
}

/// What the threads of a product read, and where each writes its own rows.
private struct Shared: @unchecked Sendable {
    let rows: UnsafePointer<Float>
    let above: UnsafeMutablePointer<Double>
    let product: UnsafeMutablePointer<Double>

    init(
        _ rows: UnsafePointer<Float>, _ above: UnsafeMutablePointer<Double>, _ product: UnsafeMutablePointer<Double>
    ) { (self.rows, self.above, self.product) = (rows, above, product) }

    func multiply(
        _ sender: Int, _ stride: Int, _ count: Int, _ outputs: Int, isLast: Bool, _ poller: Poller
    ) throws(SpinnpropError) {
        let row = rows + sender * stride
        let sum = product + sender * outputs
        if isLast {
            for neuron in 0..<count { sum[neuron] = Double(row[neuron]) }
            return try poller.spend(count)
        }
        sum.update(repeating: 0, count: outputs)
        for neuron in 0..<count {
            let weight = Double(row[neuron])
            let other = above + neuron * outputs
            for output in 0..<outputs { sum[output] += weight * other[output] }
            try poller.spend(outputs)
        }
    }
}
