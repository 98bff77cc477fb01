// The exponential neuron's equation solved in higher precision, sharing nothing with the library: what its fits have to agree with.
import Glibc

/// V' = -V + D e^(V/D) + I, by Gauss and Legendre's rule with 10 points on short steps.
struct ReferenceExponential {
    let drive: Precise
    let slope: Precise

    func velocity(_ v: Precise) -> Precise { -v + slope * exp(v / slope) + drive }

    /// Until V is +infinity.
    func time(_ v: Precise) -> Precise {
        // High up in s = e^(-V/D), ds/dt = -(1 + s (I/D + ln s)), in halves, as s ln s bends near 0; where s is lost beside 1, s is the time.
        let middle = 2 * slope
        var s = exp(-max(v, middle) / slope)
        var sum: Precise = 0
        while s > 1e-21 {
            sum += ReferenceExponential.integral(s / 2, s) { 1 / (1 + $0 * (drive / slope + log($0))) }
            s /= 2
        }
        sum += s
        var bottom = v
        while bottom < middle {
            let top = min(bottom + slope / 4, middle)
            sum += ReferenceExponential.integral(bottom, top) { 1 / velocity($0) }
            bottom = top
        }
        return sum
    }

    /// V at which `remaining` is left: Newton's method, between bounds that close in.
    func potential(_ remaining: Precise) -> Precise {
        var (low, high) = (Precise(-1), max(2 * slope, -slope * log(remaining) + slope))
        while time(low) < remaining { low *= 2 }
        while time(high) > remaining { high *= 2 }
        var v = (low + high) / 2
        for _ in 0..<200 {
            let error = time(v) - remaining
            if error > 0 { low = v } else { high = v }
            let next = v + error * velocity(v)
            let step = (next > low && next < high ? next : (low + high) / 2) - v
            v += step
            if step.magnitude <= 1e-18 * (slope + v.magnitude) { break }
        }
        return v
    }

    private static func integral(_ a: Precise, _ b: Precise, _ f: (Precise) -> Precise) -> Precise {
        let (center, half) = ((a + b) / 2, (b - a) / 2)
        return half * rule.reduce(0) { $0 + $1.weight * (f(center - half * $1.point) + f(center + half * $1.point)) }
    }

    /// The positive zeros of the Legendre polynomial P10, and weights 2 / ((1 - x^2) P10'(x)^2).
    private static let rule: [(point: Precise, weight: Precise)] = (0..<5).map { index in
        var x = cos(Precise.pi * (Precise(index) + 0.75) / 10.5)
        var slope: Precise = 1
        for _ in 0..<20 {
            var (previous, value) = (1 as Precise, x)
            for order in 2...10 {
                let n = Precise(order)
                (previous, value) = (value, ((2 * n - 1) * x * value - (n - 1) * previous) / n)
            }
            slope = 10 * (x * value - previous) / (x * x - 1)
            x -= value / slope
        }
        return (x, 2 / ((1 - x * x) * slope * slope))
    }
}
