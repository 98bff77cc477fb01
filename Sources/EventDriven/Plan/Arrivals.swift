// The spikes that reach a layer in one sample, in order of time.
import Mathematics
import Networks
import Spikes

/// The spikes of one population in one sample, in order of (time, unit).
struct SpikeRow {
    let times: UnsafePointer<Double>
    let units: UnsafePointer<Int32>
    let count: Int
}

/// Arrivals at a layer, in order of time: from which connection (index into `LayerPlan.incoming`), which sender, which spike
/// of that sender's population, and at which neuron (-1: at all of them).
final class Arrivals {
    private let timeBlock = Block<Double>()
    private let connectionBlock = Block<Int32>()
    private let unitBlock = Block<Int32>()
    private let spikeBlock = Block<Int32>()
    private let neuronBlock = Block<Int32>()
    private let spareTimes = Block<Double>()
    private let spareIntegers = Block<Int32>()
    private let sorter: TimeOrder
    private let poller: Poller
    private(set) var count = 0
    /// In order of time: those of the blocks, or a source's row as it is.
    private(set) var times: UnsafePointer<Double>
    private(set) var units: UnsafePointer<Int32>
    /// How many of the first arrivals in the blocks are those of a row as it is: of the first connection, the spikes one after another, at all
    /// neurons.
    private var plainCount = 0

    init(_ poller: Poller) {
        self.poller = poller
        sorter = TimeOrder(poller)
        (times, units) = (UnsafePointer(timeBlock.pointer), UnsafePointer(unitBlock.pointer))
    }

    var connections: UnsafePointer<Int32> { UnsafePointer(connectionBlock.pointer) }
    var spikes: UnsafePointer<Int32> { UnsafePointer(spikeBlock.pointer) }
    var neurons: UnsafePointer<Int32> { UnsafePointer(neuronBlock.pointer) }

    /// When an event is; +infinity after the last one.
    @inline(__always)
    func time(_ event: Int) -> Double { event < count ? times[event] : .infinity }

    /// Room for so many in the blocks of whatever a row does not have by itself.
    private func reserve(_ capacity: Int) throws(SpinnpropError) {
        if capacity > connectionBlock.capacity { plainCount = 0 }
        try connectionBlock.reserve(capacity)
        try spikeBlock.reserve(capacity)
        try neuronBlock.reserve(capacity)
    }

    /// Room for so many that are no row as it is.
    private func reserveAll(_ capacity: Int) throws(SpinnpropError) {
        try timeBlock.reserve(capacity)
        try unitBlock.reserve(capacity)
        try reserve(capacity)
        plainCount = 0
    }

    /// All arrivals through `incoming`. With `neuron` given, what reaches that neuron alone; otherwise connections whose spikes do not arrive at
    /// once are spread out into single arrivals.
    func collect(_ incoming: [EventConnection], rows: EventRows, neuron: Int? = nil) throws(SpinnpropError) {
        if incoming.count == 1, incoming[0].connection.delayKind == .none {
            try take(rows.source(incoming[0]))
            return
        }
        if incoming.count == 2, incoming.allSatisfy({ $0.connection.delayKind == .none }) {
            try merge(rows.source(incoming[0]), rows.source(incoming[1]))
            return
        }
        var capacity = 0
        for own in incoming {
            let row = rows.source(own)
            if neuron != nil || own.arrivesAtOnce {
                capacity += row.count
            } else if let synapses = own.synapses {
                for n in 0..<row.count { capacity += synapses.range(Int(row.units[n])).count }
            } else {
                capacity += row.count * own.connection.postCount
            }
        }
        // Five columns, their double for sorting, and room to grow.
        try Memory.check(count: capacity, bytesPerElement: 80, "the arrivals of one sample")
        try reserveAll(capacity)
        let (times, units) = (timeBlock.pointer, unitBlock.pointer)
        let (connections, spikes, neurons) = (connectionBlock.pointer, spikeBlock.pointer, neuronBlock.pointer)
        var at = 0
        for (c, own) in incoming.enumerated() {
            let row = rows.source(own)
            let receivers = neuron.map { $0..<($0 + 1) } ?? (own.arrivesAtOnce ? 0..<1 : 0..<own.connection.postCount)
            let isSpread = neuron == nil && !own.arrivesAtOnce
            for n in 0..<row.count {
                let synapses = isSpread ? own.synapses : nil
                let places = synapses?.range(Int(row.units[n])) ?? receivers
                try poller.spend(8 &* places.count)
                for place in places {
                    let receiver = synapses.map { Int($0.receivers.pointer[place]) } ?? place
                    times[at] = row.times[n] + own.delays.from(Int(row.units[n]), to: receiver)
                    connections[at] = Int32(truncatingIfNeeded: c)
                    units[at] = row.units[n]
                    spikes[at] = Int32(truncatingIfNeeded: n)
                    neurons[at] = isSpread ? Int32(truncatingIfNeeded: receiver) : -1
                    at &+= 1
                }
            }
        }
        count = at
        (self.times, self.units) = (UnsafePointer(times), UnsafePointer(units))
        try sort()
    }

    /// Arrivals through one connection as if without delay: the source's row as it is, which has to stay where it is.
    func take(_ row: SpikeRow) throws(SpinnpropError) {
        try reserve(row.count)
        (count, times, units) = (row.count, row.times, row.units)
        let (connections, spikes, neurons) = (connectionBlock.pointer, spikeBlock.pointer, neuronBlock.pointer)
        while plainCount < count {
            connections[plainCount] = 0
            spikes[plainCount] = Int32(truncatingIfNeeded: plainCount)
            neurons[plainCount] = -1
            plainCount &+= 1
        }
    }

    /// Arrivals through two connections as if without delay.
    private func merge(_ first: SpikeRow, _ second: SpikeRow) throws(SpinnpropError) {
        count = first.count + second.count
        try reserveAll(count)
        let (times, units) = (timeBlock.pointer, unitBlock.pointer)
        let (connections, spikes, neurons) = (connectionBlock.pointer, spikeBlock.pointer, neuronBlock.pointer)
        var (left, right) = (0, 0)
        for at in 0..<count {
            let isRight =
                left == first.count
                || (right < second.count
                    && (second.times[right], second.units[right]) < (first.times[left], first.units[left]))
            times[at] = isRight ? second.times[right] : first.times[left]
            units[at] = isRight ? second.units[right] : first.units[left]
            connections[at] = isRight ? 1 : 0
            spikes[at] = Int32(truncatingIfNeeded: isRight ? right : left)
            neurons[at] = -1
            if isRight { right &+= 1 } else { left &+= 1 }
        }
        (self.times, self.units) = (UnsafePointer(times), UnsafePointer(units))
        try poller.spend(4 &* count)
    }

    private func sort() throws(SpinnpropError) {
        guard !TimeOrder.isSorted(times, units, count) else { return }
        let order = try sorter.order(times, units, count)
        try spareTimes.reserve(count)
        try spareIntegers.reserve(count)
        permute(timeBlock.pointer, order, spareTimes.pointer)
        let spare = spareIntegers.pointer
        permute(connectionBlock.pointer, order, spare)
        permute(unitBlock.pointer, order, spare)
        permute(spikeBlock.pointer, order, spare)
        permute(neuronBlock.pointer, order, spare)
    }

    @inline(__always)
    private func permute<T>(
        _ column: UnsafeMutablePointer<T>, _ order: UnsafePointer<Int32>, _ spare: UnsafeMutablePointer<T>
    ) {
        for n in 0..<count { spare[n] = column[Int(order[n])] }
        column.update(from: spare, count: count)
    }
}
