// Forward through a leaky read-out: the exact maximum of a membrane that is never reset.
import Mathematics
import Networks
import Neurons

/// The highest value of a membrane, with its time.
struct MembraneMaximum {
    /// Never below 0, the value at the start.
    var value = 0.0
    var time = 0.0
    /// The current there, before any arrival at that time. Set equal to `value` where the time does not move with the
    /// arrivals: at a smooth peak it is, and at the end of the run the time is fixed.
    var current = 0.0
}

/// The maxima of a leaky read-out, (sample, output); parts write disjoint pieces. Empty for a spiking one.
final class ReadoutMaxima: @unchecked Sendable {
    private let count: Int
    private let outputCount: Int
    private let block: Block<MembraneMaximum>

    init(_ network: Network, sampleCount: Int) throws(SpinnpropError) {
        outputCount = network.outputCount
        let isLeaky = !network.layers[network.layers.count - 1].isSpiking
        // Once while running, once in the recording.
        count = try Memory.product(
            isLeaky ? sampleCount : 0, outputCount, bytesPerElement: 2 * MemoryLayout<MembraneMaximum>.stride,
            "the read-out")
        block = try Block(count)
    }

    /// Those of a sample, one per output.
    func of(_ sample: Int) -> UnsafeMutablePointer<MembraneMaximum> { block.pointer + sample * outputCount }

    var values: [Double] { (0..<count).map { block.pointer[$0].value } }
    var times: [Double] { (0..<count).map { block.pointer[$0].time } }
    var currents: [Double] { (0..<count).map { block.pointer[$0].current } }
}

extension LayerPlan {
    /// The maximum of one neuron's membrane up to `endTime`. `propagators` are those of the interval after each event, the last
    /// one endless.
    func maximum(
        neuron: Int, _ arrivals: Arrivals, _ propagators: UnsafePointer<Propagators>, endTime: Double, poller: Poller
    ) throws(SpinnpropError) -> MembraneMaximum {
        let flow = self.flow(neuron)
        let times = arrivals.times
        var best = MembraneMaximum()
        var (v, i) = (0.0, 0.0)
        var event = 0
        while event < arrivals.count, times[event] <= endTime {
            let start = times[event]
            try poller.spend(8)
            let own = feedForward[Int(arrivals.connections[event])]
            i += own.columns.pointer[Int(arrivals.units[event]) * stride + neuron]
            let isLast = event + 1 == arrivals.count || times[event + 1] > endTime
            let length = isLast ? endTime - start : times[event + 1] - start
            let p = isLast ? flow.propagators(length) : propagators[event]
            let endV = p.a * v + p.h * i
            let endI = p.b * i
            if v < i && i > best.value {
                // The peak, where the membrane equals the current, if it lies inside; otherwise the end of the rise.
                if endI <= endV {
                    let elapsed = flow.timeToPeak(v: v, i: i)
                    let peak = i * CrossingGeneral.decay(flow, x: elapsed)
                    if peak > best.value {
                        best = MembraneMaximum(value: peak, time: start + min(elapsed, length), current: peak)
                    }
                } else if endV > best.value {
                    best = MembraneMaximum(value: endV, time: start + length, current: isLast ? endV : endI)
                }
            }
            (v, i) = (endV, endI)
            event += 1
        }
        guard v.isFinite, i.isFinite else { throw overflow(neuron) }
        return best
    }

    func overflow(_ neuron: Int) -> SpinnpropError {
        .invalidValue("the current of neuron \(neuron) of layer \(layer) overflows float64; use smaller weights")
    }
}
