// The exponential neuron, whose flow has no closed form: precise values are computed once, and fitted by polynomials.
import Mathematics

/// With T(V) the time that is left at V until the threshold, +infinity, and V(r) its inverse, an input w takes the remaining
/// time r to T(V(r) + w). Reset is -1.
///
/// - Below -37 D the exponential is lost beside V in float64: T(V) = T(-37 D) + ln((I - V) / (I + 37 D)).
/// - High up, in s = e^(-V/D): ds/dt = -(1 + s (I/D + ln s)), so T = s - s^2 (I/D + ln s - 1/2) / 2 but for
///   terms of third order, which are below 1e-19 where s is below 3e-7 D / (D + I).
/// - Between, panels of equal width in V, each with one polynomial for T - T(top) and one for V - V(top).
struct EIF: TimeKeys, Sendable {
    private let flow: EIFFlow
    private let low: Double
    private let high: Double
    private let inverseWidth: Double
    private let panelCount: Int
    private let degree: Int
    /// T at the lower border of each panel, and at the top of the last.
    private let times: LargeBuffer<Double>
    private let timePolynomials: LargeBuffer<Double>
    private let potentialPolynomials: LargeBuffer<Double>
    private var resetTime: Double

    init(drive: Double, slope: Double, _ kind: FlowTable) throws(SpinnpropError) {
        let flow = EIFFlow(drive: drive, slope: slope)
        self.flow = flow
        low = -37 * slope
        high = slope * (15 + Elementary.log1p(drive / slope))
        // Panels of a quarter D with degree 11, or of D / 64 with degree 5: both leave errors near 1e-16.
        let width = kind == .chebyshev ? slope / 4 : slope / 64
        degree = kind == .chebyshev ? 11 : 5
        panelCount = Int((high - low) / width) + 1
        inverseWidth = Double(panelCount) / (high - low)
        times = try LargeBuffer(count: panelCount + 1, repeating: 0, "the neuron's table")
        let size = panelCount * (degree + 1)
        timePolynomials = try LargeBuffer(count: size, repeating: 0, "the neuron's table")
        potentialPolynomials = try LargeBuffer(count: size, repeating: 0, "the neuron's table")
        let (low, high, panelCount, degree) = (low, high, panelCount, degree)
        func border(_ panel: Int) -> Double { low + (high - low) * (Double(panel) / Double(panelCount)) }
        times.pointer[panelCount] = EIF.timeHighUp(high, flow)
        for panel in stride(from: panelCount - 1, through: 0, by: -1) {
            let (bottom, top) = (border(panel), border(panel + 1))
            let duration = flow.duration(from: bottom, to: top)
            times.pointer[panel] = times.pointer[panel + 1] + duration
            let timeFit: [Double]
            let potentialFit: [Double]
            switch kind {
            case .chebyshev:
                timeFit = PanelFit.chebyshev(degree: degree) {
                    flow.duration(from: bottom + $0 * (top - bottom), to: top)
                }
                potentialFit = PanelFit.chebyshev(degree: degree) {
                    flow.potential(before: top, remaining: $0 * duration, guess: top - $0 * (top - bottom)) - top
                }
            case .table:
                let velocities = (flow.velocity(bottom), flow.velocity(top))
                let curvatures = (flow.curvature(bottom), flow.curvature(top))
                // T' = -1/F, T'' = F'/F^2 along V; V' = -F, V'' = F' F along r.
                timeFit = PanelFit.hermite(
                    width: top - bottom, values: (duration, 0), slopes: (-1 / velocities.0, -1 / velocities.1),
                    curvatures: (
                        curvatures.0 / (velocities.0 * velocities.0), curvatures.1 / (velocities.1 * velocities.1)
                    ))
                potentialFit = PanelFit.hermite(
                    width: duration, values: (0, bottom - top), slopes: (-velocities.1, -velocities.0),
                    curvatures: (curvatures.1 * velocities.1, curvatures.0 * velocities.0))
            }
            for index in 0...degree {
                timePolynomials.pointer[panel * (degree + 1) + index] = timeFit[index]
                potentialPolynomials.pointer[panel * (degree + 1) + index] = potentialFit[index]
            }
        }
        resetTime = 0
        resetTime = time(-1)
    }

    @inline(__always)
    func after(_ remaining: Double, _ neuron: Int, weight: Double) -> Double { time(potential(remaining) + weight) }

    @inline(__always)
    func slopes(_ remaining: Double, _ neuron: Int, weight: Double) -> (state: Double, weight: Double) {
        let before = potential(remaining)
        let after = flow.velocity(before + weight)
        return (flow.velocity(before) / after, -1 / after)
    }

    func voltage(remaining: Double, _ neuron: Int) -> Double { potential(remaining) }

    @inline(__always)
    func period(_ neuron: Int) -> Double { resetTime }

    /// T(V)
    func time(_ v: Double) -> Double {
        if v >= high { return EIF.timeHighUp(v, flow) }
        if v < low { return times.pointer[0] + Elementary.log((flow.drive - v) / (flow.drive - low)) }
        let place = (v - low) * inverseWidth
        let panel = min(Int(place), panelCount &- 1)
        return times.pointer[panel &+ 1] + value(timePolynomials, panel, place - Double(panel))
    }

    /// V(r)
    func potential(_ remaining: Double) -> Double {
        let times = times.pointer
        if remaining <= times[panelCount] {
            let r = max(remaining, 1e-300)
            let s = r + 0.5 * r * r * (flow.drive / flow.slope + Elementary.log(r) - 0.5)
            return -flow.slope * Elementary.log(s)
        }
        if remaining > times[0] {
            return flow.drive - (flow.drive - low) * Elementary.exp(remaining - times[0])
        }
        var (panel, above) = (0, panelCount)
        while above &- panel > 1 {
            let middle = (panel &+ above) / 2
            if times[middle] >= remaining { panel = middle } else { above = middle }
        }
        let (start, length) = (times[panel &+ 1], times[panel] - times[panel &+ 1])
        let top = low + (high - low) * (Double(panel &+ 1) / Double(panelCount))
        return top + value(potentialPolynomials, panel, (remaining - start) / length)
    }

    @inline(__always)
    private func value(_ polynomials: LargeBuffer<Double>, _ panel: Int, _ x: Double) -> Double {
        let coefficients = polynomials.pointer + panel &* (degree &+ 1)
        var sum = coefficients[degree]
        var index = degree
        while index > 0 {
            index &-= 1
            sum = sum * x + coefficients[index]
        }
        return sum
    }

    private static func timeHighUp(_ v: Double, _ flow: EIFFlow) -> Double {
        let s = Elementary.exp(-v / flow.slope)
        return s - 0.5 * s * s * (flow.drive / flow.slope - v / flow.slope - 0.5)
    }
}
