// Optimisers: from gradients to the next parameters, in place.
import Mathematics

/// An optimiser and its memory: plain arrays, one per array of parameters of the network.
///
/// The formulas are those that torch documents for SGD, Adam (Kingma & Ba, arXiv 1412.6980) and AdamW (Loshchilov & Hutter,
/// arXiv 1711.05101):
///
///     SGD     g += decay p,  m = momentum m + g,  p -= rate m
///     Adam    g += decay p,  m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,
///             p -= rate / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
///     AdamW   p -= rate decay p, then as Adam without its decay
///
/// Gradients of delays and of neuron parameters first become those of what is trained in their stead, as `DelayRule` and `NeuronRule` say.
///
/// In single precision every operation is a float32 one, as on a SpiNNaker2; parameters and memory are then float32 numbers held in float64
/// arrays. The loops are `UpdateRule`'s.
public struct Optimizer: Equatable, Sendable {
    public let options: OptimizerOptions
    public let precision: Precision
    var rates: LearningRates
    public var trainsWeights: Bool { options.trained.contains(.weights) }
    public var trainsDelays: Bool { options.trained.contains(.delays) }
    public var trainsNeurons: Bool { !neuronRule.arrays.isEmpty }
    /// Whether a session may keep weights and delays, and take steps of them, where its engine reads them.
    public var trainsSynapsesAlone: Bool { trainsWeights && !trainsNeurons }
    /// Steps taken.
    public package(set) var stepCount = 0
    /// beta1 and beta2 to the power of `stepCount`.
    package var powers = (beta1: 1.0, beta2: 1.0)
    package let delayRule: DelayRule
    /// For each connection the trained numbers of its delays, where these are not the delays themselves; empty otherwise.
    package var delayParameters: [[Double]]
    package let neuronRule: NeuronRule
    /// The trained numbers of each array of neuron parameters.
    package var neuronParameters: [[Double]]
    /// What neuron parameters that are trained were in the beginning, from which the trained numbers count: those of each array.
    package var neuronStarts: [[Double]] { neuronRule.arrays.map(\.initial) }
    /// m of the weights, then of the delays, of each connection, then of each array of neuron parameters; empty for what is not trained.
    package var first: [[Double]]
    /// v likewise; empty arrays for SGD.
    package var second: [[Double]]

    /// - Throws: `invalidValue` naming the option that is out of its domain, or a delay that is outside the range of a sigmoid.
    public init(
        _ options: OptimizerOptions, for network: Network, precision: Precision = .double
    ) throws(SpinnpropError) {
        try options.check()
        try Optimizer.check(network, precision)
        try network.checkRoom(numbers: options.delayParameter == .sigmoid ? 3 : 2, "the optimiser's memory")
        self.options = options
        self.precision = precision
        rates = LearningRates(options, layerCount: network.layers.count)
        let delayRule = DelayRule(options, network)
        self.delayRule = delayRule
        delayParameters = try network.connections.map { (connection) throws(SpinnpropError) in
            guard options.trained.contains(.delays), delayRule.isSigmoid else { return [] }
            return try delayRule.parameters(connection, precision)
        }
        // What is trained, how it began, and both memories, of at most four parameters each.
        try Memory.check(
            count: network.neuronCount, bytesPerElement: 16 * MemoryLayout<Double>.stride,
            "the optimiser's memory of neurons")
        let neuronRule = NeuronRule(options.trained, network)
        self.neuronRule = neuronRule
        neuronParameters = neuronRule.arrays.map { [Double](repeating: 0, count: $0.initial.count) }
        let weightCounts = network.connections.map { options.trained.contains(.weights) ? $0.weights.count : 0 }
        let delayCounts = network.connections.map { options.trained.contains(.delays) ? $0.delays.count : 0 }
        let counts = weightCounts + delayCounts + neuronParameters.map(\.count)
        first = counts.map { [Double](repeating: 0, count: $0) }
        second = counts.map { [Double](repeating: 0, count: options.kind == .sgd ? 0 : $0) }
    }

