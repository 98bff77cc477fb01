// The quadratic neuron as a vector that turns with the clock: an input is a few multiplications, an angle is taken only for a key.
import Mathematics

/// V' = V^2 + I. With x = sqrt(I) r, r the remaining time and x in 0 ... pi: V = sqrt(I) cot x, so an input w takes cot x to
/// cot x + w / sqrt(I).
///
/// In homogeneous coordinates cot x = q / p this is the shear q += (w / sqrt(I)) p, and time turns (p, q). The state is the vector
/// seen in a frame that turns with it: length (sin theta, cos theta) with theta = sqrt(I) key, which stands still between
/// inputs. An input at clock t turns it by -sqrt(I) t, shears it, and turns it back. Lengths have no meaning.
struct QIF: TimedKernel {
    typealias State = SIMD2<Double>

    struct Moment {
        let clock: Double
        /// Sine and cosine of the frame's angle; with a drive for each neuron, of the first's.
        let frame: SIMD2<Double>
    }

    /// sqrt(I) and its inverse.
    private let roots: LargeBuffer<SIMD2<Double>>
    private let pointer: UnsafePointer<SIMD2<Double>>
    /// 0: one drive for all.
    private let stride: Int

    init(drives: [Double]) throws(SpinnpropError) {
        roots = try LargeBuffer(drives.map { SIMD2($0.squareRoot(), 1 / $0.squareRoot()) }, "the drives")
        pointer = UnsafePointer(roots.pointer)
        stride = drives.count == 1 ? 0 : 1
    }

    static var isLazy: Bool { true }

    @inline(__always)
    func moment(_ clock: Double) -> Moment { Moment(clock: clock, frame: QIF.turn(pointer[0].x * clock)) }

    /// (sin x, cos x)
    @inline(never)
    private static func turn(_ x: Double) -> SIMD2<Double> {
        let (sine, cosine) = HalfTurn.ofAny(x)
        return SIMD2(sine, cosine)
    }

    @inline(__always)
    private func frame(_ neuron: Int, _ moment: Moment) -> SIMD2<Double> {
        stride == 0 ? moment.frame : QIF.turn(pointer[neuron].x * moment.clock)
    }

    /// length (sin x, cos x)
    @inline(__always)
    private func seen(_ state: State, from frame: SIMD2<Double>) -> SIMD2<Double> {
        SIMD2(state.x * frame.y - state.y * frame.x, state.x * frame.x + state.y * frame.y)
    }

    @inline(__always)
    func moved(_ state: State, _ neuron: Int, weight: Double, _ moment: Moment) -> State {
        let frame = frame(neuron, moment)
        let sine = state.x * frame.y - state.y * frame.x
        let moved = state + (weight * pointer[neuron &* stride].y * sine) * frame
        let length = moved.x.magnitude + moved.y.magnitude
        return length > 0x1p-400 && length < 0x1p400 ? moved : rescaled(moved, length)
    }

    @inline(never)
    private func rescaled(_ state: State, _ length: Double) -> State {
        state * Double(sign: .plus, exponent: -Int(length.exponent), significand: 1)
    }

    @inline(__always)
    func reset(_ neuron: Int, _ moment: Moment) -> State { -frame(neuron, moment) }

    @inline(__always)
    func slopes(_ state: State, _ neuron: Int, weight: Double, _ moment: Moment) -> (state: Double, weight: Double) {
        let seen = seen(state, from: frame(neuron, moment))
        // The length is 1 from here on.
        let inverse = pointer[neuron &* stride].y
        let square = seen.x * seen.x + seen.y * seen.y
        let after = seen.y + weight * inverse * seen.x
        let moved = seen.x * seen.x + after * after
        return (square / moved, -seen.x * seen.x / moved * inverse * inverse)
    }

    /// V, finite at reset, too.
    func voltage(_ state: State, _ neuron: Int, _ moment: Moment) -> Double {
        let seen = seen(state, from: frame(neuron, moment))
        return pointer[neuron &* stride].x * seen.y / max(seen.x, 0x1p-53 * seen.y.magnitude)
    }

    /// Rounding may leave an x that has just reached 0 or has just left pi on the other side.
    @inline(__always)
    func key(_ state: State, _ neuron: Int, _ moment: Moment) -> Double {
        let seen = seen(state, from: frame(neuron, moment))
        return moment.clock + pointer[neuron &* stride].y * HalfTurn.angle(max(seen.x, 0), seen.y)
    }

    func state(remaining: Double, _ neuron: Int) -> State { QIF.turn(pointer[neuron &* stride].x * remaining) }

    @inline(__always)
    func rebased(_ state: State, _ neuron: Int, _ rebasing: Rebasing, _ shift: Moment) -> State {
        seen(state, from: frame(neuron, shift))
    }

    @inline(__always)
    func period(_ neuron: Int) -> Double { Double.pi * pointer[neuron &* stride].y }
}
