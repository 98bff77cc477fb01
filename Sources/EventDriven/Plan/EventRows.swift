// The spikes of one sample, population by population.
import Networks
import Spikes
import Mathematics

/// Rows of the sample that is being run: the input's, put in order of time if it is not, then each layer's.
final class EventRows {
    private let times = Block<Double>()
    private let units = Block<Int32>()
    private let sorter: TimeOrder
    private let layers = Block<SpikeRow>()
    private var layerCount = 0
    private(set) var inputRow: SpikeRow
    /// For each spike of the ordered row its place in the sample as it came; `nil` where the sample was in order.
    private(set) var inputOrder: UnsafePointer<Int32>?

    init(_ poller: Poller) {
        sorter = TimeOrder(poller)
        inputRow = SpikeRow(times: times.pointer, units: units.pointer, count: 0)
    }

    /// Turns to a sample, with no layer yet.
    func begin(_ sample: Int, of input: SpikeTrains) throws(SpinnpropError) {
        layerCount = 0
        let (start, end) = (input.offsets[sample], input.offsets[sample + 1])
        let count = end - start
        try times.reserve(count)
        try units.reserve(count)
        let (orderedTimes, orderedUnits) = (times.pointer, units.pointer)
        try input.times.withUnsafeBufferPointer { (allTimes) throws(SpinnpropError) in
            try input.units.withUnsafeBufferPointer { (allUnits) throws(SpinnpropError) in
                guard count > 0, let firstTime = allTimes.baseAddress, let firstUnit = allUnits.baseAddress else {
                    return
                }
                let (sampleTimes, sampleUnits) = (firstTime + start, firstUnit + start)
                if TimeOrder.isSorted(sampleTimes, sampleUnits, count) {
                    orderedTimes.update(from: sampleTimes, count: count)
                    orderedUnits.update(from: sampleUnits, count: count)
                    inputOrder = nil
                } else {
                    let order = try sorter.order(sampleTimes, sampleUnits, count)
                    for n in 0..<count {
                        orderedTimes[n] = sampleTimes[Int(order[n])]
                        orderedUnits[n] = sampleUnits[Int(order[n])]
                    }
                    inputOrder = order
                }
            }
        }
        inputRow = SpikeRow(times: orderedTimes, units: orderedUnits, count: count)
    }

    /// Turns to a sample of a recording, with the layers that others hear.
    func begin(_ sample: Int, _ recording: Recording, _ part: Int, layers: Int? = nil) throws(SpinnpropError) {
        try begin(sample, of: recording.input)
        for own in recording.layers.prefix(layers ?? recording.layers.count) {
            let segment = own.segments[part]
            let range = segment.range(ofSample: sample - recording.partition[part].lowerBound)
            try add(
                SpikeRow(
                    times: segment.times + range.lowerBound, units: segment.units + range.lowerBound, count: range.count
                ))
        }
    }

    func add(_ row: SpikeRow) throws(SpinnpropError) {
        try layers.grow(layerCount + 1, keeping: layerCount)
        (layers.pointer + layerCount).initialize(to: row)
        layerCount += 1
    }

    /// In place of the row that has been added last.
    func replaceLast(_ row: SpikeRow) { layers.pointer[layerCount - 1] = row }

    /// The row of a layer that has been added.
    func layer(_ index: Int) -> SpikeRow { layers.pointer[index] }

    /// The row of a connection's source.
    @inline(__always)
    func source(_ own: EventConnection) -> SpikeRow { own.connection.source.map { layer($0) } ?? inputRow }
}
