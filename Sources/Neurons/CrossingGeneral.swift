// Any pair of time constants: crossings told from the membrane's peak, and Newton's method on the membrane itself.
import Mathematics

/// The coordinate x is the time itself.
@frozen
public enum CrossingGeneral: CrossingCase {
    @inlinable public static var isTime: Bool { @inline(__always) get { true } }
    @inlinable public static var isMarginSlow: Bool { @inline(__always) get { true } }

    @inlinable @inline(__always)
    public static func propagators<Real: RealLanes>(_ flow: Flow, _ dt: Real) -> StateMap<Real> { flow.propagators(dt) }

    @inlinable @inline(__always)
    public static func peakMargin<Real: RealLanes>(_ flow: Flow, v: Real, i: Real) -> Real {
        FlowLanes.peakMargin(
            v: v * flow.inverseThreshold, i: i * flow.inverseThreshold,
            bend: Real(flow.difference * 0.5 / flow.ratio))
    }

    @inlinable @inline(__always)
    public static func crossings<Real: VectorLanes>(_ flow: Flow, v: Real, i: Real, x: UnsafeMutablePointer<Double>) {
        let found = FlowVectors<Real>(flow).crossing(v: v * flow.inverseThreshold, i: i * flow.inverseThreshold)
        found.time.store(x)
        var open = found.open
        while open != 0 {
            let lane = open.trailingZeroBitCount
            x[lane] = timeOrNone(flow, v: v.number(lane), i: i.number(lane))
            open &= open &- 1
        }
    }

    @inlinable @inline(__always)
    public static func elapsed<Real: RealLanes>(_ flow: Flow, x: Real) -> Real { x }

    @inlinable @inline(__always)
    public static func decay<Real: RealLanes>(_ flow: Flow, x: Real) -> Real {
        Elementary.exp(-x / Real(flow.tauSyn))
    }

    @inlinable @inline(__always)
    public static func rest<Real: RealLanes>(_ flow: Flow, kept: Real, x: Real, remaining: Real) -> StateMap<Real> {
        flow.propagators(remaining)
    }

    /// The time to the threshold, negative where it is not reached.
    @inlinable
    public static func timeOrNone(_ flow: Flow, v: Double, i: Double) -> Double {
        let elapsed = timeToThreshold(flow, v: v, i: i)
        return elapsed < .infinity ? elapsed : -1
    }

    /// The rising branch is concave for I > 0, so Newton's method started left of the crossing approaches it from the left. The
    /// peak bounds it from the right.
    @inlinable
    public static func timeToThreshold(_ flow: Flow, v: Double, i: Double) -> Double {
        let threshold = flow.threshold
        guard threshold > 0 else { return timeToFire(flow, v: v, i: i) }
        guard i > threshold, v < i else { return .infinity }
        let peak = flow.timeToPeak(v: v, i: i)
        guard i * decay(flow, x: peak) > threshold else { return .infinity }
        var t = 0.0
        var vt = v
        var it = i
        while true {
            let slope = it - vt
            guard slope > 0 else { return t }
            let next = min(t + flow.tauMem * (threshold - vt) / slope, peak)
            // Steps from the left only grow t; the first that does not is rounding.
            guard next > t else { return t }
            let p = flow.propagators(next)
            vt = p.a * v + p.h * i
            it = p.b * i
            if vt >= threshold {
                // At or past the crossing by rounding: one last step back, never beyond what was left of it.
                let last = it - vt
                return last > 0 ? max(t, next + flow.tauMem * (threshold - vt) / last) : t
            }
            t = next
        }
    }
}
