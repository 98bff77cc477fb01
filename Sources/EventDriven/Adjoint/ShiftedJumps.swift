// Spikes of neurons that receive with delays of their own, as if these were 0.
import Mathematics
import Spikes

final class ShiftedJumps {
    private let order: TimeOrder
    private let earlier = Block<Double>()
    private let times = Block<Double>()
    private let units = Block<Int32>()
    private let currents = Block<Double>()
    private let membranes = Block<Double>()
    private let errors = Block<Double>()
    private(set) var jumps: Jumps

    init(_ poller: Poller) {
        order = TimeOrder(poller)
        jumps = Jumps(
            times: times.pointer, units: units.pointer, currents: currents.pointer, errors: errors.pointer, count: 0,
            isSpiking: true)
    }

    /// Each jump earlier by the delay of its neuron, in order of time, and between the arrivals that it came between with the delay.
    func fill(_ own: Jumps, _ plan: LayerPlan, _ arrivals: SpikeRow) throws(SpinnpropError) {
        let delays = plan.feedForward[0].delayRow.pointer
        try earlier.reserve(own.count)
        for n in 0..<own.count {
            earlier.pointer[n] = ShiftedJumps.earlier(own.times[n], by: delays[Int(own.units[n])], arrivals)
        }
        let order = try order.order(earlier.pointer, own.units, own.count)
        try times.reserve(own.count)
        try units.reserve(own.count)
        try currents.reserve(own.count)
        try errors.reserve(own.count)
        if own.membranes != nil { try membranes.reserve(own.count) }
        for n in 0..<own.count {
            let from = Int(order[n])
            times.pointer[n] = earlier.pointer[from]
            units.pointer[n] = own.units[from]
            currents.pointer[n] = own.currents[from]
            errors.pointer[n] = own.errors[from]
            if let given = own.membranes { membranes.pointer[n] = given[from] }
        }
        jumps = Jumps(
            times: times.pointer, units: units.pointer, currents: currents.pointer,
            membranes: own.membranes.map { _ in UnsafePointer(membranes.pointer) }, errors: errors.pointer,
            count: own.count, isSpiking: true)
    }

    /// The difference is rounded, and so must not decide which arrivals came before.
    private static func earlier(_ time: Double, by delay: Double, _ arrivals: SpikeRow) -> Double {
        var (low, high) = (0, arrivals.count)
        while low < high {
            let middle = (low + high) / 2
            if arrivals.times[middle] + delay < time { low = middle + 1 } else { high = middle }
        }
        var own = time - delay
        if low < arrivals.count { own = min(own, low > 0 ? arrivals.times[low] : arrivals.times[low].nextDown) }
        return low > 0 ? max(own, arrivals.times[low - 1].nextUp) : own
    }
}
