// What is known in closed form of a neuron's first spike: one case per ratio of its time constants.
import Mathematics
import Neurons

/// A ratio tau_m / tau_s at which the time of a first spike has a closed form (Göltz et al. 2021, arXiv 1912.11443; DelGrad:
/// arXiv 2404.19165).
///
/// The published sums over a causal set, with exponents relative to its latest input, are the state there: a1 = I, and b = -V
/// for equal time constants, a2 = V + I for tau_m = 2 tau_s. So sums never leave float64, however late and however many the inputs, and
/// the next prefix follows from the last in O(1). Times are in units of tau_m.
protocol ClosedForm {
    /// What an interval of length `x` does to a state.
    static func propagators(_ x: Double) -> Propagators

    /// Those of four neurons asked about whose membranes, were no more inputs to come, would exceed the threshold. I exceeds it, V
    /// does not.
    static func crossing(
        _ asked: SIMDMask<SIMD4<Int64>>, v: SIMD4<Double>, i: SIMD4<Double>, _ thresholds: Thresholds
    ) -> SIMDMask<SIMD4<Int64>>

    /// Where a membrane for which `crossing` holds reaches the threshold, by a coordinate of the ratio's own.
    static func coordinate(v: Double, i: Double, inverseThreshold: Double) -> Double
    /// The time that a coordinate stands for, and the factor by which the current has decayed there.
    static func elapsed(_ coordinate: Double) -> Double
    static func decay(_ coordinate: Double) -> Double

    /// The response to an input `x` ago, x >= 0, given e^-x: that of the membrane, and that of tau_m V'.
    static func response(
        _ x: SIMD4<Double>, _ decay: SIMD4<Double>
    ) -> (membrane: SIMD4<Double>, slope: SIMD4<Double>)
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
    static func propagators(_ x: Double) -> Propagators {
        // Where e^-x is 0, so is x e^-x.
        let bounded = x < 746 ? x : 746
        let a = Elementary.exp(-bounded)
        return Propagators(a: a, b: a, h: a * bounded)
    }

    /// 1 + e z: the fraction of the peak by which it exceeds the threshold. The peak is I0 e^-u at u = 1 - V0/I0.
    @inline(__always)
    private static func branchDistance(_ u: Double, relativeCurrent: Double) -> Double {
        -Elementary.expm1(u - Elementary.log(relativeCurrent))
    }

    @inline(__always)
    static func crossing(
        _ asked: SIMDMask<SIMD4<Int64>>, v: SIMD4<Double>, i: SIMD4<Double>, _ thresholds: Thresholds
    ) -> SIMDMask<SIMD4<Int64>> {
        // e^-u <= 1 / (1 + u) leaves few to be looked at more closely.
        let (relativeV, relativeI) = (v * thresholds.inverse, i * thresholds.inverse)
        let possible = asked .& (relativeI .> 2 - relativeV / relativeI)
        if !any(possible) { return possible }
        var distance = SIMD4<Double>.zero
        for lane in 0..<4 where possible[lane] {
            distance[lane] = branchDistance(1 - v[lane] / i[lane], relativeCurrent: relativeI[lane])
        }
        return distance .> 0
    }

    @inline(__always)
    static func coordinate(v: Double, i: Double, inverseThreshold: Double) -> Double {
        let peak = 1 - v / i
        let distance = branchDistance(peak, relativeCurrent: i * inverseThreshold)
        let beforePeak = LambertW.principalPlusOne(branchDistance: distance > 0 ? distance : 0)
        let elapsed = peak > beforePeak ? peak - beforePeak : 0
        // Far from the peak a step of Newton's method recovers the digits that large numbers have taken from a small difference.
        guard beforePeak > 0.5 else { return elapsed }
        let decay = Elementary.exp(-elapsed)
        let membrane = (v + i * elapsed) * decay * inverseThreshold
        let better = elapsed + (1 - membrane) / (i * decay * inverseThreshold - membrane)
        return better > 0 ? better : 0
    }

    @inline(__always)
    static func elapsed(_ coordinate: Double) -> Double { coordinate }

    @inline(__always)
    static func decay(_ coordinate: Double) -> Double { Elementary.exp(-coordinate) }

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
    static func propagators(_ x: Double) -> Propagators {
        let (a, complement) = Elementary.decay(x)
        return Propagators(a: a, b: a * a, h: complement * a)
    }

    /// The peak is (V0 + I0)^2 / (4 I0).
    @inline(__always)
    static func crossing(
        _ asked: SIMDMask<SIMD4<Int64>>, v: SIMD4<Double>, i: SIMD4<Double>, _ thresholds: Thresholds
    ) -> SIMDMask<SIMD4<Int64>> {
        let sum = (v + i) * thresholds.inverse
        return asked .& (sum * sum .> 4 * (i * thresholds.inverse))
    }

    @inline(__always)
    static func coordinate(v: Double, i: Double, inverseThreshold: Double) -> Double {
        let (relativeV, relativeI) = (v * inverseThreshold, i * inverseThreshold)
        let sum = (v + i) * inverseThreshold
        let square = sum * sum - 4 * relativeI
        let root = (square > 0 ? square : 0).squareRoot()
        // The smaller root in the form that cancels nothing.
        return 2 * (1 - relativeV) / ((relativeI - relativeV) + root)
    }

    @inline(__always)
    static func elapsed(_ coordinate: Double) -> Double { -Elementary.log1p(-coordinate) }

    @inline(__always)
    static func decay(_ coordinate: Double) -> Double { (1 - coordinate) * (1 - coordinate) }

    @inline(__always)
    static func response(
        _ x: SIMD4<Double>, _ decay: SIMD4<Double>
    ) -> (membrane: SIMD4<Double>, slope: SIMD4<Double>) {
        let square = decay * decay
        let membrane = decay - square
        return (membrane, square - membrane)
    }
}
