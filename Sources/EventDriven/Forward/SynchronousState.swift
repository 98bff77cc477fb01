// State and buffers of a layer that is moved as one from event to event.
import Mathematics
import Networks
import Spikes

/// Pointers into one block of memory; trivial, so that hot loops touch no reference counts.
struct SynchronousLanes {
    /// State at the current event, and at the end of the interval after it.
    var v: UnsafeMutablePointer<Double>
    var i: UnsafeMutablePointer<Double>
    var nextV: UnsafeMutablePointer<Double>
    var nextI: UnsafeMutablePointer<Double>
    /// For each four neurons a bit each where the threshold may be reached within the interval; whole words.
    let mayFire: UnsafeMutablePointer<UInt8>
    /// Neurons that reach it: state, time since the interval's start, what the motion keeps of the map over what is left of the interval, and
    /// the coordinate of the crossing.
    let candidate: UnsafeMutablePointer<Int32>
    let candidateV: UnsafeMutablePointer<Double>
    let candidateI: UnsafeMutablePointer<Double>
    let offset: UnsafeMutablePointer<Double>
    let rest: UnsafeMutablePointer<Double>
    let x: UnsafeMutablePointer<Double>
    /// The same after the crossing: when it is, and the state at the interval's end.
    let time: UnsafeMutablePointer<Double>
    let current: UnsafeMutablePointer<Double>
    let resets: UnsafeMutablePointer<Double>
    let passed: UnsafeMutablePointer<Double>
    let left: UnsafeMutablePointer<Double>
    let endV: UnsafeMutablePointer<Double>
    /// With refractory periods the current at a neuron's next release, which neurons are held, when they are let go, and those that are just now.
    let after: UnsafeMutablePointer<Double>
    let held: UnsafeMutablePointer<Int32>
    let heldCount: UnsafeMutablePointer<Int>
    let release: UnsafeMutablePointer<Double>
    let freed: UnsafeMutablePointer<Int32>
    /// The interval after each event, and its propagators.
    let length: UnsafeMutablePointer<Double>
    let a: UnsafeMutablePointer<Double>
    let b: UnsafeMutablePointer<Double>
    let h: UnsafeMutablePointer<Double>
}

final class SynchronousState {
    private let neuronBlock = Block<Double>()
    private let candidateBlock = Block<Int32>()
    private let heldCount = Block<Int>()
    private let bitBlock = Block<UInt8>()
    private let eventBlock = Block<Double>()
    private let spikeTimes = Block<Double>()
    private let spikeCurrents = Block<Double>()
    private let spikeUnits = Block<Int32>()
    let poller: Poller
    private let order: TimeOrder

    init(_ poller: Poller) {
        self.poller = poller
        order = TimeOrder(poller)
    }

    /// Room for `stride` neurons and `events` events, state zero.
    func lanes(stride: Int, events: Int) throws(SpinnpropError) -> SynchronousLanes {
        // Whole cache lines apart.
        let step = (stride + 7) & ~7
        try neuronBlock.reserve(17 * step)
        try candidateBlock.reserve(3 * step)
        try heldCount.clear(1)
        try bitBlock.clear((stride / 4 + 7) & ~7)
        let column = padded(max(1, events))
        try eventBlock.reserve(4 * column)
        let (base, whole, event) = (neuronBlock.pointer, candidateBlock.pointer, eventBlock.pointer)
        base.update(repeating: 0, count: 2 * step)
        return SynchronousLanes(
            v: base, i: base + step, nextV: base + 2 * step, nextI: base + 3 * step, mayFire: bitBlock.pointer,
            candidate: whole, candidateV: base + 4 * step, candidateI: base + 5 * step,
            offset: base + 6 * step, rest: base + 7 * step, x: base + 8 * step, time: base + 9 * step,
            current: base + 10 * step, resets: base + 11 * step, passed: base + 12 * step, left: base + 13 * step,
            endV: base + 14 * step, after: base + 15 * step, held: whole + step, heldCount: heldCount.pointer,
            release: base + 16 * step, freed: whole + 2 * step, length: event, a: event + column, b: event + 2 * column,
            h: event + 3 * column)
    }

    /// Room for `count` spikes of one interval, the first `keeping` of which stay.
    @inline(__always)
    func spikes(_ count: Int, keeping: Int) throws(SpinnpropError) -> IntervalSpikes {
        try spikeTimes.grow(count, keeping: keeping)
        try spikeUnits.grow(count, keeping: keeping)
        try spikeCurrents.grow(count, keeping: keeping)
        return IntervalSpikes(
            times: spikeTimes.pointer, units: spikeUnits.pointer, currents: spikeCurrents.pointer)
    }

    /// Appends the interval's spikes to a layer's, in order of time.
    @inline(__always)
    func append(_ count: Int, to output: SpikeColumns) throws(SpinnpropError) {
        let made = try spikes(count, keeping: count)
        try output.reserve(count)
        let (times, units, currents) = (
            output.times + output.count, output.units + output.count, output.currents + output.count
        )
        output.count += count
        if count == 1 {
            (times[0], units[0], currents[0]) = (made.times[0], made.units[0], made.currents[0])
            return
        }
        let order = try self.order.order(made.times, made.units, count)
        var n = 0
        while n < count {
            let from = Int(order[n])
            times[n] = made.times[from]
            units[n] = made.units[from]
            currents[n] = made.currents[from]
            n &+= 1
        }
    }
}

/// Spikes of one interval before they are put in order.
struct IntervalSpikes {
    let times: UnsafeMutablePointer<Double>
    let units: UnsafeMutablePointer<Int32>
    let currents: UnsafeMutablePointer<Double>
}
