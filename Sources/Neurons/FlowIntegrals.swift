// Weighted time integrals of what one arrival does to a neuron, until the end of a run.
import Mathematics

/// The integrals over x from 0 to an end of e^{-x / tau} a(x), of a unit of membrane, and of e^{-x / tau} h(x), of a unit of current, with the latter's
/// derivatives with respect to the logarithms of both time constants.
public struct FlowIntegrals: Sendable {
    public let membrane: Double
    public let current: Double
    /// tau_m d/dtau_m of both; the membrane's does not depend on tau_s.
    public let membraneMem, currentMem: Double
    /// tau_s d/dtau_s of the current's.
    public let currentSyn: Double
}

extension Flow {
    /// With u the length, phi_1(x) = (e^x - 1) / x, and exp[...] divided differences of the exponential,
    ///
    ///     A = -u (1 / tau + 1 / tau_m)      B = -u (1 / tau + 1 / tau_s)
    ///     integral of e^{-x / tau} a(x) = u phi_1(A) = u exp[0, A]
    ///     integral of e^{-x / tau} h(x) = u^2 / tau_m exp[0, A, B]
    ///
    /// so that no digit is lost where time constants meet, nor where the length is short.
    ///
    /// - Parameters:
    ///   - length: from the arrival to the end, >= 0; +infinity: for ever.
    ///   - tau: of the weight, > 0; +infinity: none.
    public func integrals(_ length: Double, tau: Double) -> FlowIntegrals {
        let weight = Flow.rate(tau)
        let (alpha, beta) = (weight + 1 / tauMem, weight + 1 / tauSyn)
        // Beyond, every exponential is 0.
        let u = min(length, 750 / min(alpha, beta))
        let difference = DividedExponential(alpha * u, beta * u, apart: rate * u)
        let (first, slope) = DividedExponential.first(alpha * u)
        let (w, s) = (u / tauMem, u / tauSyn)
        let current = u * w * difference.value
        return FlowIntegrals(
            membrane: u * first, current: current, membraneMem: u * w * slope,
            currentMem: u * w * (w * difference.slopes.0) - current, currentSyn: u * w * (s * difference.slopes.1))
    }

    /// 1 / tau; finite even where tau is next to 0.
    private static func rate(_ tau: Double) -> Double { min(1 / tau, .greatestFiniteMagnitude) }

    /// The integral over a run of e^{-t / tau} (1 - a(t)), of a unit of drive: that of a current which does not decay.
    public func driveIntegral(_ end: Double, tau: Double) -> Double {
        let weight = Flow.rate(tau)
        let u = min(end, 750 / weight)
        return u * (u / tauMem) * DividedExponential((weight + 1 / tauMem) * u, weight * u, apart: u / tauMem).value
    }
}

/// The divided difference exp[0, -x, -y] for x, y >= 0, and its derivatives with respect to -x and -y, exp[0, -x, -x, -y] and exp[0, -x, -y, -y].
///
/// With y the larger one and z = x - y it is (e^-x phi_1(z) - phi_1(-x)) / -y, of which little is lost from y = 1 on; below, its series has no more than 20 terms.
struct DividedExponential {
    let value: Double
    let slopes: (Double, Double)

    /// - Parameter apart: x - y, as whoever knows it without cancellation.
    init(_ x: Double, _ y: Double, apart: Double) {
        let (small, large, gap) = apart > 0 ? (y, x, apart) : (x, y, -apart)
        let (value, slopes) =
            large < 1 ? DividedExponential.series(small, large) : DividedExponential.direct(small, large, gap)
        self.value = value
        self.slopes = apart > 0 ? (slopes.1, slopes.0) : slopes
    }

    private static func direct(_ x: Double, _ y: Double, _ gap: Double) -> (Double, (Double, Double)) {
        let decay = Elementary.decay(x).value
        let (first, slope) = first(gap)
        let (own, ownSlope) = self.first(x)
        let value = (own - decay * first) / y
        // exp[0, 0, -gap] = (1 - phi_1(-gap)) / gap, and exp[0, -gap, -gap] is phi_1's slope.
        let second = gap < 0.5 ? Flow.secondRemainder(-gap) : (1 - first) / gap
        return (value, ((ownSlope - decay * second) / y, (value - decay * slope) / y))
    }

    /// With h_n the sum of all products of n factors x or y: the sum over n of (-1)^n h_n(x, y) / (n + 2)!, and of (-1)^n h_n(x, x, y) / (n + 3)!.
    private static func series(_ x: Double, _ y: Double) -> (Double, (Double, Double)) {
        var (value, slopeX, slopeY) = (0.0, 0.0, 0.0)
        // h_n of (x, y), (x, x, y) and (x, y, y), with their signs, and y^n.
        var (both, twiceX, twiceY, power) = (1.0, 1.0, 1.0, 1.0)
        var factorial = 2.0
        var n = 0.0
        while n <= 20 {
            value += both / factorial
            factorial *= n + 3
            slopeX += twiceX / factorial
            slopeY += twiceY / factorial
            power *= -y
            both = power - x * both
            twiceX = both - x * twiceX
            twiceY = both - y * twiceY
            n += 1
        }
        return (value, (slopeX, slopeY))
    }

    /// phi_1(-x) = (1 - e^-x) / x, and its slope phi_1'(-x) = exp[0, -x, -x], for x >= 0.
    static func first(_ x: Double) -> (value: Double, slope: Double) {
        guard x >= 0.5 else {
            let second = Flow.secondRemainder(-x)
            return (1 - x * second, 1 - x * second - second)
        }
        let (decay, complement) = Elementary.decay(x)
        return (complement / x, (complement / x - decay) / x)
    }
}
