// tau_m = tau_s: the membrane's crossing by Lambert's W.
import Mathematics

/// s = t / tau; V(s) = (V + I s) e^{-s}, with its peak I e^{V / I - 1} at s = 1 - V / I.
@frozen
public enum CrossingRatioOne: CrossingCase {
    @inlinable @inline(__always)
    public static func propagators<Real: RealLanes>(_ flow: Flow, _ dt: Real) -> StateMap<Real> {
        let s = flow.bounded(dt) / Real(flow.tauMem)
        let a = Elementary.decay(s).value
        return StateMap(a: a, b: a, h: s * a)
    }

    /// As e^y <= 1 / (1 - y) for y < 1, the peak is at most I^2 / (2 I - V).
    @inlinable @inline(__always)
    public static func peakMargin<Real: RealLanes>(_ flow: Flow, v: Real, i: Real) -> Real {
        let current = i * flow.inverseThreshold
        return current * current - (i + i - v) * flow.inverseThreshold
    }

    /// With u = 1 - (what is left to the peak), V = threshold is u e^{-u} = threshold / (e peak): before the peak, u = -W0.
    @inlinable @inline(__always)
    public static func crossings(
        _ flow: Flow, count: Int, v: UnsafeMutablePointer<Double>, i: UnsafeMutablePointer<Double>,
        x: UnsafeMutablePointer<Double>
    ) {
        let one = SIMD4<Double>(repeating: 1)
        let threshold = SIMD4(repeating: flow.threshold)
        var n = 0
        while n < count {
            let membrane = load(v, n)
            let current = load(i, n)
            let toPeak = one - membrane / current
            let distance = one - threshold / (current * Elementary.exp(-toPeak))
            let isReached = (distance .> .zero) .& (current .> membrane)
            let left = LambertW.principalPlusOne(branchDistance: greater(distance, .zero))
            let answer = SIMD4.select(isReached, greater(toPeak - left, .zero), SIMD4(-1))
            UnsafeMutableRawPointer(x + n).storeBytes(of: answer, as: SIMD4<Double>.self)
            n &+= 4
        }
    }

    @inlinable @inline(__always)
    public static func elapsed<Real: RealLanes>(_ flow: Flow, x: Real) -> Real { flow.tauMem * x }

    @inlinable @inline(__always)
    public static func decay<Real: RealLanes>(_ flow: Flow, x: Real) -> Real { Elementary.decay(x).value }

    @inlinable @inline(__always)
    public static func rest<Real: RealLanes>(_ flow: Flow, a: Real, x: Real, remaining: Real) -> StateMap<Real> {
        propagators(flow, remaining)
    }
}
