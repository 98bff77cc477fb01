// The domains of all training options.
import Mathematics
import Networks

/// A number's domain, written the way messages show it.
private func check(
    _ value: Double, _ name: String, from low: Double, to high: Double, excluding excluded: Double? = nil,
    _ domain: String
) throws(SpinnpropError) {
    guard value >= low, value <= high, value != excluded else {
        throw .invalidValue("\(name) is \(value); it must be \(domain)")
    }
}

extension OptimizerOptions {
    /// - Throws: `invalidValue` naming the option, its value and its domain.
    public func check() throws(SpinnpropError) {
        try Learning.check(learningRate, "learning_rate", from: 0, to: 1e6, "0 .. 1e6")
        try Learning.check(delayLearningRate, "delay_learning_rate", from: 0, to: 1e6, "0 .. 1e6")
        try Learning.check(momentum, "momentum", from: 0, to: 1, excluding: 1, ">= 0 and < 1")
        try Learning.check(beta1, "beta1", from: 0, to: 1, excluding: 1, ">= 0 and < 1")
        try Learning.check(beta2, "beta2", from: 0, to: 1, excluding: 1, ">= 0 and < 1")
        try Learning.check(epsilon, "epsilon", from: 1e-30, to: 1e6, "1e-30 .. 1e6")
        try Learning.check(weightDecay, "weight_decay", from: 0, to: 1e6, "0 .. 1e6")
        try Learning.check(clipValue, "clip_value", from: 0, to: .infinity, excluding: 0, "> 0, infinite for none")
        try Learning.check(clipNorm, "clip_norm", from: 0, to: .infinity, excluding: 0, "> 0, infinite for none")
    }
}

extension TrainingOptions {
    /// - Throws: `invalidValue` naming the option, its value and its domain.
    public func check() throws(SpinnpropError) {
        try optimizer.check()
        for (name, value, low) in [
            ("epochs", epochs, 0), ("batch_size", batchSize, 1), ("schedule_epochs", schedule.epochs, 1),
            ("early_stopping", earlyStopping, 0), ("checkpoint_every", checkpointEvery, 1),
        ] where value < low || value > Int(Int32.max) {
            throw .invalidValue("\(name) is \(value); it must be \(low) .. \(Int32.max)")
        }
        try Learning.check(schedule.gamma, "schedule_gamma", from: 0, to: 1, excluding: 0, "> 0 and <= 1")
        try Learning.check(bumping.amount, "bump", from: 0, to: 1e6, "0 .. 1e6")
        try Learning.check(bumping.hiddenLimit, "bump_hidden_limit", from: 0, to: 1, "0 .. 1")
        try Learning.check(bumping.outputLimit, "bump_output_limit", from: 0, to: 1, "0 .. 1")
        try Learning.check(inputDropout, "input_dropout", from: 0, to: 1, excluding: 1, ">= 0 and < 1")
        guard !resume || checkpointPath != nil else {
            throw .invalidValue("resume is set without a checkpoint_path; give the path to go on from")
        }
    }
}
