// tau_m = 4 tau_s, the published Yin-Yang setting: in x = e^{-t / tau_m} the membrane is a quartic.
import Mathematics

/// x = e^{-t / tau_m}; V(x) = A x - B x^4 with A = V + I / 3, B = I / 3.
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

    @inlinable @inline(__always)
    public static func crossings(
        _ flow: Flow, count: Int, v: UnsafeMutablePointer<Double>, i: UnsafeMutablePointer<Double>,
        x: UnsafeMutablePointer<Double>
    ) {
        let scale = flow.inverseThreshold
        var n = 0
        while n < count {
            let membrane = load(v, n)
            let current = load(i, n)
            let b = current * (scale / 3)
            let a = membrane * scale + b
            let isReached = (peakMargin(flow, v: membrane, i: current) .> 0) .& (current .> membrane)
            // Halley's method multiplies the error by (f'' step / 2 f')^2: once that is below 1e-10 only rounding is left. Near a
            // tangent it takes longer; thrown beyond the peak, where the membrane falls, it may find the other root. A lane
            // that is done keeps its root, so that no result depends on which others it is found with.
            var root = SIMD4<Double>(repeating: 1)
            var isOpen = isReached
            var remaining = 6
            repeat {
                let quadratic = b * (root * root)
                let cubic = quadratic * root
                let value = (a - cubic) * root - 1
                let slope = a - cubic * 4
                let curvature = quadratic * 6
                // f = a x - b x^4 - 1, f' = slope, f'' = -2 curvature: 2 f f' / (2 f'^2 - f f'').
                let step = (value * slope) / (slope * slope + value * curvature)
                root.replace(with: root - step, where: isOpen)
                let bend = curvature * step
                isOpen = isOpen .& (((bend * bend) .> (slope * slope) * 1e-10) .| (slope .>= 0))
                remaining &-= 1
            } while remaining > 0 && any(isOpen)
            let bounded = root.replacing(with: 1, where: root .> 1)
            let answer = bounded.replacing(with: -1, where: .!isReached)
            UnsafeMutableRawPointer(x + n).storeBytes(of: answer, as: SIMD4<Double>.self)
            if any(isOpen) {
                for lane in 0..<4 where isOpen[lane] {
                    x[n &+ lane] = descend(a: a[lane], b: b[lane])
                }
            }
            n &+= 4
        }
    }

    @inlinable @inline(__always)
    static func load(_ values: UnsafeMutablePointer<Double>, _ n: Int) -> SIMD4<Double> {
        UnsafeRawPointer(values + n).loadUnaligned(as: SIMD4<Double>.self)
    }

    /// Newton's method from x = 1, which descends to the root without passing it; the first step that does not lower x, or
    /// reaches the peak, is rounding.
    @inlinable
    static func descend(a: Double, b: Double) -> Double {
        var x = 1.0
        var cubic = b
        while true {
            let next = x - ((a - cubic) * x - 1) / (a - 4 * cubic)
            guard next < x else { return x }
            cubic = b * (next * next * next)
            guard a - 4 * cubic < 0 else { return x }
            x = next
        }
    }

    @inlinable @inline(__always)
    public static func elapsed(_ flow: Flow, x: Double) -> Double { -flow.tauMem * Elementary.log(x) }

    @inlinable @inline(__always)
    public static func decay(_ flow: Flow, x: Double) -> Double { (x * x) * (x * x) }

    @inlinable @inline(__always)
    public static func rest(_ flow: Flow, a: Double, x: Double, remaining: Double) -> Propagators {
        let rest = a / x
        let b = (rest * rest) * (rest * rest)
        return Propagators(a: rest, b: b, h: (rest - b) * (1.0 / 3))
    }
}
