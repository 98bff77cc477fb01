// Gradients sample by sample, and their sums in the order in which a chip with several copies of the network takes them.
import ClockArithmetic
import Mathematics
import Networks

/// One array of parameters whose gradient is summed: the weights or the delays of a connection.
///
/// Its gradient is held in rows: per sender for weights and synaptic delays, a single one for axonal (over senders) and
/// dendritic delays (over receivers).
struct GradientSpace {
    let connection: Int
    let isDelay: Bool
    let kind: DelayKind
    let rowCount: Int
    /// Elements of a row that mean something, and of a padded one.
    let rowWidth: Int
    let stride: Int

    init(weightsOf own: ClockConnection) {
        connection = own.index
        isDelay = false
        kind = .none
        (rowCount, rowWidth, stride) = (own.preCount, own.postCount, own.stride)
    }

    init(delaysOf own: ClockConnection) {
        connection = own.index
        isDelay = true
        kind = own.delayKind
        rowCount = kind == .synaptic ? own.preCount : 1
        rowWidth = kind == .axonal ? own.preCount : own.postCount
        stride = ClockKernels.padded(rowWidth)
    }

    /// Where an element of a row lies in the parameters.
    @inline(__always)
    func parameter(row: Int, column: Int) -> Int { rowCount == 1 && isDelay ? column : column &* rowCount &+ row }
}

/// The rows of one space that the samples of a unit of work have touched, sample after sample. Filled by one thread.
struct TouchedRows: ~Copyable {
    private let stride: Int
    private let rowCount: Int
    private let indices = Block<Int32>()
    private let data = Block<Float>()
    private var count = 0
    /// Per sample, where its rows end.
    private let ends: UnsafeMutablePointer<Int>
    private var sampleCount = 0

    init(_ space: GradientSpace, sampleCount: Int) throws(SpinnpropError) {
        (stride, rowCount) = (space.stride, space.rowCount)
        ends = .allocate(capacity: sampleCount)
        // A guess that spares most growing.
        let guess = sampleCount * min(rowCount, 64)
        try indices.reserve(guess)
        try data.reserve(min(guess * stride, 1 << 18))
    }

    deinit { ends.deallocate() }

    /// Begins a sample with at most so many events. - Parameter marks: one per row; -1 at the start of a unit of work.
    mutating func begin(events: Int, _ marks: UnsafeMutablePointer<Int>) throws(SpinnpropError) -> RowLanes {
        let capacity = count + min(events, rowCount)
        try indices.grow(capacity, keeping: count)
        try data.grow(capacity * stride, keeping: count * stride)
        return RowLanes(data: data.pointer, indices: indices.pointer, marks: marks, stride: stride, start: count)
    }

    mutating func end(_ lanes: RowLanes) {
        count = lanes.count
        ends[sampleCount] = count
        sampleCount += 1
    }

    /// Those of one sample. - Parameter sums: where a row of the parameters is summed up.
    func rows(ofSample sample: Int) -> SampleRows {
        let start = sample == 0 ? 0 : ends[sample - 1]
        return SampleRows(
            data: UnsafePointer(data.pointer + start &* stride), indices: UnsafePointer(indices.pointer + start),
            count: ends[sample] - start, stride: stride)
    }
}

/// The sums of one space over all samples: one per copy of the network.
final class CopySums: @unchecked Sendable {
    let space: GradientSpace
    private let copies: Int
    private let sums: Block<Float>

    init(_ space: GradientSpace, copies: Int) throws(SpinnpropError) {
        self.space = space
        self.copies = copies
        sums = try Block(copies * space.rowCount * space.stride)
        try sums.clear(copies * space.rowCount * space.stride)
    }

    /// Slices of columns that may be summed at the same time: whole blocks, none too small to be worth a thread's while.
    var slices: [Range<Int>] {
        let blocks = space.stride / ClockKernels.width
        let count = max(1, min(blocks, 8, space.rowCount * space.stride / 256))
        return (0..<count).map {
            (blocks * $0 / count) * ClockKernels.width..<(blocks * ($0 + 1) / count) * ClockKernels.width
        }
    }

    /// Adds samples in their order, each to the copy that runs it.
    func add(_ rows: borrowing TouchedRows, _ samples: Range<Int>, columns: Range<Int>) {
        let size = space.rowCount * space.stride
        var copy = samples.lowerBound % copies
        for index in 0..<samples.count {
            addRows(
                rows.rows(ofSample: index), to: sums.pointer + copy * size, from: columns.lowerBound,
                count: columns.count)
            copy = copy + 1 == copies ? 0 : copy + 1
        }
    }

    /// Adds the copies in order and leaves the gradient, factor times the sum, where the parameters lie.
    func finish(into gradient: UnsafeMutablePointer<Double>, columns: Range<Int>, factor: (_ column: Int) -> Float) {
        let size = space.rowCount * space.stride
        for row in 0..<space.rowCount {
            let total = sums.pointer + row * space.stride + columns.lowerBound
            for copy in 1..<max(1, copies) {
                ClockKernels.gather(total + copy * size, into: total, count: columns.count)
            }
            for column in columns.lowerBound..<min(columns.upperBound, space.rowWidth) {
                gradient[space.parameter(row: row, column: column)] = Double(
                    factor(column) * total[column - columns.lowerBound])
            }
        }
    }
}
