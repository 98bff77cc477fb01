// Training by local learning.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Learning
import LocalLearning
import LocalLearningPrograms
import Mathematics
import SpiNNaker2Programs

let biogradKind = HandleKind<Exclusive<BioGrad>>(mark: 0x5350_4249_4F47_5207, noun: "biograd")

func held(_ training: OpaquePointer?) throws(SpinnpropError) -> Exclusive<BioGrad> {
    try box(training, biogradKind, "training").value
}

extension spinnprop_progress {
    fileprivate init(_ progress: LocalProgress) {
        self.init(done: progress.batch, total: progress.batchCount)
        (epoch, n_epochs) = (Int32(clamping: progress.epoch), Int32(clamping: progress.epochCount))
        (loss, accuracy) = (progress.loss, progress.accuracy)
        epoch_finished = progress.isEpochFinished ? 1 : 0
    }
}

@c @implementation
public func spinnprop_biograd_create(
    _ training: UnsafeMutablePointer<OpaquePointer?>?, _ layer_sizes: UnsafePointer<Int64>?, _ n_layer_sizes: Int64,
    _ options: UnsafePointer<spinnprop_biograd_options>?
) -> spinnprop_status {
    create(training, "training", biogradKind) {
        let options = try spinnprop_biograd_options.readOrInitial(options, "options").options()
        let sizes = try copy(layer_sizes, n_layer_sizes, "layer_sizes").map { Int($0) }
        let network = try LocalNetwork(sizes: sizes, seed: options.seed, feedback: options.feedback)
        return Exclusive(try BioGrad(network, options), "biograd")
    }
}

@c @implementation
public func spinnprop_biograd_copy(
    _ copy: UnsafeMutablePointer<OpaquePointer?>?, _ training: OpaquePointer?
) -> spinnprop_status {
    create(copy, "copy", biogradKind) { Exclusive(try held(training).idle(), "biograd") }
}

@c @implementation
public func spinnprop_biograd_free(_ training: OpaquePointer?) { freeHandle(training, biogradKind) }

/// An array of a layer.
private enum BioGradParameter {
    case weights, biases, feedback, units

    init(_ parameter: Int32) throws(SpinnpropError) {
        switch Int(parameter) {
        case SPINNPROP_BIOGRAD_WEIGHTS: self = .weights
        case SPINNPROP_BIOGRAD_BIASES: self = .biases
        case SPINNPROP_BIOGRAD_FEEDBACK: self = .feedback
        case SPINNPROP_BIOGRAD_UNITS: self = .units
        default:
            throw .invalidValue(
                "parameter is \(parameter); it must be SPINNPROP_BIOGRAD_WEIGHTS, _BIASES, _FEEDBACK or _UNITS (0 .. 3)"
            )
        }
    }

    func values(_ network: LocalNetwork, _ layer: Int) -> [Float] {
        switch self {
        case .weights: network.weights(layer: layer)
        case .biases: network.biases(layer: layer)
        case .feedback: network.feedback(layer: layer)
        case .units: powers(network.exponents(layer: layer))
        }
    }
}

/// - Throws: `invalidValue` naming the first that is no float32 number.
private func singles(_ values: [Double]) throws(SpinnpropError) -> [Float] {
    for (index, value) in values.enumerated() where !Float(value).isFinite {
        throw .invalidValue(
            "values[\(index)] is \(value); it must be finite in float32, at most \(Float.greatestFiniteMagnitude)")
    }
    return values.map { Float($0) }
}

/// What they are exponents of; 0 for none.
private func powers(_ exponents: (weights: Int?, feedback: Int?)) -> [Float] {
    [exponents.weights, exponents.feedback].map { $0.map { 1 / Float(1 << $0) } ?? 0 }
}

private func place(_ layer: Int32, _ network: LocalNetwork) throws(SpinnpropError) -> Int {
    guard layer >= 0, Int(layer) < network.layers.count else {
        throw .invalidIndex("layer is \(layer); the network has layers 0 .. \(network.layers.count - 1)")
    }
    return Int(layer)
}

@c @implementation
public func spinnprop_biograd_get(
    _ values: UnsafeMutablePointer<Double>?, _ n: Int64, _ training: OpaquePointer?, _ parameter: Int32, _ layer: Int32
) -> spinnprop_status {
    barrier {
        let network = try held(training).idle().network
        let own = try BioGradParameter(parameter).values(network, place(layer, network))
        try output(values, n, needed: own.count, "values").fill(own.map { Double($0) })
    }
}

