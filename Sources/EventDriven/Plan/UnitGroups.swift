// Events grouped by the neuron they belong to.
import Mathematics

final class UnitGroups {
    private let list = Block<Int32>()
    private let starts = Block<Int>()

    /// Indices of events, group after group.
    var members: UnsafePointer<Int32> { UnsafePointer(list.pointer) }

    /// Groups events by neuron; each group keeps their order.
    func sort(_ units: UnsafePointer<Int32>, _ count: Int, neurons: Int) throws(SpinnpropError) {
        try list.reserve(count)
        try starts.reserve(neurons + 2)
        let start = starts.pointer
        start.update(repeating: 0, count: neurons + 2)
        for n in 0..<count { start[Int(units[n]) + 2] += 1 }
        for n in 1..<(neurons + 2) { start[n] += start[n - 1] }
        for n in 0..<count {
            let unit = Int(units[n])
            list.pointer[start[unit + 1]] = Int32(truncatingIfNeeded: n)
            start[unit + 1] += 1
        }
    }

    /// The places of a neuron's group among the members.
    func range(_ neuron: Int) -> Range<Int> { starts.pointer[neuron]..<starts.pointer[neuron + 1] }

    /// Whether any of some neurons has an event.
    func hasAny(_ neurons: Range<Int>) -> Bool {
        starts.pointer[neurons.lowerBound] < starts.pointer[neurons.upperBound]
    }
}
