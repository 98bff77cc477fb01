// How a neuron's flow between two events depends on its time constants.
import Mathematics

/// The map of an interval, V -> a V + h I, I -> b I, and its derivatives with respect to the logarithms of both time constants.
public struct FlowDerivatives: Sendable {
    public let propagators: Propagators
    /// tau_m da/dtau_m, tau_m dh/dtau_m; b does not depend on tau_m.
    public let aMem, hMem: Double
    /// tau_s db/dtau_s, tau_s dh/dtau_s; a does not depend on tau_s.
    public let bSyn, hSyn: Double
    /// 1 - a: how much of a constant current has become membrane.
    public let complement: Double

    /// Of an interval of no length.
    public static let still = FlowDerivatives(
        propagators: Propagators(a: 1, b: 1, h: 0), aMem: 0, hMem: 0, bSyn: 0, hSyn: 0,
        complement: 0)
}

extension Flow {
    /// The map over an interval `dt >= 0` with its derivatives; intervals beyond `longest` count as `longest`.
    ///
    /// With u = t / tau_m, w = t / tau_s, z = u - w, r = tau_m / tau_s, k = tau_s / (tau_s - tau_m) = u / z and
    /// phi_1(z) = (e^z - 1) / z = 1 + z phi_2(z), phi_2(z) = (e^z - 1 - z) / z^2:
    ///
    ///     a = e^-u      tau_m da/dtau_m = u a
    ///     b = e^-w      tau_s db/dtau_s = w b
    ///     h = u a phi_1(z)
    ///     tau_m dh/dtau_m = u a (u phi_2(z) - phi_1(z)) = k (r h - u a)
    ///     tau_s dh/dtau_s = u w b phi_2(-z) = u w a (phi_1(z) - phi_2(z)) = u w (a - b + z b) / z^2
    ///
    /// The forms in phi hold where the time constants meet, the others where an exponential over another would overflow. With the series
    /// within |z| < 1/2 and the others beyond neither loses more than a digit, whatever the ratio, but where a derivative itself passes 0.
    public func derivatives(_ dt: Double) -> FlowDerivatives {
        let own = propagators(dt)
        let t = dt < longest ? dt : longest
        let (u, w, z) = (t / tauMem, t / tauSyn, rate * t)
        let (a, b, h) = (own.a, own.b, own.h)
        let complement = Elementary.decay(u).complement
        guard z < 0.5, z > -0.5 else {
            return FlowDerivatives(
                propagators: own, aMem: u * a, hMem: k * (ratio * h - u * a), bSyn: w * b,
                hSyn: u * w * ((a - b + z * b) / (z * z)), complement: complement)
        }
        let phi2 = Flow.secondRemainder(z)
        return FlowDerivatives(
            propagators: own, aMem: u * a, hMem: u * a * (u * phi2 - (1 + z * phi2)), bSyn: w * b,
            hSyn: u * w * a * (1 + z * phi2 - phi2), complement: complement)
    }

    /// (e^z - 1 - z) / z^2 for |z| <= 1/2, by its series: the last term is 1e-18 of the first.
    static func secondRemainder(_ z: Double) -> Double {
        var sum = 1.0 / 1307674368000
        sum = sum * z + 1.0 / 87178291200
        sum = sum * z + 1.0 / 6227020800
        sum = sum * z + 1.0 / 479001600
        sum = sum * z + 1.0 / 39916800
        sum = sum * z + 1.0 / 3628800
        sum = sum * z + 1.0 / 362880
        sum = sum * z + 1.0 / 40320
        sum = sum * z + 1.0 / 5040
        sum = sum * z + 1.0 / 720
        sum = sum * z + 1.0 / 120
        sum = sum * z + 1.0 / 24
        sum = sum * z + 1.0 / 6
        sum = sum * z + 1.0 / 2
        return sum
    }
}
