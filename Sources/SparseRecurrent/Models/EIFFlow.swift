// The precise flow of the exponential neuron, by quadrature: what its fits are made from.
import Mathematics

/// V' = F(V) = -V + D e^(V/D) + I, with T(V) the time that is left at V until the threshold, +infinity, and V(r) its inverse.
///
/// - Below -37 D the exponential is lost beside V in float64: T(V) = T(-37 D) + ln((I - V) / (I + 37 D)).
/// - High up, in s = e^(-V/D): ds/dt = -(1 + s (I/D + ln s)), so T = s - s^2 (I/D + ln s - 1/2) / 2 but for
///   terms of third order, which are below 1e-19 where s is below 3e-7 D / (D + I).
/// - Between, quadrature from border to border, D / 2 apart.
struct EIFFlow {
    let drive: Double
    let slope: Double
    private let low: Double
    private let high: Double
    /// T at the borders from low to high.
    private let times: [Double]

    init(drive: Double, slope: Double) {
        (self.drive, self.slope) = (drive, slope)
        low = EIFFlow.low(slope)
        high = EIFFlow.high(drive, slope)
        let count = Int((high - low) / (0.5 * slope)) + 1
        let borders = (0...count).map { [low, high] in low + (high - low) * (Double($0) / Double(count)) }
        var times = borders.map { _ in 0.0 }
        times[count] = EIFFlow.timeHighUp(high, drive, slope)
        for panel in stride(from: count - 1, through: 0, by: -1) {
            times[panel] =
                times[panel + 1] + EIFFlow.duration(drive, slope, from: borders[panel], to: borders[panel + 1])
        }
        self.times = times
    }

    /// The V below which the exponential is lost beside it.
    static func low(_ slope: Double) -> Double { -37 * slope }

    /// The V from which on two terms of the series are enough.
    static func high(_ drive: Double, _ slope: Double) -> Double { slope * (15 + Elementary.log1p(drive / slope)) }

    @inline(__always)
    static func velocity(_ v: Double, _ drive: Double, _ slope: Double) -> Double {
        slope * Elementary.exp(v / slope) + (drive - v)
    }

    /// T(V) from V = `high` on.
    static func timeHighUp(_ v: Double, _ drive: Double, _ slope: Double) -> Double {
        let s = Elementary.exp(-v / slope)
        return s - 0.5 * s * s * (drive / slope - v / slope - 0.5)
    }

    /// V(r) where V is `high` or more: the inverse of `timeHighUp`.
    static func potentialHighUp(_ remaining: Double, _ drive: Double, _ slope: Double) -> Double {
        let r = max(remaining, 1e-300)
        return -slope * Elementary.log(r + 0.5 * r * r * (drive / slope + Elementary.log(r) - 0.5))
    }

    func velocity(_ v: Double) -> Double { EIFFlow.velocity(v, drive, slope) }

    /// dF/dV
    func curvature(_ v: Double) -> Double { Elementary.exp(v / slope) - 1 }

    /// T(V)
    func time(_ v: Double) -> Double {
        if v >= high { return EIFFlow.timeHighUp(v, drive, slope) }
        if v < low { return times[0] + Elementary.log((drive - v) / (drive - low)) }
        let panel = min(Int((v - low) / width), times.count - 2)
        return times[panel + 1] + EIFFlow.duration(drive, slope, from: v, to: border(panel + 1))
    }

    /// V(r), by Halley's method.
    func potential(_ remaining: Double) -> Double {
        let last = times.count - 1
        if remaining <= times[last] { return EIFFlow.potentialHighUp(remaining, drive, slope) }
        if remaining > times[0] { return drive - (drive - low) * Elementary.exp(remaining - times[0]) }
        var (panel, above) = (0, last)
        while above - panel > 1 {
            let middle = (panel + above) / 2
            if times[middle] >= remaining { panel = middle } else { above = middle }
        }
        let (top, rest) = (border(panel + 1), remaining - times[panel + 1])
        var v = top - width * rest / (times[panel] - times[panel + 1])
        for _ in 0..<10 {
            let error = EIFFlow.duration(drive, slope, from: v, to: top) - rest
            let step = error * velocity(v) / (1 - 0.5 * error * curvature(v))
            v += step
            // The next step would be of the order of this one's cube.
            if step.magnitude <= 1e-6 * slope { break }
        }
        return v
    }

    private var width: Double { (high - low) / Double(times.count - 1) }
    private func border(_ index: Int) -> Double { low + (high - low) * (Double(index) / Double(times.count - 1)) }

    /// The time from `bottom` to `top`, no more than D / 2 apart: the integral of 1/F by Gauss and Legendre's rule with 10
    /// points. Its error there is below 1e-20 of the value, as the poles of 1/F are at least sqrt(2) D away.
    private static func duration(_ drive: Double, _ slope: Double, from bottom: Double, to top: Double) -> Double {
        let (center, half) = (0.5 * (bottom + top), 0.5 * (top - bottom))
        var sum = 0.0
        for (point, weight) in rule {
            sum +=
                weight
                * (1 / velocity(center - half * point, drive, slope) + 1 / velocity(center + half * point, drive, slope))
        }
        return half * sum
    }

    private static let rule = [
        (0.14887433898163122, 0.29552422471475287), (0.4333953941292472, 0.26926671930999635),
        (0.6794095682990244, 0.21908636251598204), (0.8650633666889845, 0.1494513491505806),
        (0.9739065285171717, 0.06667134430868814),
    ]
}