@c @implementation
public func spinnprop_biograd_set(
    _ training: OpaquePointer?, _ parameter: Int32, _ layer: Int32, _ values: UnsafePointer<Double>?, _ n: Int64
) -> spinnprop_status {
    barrier {
        let own = try held(training)
        let kind = try BioGradParameter(parameter)
        try own.change { (training) throws(SpinnpropError) in
            var network = training.network
            let layer = try place(layer, network)
            let needed = network.counts(layer: layer)
            func new(_ needed: Int) throws(SpinnpropError) -> [Float] {
                try singles(try copy(values, n, needed: needed, "values"))
            }
            switch kind {
            case .weights: try network.setWeights(new(needed.weights), layer: layer)
            case .biases: try network.setBiases(new(needed.biases), layer: layer)
            case .feedback: try network.setFeedback(new(needed.feedback), layer: layer)
            case .units:
                throw .invalidValue("SPINNPROP_BIOGRAD_UNITS are only read; set weights or feedback")
            }
            training.network = network
        }
    }
}

/// The chip that a caller's engine is; `nil`: the host.
private func substrate(_ engine: OpaquePointer?) throws(SpinnpropError) -> (any LocalSubstrate)? {
    engine == nil ? nil : try spinnaker2(engine)
}

@c @implementation
public func spinnprop_biograd_run(
    _ training: OpaquePointer?, _ input: UnsafePointer<spinnprop_step_input>?, _ labels: UnsafePointer<Int64>?,
    _ n: Int64, _ engine: OpaquePointer?, _ checkpoint_path: UnsafePointer<CChar>?,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let own = try held(training)
        let substrate = try substrate(engine)
        let samples = try spinnprop_step_input.read(input, "input").input()
        let classes = integers(try CInterface.input(labels, try count(n, "n"), "labels"))
        let file = checkpoint_path == nil ? nil : try path(checkpoint_path, "checkpoint_path")
        let listener = Listener(callback: progress, payload: payload)
        let tell: ((LocalProgress) -> Bool)? = progress == nil ? nil : { listener.tell(spinnprop_progress($0)) }
        try own.change { (training) throws(SpinnpropError) in
            if let file {
                try training.run(samples, labels: classes, on: substrate, checkpoint: file, progress: tell)
            } else {
                try training.run(samples, labels: classes, on: substrate, progress: tell)
            }
        }
    }
}

@c @implementation
public func spinnprop_biograd_counts(
    _ counts: UnsafeMutablePointer<Int32>?, _ n: Int64, _ training: OpaquePointer?,
    _ input: UnsafePointer<spinnprop_step_input>?, _ showing: Int64, _ engine: OpaquePointer?,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let own = try held(training).idle()
        let substrate = try substrate(engine)
        let samples = try spinnprop_step_input.read(input, "input").input()
        let needed = try product(samples.sampleCount, own.network.outputCount, "the counts")
        let target = try output(counts, n, needed: needed, "counts")
        let monitor = Listener(callback: progress, payload: payload).monitor(total: samples.sampleCount)
        target.fill(try own.counts(samples, showing: shown(showing), on: substrate, monitor: monitor))
    }
}

private func shown(_ showing: Int64) throws(SpinnpropError) -> Int {
    guard showing >= 0, showing < 1 << 28 else {
        throw .invalidValue("showing is \(showing); it must be 0 .. \((1 << 28) - 1)")
    }
    return Int(showing)
}

@c @implementation
public func spinnprop_biograd_gradient(
    _ weights: UnsafeMutablePointer<Double>?, _ n_weights: Int64, _ biases: UnsafeMutablePointer<Double>?,
    _ n_biases: Int64, _ training: OpaquePointer?, _ input: UnsafePointer<spinnprop_step_input>?,
    _ labels: UnsafePointer<Int64>?, _ n: Int64, _ showing: Int64,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let own = try held(training).idle()
        let samples = try spinnprop_step_input.read(input, "input").input()
        let classes = integers(try CInterface.input(labels, try count(n, "n"), "labels"))
        let layers = own.network.layers
        let sizes = layers.reduce((weights: 0, biases: 0)) {
            ($0.weights + $1.preCount * $1.neuronCount, $0.biases + $1.neuronCount)
        }
        let target = try output(weights, n_weights, needed: sizes.weights, "weights")
        let others = try output(biases, n_biases, needed: sizes.biases, "biases")
        let monitor = Listener(callback: progress, payload: payload).monitor(total: samples.sampleCount)
        let found = try own.gradient(samples, labels: classes, showing: shown(showing), monitor: monitor)
        target.fill(found.weights.joined().map { Double($0) })
        others.fill(found.biases.joined().map { Double($0) })
    }
}

