// Exponential and logarithm in float64, the same bits on every processor, in a form that compilers vectorise.

import CSupport

/// exp, expm1, log and log1p over the whole of float64, of one number or of four at once.
///
/// Only IEEE additions, multiplications, divisions and bit operations in a fixed order: no call into libm, no fused
/// multiply-add, no table, no branch. So results are the same bits on every processor, and a loop such as
///
///     var j = 0
///     while j < n { y[j] = Elementary.exp(x[j]); j &+= 1 }
///
/// over unsafe pointers becomes packed instructions, SSE2 included. Short loops, and loops that do more, take four numbers as a
/// vector: with the same bits. NaN in, NaN out; infinities as in C. Worst errors
/// met in sweeps of 20 million arguments per range against extended precision: exp 0.68 ulp (0.77 where the result is
/// subnormal), expm1 1.08, log 0.90, log1p 0.90.
///
/// The reductions are those of every libm (Cody and Waite, Software Manual for the Elementary Functions, 1980); the
/// leading sum is kept exact by Dekker's two-term sum. `Tests/MathematicsTests/Generators/elementary_coefficients.py`
/// makes the polynomials.
@frozen
public enum Elementary {
    /// e to the power x. Overflows to +infinity above 709.78; underflows gradually, to 0 below -745.13.
    @inlinable @inline(__always)
    public static func exp(_ x: Double) -> Double { exponential(x) }

    @inlinable @inline(__always)
    public static func exp<Real: RealLanes>(_ x: Real) -> Real { exponential(x) }

    @inlinable @inline(__always)
    static func exponential<Real: RealLanes>(_ x: Real) -> Real {
        // Beyond these bounds the scaling below gives +infinity and 0 by itself. The comparisons keep NaN.
        let (top, bottom) = (Real(710), Real(-746))
        let raised = Real.select(Real.isLess(x, bottom), bottom, x)
        return scaled(ExponentialReduction(Real.select(Real.isLess(top, x), top, raised)))
    }

    /// (e^-x, 1 - e^-x) for x >= 0, both to the last digits.
    @inlinable @inline(__always)
    public static func decay<Real: RealLanes>(_ x: Real) -> (value: Real, complement: Real) {
        let top = Real(746)
        let reduced = ExponentialReduction(-Real.select(Real.isLess(top, x), top, x))
        return decay(reduced, scaled(reduced))
    }

    /// The same for 0 <= x <= 700, where e^-x is a normal number: the same bits, sooner.
    @inlinable @inline(__always)
    public static func decay<Real: RealLanes>(normal x: Real) -> (value: Real, complement: Real) {
        let reduced = ExponentialReduction(-x)
        return decay(reduced, scaledToNormal(reduced))
    }

    @inlinable @inline(__always)
    static func decay<Real: RealLanes>(
        _ reduced: ExponentialReduction<Real>, _ value: Real
    ) -> (value: Real, complement: Real) {
        // Where e^-x is not scaled by a power of two, its reduction holds the difference from 1; elsewhere nothing cancels.
        let isUnscaled = Real.isEqual(reduced.exponent, Real(0))
        return (value, Real.select(isUnscaled, -(reduced.high + reduced.rest), 1 - value))
    }

    /// x, or 0 where the `power`-th power of x, 0 <= x <= 1, would be below 1e-280: products that leave float64's normal numbers
    /// take processors a hundred times as long as others.
    @inlinable @inline(__always)
    public static func vanishing<Real: RealLanes>(_ x: Real, power: Int) -> Real {
        Real.select(Real.isLess(x, Real(power == 4 ? 1e-70 : 1e-140)), Real(0), x)
    }

    /// e^-x for x >= 0, 0 from x = 700 on.
    @inlinable @inline(__always)
    public static func vanishingDecay<Real: RealLanes>(_ x: Real) -> Real {
        let isGone = Real.isLess(Real(700), x)
        return Real.select(isGone, Real(0), scaledToNormal(ExponentialReduction(-Real.select(isGone, Real(0), x))))
    }

    /// 1 + high + rest.
    @inlinable @inline(__always)
    static func unscaled<Real: RealLanes>(_ reduced: ExponentialReduction<Real>) -> Real {
        // 1 + high = sum + error exactly.
        let sum = 1 + reduced.high
        let error = reduced.high - (sum - 1)
        return sum + (error + reduced.rest)
    }

    /// 2^k (1 + high + rest) where that is a normal number.
    @inlinable @inline(__always)
    static func scaledToNormal<Real: RealLanes>(_ reduced: ExponentialReduction<Real>) -> Real {
        unscaled(reduced) * Real(bitPattern: (reduced.exponentBits &+ 1023) &<< 52)
    }

