// A sample forward: membranes of all steps, and who spikes in each.
import CSupport
import Mathematics

/// One sample at a time; what it leaves is what credit is assigned from.
final class LocalForward {
    let network: LocalNetwork
    let options: LocalOptions
    /// Spikes of the input, then of each layer.
    let spikes: [StepLists]
    /// The membranes of each layer: a row for each step.
    let membranes: [Block<Float>]
    private let scratch = Block<Int32>()

    init(_ network: LocalNetwork, _ options: LocalOptions) throws(SpinnpropError) {
        self.network = network
        self.options = options
        let steps = options.steps
        spikes = network.sizes.map { _ in StepLists(steps: steps) }
        membranes = try network.layers.map { (layer) throws(SpinnpropError) in
            try Memory.check(
                count: steps.multipliedReportingOverflow(by: 8 * layer.stride).overflow ? .max : steps * layer.stride,
                bytesPerElement: 16, "the membranes of \(steps) steps")
            return try Block(steps * layer.stride)
        }
    }

    /// Spikes of each output neuron.
    var outputCounts: [Int] {
        let list = spikes[network.layers.count]
        var counts = [Int](repeating: 0, count: network.outputCount)
        for n in 0..<list.count { counts[Int(list.pointer[n])] += 1 }
        return counts
    }

    /// - Parameter random: of the encoding.
    func run(_ input: LocalInput, sample: Int, random: RandomStream) throws(SpinnpropError) {
        try input.fill(spikes[0], sample: sample, random: random, scratch: scratch)
        for layer in network.layers.indices { try run(layer) }
    }

    private func run(_ layer: Int) throws(SpinnpropError) {
        let own = network.layers[layer]
        let (below, above) = (spikes[layer], spikes[layer + 1])
        try above.begin(room: options.steps * own.neuronCount)
        let all = membranes[layer].pointer
        own.rows.withUnsafeBufferPointer { rows in
            own.biases.withUnsafeBufferPointer { biases in
                guard let rows = rows.baseAddress, let biases = biases.baseAddress else { return }
                let (decay, threshold) = (Float(options.decay), Float(options.threshold))
                for step in 0..<options.steps {
                    let v = all + step * own.stride
                    if step == 0 {
                        v.update(from: biases, count: own.stride)
                    } else {
                        leak(v - own.stride, biases, to: v, own.stride, decay, threshold)
                    }
                    let range = below.range(step)
                    Rows.add(rows, own.stride, below.pointer + range.lowerBound, range.count, to: v)
                    collect(v, own.neuronCount, threshold, above)
                    above.end(step)
                }
            }
        }
    }

    /// v <- b + d v (1 - s).
    @inline(__always)
    private func leak(
        _ before: UnsafeMutablePointer<Float>, _ biases: UnsafePointer<Float>, to v: UnsafeMutablePointer<Float>,
        _ count: Int, _ decay: Float, _ threshold: Float
    ) {
        var j = 0
        while j < count {
            let kept = before[j] > threshold ? 0 : decay * before[j]
            v[j] = kept + biases[j]
            j &+= 1
        }
    }

    @inline(__always)
    private func collect(
        _ v: UnsafeMutablePointer<Float>, _ neuronCount: Int, _ threshold: Float, _ list: StepLists
    ) {
        let bounds = SIMD8(repeating: threshold)
        var first = 0
        while first < neuronCount {
            // What pads the last vector is 0, below any threshold.
            var bits = spinnprop_support_above(UnsafeRawPointer(v + first).loadUnaligned(as: SIMD8<Float>.self), bounds)
            while bits != 0 {
                list.append(Int32(truncatingIfNeeded: first &+ bits.trailingZeroBitCount))
                bits &= bits &- 1
            }
            first &+= 8
        }
    }
}
