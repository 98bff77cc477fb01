// tau_m = 4 tau_s, the published Yin-Yang setting: in x = e^{-t / tau_m} the membrane is a quartic.
import Mathematics

/// V(x) = A x - B x^4 with A = V + I / 3, B = I / 3.
@frozen
public enum CrossingRatioFour: CrossingCase {
    @inlinable @inline(__always)
    public static func propagators(_ flow: Flow, _ dt: Double) -> Propagators {
        let t = dt < flow.longest ? dt : flow.longest
        let x = t / flow.tauMem
        let a = Elementary.exp(-x)
        let square = a * a
        return Propagators(
            a: a, b: square * square, h: (Flow.complement(x, a) * a) * (1 + a + square) * (1.0 / 3))
    }

    /// The peak, at x^3 = A / (4 B), is 3/4 A x: above threshold if 27 (A / threshold)^4 > 256 B / threshold.
    @inlinable @inline(__always)
    public static func peakMargin(_ flow: Flow, v: SIMD4<Double>, i: SIMD4<Double>) -> SIMD4<Double> {
        let b = i * (1.0 / 3)
        let a = (v + b) * flow.inverseThreshold
        let square = a * a
        return square * square * 27 - b * (256 * flow.inverseThreshold)
    }

    @inlinable @inline(__always)
    public static func peakMargin(_ flow: Flow, v: Double, i: Double) -> Double {
        let b = i * (1.0 / 3)
        let a = (v + b) * flow.inverseThreshold
        let square = a * a
        return square * square * 27 - b * (256 * flow.inverseThreshold)
    }

    @inlinable
    public static func crossings(
        _ flow: Flow, count: Int, v: UnsafeMutablePointer<Double>, i: UnsafeMutablePointer<Double>,
        elapsed: UnsafeMutablePointer<Double>, decay: UnsafeMutablePointer<Double>
    ) {
        let threshold = flow.threshold
        var n = 0
        while n < count {
            let b = i[n] * (1.0 / 3)
            let a = v[n] + b
            // In x the membrane is concave and rises as x falls from 1, so Newton's method approaches the root from above
            // without passing it; the first step that does not lower x is rounding.
            var x = 1.0
            while true {
                let cube = x * x * x
                let value = (a - b * cube) * x - threshold
                let slope = a - 4 * b * cube
                guard slope < 0 else { break }
                let next = x - value / slope
                guard next < x else { break }
                x = next
            }
            let square = x * x
            decay[n] = square * square
            elapsed[n] = peakMargin(flow, v: v[n], i: i[n]) > 0 && i[n] > v[n] ? x : -1
            n &+= 1
        }
        let tauMem = flow.tauMem
        n = 0
        while n < count {
            let x = elapsed[n]
            elapsed[n] = x > 0 ? -tauMem * Elementary.log(x > 0 ? x : 1) : .infinity
            n &+= 1
        }
    }
}
