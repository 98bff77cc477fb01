// Arrivals that single neurons of a layer have coming, in slices of time.
import Mathematics

/// What reaches one neuron: when, and by how much its current then rises.
struct Arrival {
    let time: Double
    let weight: Double
    let neuron: Int32
}

/// A calendar queue (Brown 1988): a ring of slices of time, each with its arrivals in no order. Putting an arrival in and taking it out take the same time
/// however many there are.
final class ArrivalCalendar {
    /// Whole powers of two.
    private static let sliceCount = 512
    private var lists: [Block<Arrival>] = []
    /// Of each list where it is, how many arrivals it has and has room for: hot loops touch no reference counts.
    private let starts = Block<UnsafeMutablePointer<Arrival>>()
    private let counts = Block<Int>()
    private let capacities = Block<Int>()
    private let moved = Block<Arrival>()
    /// Slices per second.
    private var rate = 1.0
    /// The number of the slice that comes first, counted from time 0; those further on than the ring reaches are in its last one.
    private var head = 0

    /// How long a slice is, seconds.
    var slice: Double { 1 / rate }

    /// The slice of a time: the same for all that are later than 2^51 of them.
    @inline(__always)
    private static func number(_ time: Double, _ rate: Double) -> Int {
        // The rounded number stands in the low bits of 2^52.
        Int(truncatingIfNeeded: (min(time * rate, 0x1p51) + 0x1p52).bitPattern & 0xF_FFFF_FFFF_FFFF)
    }

    /// Takes everything out, and begins at time 0. - Parameter slice: seconds.
    func begin(slice: Double) throws(SpinnpropError) {
        let count = ArrivalCalendar.sliceCount
        while lists.count < count { lists.append(Block()) }
        try starts.reserve(count)
        try capacities.reserve(count)
        try counts.clear(count)
        for n in 0..<count { (starts.pointer[n], capacities.pointer[n]) = (lists[n].pointer, lists[n].capacity) }
        (rate, head) = (1 / slice, 0)
    }

    /// What arrivals are put in by, as long as none is taken out.
    var slices: Slices {
        Slices(
            starts: starts.pointer, counts: counts.pointer, capacities: capacities.pointer, rate: rate, head: head)
    }

    struct Slices {
        fileprivate let starts: UnsafeMutablePointer<UnsafeMutablePointer<Arrival>>
        fileprivate let counts, capacities: UnsafeMutablePointer<Int>
        fileprivate let rate: Double
        fileprivate let head: Int
    }

    /// Puts in an arrival that does not come before any that has been taken out.
    @inline(__always)
    func insert(_ arrival: Arrival, _ slices: Slices) throws(SpinnpropError) {
        let (first, last) = (slices.head, slices.head &+ ArrivalCalendar.sliceCount &- 1)
        let number = max(first, min(last, ArrivalCalendar.number(arrival.time, slices.rate)))
        let place = number & (ArrivalCalendar.sliceCount &- 1)
        let count = slices.counts[place]
        if count == slices.capacities[place] { try grow(place) }
        slices.starts[place][count] = arrival
        slices.counts[place] = count &+ 1
    }

    @inline(never)
    private func grow(_ place: Int) throws(SpinnpropError) {
        let count = counts.pointer[place]
        try lists[place].grow(count + 16, keeping: count)
        (starts.pointer[place], capacities.pointer[place]) = (lists[place].pointer, lists[place].capacity)
    }

    /// Takes out all arrivals before a time, nearly in order.
    @inline(__always)
    func take(before end: Double, _ body: (Arrival) throws(SpinnpropError) -> Void) throws(SpinnpropError) {
        let (first, next) = (head, ArrivalCalendar.number(end, rate))
        let last = min(next, first &+ ArrivalCalendar.sliceCount &- 1)
        head = next
        let slices = self.slices
        var number = first
        while number <= last {
            let place = number & (ArrivalCalendar.sliceCount &- 1)
            let (arrivals, count) = (slices.starts[place], slices.counts[place])
            slices.counts[place] = 0
            var n = 0
            while n < count {
                let own = arrivals[n]
                // What stays goes no further than where it was read.
                if own.time < end { try body(own) } else { try insert(own, slices) }
                n &+= 1
            }
            number &+= 1
        }
    }

    /// Makes slices longer or shorter. - Parameter time: before which nothing arrives.
    func setSlice(_ slice: Double, from time: Double) throws(SpinnpropError) {
        var count = 0
        for place in 0..<ArrivalCalendar.sliceCount { count += counts.pointer[place] }
        try moved.reserve(count)
        var at = 0
        for place in 0..<ArrivalCalendar.sliceCount {
            (moved.pointer + at).update(from: starts.pointer[place], count: counts.pointer[place])
            at += counts.pointer[place]
            counts.pointer[place] = 0
        }
        rate = 1 / slice
        head = ArrivalCalendar.number(time, rate)
        let slices = self.slices
        for n in 0..<count { try insert(moved.pointer[n], slices) }
    }
}
