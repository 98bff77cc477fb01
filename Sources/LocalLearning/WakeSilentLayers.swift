// Scaling of initial weights until each layer spikes on the data that are to be learnt.
import Mathematics

extension BioGrad {
    /// Scales initial weights up until each layer spikes: layer by layer, from the input on, by a fifth until its neurons spike in a tenth
    /// of the steps and hardly any sample leaves the output silent. A network whose layers do, or cannot be woken, has its weights
    /// left alone.
    /// Integers are scaled as float32 numbers, then rounded to a grid anew.
    ///
    /// - Parameter input: the first 150 samples of it are shown.
    /// - Throws: `invalidValue` for an input that does not fit the network; `cancelled`.
    public mutating func wakeSilentLayers(on input: LocalInput, monitor: Monitor? = nil) throws(SpinnpropError) {
        try network.check(input)
        let order = [Int](0..<BioGrad.wakeCount(input.sampleCount))[...]
        guard !order.isEmpty else { return }
        var next = network
        for _ in 0..<BioGrad.largestWakeRounds {
            let samples = LocalSamples(input: input, labels: [], order: order, seed: options.seed, showing: 0)
            monitor?.restart()
            let parts = LocalPart.run(next, sampleCount: order.count)
            let result = try samples.run(next, options, parts, monitor: monitor)
            let quiet = next.layers.indices.first { layer in
                let wanted = 0.1 * Double(order.count * options.steps * next.layers[layer].neuronCount)
                let isLast = layer == next.layers.count - 1
                return Double(result.spikes[layer]) < wanted || (isLast && result.silent * 20 > order.count)
            }
            guard let quiet else {
                if options.integer { try next.roundToIntegers() }
                network = next
                return
            }
            for n in next.layers[quiet].rows.indices { next.layers[quiet].rows[n] *= 1.2 }
            next.layers[quiet].weightExponent = nil
        }
    }

    /// How many samples of so many are shown.
    public static func wakeCount(_ sampleCount: Int) -> Int { min(150, sampleCount) }

    /// 1.2^100 is 8e7: what does not spike then never will.
    private static let largestWakeRounds = 100
}
