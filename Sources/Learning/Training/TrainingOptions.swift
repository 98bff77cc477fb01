// What a user sets of a training run, with the defaults of the whole library.
import Mathematics
import Networks

public enum ScheduleKind: Int32, Sendable, CaseIterable {
    case constant = 0
    case step = 1
    case exponential = 2
    case smooth = 3
}

/// How the learning rates fall: times `gamma` every `epochs` epochs (step), every epoch (exponential), or as much in the course of
/// an epoch, an equal factor after every batch (smooth).
public struct Schedule: Equatable, Sendable {
    public var kind = ScheduleKind.exponential
    public var epochs = 20
    public var gamma = 0.96

    public init() {}
}

/// Weight bumping of silent neurons (Göltz et al., arXiv 1912.11443).
///
/// The first layer of which more than a limit's fraction of neurons spiked in no sample of a batch gets `amount` added to all
/// feed-forward weights of those neurons. With `ofPairs`, as published, the fraction is of (sample, neuron) pairs without a spike, and all
/// neurons that miss a sample are raised. The amount doubles while the same layer calls for it in the batches that follow. The optimiser's step of such
/// a batch is skipped.
public struct WeightBumping: Equatable, Sendable {
    /// What is added to weights at first; 0: nothing is bumped.
    public var amount = 0.0
    /// The silent fraction above which a hidden layer is bumped.
    public var hiddenLimit = 0.3
    /// The silent fraction above which the last layer is bumped.
    public var outputLimit = 0.0
    /// Whether each pair of a sample and a neuron counts, rather than each neuron over the whole batch.
    public var ofPairs = false

    public init() {}
}

/// Options of `Trainer`.
///
/// | name             | default | meaning                                                                          |
/// |------------------|---------|----------------------------------------------------------------------------------|
/// | `epochs`         | 100     | passes over the data, in all                                                     |
/// | `batchSize`      | 150     | samples per step; what is left at the end of an epoch is a smaller batch         |
/// | `accumulate`     | 1       | batches per step: the gradient of the mean over all their samples                |
/// | `averageEpochs`  | 1       | what is handed out and judged: the mean of so many last epochs' ends             |
/// | `seed`           | 0       | of the order of samples, of input dropout and of initial delays                  |
/// | `inputDropout`   | 0       | probability with which an input spike is left out in training                    |
/// | `patience`  | 0       | epochs without a better validation loss before stopping; 0: never                |
/// | `restoreBest`    | false   | end with the parameters of the best validation loss                              |
/// | `checkpointPath` | none    | where checkpoints go: every `checkpointEvery` epochs, at the end, on cancelling  |
/// | `checkpointEvery`| 1       | epochs                                                                           |
/// | `resume`         | false   | go on from `checkpointPath` if it exists                                         |
///
/// "Better" compares the mean validation loss (`Evaluation.value`).
public struct TrainingOptions: Sendable {
    public var loss: any Loss = TTFSCrossEntropy()
    public var rate: RateRegularisation?
    public var forward = ForwardOptions()
    public var epochs = 100
    public var batchSize = 150
    public var accumulate = 1
    public var averageEpochs = 1
    public var seed: UInt64 = 0
    public var optimizer = OptimizerOptions()
    public var schedule = Schedule()
    public var bumping = WeightBumping()
    public var delayInitialisation = DelayInitialisation()
    public var inputDropout = 0.0
    public var patience = 0
    public var restoreBest = false
    public var checkpointPath: FilePath?
    public var checkpointEvery = 1
    public var resume = false

    public init() {}
}
