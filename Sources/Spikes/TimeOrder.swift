// Sorting spikes by time, ties by unit.
import Mathematics

/// Finds the order of events in time without moving them.
public struct TimeOrder {
    private let positions = Block<Int32>()
    private let spare = Block<Int32>()
    private let starts = Block<Int32>()
    private let keys = Block<Double>()
    private let placeBlock = Block<Int64>()
    private let poller: Poller

    public init(_ poller: Poller) { self.poller = poller }

    /// Whether the run has been cancelled, looked at now and then; asked after each element of a loop. The order is then of no
    /// interest and may be any.
    @inline(__always)
    private func isStopped(_ n: Int) -> Bool { n & 0xFFFF == 0xFFFF && poller.isStopped(after: 1 << 19) }

    /// Whether events are in order of (time, unit) already.
    @inlinable @inline(__always)
    public static func isSorted(_ times: UnsafePointer<Double>, _ units: UnsafePointer<Int32>, _ count: Int) -> Bool {
        var n = 1
        while n < count {
            if times[n] < times[n - 1] || (times[n] == times[n - 1] && units[n] < units[n - 1]) { return false }
            n &+= 1
        }
        return true
    }

    /// The positions of events in order of (time, unit, position). Valid until the next call.
    ///
    /// Buckets by time, then one insertion pass: O(n) for times that spread; O(n log n) whatever they do.
    public func order(
        _ times: UnsafePointer<Double>, _ units: UnsafePointer<Int32>, _ count: Int
    ) throws(SpinnpropError) -> UnsafePointer<Int32> {
        try positions.reserve(count)
        let order = positions.pointer
        if let place = try places(times, count) {
            for n in 0..<count { order[Int(place[n])] = Int32(truncatingIfNeeded: n) }
            return UnsafePointer(order)
        }
        let distribution = count > 16 ? try distribute(times, count, order) : .none
        if distribution == .whole { return UnsafePointer(order) }
        if distribution == .none {
            for n in 0..<count { order[n] = Int32(truncatingIfNeeded: n) }
            if count > 16 {
                try mergeSort(times, units, count)
                return UnsafePointer(order)
            }
        }
        insertionSort(times, units, order, 0, count)
        return UnsafePointer(order)
    }

    /// The place of each event in that order, for some events at times of their own; `nil` for many, and if two times are equal. Valid until the
    /// next call.
    ///
    /// It is the number of events before: as many comparisons as pairs, but no branch that needs guessing.
    public func places(_ times: UnsafePointer<Double>, _ count: Int) throws(SpinnpropError) -> UnsafePointer<Int64>? {
        guard count <= 64 else { return nil }
        // Two vectors go together, or four.
        let vectors = (count &+ 7) / 8 &* 2
        try keys.reserve(4 &* vectors)
        try placeBlock.reserve(4 &* vectors)
        let (key, place) = (keys.pointer, placeBlock.pointer)
        var n = 0
        while n < count {
            key[n] = times[n]
            n &+= 1
        }
        while n < 4 &* vectors {
            key[n] = .infinity
            n &+= 1
        }
        var total = SIMD4<Int64>.zero
        var vector = 0
        while vector &+ 2 < vectors {
            let (own, next) = (key + 4 &* vector, key + 4 &* (vector &+ 2))
            var before = (SIMD4<Int64>.zero, SIMD4<Int64>.zero, SIMD4<Int64>.zero, SIMD4<Int64>.zero)
            n = 0
            while n < count {
                tally(key[n], before: own, &before.0, &before.1)
                tally(key[n], before: next, &before.2, &before.3)
                n &+= 1
            }
            store(before.0, before.1, at: place + 4 &* vector)
            store(before.2, before.3, at: place + 4 &* (vector &+ 2))
            total &+= (before.0 &+ before.1) &+ (before.2 &+ before.3)
            vector &+= 4
        }
        if vector < vectors {
            var before = (SIMD4<Int64>.zero, SIMD4<Int64>.zero)
            n = 0
            while n < count {
                tally(key[n], before: key + 4 &* vector, &before.0, &before.1)
                n &+= 1
            }
            store(before.0, before.1, at: place + 4 &* vector)
            total &+= before.0 &+ before.1
        }
        // Each pair of different times counts once; those that fill up the last vectors come after all.
        let pairs = count &* (count &- 1) / 2 &+ (4 &* vectors &- count) &* count
        return (total[0] &+ total[1]) &+ (total[2] &+ total[3]) == pairs ? UnsafePointer(place) : nil
    }

    /// Counts a time at those of eight that come after it.
    @inline(__always)
    private func tally(
        _ time: Double, before keys: UnsafePointer<Double>, _ counts: inout SIMD4<Int64>, _ next: inout SIMD4<Int64>
    ) {
        // -1 is true.
        let time = SIMD4<Double>(repeating: time)
        let (own, others) = (
            UnsafeRawPointer(keys).load(as: SIMD4<Double>.self), UnsafeRawPointer(keys + 4).load(as: SIMD4<Double>.self)
        )
        counts &-= unsafeBitCast(time .< own, to: SIMD4<Int64>.self)
        next &-= unsafeBitCast(time .< others, to: SIMD4<Int64>.self)
    }

