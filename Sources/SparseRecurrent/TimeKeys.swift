// Neurons whose keys are the times of their next spikes: any model that maps remaining time to remaining time.
import Mathematics

/// r = time to the next spike in membrane time constants. An input takes r to r', never below 0: V stays finite and the
/// threshold is at infinity.
protocol TimeKeys: Kernel {
    func after(_ remaining: Double, _ neuron: Int, weight: Double) -> Double
    /// dr'/dr and dr'/dw.
    func slopes(_ remaining: Double, _ neuron: Int, weight: Double) -> (state: Double, weight: Double)
    func voltage(remaining: Double, _ neuron: Int) -> Double
}

extension TimeKeys {
    @inline(__always)
    func moved(_ key: Double, _ neuron: Int, weight: Double, clock: Double) -> Double {
        clock + after(key - clock, neuron, weight: weight)
    }

    @inline(__always)
    func reset(_ neuron: Int, clock: Double) -> Double { clock + period(neuron) }

    @inline(__always)
    func slope(_ key: Double, moved: Double, _ neuron: Int, weight: Double, clock: Double) -> Double {
        slopes(key - clock, neuron, weight: weight).state
    }

    func voltage(_ key: Double, _ neuron: Int, clock: Double) -> Double { voltage(remaining: key - clock, neuron) }

    func key(remaining: Double) -> Double { remaining }

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

/// V' = V^2 + I. With x = sqrt(I) r in (0, pi): V = sqrt(I) cot x, so an input takes cot x to cot x + w / sqrt(I).
struct QIF: TimeKeys {
    private let roots: LargeBuffer<Double>
    private let pointer: UnsafePointer<Double>
    /// 0: one drive for all.
    private let stride: Int

    init(drives: [Double]) throws(SpinnpropError) {
        roots = try LargeBuffer(count: 2 * drives.count, repeating: 0, "the drives")
        for (neuron, drive) in drives.enumerated() {
            roots.pointer[2 * neuron] = drive.squareRoot()
            roots.pointer[2 * neuron + 1] = 1 / drive.squareRoot()
        }
        pointer = UnsafePointer(roots.pointer)
        stride = drives.count == 1 ? 0 : 2
    }

    @inline(__always)
    func after(_ remaining: Double, _ neuron: Int, weight: Double) -> Double {
        let (root, inverse) = (pointer[neuron &* stride], pointer[neuron &* stride &+ 1])
        let (sine, cosine) = HalfTurn.sineAndCosine(root * remaining)
        return inverse * HalfTurn.angle(sine, cosine + weight * inverse * sine)
    }

    @inline(__always)
    func slopes(_ remaining: Double, _ neuron: Int, weight: Double) -> (state: Double, weight: Double) {
        let (root, inverse) = (pointer[neuron &* stride], pointer[neuron &* stride &+ 1])
        let (sine, cosine) = HalfTurn.sineAndCosine(root * remaining)
        let moved = cosine + weight * inverse * sine
        let state = 1 / (sine * sine + moved * moved)
        return (state, -sine * sine * state * inverse * inverse)
    }

    func voltage(remaining: Double, _ neuron: Int) -> Double {
        let root = pointer[neuron &* stride]
        let (sine, cosine) = HalfTurn.sineAndCosine(root * remaining)
        return root * cosine / sine
    }

    @inline(__always)
    func period(_ neuron: Int) -> Double { Double.pi * pointer[neuron &* stride &+ 1] }
}
