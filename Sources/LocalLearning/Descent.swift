// The update of weights by the gradients that the parts of a batch have left.
import Mathematics

extension LocalNetwork {
    /// W -= rate mean(gradient), and biases alike.
    ///
    /// - Throws: `invalidValue` if one of them leaves float32.
    mutating func descend(
        _ gradients: [LocalGradient], rate: Double, sampleCount: Int
    ) throws(SpinnpropError) {
        let factor = -Float(rate / Double(sampleCount))
        for index in layers.indices {
            try Descent("weight", index, gradients.map { $0.rows[index].pointer }, factor).run(&layers[index].rows)
            try Descent("bias", index, gradients.map { $0.biases[index].pointer }, factor).run(&layers[index].biases)
        }
    }
}

extension LocalNetwork {
    /// - Throws: `invalidValue` if somebody's step has brought a weight or a bias out of float32.
    package func checkFinite() throws(SpinnpropError) {
        for (index, layer) in layers.enumerated() {
            for (values, name) in [(layer.rows, "weight"), (layer.biases, "bias")] {
                try values.withUnsafeBufferPointer { (values) throws(SpinnpropError) in
                    try Descent.check(values, name, index)
                }
            }
        }
    }
}

extension LocalGradient {
    func clear() {
        for block in rows + biases { block.pointer.update(repeating: 0, count: block.capacity) }
    }

    /// The parts' sums, in order.
    static func total(
        _ parts: [LocalGradient], _ path: KeyPath<LocalGradient, [Block<Float>]>, layer: Int, count: Int
    ) -> [Float] {
        [Float](unsafeUninitializedCapacity: count) { target, filled in
            filled = count
            guard let to = target.baseAddress else { return }
            to.initialize(repeating: 0, count: count)
            for part in parts { Rows.add(part[keyPath: path][layer].pointer, times: 1, to: to, count) }
        }
    }
}

/// What one array of a layer is changed by. Threads take numbers apart from each other.
private struct Descent: @unchecked Sendable {
    private let name: String
    private let layer: Int
    private let gradients: [UnsafeMutablePointer<Float>]
    private let factor: Float

    init(_ name: String, _ layer: Int, _ gradients: [UnsafeMutablePointer<Float>], _ factor: Float) {
        (self.name, self.layer, self.gradients, self.factor) = (name, layer, gradients, factor)
    }

    /// So many numbers at once: they stay in the first cache while the parts' gradients are added up.
    private static let chunk = 2048

    func run(_ values: inout [Float]) throws(SpinnpropError) {
        let chunks = (values.count + Descent.chunk - 1) / Descent.chunk
        let parts = min(chunks, 16)
        try values.withUnsafeMutableBufferPointer { (values) throws(SpinnpropError) in
            let target = Target(values: values)
            try parallelLoop(parts: parts) { (part) throws(SpinnpropError) in
                let sums = try Block<Float>(Descent.chunk)
                for place in chunks * part / parts..<chunks * (part + 1) / parts {
                    let first = place * Descent.chunk
                    let own = UnsafeMutableBufferPointer(
                        rebasing: target.values[first..<min(target.values.count, first + Descent.chunk)])
                    try change(own, first, sums.pointer)
                }
            }
        }
    }

    private func change(
        _ own: UnsafeMutableBufferPointer<Float>, _ first: Int, _ sums: UnsafeMutablePointer<Float>
    ) throws(SpinnpropError) {
        guard let target = own.baseAddress else { return }
        sums.update(repeating: 0, count: own.count)
        for gradient in gradients { Rows.add(gradient + first, times: 1, to: sums, own.count) }
        Rows.add(sums, times: factor, to: target, own.count)
        try Descent.check(UnsafeBufferPointer(own), name, layer)
    }

    static func check(
        _ values: UnsafeBufferPointer<Float>, _ name: String, _ layer: Int
    ) throws(SpinnpropError) {
        var largest: UInt32 = 0
        for value in values { largest = max(largest, value.magnitude.bitPattern) }
        guard Float(bitPattern: largest).isFinite else {
            throw .invalidValue(
                "a \(name) of layer \(layer) leaves float32; use a smaller learning_rate, or, if its gradient does by itself, a smaller amplitude "
                    + "or decay, or fewer steps")
        }
    }

    private struct Target: @unchecked Sendable {
        let values: UnsafeMutableBufferPointer<Float>
    }
}
