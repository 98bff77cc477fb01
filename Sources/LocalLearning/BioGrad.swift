// The training loop of local learning: batches, updates, sleep, progress, cancellation.
import Mathematics

/// One epoch of a training, means over its samples.
public struct LocalEpoch: Equatable, Sendable {
    public internal(set) var loss = 0.0
    /// A sample whose output stayed silent counts as wrong.
    public internal(set) var accuracy = 0.0
    public internal(set) var silent = 0.0
    /// Spikes of each layer per sample.
    public internal(set) var spikes: [Double] = []
    /// Of each hidden layer, at the end of the epoch.
    public internal(set) var alignments: [Alignment] = []
}

/// How far a training is.
public struct LocalProgress: Equatable, Sendable {
    public internal(set) var epoch = 0
    public internal(set) var epochCount = 0
    public internal(set) var batch = 0
    public internal(set) var batchCount = 0
    /// True in the one call that ends an epoch.
    public internal(set) var isEpochFinished = false
    /// Means over this epoch's samples so far; NaN before the first.
    public internal(set) var loss = Double.nan
    public internal(set) var accuracy = Double.nan
}

/// Trains a network by BioGrad or by its twin.
///
/// Between two batches everything is one value, and every order is drawn from the seed, the epoch and the batch alone: a run that the
/// callback has stopped goes on where it was, with the same bits.
public struct BioGrad: Equatable, Sendable {
    public private(set) var options: LocalOptions
    /// Between two batches it may be changed.
    public var network: LocalNetwork
    /// Epochs finished.
    public internal(set) var epoch = 0
    /// Batches of the running epoch that are finished.
    public internal(set) var batch = 0
    /// Sleeps since the start.
    public internal(set) var sleepCount = 0
    public internal(set) var history: [LocalEpoch] = []
    /// A hash of what it learns from; 0 before it has begun.
    var data: UInt64 = 0
    var sums: LocalBatchResult

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public init(_ network: LocalNetwork, _ options: LocalOptions) throws(SpinnpropError) {
        try options.check()
        self.network = network
        self.options = options
        if options.integer {
            try self.network.roundToIntegers()
            _ = try IntegerNetwork(self.network, options)
        }
        sums = LocalBatchResult(layerCount: network.layers.count)
    }

    public var isFinished: Bool { epoch >= options.epochs }

    /// Has the training end after so many epochs in all.
    public mutating func setEpochs(_ count: Int) throws(SpinnpropError) {
        var next = options
        next.epochs = count
        try next.check()
        options = next
    }

    /// Trains until all epochs are done, or the callback stops it.
    ///
    /// - Parameters:
    ///   - labels: one per sample, 0 ..< outputs.
    ///   - substrate: what learns; `nil`: the host. The bits are the same.
    ///   - progress: returns whether to go on; called every 20 ms or so.
    ///   - keep: is given the training after each epoch, and when the callback stops it.
    /// - Throws: `invalidValue` for data that do not fit, or a step that leaves float32; `cancelled`, `outOfMemory`; what the substrate and
    ///   `keep` throw. The training then stands after its last good batch.
    public mutating func run(
        _ input: LocalInput, labels: [Int], on substrate: (any LocalSubstrate)? = nil,
        progress: ((LocalProgress) -> Bool)? = nil, keep: ((BioGrad) throws(SpinnpropError) -> Void)? = nil
    ) throws(SpinnpropError) {
        try check(input, labels)
        let data = try fingerprint(input, labels)
        do throws(SpinnpropError) {
            try finish(input, labels, data, substrate, progress, keep)
        } catch {
            if error.kind == .cancelled { try keep?(self) }
            throw error
        }
    }

    private mutating func finish(
        _ input: LocalInput, _ labels: [Int], _ data: UInt64, _ substrate: (any LocalSubstrate)?,
        _ progress: ((LocalProgress) -> Bool)?, _ keep: ((BioGrad) throws(SpinnpropError) -> Void)?
    ) throws(SpinnpropError) {
        let parts = substrate == nil ? try BatchParts(network, options) : nil
        let batchCount = (labels.count + options.batchSize - 1) / options.batchSize
        let monitor = progress.map { LocalMonitor($0) }
        while !isFinished {
            var order = [Int](0..<labels.count)
            var random = LocalPurpose.order.stream(seed: options.seed, UInt64(epoch))
            random.shuffle(&order)
            while batch < batchCount {
                let state = self.progress(batchCount)
                if let monitor { monitor.listener.state = state }
                let first = batch * options.batchSize
                let samples = LocalSamples(
                    input: input, labels: labels, order: order[first..<min(order.count, first + options.batchSize)],
                    seed: options.seed, showing: epoch)
                let wholeBatch = min(options.batchSize, labels.count)
                if let substrate {
                    try step(samples, on: substrate, wholeBatch: wholeBatch, monitor?.monitor)
                } else if let parts {
                    try step(samples, parts, wholeBatch: wholeBatch, monitor?.monitor)
                }
                self.data = data
                // After the last batch the epoch is finished first.
                if batch < batchCount, let monitor, monitor.monitor.poll() { throw .cancelled }
            }
            var end = self.progress(batchCount)
            if let monitor { monitor.listener.state = end }
            end.isEpochFinished = true
            try finishEpoch(monitor?.monitor)
            if let progress, !progress(end) { throw .cancelled }
            try keep?(self)
        }
    }

