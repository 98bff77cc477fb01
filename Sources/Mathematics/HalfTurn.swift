// Sine, cosine and their inverse for angles between 0 and pi, the same bits on every processor.

/// Angles of half a turn. Absolute errors stay below 3e-16 (4e-16 for `angle`).
public enum HalfTurn {
    /// sin x and cos x for 0 <= x <= pi, as cosine and sine of x - pi/2 by their power series.
    @inlinable @inline(__always)
    public static func sineAndCosine(_ x: Double) -> (sine: Double, cosine: Double) {
        let y = (x - 1.5707963267948966) - 6.123233995736766e-17
        let z = y * y
        var sine = -3.868170170630684e-23
        sine = sine * z + 1.9572941063391263e-20
        sine = sine * z - 8.22063524662433e-18
        sine = sine * z + 2.8114572543455206e-15
        sine = sine * z - 7.647163731819816e-13
        sine = sine * z + 1.6059043836821613e-10
        sine = sine * z - 2.505210838544172e-08
        sine = sine * z + 2.7557319223985893e-06
        sine = sine * z - 0.0001984126984126984
        sine = sine * z + 0.008333333333333333
        sine = sine * z - 0.16666666666666666
        var cosine = 1.6117375710961184e-24
        cosine = cosine * z - 8.896791392450574e-22
        cosine = cosine * z + 4.110317623312165e-19
        cosine = cosine * z - 1.5619206968586225e-16
        cosine = cosine * z + 4.779477332387385e-14
        cosine = cosine * z - 1.1470745597729725e-11
        cosine = cosine * z + 2.08767569878681e-09
        cosine = cosine * z - 2.755731922398589e-07
        cosine = cosine * z + 2.48015873015873e-05
        cosine = cosine * z - 0.001388888888888889
        cosine = cosine * z + 0.041666666666666664
        cosine = cosine * z - 0.5
        return (1 + z * cosine, -(y + y * z * sine))
    }

    /// sin x and cos x for any x of less than 1e15, to what a rounding of x itself would change them by.
    @inlinable @inline(__always)
    public static func ofAny(_ x: Double) -> (sine: Double, cosine: Double) {
        let shifted = (x * 0.3183098861837907 - 0.5) + roundingShift
        let halfTurns = shifted - roundingShift
        // pi in two parts: products of the first, of 30 bits, are exact.
        let (sine, cosine) = sineAndCosine((x - halfTurns * 3.141592651605606) - halfTurns * 1.984187159361081e-09)
        // Odd half turns change both signs.
        let sign = shifted.bitPattern &<< 63
        return (Double(bitPattern: sine.bitPattern ^ sign), Double(bitPattern: cosine.bitPattern ^ sign))
    }

    /// The angle in 0 ... pi whose sine and cosine are to each other as `sine` >= 0 and `cosine`.
    ///
    /// The nearer axis, plus or minus arctan q for 0 <= q <= 1: the nearest eighth from a table, the rest, at most 1/16, by its power
    /// series. Without branches, which would be guessed wrong half of the time.
    @inlinable @inline(__always)
    public static func angle(_ sine: Double, _ cosine: Double) -> Double {
        let size = cosine.magnitude
        let isFlat = sine <= size
        let (small, large) = (isFlat ? sine : size, isFlat ? size : sine)
        let shifted = 8 * (small / large) + roundingShift
        let nearest = (shifted - roundingShift) * 0.125
        let t = (small - nearest * large) / (large + nearest * small)
        let z = t * t
        var series = -0.06666666666666667
        series = series * z + 0.07692307692307693
        series = series * z - 0.09090909090909091
        series = series * z + 0.1111111111111111
        series = series * z - 0.14285714285714285
        series = series * z + 0.2
        series = series * z - 0.3333333333333333
        let part = arctangent(eighths: shifted.bitPattern & 15) + (t + t * z * series)
        // 0 + part, pi - part, pi/2 - part, pi/2 + part.
        let axis = isFlat ? (cosine > 0 ? 0 : 3.141592653589793) : 1.5707963267948966
        let rest = isFlat ? (cosine > 0 ? 0 : 1.2246467991473532e-16) : 6.123233995736766e-17
        return axis + ((isFlat == (cosine > 0) ? part : -part) + rest)
    }

    @inlinable @inline(__always)
    static func arctangent(eighths: UInt64) -> Double {
        switch eighths {
        case 0: 0
        case 1: 0.12435499454676144
        case 2: 0.24497866312686414
        case 3: 0.35877067027057225
        case 4: 0.4636476090008061
        case 5: 0.5585993153435624
        case 6: 0.6435011087932844
        case 7: 0.7188299996216245
        default: 0.7853981633974483
        }
    }

    /// Added to a number, leaves its nearest whole number in the last bits.
    @usableFromInline static var roundingShift: Double { @inlinable @inline(__always) get { 0x1.8p52 } }
}
