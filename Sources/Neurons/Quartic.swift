// A x - B x^4 = 1: the membrane's crossing where one time constant is four times the other.
import Mathematics

@usableFromInline
enum Quartic {
    /// Stores for each neuron the largest root up to 1, to which x falls from 1 on; -1 where it is not reached.
    @inlinable @inline(__always)
    static func solve<Real: VectorLanes>(
        a: Real, b: Real, _ isReached: Real.Condition, _ x: UnsafeMutablePointer<Double>
    ) {
        let bend6 = b * 6
        // From x = 1 the crossing lies where slope u - 6 b u^2 + ... = 1 - V, u = 1 - x: a quadratic whose discriminant, in terms of
        // Newton's step p and the bend k = 6 b p / slope, allows for the higher terms by the factor 1 - 4 p k (a fit).
        let inverse = Real(1) / (b * 4 - a)
        let newton = (1 - (a - b)) * inverse
        let bend = bend6 * newton * inverse
        let discriminant = 1 - bend * 4 * (1 - newton * bend * 4)
        let positive = Real.greater(discriminant, Real(0x1p-20))
        var root = 1 - (newton + newton) / (1 + positive * roughInverseRoot(positive))
        // Halley's method multiplies the error by (f'' step / 2 f')^2. Three steps are enough but near a tangent; as many for
        // every lane, so that no branch needs guessing and no result depends on which others it is found with.
        var (slope, last) = (Real(0), Real(0))
        var remaining = 3
        repeat {
            let square = root * root
            let cubic = b * square * root
            let value = (a - cubic) * root - 1
            slope = a - cubic * 4
            let curvature = bend6 * square
            // f = a x - b x^4 - 1, f' = slope, f'' = -2 curvature: 2 f f' / (2 f'^2 - f f'').
            let step = (value * slope) / (slope * slope + value * curvature)
            root = root - step
            last = curvature * step
            remaining &-= 1
        } while remaining > 0
        // Below 1e-10 only rounding is left. Thrown beyond the peak, where the membrane falls, it may have found the other root.
        let isSmall = Real.isNotAbove(last * last, slope * slope * 1e-10)
        let isClosed = Real.both(isSmall, Real.isLess(slope, Real(0)))
        Real.select(isReached, Real.lesser(root, Real(1)), Real(-1)).store(x)
        var open = Real.signs(Real.both(isReached, Real.not(isClosed)))
        while open != 0 {
            let lane = open.trailingZeroBitCount
            x[lane] = descend(a: a.number(lane), b: b.number(lane))
            open &= open &- 1
        }
    }

    /// 1 / sqrt(x) to five digits, x positive and normal: half of the exponent, two steps of Newton's method.
    @inlinable @inline(__always)
    static func roughInverseRoot<Real: VectorLanes>(_ x: Real) -> Real {
        let start = Real(Double(bitPattern: 0x5FE6_EB50_C7B5_37A9)).bitPattern &- (x.bitPattern &>> 1)
        let half = x * 0.5
        var root = Real(bitPattern: start)
        root = root * (1.5 - half * root * root)
        root = root * (1.5 - half * root * root)
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
