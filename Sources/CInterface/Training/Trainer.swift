// Training runs.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Learning
import Mathematics
import Networks
import Spikes
import Spinnprop

let trainerKind = HandleKind<Exclusive<Trainer>>(mark: 0x5350_5452_4149_4E04, noun: "trainer")

extension spinnprop_progress {
    init(_ progress: TrainingProgress) {
        self.init(
            size: MemoryLayout<spinnprop_progress>.size, epoch: Int32(clamping: progress.epoch),
            n_epochs: Int32(clamping: progress.epochCount), done: Int64(progress.done), total: Int64(progress.total),
            epoch_finished: progress.isEpochFinished ? 1 : 0, loss: progress.loss, accuracy: progress.accuracy,
            validation_loss: progress.validationLoss, validation_accuracy: progress.validationAccuracy,
            hidden_spikes: progress.hiddenSpikes, output_spikes: progress.outputSpikes, skipped: progress.skipped)
    }
}

extension spinnprop_epoch {
    init(_ record: EpochRecord) {
        self.init(
            size: MemoryLayout<spinnprop_epoch>.size, loss: record.loss, accuracy: record.accuracy,
            validation_loss: record.validationLoss,
            validation_accuracy: record.validationAccuracy, hidden_spikes: record.hiddenSpikes,
            output_spikes: record.outputSpikes, skipped: record.skipped, learning_rate: record.learningRate,
            seconds: record.seconds)
    }
}

@c @implementation
public func spinnprop_trainer_create(
    _ trainer: UnsafeMutablePointer<OpaquePointer?>?, _ network: OpaquePointer?,
    _ options: UnsafePointer<spinnprop_training_options>?
) -> spinnprop_status {
    create(trainer, "trainer", trainerKind) {
        let network = try box(network, networkKind, "network").value
        let made = try spinnprop_training_options.readOrInitial(options, "options").trainer(network)
        return Exclusive(made, "trainer")
    }
}

@c @implementation
public func spinnprop_trainer_free(_ trainer: OpaquePointer?) { freeHandle(trainer, trainerKind) }

/// Spikes and one label per sample.
private func examples(
    _ spikes: UnsafePointer<spinnprop_spikes>?, _ labels: UnsafePointer<Int64>?, _ n: Int64, _ name: StaticString
) throws(SpinnpropError) -> Examples {
    let trains = try spikeTrains(spikes, name)
    guard n == Int64(trains.sampleCount) else {
        throw .invalidValue("\(n) labels for the \(trains.sampleCount) samples of \(name); give one label per sample")
    }
    return Examples(trains, labels: integers(try CInterface.input(labels, trains.sampleCount, "labels")))
}

/// Spikes and one number per sample and output.
private func examples(
    _ spikes: UnsafePointer<spinnprop_spikes>?, _ targets: UnsafePointer<Double>?, _ n: Int64, outputCount: Int,
    _ name: StaticString
) throws(SpinnpropError) -> Examples {
    let trains = try spikeTrains(spikes, name)
    let needed = try product(trains.sampleCount, outputCount, "targets")
    guard n == Int64(needed) else {
        throw .invalidValue(
            "\(n) targets for the \(trains.sampleCount) samples of \(name); give one for each of \(outputCount) outputs of each sample"
        )
    }
    return Examples(trains, targets: try copy(targets, n, "targets"))
}

/// What each epoch is judged on, if anything; labels or targets without spikes are a mistake.
private func validationSet(
    _ spikes: UnsafePointer<spinnprop_spikes>?, hasMore: Bool, _ noun: StaticString,
    _ read: () throws(SpinnpropError) -> Examples
) throws(SpinnpropError) -> Examples? {
    guard spikes == nil else { return try read() }
    guard !hasMore else {
        throw .invalidValue("validation is NULL, but there are \(noun) for it; give both or none")
    }
    return nil
}

