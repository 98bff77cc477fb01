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
    public static func decays<Real: RealLanes>(_ flow: Flow, x: Real) -> Decays<Real> {
        let p = flow.propagators(x)
        return Decays(membrane: p.a, synapse: p.b)
    }

    /// With D = e^-|z|, which is what the faster decay is of the slower, V = threshold is (V + I (1 - D) / |c|) slower = threshold where the current decays
    /// faster, (V D + I (1 - D) / |c|) slower = threshold where the membrane does: all digits, where nothing in it is much larger than the threshold.
    @inlinable @inline(__always)
    public static func decays(
        _ flow: Flow, v: SIMD4<Double>, i: SIMD4<Double>, x: SIMD4<Double>
    ) -> Decays<SIMD4<Double>> {
        let gap = flow.gapRate * x
        let (apart, complement) = Elementary.decay(gap)
        let own = flow.isSynapseSlower ? v * apart : v
        var slow = SIMD4<Double>(repeating: flow.threshold) / (own + i * (complement * flow.inverseGap))
        var fast = slow * apart
        let isFar = (-v .> SIMD4<Double>(repeating: 8 * flow.threshold)) .| (gap .> SIMD4<Double>(repeating: 600))
        if unsafeBitCast(isFar, to: SIMD4<Int64>.self).signs != 0 {
            let exact = flow.decays(x)
            (slow, fast) = (.select(isFar, exact.slow, slow), .select(isFar, exact.fast, fast))
        }
        return flow.isSynapseSlower
            ? Decays(membrane: fast, synapse: slow) : Decays(membrane: slow, synapse: fast)
    }

    @inlinable public static var takes: Decays<Bool> {
        @inline(__always) get { Decays(membrane: true, synapse: true) }
    }

    /// Where the time constants are far enough apart, the difference of the two decays has all digits of a current.
    @inlinable @inline(__always)
    public static func rest<Real: RealLanes>(
        _ flow: Flow, whole: Decays<Real>, passed: Decays<Real>, remaining: Real
    ) -> StateMap<Real> {
        guard flow.isApart else { return flow.propagators(remaining) }
        let (a, b) = (whole.membrane / passed.membrane, whole.synapse / passed.synapse)
        return StateMap(a: a, b: b, h: (b - a) / Real(flow.difference))
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
