// Derivatives with respect to input spike times, on their way into gradients.
import Mathematics

/// One per spike of a recording's input, if they are wanted; the parts of a batch write disjoint pieces.
public final class InputErrors: @unchecked Sendable {
    private let block: Block<Double>?
    private let count: Int

    public init(_ objective: Objective, _ recording: Recording) throws(SpinnpropError) {
        count = objective.wantsInputTimes ? recording.input.spikeCount : 0
        block = objective.wantsInputTimes ? try Block(max(1, count)) : nil
        try block?.clear(count)
    }

    public var isWanted: Bool { block != nil }
    public var pointer: UnsafeMutablePointer<Double>? { block?.pointer }

    fileprivate func values() throws(SpinnpropError) -> [Double] {
        guard let block else { return [] }
        try Memory.check(
            count: count, bytesPerElement: MemoryLayout<Double>.stride, "the gradients of the input times")
        return Array(UnsafeBufferPointer(start: block.pointer, count: count))
    }
}

extension Gradients {
    /// Takes what a batch has added up beside the gradients of the parameters, of which absent synapses have none.
    public mutating func take(
        _ result: BatchResult, _ inputErrors: InputErrors, of network: Network
    ) throws(SpinnpropError) {
        leaveOutAbsent(in: network)
        value = result.value
        skippedCount = result.skippedCount
        missingWeight = result.missingWeight
        correctCount = result.correctCount
        inputTimes = try inputErrors.values()
    }
}