extension Exclusive where Value == Trainer {
    fileprivate func run(
        _ training: Examples, _ validation: Examples?, _ progress: spinnprop_progress_callback?,
        _ payload: UnsafeMutableRawPointer?
    ) throws(SpinnpropError) {
        let listener = Listener(callback: progress, payload: payload)
        let tell: ((TrainingProgress) -> Bool)? = progress == nil ? nil : { listener.tell(spinnprop_progress($0)) }
        try change { (trainer) throws(SpinnpropError) in
            try trainer.run(training, validation: validation, progress: tell)
        }
    }
}

@c @implementation
public func spinnprop_trainer_run(
    _ trainer: OpaquePointer?, _ input: UnsafePointer<spinnprop_spikes>?, _ labels: UnsafePointer<Int64>?, _ n: Int64,
    _ validation: UnsafePointer<spinnprop_spikes>?, _ validation_labels: UnsafePointer<Int64>?, _ n_validation: Int64,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let holder = try box(trainer, trainerKind, "trainer").value
        let training = try examples(input, labels, n, "input")
        let hasLabels = validation_labels != nil || n_validation != 0
        let held = try validationSet(validation, hasMore: hasLabels, "labels") { () throws(SpinnpropError) in
            try examples(validation, validation_labels, n_validation, "validation")
        }
        try holder.run(training, held, progress, payload)
    }
}

@c @implementation
public func spinnprop_trainer_run_targets(
    _ trainer: OpaquePointer?, _ input: UnsafePointer<spinnprop_spikes>?, _ targets: UnsafePointer<Double>?,
    _ n_targets: Int64, _ validation: UnsafePointer<spinnprop_spikes>?, _ validation_targets: UnsafePointer<Double>?,
    _ n_validation_targets: Int64, _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let holder = try box(trainer, trainerKind, "trainer").value
        let outputCount = try holder.idle().network.outputCount
        let training = try examples(input, targets, n_targets, outputCount: outputCount, "input")
        let hasTargets = validation_targets != nil || n_validation_targets != 0
        let held = try validationSet(validation, hasMore: hasTargets, "targets") { () throws(SpinnpropError) in
            try examples(
                validation, validation_targets, n_validation_targets, outputCount: outputCount, "validation")
        }
        try holder.run(training, held, progress, payload)
    }
}

/// Spikes, and what they should give.
func examples(
    _ spikes: UnsafePointer<spinnprop_spikes>?, _ supervision: UnsafePointer<spinnprop_supervision>?,
    outputCount: Int, _ name: StaticString, _ supervisionName: StaticString
) throws(SpinnpropError) -> Examples {
    let trains = try spikeTrains(spikes, name)
    return try Supervision(supervision, supervisionName, samples: trains.sampleCount, outputs: outputCount)
        .examples(trains, supervisionName)
}

@c @implementation
public func spinnprop_trainer_run_supervised(
    _ trainer: OpaquePointer?, _ input: UnsafePointer<spinnprop_spikes>?,
    _ supervision: UnsafePointer<spinnprop_supervision>?, _ validation: UnsafePointer<spinnprop_spikes>?,
    _ validation_supervision: UnsafePointer<spinnprop_supervision>?,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let holder = try box(trainer, trainerKind, "trainer").value
        let outputCount = try holder.idle().network.outputCount
        let training = try examples(input, supervision, outputCount: outputCount, "input", "supervision")
        let held = try validationSet(
            validation, hasMore: validation_supervision != nil, "labels, targets or weights"
        ) { () throws(SpinnpropError) in
            try examples(
                validation, validation_supervision, outputCount: outputCount, "validation", "validation_supervision")
        }
        try holder.run(training, held, progress, payload)
    }
}

@c @implementation
public func spinnprop_trainer_step(
    _ trainer: OpaquePointer?, _ gradient: OpaquePointer?, _ rate_factor: Double
) -> spinnprop_status {
    barrier {
        let holder = try box(trainer, trainerKind, "trainer").value
        let gradients = try box(gradient, gradientKind, "gradient").value.gradients
        try holder.change { (trainer) throws(SpinnpropError) in try trainer.step(gradients, rateFactor: rate_factor) }
    }
}

