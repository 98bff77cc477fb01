// The spikes of a layer's sources in one sample as those of one population.
import Mathematics
import Networks

/// Belongs to one part at a time.
final class MergedSpikes {
    private let times = Block<Double>()
    private let units = Block<Int32>()
    private let errorBlock = Block<Double>()

    /// One for each spike of the merged row, all zero.
    var errors: UnsafeMutablePointer<Double> { errorBlock.pointer }

    /// The sources' rows one after the other.
    func merge(
        _ layer: FirstSpikeLayer, _ row: (Int?) -> SpikeRow
    ) throws(SpinnpropError) -> SpikeRow {
        let count = layer.sources.reduce(0) { $0 + row($1.layer).count }
        try times.reserve(count)
        try units.reserve(count)
        try errorBlock.clear(count)
        var at = 0
        for source in layer.sources {
            let (own, offset) = (row(source.layer), Int32(truncatingIfNeeded: source.offset))
            for n in 0..<own.count {
                (times.pointer[at], units.pointer[at]) = (own.times[n], own.units[n] &+ offset)
                at &+= 1
            }
        }
        return SpikeRow(times: times.pointer, units: units.pointer, count: count)
    }

    /// Adds `errors` to those of the sources' spikes, where anybody wants these.
    func addErrors(
        _ layer: FirstSpikeLayer, _ row: (Int?) -> SpikeRow, to errors: (Int?) -> UnsafeMutablePointer<Double>?
    ) {
        var at = 0
        for source in layer.sources {
            let (count, target) = (row(source.layer).count, errors(source.layer))
            if let target { for n in 0..<count { target[n] += self.errors[at &+ n] } }
            at &+= count
        }
    }
}
