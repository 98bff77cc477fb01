// What the weights of a connection are held to: synapses that exist, signs of senders, bounds.
import Mathematics

/// An absent synapse has weight 0, no gradient and no step. Every other weight is within the bounds, and of the sign of its sender.
///
/// What is empty or infinite holds nobody; a mask of all synapses and signs of 0 are kept as empty ones.
public struct WeightConstraints: Equatable, Sendable {
    /// Whether a synapse exists, (post, pre) row by row; empty: all do.
    public internal(set) var mask: [Bool] = []
    /// Of each sender 1 (excitatory), -1 (inhibitory) or 0 (free); empty: all are free.
    public internal(set) var signs: [Int8] = []
    /// The least and the largest weight of a synapse that exists.
    public internal(set) var low = -Double.infinity
    public internal(set) var high = Double.infinity

    public var hasMask: Bool { !mask.isEmpty }
    /// Whether some weight that exists may not have any value.
    public var hasRanges: Bool { !signs.isEmpty || low > -.infinity || high < .infinity }
    public var isNone: Bool { !hasMask && !hasRanges }

    /// Whether an element of the weights exists.
    public func exists(_ index: Int) -> Bool { mask.isEmpty || mask[index] }

    /// The senders of the synapses that a neuron has, of so many, in order.
    @inlinable @inline(__always)
    public func forEachSender(of post: Int, among preCount: Int, _ body: (Int) -> Void) {
        guard !mask.isEmpty else { return (0..<preCount).forEach(body) }
        mask.withUnsafeBufferPointer { mask in
            for pre in 0..<preCount where mask[post &* preCount &+ pre] { body(pre) }
        }
    }

    /// Which weights a sender's synapses may have.
    func range(ofSender pre: Int) -> (low: Double, high: Double) {
        let sign = signs.isEmpty ? 0 : signs[pre]
        return (sign > 0 ? max(low, 0) : low, sign < 0 ? min(high, 0) : high)
    }

    /// The same as numbers of a precision, none of them outside.
    func range<Real: BinaryFloatingPoint>(ofSender pre: Int, as _: Real.Type) -> (low: Real, high: Real) {
        let own = range(ofSender: pre)
        let (low, high) = (Real(own.low), Real(own.high))
        return (Double(low) < own.low ? low.nextUp : low, Double(high) > own.high ? high.nextDown : high)
    }

    /// Whether a sender has a weight that it may have, in a precision.
    func allowsSome(ofSender pre: Int, _ precision: Precision) -> Bool {
        let (low, high) = range(ofSender: pre)
        guard precision == .single else { return low <= high && low < .infinity && high > -.infinity }
        let single = range(ofSender: pre, as: Float.self)
        return single.low <= single.high && single.low < .infinity && single.high > -.infinity
    }

    /// Brings weights, (post, pre), to the nearest that are allowed.
    func project(_ weights: UnsafeMutableBufferPointer<Double>, preCount: Int, _ precision: Precision = .double) {
        if hasRanges {
            let ranges = (0..<preCount).map { pre -> (low: Double, high: Double) in
                guard precision == .single else { return range(ofSender: pre) }
                let single = range(ofSender: pre, as: Float.self)
                return (Double(single.low), Double(single.high))
            }
            var row = 0
            while row < weights.count {
                for pre in 0..<preCount {
                    weights[row + pre] = max(ranges[pre].low, min(ranges[pre].high, weights[row + pre]))
                }
                row += preCount
            }
        }
        leaveOutAbsent(weights)
    }

    /// Sets what belongs to absent synapses to 0, of an array shaped as the weights are.
    public func leaveOutAbsent(_ values: UnsafeMutableBufferPointer<Double>) {
        guard hasMask, mask.count == values.count else { return }
        for index in mask.indices where !mask[index] { values[index] = 0 }
    }

    func add(to hash: inout Fingerprint) {
        guard !isNone else { return }
        hash.add(UInt64(mask.count))
        for first in stride(from: 0, to: mask.count, by: 64) {
            var word: UInt64 = 0
            for index in first..<min(first + 64, mask.count) where mask[index] { word |= 1 << UInt64(index - first) }
            hash.add(word)
        }
        hash.add(UInt64(signs.count))
        for sign in signs { hash.add(UInt64(bitPattern: Int64(sign))) }
        hash.add([low, high])
    }
}

extension Connection {
    /// How many synapses exist.
    public var synapseCount: Int { constraints.hasMask ? constraints.mask.count { $0 } : weights.count }

    /// Weights brought to the nearest that are allowed.
    package func allowed(_ weights: [Double]) -> [Double] {
        var allowed = weights
        if !constraints.isNone {
            allowed.withUnsafeMutableBufferPointer { constraints.project($0, preCount: preCount) }
        }
        return allowed
    }

