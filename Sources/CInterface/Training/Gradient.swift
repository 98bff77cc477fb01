// Gradients of a loss over a recording.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import Networks
import Neurons
import Spinnprop

/// What a gradient is of, and by whose rule: enough to look at its adjoint.
struct GradientOrigin {
    let network: Network
    let recording: Recording
    let objective: Objective
    let engine: Engine?
}

/// What a gradient handle holds: the gradients and where in them each layer's recurrent arrays are.
struct LayeredGradients {
    private(set) var gradients: Gradients
    /// `nil` where somebody else has put numbers here.
    private(set) var origin: GradientOrigin?
    /// Whether derivatives with respect to input times were asked for.
    private let hasInputTimes: Bool
    private let recurrent: [Int?]
    private let layers: [Layer]

    init(_ gradients: Gradients, _ network: Network, of origin: GradientOrigin? = nil) {
        self.gradients = gradients
        self.origin = origin
        hasInputTimes = origin?.objective.wantsInputTimes ?? true
        layers = network.layers
        recurrent = network.layers.indices.map { network.connectionIndex(into: $0, recurrent: true) }
    }

    /// Derivatives with respect to input spike times.
    func inputTimes() throws(SpinnpropError) -> [Double] {
        guard hasInputTimes else {
            throw .invalidValue(
                "the gradient was made without derivatives of input times; set `input_times` in its spinnprop_gradient_options to 1"
            )
        }
        return gradients.inputTimes
    }

    /// The array of a layer or connection, empty if there is none.
    func values(_ parameter: Parameter, _ index: Int32) throws(SpinnpropError) -> [Double] {
        let index = try parameter.index(index, layers: recurrent.count, connections: gradients.weights.count)
        switch parameter {
        case .weights(let isRecurrent):
            return (isRecurrent ? recurrent[index] : index).map { gradients.weights[$0] } ?? []
        case .delays(let isRecurrent):
            return (isRecurrent ? recurrent[index] : index).map { gradients.delays[$0] } ?? []
        case .neuron(let path, let name):
            guard !gradients.neurons.isEmpty else {
                throw .invalidValue(
                    "parameter is \(name), whose gradient was not asked for; set `neurons` in its spinnprop_gradient_options"
                )
            }
            return gradients.neurons[index][keyPath: path]
        case .mask, .signs, .bounds:
            throw .invalidValue(
                "parameter is \(parameter.name); it must be one with a gradient, as SPINNPROP_WEIGHTS (0)")
        }
    }
}

extension LayeredGradients {
    /// Sets an array of as many elements as it has. A failed call changes nothing.
    mutating func set(
        _ parameter: Parameter, _ index: Int32, _ pointer: UnsafePointer<Double>?, _ n: Int64
    ) throws(SpinnpropError) {
        var changed = self
        changed.origin = nil
        if case .neuron = parameter, gradients.neurons.isEmpty {
            changed.gradients.neurons = layers.map { layer in
                var own = layer.parameters
                for field in LIFParameters.fields {
                    own[keyPath: field.path] = [Double](repeating: 0, count: layer.neuronCount)
                }
                return own
            }
        }
        let values = try copy(pointer, n, needed: try changed.values(parameter, index).count, "values")
        guard !values.isEmpty else { return }
        let place = try parameter.index(index, layers: recurrent.count, connections: gradients.weights.count)
        switch parameter {
        case .weights(let isRecurrent):
            changed.gradients.weights[isRecurrent ? recurrent[place] ?? place : place] = values
        case .delays(let isRecurrent):
            changed.gradients.delays[isRecurrent ? recurrent[place] ?? place : place] = values
        case .neuron(let path, _): changed.gradients.neurons[place][keyPath: path] = values
        case .mask, .signs, .bounds: break
        }
        self = changed
    }
}

let gradientKind = HandleKind<LayeredGradients>(mark: 0x5350_4752_4144_4903, noun: "gradient")

extension spinnprop_gradient_options {
    static var initial: spinnprop_gradient_options {
        var options = spinnprop_gradient_options()
        options.size = MemoryLayout<spinnprop_gradient_options>.size
        options.input_times = 1
        options.take(RateRegularisation(), RateRegularisation.fields)
        return options
    }

    /// `nil` if it is off. The core checks the numbers.
    func rate() throws(SpinnpropError) -> RateRegularisation? {
        guard rate_strength != 0 else { return nil }
        var rate = RateRegularisation()
        try hand(to: &rate, RateRegularisation.fields)
        return rate
    }
}

