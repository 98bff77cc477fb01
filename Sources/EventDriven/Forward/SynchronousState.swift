// State and buffers of a layer that is moved as one from event to event, for some samples side by side.
import Mathematics
import Networks
import Neurons
import Spikes

/// One of the samples: where it is, with pointers into memory of `SynchronousState`; trivial, so that hot loops touch no reference counts.
struct SynchronousSample {
    let times: UnsafePointer<Double>
    let connections: UnsafePointer<Int32>
    let units: UnsafePointer<Int32>
    let events: Int
    /// The event that comes next.
    var event = 0
    /// State just before it, and room for the one after.
    var v = SynchronousSample.nowhere
    var i = SynchronousSample.nowhere
    var nextV = SynchronousSample.nowhere
    var nextI = SynchronousSample.nowhere
    /// The interval after each event, and its propagators.
    var length = SynchronousSample.nowhere
    var a = SynchronousSample.nowhere
    var b = SynchronousSample.nowhere
    var h = SynchronousSample.nowhere
    /// Neurons within their refractory periods, and of each neuron when it is let go.
    var held = UnsafeMutableRawPointer(SynchronousSample.nowhere).assumingMemoryBound(to: Int32.self)
    var heldCount = 0
    var release = SynchronousSample.nowhere
    /// Where its spikes end, in no order within an interval, and where those of each interval end that has any; how many of these there are.
    var found = 0
    var ends = UnsafeMutableRawPointer(SynchronousSample.nowhere).assumingMemoryBound(to: Int.self)
    var intervals = 0
    /// How many of its neurons may still spike within the interval that it has gone through.
    var waiting = 0

    /// Until there is room for it.
    private static var nowhere: UnsafeMutablePointer<Double> { UnsafeMutablePointer(bitPattern: 64).unsafelyUnwrapped }

    init(
        times: UnsafePointer<Double>, connections: UnsafePointer<Int32>, units: UnsafePointer<Int32>, events: Int
    ) {
        (self.times, self.connections, self.units, self.events) = (times, connections, units, events)
    }

    /// Its state after an interval, without spikes.
    @inline(__always)
    mutating func advance() {
        swap(&v, &nextV)
        swap(&i, &nextI)
    }
}

/// Neurons that may reach the threshold within the interval that their sample has just gone through; pointers as those of a sample.
struct Candidates {
    let sample: UnsafeMutablePointer<Int32>
    let neuron: UnsafeMutablePointer<Int32>
    /// State, time since the interval's start, and those decays over what is left of it that the motion takes.
    let v: UnsafeMutablePointer<Double>
    let i: UnsafeMutablePointer<Double>
    let offset: UnsafeMutablePointer<Double>
    let a: UnsafeMutablePointer<Double>
    let b: UnsafeMutablePointer<Double>
    /// The interval.
    let start: UnsafeMutablePointer<Double>
    let length: UnsafeMutablePointer<Double>
    /// The coordinate of the crossing, when it is, and the state after it, at the next release where a refractory period follows, and at the
    /// interval's end.
    let x: UnsafeMutablePointer<Double>
    let time: UnsafeMutablePointer<Double>
    let current: UnsafeMutablePointer<Double>
    let resets: UnsafeMutablePointer<Double>
    let passed: UnsafeMutablePointer<Double>
    let leftA: UnsafeMutablePointer<Double>
    let leftB: UnsafeMutablePointer<Double>
    let endV: UnsafeMutablePointer<Double>
    let endI: UnsafeMutablePointer<Double>
    let after: UnsafeMutablePointer<Double>
    /// For each four neurons of the sample that is moved a bit each where the threshold may be reached; whole words.
    let mayFire: UnsafeMutablePointer<UInt8>
    /// Its neurons whose refractory periods end.
    let freed: UnsafeMutablePointer<Int32>
    private let most: Int

    /// How many numbers and integers each takes.
    static var numbers: Int { 17 }
    static var integers: Int { 3 }

    /// - Parameter most: for how many there is memory, in whole vectors.
    init(
        _ base: UnsafeMutablePointer<Double>, _ whole: UnsafeMutablePointer<Int32>,
        mayFire: UnsafeMutablePointer<UInt8>, most: Int
    ) {
        (sample, neuron, freed) = (whole, whole + most, whole + 2 * most)
        (v, i, offset, a) = (base, base + most, base + 2 * most, base + 3 * most)
        (start, length, x, time) = (base + 4 * most, base + 5 * most, base + 6 * most, base + 7 * most)
        (current, resets, passed, b) = (base + 8 * most, base + 9 * most, base + 10 * most, base + 11 * most)
        (leftA, leftB, endV, endI) = (base + 12 * most, base + 13 * most, base + 14 * most, base + 15 * most)
        after = base + 16 * most
        self.mayFire = mayFire
        self.most = most
    }

