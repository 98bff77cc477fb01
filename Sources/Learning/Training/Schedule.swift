// How learning rates fall over the epochs.

extension Schedule {
    /// What both learning rates are multiplied with in an epoch, counted from 0.
    public func factor(epoch: Int) -> Double {
        switch kind {
        case .constant: 1
        case .step: power(gamma, epoch / max(1, epochs))
        case .exponential: power(gamma, epoch)
        }
    }
}

/// By repeated squaring: the same bits on every machine.
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
