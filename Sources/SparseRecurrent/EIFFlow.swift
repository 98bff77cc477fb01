// The precise flow of the exponential neuron, by quadrature: what its fits are made from.
import Mathematics

/// V' = F(V) = -V + D e^(V/D) + I.
struct EIFFlow: Sendable {
    let drive: Double
    let slope: Double

    @inline(__always)
    func velocity(_ v: Double) -> Double { slope * Elementary.exp(v / slope) + (drive - v) }

    /// dF/dV
    func curvature(_ v: Double) -> Double { Elementary.exp(v / slope) - 1 }

    /// The time from `low` to `high`, no more than D / 2 apart: the integral of 1/F by Gauss and Legendre's rule with 10
    /// points. Its error there is below 1e-20 of the value, as the poles of 1/F are at least sqrt(2) D away.
    func duration(from low: Double, to high: Double) -> Double {
        let (center, half) = (0.5 * (low + high), 0.5 * (high - low))
        var sum = 0.0
        for (point, weight) in EIFFlow.rule {
            sum += weight * (1 / velocity(center - half * point) + 1 / velocity(center + half * point))
        }
        return half * sum
    }

    /// The V from which `remaining` leads to `high`: Newton's method from `guess`.
    func potential(before high: Double, remaining: Double, guess: Double) -> Double {
        var v = guess
        for _ in 0..<20 {
            let step = (duration(from: v, to: high) - remaining) * velocity(v)
            v += step
            if step.magnitude <= 1e-17 { break }
        }
        return v
    }

    private static let rule = [
        (0.14887433898163122, 0.29552422471475287), (0.4333953941292472, 0.26926671930999635),
        (0.6794095682990244, 0.21908636251598204), (0.8650633666889845, 0.1494513491505806),
        (0.9739065285171717, 0.06667134430868814),
    ]
}
