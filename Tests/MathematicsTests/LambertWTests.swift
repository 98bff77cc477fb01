// Lambert's W against 400-digit values, against its defining equation, and at its edges.
import Mathematics
import Testing

struct LambertWTests {
    /// All four lanes, which must agree.
    private func plusOne(_ distance: Double) -> Double {
        let values = LambertW.principalPlusOne(branchDistance: SIMD4(distance, 0.5, distance, distance))
        #expect(values[0].bitPattern == values[2].bitPattern && values[0].bitPattern == values[3].bitPattern)
        return values[0]
    }

    @Test func agreesWithFourHundredDigits() {
        expectWithin(3.4, of: ElementaryReference.lambertWPlusOne, "principalPlusOne", plusOne)
    }

    @Test func solvesItsEquation() {
        var stream = RandomStream(seed: 1, stream: 0)
        for _ in 0..<100_000 {
            // 1 + e W e^W, of u = 1 + W.
            let u = stream.uniform()
            let distance = u * Elementary.exp(u) - Elementary.expm1(u)
            // The distance is known to some roundings of its terms; du = dD / (u e^u).
            let tolerance = 4 * 0x1p-52 * max(u, 1 / u)
            #expect(abs(plusOne(distance) - u) <= tolerance, "1 + W = \(u)")
        }
    }

    @Test func keepsItsDigitsAtTheBranchPoint() {
        // 1 + W = p - p^2 / 3 + ..., p = sqrt(2 d) (Corless et al. 1996, equation 4.22)
        for exponent in stride(from: -300.0, to: -9, by: 7) {
            let p = Elementary.exp(exponent)
            let value = plusOne(p * p / 2)
            #expect(abs(value - (p - p * p / 3 + 11 * p * p * p / 72)) <= 3 * value.ulp, "p = \(p)")
        }
    }

    @Test func specialValues() {
        #expect(plusOne(0) == 0)
        #expect(abs(plusOne(1) - 1) <= 2 * Double.ulpOfOne)
        #expect(plusOne(-1e-300).isNaN && plusOne(.nan).isNaN)
    }
}
