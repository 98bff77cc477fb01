// What synaptic currents do to membranes, from exponentials that are there already: of one neuron, or of four side by side.
import Mathematics

/// h(t) of `Flow`: the membrane that a unit of current leaves after t.
struct SynapticFlow<Real: RealLanes> {
    /// tau_s / (tau_s - tau_m).
    let k: Real
    /// (tau_s - tau_m) / (tau_m tau_s).
    let rate: Real
    /// 1 / tau_m.
    let perTauMem: Real
    /// Whether two time constants are so near that a difference of exponentials would cancel.
    let isNear: Bool

    /// `a` and `b`: how far a membrane and the current have decayed after `t`.
    @inline(__always)
    func response(_ t: Double, _ a: Real, _ b: Real) -> Real {
        let far = k * (b - a)
        guard isNear else { return far }
        let z = rate * t
        let isSmall = Real.isLess(z.magnitude, Real(0.25))
        let small = Real.select(isSmall, z, Real(0))
        // (e^z - 1) / z to the last digits.
        var series = Real(1.0 / 479_001_600)
        series = series * small + 1.0 / 39_916_800
        series = series * small + 1.0 / 3_628_800
        series = series * small + 1.0 / 362_880
        series = series * small + 1.0 / 40_320
        series = series * small + 1.0 / 5_040
        series = series * small + 1.0 / 720
        series = series * small + 1.0 / 120
        series = series * small + 1.0 / 24
        series = series * small + 1.0 / 6
        series = series * small + 1.0 / 2
        series = series * small + 1
        return Real.select(isSmall, a * (perTauMem * t) * series, far)
    }
}

extension SynapticFlow<Double> {
    init(tauMem: Double, tauSyn: Double) {
        // Of equal ones the product is never used, but must be a number.
        k = tauSyn == tauMem ? 0 : tauSyn / (tauSyn - tauMem)
        rate = (tauSyn - tauMem) / (tauMem * tauSyn)
        perTauMem = 1 / tauMem
        isNear = (tauSyn - tauMem).magnitude * 8 < tauSyn
    }
}
