// The principal branch of Lambert's W where closed-form spike times need it: from its branch point to 0.

/// W0: the solution W >= -1 of W e^W = x.
///
/// At the branch point x = -1/e the slope is infinite and 1 + W goes to 0 as sqrt(2 (1 + e x)). So 1 + W is asked for, given 1 + e x: that
/// loses nothing there.
public enum LambertW {
    /// 1 + W0(x) of some x in -1/e ... 0, given `branchDistance` = 1 + e x, 0 ... 1; NaN below 0. Worst error met in sweeps of
    /// millions of arguments against extended precision: 3.3 ulp for the argument as given.
    @inlinable @inline(__always)
    public static func principalPlusOne<Real: VectorLanes>(branchDistance: Real) -> Real {
        principalPlusOne(root: Real.squareRoot(branchDistance + branchDistance))
    }

    @inlinable @inline(__always)
    static func principalPlusOne<Real: RealLanes>(root p: Real) -> Real {
        let (p2, p4) = (p * p, (p * p) * (p * p))
        // 1 + W0 = p (1 + p Q(p)); error 0.21 of 2^-53. Made by Tests/MathematicsTests/Generators/lambert_w_coefficients.py.
        let q0 = quartet(p, p2, -0.3333333333333333, 0.1527777777777741, -0.07962962962924709, 0.04450231479889947)
        let q4 = quartet(p, p2, -0.02598471452129215, 0.015635627733453596, -0.009616848141144435, 0.006014257921369151)
        let q8 = quartet(
            p, p2, -0.0038099247287472797, 0.0024358393672122025, -0.0015625215276495288, 0.0009935838139871)
        let q12 = quartet(
            p, p2, -0.0006124264302334929, 0.00035376488638380117, -0.0001836526363496495, 8.185114229789607e-05)
        let q16 = quartet(
            p, p2, -2.9835196284517446e-05, 8.415190338028464e-06, -1.7056097559886737e-06, 2.1955691580160315e-07)
        let high = q12 + p4 * (q16 + p4 * -1.342112812680441e-08)
        let q = q0 + p4 * (q4 + p4 * (q8 + p4 * high))
        return p + p2 * q
    }

    /// a + b p + c p^2 + d p^3.
    @inlinable @inline(__always)
    static func quartet<Real: RealLanes>(
        _ p: Real, _ p2: Real, _ a: Double, _ b: Double, _ c: Double, _ d: Double
    ) -> Real { (a + b * p) + p2 * (c + d * p) }
}
