// What is done to a gradient before a step: it is checked, clipped by value and clipped by norm.
import Mathematics
import Neurons

/// What clipping does to every entry of a gradient: entries beyond `value` are cut, then all are multiplied by `factor`.
public struct AppliedClipping: Equatable, Sendable {
    public let value: Double
    /// What brings the norm down to its limit; 1 if it is at or below it.
    public internal(set) var factor = 1.0
    /// Whether there is a limit to the norm, so that the norm had to be taken.
    public let takesNorm: Bool

    /// The entry after clipping.
    @inlinable @inline(__always)
    public func callAsFunction(_ entry: Double) -> Double { max(-value, min(value, entry)) * factor }
}

extension Optimizer {
    /// Gradients and parameters beyond this are refused; below it no square overflows.
    package var largestMagnitude: Double { precision == .double ? 1e140 : 1e12 }

    func checkBounds(_ network: Network, _ gradients: Gradients) throws(SpinnpropError) {
        for (index, connection) in network.connections.enumerated() {
            try checkBounds(gradients.weights[index], "the gradient of ", connection.name(ofWeight:))
            try checkBounds(connection.weights, "", connection.name(ofWeight:))
            if trainsDelays {
                try checkBounds(gradients.delays[index], "the gradient of ", connection.name(ofDelay:))
                try checkBounds(connection.delays, "", connection.name(ofDelay:))
                try checkBounds(delayParameters[index], "the trained number of ", connection.name(ofDelay:))
            }
        }
    }

    /// Of what is trained in the stead of neuron parameters.
    func checkNeuronBounds(_ gradients: Gradients) throws(SpinnpropError) {
        for own in neuronRule.arrays {
            try checkBounds(gradients.neurons[own.layer][keyPath: own.path], "the gradient of ") {
                "\(LIFParameters.fields[own.field].name)[\(own.layer)][\($0)]"
            }
        }
    }

    private func checkBounds(
        _ values: [Double], _ what: String, _ name: (Int) -> String
    ) throws(SpinnpropError) {
        guard values.withUnsafeBufferPointer({ !areBounded($0, by: largestMagnitude) }) else { return }
        let index = values.firstIndex { !($0.magnitude <= largestMagnitude) } ?? 0
        throw .invalidValue(
            "\(what)\(name(index)) is \(values[index]); lower the learning rate or clip gradients, and see "
                + "that the derivatives of a loss of your own are numbers of a usual size")
    }

    /// Whether all are numbers with at most the largest magnitude. Bit patterns without the sign are in the order of the
    /// magnitudes, with infinity and NaN last, so a borrow tells; no branch per element.
    private func areBounded(_ values: UnsafeBufferPointer<Double>, by largest: Double) -> Bool {
        let limit = largest.bitPattern
        var borrow: UInt64 = 0
        if let base = values.baseAddress {
            var index = 0
            while index < values.count {
                borrow |= limit &- (base[index].bitPattern & 0x7FFF_FFFF_FFFF_FFFF)
                index &+= 1
            }
        }
        return borrow >> 63 == 0
    }

    /// Turns gradients of delays into those of what is trained in their stead, with penalties.
    func differentiateDelays(_ gradients: inout Gradients, _ network: Network) {
        guard trainsDelays, !delayRule.isIdentity else { return }
        for (index, connection) in network.connections.enumerated() {
            for (at, delay) in connection.delays.enumerated() {
                gradients.delays[index][at] = delayRule.derivative(
                    gradients.delays[index][at], delay: precision.rounded(delay),
                    parameter: delayRule.isSigmoid ? delayParameters[index][at] : delay)
            }
        }
    }

    /// Clips to `clipValue`, then to `clipNorm`, the gradients of all that is trained and not frozen.
    func clip(_ gradients: inout Gradients, _ network: Network) -> AppliedClipping {
        var applied = AppliedClipping(value: options.clipValue, takesNorm: options.clipNorm < .infinity)
        if options.clipValue < .infinity {
            let bound = options.clipValue
            forEachArray(&gradients, network) { values in
                for index in values.indices { values[index] = max(-bound, min(bound, values[index])) }
            }
        }
        if options.clipNorm < .infinity {
            let norm = norm(&gradients, network)
            guard norm > options.clipNorm else { return applied }
            let factor = options.clipNorm / norm
            applied.factor = factor
            forEachArray(&gradients, network) { values in
                for index in values.indices { values[index] *= factor }
            }
        }
        return applied
    }

    /// The Euclidean norm. Elements are scaled by the largest, so that no square leaves float64.
    private func norm(_ gradients: inout Gradients, _ network: Network) -> Double {
        var largest = 0.0
        forEachArray(&gradients, network) { values in
            for value in values { largest = max(largest, value.magnitude) }
        }
        guard largest > 0 else { return 0 }
        var sum = 0.0
        forEachArray(&gradients, network) { values in
            for value in values { sum += (value / largest) * (value / largest) }
        }
        return largest * sum.squareRoot()
    }

    /// The arrays that are trained and not frozen, in the order in which the norm is summed: weights, delays, neuron parameters.
    private func forEachArray(
        _ gradients: inout Gradients, _ network: Network, _ body: (inout UnsafeMutableBufferPointer<Double>) -> Void
    ) {
        for (index, own) in network.connections.enumerated() where weightRate(own) != nil {
            gradients.weights[index].withUnsafeMutableBufferPointer { body(&$0) }
        }
        for (index, own) in network.connections.enumerated() where delayRate(own) != nil {
            gradients.delays[index].withUnsafeMutableBufferPointer { body(&$0) }
        }
        for own in neuronRule.arrays where neuronRate(own) != nil {
            gradients.neurons[own.layer][keyPath: own.path].withUnsafeMutableBufferPointer { body(&$0) }
        }
    }
}
