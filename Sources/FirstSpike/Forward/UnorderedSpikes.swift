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
    private let membranes = Block<Double>()
    private let ends = Block<Double>()

    /// The causal sets of one layer's neurons, and their spikes; trivial, so that loops over neurons touch no reference counts.
    struct Columns {
        /// Of the latest input, then of the spike.
        let times: UnsafeMutablePointer<Double>
        /// At the latest input, then at the spike.
        let currents: UnsafeMutablePointer<Double>
        let membranes: UnsafeMutablePointer<Double>
        let ends: UnsafeMutablePointer<Double>

        @inline(__always)
        func store(_ found: CausalState, at first: Int) {
            vectors(times + first).pointee = found.start
            vectors(currents + first).pointee = found.i
            vectors(membranes + first).pointee = found.v
            vectors(ends + first).pointee = found.end
        }

        /// Solves for spikes and keeps those up to `endTime`. Four neurons do not wait for four others, as they would within the search for causal
        /// sets.
        @inline(__always)
        func solve<Form: ClosedForm>(_: Form.Type, _ layer: FirstSpikeLayer, endTime: Double) {
            let never = SIMD4<Double>(repeating: .infinity)
            let (shifts, tauMem, stride) = (layer.shifts, layer.tauMem, layer.stride)
            var first = 0
            while first < stride {
                let start = vector(times + first)
                let hasSpike = start .< never
                if any(hasSpike) {
                    let current = vector(currents + first)
                    let (elapsed, decay) = Form.crossing(
                        v: vector(membranes + first), i: current, layer.thresholds(first))
                    let shift = vector(shifts + first)
                    // Past the end by rounding only. The causal set is that of inputs up to the spike, also for who knows its time alone.
                    let end = unsafeBitCast(vector(ends + first) + shift, to: SIMD4<Int64>.self) &- SIMD4(repeating: 1)
                    let latest = unsafeBitCast(end, to: SIMD4<Double>.self)
                    let time = lesser((start + shift) + elapsed * vector(tauMem + first), latest)
                    vectors(times + first).pointee = never.replacing(
                        with: time, where: hasSpike .& (time .<= endTime))
                    vectors(currents + first).pointee = current * decay
                }
                first &+= 4
            }
        }
    }

    /// For a layer's spikes.
    func columns(_ layer: FirstSpikeLayer) throws(SpinnpropError) -> Columns {
        try times.reserve(layer.stride)
        try currents.reserve(layer.stride)
        try membranes.reserve(layer.stride)
        try ends.reserve(layer.stride)
        return Columns(
            times: times.pointer, currents: currents.pointer, membranes: membranes.pointer, ends: ends.pointer)
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