/// Labels or target times of a batch, as many as it has samples.
private func labelsAndTargets(
    _ labels: UnsafePointer<Int64>?, _ n: Int64, _ targets: UnsafePointer<Double>?, _ nTargets: Int64,
    _ recording: Recording
) throws(SpinnpropError) -> ([Int], [Double]) {
    guard n == Int64(recording.sampleCount) else {
        throw .invalidValue(
            "n is \(n); the recording has \(recording.sampleCount) samples, and there must be as many labels")
    }
    guard targets != nil else {
        guard nTargets == 0 else {
            throw .invalidValue("targets is NULL, but n_targets is \(nTargets); give both or none")
        }
        return (integers(try input(labels, recording.sampleCount, "labels")), [])
    }
    let needed = try product(recording.sampleCount, recording.outputLayer.neuronCount, "targets")
    guard nTargets == Int64(needed) else {
        throw .invalidValue("n_targets is \(nTargets); it must be samples times outputs, \(needed)")
    }
    let ownLabels = labels == nil ? [] : integers(try input(labels, recording.sampleCount, "labels"))
    return (ownLabels, Array(try input(targets, needed, "targets")))
}

@c @implementation
public func spinnprop_network_gradient(
    _ gradient: UnsafeMutablePointer<OpaquePointer?>?, _ value: UnsafeMutablePointer<Double>?,
    _ network: OpaquePointer?,
    _ recording: OpaquePointer?, _ loss: UnsafePointer<spinnprop_loss>?, _ labels: UnsafePointer<Int64>?, _ n: Int64,
    _ targets: UnsafePointer<Double>?, _ n_targets: Int64, _ options: UnsafePointer<spinnprop_gradient_options>?,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    differentiate(gradient, value, network, recording, loss, options, progress, payload) {
        (recording, objective) throws(SpinnpropError) in
        (objective.labels, objective.targets) = try labelsAndTargets(labels, n, targets, n_targets, recording)
    }
}

@c @implementation
public func spinnprop_network_gradient_supervised(
    _ gradient: UnsafeMutablePointer<OpaquePointer?>?, _ value: UnsafeMutablePointer<Double>?,
    _ network: OpaquePointer?, _ recording: OpaquePointer?, _ loss: UnsafePointer<spinnprop_loss>?,
    _ supervision: UnsafePointer<spinnprop_supervision>?, _ options: UnsafePointer<spinnprop_gradient_options>?,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    differentiate(gradient, value, network, recording, loss, options, progress, payload) {
        (recording, objective) throws(SpinnpropError) in
        let own = try Supervision(
            supervision, "supervision", samples: recording.sampleCount, outputs: recording.outputLayer.neuronCount)
        (objective.labels, objective.targets, objective.sampleWeights) = (own.labels, own.targets, own.weights)
    }
}

/// - Parameter supervise: writes what the samples should give into the objective.
private func differentiate(
    _ gradient: UnsafeMutablePointer<OpaquePointer?>?, _ value: UnsafeMutablePointer<Double>?,
    _ network: OpaquePointer?, _ recording: OpaquePointer?, _ loss: UnsafePointer<spinnprop_loss>?,
    _ options: UnsafePointer<spinnprop_gradient_options>?, _ progress: spinnprop_progress_callback?,
    _ payload: UnsafeMutableRawPointer?, _ supervise: (Recording, inout Objective) throws(SpinnpropError) -> Void
) -> spinnprop_status {
    barrier {
        let (destination, value) = (try given(gradient, "gradient"), try given(value, "value"))
        let network = try box(network, networkKind, "network").value
        let recording = try box(recording, recordingKind, "recording").value
        let options = try spinnprop_gradient_options.readOrInitial(options, "options")
        var objective = Objective(
            loss: try spinnprop_loss.loss(loss, "loss", of: recording), labels: [], rate: try options.rate(),
            wantsInputTimes: options.input_times != 0, wantsNeurons: options.neurons != 0)
        try supervise(recording, &objective)
        let monitor = Listener(callback: progress, payload: payload).monitor(total: recording.sampleCount)
        let engine = try CInterface.engine(options.engine, "options->engine")
        let result = try network.gradient(recording, objective, engine: engine, monitor: monitor)
        value.pointee = result.value
        // A function of the host's may be gone when the adjoint is asked for.
        if let errors = result.batchErrors {
            objective = Objective(errors, rate: objective.rate, wantsInputTimes: objective.wantsInputTimes)
        }
        let origin = GradientOrigin(network: network, recording: recording, objective: objective, engine: engine)
        destination.pointee = makeHandle(LayeredGradients(result, network, of: origin), gradientKind)
    }
}

/// The caller's errors, layer by layer: of all layers, or of the read-out alone.
private func layered(
    _ errors: UnsafePointer<Double>?, _ n: Int64, _ recording: Recording
) throws(SpinnpropError) -> [[Double]] {
    let counts = recording.layers.map { $0.isSpiking ? $0.spikeCount : $0.maxima.count }
    let everywhere = counts.reduce(0, +)
    let ofOutput = counts.last ?? 0
    guard n == Int64(everywhere) || n == Int64(ofOutput) else {
        throw .invalidValue(
            "n_errors is \(n); there are \(everywhere) spikes and maxima in the recording, layer after layer, and there must be as many errors, or \(ofOutput), of the read-out alone"
        )
    }
    let all = try input(errors, Int(n), "errors")
    try Memory.check(count: all.count, bytesPerElement: MemoryLayout<Double>.stride, "the copy of errors")
    guard all.count == everywhere else { return counts.dropLast().map { _ in [] } + [Array(all)] }
    var start = 0
    return counts.map { count in
        defer { start += count }
        return Array(all[start..<start + count])
    }
}

