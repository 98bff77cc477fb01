// tau_m = 2 tau_s: in x = e^{-t / tau_m} the membrane is a quadratic.
import Mathematics

/// x = e^{-t / tau_m}; V(x) = (V + I) x - I x^2.
@frozen
public enum CrossingRatioTwo: CrossingCase {
    @inlinable @inline(__always)
    public static func propagators<Real: RealLanes>(_ flow: Flow, _ dt: Real) -> StateMap<Real> {
        let (a, complement) = Elementary.decay(normal: flow.bounded(dt) / Real(flow.tauMem))
        let part = Elementary.vanishing(a, power: 2)
        return StateMap(a: a, b: part * part, h: complement * a)
    }

    /// The peak is (V + I)^2 / (4 I).
    @inlinable @inline(__always)
    public static func peakMargin<Real: RealLanes>(_ flow: Flow, v: Real, i: Real) -> Real {
        let sum = (v + i) * flow.inverseThreshold
        return sum * sum - i * (4 * flow.inverseThreshold)
    }

    @inlinable @inline(__always)
    public static func crossings<Real: VectorLanes>(_ flow: Flow, v: Real, i: Real, x: UnsafeMutablePointer<Double>) {
        let scale = flow.inverseThreshold
        let margin = peakMargin(flow, v: v, i: i)
        let (hasPeak, isRising) = (Real.isLess(Real(0), margin), Real.isLess(v, i))
        let isReached = Real.both(hasPeak, isRising)
        // The larger root is the earlier time; no number where I = 0.
        let root =
            ((v + i) * scale + Real.squareRoot(Real.select(isReached, margin, Real(0)))) / (2 * (i * scale))
        Real.select(isReached, Real.lesser(Real(1), root), Real(-1)).store(x)
        // V + I, squared, may be beyond float64.
        var large = Real.signs(Real.both(Real.isEqual(margin, Real(.infinity)), isRising))
        while large != 0 {
            let lane = large.trailingZeroBitCount
            let (sum, current) = ((v.number(lane) + i.number(lane)) * scale, i.number(lane) * scale)
            let root = sum * ((1 + max(0, 1 - 4 * (current / sum) / sum).squareRoot()) / (2 * current))
            x[lane] = root < 1 ? root : 1
            large &= large &- 1
        }
    }

    @inlinable @inline(__always)
    public static func elapsed<Real: RealLanes>(_ flow: Flow, x: Real) -> Real { -flow.tauMem * Elementary.log(x) }

    @inlinable @inline(__always)
    public static func decays<Real: RealLanes>(_ flow: Flow, x: Real) -> Decays<Real> {
        Decays(membrane: x, synapse: x * x)
    }

    @inlinable @inline(__always)
    public static func rest<Real: RealLanes>(
        _ flow: Flow, whole: Decays<Real>, passed: Decays<Real>, remaining: Real
    ) -> StateMap<Real> {
        let rest = whole.membrane / passed.membrane
        let part = Elementary.vanishing(rest, power: 2)
        return StateMap(a: rest, b: part * part, h: rest - part * part)
    }
}
