// State and buffers of a recurrent layer that is moved as one from event to event.
import Mathematics
import Spikes

/// Pointers into memory of `FeedbackState`; trivial, so that hot loops touch no reference counts.
struct FeedbackLanes {
    /// State at the current event.
    let v: UnsafeMutablePointer<Double>
    let i: UnsafeMutablePointer<Double>
    /// For each vector of neurons a bit for each that may reach the threshold before the next event.
    let mayFire: UnsafeMutablePointer<UInt8>
    /// These neurons, and for each a time, from the current event, before which it does not reach the threshold.
    let candidate: UnsafeMutablePointer<Int32>
    let soonest: UnsafeMutablePointer<Double>
    /// Those few of them that may be the first.
    let rivals: Candidates
    /// The weights of an event that brings nothing: 0.
    let nothing: UnsafeMutablePointer<Double>
    /// The interval before each arrival, and its propagators.
    let length: UnsafeMutablePointer<Double>
    let a: UnsafeMutablePointer<Double>
    let b: UnsafeMutablePointer<Double>
    let h: UnsafeMutablePointer<Double>
    /// Neurons in their refractory periods, and when these end.
    let held: UnsafeMutablePointer<Int32>
    let heldCount: UnsafeMutablePointer<Int>
    let release: UnsafeMutablePointer<Double>

    /// That before an arrival.
    @inline(__always)
    func interval(_ event: Int) -> Interval {
        Interval(length: length[event], a: a[event], b: b[event], h: h[event])
    }
}

final class FeedbackState {
    private let numbers = Block<Double>()
    private let rivalNumbers = Block<Double>()
    private let rivalIntegers = Block<Int32>()
    private let intervals = Block<Double>()
    private let integers = Block<Int32>()
    private let heldCount = Block<Int>()
    private let bits = Block<UInt8>()
    let poller: Poller
    /// Spikes of the layer on their way to it.
    var pending = ArrivalHeap()

    init(_ poller: Poller) { self.poller = poller }

    /// Room for `stride` neurons and so many arrivals, state zero, nothing on its way.
    func lanes(stride: Int, events: Int) throws(SpinnpropError) -> FeedbackLanes {
        // Whole cache lines apart, with room for a vector that is not full.
        let step = (stride + 11) & ~7
        try numbers.reserve(5 * step)
        try integers.reserve(2 * step)
        try rivalNumbers.reserve(Candidates.numbers * step)
        try rivalIntegers.reserve(Candidates.integers * step)
        let room = padded(events)
        try intervals.reserve(4 * room)
        try heldCount.clear(1)
        // Read in words of eight.
        try bits.clear((stride / 4 + 7) & ~7)
        pending.removeAll()
        let (base, whole, passed) = (numbers.pointer, integers.pointer, intervals.pointer)
        base.update(repeating: 0, count: 3 * step)
        return FeedbackLanes(
            v: base, i: base + step, mayFire: bits.pointer, candidate: whole, soonest: base + 3 * step,
            rivals: Candidates(rivalNumbers.pointer, rivalIntegers.pointer, mayFire: bits.pointer, most: step),
            nothing: base + 2 * step, length: passed, a: passed + room, b: passed + 2 * room, h: passed + 3 * room,
            held: whole + step, heldCount: heldCount.pointer, release: base + 4 * step)
    }
}