@c @implementation
public func spinnprop_biograd_sleep(
    _ training: OpaquePointer?, _ n_samples: Int64,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let own = try held(training)
        let samples = try count(n_samples, "n_samples")
        let listener = Listener(callback: progress, payload: payload)
        try own.change { (training) throws(SpinnpropError) in
            let dreams = try product(samples, training.network.layers.count - 1, "the dreams")
            try training.sleep(sampleCount: samples, monitor: listener.monitor(total: dreams))
        }
    }
}

@c @implementation
public func spinnprop_biograd_wake(
    _ training: OpaquePointer?, _ input: UnsafePointer<spinnprop_step_input>?,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let own = try held(training)
        let samples = try spinnprop_step_input.read(input, "input").input()
        let monitor = Listener(callback: progress, payload: payload).monitor(
            total: BioGrad.wakeCount(samples.sampleCount))
        try own.change { (training) throws(SpinnpropError) in
            try training.wakeSilentLayers(on: samples, monitor: monitor)
        }
    }
}

@c @implementation
public func spinnprop_biograd_describe(
    _ info: UnsafeMutablePointer<spinnprop_biograd_info>?, _ training: OpaquePointer?
) -> spinnprop_status {
    fill(info, "info") {
        let own = try held(training).idle()
        return spinnprop_biograd_info(
            size: 0, n_layers: Int64(own.network.layers.count), n_outputs: Int64(own.network.outputCount),
            epochs_done: Int64(own.epoch), batches_done: Int64(own.batch), sleeps: Int64(own.sleepCount))
    }
}

@c @implementation
public func spinnprop_biograd_get_options(
    _ options: UnsafeMutablePointer<spinnprop_biograd_options>?, _ training: OpaquePointer?
) -> spinnprop_status {
    fill(options, "options") {
        var options = spinnprop_biograd_options.initial
        options.take(try held(training).idle().options, LocalOptions.fields)
        return options
    }
}

@c @implementation
public func spinnprop_biograd_layer_sizes(
    _ layer_sizes: UnsafeMutablePointer<Int64>?, _ n: Int64, _ training: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let sizes = try held(training).idle().network.sizes
        try output(layer_sizes, n, needed: sizes.count, "layer_sizes").fill(sizes.map { Int64($0) })
    }
}

@c @implementation
public func spinnprop_biograd_set_epochs(_ training: OpaquePointer?, _ epochs: Int32) -> spinnprop_status {
    barrier {
        try held(training).change { (training) throws(SpinnpropError) in try training.setEpochs(Int(epochs)) }
    }
}

@c @implementation
public func spinnprop_biograd_history(
    _ epochs: UnsafeMutablePointer<spinnprop_biograd_epoch>?, _ n: Int64, _ training: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let history = try held(training).idle().history
        try spinnprop_biograd_epoch.rows(epochs, n, needed: history.count, "epochs").write(
            history.map { spinnprop_biograd_epoch(size: 0, loss: $0.loss, accuracy: $0.accuracy, silent: $0.silent) })
    }
}

@c @implementation
public func spinnprop_biograd_curves(
    _ spikes: UnsafeMutablePointer<Double>?, _ n_spikes: Int64, _ angles: UnsafeMutablePointer<Double>?,
    _ n_angles: Int64, _ norm_ratios: UnsafeMutablePointer<Double>?, _ n_norm_ratios: Int64, _ training: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let own = try held(training).idle()
        let layers = own.network.layers.count
        let rows = own.history.map(\.alignments)
        let first = try output(spikes, n_spikes, needed: own.history.count * layers, "spikes")
        let second = try output(angles, n_angles, needed: rows.count * (layers - 1), "angles")
        let third = try output(norm_ratios, n_norm_ratios, needed: rows.count * (layers - 1), "norm_ratios")
        first.fill(Array(own.history.map(\.spikes).joined()))
        second.fill(rows.joined().map(\.angle))
        third.fill(rows.joined().map(\.normRatio))
    }
}

@c @implementation
public func spinnprop_biograd_alignment(
    _ angles: UnsafeMutablePointer<Double>?, _ n_angles: Int64, _ norm_ratios: UnsafeMutablePointer<Double>?,
    _ n_norm_ratios: Int64, _ training: OpaquePointer?,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let network = try held(training).idle().network
        let hidden = network.layers.count - 1
        let first = try output(angles, n_angles, needed: hidden, "angles")
        let second = try output(norm_ratios, n_norm_ratios, needed: hidden, "norm_ratios")
        let all = try network.alignments(Listener(callback: progress, payload: payload).monitor(total: hidden))
        first.fill(all.map(\.angle))
        second.fill(all.map(\.normRatio))
    }
}
