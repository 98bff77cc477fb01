// One neuron of an array: its state, how that moves between events, and how long it surely stays below threshold.
import Mathematics
import Neurons

/// A neuron is only touched when it has to be: arrivals wait until they might make it fire.
///
/// By superposition, the arrivals of currents c_k at t_k move the membrane by the sum of c_k h(t - t_k), h as in `Flow`, whatever else
/// happens but a spike; so do the two currents of the state, as if they had arrived at its time. Two bounds follow:
/// - The highest value the membrane can reach later is at most what it was before an arrival plus the highest value of c h. While that
///   sum, `peak`, is below the threshold, an arrival costs an addition.
/// - Until `sureUntil` the membrane rises by at most `steepest` / tau_m, and that grows by c with an arrival. While the threshold is not
///   reached at that rate, an arrival costs a division.
///
/// Membranes are measured from the drive, as in `Flow`.
struct NeuronCell {
    // What each arrival needs.
    /// -infinity while refractory.
    var peak: Double
    let threshold: Double
    let gain: Double
    /// By how much an excitatory weight of 1 raises the peak at most.
    let peakGain: Double
    /// How many places are taken: the state's two, then one for each arrival that waits.
    var taken = 2
    /// How far the threshold was from the membrane at `time`, times tau_m.
    var distance = 0.0
    var steepest = 0.0
    var sureUntil = 0.0

    // State at `time`, which is at most the time of the first arrival that waits.
    var time = 0.0
    var membrane: Double
    var excitation = 0.0
    var inhibition = 0.0
    var refractoryEnd = 0.0

    // Derived from parameters.
    let decayMem, decayExc, decayInh: Double
    let exc, inh: SynapticFlow
    let start, reset, refractory, tauMem: Double
    /// The highest value of h for excitation.
    let highest: Double
    /// What a unit of inhibition that decays faster than excitation lacks at most.
    let lack: Double
    /// The longest time a bound on the current is used for.
    let horizon: Double
    let delay, noise: Double
    /// Steps below this, in time constants of the membrane, are rounding.
    static let smallestStep = 1e-15
    /// With noise, the longest time between two increments in time constants of the membrane.
    static let noiseStep = 1.0 / 32
    /// Places for the state's two currents and for arrivals that wait; a multiple of 4.
    static let room = 16

    init(_ own: ArrayNeuron) {
        threshold = own.threshold - own.drive
        (start, reset) = (0 - own.drive, own.reset - own.drive)
        membrane = start
        peak = .infinity
        (tauMem, gain, refractory) = (own.tauMem, own.gain, own.refractory)
        (decayMem, decayExc, decayInh) = (-1 / own.tauMem, -1 / own.tauSynExc, -1 / own.tauSynInh)
        exc = SynapticFlow(tauMem: own.tauMem, tauSyn: own.tauSynExc)
        inh = SynapticFlow(tauMem: own.tauMem, tauSyn: own.tauSynInh)
        let flow = Flow(LIFNeuron(tauMem: own.tauMem, tauSyn: own.tauSynExc, threshold: 1, reset: 0))
        // Rounded up: it is a bound.
        highest = flow.propagators(flow.timeToPeak(v: 0, i: 1)).h * (1 + 1e-9)
        peakGain = highest * own.gain
        // e^{-t/tau_e} - e^{-t/tau_i} <= t (1/tau_i - 1/tau_e) e^{-t/tau_e} is at most this, and so is what it does to a membrane.
        lack = max(0, own.tauSynExc / own.tauSynInh - 1) / 2.718281828459045
        horizon = 0.5 * own.tauSynInh
        (delay, noise) = (own.delay, own.noise)
    }

    /// As it was in the beginning.
    mutating func restart() {
        (time, membrane, excitation, inhibition, refractoryEnd) = (0, start, 0, 0, 0)
        (taken, peak) = (2, .infinity)
    }

    var isRefractory: Bool { time < refractoryEnd }

    /// Moves the state to `t`, with all arrivals that wait. Places: when each came and the current it adds. Within a refractory period `t`
    /// is not after its end.
    mutating func advance(
        to t: Double, _ times: UnsafeMutablePointer<Double>, _ currents: UnsafeMutablePointer<Double>
    ) {
        (times[0], times[1], currents[0], currents[1]) = (time, time, excitation, inhibition)
        var n = taken
        while n & 3 != 0 {
            (times[n], currents[n]) = (t, 0)
            n &+= 1
        }
        let end = n
        var (moved, excited, inhibited) = (SIMD4<Double>.zero, SIMD4<Double>.zero, SIMD4<Double>.zero)
        var decayed = 0.0
        n = 0
        while n < end {
            let since = SIMD4(repeating: t) - UnsafeRawPointer(times + n).loadUnaligned(as: SIMD4<Double>.self)
            let current = UnsafeRawPointer(currents + n).loadUnaligned(as: SIMD4<Double>.self)
            let isInhibitory = current .< .zero
            let decayMembrane = Elementary.exp(since * decayMem)
            let decay = Elementary.exp(
                since * SIMD4(repeating: decayExc).replacing(with: decayInh, where: isInhibitory))
            let left = current * decay
            excited += left.replacing(with: 0, where: isInhibitory)
            inhibited += SIMD4.zero.replacing(with: left, where: isInhibitory)
            let response = exc.response(since, decayMembrane, decay).replacing(
                with: inh.response(since, decayMembrane, decay), where: isInhibitory)
            moved += current * response
            if n == 0 { decayed = decayMembrane[0] * membrane }
            n &+= 4
        }
        if !isRefractory { membrane = decayed + ((moved[0] + moved[1]) + (moved[2] + moved[3])) }
        excitation = (excited[0] + excited[1]) + (excited[2] + excited[3])
        inhibition = (inhibited[0] + inhibited[1]) + (inhibited[2] + inhibited[3])
        (time, taken) = (t, 2)
    }

