// Any pair of time constants, equal ones included: Newton's method on the membrane itself.
import Mathematics

/// Crossings by Newton's method; the coordinate x is the time itself.
@frozen
public enum CrossingGeneral: CrossingCase {
    @inlinable @inline(__always)
    public static func propagators(_ flow: Flow, _ dt: Double) -> Propagators { flow.propagators(dt) }

    /// The membrane equals the current at its peak, and the current only falls: a peak above threshold needs I > threshold.
    @inlinable @inline(__always)
    public static func peakMargin(_ flow: Flow, v: SIMD4<Double>, i: SIMD4<Double>) -> SIMD4<Double> {
        i - SIMD4(repeating: flow.threshold)
    }

    @inlinable @inline(__always)
    public static func peakMargin(_ flow: Flow, v: Double, i: Double) -> Double { i - flow.threshold }

    @inlinable @inline(__always)
    public static func crossings(
        _ flow: Flow, count: Int, v: UnsafeMutablePointer<Double>, i: UnsafeMutablePointer<Double>,
        x: UnsafeMutablePointer<Double>
    ) {
        for n in 0..<count {
            let elapsed = timeToThreshold(flow, v: v[n], i: i[n])
            x[n] = elapsed < .infinity ? elapsed : -1
        }
    }

    @inlinable @inline(__always)
    public static func elapsed(_ flow: Flow, x: Double) -> Double { x }

    @inlinable @inline(__always)
    public static func decay(_ flow: Flow, x: Double) -> Double { Elementary.exp(-x / flow.tauSyn) }

    @inlinable @inline(__always)
    public static func rest(_ flow: Flow, a: Double, x: Double, remaining: Double) -> Propagators {
        flow.propagators(remaining)
    }

    /// The rising branch is concave for I > 0, so Newton's method started left of the crossing approaches it from the left. The
    /// peak bounds it from the right.
    @inlinable
    public static func timeToThreshold(_ flow: Flow, v: Double, i: Double) -> Double {
        let threshold = flow.threshold
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
