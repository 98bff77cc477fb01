// Spikes of neurons that receive with delays of their own, as if these were 0.
import Mathematics
import Spikes

final class ShiftedJumps {
    private let order: TimeOrder
    private let earlier = Block<Double>()
    private let times = Block<Double>()
    private let units = Block<Int32>()
    private let currents = Block<Double>()
    private let errors = Block<Double>()
    private(set) var jumps: Jumps

    init(_ poller: Poller) {
        order = TimeOrder(poller)
        jumps = Jumps(
            times: times.pointer, units: units.pointer, currents: currents.pointer, errors: errors.pointer, count: 0,
            isSpiking: true)
    }

    /// Each jump earlier by the delay of its neuron, in order of time.
    func fill(_ own: Jumps, _ plan: LayerPlan) throws(SpinnpropError) {
        let delays = plan.feedForward[0].delayRow.pointer
        try earlier.reserve(own.count)
        for n in 0..<own.count {
            // Rounding must not put a spike before all arrivals.
            earlier.pointer[n] = max(0, own.times[n] - delays[Int(own.units[n])])
        }
        let order = try order.order(earlier.pointer, own.units, own.count)
        try times.reserve(own.count)
        try units.reserve(own.count)
        try currents.reserve(own.count)
        try errors.reserve(own.count)
        for n in 0..<own.count {
            let from = Int(order[n])
            times.pointer[n] = earlier.pointer[from]
            units.pointer[n] = own.units[from]
            currents.pointer[n] = own.currents[from]
            errors.pointer[n] = own.errors[from]
        }
        jumps = Jumps(
            times: times.pointer, units: units.pointer, currents: currents.pointer, errors: errors.pointer,
            count: own.count, isSpiking: true)
    }
}
