// Draws the targets of a neuron from the network's seed, the same ones every time, so that they need not be stored.
import CSupport
import Mathematics

/// The documented stream of random networks with a fixed number of targets per neuron.
///
/// Word m of neuron j is output j 2^32 + m of the SplitMix64 generator (Steele, Lea and Flood 2014) whose state starts
/// at the first word of `RandomStream(seed: seed, stream: 0)`: rows use stretches of one sequence that do not overlap.
/// A word x stands for the number floor(x (n - 1) / 2^64), and that for one of the n - 1 other neurons, in order of
/// index. A neuron that is among the row's targets already is drawn again, from the next word. So rows are uniform
/// without replacement (but for 2^-64 n), without self-connection, in the order in which they were drawn.
final class RowDrawer {
    private let key: UInt64
    private let neuronCount: Int
    private let degree: Int
    /// One bit per hash value, all 0 between rows. Exact if there are as many bits as neurons.
    private let seen: LargeBuffer<UInt64>
    private let mask: UInt
    private let isExact: Bool
    /// Two rows: the one in use, and that of the neuron which is expected to be next.
    private let rows: LargeBuffer<Int32>
    private var isSecond = false
    private var expected = -1

    init(seed: UInt64, neuronCount: Int, degree: Int) throws(SpinnpropError) {
        var stream = RandomStream(seed: seed, stream: 0)
        key = stream.nextUInt64()
        self.neuronCount = neuronCount
        self.degree = degree
        // 4 KiB hold the targets of usual rows with few false alarms and stay in the nearest cache.
        var bits = 1 << 15
        while bits < neuronCount && bits < 256 * degree { bits *= 2 }
        mask = UInt(bits - 1)
        isExact = bits >= neuronCount
        seen = try LargeBuffer(count: bits / 64, repeating: 0, "the marks of drawn targets")
        rows = try LargeBuffer(count: 2 * degree, repeating: 0, "a neuron's targets")
    }

    /// The targets of a neuron. Valid until the call after the next. Asks memory for the targets' states on the way, if they
    /// are far away.
    @inline(never)
    func draw<State>(_ neuron: Int, far states: UnsafePointer<State>?) -> UnsafePointer<Int32> {
        isSecond.toggle()
        if neuron != expected { fill(neuron, far: states) }
        expected = -1
        return UnsafePointer(row)
    }

    /// Draws a row that is likely to be asked for next, and asks memory for its targets' states; the last row stays valid.
    @inline(never)
    func expect<State>(_ neuron: Int, far states: UnsafePointer<State>) {
        isSecond.toggle()
        fill(neuron, far: states)
        isSecond.toggle()
        expected = neuron
    }

    private var row: UnsafeMutablePointer<Int32> { rows.pointer + (isSecond ? degree : 0) }

    @inline(__always)
    private func fill<State>(_ neuron: Int, far states: UnsafePointer<State>?) {
        if let states {
            draw(neuron, into: row) { spinnprop_support_prefetch(states + $0) }
        } else {
            draw(neuron, into: row)
        }
    }

    @inline(never)
    func draw(_ neuron: Int, into row: UnsafeMutablePointer<Int32>) { draw(neuron, into: row) { _ in } }

    @inline(__always)
    private func draw(_ neuron: Int, into row: UnsafeMutablePointer<Int32>, _ visit: (Int) -> Void) {
        let seen = seen.pointer
        let others = UInt64(neuronCount &- 1)
        let own = UInt64(neuron)
        var state = key &+ (own &<< 32) &* 0x9E37_79B9_7F4A_7C15
        var count = 0
        while count < degree {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
            z ^= z &>> 31
            var drawn = z.multipliedFullWidth(by: others).high
            drawn &+= drawn >= own ? 1 : 0
            let target = Int32(truncatingIfNeeded: drawn)
            let hash = UInt(truncatingIfNeeded: drawn) & mask
            let word = Int(bitPattern: hash &>> 6)
            let bit = 1 as UInt64 &<< UInt64(truncatingIfNeeded: hash & 63)
            visit(Int(truncatingIfNeeded: drawn))
            let marks = seen[word]
            row[count] = target
            seen[word] = marks | bit
            if marks & bit != 0 && isRepeated(target, row, count) { continue }
            count &+= 1
        }
        var index = 0
        while index < degree {
            seen[Int(bitPattern: (UInt(truncatingIfNeeded: row[index]) & mask) &>> 6)] = 0
            index &+= 1
        }
    }

    @inline(never)
    private func isRepeated(_ target: Int32, _ row: UnsafeMutablePointer<Int32>, _ count: Int) -> Bool {
        if isExact { return true }
        var index = 0
        while index < count {
            if row[index] == target { return true }
            index &+= 1
        }
        return false
    }
}
