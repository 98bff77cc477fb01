// Polynomials on [0, 1] from values at Chebyshev's points, or from values and derivatives at both ends.
import Mathematics

/// Coefficients of powers of x or of Chebyshev's polynomials of 2 x - 1, the constant first.
enum PanelFit {
    /// The points at which `chebyshev` wants a function's values.
    static func points(degree: Int) -> [Double] { (0...degree).map { 0.5 * (1 + cosine(2 * $0 + 1, of: degree + 1)) } }

    /// cos(pi numerator / (2 count))
    private static func cosine(_ numerator: Int, of count: Int) -> Double {
        // The angle brought into half a turn.
        let turned = numerator % (4 * count)
        let angle = turned <= 2 * count ? turned : 4 * count - turned
        return HalfTurn.sineAndCosine(Double.pi * Double(angle) / Double(2 * count)).cosine
    }

    /// The Chebyshev series through the values at `points`.
    static func chebyshev(_ values: [Double]) -> [Double] {
        let count = values.count
        return (0..<count).map { order in
            let sum = (0..<count).reduce(0.0) { $0 + values[$1] * cosine(order * (2 * $1 + 1), of: count) }
            return sum * (order == 0 ? 1 : 2) / Double(count)
        }
    }

    /// The same polynomial in powers of x.
    static func powers(ofChebyshev series: [Double]) -> [Double] {
        let count = series.count
        // T0 = 1, T1 = u, T(n + 1) = 2 u T(n) - T(n - 1), in powers of x with u = 2 x - 1.
        var (previous, current) = ([1.0], [-1.0, 2.0])
        var result = [Double](repeating: 0, count: count)
        result[0] = series[0]
        for order in 1..<count {
            for (power, coefficient) in current.enumerated() { result[power] += series[order] * coefficient }
            var next = [Double](repeating: 0, count: current.count + 1)
            for (power, coefficient) in current.enumerated() {
                next[power] -= 2 * coefficient
                next[power + 1] += 4 * coefficient
            }
            for (power, coefficient) in previous.enumerated() { next[power] -= coefficient }
            (previous, current) = (current, next)
        }
        return result
    }

    /// Quintic Hermite interpolation over an interval of this width: values, first and second derivatives at its ends.
    static func hermite(
        width: Double, values: (Double, Double), slopes: (Double, Double), curvatures: (Double, Double)
    ) -> [Double] {
        let (p, q) = (slopes.0 * width, slopes.1 * width)
        let (a, b) = (0.5 * curvatures.0 * width * width, 0.5 * curvatures.1 * width * width)
        let rise = values.1 - values.0
        // What is left for x^3, x^4, x^5 of value, slope and half the curvature at 1.
        let (d0, d1, d2) = (rise - p - a, q - p - 2 * a, b - a)
        return [values.0, p, a, 10 * d0 - 4 * d1 + d2, -15 * d0 + 7 * d1 - 2 * d2, 6 * d0 - 3 * d1 + d2]
    }
}