    private func progress(_ batchCount: Int) -> LocalProgress {
        var progress = LocalProgress()
        (progress.epoch, progress.epochCount) = (epoch, options.epochs)
        (progress.batch, progress.batchCount) = (batch, batchCount)
        progress.loss = sums.loss / Double(sums.samples)
        progress.accuracy = Double(sums.correct) / Double(sums.samples)
        return progress
    }

    /// A sleep of so many samples, as after a batch.
    public mutating func sleep(sampleCount: Int, monitor: Monitor? = nil) throws(SpinnpropError) {
        guard sampleCount >= 1 else { throw .invalidValue("n_samples is \(sampleCount); a sleep needs at least 1") }
        try network.rest(options, sampleCount: sampleCount, index: sleepCount, monitor: monitor)
        sleepCount += 1
    }

    /// A batch, its update, and the sleep after it: all of it, or nothing. The smaller batch at the end of an epoch takes a smaller step, as its
    /// mean is less certain.
    private mutating func step(
        _ samples: LocalSamples, _ parts: BatchParts, wholeBatch: Int, _ monitor: Monitor?
    ) throws(SpinnpropError) {
        var next = network
        let result: LocalBatchResult
        switch parts {
        case .float32(let parts):
            result = try samples.run(network, options, parts, monitor: monitor)
            try next.descend(parts.compactMap(\.sums), rate: options.learningRate, sampleCount: wholeBatch)
        case .integers(let parts):
            result = try samples.run(network, options, parts, monitor: monitor)
            if let sums = IntegerSums.total(parts) {
                next.descend(sums, options, sampleCount: wholeBatch, epoch: epoch, batch: batch)
            }
        }
        if options.sleeps, options.rule != .bptt {
            try next.rest(options, sampleCount: result.samples, index: sleepCount, monitor: monitor)
            sleepCount += 1
        }
        network = next
        sums.add(result)
        batch += 1
    }

    /// The same on a substrate.
    private mutating func step(
        _ samples: LocalSamples, on substrate: any LocalSubstrate, wholeBatch: Int, _ monitor: Monitor?
    ) throws(SpinnpropError) {
        let sleep = options.sleeps && options.rule != .bptt ? sleepCount : nil
        let batch = LocalBatch(options: options, samples: samples, wholeBatch: wholeBatch, sleep: sleep)
        let (next, result) = try substrate.learn(network, batch, monitor: monitor)
        network = next
        sums.add(result)
        if sleep != nil { sleepCount += 1 }
        self.batch += 1
    }

    /// All of it, or nothing: then the epoch's batches are done, and it is finished by the next run.
    private mutating func finishEpoch(_ monitor: Monitor?) throws(SpinnpropError) {
        var record = LocalEpoch()
        let count = Double(sums.samples)
        record.loss = sums.loss / count
        record.accuracy = Double(sums.correct) / count
        record.silent = Double(sums.silent) / count
        record.spikes = sums.spikes.map { Double($0) / count }
        record.alignments = try network.alignments(monitor)
        history.append(record)
        epoch += 1
        batch = 0
        sums = LocalBatchResult(layerCount: network.layers.count)
    }

    private func check(_ input: LocalInput, _ labels: [Int]) throws(SpinnpropError) {
        try network.check(input)
        guard input.sampleCount > 0 else {
            throw .invalidValue("the training data have 0 samples; at least 1 is needed")
        }
        guard labels.count == input.sampleCount else {
            throw .invalidValue("there are \(labels.count) labels for \(input.sampleCount) samples; give one each")
        }
        for (index, label) in labels.enumerated() where label < 0 || label >= network.outputCount {
            throw .invalidIndex("labels[\(index)] is \(label); the network has outputs 0 .. \(network.outputCount - 1)")
        }
    }

    /// A hash of the data. - Throws: `invalidValue` if the training has begun with others.
    private func fingerprint(_ input: LocalInput, _ labels: [Int]) throws(SpinnpropError) -> UInt64 {
        var fingerprint = input.fingerprint
        for label in labels { fingerprint.add(UInt64(label)) }
        guard (epoch == 0 && batch == 0) || data == fingerprint.value else {
            throw .invalidValue(
                "training has begun with other data (epoch \(epoch), batch \(batch)); go on with those, or begin another "
                    + "training")
        }
        return fingerprint.value
    }

