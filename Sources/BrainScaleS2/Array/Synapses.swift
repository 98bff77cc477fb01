// Which senders reach which neurons, and with what weights.
import Mathematics

/// Signed 6-bit weights, (senders, neurons): external sources first, then the neurons themselves where they are recurrent.
///
/// A synapse exists where the mask says so, whatever its weight; only those have sensors and are changed by programs.
final class Synapses {
    let senderCount: Int
    let neuronCount: Int
    let fanIn: Int
    /// +1, -1, or 0 for both signs, which a pair of rows gives.
    let signs: [Int8]
    private let weightBlock: Block<Int8>
    /// Rows are read four weights at a time.
    private static let margin = 3
    private let maskBlock: Block<UInt8>
    /// The neurons that each sender reaches, and the senders that reach each neuron.
    private let firstTarget: Block<Int32>
    private let targetBlock: Block<Int32>
    private let firstSender: Block<Int32>
    private let senderBlock: Block<Int32>
    private(set) var count = 0

    var weights: UnsafeMutablePointer<Int8> { weightBlock.pointer }
    var mask: UnsafeMutablePointer<UInt8> { maskBlock.pointer }
    var elementCount: Int { senderCount * neuronCount }

    /// - Parameters:
    ///   - mask: where synapses are; empty: everywhere.
    ///   - signs: one per sender; empty: both everywhere.
    /// - Throws: `invalidValue` for a neuron with too many synapses, naming it; `outOfMemory`.
    init(_ options: ArrayOptions, mask: [UInt8], signs: [Int8]) throws(SpinnpropError) {
        (senderCount, neuronCount, fanIn) = (options.senderCount, options.neuronCount, options.fanIn)
        let elements = senderCount * neuronCount
        guard signs.isEmpty || signs.count == senderCount else {
            throw .invalidValue("signs has \(signs.count) elements; there are \(senderCount) senders")
        }
        if let sender = signs.firstIndex(where: { $0 < -1 || $0 > 1 }) {
            throw .invalidValue("the sign of sender \(sender) is \(signs[sender]); it must be 1, -1, or 0 for both")
        }
        self.signs = signs.isEmpty ? [Int8](repeating: 0, count: senderCount) : signs
        (weightBlock, maskBlock) = (try Block(elements + Synapses.margin), try Block(elements))
        (firstTarget, firstSender) = (try Block(senderCount + 1), try Block(neuronCount + 1))
        (targetBlock, senderBlock) = (Block(), Block())
        weightBlock.pointer.update(repeating: 0, count: elements + Synapses.margin)
        if mask.isEmpty {
            maskBlock.pointer.update(repeating: 1, count: elements)
        } else {
            guard mask.count == elements else {
                throw .invalidValue(
                    "mask has \(mask.count) elements; it must have \(senderCount) x \(neuronCount), senders by neurons")
            }
            for element in 0..<elements { maskBlock.pointer[element] = mask[element] == 0 ? 0 : 1 }
        }
        try Synapses.check(maskBlock.pointer, senders: senderCount, neurons: neuronCount, fanIn: fanIn)
        try link()
    }

    /// An independent copy.
    init(copying other: Synapses) throws(SpinnpropError) {
        (senderCount, neuronCount, fanIn, signs) = (other.senderCount, other.neuronCount, other.fanIn, other.signs)
        weightBlock = try Block(other.elementCount + Synapses.margin)
        maskBlock = try Block(other.elementCount)
        (firstTarget, firstSender) = (try Block(senderCount + 1), try Block(neuronCount + 1))
        (targetBlock, senderBlock) = (Block(), Block())
        weightBlock.pointer.update(from: other.weights, count: other.elementCount + Synapses.margin)
        maskBlock.pointer.update(from: other.mask, count: other.elementCount)
        try link()
    }

    func targets(of sender: Int) -> UnsafeBufferPointer<Int32> {
        let (first, end) = (Int(firstTarget.pointer[sender]), Int(firstTarget.pointer[sender + 1]))
        return UnsafeBufferPointer(start: targetBlock.pointer + first, count: end - first)
    }

    func senders(of neuron: Int) -> UnsafeBufferPointer<Int32> {
        let (first, end) = (Int(firstSender.pointer[neuron]), Int(firstSender.pointer[neuron + 1]))
        return UnsafeBufferPointer(start: senderBlock.pointer + first, count: end - first)
    }

    /// The weights a sender's synapses may have.
    func range(of sender: Int) -> ClosedRange<Int8> {
        let largest = Int8(ChipGeometry.largestWeight)
        return (signs[sender] > 0 ? 0 : -largest)...(signs[sender] < 0 ? 0 : largest)
    }

