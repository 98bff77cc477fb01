// tau_m = 4 tau_s, the published Yin-Yang setting: in x = e^{-t / tau_m} the membrane is a quartic.
import Mathematics

/// x = e^{-t / tau_m}; V(x) = A x - B x^4 with A = V + I / 3, B = I / 3.
@frozen
public enum CrossingRatioFour: CrossingCase {
    @inlinable @inline(__always)
    public static func propagators<Real: RealLanes>(_ flow: Flow, _ dt: Real) -> StateMap<Real> {
        let (a, complement) = Elementary.decay(normal: flow.bounded(dt) / Real(flow.tauMem))
        let part = Elementary.vanishing(a, power: 4)
        let square = part * part
        return StateMap(
            a: a, b: square * square, h: (complement * a) * (1 + a + square) * (1.0 / 3))
    }

    /// The peak, at x^3 = A / (4 B), is 3/4 A x: above threshold if 27 (A / threshold)^4 > 256 B / threshold.
    @inlinable @inline(__always)
    public static func peakMargin<Real: RealLanes>(_ flow: Flow, v: Real, i: Real) -> Real {
        let b = i * (1.0 / 3)
        let a = (v + b) * flow.inverseThreshold
        let square = a * a
        return square * square * 27 - b * (256 * flow.inverseThreshold)
    }

    @inlinable @inline(__always)
    public static func crossings<Real: VectorLanes>(_ flow: Flow, v: Real, i: Real, x: UnsafeMutablePointer<Double>) {
        let b = i * (flow.inverseThreshold / 3)
        let isReached = Real.both(Real.isLess(Real(0), peakMargin(flow, v: v, i: i)), Real.isLess(v, i))
        Quartic.solve(a: v * flow.inverseThreshold + b, b: b, isReached, x)
    }

    @inlinable @inline(__always)
    public static func elapsed<Real: RealLanes>(_ flow: Flow, x: Real) -> Real { -flow.tauMem * Elementary.log(x) }

    @inlinable @inline(__always)
    public static func decays<Real: RealLanes>(_ flow: Flow, x: Real) -> Decays<Real> {
        Decays(membrane: x, synapse: (x * x) * (x * x))
    }

    @inlinable @inline(__always)
    public static func rest<Real: RealLanes>(
        _ flow: Flow, whole: Decays<Real>, passed: Decays<Real>, remaining: Real
    ) -> StateMap<Real> {
        let rest = whole.membrane / passed.membrane
        let part = Elementary.vanishing(rest, power: 4)
        let b = (part * part) * (part * part)
        return StateMap(a: rest, b: b, h: (rest - b) * (1.0 / 3))
    }
}
