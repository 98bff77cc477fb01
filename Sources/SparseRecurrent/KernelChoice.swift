// From a network's model to the code compiled for it.
import Mathematics

/// Work to be done with whichever kernel a network has.
protocol KernelWork {
    associatedtype Result
    mutating func run<K: ExponentialKeys>(exponential kernel: K) throws(SpinnpropError) -> Result
    mutating func run<K: TimeKeys>(timed kernel: K) throws(SpinnpropError) -> Result
}

extension SparseNetwork {
    func withKernel<Work: KernelWork>(_ work: inout Work) throws(SpinnpropError) -> Work.Result {
        switch model {
        case .lif where drives.count == 1: return try work.run(exponential: UniformLIF(drive: drives[0]))
        case .lif: return try work.run(exponential: VariedLIF(drives: drives))
        case .qif: return try work.run(timed: QIF(drives: drives))
        case .eif(let slope, let kind): return try work.run(timed: EIF(drive: drives[0], slope: slope, kind))
        }
    }
}
