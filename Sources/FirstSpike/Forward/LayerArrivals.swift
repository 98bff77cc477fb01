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
    private let times = Block<Double>()
    private let units = Block<Int32>()
    private let weights = Block<Double>()
    private let intervals = Block<Double>()

    init(_ poller: Poller) {
        self.poller = poller
        order = TimeOrder(poller)
    }

    /// Of a layer whose neurons have the same inputs, those after `endTime` left out.
    func shared(
        _ layer: FirstSpikeLayer, _ row: SpikeRow, endTime: Double, _ form: (some ClosedForm).Type
    ) throws(SpinnpropError) -> SharedArrivals {
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
        var count = row.count
        while count > 0, times[count &- 1] > endTime { count &-= 1 }
        times[count] = .infinity
        let (a, b, h) = try propagators(form, times, rows: count, lanes: 1, layer.tauMem)
        return SharedArrivals(
            count: count, times: times, units: units, a: a, b: b, h: h, weights: layer.weights.pointer,
            stride: layer.stride)
    }

    /// Of four neurons from `first` on, each with delays and a time constant of its own.
    func own(
        _ layer: FirstSpikeLayer, _ row: SpikeRow, first: Int, endTime: Double, _ form: (some ClosedForm).Type
    ) throws(SpinnpropError) -> OwnArrivals {
        let sent = try sent(layer, row)
        try Memory.check(count: row.count, bytesPerElement: 160, "the arrivals at four neurons in one sample")
        // Whole vectors before those that are read as vectors.
        let head = (row.count + 3) & ~3
        try times.reserve(head + 4 * (row.count + 1))
        try weights.reserve(4 * row.count)
        let (arrivals, weights) = (times.pointer + head, weights.pointer)
        arrivals.update(repeating: .infinity, count: 4 * (row.count + 1))
        weights.update(repeating: 0, count: 4 * row.count)
        var longest = 0
        for lane in 0..<min(4, layer.neuronCount - first) {
            let neuron = first + lane
            try poller.spend(8 &* row.count)
            for n in 0..<row.count {
                times.pointer[n] = sent[n] + layer.receiverDelays(pre: Int(row.units[n]))[neuron]
            }
            let isSorted = TimeOrder.isSorted(times.pointer, row.units, row.count)
            let order = isSorted ? nil : try order.order(times.pointer, row.units, row.count)
            var count = 0
            for n in 0..<row.count {
                let from = order.map { Int($0[n]) } ?? n
                guard times.pointer[from] <= endTime else { break }
                arrivals[4 &* n &+ lane] = times.pointer[from]
                weights[4 &* n &+ lane] = layer.weights.pointer[Int(row.units[from]) &* layer.stride &+ neuron]
                count &+= 1
            }
            longest = max(longest, count)
        }
        let (a, b, h) = try propagators(form, arrivals, rows: longest, lanes: 4, layer.tauMem + first)
        return OwnArrivals(count: longest, times: arrivals, weights: weights, a: a, b: b, h: h)
    }

    /// When spikes set out for all receivers.
    private func sent(_ layer: FirstSpikeLayer, _ row: SpikeRow) throws(SpinnpropError) -> UnsafePointer<Double> {
        guard layer.delayKind == .axonal else { return row.times }
        try sentTimes.reserve(row.count)
        for n in 0..<row.count { sentTimes.pointer[n] = row.times[n] + layer.delay(pre: Int(row.units[n])) }
        return UnsafePointer(sentTimes.pointer)
    }

    /// Of the intervals from each row of times to the next.
    @inline(__always)
    private func propagators<Form: ClosedForm>(
        _: Form.Type, _ times: UnsafePointer<Double>, rows: Int, lanes: Int, _ tauMem: UnsafePointer<Double>
    ) throws(SpinnpropError) -> (a: UnsafePointer<Double>, b: UnsafePointer<Double>, h: UnsafePointer<Double>) {
        let count = rows &* lanes
        try intervals.reserve(4 * count)
        let (x, a) = (intervals.pointer, intervals.pointer + count)
        let (b, h) = (intervals.pointer + 2 * count, intervals.pointer + 3 * count)
        var n = 0
        while n < count {
            // After a neuron's last input, and between two infinite times, the interval has no end.
            let next = times[n &+ lanes]
            x[n] = next < .infinity ? (next - times[n]) / tauMem[n & (lanes &- 1)] : .infinity
            n &+= 1
        }
        n = 0
        while n < count {
            let own = Form.propagators(x[n])
            (a[n], b[n], h[n]) = (own.a, own.b, own.h)
            n &+= 1
        }
        return (UnsafePointer(a), UnsafePointer(b), UnsafePointer(h))
    }
}
