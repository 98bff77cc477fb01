// tau_m = 2 tau_s: in x = e^{-t / tau_m} the membrane is a quadratic.
import Mathematics

/// x = e^{-t / tau_m}; V(x) = (V + I) x - I x^2.
@frozen
public enum CrossingRatioTwo: CrossingCase {
    @inlinable @inline(__always)
    public static func propagators<Real: RealLanes>(_ flow: Flow, _ dt: Real) -> StateMap<Real> {
        let (a, complement) = Elementary.decay(flow.bounded(dt) / Real(flow.tauMem))
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
    public static func crossings(
        _ flow: Flow, count: Int, v: UnsafeMutablePointer<Double>, i: UnsafeMutablePointer<Double>,
        x: UnsafeMutablePointer<Double>
    ) {
        let scale = flow.inverseThreshold
        let whole = (count + 3) & ~3
        var (n, overflows) = (0, 0)
        while n < whole {
            let margin = peakMargin(flow, v: v[n], i: i[n])
            let isReached = margin > 0 && i[n] > v[n]
            // The larger root is the earlier time.
            let root = ((v[n] + i[n]) * scale + (isReached ? margin : 0).squareRoot()) / (2 * (i[n] * scale))
            // No number where I = 0.
            x[n] = isReached ? (root > 1 ? 1 : root) : -1
            overflows |= margin == .infinity ? 1 : 0
            n &+= 1
        }
        if overflows != 0 { crossingsOfLarge(flow, count: whole, v: v, i: i, x: x) }
    }

    /// The crossings of neurons of which V + I, squared, is beyond float64.
    @usableFromInline
    static func crossingsOfLarge(
        _ flow: Flow, count: Int, v: UnsafeMutablePointer<Double>, i: UnsafeMutablePointer<Double>,
        x: UnsafeMutablePointer<Double>
    ) {
        let scale = flow.inverseThreshold
        for n in 0..<count where peakMargin(flow, v: v[n], i: i[n]) == .infinity && i[n] > v[n] {
            let (sum, current) = ((v[n] + i[n]) * scale, i[n] * scale)
            let root = sum * ((1 + max(0, 1 - 4 * (current / sum) / sum).squareRoot()) / (2 * current))
            x[n] = root < 1 ? root : 1
        }
    }

    @inlinable @inline(__always)
    public static func elapsed<Real: RealLanes>(_ flow: Flow, x: Real) -> Real { -flow.tauMem * Elementary.log(x) }

    @inlinable @inline(__always)
    public static func decay<Real: RealLanes>(_ flow: Flow, x: Real) -> Real { x * x }

    @inlinable @inline(__always)
    public static func rest<Real: RealLanes>(_ flow: Flow, kept: Real, x: Real, remaining: Real) -> StateMap<Real> {
        let rest = kept / x
        let part = Elementary.vanishing(rest, power: 2)
        return StateMap(a: rest, b: part * part, h: rest - part * part)
    }
}
