// LIF neurons in exponential keys: an input is one addition, whatever the state.
import Mathematics

/// z = e^(time of the next spike / tau) and E = e^(time / tau).
///
/// V(t) = I - I z / E, so an input w at E takes z to z - E w / I, and a spike at E = z takes z to E (1 + I) / I. This is
/// the spec's y = e^(-kappa / omega), divided by its value at threshold so that neurons with different drives compare.
/// E grows like e^t: keys are re-based by powers of two, which is exact.
protocol ExponentialKeys: Kernel where State == Double, Moment == Double {
    func minusInverseDrive(_ neuron: Int) -> Double
    func drive(_ neuron: Int) -> Double
}

extension ExponentialKeys {
    @inline(__always)
    func moved(_ key: Double, _ neuron: Int, weight: Double, _ clock: Double) -> Double {
        key + clock * (weight * minusInverseDrive(neuron))
    }

    @inline(__always)
    func reset(_ neuron: Int, _ clock: Double) -> Double { clock * resetRatio(neuron) }

    /// (1 + I) / I
    @inline(__always)
    func resetRatio(_ neuron: Int) -> Double { 1 - minusInverseDrive(neuron) }

    /// T = ln z: dT' / dT = z / z'.
    @inline(__always)
    func slope(_ key: Double, moved: Double, _ neuron: Int, weight: Double, _ clock: Double) -> Double { key / moved }

    func period(_ neuron: Int) -> Double { Elementary.log1p(1 / drive(neuron)) }

    func voltage(_ key: Double, _ neuron: Int, _ clock: Double) -> Double { drive(neuron) * (1 - key / clock) }

    func state(remaining: Double, _ neuron: Int) -> Double { Elementary.exp(remaining) }

    static var start: Double { 1 }

    @inline(__always)
    static func time(_ clock: Double, epoch: Double) -> Double { Elementary.log(clock) + epoch * ln2 }

    static func clock(_ time: Double, epoch: Double) -> Double { Elementary.exp(time - epoch * ln2) }

    static func rebasing(_ clock: Double) -> Rebasing? {
        guard clock > 0x1p64 else { return nil }
        let exponent = Double(clock.exponent)
        return Rebasing(
            shift: 0, factor: Double(sign: .plus, exponent: -Int(clock.exponent), significand: 1), epoch: exponent)
    }
}

private let ln2 = 0.6931471805599453

/// One drive for all.
struct UniformLIF: ExponentialKeys {
    let drive: Double
    let minusInverseDrive: Double

    init(drive: Double) {
        self.drive = drive
        minusInverseDrive = -1 / drive
    }

    @inline(__always) func minusInverseDrive(_ neuron: Int) -> Double { minusInverseDrive }
    func drive(_ neuron: Int) -> Double { drive }
}

/// A drive for each.
struct VariedLIF: ExponentialKeys {
    private let inverses: LargeBuffer<Double>
    private let pointer: UnsafePointer<Double>

    init(drives: [Double]) throws(SpinnpropError) {
        inverses = try LargeBuffer(drives.map { -1 / $0 }, "the drives")
        pointer = UnsafePointer(inverses.pointer)
    }

    @inline(__always) func minusInverseDrive(_ neuron: Int) -> Double { pointer[neuron] }
    func drive(_ neuron: Int) -> Double { -1 / pointer[neuron] }
}
