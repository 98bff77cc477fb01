// One neuron of an array: its state, how that moves between events, and how long it surely stays below threshold.
import Mathematics
import Neurons

/// A neuron is only touched when it has to be: arrivals wait (`waiting` of them, at most `NeuronCell.room`) until they might make it fire.
///
/// By superposition, the arrivals of weights w_k at t_k move the membrane by the sum of w_k h(t - t_k), h as in `Flow`, whatever else
/// happens but a spike. So the highest value it can reach later is at most what it was before an arrival plus the highest value of w h;
/// while that sum, `peak`, is below the threshold, an arrival costs an addition. Membranes are measured from the drive, as in `Flow`.
struct NeuronCell {
    // What each arrival needs.
    /// The membrane stays below this until `time` plus for ever if nothing else arrives; -infinity while refractory.
    var peak: Double
    let threshold: Double
    let gain: Double
    /// By how much an excitatory weight of 1 raises the peak at most.
    let peakGain: Double
    var waiting = 0

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
    /// Arrivals that may wait; a multiple of 4.
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
        (waiting, peak) = (0, .infinity)
    }

    var isRefractory: Bool { time < refractoryEnd }

    /// Moves the state to `t`, with all arrivals that wait; these came at `times` and add `currents`. Within a refractory period `t` is
    /// not after its end.
    mutating func advance(
        to t: Double, _ times: UnsafeMutablePointer<Double>, _ currents: UnsafeMutablePointer<Double>
    ) {
        let elapsed = t - time
        let decays = Elementary.exp(SIMD4(decayMem, decayExc, decayInh, 0) * elapsed)
        let isFixed = isRefractory
        let a = decays[0]
        var moved = SIMD4<Double>.zero
        var excited = SIMD4<Double>.zero
        var inhibited = SIMD4<Double>.zero
        let room = (waiting &+ 3) & ~3
        var n = waiting
        while n < room {
            times[n] = t
            currents[n] = 0
            n &+= 1
        }
        n = 0
        while n < room {
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
            n &+= 4
        }
        if !isFixed {
            membrane =
                a * membrane + exc.response(elapsed, a, decays[1]) * excitation
                + inh.response(elapsed, a, decays[2]) * inhibition + ((moved[0] + moved[1]) + (moved[2] + moved[3]))
        }
        excitation = decays[1] * excitation + ((excited[0] + excited[1]) + (excited[2] + excited[3]))
        inhibition = decays[2] * inhibition + ((inhibited[0] + inhibited[1]) + (inhibited[2] + inhibited[3]))
        time = t
        waiting = 0
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
        if peak >= threshold {
            let slope = current - membrane
            let reach = slope > 0 ? min(horizon, 2 * tauMem * gap / slope) : horizon
            // The current is at most this parabola: what decays is above its tangent, and below that with half the square.
            let (rise, bend) = (excitation * decayExc + inhibition * decayInh, 0.5 * excitation * decayExc * decayExc)
            let bent = max(current, current + reach * (rise + reach * bend))
            let most = min(bent, excitation + inhibition * (1 + reach * decayInh)) - membrane
            step = most > gap ? min(reach, tauMem * gap / most) : reach
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
