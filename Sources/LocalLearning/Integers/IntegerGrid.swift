// The grid that weights of an integer training lie on: multiples of a power of two that int8 counts.
import Mathematics

extension LocalLayer {
    /// Exponents beyond these would leave no room for the threshold, or for what is multiplied with them.
    static let exponents = 0...16

    /// Values as -127 ... 127 times 2^-exponent, to the nearest; `nil`: as they are.
    ///
    /// - Throws: `invalidValue` naming the first that lies outside.
    static func onGrid(_ values: [Float], _ exponent: Int?, _ name: String) throws(SpinnpropError) -> [Float] {
        guard let exponent else { return values }
        let unit = Float(sign: .plus, exponent: -exponent, significand: 1)
        let bound = Float(Saturation.weight)
        var rounded: [Float] = []
        rounded.reserveCapacity(values.count)
        for (index, value) in values.enumerated() {
            let whole = (value / unit).rounded()
            guard whole.magnitude <= bound else {
                throw .invalidValue(
                    "\(name)[\(index)] is \(value); integers of this layer lie in \(-bound * unit) .. \(bound * unit)")
            }
            rounded.append(whole * unit)
        }
        return rounded
    }

    /// So that the largest value takes a quarter of int8 at most: the rest is to grow into.
    fileprivate static func exponent(_ values: [Float]) -> Int {
        let largest = values.reduce(0) { max($0, $1.magnitude) }
        guard largest > 0 else { return 6 }
        return max(exponents.lowerBound, min(exponents.upperBound, Int((32 / largest).exponent)))
    }
}

extension LocalNetwork {
    /// Puts on a grid what is not on one yet.
    ///
    /// - Throws: `invalidValue` for weights beyond int8.
    mutating func roundToIntegers() throws(SpinnpropError) {
        // Turned, rounded and turned back.
        try Memory.check(
            count: parameterCount, bytesPerElement: 3 * MemoryLayout<Float>.stride, "the network's integers")
        for (index, own) in layers.enumerated() {
            if own.weightExponent == nil {
                layers[index].weightExponent = LocalLayer.exponent(own.rows + own.biases)
                try setWeights(weights(layer: index), layer: index)
                try setBiases(biases(layer: index), layer: index)
            }
            if own.feedbackExponent == nil, !own.feedback.isEmpty {
                layers[index].feedbackExponent = LocalLayer.exponent(own.feedback)
                try setFeedback(feedback(layer: index), layer: index)
            }
        }
    }

    /// What a layer's weights and biases, and its feedback weights, are multiples of, as powers of 1/2; `nil` in float32.
    public func exponents(layer: Int) -> (weights: Int?, feedback: Int?) {
        (layers[layer].weightExponent, layers[layer].feedbackExponent)
    }

    /// For weights that are then set. - Throws: `invalidValue` for exponents that are not 0 ... 16.
    package mutating func setExponents(weights: Int, feedback: Int, layer: Int) throws(SpinnpropError) {
        for exponent in [weights, feedback] where !LocalLayer.exponents.contains(exponent) {
            throw .invalidValue("an exponent of layer \(layer) is \(exponent); it must be 0 .. 16")
        }
        layers[layer].weightExponent = weights
        layers[layer].feedbackExponent = layers[layer].feedback.isEmpty ? nil : feedback
    }
}
