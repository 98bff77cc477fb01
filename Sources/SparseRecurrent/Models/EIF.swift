// The exponential neuron, whose flow has no closed form: precise values are computed once, and fitted by polynomials.
import Mathematics

/// An input w takes the remaining time r to T(V(r) + w). Reset is -1.
///
/// Drives that differ are sorted into ranges, each a sixteenth octave of D + I, and each range that holds any gets a fit: so
/// memory depends on how far drives are spread, not on how many they are.
struct EIF: TimeKeys, @unchecked Sendable {
    private let slope: Double
    private let store: [LargeBuffer<Double>]
    private let fits: LargeBuffer<EIFFit>
    private let fit: UnsafePointer<EIFFit>
    private let neurons: LargeBuffer<Neuron>
    private let pointer: UnsafePointer<Neuron>
    /// 0: one drive for all.
    private let stride: Int

    private struct Neuron: BitwiseCopyable {
        var drive: Double
        /// Within the range of its drive, 0 ... 1.
        var place = 0.0
        var range = 0
        var period = 0.0
    }

    /// `drives`: one for all neurons, or one each. - Throws: `outOfMemory`, `cancelled`.
    init(drives: [Double], slope: Double, _ kind: FlowTable, monitor: Monitor? = nil) throws(SpinnpropError) {
        var ranges: [UInt64: ClosedRange<Double>] = [:]
        for drive in drives {
            let own = EIF.range(slope + drive)
            let known = ranges[own] ?? drive...drive
            ranges[own] = min(known.lowerBound, drive)...max(known.upperBound, drive)
        }
        let order = ranges.keys.sorted()
        var index: [UInt64: Int] = [:]
        var found: [EIFFit] = []
        var store: [LargeBuffer<Double>] = []
        for key in order {
            guard let range = ranges[key] else { continue }
            if let monitor, monitor.poll() { throw .cancelled }
            index[key] = found.count
            found.append(try EIFFit(drives: range, slope: slope, kind, store: &store))
        }
        fits = try LargeBuffer(found, "the neurons' tables")
        neurons = try LargeBuffer(drives.map { Neuron(drive: $0) }, "the drives")
        fit = UnsafePointer(fits.pointer)
        pointer = UnsafePointer(neurons.pointer)
        stride = drives.count == 1 ? 0 : 1
        self.slope = slope
        self.store = store
        for (neuron, drive) in drives.enumerated() {
            let key = EIF.range(slope + drive)
            guard let range = ranges[key], let own = index[key] else { continue }
            let width = range.upperBound - range.lowerBound
            let place = width > 0 ? (drive - range.lowerBound) / width : 0
            neurons.pointer[neuron] = Neuron(
                drive: drive, place: place, range: own, period: 0)
            neurons.pointer[neuron].period = remaining(voltage: -1, neuron)
        }
    }

    /// The number of the sixteenth octave in which a drive lies.
    private static func range(_ x: Double) -> UInt64 { x.bitPattern >> 48 }

    /// Called, not inlined, as it is long and there are many who ask.
    @inline(never)
    func after(_ remaining: Double, _ neuron: Int, weight: Double) -> Double {
        time(potential(remaining, neuron) + weight, neuron)
    }

    /// Targets whose potentials are found before the first one's time is: the processor works on several at once, the more the fewer steps wait
    /// for each other.
    private static var block: Int { 16 }

    /// Potentials stand where keys do until times are found.
    @inline(never)
    func move(
        _ row: UnsafePointer<Int32>, _ count: Int, weight: Double, _ clock: Double,
        _ states: UnsafeMutablePointer<Double>
    ) {
        var first = 0
        while first < count {
            let end = min(first &+ EIF.block, count)
            var index = first
            while index < end {
                let target = Int(row[index])
                states[target] = potential(states[target] - clock, target) + weight
                index &+= 1
            }
            index = first
            while index < end {
                let target = Int(row[index])
                states[target] = clock + time(states[target], target)
                index &+= 1
            }
            first = end
        }
    }

    @inline(__always)
    func slopes(_ remaining: Double, _ neuron: Int, weight: Double) -> (state: Double, weight: Double) {
        let drive = pointer[neuron &* stride].drive
        let before = voltage(remaining: remaining, neuron)
        let after = EIFFlow.velocity(before + weight, drive, slope)
        return (EIFFlow.velocity(before, drive, slope) / after, -1 / after)
    }

    @inline(never)
    func voltage(remaining: Double, _ neuron: Int) -> Double { potential(remaining, neuron) }

    @inline(never)
    func remaining(voltage v: Double, _ neuron: Int) -> Double { time(v, neuron) }

    /// V(r)
    @inline(__always)
    private func potential(_ remaining: Double, _ neuron: Int) -> Double {
        let own = pointer + neuron &* stride
        return (fit + own.pointee.range).pointee.potential(
            remaining, drive: own.pointee.drive, place: own.pointee.place)
    }

    /// T(V)
    @inline(__always)
    private func time(_ v: Double, _ neuron: Int) -> Double {
        let own = pointer + neuron &* stride
        return (fit + own.pointee.range).pointee.time(v, drive: own.pointee.drive, place: own.pointee.place)
    }

    @inline(__always)
    func period(_ neuron: Int) -> Double { pointer[neuron &* stride].period }
}
