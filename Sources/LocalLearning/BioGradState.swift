// How far a training is, as numbers: what files and pickles hold besides options and arrays.
import Mathematics

extension BioGrad {
    /// Epochs, batches and sleeps done; the running epoch's sums; then all that is known of each epoch. Numbers mean the same in every
    /// release.
    public var state: [Double] {
        var numbers = [Double(epoch), Double(batch), Double(sleepCount)]
        numbers += [Double(sums.samples), sums.loss, Double(sums.correct), Double(sums.silent)]
        numbers += sums.spikes.map { Double($0) }
        for record in history {
            numbers += [record.loss, record.accuracy, record.silent] + record.spikes
            for alignment in record.alignments { numbers += [alignment.angle, alignment.normRatio] }
        }
        return numbers
    }

    /// Goes to where another training with the same layers was. - Throws: `invalidValue` for numbers that are no state.
    public mutating func restore(_ numbers: [Double]) throws(SpinnpropError) {
        let layers = network.layers.count
        let (headCount, rowCount) = (7 + layers, 3 + layers + 2 * (layers - 1))
        guard numbers.count >= headCount, (numbers.count - headCount) % rowCount == 0 else {
            throw .invalidValue(
                "state has \(numbers.count) numbers; \(headCount) and \(rowCount) per epoch are needed for \(layers) layers"
            )
        }
        func whole(_ place: Int) throws(SpinnpropError) -> Int {
            guard let value = Int(exactly: numbers[place]), value >= 0, value < 1 << 52 else {
                throw .invalidValue("state[\(place)] is \(numbers[place]); it must be a whole number >= 0")
            }
            return value
        }
        let epochs = (numbers.count - headCount) / rowCount
        guard try whole(0) == epochs else {
            throw .invalidValue("state[0] is \(numbers[0]), but there are \(epochs) epochs")
        }
        var next = self
        (next.epoch, next.batch, next.sleepCount) = (epochs, try whole(1), try whole(2))
        next.sums = LocalBatchResult(layerCount: layers)
        (next.sums.samples, next.sums.loss) = (try whole(3), numbers[4])
        (next.sums.correct, next.sums.silent) = (try whole(5), try whole(6))
        for layer in 0..<layers { next.sums.spikes[layer] = try whole(7 + layer) }
        next.history = []
        for epoch in 0..<epochs {
            let row = Array(numbers[(headCount + epoch * rowCount)..<(headCount + (epoch + 1) * rowCount)])
            var record = LocalEpoch()
            (record.loss, record.accuracy, record.silent) = (row[0], row[1], row[2])
            record.spikes = Array(row[3..<3 + layers])
            record.alignments = (0..<layers - 1).map {
                Alignment(angle: row[3 + layers + 2 * $0], normRatio: row[4 + layers + 2 * $0])
            }
            next.history.append(record)
        }
        self = next
    }

    /// Scales initial weights up until each layer spikes: layer by layer, from the input on, by a fifth until its neurons spike in a tenth
    /// of the steps and hardly any sample leaves the output silent. A network whose layers do has its weights left alone.
    ///
    /// - Parameter input: the first 150 samples of it are shown.
    /// - Throws: `invalidValue` for an input that does not fit the network; `cancelled`.
    public mutating func wake(_ input: LocalInput, monitor: Monitor? = nil) throws(SpinnpropError) {
        try network.check(input)
        let order = [Int](0..<min(150, input.sampleCount))[...]
        guard !order.isEmpty else { return }
        var next = network
        var rounds = 0
        while rounds < BioGrad.largestWakeRounds {
            let samples = LocalSamples(input: input, labels: [], order: order, seed: options.seed, showing: 0)
            let result = try LocalBatch.run(next, samples, options, gradients: [], monitor: monitor)
            let quiet = next.layers.indices.first { layer in
                let wanted = 0.1 * Double(order.count * options.steps * next.layers[layer].neuronCount)
                let isLast = layer == next.layers.count - 1
                return Double(result.spikes[layer]) < wanted || (isLast && result.silent * 20 > order.count)
            }
            guard let quiet else { break }
            for n in next.layers[quiet].rows.indices { next.layers[quiet].rows[n] *= 1.2 }
            rounds += 1
        }
        network = next
    }

    /// 1.2^100 is 8e7: what does not spike then never will.
    private static let largestWakeRounds = 100
}