    public static func == (left: Optimizer, right: Optimizer) -> Bool {
        left.options == right.options && left.precision == right.precision && left.rates == right.rates
            && left.stepCount == right.stepCount && left.powers == right.powers
            && left.delayRule == right.delayRule && left.delayParameters == right.delayParameters
            && left.neuronRule == right.neuronRule && left.neuronParameters == right.neuronParameters
            && left.first == right.first && left.second == right.second
    }

    /// The network with neuron parameters that are trained as a training has begun.
    ///
    /// - Parameter starts: what gives those of each array in the order of `neuronStarts`; by default this training's own.
    /// - Throws: `invalidValue` for values that no neurons have.
    package func beginning(
        of network: Network, _ starts: ((Int) throws(SpinnpropError) -> [Double])? = nil
    ) throws(SpinnpropError) -> Network {
        var begun = network
        for layer in network.layers.indices {
            var own = network.layers[layer].parameters
            for (at, array) in neuronRule.arrays.enumerated() where array.layer == layer {
                own[keyPath: array.path] = try starts?(at) ?? array.initial
            }
            try begun.setParameters(own, layer: layer)
        }
        return begun
    }

    /// - Throws: `invalidValue` unless every sender has a weight in this precision.
    private static func check(_ network: Network, _ precision: Precision) throws(SpinnpropError) {
        for connection in network.connections where connection.constraints.hasRanges {
            let own = connection.constraints
            for pre in 0..<connection.preCount where !own.allowsSome(ofSender: pre, precision) {
                throw .invalidValue(
                    "\(connection.name("weight_bounds")) are \(own.low) .. \(own.high), and "
                        + "no float32 number, in which this engine trains, lies between; widen them or use engine=\"event\""
                )
            }
        }
    }

    /// Takes a step of all weights on a device, by a rule for each connection that has some to train. - Returns: false if it cannot, and then
    /// it has changed nothing.
    public typealias DeviceStep = (
        _ network: inout Network, _ rules: [UpdateRule<Float>?], _ clipping: AppliedClipping, _ mean: inout [[Double]],
        _ square: inout [[Double]]
    ) throws(SpinnpropError) -> Bool

    /// Takes one step. Clips `gradients` in place first, by value and then by norm.
    ///
    /// - Parameters:
    ///   - rateFactor: what the schedule multiplies both learning rates with, 0 ... 1e6.
    ///   - device: where the weights' step in single precision can be taken instead, with what has been done to the gradient; leaves in
    ///     the network and in both memories what host and device then hold, the same bits, or says that it cannot. Constraints are
    ///     kept to on the host alone.
    /// - Throws: `invalidValue` naming the first element of a gradient that is not a number below 1e140 in magnitude (1e12 in single
    ///   precision), or the first parameter that is not; then nothing has changed. Below these bounds no step can leave float64, and
    ///   no square float32.
    public mutating func step(
        _ network: inout Network, _ gradients: inout Gradients, rateFactor: Double = 1,
        on device: DeviceStep? = nil
    ) throws(SpinnpropError) {
        try checkBounds(network, gradients)
        guard !trainsNeurons || gradients.neurons.count == network.layers.count else {
            throw .invalidValue(
                "neuron parameters are trained, but the gradients were made without Objective.wantsNeurons")
        }
        differentiateDelays(&gradients, network)
        gradients.leaveOutAbsent(in: network)
        if trainsNeurons {
            neuronRule.differentiate(&gradients, network)
            try checkNeuronBounds(gradients)
        }
        let clipping = clip(&gradients, network)
        let powers = (beta1: powers.beta1 * options.beta1, beta2: powers.beta2 * options.beta2)
        if let device, precision == .single, options.trained == .weights,
            network.connections.allSatisfy(\.constraints.isNone)
        {
            let rules = network.connections.map { own in
                weightRate(own).map {
                    UpdateRule<Float>(options, powers: powers, rate: $0 * rateFactor, decay: options.weightDecay)
                }
            }
            if try device(&network, rules, clipping, &first, &second) {
                stepCount += 1
                self.powers = powers
                return
            }
        }
        stepCount += 1
        self.powers = powers
        let connectionCount = network.connections.count
        func rule(_ rate: Double?, decay: Double) -> StepRule? {
            rate.map {
                StepRule(options, powers: powers, rate: $0 * rateFactor, decay: decay, precision: precision)
            }
        }
        if trainsNeurons {
            let rules = neuronRule.arrays.map { rule(neuronRate($0), decay: 0) }
            try stepNeurons(&network, gradients, state: 2 * connectionCount, rules: rules)
        }
        let weightSteps = network.connections.map { rule(weightRate($0), decay: options.weightDecay) }
        let delaySteps = network.connections.map { rule(delayRate($0), decay: 0) }
        for connection in 0..<connectionCount {
            let (preCount, constraints) = (
                network.connections[connection].preCount, network.connections[connection].constraints
            )
            network.withMutableParameters(connection: connection) { weights, delays in
                if let weightStep = weightSteps[connection] {
                    update(weights, gradients.weights[connection], state: connection, rule: weightStep)
                    constraints.project(weights, preCount: preCount, precision)
                }
                guard let delayStep = delaySteps[connection] else { return }
                let (gradient, state) = (gradients.delays[connection], connectionCount + connection)
                guard delayRule.isSigmoid else {
                    update(delays, gradient, state: state, rule: delayStep)
                    return setDelays(delays, by: UnsafeBufferPointer(delays))
                }
                var trained: [Double] = []
                swap(&trained, &delayParameters[connection])
                trained.withUnsafeMutableBufferPointer {
                    update($0, gradient, state: state, rule: delayStep)
                    setDelays(delays, by: UnsafeBufferPointer($0))
                }
                swap(&trained, &delayParameters[connection])
            }
        }
    }

