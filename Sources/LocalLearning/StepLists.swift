// Who spikes when: a list of neurons for each step of some samples.
import Mathematics

/// Rows of neurons in ascending order, one for each step of one sample after another.
package final class StepLists {
    private let units = Block<Int32>()
    private let ends = Block<Int>()
    /// Rows that are ended.
    private(set) var rowCount = 0
    /// Spikes of all rows.
    package private(set) var count = 0

    package init() {}

    /// Forgets everything; so many rows may then be ended.
    package func begin(rows: Int) throws(SpinnpropError) {
        try ends.reserve(rows + 1)
        ends.pointer[0] = 0
        (rowCount, count) = (0, 0)
    }

    /// So many spikes may be appended.
    func reserve(_ spikes: Int) throws(SpinnpropError) { try units.grow(count + spikes, keeping: count) }

    @inline(__always)
    func append(_ unit: Int32) {
        units.pointer[count] = unit
        count &+= 1
    }

    /// `kept` is 0 or 1; the place behind the last one is written either way.
    @inline(__always)
    func append(_ unit: Int32, if kept: UInt64) {
        units.pointer[count] = unit
        count &+= Int(truncatingIfNeeded: kept)
    }

    /// The neurons whose bits are set, counted from the first.
    @inline(__always)
    func append(bits: UInt64, from first: Int32) {
        var bits = bits
        while bits != 0 {
            append(first &+ Int32(truncatingIfNeeded: bits.trailingZeroBitCount))
            bits &= bits &- 1
        }
    }

    @inline(__always)
    func endRow() {
        rowCount &+= 1
        ends.pointer[rowCount] = count
    }

    /// Where some rows' spikes begin and end.
    @inline(__always)
    func range(_ rows: Range<Int>) -> Range<Int> { ends.pointer[rows.lowerBound]..<ends.pointer[rows.upperBound] }

    @inline(__always)
    package func range(_ row: Int) -> Range<Int> { range(row..<row &+ 1) }

    @inline(__always)
    package var pointer: UnsafeMutablePointer<Int32> { units.pointer }
}
