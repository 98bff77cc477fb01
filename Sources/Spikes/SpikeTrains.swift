// Spike trains of many samples in compressed rows (CSR).
import Mathematics

/// Who spiked when, sample after sample: the spikes of sample `s` are `offsets[s] ..< offsets[s + 1]`.
///
/// Times are in seconds, finite and not negative; units lie in `0 ..< unitCount`. Within a sample spikes may come unsorted
/// or repeated. Zero samples, and samples without spikes, are fine.
public struct SpikeTrains: Equatable, Sendable {
    public let times: [Double]
    public let units: [Int32]
    public let offsets: [Int]
    public let unitCount: Int

    public var sampleCount: Int { offsets.count - 1 }
    public var spikeCount: Int { times.count }

    /// - Throws: `invalidValue` naming the first element that breaks a rule of `SpikeTrains`.
    public init(times: [Double], units: [Int32], offsets: [Int], unitCount: Int) throws(SpinnpropError) {
        try SpikeTrains.check(times: times, units: units, offsets: offsets, unitCount: unitCount)
        self.init(trustedTimes: times, units: units, offsets: offsets, unitCount: unitCount)
    }

    /// For engines and encoders whose output satisfies the rules by construction.
    public init(trustedTimes times: [Double], units: [Int32], offsets: [Int], unitCount: Int) {
        self.times = times
        self.units = units
        self.offsets = offsets
        self.unitCount = unitCount
    }

    /// The spikes of one sample as (times, units).
    public subscript(sample: Int) -> (times: ArraySlice<Double>, units: ArraySlice<Int32>) {
        let range = offsets[sample]..<offsets[sample + 1]
        return (times[range], units[range])
    }

    private static func check(
        times: [Double], units: [Int32], offsets: [Int], unitCount: Int
    ) throws(SpinnpropError) {
        guard unitCount >= 1, unitCount <= Int(Int32.max) else {
            throw .invalidValue("n_units is \(unitCount); it must be 1 .. 2147483647")
        }
        guard times.count == units.count else {
            throw .invalidValue("times has \(times.count) elements and units \(units.count); they must be equally long")
        }
        guard let first = offsets.first, let last = offsets.last else {
            throw .invalidValue("offsets is empty; it needs n_samples + 1 elements, [0] for no samples")
        }
        guard first == 0 else { throw .invalidValue("offsets[0] is \(first); it must be 0") }
        guard last == times.count else {
            throw .invalidValue("offsets ends at \(last); it must end at the number of spikes, \(times.count)")
        }
        for sample in 1..<max(1, offsets.count) where offsets[sample] < offsets[sample - 1] {
            throw .invalidValue(
                "offsets[\(sample)] is \(offsets[sample]) after \(offsets[sample - 1]); offsets must never fall")
        }
        for spike in times.indices where !(times[spike] >= 0 && times[spike] < .infinity) {
            throw .invalidValue(
                "times[\(spike)] is \(times[spike])\(place(spike, offsets)); times must be finite and not negative")
        }
        for spike in units.indices where units[spike] < 0 || Int(units[spike]) >= unitCount {
            throw .invalidValue(
                "units[\(spike)] is \(units[spike])\(place(spike, offsets)); units must be 0 .. \(unitCount - 1)")
        }
    }

    /// Where whoever keeps a list for each sample finds a spike.
    private static func place(_ spike: Int, _ offsets: [Int]) -> String {
        let sample = offsets.lastIndex { $0 <= spike } ?? 0
        return offsets.count > 2 ? ", spike \(spike - offsets[sample]) of sample \(sample)" : ""
    }
}

extension Fingerprint {
    package mutating func add(_ trains: SpikeTrains) {
        add(UInt64(trains.unitCount))
        add(trains.times)
        add(UInt64(trains.sampleCount))
        for unit in trains.units { add(UInt64(bitPattern: Int64(unit))) }
        for offset in trains.offsets { add(UInt64(offset)) }
    }
}