@c @implementation
public func spinnprop_trainer_step_batch(
    _ value: UnsafeMutablePointer<Double>?, _ trainer: OpaquePointer?, _ batch: UnsafePointer<spinnprop_spikes>?,
    _ supervision: UnsafePointer<spinnprop_supervision>?, _ rate_factor: Double,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let destination = try given(value, "value")
        let holder = try box(trainer, trainerKind, "trainer").value
        let own = try examples(
            batch, supervision, outputCount: try holder.idle().network.outputCount, "batch", "supervision")
        let monitor = Listener(callback: progress, payload: payload).monitor(total: own.input.sampleCount)
        try holder.change { (trainer) throws(SpinnpropError) in
            destination.pointee = try trainer.step(own, rateFactor: rate_factor, monitor: monitor)
        }
    }
}

@c @implementation
public func spinnprop_trainer_set_learning_rates(
    _ trainer: OpaquePointer?, _ kinds: Int32, _ rates: UnsafePointer<Double>?, _ n_layers: Int64
) -> spinnprop_status {
    barrier {
        let holder = try box(trainer, trainerKind, "trainer").value
        let layerCount = try holder.idle().network.layers.count
        let own = try copy(rates, n_layers, needed: layerCount, "rates")
        try holder.change { (trainer) throws(SpinnpropError) in
            try trainer.setLearningRates(own, of: TrainedParameters(rawValue: Int(kinds)))
        }
    }
}

@c @implementation
public func spinnprop_trainer_set_schedule(
    _ trainer: OpaquePointer?, _ schedule: spinnprop_schedule_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let holder = try box(trainer, trainerKind, "trainer").value
        try holder.change { (trainer) throws(SpinnpropError) in
            trainer.schedule = schedule.map { own in { own(Int32(clamping: $0), payload) } }
        }
    }
}

@c @implementation
public func spinnprop_trainer_set_epochs(_ trainer: OpaquePointer?, _ epochs: Int32) -> spinnprop_status {
    barrier {
        let holder = try box(trainer, trainerKind, "trainer").value
        try holder.change { (trainer) throws(SpinnpropError) in try trainer.setEpochs(Int(epochs)) }
    }
}

@c @implementation
public func spinnprop_trainer_save(_ trainer: OpaquePointer?, _ path: UnsafePointer<CChar>?) -> spinnprop_status {
    barrier {
        let trainer = try box(trainer, trainerKind, "trainer").value.idle()
        try trainer.save(try CInterface.path(path, "path"))
    }
}

@c @implementation
public func spinnprop_trainer_network(
    _ network: UnsafeMutablePointer<OpaquePointer?>?, _ trainer: OpaquePointer?
) -> spinnprop_status {
    create(network, "network", networkKind) {
        let trainer = try box(trainer, trainerKind, "trainer").value.idle()
        return trainer.network
    }
}

@c @implementation
public func spinnprop_trainer_beginning(
    _ network: UnsafeMutablePointer<OpaquePointer?>?, _ trainer: OpaquePointer?
) -> spinnprop_status {
    create(network, "network", networkKind) {
        try box(trainer, trainerKind, "trainer").value.idle().beginning()
    }
}

@c @implementation
public func spinnprop_trainer_epochs_done(
    _ n_epochs: UnsafeMutablePointer<Int64>?, _ trainer: OpaquePointer?
) -> spinnprop_status {
    answer(n_epochs, "n_epochs") { try box(trainer, trainerKind, "trainer").value.idle().epochsDone }
}

@c @implementation
public func spinnprop_trainer_history(
    _ epochs: UnsafeMutablePointer<spinnprop_epoch>?, _ n: Int64, _ trainer: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let history = try box(trainer, trainerKind, "trainer").value.idle().history
        try spinnprop_epoch.rows(epochs, n, needed: history.count, "epochs").write(history.map { spinnprop_epoch($0) })
    }
}