    /// Sets every weight. - Throws: `invalidValue` naming the first that no such synapse can have; nothing is changed then.
    func setWeights(_ values: UnsafeBufferPointer<Int8>) throws(SpinnpropError) {
        try check(values, mask: mask)
        weights.update(from: values.baseAddress.unsafelyUnwrapped, count: elementCount)
    }

    /// Sets every weight and where synapses are. - Throws: as `setWeights`, for too many synapses of a neuron, and `outOfMemory`; nothing
    /// is changed then.
    func set(
        weights values: UnsafeBufferPointer<Int8>, mask newMask: UnsafeBufferPointer<UInt8>
    ) throws(SpinnpropError) {
        let start = newMask.baseAddress.unsafelyUnwrapped
        try check(values, mask: start)
        try Synapses.check(start, senders: senderCount, neurons: neuronCount, fanIn: fanIn)
        let synapses = newMask.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
        try reserve(synapses)
        for element in 0..<elementCount { mask[element] = newMask[element] == 0 ? 0 : 1 }
        weights.update(from: values.baseAddress.unsafelyUnwrapped, count: elementCount)
        try link()
    }

    /// Gives synapses of neurons other senders, one synapse each, and new weights that saturate. Each `from` has a synapse there, and each
    /// `to` none.
    func move(_ moves: [SynapseMove]) throws(SpinnpropError) {
        for move in moves {
            let (old, new) = (move.from * neuronCount + move.neuron, move.to * neuronCount + move.neuron)
            (mask[old], weights[old], mask[new]) = (0, 0, 1)
            let range = range(of: move.to)
            weights[new] = max(range.lowerBound, min(range.upperBound, move.weight))
        }
        try link()
    }

    private func check(
        _ values: UnsafeBufferPointer<Int8>, mask: UnsafePointer<UInt8>
    ) throws(SpinnpropError) {
        guard values.count == elementCount else {
            throw .invalidValue(
                "weights has \(values.count) elements; it must have \(senderCount) x \(neuronCount), senders by neurons"
            )
        }
        for sender in 0..<senderCount {
            let range = range(of: sender)
            for neuron in 0..<neuronCount {
                let value = values[sender * neuronCount + neuron]
                guard range.contains(value) else {
                    throw .invalidValue(
                        "the weight from sender \(sender) to neuron \(neuron) is \(value); it must be \(range.lowerBound) .. "
                            + "\(range.upperBound)")
                }
                guard value == 0 || mask[sender * neuronCount + neuron] != 0 else {
                    throw .invalidValue(
                        "the weight from sender \(sender) to neuron \(neuron) is \(value), but the mask has no synapse there; "
                            + "give 0")
                }
            }
        }
    }

    private static func check(
        _ mask: UnsafePointer<UInt8>, senders: Int, neurons: Int, fanIn: Int
    ) throws(SpinnpropError) {
        for neuron in 0..<neurons {
            var own = 0
            for sender in 0..<senders where mask[sender * neurons + neuron] != 0 { own += 1 }
            guard own <= fanIn else {
                throw .invalidValue(
                    "neuron \(neuron) has \(own) synapses, and fan_in allows \(fanIn); give a mask with fewer, or a larger fan_in"
                )
            }
        }
    }

    private func reserve(_ synapses: Int) throws(SpinnpropError) {
        try targetBlock.reserve(synapses)
        try senderBlock.reserve(synapses)
    }

    /// Writes the lists of targets and senders anew from the mask.
    private func link() throws(SpinnpropError) {
        count = 0
        for element in 0..<elementCount where mask[element] != 0 { count += 1 }
        try reserve(count)
        var place = 0
        for sender in 0..<senderCount {
            firstTarget.pointer[sender] = Int32(place)
            for neuron in 0..<neuronCount where mask[sender * neuronCount + neuron] != 0 {
                targetBlock.pointer[place] = Int32(neuron)
                place += 1
            }
        }
        firstTarget.pointer[senderCount] = Int32(place)
        place = 0
        for neuron in 0..<neuronCount {
            firstSender.pointer[neuron] = Int32(place)
            for sender in 0..<senderCount where mask[sender * neuronCount + neuron] != 0 {
                senderBlock.pointer[place] = Int32(sender)
                place += 1
            }
        }
        firstSender.pointer[neuronCount] = Int32(place)
    }
}

/// A synapse of a neuron that is to listen to another sender.
public struct SynapseMove: Equatable, Sendable {
    public let neuron, from, to: Int
    public let weight: Int8

    public init(neuron: Int, from: Int, to: Int, weight: Int8) {
        (self.neuron, self.from, self.to, self.weight) = (neuron, from, to, weight)
    }
}
