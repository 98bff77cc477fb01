// The inputs of a layer in one sample, in order of time: once for all its neurons, or once for each.
import Mathematics
import Networks
import Spikes

/// Spikes of one population in one sample.
struct SpikeRow {
    let times: UnsafePointer<Double>
    let units: UnsafePointer<Int32>
    let count: Int
}

/// Sorts inputs and works out the intervals between them. Belongs to one part at a time.
final class LayerArrivals {
    private let poller: Poller
    private let order: TimeOrder
    private let sentTimes = Block<Double>()
    /// What is sent to the layer at hand, in order of (time, unit): times, with an infinite one after the last, and senders.
    private let times = Block<Double>()
    private let units = Block<Int32>()
    private var count = 0
    private let intervals = Block<Double>()
    /// Of four neurons: arrivals as they are sent, and in order.
    private let unordered = Block<Double>()
    private let ownTimes = Block<Double>()
    private let ownWeights = Block<Double>()
    private let oneNeuron = Block<Double>()

    init(_ poller: Poller) {
        self.poller = poller
        order = TimeOrder(poller)
    }

    /// Takes the spikes that senders send, those after `endTime` left out.
    func take(_ layer: FirstSpikeLayer, _ row: SpikeRow, endTime: Double) throws(SpinnpropError) {
        let sent = try sent(layer, row)
        try times.reserve(row.count + 1)
        try units.reserve(row.count)
        let (times, units) = (times.pointer, units.pointer)
        if TimeOrder.isSorted(sent, row.units, row.count) {
            times.update(from: sent, count: row.count)
            units.update(from: row.units, count: row.count)
        } else {
            let order = try order.order(sent, row.units, row.count)
            for n in 0..<row.count { (times[n], units[n]) = (sent[Int(order[n])], row.units[Int(order[n])]) }
        }
        count = row.count
        while count > 0, times[count &- 1] > endTime { count &-= 1 }
        times[count] = .infinity
    }

    /// When spikes set out for all receivers.
    private func sent(_ layer: FirstSpikeLayer, _ row: SpikeRow) throws(SpinnpropError) -> UnsafePointer<Double> {
        guard layer.delayKind == .axonal else { return row.times }
        try sentTimes.reserve(row.count)
        for n in 0..<row.count { sentTimes.pointer[n] = row.times[n] + layer.delay(pre: Int(row.units[n])) }
        return UnsafePointer(sentTimes.pointer)
    }

    /// Of a layer whose neurons have the same inputs, but for the moment from which each counts time.
    func shared<Form: ClosedForm>(_ layer: FirstSpikeLayer, _: Form.Type) throws(SpinnpropError) -> SharedArrivals {
        let padded = (count &+ 3) & ~3
        try intervals.reserve(4 &* padded)
        let (x, a) = (intervals.pointer, intervals.pointer + padded)
        let (b, h) = (intervals.pointer + 2 &* padded, intervals.pointer + 3 &* padded)
        let (times, tauMem) = (times.pointer, layer.tauMem[0])
        var n = 0
        while n < count {
            x[n] = (times[n &+ 1] - times[n]) / tauMem
            n &+= 1
        }
        while n < padded {
            x[n] = 0
            n &+= 1
        }
        n = 0
        while n < padded {
            let own = Form.propagators(vector(x + n))
            (vectors(a + n).pointee, vectors(b + n).pointee, vectors(h + n).pointee) = (own.a, own.b, own.h)
            n &+= 4
        }
        return SharedArrivals(
            count: count, times: times, units: units.pointer, a: a, b: b, h: h, weights: layer.weights.pointer,
            stride: layer.stride)
    }

