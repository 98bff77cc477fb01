// How a neuron moves between two events, for any pair of time constants.
import Mathematics

/// The linear map of a neuron's state over an interval without events: V -> a V + h I, I -> b I. Of one neuron or of four.
@frozen
public struct StateMap<Real> {
    public let a: Real
    public let b: Real
    public let h: Real

    @inlinable @inline(__always)
    public init(a: Real, b: Real, h: Real) {
        self.a = a
        self.b = b
        self.h = h
    }
}

extension StateMap: Sendable where Real: Sendable {}

public typealias Propagators = StateMap<Double>
public typealias VectorPropagators = StateMap<SIMD4<Double>>

/// Derived values of one neuron's (or a whole uniform layer's) parameters.
///
/// Between events V(t) = a V + h I with h = a (t / tau_m) expm1(z) / z, z = t (tau_s - tau_m) / (tau_m tau_s): unlike the
/// difference of two exponentials this loses no digits as tau_s approaches tau_m. With the slower exponential in front it needs but
/// one other, e^-|z|. The adjoint in reverse time is the same
/// map with the roles of the two time constants exchanged: lV -> a lV, lI -> b lI + h (tau_m / tau_s) lV.
///
/// Membranes are measured from the drive: V - D moves as V does without one, its threshold is theta - D, its reset V_reset - D, and it begins
/// at -D.
@frozen
public struct Flow: Sendable {
    public let tauMem: Double
    public let tauSyn: Double
    /// From the drive on, as all membrane values: 0 or less where the neuron fires by itself.
    public private(set) var threshold: Double
    public private(set) var reset: Double
    /// Where the membrane is in the beginning.
    public private(set) var start: Double
    public let drive: Double
    public let refractory: Double
    /// (tau_s - tau_m) / (tau_m tau_s), so that z = rate * t.
    public let rate: Double
    /// |`difference`| / tau_m, so that |z| = gapRate * t, and 1 / |`difference`|; the larger time constant, and whether it is the synapse's.
    public let gapRate: Double
    public let inverseGap: Double
    public let slowest: Double
    public let isSynapseSlower: Bool
    /// tau_s / (tau_s - tau_m); infinite where they are equal.
    public let k: Double
    /// tau_m / tau_s: turns the h of the forward flow into that of the adjoint.
    public let ratio: Double
    /// (tau_s - tau_m) / tau_s = 1 - ratio without cancellation; where they are equal so small that it makes no difference, but not 0.
    public let difference: Double
    /// How long before its peak a membrane is at the threshold: see `Flow.beforePeak(ratio:difference:)`.
    public let beforePeak: SIMD8<Double>
    /// 1 / threshold: crossing tests work on V / threshold, so that no power of a small or large threshold leaves float64.
    public private(set) var inverseThreshold: Double
    /// An interval long enough that nothing can happen later, and short enough that the slower exponential is not yet 0:
    /// no current float64 can hold stays above any threshold for 700 time constants.
    public let longest: Double

    public init(_ neuron: LIFNeuron) {
        tauMem = neuron.tauMem
        tauSyn = neuron.tauSyn
        threshold = neuron.threshold - neuron.drive
        reset = neuron.reset - neuron.drive
        start = 0 - neuron.drive
        drive = neuron.drive
        refractory = neuron.refractory
        rate = (neuron.tauSyn - neuron.tauMem) / (neuron.tauMem * neuron.tauSyn)
        k = neuron.tauSyn / (neuron.tauSyn - neuron.tauMem)
        ratio = neuron.tauMem / neuron.tauSyn
        let gap = (neuron.tauSyn - neuron.tauMem) / neuron.tauSyn
        difference = gap == 0 ? 0x1p-60 : gap
        gapRate = difference.magnitude / neuron.tauMem
        inverseGap = 1 / difference.magnitude
        slowest = max(neuron.tauMem, neuron.tauSyn)
        isSynapseSlower = neuron.tauSyn > neuron.tauMem
        beforePeak = Flow.beforePeak(ratio: ratio, difference: difference)
        inverseThreshold = 1 / threshold
        longest = 700 * slowest
    }

    /// The same for states in the measure of the threshold.
    public var inThresholds: Flow {
        var own = self
        (own.threshold, own.reset, own.start) = (1, reset * inverseThreshold, start * inverseThreshold)
        own.inverseThreshold = 1
        return own
    }

    /// The map over an interval `dt >= 0`; intervals beyond `longest` count as `longest`.
    @inlinable @inline(__always)
    public func propagators<Real: RealLanes>(_ dt: Real) -> StateMap<Real> {
        let decays = self.decays(dt)
        let h = decays.slow * (decays.complement * inverseGap)
        let (slow, fast) = (decays.slow, decays.fast)
        return isSynapseSlower ? StateMap(a: fast, b: slow, h: h) : StateMap(a: slow, b: fast, h: h)
    }

    /// What is left of a current after an interval `dt >= 0`: the b of the map, to the bit.
    @inlinable @inline(__always)
    public func decay<Real: RealLanes>(_ dt: Real) -> Real {
        let decays = self.decays(dt)
        return isSynapseSlower ? decays.slow : decays.fast
    }

    /// With x = |z| the slower exponential, the faster one, which is e^-x times the slower, and 1 - e^-x: no digit is lost however near the time
    /// constants are, nor does anything overflow.
    @inlinable @inline(__always)
    func decays<Real: RealLanes>(_ dt: Real) -> (slow: Real, fast: Real, complement: Real) {
        let t = bounded(dt)
        let s = t / Real(slowest)
        let slow = Elementary.decay(normal: s).value
        let gap = gapRate * t
        let (apart, complement) = Elementary.decay(normal: Real.select(Real.isLess(gap, Real(700)), gap, Real(700)))
        return (slow, Flow.product(slow, apart, exponent: s + gap), complement)
    }

    /// e^-`exponent` from two factors, 0 where it is below 1e-290.
    @inlinable @inline(__always)
    static func product<Real: RealLanes>(_ x: Real, _ y: Real, exponent: Real) -> Real {
        x * Real.select(Real.isLess(Real(667), exponent), Real(0), y)
    }

    /// Whether the difference of the two decays has all digits of a current.
    @inlinable public var isApart: Bool { difference.magnitude >= 0.25 }

    /// An interval, but no longer than `longest`.
    @inlinable @inline(__always)
    func bounded<Real: RealLanes>(_ dt: Real) -> Real {
        Real.select(Real.isLess(dt, Real(longest)), dt, Real(longest))
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
