// A x - B x^4 = 1: the membrane's crossing where one time constant is four times the other.
import Mathematics

@usableFromInline
enum Quartic {
    /// Stores for four neurons the largest root up to 1, to which x falls from 1 on; -1 where it is not reached.
    @inlinable @inline(__always)
    static func solve(
        a: SIMD4<Double>, b: SIMD4<Double>, _ isReached: SIMDMask<SIMD4<Int64>>, _ x: UnsafeMutablePointer<Double>
    ) {
        let one = SIMD4<Double>(repeating: 1)
        let four = SIMD4<Double>(repeating: 4)
        let bend6 = b * SIMD4(repeating: 6)
        // From x = 1 the crossing lies where slope u - 6 b u^2 + ... = 1 - V, u = 1 - x: a quadratic whose discriminant, in terms of
        // Newton's step p and the bend k = 6 b p / slope, allows for the higher terms by the factor 1 - 4 p k (a fit).
        let inverse = one / (b * four - a)
        let newton = (one - (a - b)) * inverse
        let bend = bend6 * newton * inverse
        let discriminant = one - bend * four * (one - newton * bend * four)
        let positive = greater(discriminant, SIMD4(repeating: 0x1p-20))
        var root = one - (newton + newton) / (one + positive * roughInverseRoot(positive))
        // Halley's method multiplies the error by (f'' step / 2 f')^2. Three steps are enough but near a tangent; as many for
        // every lane, so that no branch needs guessing and no result depends on which others it is found with.
        var (slope, last) = (SIMD4<Double>.zero, SIMD4<Double>.zero)
        var remaining = 3
        repeat {
            let square = root * root
            let cubic = b * square * root
            let value = (a - cubic) * root - one
            slope = a - cubic * four
            let curvature = bend6 * square
            // f = a x - b x^4 - 1, f' = slope, f'' = -2 curvature: 2 f f' / (2 f'^2 - f f'').
            let step = (value * slope) / (slope * slope + value * curvature)
            root -= step
            last = curvature * step
            remaining &-= 1
        } while remaining > 0
        // Below 1e-10 only rounding is left. Thrown beyond the peak, where the membrane falls, it may have found the other root.
        let isClosed = (last * last .<= slope * slope * 1e-10) .& (slope .< .zero)
        let bounded = lesser(root, one)
        let answer = SIMD4.select(isReached, bounded, SIMD4(-1))
        UnsafeMutableRawPointer(x).storeBytes(of: answer, as: SIMD4<Double>.self)
        let open = unsafeBitCast(isReached .& .!isClosed, to: SIMD4<Int64>.self)
        if open[0] | open[1] | open[2] | open[3] != 0 {
            for lane in 0..<4 where open[lane] != 0 {
                x[lane] = descend(a: a[lane], b: b[lane])
            }
        }
    }

    /// 1 / sqrt(x) to five digits, x positive and normal: half of the exponent, two steps of Newton's method.
    @inlinable @inline(__always)
    static func roughInverseRoot(_ x: SIMD4<Double>) -> SIMD4<Double> {
        let bits = SIMD4<UInt64>(repeating: 0x5FE6_EB50_C7B5_37A9) &- (unsafeBitCast(x, to: SIMD4<UInt64>.self) &>> 1)
        var root = unsafeBitCast(bits, to: SIMD4<Double>.self)
        let half = x * SIMD4(repeating: 0.5)
        root *= SIMD4(repeating: 1.5) - half * root * root
        root *= SIMD4(repeating: 1.5) - half * root * root
        return root
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
}
