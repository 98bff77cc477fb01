// A sample forward in integers: membranes of all steps, and who spikes in each.
import Mathematics

/// One sample at a time.
final class IntegerForward {
    let network: IntegerNetwork
    /// Spikes of the input, of the hidden layer, of the output.
    let spikes: [StepLists]
    /// The membranes of each layer: a row for each step.
    let membranes: [Block<Int32>]
    let poller: Poller
    private let scratch: LocalInputScratch

    init(_ network: IntegerNetwork, _ poller: Poller) throws(SpinnpropError) {
        self.network = network
        self.poller = poller
        scratch = LocalInputScratch(poller)
        let steps = network.options.steps
        spikes = (0...2).map { _ in StepLists() }
        membranes = try network.layers.map { (layer) throws(SpinnpropError) in
            // With the constants of traces.
            try Block(Memory.product(steps, layer.stride, bytesPerElement: 16, "the membranes of \(steps) steps"))
        }
    }

    /// Spikes of each output neuron.
    var outputCounts: [Int] {
        var counts = [Int](repeating: 0, count: network.output.neuronCount)
        for n in 0..<spikes[2].count { counts[Int(spikes[2].pointer[n])] += 1 }
        return counts
    }

    /// - Parameter random: of the encoding.
    func run(_ input: LocalInput, sample: Int, random: RandomStream) throws(SpinnpropError) {
        let steps = network.options.steps
        try spikes[0].begin(rows: steps)
        try input.append(sample, steps: steps, to: spikes[0], random: random, scratch: scratch)
        for (layer, own) in network.layers.enumerated() {
            let (below, above) = (spikes[layer], spikes[layer + 1])
            try above.begin(rows: steps)
            try above.reserve(steps * own.neuronCount)
            for step in 0..<steps {
                let v = membranes[layer].pointer + step * own.stride
                if step > 0 {
                    own.leak(v - own.stride, to: v, network.decay)
                } else {
                    v.update(repeating: 0, count: own.stride)
                }
                let units = below.range(step)
                own.add(below.pointer + units.lowerBound, units.count, to: v)
                try poller.spend((units.count + 1) * own.stride / 8)
                for neuron in 0..<own.neuronCount where v[neuron] > own.threshold {
                    above.append(Int32(truncatingIfNeeded: neuron))
                }
                above.endRow()
            }
        }
    }
}

extension IntegerLayer {
    /// v <- d v (1 - s).
    @inline(__always)
    func leak(_ before: UnsafePointer<Int32>, to v: UnsafeMutablePointer<Int32>, _ decay: Decay) {
        for n in 0..<stride {
            v[n] = before[n] > threshold ? 0 : Int32(truncatingIfNeeded: decay.of(Int(before[n])))
        }
    }

    /// v += b + W x. 2^24 weights of 7 bits and a membrane of 23 are below 2^31.
    @inline(__always)
    func add(_ units: UnsafePointer<Int32>, _ count: Int, to v: UnsafeMutablePointer<Int32>) {
        add(row: preCount, times: 1, to: v)
        for n in 0..<count { add(row: Int(units[n]), times: 1, to: v) }
        saturate(v)
    }

    @inline(__always)
    func add(row: Int, times sign: Int32, to v: UnsafeMutablePointer<Int32>) {
        rows.withUnsafeBufferPointer { rows in
            guard let weights = rows.baseAddress.map({ $0 + row * stride }) else { return }
            var j = 0
            while j < stride {
                v[j] &+= sign &* Int32(weights[j])
                j &+= 1
            }
        }
    }

    @inline(__always)
    func saturate(_ v: UnsafeMutablePointer<Int32>) {
        let bound = Int32(Saturation.state)
        for j in 0..<stride { v[j] = max(-bound, min(bound, v[j])) }
    }
}
