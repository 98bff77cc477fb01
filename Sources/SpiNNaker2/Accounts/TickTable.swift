// What each tick of a run asked of the processing elements, the links and the memory interfaces.
import Mathematics
import Synchronization

/// One row per tick. Islands write to it at the same time; largest values and sums of whole numbers do not depend on their order.
///
/// | column                | holds                                                     |
/// |-----------------------|-----------------------------------------------------------|
/// | 0                     | bits of the seconds of the busiest PE: they order as the seconds do |
/// | 1                     | whether anything was added to the columns that follow     |
/// | 2 ..< 2 + links       | bits that each link between chips is to carry             |
/// | the rest              | bytes that each chip's memory interface is to move        |
final class TickTable {
    /// What a table may hold: runs with more ticks are cut into several.
    static let largestCount = 1 << 18
    private static let isUsed = 1
    private static let firstLink = 2

    private let linkCount: Int
    private let chipCount: Int
    let columns: Int
    private var cells: UnsafeMutablePointer<Atomic<Int>>
    private var capacity = 0

    init(_ board: Board) {
        linkCount = board.linkCount
        chipCount = board.chipCount
        columns = TickTable.firstLink + linkCount + chipCount
        cells = .allocate(capacity: 0)
    }

    deinit { cells.deallocate() }

    /// Room for so many ticks, all zero.
    func prepare(ticks: Int) throws(SpinnpropError) {
        let (count, overflow) = ticks.multipliedReportingOverflow(by: columns)
        guard overflow || count > capacity else { return }
        try Memory.check(count: overflow ? .max : count, bytesPerElement: 8, "counting \(ticks) ticks")
        cells.deallocate()
        cells = .allocate(capacity: count)
        for cell in 0..<count { (cells + cell).initialize(to: Atomic(0)) }
        capacity = count
    }

    /// Forgets what a run that failed has left.
    func clear() {
        for cell in 0..<capacity { cells[cell].store(0, ordering: .relaxed) }
    }

    func row(_ tick: Int) -> Row { Row(cells: cells + tick &* columns, firstChip: TickTable.firstLink &+ linkCount) }

    struct Row {
        fileprivate let cells: UnsafeMutablePointer<Atomic<Int>>
        fileprivate let firstChip: Int

        /// - Parameter seconds: >= 0.
        @inline(__always)
        func raise(to seconds: Double) {
            let bits = Int(truncatingIfNeeded: seconds.bitPattern)
            if bits > cells[0].load(ordering: .relaxed) { cells[0].max(bits, ordering: .relaxed) }
        }

        func add(bits: Int, link: Int) { add(bits, firstLink &+ link) }
        func add(bytes: Int, chip: Int) { add(bytes, firstChip &+ chip) }

        private func add(_ amount: Int, _ column: Int) {
            cells[isUsed].store(1, ordering: .relaxed)
            cells[column].wrappingAdd(amount, ordering: .relaxed)
        }
    }

    /// A tick's sums, which are zero again after it.
    struct Sums {
        /// Seconds of the busiest PE.
        var seconds = 0.0
        var busiestLink: (number: Int, bits: Int) = (-1, 0)
        var busiestDRAM: (chip: Int, bytes: Int) = (-1, 0)
    }

    /// - Parameters:
    ///   - linkBits, dramBytes: the totals that a tick's sums are added to.
    func take(_ tick: Int, linkBits: inout [Int], dramBytes: inout [Int]) -> Sums {
        let own = cells + tick * columns
        func take(_ column: Int) -> Int { own[column].exchange(0, ordering: .relaxed) }
        var sums = Sums()
        sums.seconds = Double(bitPattern: UInt64(truncatingIfNeeded: take(0)))
        guard take(TickTable.isUsed) != 0 else { return sums }
        for link in 0..<linkCount {
            let bits = take(TickTable.firstLink + link)
            linkBits[link] += bits
            if bits > sums.busiestLink.bits { sums.busiestLink = (link, bits) }
        }
        for chip in 0..<chipCount {
            let bytes = take(TickTable.firstLink + linkCount + chip)
            dramBytes[chip] += bytes
            if bytes > sums.busiestDRAM.bytes { sums.busiestDRAM = (chip, bytes) }
        }
        return sums
    }
}
