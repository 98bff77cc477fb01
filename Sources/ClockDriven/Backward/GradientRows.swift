// Gradients sample by sample, and their sums in the order in which a SpiNNaker2 with several copies of the network takes them.
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
    /// The number of elements of a row, then that of a row with its padding.
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
        (rowCount, rowWidth) =
            switch kind {
            case .none: (0, 0)
            case .synaptic: (own.preCount, own.postCount)
            case .axonal: (1, own.preCount)
            case .dendritic: (1, own.postCount)
            }
        stride = ClockKernels.padded(rowWidth)
    }

    /// What turns an array in these rows into a network's array and back.
    func rows(at pointer: UnsafeMutablePointer<Float>) -> SenderRows<Float> {
        SenderRows(preCount: rowCount, postCount: rowWidth, stride: stride, pointer: pointer)
    }
}

/// The rows of one space that the samples of a unit of work have touched, sample after sample. Filled by one thread.
struct TouchedRows: ~Copyable {
    private let stride: Int
    private let rowCount: Int
    private let indices = Block<Int32>()
    private let data = Block<Float>()
    private var count = 0
    /// For each sample that has ended, where its rows end.
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

    /// Forgets all samples, keeps the memory.
    mutating func restart() { (count, sampleCount) = (0, 0) }

    mutating func end(_ lanes: RowLanes) {
        count = lanes.count
        ends[sampleCount] = count
        sampleCount += 1
    }

    /// The rows of one sample, counted from 0 in this unit of work.
    func rows(ofSample sample: Int) -> TouchedLanes {
        let start = sample == 0 ? 0 : ends[sample - 1]
        return TouchedLanes(
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

    /// Adds the copies in order and multiplies each column's sum: the gradient, in rows.
    func total(times factors: [Float]) -> UnsafeMutablePointer<Float> {
        let (rowCount, stride) = (space.rowCount, space.stride)
        for copy in 1..<max(1, copies) {
            ClockKernels.gather(sums.pointer + copy * rowCount * stride, into: sums.pointer, count: rowCount * stride)
        }
        factors.withUnsafeBufferPointer { factors in
            guard let factors = factors.baseAddress else { return }
            for row in 0..<rowCount {
                let total = sums.pointer + row &* stride
                for column in 0..<space.rowWidth { total[column] *= factors[column] }
            }
        }
        return sums.pointer
    }

    /// Before the samples of another batch.
    func clear() { sums.pointer.update(repeating: 0, count: copies * space.rowCount * space.stride) }
}

/// Sums and rows that a training keeps from batch to batch.
final class ClockMemory {
    private var copies = 0
    private var sums: [CopySums] = []
    private var units: [ClockUnit] = []

    /// The sums of all spaces, all zero.
    func sums(_ spaces: [GradientSpace], copies: Int) throws(SpinnpropError) -> [CopySums] {
        if copies == self.copies {
            for own in sums { own.clear() }
        } else {
            sums = try spaces.map { (space) throws(SpinnpropError) in try CopySums(space, copies: copies) }
            self.copies = copies
        }
        return sums
    }

    /// A unit per part, none with rows yet.
    func units(_ partition: [Range<Int>]) throws(SpinnpropError) -> [ClockUnit] {
        if units.map(\.samples) == partition {
            for own in units { own.restart() }
        } else {
            units = []
            let spaces = sums.map(\.space)
            units = try partition.map { (samples) throws(SpinnpropError) in try ClockUnit(samples, spaces) }
        }
        return units
    }
}
