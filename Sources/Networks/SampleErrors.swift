// Errors of engines that run one sample after the other.
import Mathematics

extension SpinnpropError {
    /// What is thrown when `sample` has thrown this; being cancelled is no sample's fault.
    package func naming(sample: Int) -> SpinnpropError {
        kind == .cancelled ? self : SpinnpropError(kind, "sample \(sample): \(message)")
    }
}
