// The inputs of a layer in one sample, in order of time: once for all its neurons, or once for each.
import Mathematics
import Networks
import Neurons
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
    /// e^((time - latest) / tau_m) of each, if `isFactored`: where neurons have delays of their own and no difference of times leaves float64.
    private let factors = Block<Double>()
    private(set) var isFactored = false
    /// Arrivals at four neurons, four numbers for each: when they come in the order of spikes, where each goes, and all in order.
    private let unordered = Block<Double>()
    private let ranks = Block<Int>()
    private let ownTimes = Block<Double>()
    private let ownWeights = Block<Double>()
    private let ownFactors = Block<Double>()
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
        isFactored =
            layer.delayKind == .synaptic && count > 0
            && layer.isFactored(earliest: times[0], latest: times[count &- 1])
        if isFactored {
            let (latest, inverseTau) = (times[count &- 1], layer.inverseTau[0])
            try factors.setExponentials(count) { (times[$0] - latest) * inverseTau }
        }
        guard !layer.sharesArrivals else { return }
        try Memory.check(count: count, bytesPerElement: 160, "the arrivals at four neurons in one sample")
        try unordered.reserve(4 &* (count &+ 4))
        try ranks.reserve(4 &* count)
        try ownTimes.reserve(4 &* (count &+ 1))
        try ownWeights.reserve(4 &* count)
        try ownFactors.reserve(4 &* (count &+ 1))
        try oneNeuron.reserve(count)
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
    func own<IsFactored: Constant>(
        _ layer: FirstSpikeLayer, first: Int, endTime: Double, _: IsFactored.Type
    ) throws(SpinnpropError) -> OwnArrivals<IsFactored> {
        try collect(layer, first: first, endTime: endTime, IsFactored.self)
        return OwnArrivals(
            count: count, times: ownTimes.pointer, weights: ownWeights.pointer, factors: ownFactors.pointer,
            inverseTau: vector(layer.inverseTau + first))
    }

    private func collect<IsFactored: Constant>(
        _ layer: FirstSpikeLayer, first: Int, endTime: Double, _: IsFactored.Type
    ) throws(SpinnpropError) {
        let (times, units, factors, count) = (times.pointer, units.pointer, factors.pointer, count)
        let (weights, stride) = (layer.weights.pointer + first, layer.stride)
        let (delays, delayStride) = (layer.receiverDelays.rows + first, layer.receiverDelays.stride)
        let delayFactors = layer.delayFactors.pointer + first
        let (unordered, never) = (vectors(unordered.pointer), SIMD4<Double>(repeating: .infinity))
        let (ownTimes, ownWeights, ownFactors) = (
            vectors(ownTimes.pointer), vectors(ownWeights.pointer), vectors(ownFactors.pointer)
        )
        (ownTimes[count], ownFactors[count]) = (never, never)
        // Only delays that receivers tell apart change the order.
        let isInOrder = layer.delayKind == .none || layer.delayKind == .axonal
        var n = 0
        if isInOrder || count <= 8 {
            while n < count {
                let unit = Int(units[n])
                let time = times[n] + vector(delays + unit &* delayStride)
                ownTimes[n] = time.replacing(with: never, where: time .> endTime)
                ownWeights[n] = vector(weights + unit &* stride)
                if IsFactored.isTrue { ownFactors[n] = factors[n] * vector(delayFactors + unit &* delayStride) }
                n &+= 1
            }
            if !isInOrder { exchange(ownTimes, ownWeights, ownFactors, IsFactored.self) }
            return
        }
        // Those after the end, too, keep their times until they are ranked: infinite ones would be ties.
        while n < count {
            unordered[n] = times[n] + vector(delays + Int(units[n]) &* delayStride)
            n &+= 1
        }
        // To whole groups of four.
        for padding in 0..<4 { unordered[count &+ padding] = never }
        let isRanked = count <= 64 ? rank() : SIMDMask(repeating: false)
        if !all(isRanked) { try rankOneByOne(where: .!isRanked) }
        let ranks = ranks.pointer
        n = 0
        while n < count {
            let (unit, places, time) = (Int(units[n]), ranks + 4 &* n, unordered[n])
            scatter(time.replacing(with: never, where: time .> endTime), ownTimes, places)
            scatter(vector(weights + unit &* stride), ownWeights, places)
            if IsFactored.isTrue {
                scatter(factors[n] * vector(delayFactors + unit &* delayStride), ownFactors, places)
            }
            n &+= 1
        }
    }

    /// Sorts few arrivals by exchanging neighbours, at four neurons at once: no branch, and nothing leaves its vector.
    @inline(__always)
    private func exchange<IsFactored: Constant>(
        _ times: UnsafeMutablePointer<SIMD4<Double>>, _ weights: UnsafeMutablePointer<SIMD4<Double>>,
        _ factors: UnsafeMutablePointer<SIMD4<Double>>, _: IsFactored.Type
    ) {
        var end = count &- 1
        while end > 0 {
            // The latest so far.
            var (time, weight) = (times[0], weights[0])
            var factor = IsFactored.isTrue ? factors[0] : .zero
            var n = 0
            while n < end {
                let (nextTime, nextWeight) = (times[n &+ 1], weights[n &+ 1])
                let isEarlier = nextTime .< time
                times[n] = lesser(nextTime, time)
                time = greater(time, nextTime)
                weights[n] = weight.replacing(with: nextWeight, where: isEarlier)
                weight = nextWeight.replacing(with: weight, where: isEarlier)
                if IsFactored.isTrue {
                    let nextFactor = factors[n &+ 1]
                    factors[n] = factor.replacing(with: nextFactor, where: isEarlier)
                    factor = nextFactor.replacing(with: factor, where: isEarlier)
                }
                n &+= 1
            }
            (times[end], weights[end]) = (time, weight)
            if IsFactored.isTrue { factors[end] = factor }
            end &-= 1
        }
    }

    @inline(__always)
    private func scatter(
        _ own: SIMD4<Double>, _ vectors: UnsafeMutablePointer<SIMD4<Double>>, _ places: UnsafePointer<Int>
    ) {
        let values = UnsafeMutableRawPointer(vectors).assumingMemoryBound(to: Double.self)
        values[places[0]] = own[0]
        values[places[1] &+ 1] = own[1]
        values[places[2] &+ 2] = own[2]
        values[places[3] &+ 3] = own[3]
    }

    /// For each arrival at each of four neurons the place of its number: four times as many as come before. As many comparisons as pairs,
    /// but no branch. `false`, with ranks undefined, for a neuron at which two come at one time.
    private func rank() -> SIMDMask<SIMD4<Int64>> {
        let (times, ranks, count) = (vectors(unordered.pointer), ranks.pointer, count)
        var sum = SIMD4<Int64>.zero
        var n = 0
        while n < count {
            let own = times[n]
            var before = SIMD4<Int64>.zero
            var other = 0
            while other < count {
                // -1 is true.
                before &-= unsafeBitCast(times[other] .< own, to: SIMD4<Int64>.self)
                before &-= unsafeBitCast(times[other &+ 1] .< own, to: SIMD4<Int64>.self)
                before &-= unsafeBitCast(times[other &+ 2] .< own, to: SIMD4<Int64>.self)
                before &-= unsafeBitCast(times[other &+ 3] .< own, to: SIMD4<Int64>.self)
                other &+= 4
            }
            UnsafeMutableRawPointer(ranks + 4 &* n).assumingMemoryBound(to: SIMD4<Int64>.self).pointee = before &* 4
            sum &+= before
            n &+= 1
        }
        // Each pair of different times counts once.
        return sum .== SIMD4(repeating: Int64(count &* (count &- 1) / 2))
    }

    /// The same for some of the neurons and for many arrivals, in O(n log n) per neuron; those at one time in order of (sender, sending time).
    private func rankOneByOne(where isAsked: SIMDMask<SIMD4<Int64>>) throws(SpinnpropError) {
        let (times, units, ranks, own, count) = (
            unordered.pointer, units.pointer, ranks.pointer, oneNeuron.pointer, count
        )
        for lane in 0..<4 where isAsked[lane] {
            try poller.spend(8 &* count)
            for n in 0..<count { own[n] = times[4 &* n &+ lane] }
            // As they are, among others, where there is no neuron, but the last four are filled up.
            if TimeOrder.isSorted(own, units, count) {
                for n in 0..<count { ranks[4 &* n &+ lane] = 4 &* n }
                continue
            }
            let order = try order.order(own, units, count)
            for n in 0..<count { ranks[4 &* Int(order[n]) &+ lane] = 4 &* n }
        }
    }
}
