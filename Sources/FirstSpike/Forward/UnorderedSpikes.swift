// The spikes of a layer in one sample: solved for four neurons at a time, then put in order.
import Mathematics
import Networks
import Neurons
import Spikes

/// In the order of neurons. Belongs to one part at a time.
final class UnorderedSpikes {
    /// Of each neuron, infinite where it has none; then of spikes alone, as the others.
    private let times = Block<Double>()
    private let currents = Block<Double>()
    private let units = Block<Int32>()

    /// Where the spikes of one layer go; trivial, so that loops over neurons touch no reference counts.
    struct Columns {
        let times: UnsafeMutablePointer<Double>
        let currents: UnsafeMutablePointer<Double>

        /// Solves for the spikes of four neurons from `first` on, and keeps those up to `endTime`.
        @inline(__always)
        func solve<Form: ClosedForm>(
            _: Form.Type, _ layer: FirstSpikeLayer, _ found: CausalState, _ thresholds: Thresholds, first: Int,
            endTime: Double
        ) {
            let never = SIMD4<Double>(repeating: .infinity)
            var time = never
            if any(found.hasSpike) {
                let (elapsed, decay) = Form.crossing(v: found.v, i: found.i, thresholds)
                let shift = vector(layer.shifts + first)
                // Past the end by rounding only. The causal set is that of inputs up to the spike, also for who knows its time alone.
                let end = unsafeBitCast(found.end + shift, to: SIMD4<Int64>.self) &- SIMD4(repeating: 1)
                let latest = unsafeBitCast(end, to: SIMD4<Double>.self)
                time = lesser((found.start + shift) + elapsed * vector(layer.tauMem + first), latest)
                time.replace(with: never, where: .!(found.hasSpike .& (time .<= endTime)))
                vectors(currents + first).pointee = found.i * decay
            }
            vectors(times + first).pointee = time
        }
    }

    /// For a layer's spikes.
    func columns(_ layer: FirstSpikeLayer) throws(SpinnpropError) -> Columns {
        try times.reserve(layer.stride)
        try currents.reserve(layer.stride)
        return Columns(times: times.pointer, currents: currents.pointer)
    }

    /// Appends the spikes to a layer's, in order of time.
    func append(_ layer: FirstSpikeLayer, to output: SpikeColumns, _ sorter: TimeOrder) throws(SpinnpropError) {
        try units.reserve(layer.stride)
        let (times, units, currents, neuronCount) = (times.pointer, units.pointer, currents.pointer, layer.neuronCount)
        var (count, n) = (0, 0)
        while n < neuronCount {
            let time = times[n]
            (times[count], currents[count], units[count]) = (time, currents[n], Int32(truncatingIfNeeded: n))
            count &+= time < .infinity ? 1 : 0
            n &+= 1
        }
        try output.reserve(count)
        let order = try sorter.order(times, units, count)
        let start = output.count
        let (outTimes, outUnits, outCurrents) = (output.times + start, output.units + start, output.currents + start)
        var rank = 0
        while rank < count {
            let from = Int(order[rank])
            (outTimes[rank], outUnits[rank], outCurrents[rank]) = (times[from], units[from], currents[from])
            rank &+= 1
        }
        output.count = start + count
    }
}
