// What of a network is trained.
import Mathematics
import Neurons

/// Kinds of parameters, as `OptimizerOptions.train` names them; recurrent connections are among their layer's.
public struct TrainedParameters: OptionSet, Sendable {
    public let rawValue: Int

    public init(rawValue: Int) { self.rawValue = rawValue }

    public static let weights = TrainedParameters(rawValue: 1)
    public static let delays = TrainedParameters(rawValue: 2)
    public static let tauMem = TrainedParameters(rawValue: 4)
    public static let tauSyn = TrainedParameters(rawValue: 8)
    public static let threshold = TrainedParameters(rawValue: 16)
    public static let reset = TrainedParameters(rawValue: 32)

    public static let drive = TrainedParameters(rawValue: 64)

    static let all = TrainedParameters(neurons).union([.weights, .delays])
    /// In the order of `LIFParameters.fields`; refractory periods are not trained.
    static let neurons: [TrainedParameters] = [.tauMem, .tauSyn, .threshold, .reset, .drive]

    /// The neuron parameters among them.
    var fields: [LIFField] {
        zip(TrainedParameters.neurons, LIFParameters.fields).filter { contains($0.0) }.map(\.1)
    }
}

extension OptimizerOptions {
    /// What is trained: what `train` says, or if that is left open weights, and delays that have a learning rate.
    package var trained: TrainedParameters {
        train.isEmpty ? (delayLearningRate > 0 ? [.weights, .delays] : [.weights]) : train
    }

    /// Whether a layer differs from another in what is trained alone.
    package func canLead(from start: Layer, to layer: Layer) -> Bool {
        var own = layer
        for field in trained.fields {
            own.parameters[keyPath: field.path] = start.parameters[keyPath: field.path]
        }
        return own == start
    }

    /// - Throws: `invalidValue` if learning rates do not go with what is to be trained.
    func checkTrained() throws(SpinnpropError) {
        guard train.isSubset(of: .all) else {
            throw .invalidValue(
                "train is \(train.rawValue); it must be 0, which leaves it open, or a sum of SPINNPROP_TRAIN_*, at most "
                    + "\(TrainedParameters.all.rawValue)")
        }
        guard !train.isEmpty, train.contains(.delays) != (delayLearningRate > 0) else { return }
        throw .invalidValue(
            "train \(train.contains(.delays) ? "names" : "does not name") delays, and delay_learning_rate is \(delayLearningRate); "
                + "name delays and give them a learning rate, or neither")
    }
}