    /// All but the first few, whole vectors.
    @inline(__always)
    func dropFirst(_ count: Int) -> Candidates { Candidates(v + count, sample + count, mayFire: mayFire, most: most) }

    /// Those from `first` to `end` are of one sample, at the start of its interval; whole vectors, of which more may follow.
    @inline(__always)
    func begin<Rule: Motion>(
        _: Rule, _ first: Int, _ end: Int, sample: Int, start: Double, length: Double, _ whole: Decays<Double>
    ) {
        let (samples, starts) = (SIMD4(repeating: Int32(truncatingIfNeeded: sample)), SIMD4(repeating: start))
        let lengths = SIMD4(repeating: length)
        var n = first
        while n < end {
            UnsafeMutableRawPointer(self.sample + n).storeBytes(of: samples, as: SIMD4<Int32>.self)
            store(.zero, at: offset + n)
            if Rule.takes.membrane { store(SIMD4(repeating: whole.membrane), at: a + n) }
            if Rule.takes.synapse { store(SIMD4(repeating: whole.synapse), at: b + n) }
            store(starts, at: self.start + n)
            store(lengths, at: self.length + n)
            n &+= 4
        }
    }

    /// They are worked on four at a time: what fills up the last four must be numbers too, and reach no threshold.
    @inline(__always)
    func pad(_ count: Int) {
        var n = count
        while n & 3 != 0 {
            neuron[n] = 0
            (v[n], i[n], offset[n], a[n], b[n], start[n], length[n]) = (0, 0, 0, 1, 1, 0, 0)
            n &+= 1
        }
    }
}

/// Spikes that have been found, each sample's in a place of its own.
struct FoundSpikes {
    let times: UnsafeMutablePointer<Double>
    let currents: UnsafeMutablePointer<Double>
    let units: UnsafeMutablePointer<Int32>
}

final class SynchronousState {
    private let sampleBlock = Block<SynchronousSample>()
    private let neuronBlock = Block<Double>()
    private let heldBlock = Block<Int32>()
    private let eventBlock = Block<Double>()
    private let endBlock = Block<Int>()
    private let candidateBlock = Block<Double>()
    private let candidateNeurons = Block<Int32>()
    private let bitBlock = Block<UInt8>()
    private var spikeTimes = Block<Double>()
    private var spikeCurrents = Block<Double>()
    private var spikeUnits = Block<Int32>()
    /// For how many spikes each sample has room.
    private var room = 0
    private(set) var sampleCount = 0
    private var eventCount = 0
    let poller: Poller
    private let order: TimeOrder

    init(_ poller: Poller) {
        self.poller = poller
        order = TimeOrder(poller)
    }

    var samples: UnsafeMutablePointer<SynchronousSample> { sampleBlock.pointer }

    func removeSamples() { (sampleCount, eventCount) = (0, 0) }

    /// Another sample with these arrivals, which have to stay where they are.
    func add(_ arrivals: Arrivals) throws(SpinnpropError) {
        try sampleBlock.grow(sampleCount + 1, keeping: sampleCount)
        (samples + sampleCount).initialize(
            to: SynchronousSample(
                times: arrivals.times, connections: arrivals.connections, units: arrivals.units, events: arrivals.count)
        )
        sampleCount += 1
        eventCount += padded(arrivals.count + 1)
    }

    /// Room for `stride` neurons in the samples that have been added, each before its first event, state zero.
    func begin(stride: Int, isRefractory: Bool) throws(SpinnpropError) -> Candidates {
        let count = sampleCount
        // Whole cache lines apart.
        let step = (stride + 7) & ~7
        let wide = isRefractory ? 5 : 4
        try neuronBlock.reserve(wide * step * count)
        try heldBlock.reserve(isRefractory ? step * count : 0)
        try eventBlock.reserve(4 * eventCount)
        try endBlock.reserve(eventCount)
        room = max(64, 2 * stride)
        try spikeTimes.reserve(room * count)
        try spikeCurrents.reserve(room * count)
        try spikeUnits.reserve(room * count)
        var (neurons, held, events, ends) = (
            neuronBlock.pointer, heldBlock.pointer, eventBlock.pointer, endBlock.pointer
        )
        for n in 0..<count {
            let own = samples + n
            // An interval before the first event and one after each.
            let column = padded(own.pointee.events + 1)
            neurons.update(repeating: 0, count: 2 * step)
            own.pointee.v = neurons
            own.pointee.i = neurons + step
            own.pointee.nextV = neurons + 2 * step
            own.pointee.nextI = neurons + 3 * step
            own.pointee.release = neurons + (wide - 1) * step
            own.pointee.held = held
            own.pointee.length = events
            own.pointee.a = events + column
            own.pointee.b = events + 2 * column
            own.pointee.h = events + 3 * column
            own.pointee.ends = ends
            own.pointee.found = n * room
            neurons += wide * step
            held += isRefractory ? step : 0
            events += 4 * column
            ends += column
        }
        // With room for a vector that is not full.
        let most = step * count + 8
        try candidateBlock.reserve(Candidates.numbers * most)
        try candidateNeurons.reserve(Candidates.integers * most)
        try bitBlock.clear((stride / 4 + 7) & ~7)
        let (base, whole) = (candidateBlock.pointer, candidateNeurons.pointer)
        return Candidates(base, whole, mayFire: bitBlock.pointer, most: most)
    }

