// A network that learns locally: forward weights, biases, and the feedback weights that bring errors to hidden layers.
import Mathematics

/// Neurons of one layer with all that leads to them, in float32.
public struct LocalLayer: Equatable, Sendable {
    public let preCount: Int
    public let neuronCount: Int
    /// The number of neurons, rounded up to whole vectors; what is beyond them is 0.
    package let stride: Int
    /// A row for each sender: its weights to all neurons, `stride` of them.
    package var rows: [Float]
    package var biases: [Float]
    /// A row for each output neuron: what its errors are to the neurons. Empty in the last layer.
    package var feedback: [Float]
    /// Of integer learning: weights and biases are multiples of 2^-exponent, feedback weights likewise; `nil` in float32.
    var weightExponent: Int?
    var feedbackExponent: Int?
}

/// A chain of layers. A step of layer l (arXiv 2110.14092):
///
///     v <- d v (1 - s) + b + W x,   s = [v > theta]
///
/// with x the input of the same step, or the spikes of the layer below in it. In float32, weights added in the order of senders.
public struct LocalNetwork: Equatable, Sendable {
    /// Inputs, then the neurons of each layer.
    public let sizes: [Int]
    public package(set) var layers: [LocalLayer]

    public var inputCount: Int { sizes[0] }
    public var outputCount: Int { sizes[sizes.count - 1] }
    /// Weights, biases and feedback weights.
    public var parameterCount: Int {
        layers.reduce(0) { $0 + $1.neuronCount * ($1.preCount + 1) + $1.feedback.count }
    }

    static let width = 8
    static func padded(_ count: Int) -> Int { (count + width - 1) / width * width }

    /// Weights are drawn with mean 0 and variance 1 / (3 n_before), feedback with 1 / (5 outputs); biases are 0. Layer l takes the stream
    /// `LocalPurpose.weights` of l, row by row of (post, pre), feedback likewise.
    ///
    /// - Throws: `invalidValue` for fewer than two sizes, or one below 1; `outOfMemory`.
    public init(sizes: [Int], seed: UInt64 = 0, feedback: LocalFeedback = .random) throws(SpinnpropError) {
        try self.init(zeros: sizes)
        for layer in layers.indices {
            var random = LocalPurpose.weights.stream(seed: seed, UInt64(layer))
            let scale = 1 / (3 * Double(layers[layer].preCount)).squareRoot()
            try setWeights(drawn(layers[layer].preCount * layers[layer].neuronCount, scale, &random), layer: layer)
        }
        switch feedback {
        case .aligned: try alignFeedback()
        case .random:
            for layer in layers.indices.dropLast() {
                var random = LocalPurpose.feedback.stream(seed: seed, UInt64(layer))
                let scale = 1 / (5 * Double(outputCount)).squareRoot()
                try setFeedback(drawn(layers[layer].neuronCount * outputCount, scale, &random), layer: layer)
            }
        }
    }

    /// All weights, biases and feedback weights 0. - Throws: as `init(sizes:seed:feedback:)`.
    package init(zeros sizes: [Int]) throws(SpinnpropError) {
        guard sizes.count >= 2 else {
            throw .invalidValue("a network needs an input and at least one layer; its sizes are \(sizes)")
        }
        var total = 0
        for (index, size) in sizes.enumerated() {
            guard size >= 1, size <= LocalNetwork.largestSize else {
                throw .invalidValue(
                    "size \(index) of the network is \(size); it must be 1 .. \(LocalNetwork.largestSize)")
            }
            if index > 0 { total += LocalNetwork.padded(size) * (sizes[index - 1] + sizes[sizes.count - 1]) }
        }
        // The weights, and the feedback weights' product.
        try Memory.check(count: total, bytesPerElement: 3 * MemoryLayout<Float>.stride, "the network's weights")
        self.sizes = sizes
        layers = []
        for layer in 1..<sizes.count {
            let (pre, own) = (sizes[layer - 1], sizes[layer])
            let stride = LocalNetwork.padded(own)
            layers.append(
                LocalLayer(
                    preCount: pre, neuronCount: own, stride: stride, rows: [Float](repeating: 0, count: pre * stride),
                    biases: [Float](repeating: 0, count: stride),
                    feedback: [Float](
                        repeating: 0, count: layer < sizes.count - 1 ? sizes[sizes.count - 1] * stride : 0)))
        }
    }

    /// Far below where a product of two sizes overflows.
    static let largestSize = 1 << 24

