// Gradients beyond float64 are errors, not numbers.
import Mathematics
import Neurons

extension SpinnpropError {
    /// Training does not go on beyond this mean loss: what pulls at spikes is then no longer which output should be first.
    private static let largestTrainingLoss = 1e9

    /// - Throws: `invalidValue` unless the value of a loss is finite and of a size that can be learnt from. Clipped gradients would
    ///   hide it.
    public static func check(trainingLoss value: Double, sampleWeights: [Double]) throws(SpinnpropError) {
        try check(loss: value)
        let largest = sampleWeights.max() ?? 1
        guard value <= largestTrainingLoss || value / max(1, largest) > largestTrainingLoss else {
            throw .invalidValue(
                "the loss is \(value), too large to learn from, and the sample weights are as large as \(largest); rescale them, so that "
                    + "their mean is 1")
        }
        guard value <= largestTrainingLoss else {
            throw .invalidValue(
                "the loss is \(value), too large to learn from: outputs spike many of the loss's time constants late; raise the "
                    + "network's tau_mem and tau_syn, which a loss that is left open follows, to about the length of the input, "
                    + "or the loss's own, of TTFSCrossEntropy tau1; scale a loss of your own down")
        }
    }

    /// - Throws: `invalidValue` unless the value of a loss is finite.
    public static func check(loss value: Double) throws(SpinnpropError) {
        guard value.isFinite else {
            throw .invalidValue(
                "the loss is \(value): an output spike is too late for float64, or a membrane too high; raise the loss's "
                    + "time constants or lower the weights; of a loss of your own, see what it gives")
        }
    }
}

extension Gradients {
    /// - Throws: `invalidValue` naming the first number that is not finite.
    public func checkFinite() throws(SpinnpropError) {
        try SpinnpropError.check(loss: value)
        for (name, arrays) in [("weights", weights), ("delays", delays), ("input times", [inputTimes])] {
            for (connection, values) in arrays.enumerated() {
                for (index, value) in values.enumerated() where !value.isFinite {
                    throw .invalidValue(
                        "the gradient of \(name)[\(index)], connection \(connection), is \(value); a spike only touches "
                            + "the threshold, see the recording's diagnostics, or errors given to it are too large")
                }
            }
        }
        for (layer, own) in neurons.enumerated() {
            for field in LIFParameters.fields {
                for (neuron, value) in own[keyPath: field.path].enumerated() where !value.isFinite {
                    throw .invalidValue(
                        "the gradient of \(field.name)[\(layer)][\(neuron)] is \(value); a spike only touches the threshold, see the "
                            + "recording's diagnostics, or errors given to it are too large")
                }
            }
        }
    }
}
