// What is known in closed form of a neuron's first spike: one case per ratio of its time constants.
import Mathematics
import Neurons

/// A ratio tau_m / tau_s at which the time of a first spike has a closed form (Göltz et al. 2021, arXiv 1912.11443; DelGrad:
/// arXiv 2404.19165); all of four neurons at once.
///
/// The published sums over a causal set, with exponents relative to its latest input, are the state there: a1 = I, and b = -V
/// for equal time constants, a2 = V + I for tau_m = 2 tau_s. So sums never leave float64, however late and however many the inputs, and
/// the next prefix follows from the last in O(1). Times are in units of tau_m.
protocol ClosedForm {
    /// What intervals of lengths `x` do to states, given e^-x and 1 - e^-x.
    static func propagators(
        _ x: SIMD4<Double>, _ decay: (value: SIMD4<Double>, complement: SIMD4<Double>)
    ) -> LanePropagators

    /// Whether membranes that rise now would, were no more inputs to come, exceed the threshold. I exceeds it, V does not.
    static func exceeds(
        v: SIMD4<Double>, i: SIMD4<Double>, _ thresholds: Thresholds, where isAsked: SIMDMask<SIMD4<Int64>>
    ) -> SIMDMask<SIMD4<Int64>>

    /// When membranes that will exceed the threshold reach it, and the factors by which their currents have decayed then.
    static func crossing(
        v: SIMD4<Double>, i: SIMD4<Double>, _ thresholds: Thresholds
    ) -> (elapsed: SIMD4<Double>, decay: SIMD4<Double>)

    /// The response to an input `x` ago, x >= 0, given e^-x: that of the membrane, and that of tau_m V'.
    static func response(
        _ x: SIMD4<Double>, _ decay: SIMD4<Double>
    ) -> (membrane: SIMD4<Double>, slope: SIMD4<Double>)
}

extension ClosedForm {
    @inline(__always)
    static func propagators(_ x: SIMD4<Double>) -> LanePropagators { propagators(x, Elementary.decay(x)) }
}

/// `Propagators` of four neurons.
struct LanePropagators {
    let a: SIMD4<Double>
    let b: SIMD4<Double>
    let h: SIMD4<Double>
}

/// Of four neurons.
struct Thresholds {
    let value: SIMD4<Double>
    /// The largest number below.
    let below: SIMD4<Double>
    let inverse: SIMD4<Double>
}

/// tau_m = tau_s: V = (V0 + I0 x) e^-x, T = -V0/I0 - W0(z) = 1 - V0/I0 - (1 + W0(z)), z = -(theta / I0) e^(-V0/I0).
enum EqualTimeConstants: ClosedForm {
    @inline(__always)
    static func propagators(
        _ x: SIMD4<Double>, _ decay: (value: SIMD4<Double>, complement: SIMD4<Double>)
    ) -> LanePropagators {
        // Where e^-x is 0, so is x e^-x.
        LanePropagators(a: decay.value, b: decay.value, h: decay.value * lesser(x, SIMD4(repeating: 746)))
    }

    /// The peak is I0 e^-u at u = 1 - V0/I0.
    @inline(__always)
    static func exceeds(
        v: SIMD4<Double>, i: SIMD4<Double>, _ thresholds: Thresholds, where isAsked: SIMDMask<SIMD4<Int64>>
    ) -> SIMDMask<SIMD4<Int64>> {
        let (u, current) = (1 - v / i, i * thresholds.inverse)
        // e^-u <= 1 / (1 + u) leaves few to be looked at more closely.
        let isPossible = isAsked .& (current .> 1 + u)
        return any(isPossible) ? isPossible .& (current * Elementary.exp(-u) .> 1) : isPossible
    }

    @inline(__always)
    static func crossing(
        v: SIMD4<Double>, i: SIMD4<Double>, _ thresholds: Thresholds
    ) -> (elapsed: SIMD4<Double>, decay: SIMD4<Double>) {
        let (u, current) = (1 - v / i, i * thresholds.inverse)
        // 1 + e z: the fraction of the peak by which it exceeds the threshold.
        let distance = 1 - 1 / (current * Elementary.exp(-u))
        let beforePeak = LambertW.principalPlusOne(branchDistance: greater(distance, .zero))
        let elapsed = greater(u - beforePeak, .zero)
        let decay = Elementary.exp(-elapsed)
        // Far from the peak a step of Newton's method recovers the digits that large numbers have taken from a small difference.
        let membrane = (v + i * elapsed) * decay * thresholds.inverse
        let step = (1 - membrane) / (current * decay - membrane)
        let better = elapsed.replacing(with: greater(elapsed + step, .zero), where: beforePeak .> 0.5)
        return (better, decay * (1 - (better - elapsed)))
    }

    @inline(__always)
    static func response(
        _ x: SIMD4<Double>, _ decay: SIMD4<Double>
    ) -> (membrane: SIMD4<Double>, slope: SIMD4<Double>) {
        let membrane = x * decay
        return (membrane, decay - membrane)
    }
}

/// tau_m = 2 tau_s: V = (V0 + I0) e^-x - I0 e^-2x, a quadratic in y = 1 - e^-x: I0 y^2 - (I0 - V0) y + theta - V0 = 0.
enum DoubleTimeConstant: ClosedForm {
    @inline(__always)
    static func propagators(
        _ x: SIMD4<Double>, _ decay: (value: SIMD4<Double>, complement: SIMD4<Double>)
    ) -> LanePropagators {
        LanePropagators(a: decay.value, b: decay.value * decay.value, h: decay.complement * decay.value)
    }

    /// The peak is (V0 + I0)^2 / (4 I0). Where V0 + I0 <= 0 there is none: the membrane comes up from below rest and never gets beyond.
    @inline(__always)
    static func exceeds(
        v: SIMD4<Double>, i: SIMD4<Double>, _ thresholds: Thresholds, where isAsked: SIMDMask<SIMD4<Int64>>
    ) -> SIMDMask<SIMD4<Int64>> {
        let sum = (v + i) * thresholds.inverse
        // In this order 4 I0 cannot overflow where the square does.
        return isAsked .& (sum .> 0) .& (0.25 * sum * sum .> i * thresholds.inverse)
    }

    @inline(__always)
    static func crossing(
        v: SIMD4<Double>, i: SIMD4<Double>, _ thresholds: Thresholds
    ) -> (elapsed: SIMD4<Double>, decay: SIMD4<Double>) {
        let (relativeV, relativeI) = (v * thresholds.inverse, i * thresholds.inverse)
        let sum = (v + i) * thresholds.inverse
        var root = Elementary.squareRoot(greater(sum * sum - 4 * relativeI, .zero))
        if any(root .== .infinity) {
            // The square has left float64.
            let scaled = sum * Elementary.squareRoot(greater(1 - 4 * (relativeI / sum) / sum, .zero))
            root.replace(with: scaled, where: root .== .infinity)
        }
        // The smaller root in the form that cancels nothing.
        let y = 2 * (1 - relativeV) / ((relativeI - relativeV) + root)
        return (-Elementary.log1p(-y), (1 - y) * (1 - y))
    }

    @inline(__always)
    static func response(
        _ x: SIMD4<Double>, _ decay: SIMD4<Double>
    ) -> (membrane: SIMD4<Double>, slope: SIMD4<Double>) {
        let square = decay * decay
        let membrane = decay - square
        return (membrane, square - membrane)
    }
}