    /// How many spikes have been found.
    var found: Int { (0..<sampleCount).reduce(0) { $0 + samples[$1].found - $1 * room } }

    /// Where spikes go, with room for `count` more of each sample.
    @inline(__always)
    func spikes(_ count: Int) throws(SpinnpropError) -> FoundSpikes {
        var most = 0
        for n in 0..<sampleCount { most = max(most, samples[n].found &- n &* room) }
        if most &+ count > room { try makeRoom(max(most + count, 2 * room)) }
        return FoundSpikes(
            times: spikeTimes.pointer, currents: spikeCurrents.pointer, units: spikeUnits.pointer)
    }

    private func makeRoom(_ newRoom: Int) throws(SpinnpropError) {
        let total = newRoom * sampleCount
        let (times, currents, units) = (try Block<Double>(total), try Block<Double>(total), try Block<Int32>(total))
        for n in 0..<sampleCount {
            let (from, to, count) = (n * room, n * newRoom, samples[n].found - n * room)
            (times.pointer + to).update(from: spikeTimes.pointer + from, count: count)
            (currents.pointer + to).update(from: spikeCurrents.pointer + from, count: count)
            (units.pointer + to).update(from: spikeUnits.pointer + from, count: count)
            samples[n].found += to - from
            for interval in 0..<samples[n].intervals { samples[n].ends[interval] += to - from }
        }
        (spikeTimes, spikeCurrents, spikeUnits, room) = (times, currents, units, newRoom)
    }

    /// Ends the intervals of all samples that wait for nobody: spikes that follow come after those found.
    @inline(__always)
    func endIntervals() {
        for n in 0..<sampleCount where samples[n].waiting == 0 {
            let own = samples + n
            let before = own.pointee.intervals
            guard own.pointee.found > (before > 0 ? own.pointee.ends[before &- 1] : n &* room) else { continue }
            own.pointee.ends[before] = own.pointee.found
            own.pointee.intervals = before &+ 1
        }
    }

    /// Appends the spikes found to a layer's, sample by sample and in order of time. - Parameter delays: by how much each neuron's come later, if
    /// they do; those after `endTime` are then left out.
    func append(
        to output: SpikeColumns, delays: UnsafePointer<Double>?, endTime: Double
    ) throws(SpinnpropError) {
        for n in 0..<sampleCount {
            var start = n * room
            if let delays {
                let kept = delayed(start, samples[n].found, delays, endTime)
                try output.reserve(kept - start)
                try append(start, kept, to: output)
            } else {
                try output.reserve(samples[n].found - start)
                for interval in 0..<samples[n].intervals {
                    let end = samples[n].ends[interval]
                    try append(start, end, to: output)
                    start = end
                }
            }
            output.ends.append(output.count)
        }
    }

    /// Spikes come later. Returns where those end that are in time.
    private func delayed(_ start: Int, _ end: Int, _ delays: UnsafePointer<Double>, _ endTime: Double) -> Int {
        let (times, currents, units) = (spikeTimes.pointer, spikeCurrents.pointer, spikeUnits.pointer)
        var kept = start
        for n in start..<end {
            let time = times[n] + delays[Int(units[n])]
            (times[kept], currents[kept], units[kept]) = (time, currents[n], units[n])
            kept &+= time <= endTime ? 1 : 0
        }
        return kept
    }

    /// Spikes that only come after those before.
    @inline(__always)
    private func append(_ start: Int, _ end: Int, to output: SpikeColumns) throws(SpinnpropError) {
        let count = end &- start
        let (times, currents, units) = (
            spikeTimes.pointer + start, spikeCurrents.pointer + start, spikeUnits.pointer + start
        )
        let (toTimes, toCurrents, toUnits) = (
            output.times + output.count, output.currents + output.count, output.units + output.count
        )
        output.count += count
        if count == 1 {
            (toTimes[0], toCurrents[0], toUnits[0]) = (times[0], currents[0], units[0])
            return
        }
        var n = 0
        if let places = try order.places(times, count) {
            while n < count {
                let to = Int(places[n])
                (toTimes[to], toCurrents[to], toUnits[to]) = (times[n], currents[n], units[n])
                n &+= 1
            }
            return
        }
        let order = try order.order(times, units, count)
        while n < count {
            let from = Int(order[n])
            (toTimes[n], toCurrents[n], toUnits[n]) = (times[from], currents[from], units[from])
            n &+= 1
        }
    }
}