    @inline(__always)
    private func store(_ low: SIMD4<Int64>, _ high: SIMD4<Int64>, at places: UnsafeMutablePointer<Int64>) {
        UnsafeMutableRawPointer(places).storeBytes(of: low, as: SIMD4<Int64>.self)
        UnsafeMutableRawPointer(places + 4).storeBytes(of: high, as: SIMD4<Int64>.self)
    }

    @inline(__always)
    private func precedes(
        _ times: UnsafePointer<Double>, _ units: UnsafePointer<Int32>, _ x: Int32, _ y: Int32
    ) -> Bool {
        let (tx, ty) = (times[Int(x)], times[Int(y)])
        if tx != ty { return tx < ty }
        let (ux, uy) = (units[Int(x)], units[Int(y)])
        return ux != uy ? ux < uy : x < y
    }

    @inline(__always)
    private func insertionSort(
        _ times: UnsafePointer<Double>, _ units: UnsafePointer<Int32>, _ order: UnsafeMutablePointer<Int32>,
        _ start: Int, _ end: Int
    ) {
        var n = start &+ 1
        while n < end {
            let moving = order[n]
            var hole = n
            while hole > start, precedes(times, units, moving, order[hole &- 1]) {
                order[hole] = order[hole &- 1]
                hole &-= 1
            }
            order[hole] = moving
            if isStopped(n) { return }
            n &+= 1
        }
    }

    /// Counting sort into as many equal slices of time as there are events, then those neighbours that are not in order; events at the same time are
    /// left in any. Nothing, with any order, if some slice holds so many that this would be slow.
    @inline(__always)
    private func distribute(
        _ times: UnsafePointer<Double>, _ count: Int, _ order: UnsafeMutablePointer<Int32>
    ) throws(SpinnpropError) -> Distribution {
        var (low, high) = (times[0], times[0])
        var n = 1
        while n < count {
            let time = times[n]
            low = time < low ? time : low
            high = time > high ? time : high
            n &+= 1
        }
        let scale = Double(count - 1) / (high - low)
        guard scale.isFinite else { return .none }
        try starts.reserve(count + 1)
        try spare.reserve(count)
        try keys.reserve(count)
        let (start, slice, key) = (starts.pointer, spare.pointer, keys.pointer)
        start.update(repeating: 0, count: count + 1)
        n = 0
        while n < count {
            // Between 0 and count - 1; the rounded number stands in the low bits of 2^52.
            let at = Int32(truncatingIfNeeded: ((times[n] - low) * scale + 0x1p52).bitPattern)
            slice[n] = at
            start[Int(at) &+ 1] &+= 1
            if isStopped(n) { return .none }
            n &+= 1
        }
        n = 0
        while n < count {
            if start[n &+ 1] > 24 { return .none }
            start[n &+ 1] &+= start[n]
            n &+= 1
        }
        n = 0
        while n < count {
            let at = Int(slice[n])
            let place = Int(start[at])
            start[at] &+= 1
            order[place] = Int32(truncatingIfNeeded: n)
            key[place] = times[n]
            if isStopped(n) { return .none }
            n &+= 1
        }
        var hasTies = false
        n = 1
        while n < count {
            let time = key[n]
            if time <= key[n &- 1] {
                let moving = order[n]
                var hole = n
                while hole > 0, time < key[hole &- 1] {
                    (key[hole], order[hole]) = (key[hole &- 1], order[hole &- 1])
                    hole &-= 1
                }
                (key[hole], order[hole]) = (time, moving)
                hasTies = hasTies || (hole > 0 && time == key[hole &- 1])
            }
            n &+= 1
        }
        return hasTies ? .withTies : .whole
    }

    private enum Distribution { case none, withTies, whole }

    /// Bottom-up merge sort of `positions`.
    private func mergeSort(_ times: UnsafePointer<Double>, _ units: UnsafePointer<Int32>, _ count: Int)
        throws(SpinnpropError)
    {
        try spare.reserve(count)
        var (from, to) = (positions.pointer, spare.pointer)
        var width = 1
        while width < count {
            var start = 0
            while start < count {
                let middle = min(start + width, count)
                let end = min(middle + width, count)
                var (left, right, at) = (start, middle, start)
                while left < middle || right < end {
                    let takesRight =
                        left == middle || (right < end && precedes(times, units, from[right], from[left]))
                    to[at] = takesRight ? from[right] : from[left]
                    if takesRight { right += 1 } else { left += 1 }
                    at += 1
                    // What is not yet merged still stands in the other half: every position stays valid.
                    if isStopped(at) { return }
                }
                start = end
            }
            swap(&from, &to)
            width *= 2
        }
        if from != positions.pointer { positions.pointer.update(from: from, count: count) }
    }
}