    private func drawn(_ count: Int, _ scale: Double, _ random: inout RandomStream) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(count)
        for _ in 0..<count { values.append(Float(scale * random.normal())) }
        return values
    }

    /// The weights to a layer, (post, pre).
    public func weights(layer: Int) -> [Float] { layers[layer].transposed(layers[layer].rows, layers[layer].preCount) }
    /// The biases of a layer.
    public func biases(layer: Int) -> [Float] { Array(layers[layer].biases.prefix(layers[layer].neuronCount)) }
    /// The feedback weights of a hidden layer, (neurons, outputs); empty for the last layer.
    public func feedback(layer: Int) -> [Float] {
        layers[layer].feedback.isEmpty ? [] : layers[layer].transposed(layers[layer].feedback, outputCount)
    }

    /// How many weights, biases and feedback weights a layer has.
    public func counts(layer: Int) -> (weights: Int, biases: Int, feedback: Int) {
        let own = layers[layer]
        return (
            own.preCount * own.neuronCount, own.neuronCount, own.feedback.isEmpty ? 0 : own.neuronCount * outputCount
        )
    }

    /// - Throws: `invalidValue` on a wrong count, a value that is not finite, or of integers one beyond int8.
    public mutating func setWeights(_ values: [Float], layer: Int) throws(SpinnpropError) {
        let own = layers[layer]
        try LocalNetwork.check(values, "weights", counts(layer: layer).weights)
        let held = try LocalLayer.onGrid(values, own.weightExponent, "weights")
        layers[layer].fill(\.rows, held, rowCount: own.preCount)
    }

    public mutating func setBiases(_ values: [Float], layer: Int) throws(SpinnpropError) {
        try LocalNetwork.check(values, "biases", counts(layer: layer).biases)
        let held = try LocalLayer.onGrid(values, layers[layer].weightExponent, "biases")
        for (neuron, value) in held.enumerated() { layers[layer].biases[neuron] = value }
    }

    /// - Throws: `invalidValue` for the last layer, which has none, besides.
    public mutating func setFeedback(_ values: [Float], layer: Int) throws(SpinnpropError) {
        let own = layers[layer]
        try LocalNetwork.check(values, "feedback", counts(layer: layer).feedback)
        let held = try LocalLayer.onGrid(values, own.feedbackExponent, "feedback")
        if !own.feedback.isEmpty { layers[layer].fill(\.feedback, held, rowCount: outputCount) }
    }

    private static func check(_ values: [Float], _ name: String, _ count: Int) throws(SpinnpropError) {
        guard values.count == count else {
            throw .invalidValue("\(name) has \(values.count) elements; this layer takes \(count)")
        }
        for (index, value) in values.enumerated() where !value.isFinite {
            throw .invalidValue("\(name)[\(index)] is \(value); every element must be finite")
        }
    }
}

extension LocalLayer {
    /// Rows per sender as (post, sender).
    func transposed(_ rows: [Float], _ rowCount: Int) -> [Float] {
        var values = [Float](repeating: 0, count: rowCount * neuronCount)
        for row in 0..<rowCount {
            for neuron in 0..<neuronCount { values[neuron * rowCount + row] = rows[row * stride + neuron] }
        }
        return values
    }

    mutating func fill(_ path: WritableKeyPath<LocalLayer, [Float]>, _ values: [Float], rowCount: Int) {
        let (stride, neuronCount) = (stride, neuronCount)
        self[keyPath: path].withUnsafeMutableBufferPointer { rows in
            for row in 0..<rowCount {
                for neuron in 0..<neuronCount { rows[row * stride + neuron] = values[neuron * rowCount + row] }
            }
        }
    }
}

/// What randomness is used for; each purpose has its own streams.
package enum LocalPurpose: UInt64 {
    /// One stream per layer.
    case weights = 1
    case feedback = 2
    /// One stream per epoch.
    case order = 3
    /// One stream per sample of an epoch.
    case encoding = 4
    /// One stream per sleep and layer: what all samples share.
    case sleep = 5
    /// One stream per sleep and sample; layers from the top.
    case dreams = 6
    /// One stream per showing and sample, by its content.
    case showing = 7
    /// One stream per epoch, update and layer.
    case rounding = 8
    /// One stream per sleep.
    case sleepRounding = 9

    package func stream(seed: UInt64, _ first: UInt64, _ second: UInt64 = 0) -> RandomStream {
        RandomStream(seed: seed, purpose: rawValue, first, second)
    }
}
