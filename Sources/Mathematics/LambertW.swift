// The principal branch of Lambert's W, up to its branch point, where closed-form spike times end.

/// W0: the solution W >= -1 of W e^W = x, for x >= -1/e.
///
/// At the branch point x = -1/e the slope is infinite and 1 + W goes to 0 as sqrt(2 (1 + e x)). Who divides by 1 + W,
/// or knows 1 + e x better than x, takes `principalPlusOne`, which loses nothing there.
///
/// Worst errors met in sweeps of millions of arguments against extended precision: `principal` 3.0 ulp,
/// `principalPlusOne` 2.7, each for the argument as given.
public enum LambertW {
    /// W0(x). NaN below -1/e; -1 at the float64 nearest to -1/e, which lies 1.2e-17 below it; +infinity at +infinity.
    public static func principal(_ x: Double) -> Double {
        if x < -0.2 {
            // 1 + e x: the first sum is exact near the branch point, where it matters.
            let distance = e * ((x + inverseEHigh) + inverseELow)
            if distance <= farthest {
                return x == -inverseEHigh ? -1 : nearBranchPoint(distance) - 1
            }
        }
        return awayFromBranchPoint(x)
    }

    /// 1 + W0(x), given `branchDistance` = 1 + e x >= 0. NaN below 0, +infinity at +infinity.
    public static func principalPlusOne(branchDistance distance: Double) -> Double {
        if distance <= farthest { return nearBranchPoint(distance) }
        return 1 + awayFromBranchPoint((distance - 1) * inverseEHigh)
    }

    private static let e = 2.718281828459045
    /// 1/e in two parts.
    private static let inverseEHigh = 0.36787944117144233
    private static let inverseELow = -1.2428753672788363e-17

    /// 1 + e x up to which the polynomial serves: p = 3/4.
    private static let farthest = 0.28125

    /// 1 + W0 = p (1 + p Q(p)), p = sqrt(2 (1 + e x)) <= 3/4; error 0.07 of 2^-53. Made by
    /// Tests/MathematicsTests/Generators/lambert_w_coefficients.py.
    private static let branchPolynomial = [
        -0.3333333333333333, 0.1527777777777762, -0.07962962962942906, 0.04450231480457153,
        -0.02598471459719809, 0.01563562798716885, -0.009616842481609657, 0.006014165418559351,
        -0.00380920741494593, 0.0024322747037566063, -0.0015501523305515574, 0.0009625122589218297,
        -0.000555081621101314, 0.0002759056252503924, -0.00010665626874896342, 2.7580084387731202e-05,
        -3.4940485382730877e-06,
    ]

    private static func nearBranchPoint(_ distance: Double) -> Double {
        let p = (2 * distance).squareRoot()
        var q = 0.0
        for coefficient in branchPolynomial.reversed() { q = q * p + coefficient }
        return p + p * p * q
    }

    /// For x > -0.265: Winitzki's guess (good to 6 %), then two of Fritsch's steps (Fritsch, Shafer and Crowley 1973),
    /// each of which raises the relative error to its fourth power.
    private static func awayFromBranchPoint(_ x: Double) -> Double {
        if x.magnitude < 0x1p-28 { return x - x * x }
        guard x < .infinity else { return x }
        let logarithm = Elementary.log1p(x)
        var w = logarithm * (1 - Elementary.log1p(logarithm) / (2 + logarithm))
        for _ in 0..<2 {
            let z = Elementary.log(x / w) - w
            let q = 2 * (1 + w) * (1 + w + (2 / 3) * z)
            w += w * (z / (1 + w)) * ((q - z) / (q - 2 * z))
        }
        return w
    }
}
