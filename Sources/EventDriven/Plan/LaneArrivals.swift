// Arrivals at four neurons side by side, at each in an order of its own.
import Mathematics
import Networks
import Spikes

/// What is sent to a layer in one sample, put in order of time for four neurons at once. The number of arrivals is the same for all: whoever is
/// not there, in the last four, receives with the last neuron's delays.
final class LaneArrivals {
    private let poller: Poller
    private let order: TimeOrder
    private let sentTimes = Block<Double>()
    private let connectionBlock = Block<Int32>()
    private let unitBlock = Block<Int32>()
    private let spikeBlock = Block<Int32>()
    private let noDelay = Block<Double>()
    private let unordered = Block<Double>()
    private let placeBlock = Block<Int>()
    private let timeBlock = Block<Double>()
    private let weightBlock = Block<Double>()
    private let oneNeuron = Block<Double>()
    private(set) var count = 0

    init(_ poller: Poller) {
        self.poller = poller
        order = TimeOrder(poller)
    }

    /// Of each spike sent: through which of `LayerPlan.incoming`, from whom, and which of its population's.
    var connections: UnsafeMutablePointer<Int32> { connectionBlock.pointer }
    var units: UnsafeMutablePointer<Int32> { unitBlock.pointer }
    var spikes: UnsafeMutablePointer<Int32> { spikeBlock.pointer }
    /// Where each goes at each of the four neurons: the index of its number among those in order.
    var places: UnsafePointer<Int> { UnsafePointer(placeBlock.pointer) }
    /// Times in order, with an infinite one after the last, and the weights that come then.
    var times: UnsafeMutablePointer<SIMD4<Double>> { vectors(timeBlock.pointer) }
    var weights: UnsafeMutablePointer<SIMD4<Double>> { vectors(weightBlock.pointer) }

    /// Takes what is sent through feed-forward connections.
    func take(_ plan: LayerPlan, _ rows: EventRows) throws(SpinnpropError) {
        count = plan.feedForward.reduce(0) { $0 + rows.source($1).count }
        // Times twice, places, weights, one neuron's times with what sorting takes, and room to grow.
        try Memory.check(count: count, bytesPerElement: 320, "the arrivals at four neurons in one sample")
        try sentTimes.reserve(count)
        try connectionBlock.reserve(count)
        try unitBlock.reserve(count)
        try spikeBlock.reserve(count)
        try noDelay.clear(1)
        try unordered.reserve(4 &* count)
        try placeBlock.reserve(4 &* count)
        try timeBlock.reserve(4 &* (count &+ 1))
        try weightBlock.reserve(4 &* count)
        try oneNeuron.reserve(count)
        var at = 0
        for (c, own) in plan.feedForward.enumerated() {
            let row = rows.source(own)
            for n in 0..<row.count {
                sentTimes.pointer[at] = row.times[n]
                connections[at] = Int32(truncatingIfNeeded: c)
                units[at] = row.units[n]
                spikes[at] = Int32(truncatingIfNeeded: n)
                at &+= 1
            }
        }
    }

    /// Puts in order what reaches the four neurons from `first` on.
    func arrange(_ plan: LayerPlan, first: Int) throws(SpinnpropError) {
        try poller.spend(32 &* count)
        let (sentTimes, units, unordered) = (sentTimes.pointer, units, vectors(unordered.pointer))
        var n = 0
        for (c, own) in plan.feedForward.enumerated() {
            let delays = LaneDelays(own, first: first, noDelay: noDelay.pointer)
            while n < count, connections[n] == Int32(truncatingIfNeeded: c) {
                unordered[n] = sentTimes[n] + delays.from(Int(units[n]))
                n &+= 1
            }
        }
        if count <= 64 { rank() } else { try rankOneByOne() }
        let (times, weights) = (timeBlock.pointer, weightBlock.pointer)
        self.times[count] = SIMD4(repeating: .infinity)
        n = 0
        while n < count {
            let column = plan.columns.pointer[Int(connections[n])] + (Int(units[n]) &* plan.stride &+ first)
            let own = UnsafeRawPointer(column).assumingMemoryBound(to: SIMD4<Double>.self).pointee
            scatter(unordered[n], times, n)
            scatter(own, weights, n)
            n &+= 1
        }
    }

    /// The numbers of a spike at each of the four neurons, out of those that stand in order.
    @inline(__always)
    func gather(_ values: UnsafePointer<Double>, _ n: Int) -> SIMD4<Double> {
        let place = places + 4 &* n
        return SIMD4(values[place[0]], values[place[1]], values[place[2]], values[place[3]])
    }

    @inline(__always)
    private func scatter(_ own: SIMD4<Double>, _ values: UnsafeMutablePointer<Double>, _ n: Int) {
        let place = places + 4 &* n
        values[place[0]] = own[0]
        values[place[1]] = own[1]
        values[place[2]] = own[2]
        values[place[3]] = own[3]
    }

    /// For each arrival the number of those before, at four neurons at once: as many comparisons as pairs, but no branch.
    private func rank() {
        let (times, places) = (vectors(unordered.pointer), placeBlock.pointer)
        let lane = SIMD4<Int64>(0, 1, 2, 3)
        var n = 0
        while n < count {
            let own = times[n]
            var before = SIMD4<Int64>.zero
            var other = 0
            // -1 is true.
            while other < n {
                before &-= unsafeBitCast(times[other] .<= own, to: SIMD4<Int64>.self)
                other &+= 1
            }
            other &+= 1
            while other < count {
                before &-= unsafeBitCast(times[other] .< own, to: SIMD4<Int64>.self)
                other &+= 1
            }
            UnsafeMutableRawPointer(places + 4 &* n).storeBytes(of: before &* 4 &+ lane, as: SIMD4<Int64>.self)
            n &+= 1
        }
    }

    /// The same for many arrivals, in O(n log n) per neuron.
    private func rankOneByOne() throws(SpinnpropError) {
        let (times, places, own) = (unordered.pointer, placeBlock.pointer, oneNeuron.pointer)
        for lane in 0..<4 {
            var n = 0
            while n < count {
                own[n] = times[4 &* n &+ lane]
                n &+= 1
            }
            let order = try order.order(own, units, count)
            n = 0
            while n < count {
                places[4 &* Int(order[n]) &+ lane] = 4 &* n &+ lane
                n &+= 1
            }
        }
    }
}

/// The delays from any sender to four receivers.
private struct LaneDelays {
    private let receivers: (UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>, UnsafePointer<Double>)
    /// How far two senders' lie apart.
    private let step: Int

    init(_ own: EventConnection, first: Int, noDelay: UnsafePointer<Double>) {
        let (kind, last) = (own.connection.delayKind, own.connection.postCount - 1)
        let row = UnsafePointer(own.delayRow.pointer)
        func receiver(_ lane: Int) -> UnsafePointer<Double> {
            let post = min(first + lane, last)
            switch kind {
            case .none: return noDelay
            case .synaptic: return row + post * own.connection.preCount
            case .axonal: return row
            case .dendritic: return row + post
            }
        }
        receivers = (receiver(0), receiver(1), receiver(2), receiver(3))
        step = kind == .synaptic || kind == .axonal ? 1 : 0
    }

    @inline(__always)
    func from(_ pre: Int) -> SIMD4<Double> {
        let at = pre &* step
        return SIMD4(receivers.0[at], receivers.1[at], receivers.2[at], receivers.3[at])
    }
}
