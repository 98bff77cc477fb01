// From a network's model to the code compiled for it.
import Mathematics

/// Work to be done with whichever kernel a network has.
protocol KernelWork {
    associatedtype Result
    mutating func run<K: ExponentialKeys>(exponential kernel: K) throws(SpinnpropError) -> Result
    mutating func run<K: TimedKernel>(timed kernel: K) throws(SpinnpropError) -> Result
}

extension SparseNetwork {
    func withKernel<Work: KernelWork>(_ work: inout Work) throws(SpinnpropError) -> Work.Result {
        if let exponential { return try work.run(timed: exponential) }
        if model == .qif { return try work.run(timed: QIF(drives: drives)) }
        if drives.count > 1 { return try work.run(exponential: VariedLIF(drives: drives)) }
        return try work.run(exponential: UniformLIF(drive: drives[0]))
    }
}
