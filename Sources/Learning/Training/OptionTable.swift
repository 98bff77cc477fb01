// All numbers among the training options: what C and Python call them, where they are kept, and their domains.
import Mathematics
import Networks

extension TrainingOptions {
    /// What is checked, and what bindings carry.
    public static let fields: [OptionField<TrainingOptions>] =
        OptimizerOptions.fields.map { $0.within(\.optimizer) } + [
            OptionField("epochs", \.epochs, .count(from: 0)),
            OptionField("batch_size", \.batchSize, .count(from: 1)),
            OptionField("accumulate", \.accumulate, .count(from: 1)),
            OptionField("average_epochs", \.averageEpochs, .count(from: 1)),
            OptionField("seed", \.seed),
            OptionField("delay_init", \.delayInitialisation.isDrawn),
            OptionField("delay_init_mean", \.delayInitialisation.mean, .closed(-1e6, 1e6)),
            OptionField("delay_init_std", \.delayInitialisation.std, .closed(0, 1e6)),
            OptionField("schedule", \.schedule.kind),
            OptionField("schedule_epochs", \.schedule.epochs, .count(from: 1)),
            OptionField("schedule_gamma", \.schedule.gamma, .above(0, to: 1)),
            OptionField("bump", \.bumping.amount, .closed(0, 1e6)),
            OptionField("bump_hidden_limit", \.bumping.hiddenLimit, .closed(0, 1)),
            OptionField("bump_output_limit", \.bumping.outputLimit, .closed(0, 1)),
            OptionField("bump_pairs", \.bumping.ofPairs),
            OptionField("input_dropout", \.inputDropout, .from(0, below: 1)),
            OptionField("patience", \.patience, .count(from: 0)),
            OptionField("restore_best", \.restoreBest),
            OptionField("checkpoint_every", \.checkpointEvery, .count(from: 1)),
            OptionField("resume", \.resume),
        ]

    /// - Throws: `invalidValue` naming the option, its value and its domain.
    public func check() throws(SpinnpropError) {
        for field in TrainingOptions.fields { try field.check(self) }
        guard !resume || checkpointPath != nil else {
            throw .invalidValue("resume is set without a checkpoint to go on from; give its path")
        }
    }
}
