// Who sends to whom: rows of targets, stored, or drawn again from a seed whenever a neuron spikes.
import CSupport
import Mathematics

/// The targets of every neuron. Synapses are numbered row after row, in the order of the targets within a row; weights and
/// their gradients have that order.
public struct Connectivity: Sendable {
    public let neuronCount: Int
    /// Row j is offsets[j] ..< offsets[j + 1]; empty if all rows are `degree` long.
    let offsets: [Int]
    /// 0 unless all rows are equally long.
    let degree: Int
    /// `nil`: rows are drawn from `seed`.
    let stored: LargeBuffer<Int32>?
    let seed: UInt64

    public var synapseCount: Int { offsets.last ?? neuronCount * degree }
    public var isStored: Bool { stored != nil }

    static let largestCount = Int(Int32.max)

    /// `degree` targets per neuron, drawn without replacement among all other neurons (the stream is documented at
    /// `RowDrawer`). Stored rows cost 4 bytes per synapse, rows drawn again cost time instead; the network is the same.
    ///
    /// - Parameter monitor: counts neurons whose targets are drawn.
    /// - Throws: `invalidValue` unless 1 <= degree < neuronCount, `outOfMemory`, `cancelled`.
    public init(
        neuronCount: Int, degree: Int, seed: UInt64, isStored: Bool, monitor: Monitor? = nil
    ) throws(SpinnpropError) {
        try Connectivity.check(neuronCount: neuronCount)
        guard degree >= 1, degree < neuronCount else {
            throw .invalidValue(
                "k is \(degree) for n = \(neuronCount) neurons; there are n - 1 others, so k must be 1 .. \(neuronCount - 1)"
            )
        }
        self.neuronCount = neuronCount
        self.degree = degree
        self.seed = seed
        offsets = []
        if !isStored {
            stored = nil
            return
        }
        try Memory.check(count: neuronCount * degree, bytesPerElement: 4, "the network's targets")
        let drawer = try RowDrawer(seed: seed, neuronCount: neuronCount, degree: degree)
        // Not cleared: that would be one long step that hears nothing, and the system gives pages as they are written.
        let targets = try LargeBuffer<Int32>(count: neuronCount * degree, "the network's targets")
        // At least every few milliseconds.
        let piece = max(1, 65536 / degree)
        for neuron in 0..<neuronCount {
            drawer.draw(neuron, into: targets.pointer + neuron * degree)
            if let monitor, neuron % piece == piece - 1 {
                monitor.finish(piece)
                if monitor.poll() { throw .cancelled }
            }
        }
        stored = targets
    }

    /// Given rows: `offsets` has one element more than there are neurons.
    ///
    /// - Throws: `invalidValue` for offsets that do not start at 0, fall, or do not end at the number of targets, for a
    ///   neuron that sends to itself or twice to the same target; `invalidIndex` for a target out of range.
    public init(offsets: [Int], targets: [Int32]) throws(SpinnpropError) {
        let count = offsets.count - 1
        try Connectivity.check(neuronCount: count)
        guard offsets[0] == 0, offsets[count] == targets.count else {
            throw .invalidValue(
                "the adjacency's offsets go from \(offsets[0]) to \(offsets[count]) for \(targets.count) targets; they "
                    + "must go from 0 to the number of targets")
        }
        let buffer = try LargeBuffer(count: targets.count, repeating: 0 as Int32, "the network's targets")
        var sender = [Int32](repeating: -1, count: count)
        for neuron in 0..<count {
            guard offsets[neuron + 1] >= offsets[neuron], offsets[neuron + 1] <= targets.count else {
                throw .invalidValue(
                    "the adjacency's offsets[\(neuron + 1)] is \(offsets[neuron + 1]) after \(offsets[neuron]); offsets must "
                        + "never fall nor pass the number of targets, \(targets.count)")
            }
            for synapse in offsets[neuron]..<offsets[neuron + 1] {
                let target = Int(targets[synapse])
                guard target >= 0, target < count else {
                    throw .invalidIndex("targets[\(synapse)] is \(target); the network has neurons 0 .. \(count - 1)")
                }
                guard target != neuron else {
                    throw .invalidValue(
                        "targets[\(synapse)] connects neuron \(neuron) to itself; a reset follows every spike, so leave it out"
                    )
                }
                guard sender[target] != Int32(neuron) else {
                    throw .invalidValue(
                        "targets[\(synapse)] connects neuron \(neuron) to \(target) a second time; add the weights of "
                            + "both synapses instead")
                }
                sender[target] = Int32(neuron)
                buffer.pointer[synapse] = targets[synapse]
            }
        }
        neuronCount = count
        degree = 0
        self.offsets = offsets
        stored = buffer
        seed = 0
    }