    /// - Throws: `invalidValue` naming the first weight that the constraints do not allow, or the absent synapse that is given one.
    func checkAllowed(_ weights: [Double]) throws(SpinnpropError) {
        guard !constraints.isNone else { return }
        let ranges = (0..<preCount).map { constraints.range(ofSender: $0) }
        for (index, weight) in weights.enumerated() {
            guard constraints.exists(index) else {
                guard weight == 0 else {
                    throw .invalidValue(
                        "\(name(ofWeight: index)) is \(weight), but the mask has no such synapse; set it to 0, or change the mask"
                    )
                }
                continue
            }
            let range = ranges[index % preCount]
            guard weight < range.low || weight > range.high else { continue }
            throw .invalidValue(
                "\(name(ofWeight: index)) is \(weight); sign and bounds hold it to \(range.low) .. \(range.high): change it, or them"
            )
        }
    }

    private func check(_ array: String, _ count: Int, _ wanted: Int, _ shape: String) throws(SpinnpropError) {
        guard count != wanted else { return }
        throw .invalidValue("\(name(array)) has \(count) elements; it takes \(wanted), shape \(shape)")
    }

    /// Takes what weights are held to, and brings them to the nearest that it allows.
    ///
    /// - Throws: `invalidValue` if some sender could have no weight.
    private mutating func hold(to new: WeightConstraints) throws(SpinnpropError) {
        let bounds = "\(name("weight_bounds")) are \(new.low) .. \(new.high)"
        guard new.low <= new.high, new.low < .infinity, new.high > -.infinity else {
            throw .invalidValue("\(bounds), between which there is no number; give the smaller one first")
        }
        for pre in 0..<preCount where !new.allowsSome(ofSender: pre, .double) {
            throw .invalidValue(
                "\(bounds), but \(name("signs"))[\(pre)] is \(new.signs[pre]), and no weight is both; change the bounds, or set "
                    + "the sign to 0")
        }
        constraints = new
        weights.withUnsafeMutableBufferPointer { new.project($0, preCount: preCount) }
    }

    mutating func setMask(_ mask: [Bool]) throws(SpinnpropError) {
        try check("masks", mask.count, weights.count, "(\(postCount), \(preCount))")
        try Memory.check(count: mask.count, bytesPerElement: 2, "the mask of a connection")
        var new = constraints
        new.mask = mask.contains(false) ? mask : []
        try hold(to: new)
    }

    mutating func setSigns(_ signs: [Int8]) throws(SpinnpropError) {
        try check("signs", signs.count, preCount, "(\(preCount))")
        for (pre, sign) in signs.enumerated() where !(-1...1).contains(sign) {
            throw .invalidValue(
                "\(name("signs"))[\(pre)] is \(sign); it must be 1 (excitatory), -1 (inhibitory) or 0 (free)")
        }
        var new = constraints
        new.signs = signs.contains { $0 != 0 } ? signs : []
        try hold(to: new)
    }

    mutating func setBounds(low: Double, high: Double) throws(SpinnpropError) {
        guard !low.isNaN, !high.isNaN else {
            throw .invalidValue(
                "\(name("weight_bounds")) are \(low) .. \(high); give two numbers, infinite ones where there is no bound"
            )
        }
        var new = constraints
        // Not -0, which differs from 0 in its bits.
        (new.low, new.high) = (low + 0, high + 0)
        try hold(to: new)
    }
}

extension Network {
    /// Says which synapses of a connection exist, (post, pre); those that do not lose their weights.
    ///
    /// - Throws: `invalidValue` on a wrong count.
    public mutating func setMask(_ mask: [Bool], connection: Int) throws(SpinnpropError) {
        try change(connection) { (own) throws(SpinnpropError) in try own.setMask(mask) }
    }

    /// Sets the signs of a connection's senders: 1, -1, or 0 for a free one. A weight of the other sign becomes 0.
    ///
    /// - Throws: `invalidValue` on a wrong count, another number, or a sign that the bounds leave no weight.
    public mutating func setSigns(_ signs: [Int8], connection: Int) throws(SpinnpropError) {
        try change(connection) { (own) throws(SpinnpropError) in try own.setSigns(signs) }
    }

    /// Sets the least and the largest weight of a connection's synapses, infinite for none. A weight outside becomes the nearer of both.
    ///
    /// - Throws: `invalidValue` unless `low` <= `high`, and where they leave a sender's sign no weight.
    public mutating func setBounds(low: Double, high: Double, connection: Int) throws(SpinnpropError) {
        try change(connection) { (own) throws(SpinnpropError) in try own.setBounds(low: low, high: high) }
    }
}

extension Gradients {
    /// Absent synapses have no gradients.
    public mutating func leaveOutAbsent(in network: Network) {
        for (index, connection) in network.connections.enumerated() where connection.constraints.hasMask {
            weights[index].withUnsafeMutableBufferPointer { connection.constraints.leaveOutAbsent($0) }
            if connection.delayKind == .synaptic {
                delays[index].withUnsafeMutableBufferPointer { connection.constraints.leaveOutAbsent($0) }
            }
        }
    }
}
