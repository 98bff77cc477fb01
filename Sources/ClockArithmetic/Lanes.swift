// What loops over steps read and write; trivial structures, so that they touch no reference counts.

/// Some spikes in order of (step, unit).
@frozen
public struct StepRow {
    public let steps: UnsafePointer<Int32>
    public let units: UnsafePointer<Int32>
    public let count: Int

    @inlinable @inline(__always)
    public init(steps: UnsafePointer<Int32>, units: UnsafePointer<Int32>, count: Int) {
        self.steps = steps
        self.units = units
        self.count = count
    }
}

/// The spikes of one layer in one sample, in order of (step, unit), with I and V* of each.
@frozen
public struct LayerSpikes {
    public let steps: UnsafeMutablePointer<Int32>
    public let units: UnsafeMutablePointer<Int32>
    public let currents: UnsafeMutablePointer<Float>
    public let membranes: UnsafeMutablePointer<Float>
    /// In a backward run the error of each spike; of a leaky read-out that of each neuron's maximum.
    public let errors: UnsafeMutablePointer<Float>
    public let capacity: Int
    public var count = 0

    @inlinable @inline(__always)
    public init(
        steps: UnsafeMutablePointer<Int32>, units: UnsafeMutablePointer<Int32>, currents: UnsafeMutablePointer<Float>,
        membranes: UnsafeMutablePointer<Float>, errors: UnsafeMutablePointer<Float>, capacity: Int
    ) {
        self.steps = steps
        self.units = units
        self.currents = currents
        self.membranes = membranes
        self.errors = errors
        self.capacity = capacity
    }

    /// Adds a spike, for which there must be room.
    @inlinable @inline(__always)
    public mutating func append(step: Int, neuron: Int, current: Float, membrane: Float) {
        steps[count] = Int32(truncatingIfNeeded: step)
        units[count] = Int32(truncatingIfNeeded: neuron)
        currents[count] = current
        membranes[count] = membrane
        count &+= 1
    }

    @inlinable @inline(__always)
    public var row: StepRow { StepRow(steps: steps, units: units, count: count) }
}

/// What loops read of a connection.
@frozen
public struct ConnectionLanes {
    /// Weights as (pre, post), rows padded to `stride`.
    public let rows: UnsafePointer<Float>
    public let stride: Int
    /// Delays in steps: one per sender, or where receivers differ (post) or (pre, post) with padded rows; `nil` if all are 0.
    public let delays: UnsafePointer<Int32>?
    /// How far the delays of two senders lie apart, where receivers differ.
    public let delayStride: Int
    /// Whether a sender's spike reaches different receivers in different steps.
    public let isSpread: Bool

    @inlinable @inline(__always)
    public init(
        rows: UnsafePointer<Float>, stride: Int, delays: UnsafePointer<Int32>?, delayStride: Int, isSpread: Bool
    ) {
        self.rows = rows
        self.stride = stride
        self.delays = delays
        self.delayStride = delayStride
        self.isSpread = isSpread
    }

    @inlinable @inline(__always)
    public func row(_ pre: Int) -> UnsafePointer<Float> { rows + pre &* stride }

    /// The delay to all receivers alike.
    @inlinable @inline(__always)
    public func delay(_ pre: Int) -> Int { delays.map { Int($0[pre]) } ?? 0 }
}

/// The rows of gradients that a sample has touched.
@frozen
public struct TouchedLanes {
    public let data: UnsafePointer<Float>
    /// For each row of `data` the row of the parameters it belongs to.
    public let indices: UnsafePointer<Int32>
    public let count: Int
    public let stride: Int

    public init(data: UnsafePointer<Float>, indices: UnsafePointer<Int32>, count: Int, stride: Int) {
        self.data = data
        self.indices = indices
        self.count = count
        self.stride = stride
    }
}

/// The rows of gradients that a sample touches, one after another as they are first touched.
@frozen
public struct RowLanes {
    public let data: UnsafeMutablePointer<Float>
    /// For each row of `data` the row of the parameters it belongs to.
    public let indices: UnsafeMutablePointer<Int32>
    /// For each row of the parameters where in `data` it was last touched; less than `start` if not in this sample.
    public let marks: UnsafeMutablePointer<Int>
    public let stride: Int
    /// The sample's first row; `count` is one past its last.
    public let start: Int
    public var count: Int

    @inlinable @inline(__always)
    public init(
        data: UnsafeMutablePointer<Float>, indices: UnsafeMutablePointer<Int32>, marks: UnsafeMutablePointer<Int>,
        stride: Int, start: Int
    ) {
        self.data = data
        self.indices = indices
        self.marks = marks
        self.stride = stride
        self.start = start
        count = start
    }

    /// The sums of a row in this sample, and whether they are new and yet to be set.
    @inlinable @inline(__always)
    mutating func touch(_ row: Int) -> (sums: UnsafeMutablePointer<Float>, isNew: Bool) {
        let at = marks[row]
        if at >= start { return (data + at &* stride, false) }
        let new = count
        marks[row] = new
        indices[new] = Int32(truncatingIfNeeded: row)
        count &+= 1
        return (data + new &* stride, true)
    }

    /// Adds lI to a row.
    @inlinable @inline(__always)
    public mutating func add(_ lambdaI: UnsafePointer<Float>, row: Int) {
        let (sums, isNew) = touch(row)
        if isNew {
            ClockKernels.copy(lambdaI, to: sums, count: stride)
        } else {
            ClockKernels.accumulate(lambdaI, to: sums, count: stride)
        }
    }

    /// Adds one block of lI to a row that is a single block.
    @inlinable @inline(__always)
    public mutating func add(block lambdaI: SIMD8<Float>, row: Int) {
        let (sums, isNew) = touch(row)
        ClockKernels.store((isNew ? SIMD8(repeating: 0) : ClockKernels.load(sums, 0)) + lambdaI, sums, 0)
    }

    /// The sums of a row in this sample, set to zero if new.
    @inlinable @inline(__always)
    public mutating func sums(_ row: Int) -> UnsafeMutablePointer<Float> {
        let (sums, isNew) = touch(row)
        if isNew { sums.update(repeating: 0, count: stride) }
        return sums
    }
}