    /// 2^k (1 + high + rest).
    @inlinable @inline(__always)
    static func scaled<Real: RealLanes>(_ reduced: ExponentialReduction<Real>) -> Real {
        let value = unscaled(reduced)
        // 2^k in two factors: neither leaves the normal numbers, and only the last multiplication can round.
        let half = reduced.exponent * 0.5 + roundingShift
        let halfBits = half.bitPattern
        let first = Real(bitPattern: (halfBits &+ 1023) &<< 52)
        let second = Real(bitPattern: ((reduced.exponentBits &- halfBits) &+ 1023) &<< 52)
        return value * first * second
    }

    /// e to the power x, less 1, without cancellation near 0. -1 below -37.4, +infinity above 709.78.
    @inlinable @inline(__always)
    public static func expm1(_ x: Double) -> Double { exponentialLessOne(x) }

    @inlinable @inline(__always)
    public static func expm1<Real: RealLanes>(_ x: Real) -> Real { exponentialLessOne(x) }

    @inlinable @inline(__always)
    static func exponentialLessOne<Real: RealLanes>(_ x: Real) -> Real {
        let (top, bottom) = (Real(710), Real(-40))
        let raised = Real.select(Real.isLess(x, bottom), bottom, x)
        let reduced = ExponentialReduction(Real.select(Real.isLess(top, x), top, raised))
        // Half of 2^k (1 + high + rest) - 1, so that k = 1024 does not overflow before its time.
        let scale = Real(bitPattern: (reduced.exponentBits &+ 1022) &<< 52)
        // constant + lost and sum + error are exact.
        let constant = scale - 0.5
        let lost = (scale - constant) - 0.5
        let scaledHigh = scale * reduced.high
        let sum = constant + scaledHigh
        let error = scaledHigh - (sum - constant)
        let value = 2 * (sum + ((error + lost) + scale * reduced.rest))
        return Real.select(Real.isLess(x.magnitude, Real(tiny)), x, value)
    }

    /// `expm1` of |x| <= ln 2 / 2.
    @inlinable @inline(__always)
    public static func expm1<Real: RealLanes>(near x: Real) -> Real { x + exponentialBeyondLinear(x) }

    /// The natural logarithm. log(0) = -infinity, NaN below 0.
    @inlinable @inline(__always)
    public static func log(_ x: Double) -> Double { naturalLogarithm(x) }

    @inlinable @inline(__always)
    public static func log<Real: RealLanes>(_ x: Real) -> Real { naturalLogarithm(x) }

    @inlinable @inline(__always)
    static func naturalLogarithm<Real: RealLanes>(_ x: Real) -> Real {
        // Subnormal numbers are scaled into the normal ones.
        let isSubnormal = Real.isLess(x, Real(0x1p-1022))
        let split = BinarySplit(Real.select(isSubnormal, x * 0x1p54, x))
        let exponent = split.exponent - Real.select(isSubnormal, Real(54), Real(0))
        let value = logarithm(exponent: exponent, fraction: split.mantissa - 1, correction: Real(0))
        let finite = Real.select(Real.isLess(x, Real(.infinity)), value, x)
        let outside = Real.select(Real.isEqual(x, Real(0)), Real(-.infinity), Real(.nan))
        return Real.select(Real.isLess(Real(0), x), finite, outside)
    }

    /// log(1 + x) without cancellation near 0. log1p(-1) = -infinity, NaN below -1.
    @inlinable @inline(__always)
    public static func log1p(_ x: Double) -> Double { logarithmOfOnePlus(x) }

    @inlinable @inline(__always)
    public static func log1p<Real: RealLanes>(_ x: Real) -> Real { logarithmOfOnePlus(x) }

    @inlinable @inline(__always)
    static func logarithmOfOnePlus<Real: RealLanes>(_ x: Real) -> Real {
        // 1 + x = sum + error exactly, whichever is larger.
        let sum = 1 + x
        let back = sum - 1
        let error = (1 - (sum - back)) + (x - back)
        let split = BinarySplit(sum)
        // Where 1 + x needs no power of two, x itself is the exact fraction.
        let isNear = Real.isEqual(split.exponent, Real(0))
        let fraction = Real.select(isNear, x, split.mantissa - 1)
        let correction = Real.select(isNear, Real(0), error / sum)
        let value = logarithm(exponent: split.exponent, fraction: fraction, correction: correction)
        let finite = Real.select(Real.isLess(x, Real(.infinity)), value, x)
        let inside = Real.select(Real.isLess(x.magnitude, Real(tiny)), x, finite)
        let outside = Real.select(Real.isEqual(x, Real(-1)), Real(-.infinity), Real(.nan))
        return Real.select(Real.isLess(Real(-1), x), inside, outside)
    }

    /// NaN below 0, and as exact as IEEE demands.
    @inlinable @inline(__always)
    public static func squareRoot(_ x: SIMD4<Double>) -> SIMD4<Double> { spinnprop_support_square_roots(x) }