    /// Of four neurons from `first` on, each with delays and a time constant of its own.
    func own(_ layer: FirstSpikeLayer, first: Int, endTime: Double) throws(SpinnpropError) -> OwnArrivals {
        try Memory.check(count: count, bytesPerElement: 160, "the arrivals at four neurons in one sample")
        try unordered.reserve(4 &* count)
        try ownTimes.reserve(4 &* (count &+ 1))
        try ownWeights.reserve(4 &* count)
        let never = SIMD4<Double>(repeating: .infinity)
        var (previous, isSorted) = (-never, SIMDMask<SIMD4<Int64>>(repeating: true))
        var n = 0
        while n < count {
            let delays = vector(layer.receiverDelays(pre: Int(units.pointer[n])) + first)
            var time = times.pointer[n] + delays
            time.replace(with: never, where: time .> endTime)
            vectors(unordered.pointer + 4 &* n).pointee = time
            isSorted = isSorted .& (time .>= previous)
            previous = time
            n &+= 1
        }
        vectors(ownTimes.pointer + 4 &* count).pointee = never
        if all(isSorted) {
            place(layer, first, never) { n, _ in SIMD4(repeating: n) }
        } else if count <= 32 {
            place(layer, first, never, rank)
        } else {
            try placeOneByOne(layer, first)
        }
        return OwnArrivals(
            count: count, times: ownTimes.pointer, weights: ownWeights.pointer, inverseTau: vector(layer.inverseTau + first))
    }

    /// How many arrivals at each of four neurons come before the n-th, those at one time in order of (sending time, sender): as many
    /// comparisons as pairs, but no branch.
    @inline(__always)
    private func rank(_ n: Int, _ own: SIMD4<Double>) -> SIMD4<Int> {
        let all = UnsafeRawPointer(unordered.pointer).assumingMemoryBound(to: SIMD4<Double>.self)
        var before = SIMD4<Int64>.zero
        var other = 0
        while other < n {
            // -1 is true.
            before &-= unsafeBitCast(all[other] .<= own, to: SIMD4<Int64>.self)
            other &+= 1
        }
        other = n &+ 1
        while other < count {
            before &-= unsafeBitCast(all[other] .< own, to: SIMD4<Int64>.self)
            other &+= 1
        }
        return unsafeBitCast(before, to: SIMD4<Int>.self)
    }

    /// Puts times and weights of four neurons where `rank` says.
    @inline(__always)
    private func place(
        _ layer: FirstSpikeLayer, _ first: Int, _ never: SIMD4<Double>, _ rank: (Int, SIMD4<Double>) -> SIMD4<Int>
    ) {
        let (times, weights) = (ownTimes.pointer, ownWeights.pointer)
        var n = 0
        while n < count {
            let own = vector(unordered.pointer + 4 &* n)
            let weight = vector(layer.weights.pointer + Int(units.pointer[n]) &* layer.stride + first)
                .replacing(with: 0, where: own .== never)
            let place = rank(n, own)
            for lane in 0..<4 {
                times[4 &* place[lane] &+ lane] = own[lane]
                weights[4 &* place[lane] &+ lane] = weight[lane]
            }
            n &+= 1
        }
    }

    /// The same for many arrivals, in O(n log n) per neuron.
    private func placeOneByOne(_ layer: FirstSpikeLayer, _ first: Int) throws(SpinnpropError) {
        let (times, weights, unordered) = (ownTimes.pointer, ownWeights.pointer, unordered.pointer)
        try oneNeuron.reserve(count)
        for lane in 0..<4 {
            try poller.spend(8 &* count)
            for n in 0..<count { oneNeuron.pointer[n] = unordered[4 &* n &+ lane] }
            let order = try order.order(oneNeuron.pointer, units.pointer, count)
            for n in 0..<count {
                let from = Int(order[n])
                let weight = layer.weights.pointer[Int(units.pointer[from]) &* layer.stride &+ first &+ lane]
                times[4 &* n &+ lane] = oneNeuron.pointer[from]
                weights[4 &* n &+ lane] = oneNeuron.pointer[from] < .infinity ? weight : 0
            }
        }
    }
}
