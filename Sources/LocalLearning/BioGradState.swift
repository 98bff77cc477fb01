// How far a training is, as numbers: what files and pickles hold besides options and arrays.
import Mathematics

extension BioGrad {
    /// Epochs, batches and sleeps done; the lower and the upper half of the data's hash; the running epoch's sums; then all that is known of each epoch. Numbers mean the same in every
    /// release.
    public var state: [Double] {
        var numbers = [Double(epoch), Double(batch), Double(sleepCount)]
        numbers += [Double(data & UInt64(UInt32.max)), Double(data >> 32)]
        numbers += [Double(sums.samples), sums.loss, Double(sums.correct), Double(sums.silent)]
        numbers += sums.spikes.map { Double($0) }
        for record in history {
            numbers += [record.loss, record.accuracy, record.silent] + record.spikes
            for alignment in record.alignments { numbers += [alignment.angle, alignment.normRatio] }
        }
        return numbers
    }

    /// How many numbers `state` has before those of the epochs, and for each of them.
    private var stateCounts: (head: Int, row: Int) {
        let layers = network.layers.count
        return (9 + layers, 3 + layers + 2 * (layers - 1))
    }

    /// How many numbers `state` has.
    public var stateCount: Int { stateCounts.head + history.count * stateCounts.row }

    /// Goes to where another training with the same layers was. - Throws: `invalidValue` for numbers that are no state.
    public mutating func restore(_ numbers: [Double]) throws(SpinnpropError) {
        let layers = network.layers.count
        let (headCount, rowCount) = stateCounts
        guard numbers.count >= headCount, (numbers.count - headCount) % rowCount == 0 else {
            throw .invalidValue(
                "state has \(numbers.count) numbers; \(headCount) and \(rowCount) per epoch are needed for \(layers) layers"
            )
        }
        // Products and sums of numbers within these bounds do not overflow.
        func whole(_ place: Int, below bound: Int = 1 << 52) throws(SpinnpropError) -> Int {
            guard let value = Int(exactly: numbers[place]), value >= 0, value < bound else {
                throw .invalidValue(
                    "state[\(place)] is \(numbers[place]); it must be a whole number, 0 .. \(bound - 1)")
            }
            return value
        }
        let epochs = (numbers.count - headCount) / rowCount
        guard try whole(0) == epochs else {
            throw .invalidValue("state[0] is \(numbers[0]), but there are \(epochs) epochs")
        }
        var next = self
        (next.epoch, next.batch, next.sleepCount) = (epochs, try whole(1, below: 1 << 31), try whole(2))
        next.sums = LocalBatchResult(layerCount: layers)
        next.data = UInt64(try whole(3, below: 1 << 32)) | UInt64(try whole(4, below: 1 << 32)) << 32
        (next.sums.samples, next.sums.loss) = (try whole(5), numbers[6])
        (next.sums.correct, next.sums.silent) = (try whole(7), try whole(8))
        for layer in 0..<layers { next.sums.spikes[layer] = try whole(9 + layer) }
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
}
