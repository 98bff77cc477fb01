// From the causal sets of a layer's neurons to their spikes.
import Mathematics
import Networks
import Neurons
import Spikes

/// Where each neuron of a layer stands at the latest input of its causal set.
final class CausalStates {
    /// Trivial, so that hot loops touch no reference counts.
    struct Pointers {
        let v: UnsafeMutablePointer<Double>
        let i: UnsafeMutablePointer<Double>
        let start: UnsafeMutablePointer<Double>
        let end: UnsafeMutablePointer<Double>
        let overflow: UnsafeMutablePointer<Double>

        @inline(__always)
        func store(_ state: CausalState, at first: Int) {
            vectors(v + first).pointee = state.v
            vectors(i + first).pointee = state.i
            vectors(start + first).pointee = state.start
            vectors(end + first).pointee = state.end
            vectors(overflow + first).pointee = state.overflow
        }
    }

    private let block = Block<Double>()
    private(set) var pointers: Pointers

    init() { pointers = CausalStates.columns(block.pointer, 0) }

    private static func columns(_ base: UnsafeMutablePointer<Double>, _ stride: Int) -> Pointers {
        Pointers(
            v: base, i: base + stride, start: base + 2 * stride, end: base + 3 * stride, overflow: base + 4 * stride)
    }

    func reserve(_ stride: Int) throws(SpinnpropError) {
        try block.reserve(5 * stride)
        pointers = CausalStates.columns(block.pointer, stride)
    }

    /// Infinite and undefined currents stay so, whatever follows.
    func checkFinite(_ layer: FirstSpikeLayer) throws(SpinnpropError) {
        var sum = 0.0
        for neuron in 0..<layer.neuronCount { sum += pointers.overflow[neuron] }
        guard sum != 0 else { return }
        for neuron in 0..<layer.neuronCount where pointers.overflow[neuron] != 0 {
            throw .invalidValue(
                "the current of neuron \(neuron) of layer \(layer.index) overflows float64; use smaller weights")
        }
    }
}

/// The spikes of a layer in the order of neurons.
final class UnorderedSpikes {
    private let times = Block<Double>()
    private let decays = Block<Double>()
    private let currents = Block<Double>()
    private let units = Block<Int32>()
    private var count = 0

    /// Solves for the spikes that causal sets stand for, and keeps those up to `endTime`.
    @inline(__always)
    func solve<Form: ClosedForm>(
        _: Form.Type, _ layer: FirstSpikeLayer, _ states: CausalStates.Pointers, endTime: Double
    ) throws(SpinnpropError) {
        let neuronCount = layer.neuronCount
        try times.reserve(neuronCount)
        try decays.reserve(neuronCount)
        try currents.reserve(neuronCount)
        try units.reserve(neuronCount)
        let (times, decays, currents, units) = (times.pointer, decays.pointer, currents.pointer, units.pointer)
        count = 0
        var n = 0
        while n < neuronCount {
            units[count] = Int32(truncatingIfNeeded: n)
            count &+= states.start[n] < .infinity ? 1 : 0
            n &+= 1
        }
        n = 0
        while n < count {
            let from = Int(units[n])
            decays[n] = Form.coordinate(
                v: states.v[from], i: states.i[from], inverseThreshold: layer.inverseThreshold[from])
            n &+= 1
        }
        n = 0
        while n < count {
            times[n] = Form.elapsed(decays[n])
            decays[n] = Form.decay(decays[n])
            n &+= 1
        }
        var kept = 0
        n = 0
        while n < count {
            let from = Int(units[n])
            let time = states.start[from] + times[n] * layer.tauMem[from]
            // Past the end by rounding only. The causal set is that of inputs up to the spike, also for who knows its time alone.
            let latest = states.end[from].nextDown
            times[kept] = time < latest ? time : latest
            currents[kept] = states.i[from] * decays[n]
            units[kept] = units[n]
            kept &+= times[kept] <= endTime ? 1 : 0
            n &+= 1
        }
        count = kept
    }

    /// Appends the spikes to a layer's, in order of time.
    func append(to output: SpikeColumns, _ sorter: TimeOrder) throws(SpinnpropError) {
        try output.reserve(count)
        let (times, units, currents) = (times.pointer, units.pointer, currents.pointer)
        let order = try sorter.order(times, units, count)
        let start = output.count
        for n in 0..<count {
            let from = Int(order[n])
            output.times[start &+ n] = times[from]
            output.units[start &+ n] = units[from]
            output.currents[start &+ n] = currents[from]
        }
        output.count = start + count
    }
}

extension FirstSpikeLayer {
    /// Of four neurons from `first` on.
    @inline(__always)
    func thresholds(_ first: Int) -> Thresholds {
        Thresholds(
            value: vector(threshold + first), below: vector(below + first), inverse: vector(inverseThreshold + first))
    }
}

extension SharedArrivals {
    /// For the four neurons from `first` on.
    @inline(__always)
    func from(_ first: Int) -> SharedArrivals {
        SharedArrivals(
            count: count, times: times, units: units, a: a, b: b, h: h, weights: weights + first, stride: stride)
    }
}
