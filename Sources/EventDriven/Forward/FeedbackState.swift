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
    /// These neurons: state, and a time, from the current event, before which the threshold is not reached.
    let candidate: UnsafeMutablePointer<Int32>
    let candidateV: UnsafeMutablePointer<Double>
    let candidateI: UnsafeMutablePointer<Double>
    let soonest: UnsafeMutablePointer<Double>
    /// Those few of them that may be the first: state, the coordinate of the crossing and when it is.
    let rival: UnsafeMutablePointer<Int32>
    let rivalV: UnsafeMutablePointer<Double>
    let rivalI: UnsafeMutablePointer<Double>
    let x: UnsafeMutablePointer<Double>
    let time: UnsafeMutablePointer<Double>
    /// The weights of an event that brings nothing: 0.
    let nothing: UnsafeMutablePointer<Double>
    /// The propagators of the interval before each arrival.
    let a: UnsafeMutablePointer<Double>
    let b: UnsafeMutablePointer<Double>
    let h: UnsafeMutablePointer<Double>
    /// Neurons in their refractory periods, and when these end.
    let held: UnsafeMutablePointer<Int32>
    let heldCount: UnsafeMutablePointer<Int>
    let release: UnsafeMutablePointer<Double>
}

final class FeedbackState {
    private let numbers = Block<Double>()
    private let propagators = Block<Double>()
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
        try numbers.reserve(11 * step)
        try integers.reserve(3 * step)
        let room = padded(events)
        try propagators.reserve(3 * room)
        try heldCount.clear(1)
        // Read in words of eight.
        try bits.clear((stride / 4 + 7) & ~7)
        pending.removeAll()
        let (base, whole) = (numbers.pointer, integers.pointer)
        base.update(repeating: 0, count: 3 * step)
        return FeedbackLanes(
            v: base, i: base + step, mayFire: bits.pointer, candidate: whole, candidateV: base + 3 * step,
            candidateI: base + 4 * step, soonest: base + 5 * step, rival: whole + step, rivalV: base + 6 * step,
            rivalI: base + 7 * step, x: base + 8 * step, time: base + 9 * step, nothing: base + 2 * step,
            a: propagators.pointer, b: propagators.pointer + room, h: propagators.pointer + 2 * room,
            held: whole + 2 * step, heldCount: heldCount.pointer, release: base + 10 * step)
    }
}