    // MARK: - Shared parts

    /// Adding it to a number below 2^51 in magnitude rounds that to an integer, which then stands in the low bits.
    @usableFromInline static var roundingShift: Double {
        @inlinable @inline(__always) get { 0x1.8p52 }
    }

    /// Below it expm1(x) and log1p(x) round to x, the sign of zero included.
    @usableFromInline static var tiny: Double {
        @inlinable @inline(__always) get { 0x1p-54 }
    }

    /// ln 2 in two parts; the first has 32 bits, so that a multiple of it by an exponent is exact.
    @usableFromInline static var ln2High: Double {
        @inlinable @inline(__always) get { 0.6931471803691238 }
    }
    @usableFromInline static var ln2Low: Double {
        @inlinable @inline(__always) get { 1.9082149292705877e-10 }
    }

    /// x = k ln 2 + r, |r| <= ln 2 / 2, and e^r = 1 + high + rest with `high` exact.
    @frozen @usableFromInline
    struct ExponentialReduction<Real: RealLanes> {
        /// k, as a number and in the low bits of a word.
        @usableFromInline let exponent: Real
        @usableFromInline let exponentBits: Real.Bits
        @usableFromInline let high: Real
        @usableFromInline let rest: Real

        @inlinable @inline(__always)
        init(_ x: Real) {
            let shifted = x * 1.4426950408889634 + roundingShift
            exponentBits = shifted.bitPattern
            exponent = shifted - roundingShift
            high = x - exponent * ln2High
            let low = exponent * ln2Low
            rest = exponentialBeyondLinear(high - low) - low
        }
    }

    /// e^r - 1 - r = r^2 (1/2 + r Q(r)) for |r| <= ln 2 / 2, error 0.009 of 2^-53 of e^r.
    @inlinable @inline(__always)
    static func exponentialBeyondLinear<Real: RealLanes>(_ r: Real) -> Real {
        let r2 = r * r
        let r4 = r2 * r2
        let q0 = 0.16666666666666669 + 0.041666666666666664 * r
        let q2 = 0.008333333333330065 + 0.0013888888888886554 * r
        let q4 = 0.00019841269863040545 + 2.4801587317135164e-05 * r
        let q6 = 2.7557268480310024e-06 + 2.755728298405588e-07 * r
        let q8 = 2.510037583256132e-08 + 2.091122972975863e-09 * r
        let low4 = q0 + r2 * q2
        let high4 = (q4 + r2 * q6) + r4 * q8
        let q = low4 + r4 * high4
        return r2 * (0.5 + r * q)
    }

    /// x = 2^exponent * mantissa, sqrt(1/2) <= mantissa < sqrt(2), for positive normal x.
    @frozen @usableFromInline
    struct BinarySplit<Real: RealLanes> {
        @usableFromInline let exponent: Real
        @usableFromInline let mantissa: Real

        @inlinable @inline(__always)
        init(_ x: Real) {
            let rootHalf: UInt64 = 0x3FE6_A09E_667F_3BCD
            let offset = x.bitPattern &+ (0x3FF0_0000_0000_0000 &- rootHalf)
            // The biased exponent becomes a number by standing in the low bits of 2^52.
            exponent = Real(bitPattern: (offset &>> 52).joined(0x4330_0000_0000_0000)) - (0x1p52 + 1023)
            mantissa = Real(bitPattern: offset.masked(0x000F_FFFF_FFFF_FFFF) &+ rootHalf)
        }
    }

    /// exponent * ln 2 + log(1 + fraction) + correction, the correction being small against the rest.
    @inlinable @inline(__always)
    static func logarithm<Real: RealLanes>(exponent: Real, fraction: Real, correction: Real) -> Real {
        // log(1 + f) = 2 artanh(s) with s = f / (2 + f); f - f^2 / 2 is taken out to keep f exact.
        let s = fraction / (2 + fraction)
        let z = s * s
        let z2 = z * z
        let p0 = 0.666666666666667 + 0.39999999999899505 * z
        let p2 = 0.28571428625975487 + 0.2222221113479508 * z
        let p4 = 0.18182889125261725 + 0.15331721600555942 * z
        // P(z) of 2 artanh(s) = 2 s + s z P(z), error 0.04 of 2^-53.
        let p = p0 + z2 * (p2 + z2 * (p4 + z2 * 0.1461644968504464))
        let halfSquare = 0.5 * fraction * fraction
        let low = (exponent * ln2Low + correction) + s * (halfSquare + z * p)
        // exponent * ln2High + fraction = sum + error exactly.
        let high = exponent * ln2High
        let sum = high + fraction
        let error = fraction - (sum - high)
        return sum + (error + (low - halfSquare))
    }
}
