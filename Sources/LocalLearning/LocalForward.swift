// Some samples forward: membranes of all steps, and who spikes in each.
import CSupport
import Mathematics

/// A group of samples at a time; what it leaves is what credit is assigned from. Row r is step r % steps of sample r / steps of the group.
final class LocalForward {
    let network: LocalNetwork
    let options: LocalOptions
    /// As many samples at once as keep a layer's membranes in the processor's cache, while all of them use a few columns of its weights.
    let largestGroup: Int
    let poller: Poller
    /// Spikes of the input, then of each layer.
    let spikes: [StepLists]
    /// The membranes of each layer: `stride` of them in each row.
    let membranes: [Block<Float>]
    private let scratch: LocalInputScratch

    init(
        _ network: LocalNetwork, _ options: LocalOptions, sampleCount: Int, _ poller: Poller
    ) throws(SpinnpropError) {
        self.network = network
        self.options = options
        self.poller = poller
        scratch = LocalInputScratch(poller)
        let widest = network.layers.map(\.stride).max() ?? 8
        let (row, isTooLong) = options.steps.multipliedReportingOverflow(by: 16 * widest)
        let most = isTooLong ? 1 : max(1, min(16, (1 << 24) / row))
        let group = min(sampleCount, most)
        largestGroup = group
        spikes = network.sizes.map { _ in StepLists() }
        membranes = try network.layers.map { (layer) throws(SpinnpropError) in
            try Memory.check(
                count: isTooLong ? .max : group * options.steps * layer.stride, bytesPerElement: 16,
                "the membranes of \(options.steps) steps")
            return try Block(group * options.steps * layer.stride)
        }
    }

    /// The rows of a sample of the group.
    func rows(_ sample: Int) -> Range<Int> { sample * options.steps..<(sample + 1) * options.steps }

    /// Spikes of each output neuron.
    func outputCounts(_ sample: Int) -> [Int] {
        let list = spikes[network.layers.count]
        var counts = [Int](repeating: 0, count: network.outputCount)
        for n in list.range(rows(sample)) { counts[Int(list.pointer[n])] += 1 }
        return counts
    }

    /// - Parameter group: `largestGroup` samples at most.
    func run(_ samples: LocalSamples, _ group: Range<Int>) throws(SpinnpropError) {
        try spikes[0].begin(rows: group.count * options.steps)
        for n in group {
            let sample = samples[n]
            try samples.input.append(
                sample, steps: options.steps, to: spikes[0], random: samples.random(sample), scratch: scratch)
        }
        for layer in network.layers.indices { try run(layer) }
    }

    private func run(_ layer: Int) throws(SpinnpropError) {
        let own = network.layers[layer]
        let (below, above) = (spikes[layer], spikes[layer + 1])
        let all = membranes[layer].pointer
        own.rows.withUnsafeBufferPointer { rows in
            own.biases.withUnsafeBufferPointer { biases in
                guard let rows = rows.baseAddress, let biases = biases.baseAddress else { return }
                var first = 0
                while first < own.stride {
                    let width = Rows.width(own.stride - first)
                    for row in 0..<below.rowCount {
                        let v = all + row * own.stride + first
                        if row % options.steps == 0 {
                            v.update(from: biases + first, count: width)
                        } else {
                            leak(v - own.stride, biases + first, to: v, width)
                        }
                        let range = below.range(row)
                        Rows.add(
                            rows + first, own.stride, below.pointer + range.lowerBound, range.count, to: v, width: width
                        )
                        if poller.isStopped(after: (range.count &+ 1) &* width / 8) { return }
                    }
                    first += width
                }
            }
        }
        // Once stopped, it says so again.
        try poller.spend(0)
        try above.begin(rows: below.rowCount)
        try above.reserve(below.rowCount * own.neuronCount)
        for row in 0..<below.rowCount { collect(all + row * own.stride, own.neuronCount, above) }
    }

    /// v <- b + d v (1 - s).
    @inline(__always)
    private func leak(
        _ before: UnsafeMutablePointer<Float>, _ biases: UnsafePointer<Float>, to v: UnsafeMutablePointer<Float>,
        _ count: Int
    ) {
        let (decay, threshold) = (Float(options.decay), Float(options.threshold))
        var j = 0
        while j < count {
            let kept = before[j] > threshold ? 0 : decay * before[j]
            v[j] = kept + biases[j]
            j &+= 1
        }
    }

    /// A row of those above the threshold.
    @inline(__always)
    private func collect(_ v: UnsafeMutablePointer<Float>, _ neuronCount: Int, _ list: StepLists) {
        let bounds = SIMD8(repeating: Float(options.threshold))
        var first = 0
        while first < neuronCount {
            // What pads the last vector is 0, below any threshold.
            let values = UnsafeRawPointer(v + first).loadUnaligned(as: SIMD8<Float>.self)
            list.append(
                bits: UInt64(spinnprop_support_above(values, bounds)), from: Int32(truncatingIfNeeded: first))
            first &+= 8
        }
        list.endRow()
    }
}
