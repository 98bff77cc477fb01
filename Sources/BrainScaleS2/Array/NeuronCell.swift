// One neuron of an array by itself: how it moves between events, and when it comes to its threshold.
import Mathematics
import Neurons

/// A neuron's parameters as they are used, and a state of it that is moved wherever somebody wants to look. Membranes are measured from the
/// drive, as in `Flow`.
struct NeuronCell {
    // State at `time`.
    var time = 0.0
    var membrane = 0.0
    var excitation = 0.0
    var inhibition = 0.0

    // Derived from parameters.
    let threshold, start, reset, refractory, tauMem: Double
    let decayMem, decayExc, decayInh: Double
    let exc, inh: SynapticFlow<Double>
    /// The highest value that a unit of excitation brings a membrane to.
    let highest: Double
    /// What a unit of inhibition that decays faster than excitation lacks at most.
    let lack: Double
    /// The longest time a bound on the current is used for.
    let horizon: Double
    let gain, delay, noise: Double
    /// Steps below this, in time constants of the membrane, are rounding.
    static let smallestStep = 1e-15

    init(_ own: ArrayNeuron) {
        threshold = own.threshold - own.drive
        (start, reset) = (0 - own.drive, own.reset - own.drive)
        (tauMem, refractory) = (own.tauMem, own.refractory)
        (decayMem, decayExc, decayInh) = (-1 / own.tauMem, -1 / own.tauSynExc, -1 / own.tauSynInh)
        exc = SynapticFlow(tauMem: own.tauMem, tauSyn: own.tauSynExc)
        inh = SynapticFlow(tauMem: own.tauMem, tauSyn: own.tauSynInh)
        let flow = Flow(LIFNeuron(tauMem: own.tauMem, tauSyn: own.tauSynExc, threshold: 1, reset: 0))
        // Rounded up: it is a bound.
        highest = flow.propagators(flow.timeToPeak(v: 0, i: 1)).h * (1 + 1e-9)
        // e^{-t/tau_e} - e^{-t/tau_i} <= t (1/tau_i - 1/tau_e) e^{-t/tau_e} is at most this, and so is what it does to a membrane.
        lack = max(0, own.tauSynExc / own.tauSynInh - 1) / 2.718281828459045
        horizon = 0.5 * own.tauSynInh
        (gain, delay, noise) = (own.gain, own.delay, own.noise)
    }

    /// Whether one current serves for both.
    var hasOneCurrent: Bool { decayExc == decayInh }

    /// Moves the state to `t`.
    mutating func move(to t: Double) {
        let step = propagators(over: t - time)
        membrane = step.decay * membrane + (step.exc * excitation + step.inh * inhibition)
        excitation *= step.excDecay
        inhibition *= step.inhDecay
        time = t
    }

    /// Has the membrane be at `value` at a later time `t`, on the way that leads there from now.
    mutating func aim(at value: Double, when t: Double) {
        let step = propagators(over: t - time)
        membrane = (value - (step.exc * excitation + step.inh * inhibition)) / step.decay
    }

    private func propagators(over t: Double) -> ArrayPropagators<Double> {
        ArrayPropagators(
            t, decay: Elementary.exp(t * decayMem), excDecay: Elementary.exp(t * decayExc),
            inhDecay: Elementary.exp(t * decayInh), exc: exc, inh: inh)
    }

    /// Moves the state to where the membrane comes to its threshold, if that is not after a limit. - Returns: whether it does; if not, the state
    /// is at some time before the limit.
    mutating func moveToSpike(until limit: Double) -> Bool {
        while true {
            let step = silence()
            if step == 0 { return true }
            guard time + step <= limit else { return false }
            let before = membrane
            move(to: time + step)
            // A slow rise over the last digits is rounded away, step by step.
            if membrane == before, threshold - membrane <= 4 * threshold.ulp { return true }
        }
    }

    /// The highest value that the membrane can reach if nothing arrives, or a little more.
    var peak: Double {
        let top = max(membrane, 0)
        // The peak of a membrane u > 0 under a current J e^{-t/tau_e} is convex in (u, J): at most the chord's.
        let alone = top + highest * max(0, excitation - top)
        let balanced = top + highest * max(0, max(0, excitation + inhibition) - top) - lack * inhibition
        return min(alone, balanced)
    }

    /// How long from now on the neuron surely does not fire if nothing arrives, +infinity if it never does; 0 if it fires now.
    ///
    /// Where the peak is not below the threshold, the time is a step of Newton's method from the left, with the largest current that
    /// can be within the step. So a neuron that is asked again whenever that time is over comes as near to its spike as float64 can
    /// tell, quadratically, and no other search is needed.
    func silence() -> Double {
        let gap = threshold - membrane
        if gap <= 0 { return 0 }
        guard peak >= threshold else { return .infinity }
        let current = excitation + inhibition
        let slope = current - membrane
        let reach = slope > 0 ? min(horizon, 2 * tauMem * gap / slope) : horizon
        // The current is at most this parabola: what decays is above its tangent, and below that with half the square.
        let (rise, bend) = (excitation * decayExc + inhibition * decayInh, 0.5 * excitation * decayExc * decayExc)
        let bent = max(current, current + reach * (rise + reach * bend))
        let steepest = min(bent, excitation + inhibition * (1 + reach * decayInh)) - membrane
        var step = steepest > gap ? min(reach, tauMem * gap / steepest) : reach
        if current < threshold {
            // And for as long as the current is below the threshold, the membrane is.
            let below = threshold - current
            let slow = rise + (rise * rise + 4 * bend * below).squareRoot()
            step = max(step, slow > 0 ? min(horizon, 2 * below / slow) : horizon)
        }
        // Nearer than this nothing can be told.
        return step <= max(NeuronCell.smallestStep * tauMem, 2 * time.ulp) ? 0 : step
    }
}

/// What an interval does to a neuron, or to four of them:
///
///     V(t) = decay V + exc I_e + inh I_i,   I_e(t) = excDecay I_e,   I_i(t) = inhDecay I_i
struct ArrayPropagators<Real: RealLanes> {
    let decay, exc, inh, excDecay, inhDecay: Real

    /// `t`: how long; the decays over that.
    @inline(__always)
    init(
        _ t: Double, decay: Real, excDecay: Real, inhDecay: Real, exc: SynapticFlow<Real>, inh: SynapticFlow<Real>
    ) {
        (self.decay, self.excDecay, self.inhDecay) = (decay, excDecay, inhDecay)
        self.exc = exc.response(t, decay, excDecay)
        self.inh = inh.response(t, decay, inhDecay)
    }
}