    private mutating func stepNeurons(
        _ network: inout Network, _ gradients: Gradients, state: Int, rules: [StepRule?]
    ) throws(SpinnpropError) {
        var trained: [[Double]] = []
        swap(&trained, &neuronParameters)
        for (index, own) in neuronRule.arrays.enumerated() {
            guard let rule = rules[index] else { continue }
            let gradient = gradients.neurons[own.layer][keyPath: own.path]
            trained[index].withUnsafeMutableBufferPointer { update($0, gradient, state: state + index, rule: rule) }
        }
        swap(&trained, &neuronParameters)
        try neuronRule.apply(&neuronParameters, to: &network, isFrozen: rules.map { $0 == nil })
    }

    /// Sets delays to what the trained numbers stand for.
    private func setDelays(_ delays: UnsafeMutableBufferPointer<Double>, by trained: UnsafeBufferPointer<Double>) {
        if precision == .single {
            let bounds: (low: Float, high: Float) = delayRule.bounds()
            for n in 0..<delays.count { delays[n] = Double(delayRule.delay(Float(trained[n]), within: bounds)) }
        } else {
            let bounds: (low: Double, high: Double) = delayRule.bounds()
            for n in 0..<delays.count { delays[n] = delayRule.delay(trained[n], within: bounds) }
        }
    }

    /// Counts a step and says what it does to the weights of each connection, then to the delays of each; `nil`: nothing.
    mutating func advance<Real>(_ connections: [Connection], rateFactor: Double) -> [UpdateRule<Real>?] {
        stepCount += 1
        powers = (powers.beta1 * options.beta1, powers.beta2 * options.beta2)
        func rule(_ rate: Double?, decay: Double) -> UpdateRule<Real>? {
            rate.map { UpdateRule(options, powers: powers, rate: $0 * rateFactor, decay: decay) }
        }
        return connections.map { rule(weightRate($0), decay: options.weightDecay) }
            + connections.map { rule(delayRate($0), decay: 0) }
    }

    private mutating func update(
        _ parameters: UnsafeMutableBufferPointer<Double>, _ gradient: [Double], state: Int, rule: StepRule
    ) {
        first[state].withUnsafeMutableBufferPointer { first in
            second[state].withUnsafeMutableBufferPointer { second in
                gradient.withUnsafeBufferPointer { gradient in
                    guard let p = parameters.baseAddress, let g = gradient.baseAddress, let m = first.baseAddress,
                        gradient.count == parameters.count, first.count == parameters.count,
                        options.kind == .sgd || second.count == parameters.count
                    else { return }
                    // SGD has no v and reads none.
                    rule.update(p, g, m, second.baseAddress ?? m, count: parameters.count)
                }
            }
        }
    }
}