    /// The output's spike counts, (samples, outputs). A sample's encoding is drawn from the seed, `showing` and the sample itself, wherever it
    /// stands: so its counts do not depend on what else is shown.
    ///
    /// - Parameter substrate: what runs; `nil`: the host. The counts are the same.
    public func counts(
        _ input: LocalInput, showing: Int = 0, on substrate: (any LocalSubstrate)? = nil, monitor: Monitor? = nil
    ) throws(SpinnpropError) -> [Int32] {
        try network.check(input)
        // Of the parts, and joined.
        try Memory.check(
            count: input.sampleCount * network.outputCount, bytesPerElement: 3 * MemoryLayout<Int32>.stride,
            "the output's spike counts")
        let samples = LocalSamples(
            input: input, labels: [], order: [Int](0..<input.sampleCount)[...], seed: options.seed, showing: showing,
            isByContent: true)
        if let substrate {
            let batch = LocalBatch(options: options, samples: samples, wholeBatch: samples.order.count, sleep: nil)
            return try substrate.counts(network, batch, monitor: monitor)
        }
        if options.integer {
            let parts = IntegerPart.run(network, sampleCount: input.sampleCount)
            _ = try samples.run(network, options, parts, monitor: monitor)
            return Array(parts.map(\.counts).joined())
        }
        let parts = LocalPart.run(network, sampleCount: input.sampleCount)
        _ = try samples.run(network, options, parts, monitor: monitor)
        return Array(parts.map(\.counts).joined())
    }

    /// What one batch would change: the mean gradient of each layer's weights, (post, pre), by the options' rule; of biases likewise. A sample's
    /// encoding is drawn from its place, as in a training.
    ///
    /// - Throws: `invalidValue` for data that do not fit, or a gradient that leaves float32; `cancelled`, `outOfMemory`.
    public func gradient(
        _ input: LocalInput, labels: [Int], showing: Int = 0, monitor: Monitor? = nil
    ) throws(SpinnpropError) -> (weights: [[Float]], biases: [[Float]], result: LocalBatchResult) {
        try check(input, labels)
        let samples = LocalSamples(
            input: input, labels: labels, order: [Int](0..<labels.count)[...], seed: options.seed, showing: showing)
        if options.integer { return try integerGradient(samples, monitor) }
        let parts = try LocalPart.learn(network, sampleCount: labels.count)
        let result = try samples.run(network, options, parts, monitor: monitor)
        let gradients = parts.compactMap(\.sums)
        var (weights, biases): ([[Float]], [[Float]]) = ([], [])
        for (index, layer) in network.layers.enumerated() {
            let rows = LocalGradient.total(gradients, \.rows, layer: index, count: layer.rows.count)
            let sums = LocalGradient.total(gradients, \.biases, layer: index, count: layer.stride)
            let count = Float(labels.count)
            weights.append(layer.transposed(rows, layer.preCount).map { $0 / count })
            biases.append(sums.prefix(layer.neuronCount).map { $0 / count })
            guard (weights[index] + biases[index]).allSatisfy(\.isFinite) else {
                throw .invalidValue(
                    "the gradient of layer \(index) leaves float32; use a smaller amplitude or decay, or fewer steps")
            }
        }
        return (weights, biases, result)
    }

    private func integerGradient(
        _ samples: LocalSamples, _ monitor: Monitor?
    ) throws(SpinnpropError) -> (weights: [[Float]], biases: [[Float]], result: LocalBatchResult) {
        let count = samples.order.count
        try LocalOptions.checkIntegerSums(count, "the number of samples")
        let parts = try IntegerPart.learn(network, sampleCount: count)
        let result = try samples.run(network, options, parts, monitor: monitor)
        var (weights, biases): ([[Float]], [[Float]]) = ([], [])
        if let sums = IntegerSums.total(parts) {
            for (index, layer) in network.layers.enumerated() {
                let own = network.gradient(sums, options, sampleCount: count, layer: index)
                weights.append(layer.transposed(own.rows, layer.preCount))
                biases.append(Array(own.biases.prefix(layer.neuronCount)))
            }
        }
        return (weights, biases, result)
    }
}

/// What the batches of a run work in.
private enum BatchParts {
    case float32([LocalPart])
    case integers([IntegerPart])

    init(_ network: LocalNetwork, _ options: LocalOptions) throws(SpinnpropError) {
        self =
            options.integer
            ? .integers(try IntegerPart.learn(network, sampleCount: options.batchSize))
            : .float32(try LocalPart.learn(network, sampleCount: options.batchSize))
    }
}

/// One monitor for a whole run, which is told where the run stands.
private final class LocalMonitor {
    final class Place {
        var state = LocalProgress()
    }
    let listener = Place()
    let monitor: Monitor

    init(_ callback: @escaping (LocalProgress) -> Bool) {
        let place = listener
        monitor = Monitor { callback(place.state) }
    }
}

extension LocalNetwork {
    /// A sleep in the options' arithmetic.
    fileprivate mutating func rest(
        _ options: LocalOptions, sampleCount: Int, index: Int, monitor: Monitor?
    ) throws(SpinnpropError) {
        if options.integer {
            try sleepInIntegers(options, sampleCount: sampleCount, index: index, monitor: monitor)
        } else {
            try sleep(options, sampleCount: sampleCount, index: index, monitor: monitor)
        }
    }

    func check(_ input: LocalInput) throws(SpinnpropError) {
        guard input.unitCount == inputCount else {
            throw .invalidValue(
                "the input has \(input.unitCount) units, the network \(inputCount) inputs; they must agree")
        }
    }
}
