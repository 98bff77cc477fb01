// What a training run tells while it runs, and what it leaves behind of each epoch.
import Mathematics

/// How far a training run is.
public struct TrainingProgress: Equatable, Sendable {
    /// The running epoch, counted from 0.
    public var epoch = 0
    public var epochCount = 0
    /// Batches of this epoch that are done, of `total`.
    public var done = 0
    public var total = 0
    /// True in the one call that ends an epoch: then all numbers are final.
    public var isEpochFinished = false
    /// Means over this epoch's samples so far; NaN before the first batch.
    public var loss = Double.nan
    public var accuracy = Double.nan
    /// On the validation data; NaN without any, or before the epoch's end.
    public var validationLoss = Double.nan
    public var validationAccuracy = Double.nan
    /// Spikes per sample, means over this epoch so far.
    public var hiddenSpikes = Double.nan
    public var outputSpikes = Double.nan
    /// The fraction of samples without an answer to learn from, over this epoch so far.
    public var skipped = Double.nan
}

/// One epoch of a training run; all but the last two are means over its samples.
public struct EpochRecord: Equatable, Sendable {
    /// Mean loss and accuracy; an answer that is not there counts as undecided (`Evaluation.undecided`), a sample without its label's as wrong. An accuracy is NaN
    /// where targets stand in the place of labels.
    public var loss = 0.0
    public var accuracy = 0.0
    /// On the validation data; NaN without any.
    public var validationLoss = Double.nan
    public var validationAccuracy = Double.nan
    /// Spikes per training sample.
    public var hiddenSpikes = 0.0
    public var outputSpikes = 0.0
    /// The fraction of samples without an answer to learn from.
    public var skipped = 0.0
    /// Of weights, the largest of all layers.
    public var learningRate = 0.0
    /// Wall-clock time, validation included.
    public var seconds = 0.0
}

/// Turns the state of a run into calls of the user's callback: through its monitor while work goes on, directly at the end
/// of an epoch.
final class ProgressReporter {
    private let box: Box
    let monitor: Monitor

    /// What the monitor's callback sees; written between batches, on the same thread.
    private final class Box {
        var latest = TrainingProgress()
        let callback: (TrainingProgress) -> Bool
        init(_ callback: @escaping (TrainingProgress) -> Bool) { self.callback = callback }
    }

    init(_ callback: @escaping (TrainingProgress) -> Bool, epochCount: Int, batchCount: Int) {
        let box = Box(callback)
        box.latest.epochCount = epochCount
        box.latest.total = batchCount
        self.box = box
        monitor = Monitor { box.callback(box.latest) }
    }

    func update(_ state: TrainingState, _ examples: Examples) {
        box.latest.epoch = state.epoch
        box.latest.done = state.batch
        box.latest.show(state.sums.record(areLabelled: examples.areLabelled))
    }

    /// The one call that ends an epoch. Returns whether to go on.
    func reportEpoch(_ epoch: Int, _ record: EpochRecord) -> Bool {
        var progress = box.latest
        progress.epoch = epoch
        progress.done = progress.total
        progress.isEpochFinished = true
        progress.show(record)
        progress.validationLoss = record.validationLoss
        progress.validationAccuracy = record.validationAccuracy
        return box.callback(progress)
    }
}

extension TrainingProgress {
    fileprivate mutating func show(_ record: EpochRecord) {
        loss = record.loss
        accuracy = record.accuracy
        hiddenSpikes = record.hiddenSpikes
        outputSpikes = record.outputSpikes
        skipped = record.skipped
    }
}
