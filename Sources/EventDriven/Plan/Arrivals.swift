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

    init(_ poller: Poller) {
        self.poller = poller
        sorter = TimeOrder(poller)
    }

    var times: UnsafeMutablePointer<Double> { timeBlock.pointer }
    var connections: UnsafeMutablePointer<Int32> { connectionBlock.pointer }
    var units: UnsafeMutablePointer<Int32> { unitBlock.pointer }
    var spikes: UnsafeMutablePointer<Int32> { spikeBlock.pointer }
    var neurons: UnsafeMutablePointer<Int32> { neuronBlock.pointer }

    /// When an event is; +infinity after the last one.
    @inline(__always)
    func time(_ event: Int) -> Double { event < count ? times[event] : .infinity }

    private func reserve(_ capacity: Int) throws(SpinnpropError) {
        try timeBlock.reserve(capacity)
        try connectionBlock.reserve(capacity)
        try unitBlock.reserve(capacity)
        try spikeBlock.reserve(capacity)
        try neuronBlock.reserve(capacity)
    }

    /// All arrivals through `incoming`. With `neuron` given, what reaches that neuron alone; otherwise connections whose spikes do not arrive at
    /// once are spread out into single arrivals.
    func collect(_ incoming: [EventConnection], rows: EventRows, neuron: Int? = nil) throws(SpinnpropError) {
        if incoming.count == 1, incoming[0].connection.delayKind == .none {
            try copy(rows.source(incoming[0]))
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
        try reserve(capacity)
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
                    times[at] = row.times[n] + own.delay(pre: Int(row.units[n]), post: receiver)
                    connections[at] = Int32(truncatingIfNeeded: c)
                    units[at] = row.units[n]
                    spikes[at] = Int32(truncatingIfNeeded: n)
                    neurons[at] = isSpread ? Int32(truncatingIfNeeded: receiver) : -1
                    at &+= 1
                }
            }
        }
        count = at
        try sort()
    }

    /// Arrivals through one connection as if without delay: the source's row as it is.
    func copy(_ row: SpikeRow) throws(SpinnpropError) {
        try reserve(row.count)
        count = row.count
        times.update(from: row.times, count: count)
        units.update(from: row.units, count: count)
        connections.update(repeating: 0, count: count)
        neurons.update(repeating: -1, count: count)
        let spikes = self.spikes
        for n in 0..<count { spikes[n] = Int32(truncatingIfNeeded: n) }
    }

    private func sort() throws(SpinnpropError) {
        guard !TimeOrder.isSorted(times, units, count) else { return }
        let order = try sorter.order(times, units, count)
        try spareTimes.reserve(count)
        try spareIntegers.reserve(count)
        permute(times, order, spareTimes.pointer)
        for column in [connections, units, spikes, neurons] { permute(column, order, spareIntegers.pointer) }
    }

    @inline(__always)
    private func permute<T>(
        _ column: UnsafeMutablePointer<T>, _ order: UnsafePointer<Int32>, _ spare: UnsafeMutablePointer<T>
    ) {
        for n in 0..<count { spare[n] = column[Int(order[n])] }
        column.update(from: spare, count: count)
    }
}
