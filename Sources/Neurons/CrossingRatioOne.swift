// tau_m = tau_s: the membrane's crossing by Lambert's W.
import Mathematics

/// s = t / tau; V(s) = (V + I s) e^{-s}, with its peak I e^{V / I - 1} at s = 1 - V / I.
@frozen
public enum CrossingRatioOne: CrossingCase {
    @inlinable public static var isMarginSlow: Bool { @inline(__always) get { true } }

    @inlinable @inline(__always)
    public static func propagators<Real: RealLanes>(_ flow: Flow, _ dt: Real) -> StateMap<Real> {
        let s = flow.bounded(dt) / Real(flow.tauMem)
        let a = Elementary.decay(normal: s).value
        return StateMap(a: a, b: a, h: s * a)
    }

    /// As e^w >= 1 + w + w^2 / 2 + w^3 / 6 for w >= 0, the peak I e^-w with w = (I - V) / I is at most I over that series; here
    /// times I^3.
    @inlinable @inline(__always)
    public static func peakMargin<Real: RealLanes>(_ flow: Flow, v: Real, i: Real) -> Real {
        let current = i * flow.inverseThreshold
        let rise = current - v * flow.inverseThreshold
        let square = current * current
        let cube = square * current
        let series = cube + rise * (square + rise * (0.5 * current + (1.0 / 6) * rise))
        // Rounding must not hide a peak, nor what overflows.
        let margin = cube * (current + 0x1p-50) - series
        let least = current - 1e60
        return Real.select(Real.isLess(least, margin), margin, least)
    }

    /// With u = 1 - (what is left to the peak), V = threshold is u e^{-u} = threshold / (e peak): before the peak, u = -W0.
    @inlinable @inline(__always)
    public static func crossings<Real: VectorLanes>(_ flow: Flow, v: Real, i: Real, x: UnsafeMutablePointer<Double>) {
        let toPeak = 1 - v / i
        let distance = 1 - Real(flow.threshold) / (i * Elementary.exp(-toPeak))
        let isReached = Real.both(Real.isLess(Real(0), distance), Real.isLess(v, i))
        let left = LambertW.principalPlusOne(branchDistance: Real.greater(distance, Real(0)))
        Real.select(isReached, Real.greater(toPeak - left, Real(0)), Real(-1)).store(x)
    }

    @inlinable @inline(__always)
    public static func elapsed<Real: RealLanes>(_ flow: Flow, x: Real) -> Real { flow.tauMem * x }

    @inlinable @inline(__always)
    public static func decays<Real: RealLanes>(_ flow: Flow, x: Real) -> Decays<Real> {
        let both = Elementary.decay(x).value
        return Decays(membrane: both, synapse: both)
    }

    /// At the threshold e^{-s} = threshold / (V + I s), which has all digits where nothing in it is much larger than the threshold.
    @inlinable @inline(__always)
    public static func decays(
        _ flow: Flow, v: SIMD4<Double>, i: SIMD4<Double>, x: SIMD4<Double>
    ) -> Decays<SIMD4<Double>> {
        var both = SIMD4<Double>(repeating: flow.threshold) / (v + i * x)
        let bound = SIMD4<Double>(repeating: 8 * flow.threshold)
        let isLarge = greater(i, -v) .> bound
        if unsafeBitCast(isLarge, to: SIMD4<Int64>.self).signs != 0 {
            both = .select(isLarge, decays(flow, x: x).membrane, both)
        }
        return Decays(membrane: both, synapse: both)
    }

    @inlinable @inline(__always)
    public static func rest<Real: RealLanes>(
        _ flow: Flow, whole: Decays<Real>, passed: Decays<Real>, remaining: Real
    ) -> StateMap<Real> {
        let rest = whole.membrane / passed.membrane
        return StateMap(a: rest, b: rest, h: flow.bounded(remaining) / Real(flow.tauMem) * rest)
    }
}
