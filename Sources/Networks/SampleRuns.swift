// What engines that run one sample after the other share: room for what samples leave, and errors that name theirs.
import Mathematics

extension Memory {
    /// A product of two counts for which there must be room. - Throws: `outOfMemory`.
    package static func product(
        _ a: Int, _ b: Int, bytesPerElement: Int, _ what: String
    ) throws(SpinnpropError) -> Int {
        let (count, overflow) = a.multipliedReportingOverflow(by: b)
        try check(count: overflow ? .max : count, bytesPerElement: bytesPerElement, what)
        return count
    }
}

extension SpinnpropError {
    /// What is thrown when `sample` has thrown this; being cancelled is no sample's fault.
    package func naming(sample: Int) -> SpinnpropError {
        kind == .cancelled ? self : SpinnpropError(kind, "sample \(sample): \(message)")
    }
}
