// tau_s = 4 tau_m: in x = e^{-t / tau_s} the membrane is a quartic.
import Mathematics

/// x = e^{-t / tau_s}; V(x) = A x - B x^4 with A = 4/3 I, B = A - V.
@frozen
public enum CrossingRatioQuarter: CrossingCase {
    @inlinable @inline(__always)
    public static func propagators<Real: RealLanes>(_ flow: Flow, _ dt: Real) -> StateMap<Real> {
        let (b, complement) = Elementary.decay(normal: flow.bounded(dt) / Real(flow.tauSyn))
        let part = Elementary.vanishing(b, power: 4)
        let square = part * part
        return StateMap(a: square * square, b: b, h: (complement * b) * (1 + b + square) * (4.0 / 3))
    }

    /// The peak, at x^3 = A / (4 B), is 3/4 A x: above threshold if 27 (A / threshold)^4 > 256 B / threshold.
    @inlinable @inline(__always)
    public static func peakMargin<Real: RealLanes>(_ flow: Flow, v: Real, i: Real) -> Real {
        let a = i * (flow.inverseThreshold * (4.0 / 3))
        let square = a * a
        return square * square * 27 - (a - v * flow.inverseThreshold) * 256
    }

    @inlinable @inline(__always)
    public static func crossings<Real: VectorLanes>(_ flow: Flow, v: Real, i: Real, x: UnsafeMutablePointer<Double>) {
        let a = i * (flow.inverseThreshold * (4.0 / 3))
        let isReached = Real.both(Real.isLess(Real(0), peakMargin(flow, v: v, i: i)), Real.isLess(v, i))
        Quartic.solve(a: a, b: a - v * flow.inverseThreshold, isReached, x)
    }

    @inlinable @inline(__always)
    public static func elapsed<Real: RealLanes>(_ flow: Flow, x: Real) -> Real { -flow.tauSyn * Elementary.log(x) }

    @inlinable @inline(__always)
    public static func decays<Real: RealLanes>(_ flow: Flow, x: Real) -> Decays<Real> {
        Decays(membrane: (x * x) * (x * x), synapse: x)
    }

    @inlinable public static var takes: Decays<Bool> {
        @inline(__always) get { Decays(membrane: false, synapse: true) }
    }

    @inlinable @inline(__always)
    public static func rest<Real: RealLanes>(
        _ flow: Flow, whole: Decays<Real>, passed: Decays<Real>, remaining: Real
    ) -> StateMap<Real> {
        let rest = whole.synapse / passed.synapse
        let part = Elementary.vanishing(rest, power: 4)
        let a = (part * part) * (part * part)
        return StateMap(a: a, b: rest, h: (rest - a) * (4.0 / 3))
    }
}
