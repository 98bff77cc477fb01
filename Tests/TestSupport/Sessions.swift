// A session held against what it stands for: forward, backward and the optimiser's step by hand.
import Mathematics
import Networks
import Spikes

/// Trains some batches in a session and by hand, and compares bits after each: the loss, the spikes, the parameters, the optimiser's memory. A
/// batch in three is left without a step, and once the weights are raised in between, as bumping does. Likewise with the first layer frozen and
/// other learning rates for those after it.
///
/// - Parameters:
///   - plain: what runs by hand; the session's substrate and its rule, or another pair that gives the same bits.
///   - objective: of batch n.
/// - Returns: what differs; `nil` if nothing does.
public func differenceOfSession(
    _ substrate: any Substrate, plain: (substrate: any Substrate, rule: any GradientRule),
    _ network: Network, _ batches: [SpikeTrains], _ objective: (Int) -> Objective, _ options: OptimizerOptions,
    forward: ForwardOptions = ForwardOptions()
) throws(SpinnpropError) -> String? {
    let optimizer = try Optimizer(options, for: network, precision: substrate.precision)
    let difference = try differenceOfSession(substrate, plain: plain, network, batches, objective, optimizer, forward)
    guard difference == nil else { return difference }
    var frozen = optimizer
    for (kinds, rate) in [(TrainedParameters.weights, options.learningRate), (.delays, options.delayLearningRate)]
    where options.trained.contains(kinds) {
        try frozen.setLearningRates(network.layers.indices.map { Double($0) * 0.5 * rate }, of: kinds)
    }
    return try differenceOfSession(substrate, plain: plain, network, batches, objective, frozen, forward)
        .map { "frozen: \($0)" }
}

private func differenceOfSession(
    _ substrate: any Substrate, plain: (substrate: any Substrate, rule: any GradientRule),
    _ network: Network, _ batches: [SpikeTrains], _ objective: (Int) -> Objective, _ start: Optimizer,
    _ forward: ForwardOptions
) throws(SpinnpropError) -> String? {
    var optimizer = start
    var own = network
    let session = try substrate.session(network, optimizer: optimizer, options: forward)
    for (n, input) in batches.enumerated() {
        let recording = try plain.substrate.forward(own, input, options: forward, monitor: nil)
        var gradients = try plain.rule.backward(own, recording, objective(n), monitor: nil)
        let result = try session.batch(input, objective(n), monitor: nil)
        guard result.value.bitPattern == gradients.value.bitPattern, result.skippedCount == gradients.skippedCount,
            result.correctCount == gradients.correctCount
        else { return "batch \(n): the loss is \(result.value), by hand \(gradients.value)" }
        guard let ran = result.spikes.recording else { return "batch \(n): there is no recording" }
        for (layer, (a, b)) in zip(ran.layers, recording.layers).enumerated()
        where a.spikes != b.spikes || a.currents != b.currents || a.maxima != b.maxima {
            return "batch \(n): the spikes or maxima of layer \(layer) differ"
        }
        if n % 3 == 1 {
            for connection in own.connections.indices {
                own.withMutableParameters(connection: connection) { weights, _ in
                    for index in weights.indices { weights[index] += 0.01 }
                }
            }
            session.setWeights(of: own)
        } else {
            let before = own
            try optimizer.step(&own, &gradients, rateFactor: 0.9)
            try session.step(rateFactor: 0.9)
            for (index, (old, new)) in zip(before.connections, own.connections).enumerated()
            where optimizer.hasFrozenWeights[old.target] {
                guard old == new else { return "batch \(n): connection \(index) is not frozen" }
            }
        }
        guard bits(own) == bits(session.network) else { return "batch \(n): the parameters differ" }
        guard optimizer == session.optimizer else { return "batch \(n): the optimiser's memory differs" }
    }
    return nil
}

/// Of all parameters.
public func bits(_ network: Network) -> [UInt64] {
    network.connections.flatMap { ($0.weights + $0.delays).map(\.bitPattern) }
}

/// Options that between them take every way through an optimiser.
public var everyOptimizer: [OptimizerOptions] {
    OptimizerKind.allCases.flatMap { kind in
        let plain = [(Double.infinity, Double.infinity, 0.0, 1e-4), (1e-3, .infinity, 0.01, 0), (2e-3, 1e-3, 0, 1e-3)]
            .map {
                value, norm, decay, delayRate in
                var options = OptimizerOptions()
                (options.kind, options.clipValue, options.clipNorm) = (kind, value, norm)
                (options.weightDecay, options.momentum, options.delayLearningRate) = (decay, 0.9, delayRate)
                return options
            }
        var (clipped, sigmoid) = (plain[0], plain[2])
        (clipped.delayShift, clipped.delayScale, clipped.delayL1, clipped.delayL2) = (2e-3, 3e-3, 0.5, 100)
        // Wide enough for the delays of every random case.
        (sigmoid.delayParameter, sigmoid.delayScale, sigmoid.delayLearningRate) = (.sigmoid, 0.1, 0.1)
        (sigmoid.delayL1, sigmoid.delayL2) = (kind == .sgd ? 0 : 0.5, 100)
        return plain + [clipped, sigmoid]
    }
}
