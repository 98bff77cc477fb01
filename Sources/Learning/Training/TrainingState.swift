// All that a training run is between two batches: what cancelling leaves and what a checkpoint holds.
import Mathematics
import Networks

struct TrainingState: Equatable {
    /// As they were when the running session began or was last read back.
    var network: Network
    var optimizer: Optimizer
    /// Epochs finished.
    var epoch = 0
    /// Batches of the running epoch that are finished.
    var batch = 0
    var sums = EpochSums()
    var bump = BumpState()
    var best: Best?
    var epochsSinceBest = 0
    var history: [EpochRecord] = []
    /// Parameters at the ends of the last epochs, of which the mean is handed out, and that mean; none where it is not asked for.
    private(set) var ends: [Network] = []
    private(set) var mean: Network?
    /// What shapes the run.
    let course: [CourseMark]
    /// What it is trained on; none before it has begun.
    var data: [CourseMark] = []
    /// The fingerprint of the network at the start.
    var origin: UInt64

    struct Best: Equatable {
        var network: Network
        var loss: Double
    }

    /// Bumps silent neurons or takes a step with what some batches have given, and counts them as one.
    mutating func finishBatch(
        _ results: [BatchResult], of session: any Session, areLabelled: Bool, bumping: WeightBumping, rateFactor: Double
    ) throws(SpinnpropError) {
        if let silent = bump.next(
            bumping, after: results.map(\.spikes), isFrozen: optimizer.hasFrozenWeights)
        {
            var network = session.network
            network.raiseWeights(of: silent, layer: bump.layer, by: bump.amount)
            session.setWeights(of: network)
        } else {
            try session.step(rateFactor: rateFactor)
        }
        for result in results {
            sums.add(result, outputCount: network.outputCount, areLabelled: areLabelled)
        }
        batch += 1
    }

    /// Takes over parameters after a step out of the epochs' course, which no mean hides: averaging begins anew.
    ///
    /// - Parameter fromBest: whether they began as those of the best epoch, which then counts no more.
    mutating func goOn(with network: Network, fromBest: Bool) {
        (self.network, ends, mean) = (network, [], nil)
        if fromBest { best = nil }
    }

    /// Takes over the ends of some epochs, the last one's last, as far as they are asked for.
    mutating func average(over ends: [Network], atMost count: Int) throws(SpinnpropError) {
        let last = count > 1 ? Array(ends.suffix(count)) : []
        mean = try Network.mean(of: last)
        self.ends = last
    }

    /// Closes the running epoch, at whose end parameters have been averaged.
    ///
    /// - Parameter criterion: the validation loss that decides which epoch is best; `nil` without validation.
    mutating func finishEpoch(_ record: EpochRecord, criterion: Double?) {
        history.append(record)
        if let criterion {
            if criterion < best?.loss ?? .infinity {
                best = Best(network: mean ?? network, loss: criterion)
                epochsSinceBest = 0
            } else {
                epochsSinceBest += 1
            }
        }
        epoch += 1
        batch = 0
        sums = EpochSums()
    }
}

/// Sums over the finished batches of the running epoch.
struct EpochSums: Equatable {
    var samples = 0
    /// Of the loss, answers that are not there counted as undecided.
    var value = 0.0
    var correct = 0
    var skipped = 0
    var hiddenSpikes = 0
    var outputSpikes = 0
    var seconds = 0.0

    mutating func add(_ result: BatchResult, outputCount: Int, areLabelled: Bool) {
        let spikes = result.spikes
        samples += spikes.sampleCount
        value += result.value * Double(spikes.sampleCount)
        value +=
            result.missingWeight
            * Evaluation.undecided(outputCount: outputCount, areLabelled: areLabelled)
        correct += result.correctCount
        skipped += result.skippedCount
        hiddenSpikes += spikes.counts.dropLast().reduce(0, +)
        outputSpikes += spikes.counts.last ?? 0
    }

    /// Means over the samples so far; NaN before the first.
    func record(areLabelled: Bool) -> EpochRecord {
        var record = EpochRecord()
        let count = Double(samples)
        record.loss = value / count
        record.accuracy = areLabelled ? Double(correct) / count : .nan
        record.hiddenSpikes = Double(hiddenSpikes) / count
        record.outputSpikes = Double(outputSpikes) / count
        record.skipped = Double(skipped) / count
        record.seconds = seconds
        return record
    }
}