    /// The number of each neuron's first synapse, and last the number of synapses: (neuronCount + 1).
    public var rowOffsets: [Int] { offsets.isEmpty ? (0...neuronCount).map { $0 * degree } : offsets }

    /// The targets of all neurons, row after row.
    public func targets() throws(SpinnpropError) -> [Int32] {
        try Memory.check(count: synapseCount, bytesPerElement: 4, "the network's targets")
        var result: [Int32] = []
        result.reserveCapacity(synapseCount)
        let rows = try TargetRows(self)
        for neuron in 0..<neuronCount {
            result.append(contentsOf: UnsafeBufferPointer(start: rows.targets(neuron), count: rows.length(neuron)))
        }
        return result
    }

    private static func check(neuronCount: Int) throws(SpinnpropError) {
        guard neuronCount >= 2, neuronCount <= largestCount else {
            throw .invalidValue("n is \(neuronCount); a network has 2 .. \(largestCount) neurons")
        }
    }
}

/// Reads rows in a loop; one per worker, since drawing needs space of its own.
final class TargetRows {
    private enum Source {
        case stored(UnsafePointer<Int32>)
        case drawn(RowDrawer)
    }

    private let connectivity: Connectivity
    private let source: Source
    /// `nil` if all rows are equally long.
    private let offsets: LargeBuffer<Int>?
    private let degree: Int

    init(_ connectivity: Connectivity) throws(SpinnpropError) {
        self.connectivity = connectivity
        degree = connectivity.degree
        if let stored = connectivity.stored {
            source = .stored(UnsafePointer(stored.pointer))
        } else {
            source = .drawn(
                try RowDrawer(
                    seed: connectivity.seed, neuronCount: connectivity.neuronCount, degree: connectivity.degree))
        }
        if connectivity.offsets.isEmpty {
            offsets = nil
        } else {
            offsets = try LargeBuffer(connectivity.offsets, "the adjacency's offsets")
        }
    }

    /// The first synapse of a neuron.
    @inline(__always)
    func first(_ neuron: Int) -> Int {
        if let offsets { return offsets.pointer[neuron] }
        return neuron &* degree
    }

    @inline(__always)
    func length(_ neuron: Int) -> Int {
        if let offsets { return offsets.pointer[neuron &+ 1] &- offsets.pointer[neuron] }
        return degree
    }

    /// Asks memory for a stored row.
    @inline(__always)
    func prefetch(_ neuron: Int) {
        guard case .stored(let targets) = source else { return }
        let row = targets + first(neuron)
        let count = min(length(neuron), 256)
        var index = 0
        while index < count {
            spinnprop_support_prefetch(row + index)
            index &+= 16
        }
    }

    /// The targets of a neuron. Valid until the next call. Asks memory for the targets' states, which are far away.
    @inline(__always)
    func targets<State>(_ neuron: Int, far states: UnsafePointer<State>?) -> UnsafePointer<Int32> {
        switch source {
        case .stored(let targets):
            let row = targets + first(neuron)
            guard let states else { return row }
            let count = length(neuron)
            var index = 0
            while index < count {
                spinnprop_support_prefetch(states + Int(row[index]))
                index &+= 1
            }
            return row
        case .drawn(let drawer): return drawer.draw(neuron, far: states)
        }
    }

    /// Tells whose row is likely to be asked for next, so that memory has the time that passes until then to deliver its
    /// targets' states; the row in use stays valid. Stored rows need no such announcement.
    @inline(__always)
    func expect<State>(_ neuron: Int, far states: UnsafePointer<State>) {
        if case .drawn(let drawer) = source { drawer.expect(neuron, far: states) }
    }

    var areDrawn: Bool {
        if case .drawn = source { return true }
        return false
    }

    /// The targets of a neuron. Valid until the next call.
    @inline(__always)
    func targets(_ neuron: Int) -> UnsafePointer<Int32> { targets(neuron, far: nil as UnsafePointer<Double>?) }
}
