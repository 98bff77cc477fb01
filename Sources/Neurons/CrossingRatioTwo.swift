// tau_m = 2 tau_s: in x = e^{-t / tau_m} the membrane is a quadratic.
import Mathematics

/// x = e^{-t / tau_m}; V(x) = (V + I) x - I x^2.
@frozen
public enum CrossingRatioTwo: CrossingCase {
    @inlinable @inline(__always)
    public static func propagators(_ flow: Flow, _ dt: Double) -> Propagators {
        let t = dt < flow.longest ? dt : flow.longest
        let x = t / flow.tauMem
        let (a, complement) = Elementary.decay(x)
        return Propagators(a: a, b: a * a, h: complement * a)
    }

    @inlinable @inline(__always)
    public static func propagators(_ flow: Flow, _ dt: SIMD4<Double>) -> VectorPropagators {
        let x = lesser(dt, SIMD4(repeating: flow.longest)) / flow.tauMem
        let (a, complement) = Elementary.decay(x)
        return VectorPropagators(a: a, b: a * a, h: complement * a)
    }

    /// The peak is (V + I)^2 / (4 I).
    @inlinable @inline(__always)
    public static func peakMargin(_ flow: Flow, v: SIMD4<Double>, i: SIMD4<Double>) -> SIMD4<Double> {
        let sum = (v + i) * SIMD4(repeating: flow.inverseThreshold)
        return sum * sum - i * SIMD4(repeating: 4 * flow.inverseThreshold)
    }

    @inlinable @inline(__always)
    public static func peakMargin(_ flow: Flow, v: Double, i: Double) -> Double {
        let sum = (v + i) * flow.inverseThreshold
        return sum * sum - i * (4 * flow.inverseThreshold)
    }

    @inlinable @inline(__always)
    public static func crossings(
        _ flow: Flow, count: Int, v: UnsafeMutablePointer<Double>, i: UnsafeMutablePointer<Double>,
        x: UnsafeMutablePointer<Double>
    ) {
        let scale = flow.inverseThreshold
        var (n, overflows) = (0, 0)
        while n < count {
            let margin = peakMargin(flow, v: v[n], i: i[n])
            let isReached = margin > 0 && i[n] > v[n]
            // The larger root is the earlier time.
            let root = ((v[n] + i[n]) * scale + (isReached ? margin : 0).squareRoot()) / (2 * (i[n] * scale))
            x[n] = isReached ? (root < 1 ? root : 1) : -1
            overflows |= margin == .infinity ? 1 : 0
            n &+= 1
        }
        if overflows != 0 { crossingsOfLarge(flow, count: count, v: v, i: i, x: x) }
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
    public static func elapsed(_ flow: Flow, x: Double) -> Double { -flow.tauMem * Elementary.log(x) }

    @inlinable @inline(__always)
    public static func decay(_ flow: Flow, x: Double) -> Double { x * x }

    @inlinable @inline(__always)
    public static func rest(_ flow: Flow, a: Double, x: Double, remaining: Double) -> Propagators {
        let rest = a / x
        return Propagators(a: rest, b: rest * rest, h: rest - rest * rest)
    }
}
