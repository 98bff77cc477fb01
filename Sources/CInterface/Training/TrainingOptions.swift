// Training options as C hosts hand them over.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Learning
import Mathematics
import Networks
import Spinnprop

extension spinnprop_training_options {
    static var initial: spinnprop_training_options {
        let defaults = TrainingOptions()
        var options = spinnprop_training_options()
        options.size = MemoryLayout<spinnprop_training_options>.size
        options.epochs = Int32(clamping: defaults.epochs)
        options.batch_size = Int32(clamping: defaults.batchSize)
        options.seed = defaults.seed
        options.optimizer = defaults.optimizer.kind.rawValue
        options.learning_rate = defaults.optimizer.learningRate
        options.delay_learning_rate = defaults.optimizer.delayLearningRate
        options.momentum = defaults.optimizer.momentum
        options.beta1 = defaults.optimizer.beta1
        options.beta2 = defaults.optimizer.beta2
        options.epsilon = defaults.optimizer.epsilon
        options.weight_decay = defaults.optimizer.weightDecay
        options.schedule = defaults.schedule.kind.rawValue
        options.schedule_epochs = Int32(clamping: defaults.schedule.epochs)
        options.schedule_gamma = defaults.schedule.gamma
        options.clip_value = defaults.optimizer.clipValue
        options.clip_norm = defaults.optimizer.clipNorm
        options.bump = defaults.bumping.amount
        options.bump_hidden_limit = defaults.bumping.hiddenLimit
        options.bump_output_limit = defaults.bumping.outputLimit
        options.input_dropout = defaults.inputDropout
        options.early_stopping = Int32(clamping: defaults.earlyStopping)
        options.restore_best = defaults.restoreBest ? 1 : 0
        options.checkpoint_every = Int32(clamping: defaults.checkpointEvery)
        options.resume = defaults.resume ? 1 : 0
        return options
    }

    /// A trainer of a copy of a network. The core checks the numbers.
    func trainer(_ network: Network) throws(SpinnpropError) -> Trainer {
        let forward = try spinnprop_forward_options.readOrInitial(forward, "options->forward")
        let gradient = try spinnprop_gradient_options.readOrInitial(gradient, "options->gradient")
        let engine = try CInterface.engine(forward.engine, "options->forward->engine") ?? .defaultEngine
        let rule = try CInterface.engine(gradient.engine, "options->gradient->engine")
        var options = try options()
        options.forward = try forward.options()
        options.rate = gradient.rate
        options.loss = try spinnprop_loss.loss(
            loss, "options->loss", engine: engine, leakyReadout: network.layers.last?.isSpiking == false)
        return try Trainer(network, options, engine: engine, rule: rule)
    }

    /// All but what the three structs within say.
    private func options() throws(SpinnpropError) -> TrainingOptions {
        var options = TrainingOptions()
        options.epochs = Int(epochs)
        options.batchSize = Int(batch_size)
        options.seed = seed
        guard let optimizerKind = OptimizerKind(rawValue: optimizer) else {
            throw .invalidValue(
                "optimizer is \(optimizer); it must be SPINNPROP_OPTIMIZER_SGD (0) .. SPINNPROP_OPTIMIZER_ADAMW (2)")
        }
        options.optimizer.kind = optimizerKind
        options.optimizer.learningRate = learning_rate
        options.optimizer.delayLearningRate = delay_learning_rate
        options.optimizer.momentum = momentum
        options.optimizer.beta1 = beta1
        options.optimizer.beta2 = beta2
        options.optimizer.epsilon = epsilon
        options.optimizer.weightDecay = weight_decay
        options.optimizer.clipValue = clip_value
        options.optimizer.clipNorm = clip_norm
        guard let scheduleKind = ScheduleKind(rawValue: schedule) else {
            throw .invalidValue(
                "schedule is \(schedule); it must be SPINNPROP_SCHEDULE_CONSTANT (0) .. SPINNPROP_SCHEDULE_SMOOTH (3)"
            )
        }
        options.schedule.kind = scheduleKind
        options.schedule.epochs = Int(schedule_epochs)
        options.schedule.gamma = schedule_gamma
        options.bumping.amount = bump
        options.bumping.hiddenLimit = bump_hidden_limit
        options.bumping.outputLimit = bump_output_limit
        options.inputDropout = input_dropout
        options.earlyStopping = Int(early_stopping)
        options.restoreBest = restore_best != 0
        options.checkpointPath = checkpoint_path == nil ? nil : try path(checkpoint_path, "checkpoint_path")
        options.checkpointEvery = Int(checkpoint_every)
        options.resume = resume != 0
        return options
    }

}
