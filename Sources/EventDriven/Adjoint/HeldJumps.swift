// Spikes that refractory periods follow: two jumps of the adjoint each, one at the release and one at the spike.
import Mathematics
import Neurons
import Spikes

/// Of each jump, in order of time, which spike it is of, and what a spike's needs of its release; trivial, so that hot loops touch no reference
/// counts.
///
/// The membrane is let go at the release, t_r = t + t_ref, however it came to the threshold: before, lV = 0. A later spike is a later release, and a
/// membrane that is lower afterwards by its slope then, so that the spike's error has (I(t_r) - V_reset) lV(t_r) more, and its jump is to
///
///     lV = [g + (I(t_r) - V_reset) lV(t_r)] / (I(t) - V(t))
///
/// An arrival at the time of the release comes after it. While lV = 0, lI decays as it does anyway.
struct Holds {
    /// The spike's index; of a release -1 minus that of its spike.
    let spikes: UnsafePointer<Int32>
    /// For each spike lV just after the release, once that has been passed, and the current there.
    let lambdaV: UnsafeMutablePointer<Double>
    let currents: UnsafeMutablePointer<Double>
}

final class HeldJumps {
    private let order: TimeOrder
    private let unordered = Block<Double>()
    private let unorderedUnits = Block<Int32>()
    private let unorderedSpikes = Block<Int32>()
    private let times = Block<Double>()
    private let units = Block<Int32>()
    private let spikes = Block<Int32>()
    private let lambdaV = Block<Double>()
    private let currents = Block<Double>()
    private let poller: Poller

    init(_ poller: Poller) {
        self.poller = poller
        order = TimeOrder(poller)
    }

    /// - Parameter arrivals: at all neurons at once; `nil`: currents at releases have to be added what arrives within the periods before.
    func jumps(_ own: Jumps, _ plan: LayerPlan, _ arrivals: Arrivals?) throws(SpinnpropError) -> Jumps {
        guard own.count > 0 else { return own }
        for block in [unordered, times] { try block.reserve(2 * own.count) }
        for block in [unorderedUnits, unorderedSpikes, units, spikes] { try block.reserve(2 * own.count) }
        for block in [lambdaV, currents] { try block.clear(own.count) }
        let last = own.times[own.count - 1]
        var (count, event) = (0, 0)
        for n in 0..<own.count {
            let (time, unit) = (own.times[n], own.units[n])
            func add(_ time: Double, _ spike: Int) {
                unordered.pointer[count] = time
                unorderedUnits.pointer[count] = unit
                unorderedSpikes.pointer[count] = Int32(truncatingIfNeeded: spike)
                count += 1
            }
            add(time, n)
            let flow = plan.flow(Int(unit))
            let release = time + flow.refractory
            // What follows the last spike has no adjoint.
            guard release <= last else { continue }
            add(release, -1 - n)
            guard let arrivals else {
                currents.pointer[n] = own.currents[n] * CrossingGeneral.decay(flow, x: release - time)
                continue
            }
            while event < arrivals.count, arrivals.times[event] < time { event += 1 }
            currents.pointer[n] = try current(flow, Int(unit), own.currents[n], time, release, plan, arrivals, event)
        }
        let order = try order.order(unordered.pointer, unorderedUnits.pointer, count)
        for n in 0..<count {
            let from = Int(order[n])
            times.pointer[n] = unordered.pointer[from]
            units.pointer[n] = unorderedUnits.pointer[from]
            spikes.pointer[n] = unorderedSpikes.pointer[from]
        }
        return Jumps(
            times: times.pointer, units: units.pointer, currents: own.currents, membranes: own.membranes,
            errors: own.errors, count: count, isSpiking: true,
            holds: Holds(spikes: spikes.pointer, lambdaV: lambdaV.pointer, currents: currents.pointer))
    }

    /// A neuron's current at its release. - Parameter event: the first arrival that does not come before the spike.
    private func current(
        _ flow: Flow, _ neuron: Int, _ current: Double, _ time: Double, _ release: Double, _ plan: LayerPlan,
        _ arrivals: Arrivals, _ event: Int
    ) throws(SpinnpropError) -> Double {
        var (current, last, event) = (current, time, event)
        while event < arrivals.count, arrivals.times[event] < release {
            current *= CrossingGeneral.decay(flow, x: arrivals.times[event] - last)
            last = arrivals.times[event]
            current +=
                plan.columns.pointer[Int(arrivals.connections[event])][
                    Int(arrivals.units[event]) * plan.stride + neuron]
            event += 1
            try poller.spend(16)
        }
        return current * CrossingGeneral.decay(flow, x: release - last)
    }
}