/// The caller's errors of membranes. Where the read-out spikes it has none, which the core says where times are given.
private func membraneErrors(
    _ errors: UnsafePointer<Double>?, _ n: Int64, _ nTimes: Int64, _ recording: Recording
) throws(SpinnpropError) -> [Double] {
    let output = recording.outputLayer
    guard !output.isSpiking || nTimes == 0 else { return [] }
    let needed = try product(output.maxima.count, try count(nTimes, "n_times"), "membrane_errors")
    return try copy(errors, n, needed: needed, "membrane_errors")
}

@c @implementation
public func spinnprop_network_pull_back(
    _ gradient: UnsafeMutablePointer<OpaquePointer?>?, _ network: OpaquePointer?, _ recording: OpaquePointer?,
    _ errors: UnsafePointer<Double>?, _ n_errors: Int64, _ times: UnsafePointer<Double>?, _ n_times: Int64,
    _ membrane_errors: UnsafePointer<Double>?, _ n_membrane_errors: Int64, _ integral_errors: UnsafePointer<Double>?,
    _ n_integral_errors: Int64, _ tau: Double,
    _ options: UnsafePointer<spinnprop_gradient_options>?, _ progress: spinnprop_progress_callback?,
    _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    create(gradient, "gradient", gradientKind) {
        let network = try box(network, networkKind, "network").value
        let recording = try box(recording, recordingKind, "recording").value
        let options = try spinnprop_gradient_options.readOrInitial(options, "options")
        let integrals = try copy(
            integral_errors, n_integral_errors, needed: n_integral_errors == 0 ? 0 : recording.outputLayer.maxima.count,
            "integral_errors")
        // Before the times are read: the errors say how many there are.
        let membranes = try membraneErrors(membrane_errors, n_membrane_errors, n_times, recording)
        let given = GivenErrors(
            layers: try layered(errors, n_errors, recording), times: try copy(times, n_times, "times"),
            membranes: membranes, integrals: integrals, integralTau: tau)
        let monitor = Listener(callback: progress, payload: payload).monitor(total: recording.sampleCount)
        let engine = try CInterface.engine(options.engine, "options->engine")
        let objective = Objective(
            given, wantsInputTimes: options.input_times != 0, wantsNeurons: options.neurons != 0)
        let result = try network.gradient(recording, objective, engine: engine, monitor: monitor)
        let origin = GradientOrigin(network: network, recording: recording, objective: objective, engine: engine)
        return LayeredGradients(result, network, of: origin)
    }
}

@c @implementation
public func spinnprop_gradient_free(_ gradient: OpaquePointer?) { freeHandle(gradient, gradientKind) }

@c @implementation
public func spinnprop_gradient_create(
    _ gradient: UnsafeMutablePointer<OpaquePointer?>?, _ network: OpaquePointer?
) -> spinnprop_status {
    create(gradient, "gradient", gradientKind) {
        let network = try box(network, networkKind, "network").value
        try network.checkRoom("the gradients")
        return LayeredGradients(Gradients(zerosFor: network), network)
    }
}

@c @implementation
public func spinnprop_gradient_set(
    _ gradient: OpaquePointer?, _ parameter: Int32, _ index: Int32, _ values: UnsafePointer<Double>?, _ n: Int64
) -> spinnprop_status {
    barrier {
        let gradient = try box(gradient, gradientKind, "gradient")
        try gradient.value.set(Parameter(parameter), index, values, n)
    }
}

@c @implementation
public func spinnprop_gradient_get(
    _ values: UnsafeMutablePointer<Double>?, _ n: Int64, _ gradient: OpaquePointer?, _ parameter: Int32, _ index: Int32
) -> spinnprop_status {
    barrier {
        let gradient = try box(gradient, gradientKind, "gradient").value
        let array = try gradient.values(Parameter(parameter), index)
        try output(values, n, needed: array.count, "values").fill(array)
    }
}

@c @implementation
public func spinnprop_gradient_input_times(
    _ values: UnsafeMutablePointer<Double>?, _ n: Int64, _ gradient: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let array = try box(gradient, gradientKind, "gradient").value.inputTimes()
        try output(values, n, needed: array.count, "values").fill(array)
    }
}

@c @implementation
public func spinnprop_gradient_skipped(
    _ skipped: UnsafeMutablePointer<Int64>?, _ gradient: OpaquePointer?
) -> spinnprop_status {
    answer(skipped, "skipped") { try box(gradient, gradientKind, "gradient").value.gradients.skippedCount }
}
