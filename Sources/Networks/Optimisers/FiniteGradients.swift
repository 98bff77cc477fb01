// Gradients beyond float64 are errors, not numbers.
import Mathematics

extension SpinnpropError {
    /// - Throws: `invalidValue` unless the value of a loss is finite.
    public static func check(loss value: Double) throws(SpinnpropError) {
        guard value.isFinite else {
            throw .invalidValue(
                "the loss is \(value): an output spike is too late for float64, or a membrane too high; raise the loss's "
                    + "time constants or lower the weights")
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
                            + "the threshold, see the recording's diagnostics")
                }
            }
        }
    }
}
