// Neurons whose clock is the time: any model that maps remaining time to remaining time.
import Mathematics

/// Keys are times of next spikes in membrane time constants. The threshold is at infinity, so that no input pushes over it.
protocol TimedKernel: Kernel {
    /// The derivatives of the remaining time after an input with respect to the one before it, and to the weight.
    func slopes(_ state: State, _ neuron: Int, weight: Double, _ moment: Moment) -> (state: Double, weight: Double)
}

extension TimedKernel {
    @inline(__always)
    func slope(_ state: State, moved: State, _ neuron: Int, weight: Double, _ moment: Moment) -> Double {
        slopes(state, neuron, weight: weight, moment).state
    }

    static var start: Double { 0 }

    @inline(__always)
    static func time(_ clock: Double, epoch: Double) -> Double { epoch + clock }

    static func clock(_ time: Double, epoch: Double) -> Double { time - epoch }

    /// Whole numbers: subtracting them from keys that are larger is exact.
    static func rebasing(_ clock: Double) -> Rebasing? {
        guard clock > 8 else { return nil }
        let shift = clock.rounded(.down)
        return Rebasing(shift: shift, factor: 1, epoch: shift)
    }
}

/// States are keys. r = time to the next spike; an input takes r to r', never below 0.
protocol TimeKeys: TimedKernel where State == Double, Moment == Double {
    func after(_ remaining: Double, _ neuron: Int, weight: Double) -> Double
    /// dr'/dr and dr'/dw.
    func slopes(_ remaining: Double, _ neuron: Int, weight: Double) -> (state: Double, weight: Double)
    func voltage(remaining: Double, _ neuron: Int) -> Double
}

extension TimeKeys {
    @inline(__always)
    func moved(_ key: Double, _ neuron: Int, weight: Double, _ clock: Double) -> Double {
        clock + after(key - clock, neuron, weight: weight)
    }

    @inline(__always)
    func reset(_ neuron: Int, _ clock: Double) -> Double { clock + period(neuron) }

    @inline(__always)
    func slopes(_ key: Double, _ neuron: Int, weight: Double, _ clock: Double) -> (state: Double, weight: Double) {
        slopes(key - clock, neuron, weight: weight)
    }

    func voltage(_ key: Double, _ neuron: Int, _ clock: Double) -> Double { voltage(remaining: key - clock, neuron) }

    func state(remaining: Double, _ neuron: Int) -> Double { remaining }
}
