// The weights of a connection that are held to something, under training: those of its synapses alone, one after another.
import Mathematics

/// Beside an engine's rows, and in the order of the network's array: so a step costs what is there, and sums have the bits of `Optimizer`.
final class HeldWeights<Real: MachineReal> {
    private let rows: SenderRows<Real>
    /// What is trained, as one row.
    let trained: SenderRows<Real>
    private let trainedBlock: Block<Real>
    /// Where each is in the network's array, and in the engine's rows.
    private let indices: Block<Int>
    private let places: Block<Int>
    /// What each is held to; nothing where all may have any value.
    private let low, high: Block<Real>
    private let gradient: Block<Real>

    init(_ connection: Connection, rows: SenderRows<Real>) throws(SpinnpropError) {
        let own = connection.constraints
        let count = connection.synapseCount
        // As engines pad their rows.
        let stride = (count + 3) & ~3
        self.rows = rows
        (indices, places) = (try Block(count), try Block(count))
        (trainedBlock, gradient) = (try Block(stride), try Block(stride))
        let rangeCount = own.hasRanges ? count : 0
        (low, high) = (try Block(rangeCount), try Block(rangeCount))
        trained = SenderRows(preCount: 1, postCount: count, stride: stride, pointer: trainedBlock.pointer)
        var n = 0
        for post in 0..<connection.postCount {
            own.forEachSender(of: post, among: connection.preCount) { pre in
                indices.pointer[n] = post &* connection.preCount &+ pre
                places.pointer[n] = pre &* rows.stride &+ post
                if own.hasRanges { (low.pointer[n], high.pointer[n]) = own.range(ofSender: pre, as: Real.self) }
                n &+= 1
            }
        }
        for block in [trainedBlock, gradient] { try block.clear(stride) }
        load()
    }

    /// Takes the engine's weights.
    func load() {
        for n in 0..<trained.postCount { trained.pointer[n] = rows.pointer[places.pointer[n]] }
    }

    /// The gradient of the synapses, from that of all in the engine's rows.
    func gather(_ all: UnsafeMutablePointer<Real>) -> UnsafeMutablePointer<Real> {
        let (own, places, count) = (gradient.pointer, places.pointer, trained.postCount)
        var n = 0
        while n < count {
            own[n] = all[places[n]]
            n &+= 1
        }
        return own
    }

    /// Brings what is trained to the nearest that is allowed, and hands it to the engine.
    func settle() {
        let (own, all, places, count) = (trained.pointer, rows.pointer, places.pointer, trained.postCount)
        var n = 0
        if low.capacity > 0 {
            while n < count {
                own[n] = max(low.pointer[n], min(high.pointer[n], own[n]))
                n &+= 1
            }
            n = 0
        }
        while n < count {
            all[places[n]] = own[n]
            n &+= 1
        }
    }

    /// Those of an array in the network's order that belong to synapses.
    func part(of all: [Double]) -> [Double] { (0..<trained.postCount).map { all[indices.pointer[$0]] } }

    /// An array in the network's order, 0 where there is no synapse.
    func whole(_ part: UnsafeMutablePointer<Real>) -> [Double] {
        var all = [Double](repeating: 0, count: rows.preCount * rows.postCount)
        for n in 0..<trained.postCount { all[indices.pointer[n]] = Double(part[n]) }
        return all
    }
}
