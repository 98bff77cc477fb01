// Lambert's W against 400-digit values, against its defining equation, and at its edges.
import Mathematics
import Testing

struct LambertWTests {
    @Test func agreesWithFourHundredDigits() {
        expectWithin(3.0, of: ElementaryReference.lambertW, "principal") { LambertW.principal($0) }
        expectWithin(2.7, of: ElementaryReference.lambertWPlusOne, "principalPlusOne") {
            LambertW.principalPlusOne(branchDistance: $0)
        }
    }

    @Test func solvesItsEquation() {
        var stream = RandomStream(seed: 1, stream: 0)
        for _ in 0..<20_000 {
            let w = 20 * stream.uniform() - 1
            let x = w * Elementary.exp(w)
            // x is known to 3 roundings; dW = W / (1 + W) dx / x.
            let tolerance = 4 * 0x1p-52 * abs(w) * max(1, 1 / (1 + w))
            #expect(abs(LambertW.principal(x) - w) <= tolerance, "W = \(w)")
        }
    }

    @Test func plusOneKeepsItsDigitsAtTheBranchPoint() {
        // 1 + W = p - p^2 / 3 + ..., p = sqrt(2 d) (Corless et al. 1996, equation 4.22)
        for exponent in stride(from: -300.0, to: -9, by: 7) {
            let p = Elementary.exp(exponent)
            let value = LambertW.principalPlusOne(branchDistance: p * p / 2)
            #expect(abs(value - (p - p * p / 3 + 11 * p * p * p / 72)) <= 3 * value.ulp, "p = \(p)")
        }
    }

    @Test func neverFallsAcrossTheSeams() {
        for seam in [-0.26441334888678, 0x1p-28, -0x1p-28, -0.2] {
            var x = seam
            for _ in 0..<50 { x = x.nextDown }
            for _ in 0..<100 {
                #expect(LambertW.principal(x.nextUp) >= LambertW.principal(x) - 2 * LambertW.principal(x).ulp)
                x = x.nextUp
            }
        }
    }

    @Test func specialValues() {
        let edge = -0.36787944117144233
        #expect(LambertW.principal(edge) == -1)
        #expect(LambertW.principal(edge.nextUp) > -1 && LambertW.principal(edge.nextUp) < -0.99999998)
        #expect(LambertW.principal(edge.nextDown).isNaN)
        #expect(LambertW.principal(-1).isNaN && LambertW.principal(-.infinity).isNaN && LambertW.principal(.nan).isNaN)
        #expect(LambertW.principal(0) == 0 && LambertW.principal(.infinity) == .infinity)
        #expect(LambertW.principal(.leastNonzeroMagnitude) == .leastNonzeroMagnitude)
        #expect(LambertW.principalPlusOne(branchDistance: 0) == 0)
        #expect(LambertW.principalPlusOne(branchDistance: 1) == 1)
        #expect(LambertW.principalPlusOne(branchDistance: .infinity) == .infinity)
        #expect(LambertW.principalPlusOne(branchDistance: -1e-300).isNaN)
        #expect(LambertW.principalPlusOne(branchDistance: .nan).isNaN)
    }
}