    /// What temporal noise does to a membrane over an interval: an Ornstein-Uhlenbeck process, exact at its end.
    mutating func shake(over elapsed: Double, _ stream: inout RandomStream) {
        guard noise > 0, elapsed > 0 else { return }
        membrane += noise * (-Elementary.expm1(2 * decayMem * elapsed)).squareRoot() * stream.normal()
    }

    /// How long from now on the neuron surely does not fire if nothing but inhibition arrives, +infinity if it never does; 0 if it fires
    /// now. Renews `peak`.
    ///
    /// Where the peak is not below the threshold, the time is a step of Newton's method from the left, with the largest current that
    /// can be within the step. So a neuron that is asked again whenever that time is over comes as near to its spike as float64 can
    /// tell, quadratically, and no other search is needed.
    mutating func silence() -> Double {
        let gap = threshold - membrane
        let top = max(membrane, 0)
        let current = excitation + inhibition
        // The peak of a membrane u > 0 under a current J e^{-t/tau_e} is convex in (u, J): at most the chord's.
        let alone = top + highest * max(0, excitation - top)
        let balanced = top + highest * max(0, max(0, current) - top) - lack * inhibition
        peak = min(alone, balanced)
        if gap <= 0 { return 0 }
        var step = Double.infinity
        sureUntil = -.infinity
        if peak >= threshold {
            let slope = current - membrane
            let reach = slope > 0 ? min(horizon, 2 * tauMem * gap / slope) : horizon
            // The current is at most this parabola: what decays is above its tangent, and below that with half the square.
            let (rise, bend) = (excitation * decayExc + inhibition * decayInh, 0.5 * excitation * decayExc * decayExc)
            let bent = max(current, current + reach * (rise + reach * bend))
            steepest = min(bent, excitation + inhibition * (1 + reach * decayInh)) - membrane
            (distance, sureUntil) = (tauMem * gap, time + reach)
            step = steepest > gap ? min(reach, distance / steepest) : reach
            if current < threshold {
                // And for as long as the current is below the threshold, the membrane is.
                let below = threshold - current
                let slow = rise + (rise * rise + 4 * bend * below).squareRoot()
                step = max(step, slow > 0 ? min(horizon, 2 * below / slow) : horizon)
            }
            // Nearer than this nothing can be told.
            if step <= max(NeuronCell.smallestStep * tauMem, 2 * time.ulp) { return 0 }
        }
        return noise > 0 ? min(step, NeuronCell.noiseStep * tauMem) : step
    }

    /// Until when the neuron surely does not fire, with `current` arriving, of the second bound; at most `time` where that says nothing.
    @inline(__always)
    mutating func silenceEnd(adding current: Double) -> Double {
        steepest += current
        return steepest > 0 ? min(sureUntil, time + distance / steepest) : sureUntil
    }

    /// A spike at `time`.
    mutating func fire() {
        membrane = reset
        refractoryEnd = time + refractory
    }
}

/// What a unit of synaptic current does to a membrane: h(t) of `Flow`, from exponentials that are there already.
struct SynapticFlow {
    /// tau_s / (tau_s - tau_m).
    let k: Double
    /// (tau_s - tau_m) / (tau_m tau_s).
    let rate: Double
    let tauMem: Double
    /// Whether the two time constants are so near that a difference of exponentials would cancel.
    let isNear: Bool

    init(tauMem: Double, tauSyn: Double) {
        // Of equal ones the product is never used, but must be a number.
        k = tauSyn == tauMem ? 0 : tauSyn / (tauSyn - tauMem)
        rate = (tauSyn - tauMem) / (tauMem * tauSyn)
        self.tauMem = tauMem
        isNear = (tauSyn - tauMem).magnitude * 8 < tauSyn
    }

    /// `a` and `b`: how far a membrane and the current have decayed after `t`.
    @inline(__always)
    func response<Real: RealLanes>(_ t: Real, _ a: Real, _ b: Real) -> Real {
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
        return Real.select(isSmall, a * (t / Real(tauMem)) * series, far)
    }
}
