// Where the adjoint of a neuron jumps.
import Networks
import Neurons

/// A jump of a neuron's adjoint: at an own spike, or at the maximum of a leaky read-out.
///
///     lV += (gain lV + error) / slope
///
/// A spike has gain V - V_reset and slope I - V, V being the threshold, or of a measured spike what the model's membrane was then; a maximum
/// gain 0 and slope -tau_m. A spike at which the membrane does not rise, slope <= 0, may have been measured (`MeasuredSpike`): its time is taken as
/// given, and as the reset makes the membrane forget what was before, lV is 0 there.
struct Jumps {
    /// When each jump is, in order of time.
    let times: UnsafePointer<Double>
    let units: UnsafePointer<Int32>
    let currents: UnsafePointer<Double>
    /// `nil`: at the threshold.
    var membranes: UnsafePointer<Double>?
    let errors: UnsafeMutablePointer<Double>
    let count: Int
    let isSpiking: Bool
    /// Where jumps are those of `HeldJumps`; currents and errors are the spikes'.
    var holds: Holds?

    /// Whose current and error are a jump's; negative at a release.
    @inline(__always)
    func spike(_ jump: Int) -> Int { holds.map { Int($0.spikes[jump]) } ?? jump }

    /// Whether nothing but errors that come from elsewhere makes the jump more than 0 where lV is.
    @inline(__always)
    func isWithoutError(_ jump: Int) -> Bool {
        let spike = spike(jump)
        return spike < 0 || errors[spike] == 0
    }

    @inline(__always)
    func delta(_ jump: Int, lambdaV: Double, _ flow: Flow) -> Double {
        guard isSpiking else { return -errors[jump] / flow.tauMem }
        if let holds {
            let spike = Int(holds.spikes[jump])
            guard spike < 0 else {
                let released = (holds.currents[spike] - flow.reset) * holds.lambdaV[spike]
                return self.lambdaV(spike, released: released, flow) - lambdaV
            }
            holds.lambdaV[-1 - spike] = lambdaV
            return -lambdaV
        }
        let membrane = membranes.map { $0[jump] - flow.drive } ?? flow.threshold
        return Jumps.delta(
            slope: slope(jump, flow), gain: membrane - flow.reset, error: errors[jump], lambdaV: lambdaV)
    }

    /// At a spike that no refractory period follows.
    @inline(__always)
    static func delta(slope: Double, gain: Double, error: Double, lambdaV: Double) -> Double {
        slope > 0 ? (gain * lambdaV + error) / slope : -lambdaV
    }

    @inline(__always)
    private func slope(_ spike: Int, _ flow: Flow) -> Double {
        guard let membranes else { return currents[spike] - flow.threshold }
        return MeasuredSpike.slope(
            current: currents[spike] + flow.drive, membrane: membranes[spike], threshold: flow.threshold + flow.drive)
    }

    /// lV before a spike that a refractory period follows. - Parameter released: what the spike's time does at its end.
    @inline(__always)
    func lambdaV(_ jump: Int, released: Double, _ flow: Flow) -> Double {
        let slope = slope(jump, flow)
        return slope > 0 ? (released + errors[jump]) / slope : 0
    }
}
