// tau_s = 2 tau_m: in x = e^{-t / tau_s} the membrane is a quadratic.
import Mathematics

/// x = e^{-t / tau_s}; V(x) = A x - B x^2 with A = 2 I, B = A - V.
@frozen
public enum CrossingRatioHalf: CrossingCase {
    @inlinable @inline(__always)
    public static func propagators<Real: RealLanes>(_ flow: Flow, _ dt: Real) -> StateMap<Real> {
        let (b, complement) = Elementary.decay(normal: flow.bounded(dt) / Real(flow.tauSyn))
        let part = Elementary.vanishing(b, power: 2)
        return StateMap(a: part * part, b: b, h: (complement * b) * 2)
    }

    /// The peak is A^2 / (4 B).
    @inlinable @inline(__always)
    public static func peakMargin<Real: RealLanes>(_ flow: Flow, v: Real, i: Real) -> Real {
        let current = i * flow.inverseThreshold
        return current * current - (current + current - v * flow.inverseThreshold)
    }

    @inlinable @inline(__always)
    public static func crossings<Real: VectorLanes>(_ flow: Flow, v: Real, i: Real, x: UnsafeMutablePointer<Double>) {
        let scaled = i * flow.inverseThreshold
        let fall = scaled + scaled - v * flow.inverseThreshold
        // The discriminant over A^2, which does not leave float64; 0 where rounding hides the peak.
        let margin = 1 - fall / scaled / scaled
        let isReached = Real.both(Real.isLess(Real(0), margin), Real.isLess(v, i))
        // The larger root is the earlier time.
        let root = scaled / fall * (1 + Real.squareRoot(Real.greater(margin, Real(0))))
        Real.select(isReached, Real.lesser(root, Real(1)), Real(-1)).store(x)
    }

    @inlinable @inline(__always)
    public static func elapsed<Real: RealLanes>(_ flow: Flow, x: Real) -> Real { -flow.tauSyn * Elementary.log(x) }

    @inlinable @inline(__always)
    public static func decays<Real: RealLanes>(_ flow: Flow, x: Real) -> Decays<Real> {
        Decays(membrane: x * x, synapse: x)
    }

    @inlinable public static var takes: Decays<Bool> {
        @inline(__always) get { Decays(membrane: false, synapse: true) }
    }

    @inlinable @inline(__always)
    public static func rest<Real: RealLanes>(
        _ flow: Flow, whole: Decays<Real>, passed: Decays<Real>, remaining: Real
    ) -> StateMap<Real> {
        let rest = whole.synapse / passed.synapse
        let part = Elementary.vanishing(rest, power: 2)
        return StateMap(a: part * part, b: rest, h: (rest - part * part) * 2)
    }
}
