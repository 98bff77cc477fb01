// State and buffers of a layer that is moved as one from event to event.

/// Pointers into one block of memory; trivial, so that hot loops touch no reference counts.
struct SynchronousLanes {
    /// State at the current event, and at the end of the interval after it.
    var v: UnsafeMutablePointer<Double>
    var i: UnsafeMutablePointer<Double>
    var nextV: UnsafeMutablePointer<Double>
    var nextI: UnsafeMutablePointer<Double>
    /// Positive where the threshold is reached within the interval.
    let score: UnsafeMutablePointer<Double>
    /// Neurons that reach it: state, time since the interval's start, and what `CrossingCase.crossings` answers.
    let candidateV: UnsafeMutablePointer<Double>
    let candidateI: UnsafeMutablePointer<Double>
    let offset: UnsafeMutablePointer<Double>
    let elapsed: UnsafeMutablePointer<Double>
    let decay: UnsafeMutablePointer<Double>
    /// Propagators of what is left of the interval after a candidate's spike.
    let restA: UnsafeMutablePointer<Double>
    let restB: UnsafeMutablePointer<Double>
    let restH: UnsafeMutablePointer<Double>
    let candidate: UnsafeMutablePointer<Int32>
    /// Propagators of the interval after each event.
    let a: UnsafeMutablePointer<Double>
    let b: UnsafeMutablePointer<Double>
    let h: UnsafeMutablePointer<Double>
}

final class SynchronousState {
    private let neuronBlock = Block<Double>()
    private let candidateBlock = Block<Int32>()
    private let eventBlock = Block<Double>()
    /// Spikes of one interval before they are put in order.
    let spikeTimes = Block<Double>()
    let spikeCurrents = Block<Double>()
    let spikeUnits = Block<Int32>()
    let order = TimeOrder()

    /// Room for `stride` neurons and `events` events, state zero.
    func lanes(stride: Int, events: Int) -> SynchronousLanes {
        // Whole cache lines apart.
        let step = (stride + 7) & ~7
        neuronBlock.reserve(13 * step)
        candidateBlock.reserve(step)
        eventBlock.reserve(3 * max(1, events))
        let base = neuronBlock.pointer
        base.update(repeating: 0, count: 2 * step)
        let column = max(1, events)
        return SynchronousLanes(
            v: base, i: base + step, nextV: base + 2 * step, nextI: base + 3 * step, score: base + 4 * step,
            candidateV: base + 5 * step, candidateI: base + 6 * step, offset: base + 7 * step,
            elapsed: base + 8 * step, decay: base + 9 * step, restA: base + 10 * step, restB: base + 11 * step,
            restH: base + 12 * step, candidate: candidateBlock.pointer, a: eventBlock.pointer,
            b: eventBlock.pointer + column, h: eventBlock.pointer + 2 * column)
    }
}
