// How learning rates fall over the epochs.
import Mathematics

extension Schedule {
    /// What both learning rates are multiplied with in a batch of an epoch that has `batchCount`, both counted from 0.
    public func factor(epoch: Int, batch: Int = 0, of batchCount: Int = 1) -> Double {
        switch kind {
        case .constant: 1
        case .step: power(gamma, epoch / max(1, epochs))
        case .exponential: power(gamma, epoch)
        case .smooth: power(gamma, epoch) * Elementary.exp(Elementary.log(gamma) * Double(batch) / Double(batchCount))
        }
    }
}

/// A power by repeated squaring: the same bits on every machine.
private func power(_ base: Double, _ exponent: Int) -> Double {
    var result = 1.0
    var square = base
    var rest = max(0, exponent)
    while rest > 0 {
        if rest & 1 == 1 { result *= square }
        square *= square
        rest >>= 1
    }
    return result
}
