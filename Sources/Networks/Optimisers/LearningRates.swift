// Learning rates layer by layer, and what is frozen.
import Mathematics
import Neurons

/// Learning rates of each kind of parameter, one per layer; a connection has those of the layer that it leads to.
///
/// What has a rate of 0 is frozen: it keeps its bits, whatever gradients, decay, bumping and ranges would have, and its gradient is left out
/// of the norm that is clipped.
struct LearningRates: Equatable, Sendable {
    fileprivate var weights: [Double]
    fileprivate var delays: [Double]
    /// In the order of `TrainedParameters.neurons`.
    fileprivate var neurons: [[Double]]

    /// Those of the options for all layers.
    init(_ options: OptimizerOptions, layerCount: Int) {
        weights = [Double](repeating: options.learningRate, count: layerCount)
        delays = [Double](repeating: options.delayLearningRate, count: layerCount)
        let own = [Double](repeating: options.neuronLearningRate, count: layerCount)
        neurons = TrainedParameters.neurons.map { _ in own }
    }

    /// - Throws: `invalidValue` unless each rate is one that the options may have and there is one for each layer.
    fileprivate mutating func set(_ rates: [Double], of kinds: TrainedParameters) throws(SpinnpropError) {
        guard rates.count == weights.count else {
            throw .invalidValue(
                "there are \(rates.count) learning rates for \(weights.count) layers; give one for each layer")
        }
        for (layer, rate) in rates.enumerated() where !OptimizerOptions.rates.contains(rate) {
            throw .invalidValue(
                "the learning rate of layer \(layer) is \(rate); it must be \(OptimizerOptions.rates.text)")
        }
        if kinds.contains(.weights) { weights = rates }
        if kinds.contains(.delays) { delays = rates }
        for (at, kind) in TrainedParameters.neurons.enumerated() where kinds.contains(kind) { neurons[at] = rates }
    }
}

extension Optimizer {
    /// Gives layers learning rates of their own.
    ///
    /// - Parameters:
    ///   - rates: one per layer, 0 ... 1e6; 0 freezes.
    ///   - kinds: those that have them from now on, all of them trained.
    /// - Throws: `invalidValue` for a rate that is out of its domain, another number of rates than of layers, and kinds that are not trained.
    public mutating func setLearningRates(_ rates: [Double], of kinds: TrainedParameters) throws(SpinnpropError) {
        guard !kinds.isEmpty, kinds.isSubset(of: options.trained) else {
            throw .invalidValue(
                "learning rates are given to parameters \(kinds.rawValue), and what is trained is \(options.trained.rawValue) (sums of "
                    + "SPINNPROP_TRAIN_*); name in train what shall learn")
        }
        try self.rates.set(rates, of: kinds)
    }

    /// Of each layer, whether the weights that lead to it keep their bits.
    package var hasFrozenWeights: [Bool] { rates.weights.map { $0 == 0 } }

    /// The learning rate of the weights, the largest of all layers.
    package var largestWeightRate: Double { rates.weights.max() ?? 0 }

    /// The learning rate of a connection's weights; `nil` where they are frozen or not trained.
    func weightRate(_ connection: Connection) -> Double? {
        let rate = rates.weights[connection.target]
        return trainsWeights && rate > 0 ? rate : nil
    }

    /// Likewise of its delays.
    func delayRate(_ connection: Connection) -> Double? {
        let rate = rates.delays[connection.target]
        return trainsDelays && rate > 0 ? rate : nil
    }

    /// Likewise of an array of neuron parameters.
    func neuronRate(_ kind: NeuronRule.Kind) -> Double? {
        let rate = rates.neurons[kind.field][kind.layer]
        return rate > 0 ? rate : nil
    }
}
