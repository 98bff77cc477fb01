// How a neuron moves between two events, for any pair of time constants.
import Mathematics

/// The linear map of a neuron's state over an interval without events: V -> a V + h I, I -> b I.
@frozen
public struct Propagators: Sendable {
    public let a: Double
    public let b: Double
    public let h: Double

    @inlinable
    public init(a: Double, b: Double, h: Double) {
        self.a = a
        self.b = b
        self.h = h
    }
}

/// The same for four intervals side by side.
@frozen
public struct VectorPropagators {
    public let a: SIMD4<Double>
    public let b: SIMD4<Double>
    public let h: SIMD4<Double>

    @inlinable
    public init(a: SIMD4<Double>, b: SIMD4<Double>, h: SIMD4<Double>) {
        self.a = a
        self.b = b
        self.h = h
    }
}

/// Derived values of one neuron's (or a whole uniform layer's) parameters.
///
/// Between events V(t) = a V + h I with h = a (t / tau_m) expm1(z) / z, z = t (tau_s - tau_m) / (tau_m tau_s): unlike the
/// difference of two exponentials this loses no digits as tau_s approaches tau_m. The adjoint in reverse time is the same
/// map with the roles of the two time constants exchanged: lV -> a lV, lI -> b lI + h (tau_m / tau_s) lV.
@frozen
public struct Flow: Sendable {
    public let tauMem: Double
    public let tauSyn: Double
    public let threshold: Double
    public let reset: Double
    /// (tau_s - tau_m) / (tau_m tau_s), so that z = rate * t.
    public let rate: Double
    /// tau_s / (tau_s - tau_m); infinite where they are equal.
    public let k: Double
    /// tau_m / tau_s: turns the h of the forward flow into that of the adjoint.
    public let ratio: Double
    /// 1 / threshold: crossing tests work on V / threshold, so that no power of a small or large threshold leaves float64.
    public let inverseThreshold: Double
    /// An interval long enough that nothing can happen later, and short enough that the slower exponential is not yet 0:
    /// no current float64 can hold stays above any threshold for 700 time constants.
    public let longest: Double

    public init(_ neuron: LIFNeuron) {
        tauMem = neuron.tauMem
        tauSyn = neuron.tauSyn
        threshold = neuron.threshold
        reset = neuron.reset
        rate = (neuron.tauSyn - neuron.tauMem) / (neuron.tauMem * neuron.tauSyn)
        k = neuron.tauSyn / (neuron.tauSyn - neuron.tauMem)
        ratio = neuron.tauMem / neuron.tauSyn
        inverseThreshold = 1 / neuron.threshold
        longest = 700 * max(neuron.tauMem, neuron.tauSyn)
    }

    /// The map over an interval `dt >= 0`; intervals beyond `longest` count as `longest`.
    @inlinable @inline(__always)
    public func propagators(_ dt: Double) -> Propagators {
        let t = dt < longest ? dt : longest
        let a = Elementary.exp(-t / tauMem)
        let b = Elementary.exp(-t / tauSyn)
        let z = rate * t
        // For |z| > 1/2 the difference of exponentials cancels no more than a bit, and cannot overflow as expm1 would.
        let isSmall = z < 0.5 && z > -0.5
        let bounded = isSmall ? z : 0.5
        let series = bounded == 0 ? 1 : Elementary.expm1(bounded) / bounded
        return Propagators(a: a, b: b, h: isSmall ? a * (t / tauMem) * series : k * (b - a))
    }

    /// The time from a state with V < I to the peak of V, +infinity if V rises for ever.
    /// From V' = 0: t = tau_m tau_s / (tau_s - tau_m) log1p((tau_s - tau_m)(I - V) / (tau_m I)).
    @inlinable
    public func timeToPeak(v: Double, i: Double) -> Double {
        let distance = (i - v) / i
        let u = (tauSyn - tauMem) / tauMem * distance
        if u <= -1 { return .infinity }
        // log1p(u) / u tends to 1 as the time constants meet.
        return tauSyn * distance * (u == 0 ? 1 : Elementary.log1p(u) / u)
    }
}
