// What a run leaves behind: who spiked when, and the few numbers per spike that a backward pass needs.
import Mathematics
import Spikes

/// The spikes of a run of consecutive samples, in growing columns. Filled by one thread, then never changed again.
///
/// Hot loops borrow the pointers; `reserve` is the only call that moves them.
public final class SpikeColumns: @unchecked Sendable {
    public private(set) var times: UnsafeMutablePointer<Double>
    public private(set) var units: UnsafeMutablePointer<Int32>
    /// Synaptic current at each spike, before any arrival of its own.
    public private(set) var currents: UnsafeMutablePointer<Double>
    /// The membrane value at each spike, before it is reset: only where spikes are found on a grid and lie above the threshold.
    public private(set) var membranes: UnsafeMutablePointer<Double>?
    public private(set) var capacity: Int
    public var count = 0
    /// For each sample where its spikes end; the first sample's start at 0.
    public var ends: [Int] = []
    /// The columns, one after the other in one piece of memory.
    private typealias Columns = (
        times: UnsafeMutablePointer<Double>, currents: UnsafeMutablePointer<Double>,
        membranes: UnsafeMutablePointer<Double>?, units: UnsafeMutablePointer<Int32>
    )

    /// - Throws: `outOfMemory`, as all that make columns grow.
    public init(capacity: Int = 64, withMembranes: Bool = false) throws(SpinnpropError) {
        self.capacity = max(1, capacity)
        (times, currents, membranes, units) = try SpikeColumns.allocate(self.capacity, withMembranes)
    }

    /// Times come first: freeing them frees all.
    deinit { Memory.free(times) }

    private static func allocate(_ capacity: Int, _ withMembranes: Bool) throws(SpinnpropError) -> Columns {
        let wide = withMembranes ? 3 : 2
        let count = wide * capacity + (capacity + 1) / 2
        let memory = try Memory.allocate(count * MemoryLayout<Double>.stride)
            .bindMemory(to: Double.self, capacity: count)
        let units = UnsafeMutableRawPointer(memory + wide * capacity).bindMemory(to: Int32.self, capacity: capacity)
        return (memory, memory + capacity, withMembranes ? memory + 2 * capacity : nil, units)
    }

    /// Makes room for `additional` more spikes.
    @inline(__always)
    public func reserve(_ additional: Int) throws(SpinnpropError) {
        if count + additional > capacity { try grow(to: max(count + additional, 2 * capacity)) }
    }

    @inline(__always)
    public func append(time: Double, unit: Int, current: Double) throws(SpinnpropError) {
        try reserve(1)
        times[count] = time
        units[count] = Int32(truncatingIfNeeded: unit)
        currents[count] = current
        count += 1
    }

    /// Appends `more` spikes with their membrane values.
    public func append(
        times: UnsafePointer<Double>, units: UnsafePointer<Int32>, currents: UnsafePointer<Double>,
        membranes: UnsafePointer<Double>, _ more: Int
    ) throws(SpinnpropError) {
        try reserve(more)
        (self.times + count).update(from: times, count: more)
        (self.units + count).update(from: units, count: more)
        (self.currents + count).update(from: currents, count: more)
        if let own = self.membranes { (own + count).update(from: membranes, count: more) }
        count += more
    }

    /// Appends a spike with its membrane value, which columns without membranes leave out.
    @inline(__always)
    public func append(time: Double, unit: Int, current: Double, membrane: Double) throws(SpinnpropError) {
        try append(time: time, unit: unit, current: current)
        membranes?[count - 1] = membrane
    }

    /// Swaps two spikes.
    public func exchange(_ x: Int, _ y: Int) {
        (times[x], times[y]) = (times[y], times[x])
        (units[x], units[y]) = (units[y], units[x])
        (currents[x], currents[y]) = (currents[y], currents[x])
        if let membranes { (membranes[x], membranes[y]) = (membranes[y], membranes[x]) }
    }

    private func grow(to newCapacity: Int) throws(SpinnpropError) {
        let new = try SpikeColumns.allocate(newCapacity, membranes != nil)
        new.times.update(from: times, count: count)
        new.currents.update(from: currents, count: count)
        if let membranes { new.membranes?.update(from: membranes, count: count) }
        new.units.update(from: units, count: count)
        Memory.free(times)
        (times, currents, membranes, units) = new
        capacity = newCapacity
    }

    public func range(ofSample sample: Int) -> Range<Int> {
        (sample == 0 ? 0 : ends[sample - 1])..<ends[sample]
    }
}

/// How the model's membrane moves at a measured spike.
public enum MeasuredSpike {
    /// Of a threshold: no circuit's is so much lower than it was meant to be that a spike below says anything of it.
    @usableFromInline static let leastMembrane = 0.1

    /// tau_m V' of the model at a measured spike; 0 or less where the model's membrane does not rise, or is nowhere near its threshold: the
    /// spike's time is then taken as given.
    @inlinable @inline(__always)
    public static func slope(current: Double, membrane: Double, threshold: Double) -> Double {
        let slope = current - membrane
        return membrane >= leastMembrane * threshold ? slope : min(slope, 0)
    }
}

/// One layer's part of a recording.
public struct LayerRecording: Sendable {
    public let neuronCount: Int
    public let isSpiking: Bool
    /// What the membrane reaches at a spike, or exceeds on a grid: one for all neurons, or one per neuron.
    public let thresholds: [Double]
    /// The drives of its neurons, one for all or one each.
    public let drives: [Double]
    /// Spikes of `Recording.partition[k]`'s samples, each sample's in order of time, ties in order of unit.
    public let segments: [SpikeColumns]
    /// Leaky read-out only, (sample, neuron): the largest membrane value of the run, and the first time of it. Never below 0, the value at
    /// the start.
    public let maxima: [Double]
    public let maximumTimes: [Double]
    /// Leaky read-out only, (sample, neuron): current and drive at the maximum, before any arrival at that time. Equal to the maximum
    /// at a smooth peak, larger where an arrival cuts the rise short.
    public let maximumCurrents: [Double]
    /// Spiking layers of measured recordings only, (sample, neuron): when the neuron would have spiked first, had it been left to the
    /// model and to the measured spikes that reach it; +infinity: never.
    public let modelTimes: [Double]

    public init(
        neuronCount: Int, isSpiking: Bool, thresholds: [Double], drives: [Double] = [0], segments: [SpikeColumns],
        maxima: [Double] = [], maximumTimes: [Double] = [], maximumCurrents: [Double] = [], modelTimes: [Double] = []
    ) {
        self.neuronCount = neuronCount
        self.isSpiking = isSpiking
        self.thresholds = thresholds
        self.drives = drives
        self.segments = segments
        self.maxima = maxima
        self.maximumTimes = maximumTimes
        self.maximumCurrents = maximumCurrents
        self.modelTimes = modelTimes
    }

    public var spikeCount: Int { segments.reduce(0) { $0 + $1.count } }

    /// The layer's spikes as spike trains.
    public var spikes: SpikeTrains {
        var times: [Double] = []
        var units: [Int32] = []
        var offsets = [0]
        times.reserveCapacity(spikeCount)
        units.reserveCapacity(spikeCount)
        for segment in segments {
            let start = times.count
            times.append(contentsOf: UnsafeBufferPointer(start: segment.times, count: segment.count))
            units.append(contentsOf: UnsafeBufferPointer(start: segment.units, count: segment.count))
            offsets.append(contentsOf: segment.ends.lazy.map { $0 + start })
        }
        return SpikeTrains(trustedTimes: times, units: units, offsets: offsets, unitCount: neuronCount)
    }

    /// The current at each spike, in the order of `spikes`.
    public var currents: [Double] {
        var all: [Double] = []
        all.reserveCapacity(spikeCount)
        for own in segments { all.append(contentsOf: UnsafeBufferPointer(start: own.currents, count: own.count)) }
        return all
    }

    /// The membrane value at each spike, in the order of `spikes`: on a grid and of measured recordings, of which it is the model's; empty
    /// elsewhere, where it is the threshold.
    public var membranes: [Double] {
        segments.flatMap { Array(UnsafeBufferPointer(start: $0.membranes, count: $0.membranes == nil ? 0 : $0.count)) }
    }
}

/// The integral over a run of e^{-t / tau} V(t), V the membrane of each output of a leaky read-out.
public struct MembraneIntegrals: Sendable {
    /// Seconds; +infinity: a weight of 1.
    public let tau: Double
    /// (sample, output), seconds times the membrane's unit.
    public let values: [Double]

    public init(tau: Double, values: [Double]) {
        self.tau = tau
        self.values = values
    }
}

/// The result of a run. A plain value: any gradient rule that suits the network can be applied to it.
public struct Recording: Sendable {
    public let input: SpikeTrains
    public let layers: [LayerRecording]
    /// Consecutive runs of samples: how the work was cut. Depends on the number of samples and the network alone, never on
    /// the number of threads.
    public let partition: [Range<Int>]
    /// `Network.fingerprint` of the network that made it; `nil` within a session, which changes no parameter meanwhile.
    public let fingerprint: UInt64?
    /// The name of the substrate that made it, or `measuredEngine`.
    public let engine: String
    /// When the run ended, in seconds, inclusive; infinite if it went on until silence, or to the end of its grid.
    public let endTime: Double
    /// The grid of a clock-driven run, whose spike times are steps times `timeStep` exactly; `nil` in continuous time.
    public let grid: TimeGrid?
    /// `Network.timeStretch` of the network that made it, by which a loss that nobody chose reads the spikes.
    public let timeStretch: Double
    /// For losses that look at them; files leave them out.
    public var integrals: MembraneIntegrals?

    public init(
        input: SpikeTrains, layers: [LayerRecording], partition: [Range<Int>], fingerprint: UInt64?, engine: String,
        endTime: Double, grid: TimeGrid? = nil, timeStretch: Double = 1
    ) {
        self.input = input
        self.layers = layers
        self.partition = partition
        self.fingerprint = fingerprint
        self.engine = engine
        self.endTime = endTime
        self.grid = grid
        self.timeStretch = timeStretch
    }

    public var sampleCount: Int { input.sampleCount }
    public var outputLayer: LayerRecording { layers[layers.count - 1] }

    /// The first spike time of each output in each sample, (sample, output), seconds; +infinity where silent.
    public var firstSpikeTimes: [Double] { firstSpikeTimes(layer: layers.count - 1) }

    /// The first spike time of each neuron of a layer in each sample, (sample, neuron), seconds; +infinity where silent.
    public func firstSpikeTimes(layer: Int) -> [Double] {
        let neuronCount = layers[layer].neuronCount
        var first = [Double](repeating: .infinity, count: sampleCount * neuronCount)
        for (samples, segment) in zip(partition, layers[layer].segments) {
            for (index, sample) in samples.enumerated() {
                for spike in segment.range(ofSample: index) {
                    let at = sample * neuronCount + Int(segment.units[spike])
                    if segment.times[spike] < first[at] { first[at] = segment.times[spike] }
                }
            }
        }
        return first
    }

    /// - Throws: `unsupported` for a loss that looks at integrals which this recording does not have.
    public func checkIntegrals(for loss: any Loss) throws(SpinnpropError) {
        guard let tau = loss.integralTau, integrals?.tau != tau else { return }
        throw .unsupported(
            "the loss \(loss.name) looks at integrals of membranes with tau = \(tau) s, and the recording has \(integrals.map { "those with tau = \($0.tau) s" } ?? "none"); "
                + "make one that has them by spinnprop_recording_integrate")
    }

    /// - Throws: `unsupported` and `invalidValue` where membranes of the read-out have no such integral.
    package func checkIntegral(tau: Double) throws(SpinnpropError) {
        guard grid == nil else {
            throw .unsupported(
                "the recording of engine \"\(engine)\" is on a grid of time steps, between which there is no membrane to integrate; run forward with "
                    + "engine \"event\"")
        }
        guard !outputLayer.isSpiking else {
            throw .unsupported("integrals of membranes are for a leaky read-out, and this read-out spikes")
        }
        guard tau > 0 else { throw .invalidValue("tau is \(tau) s; it must be > 0, +infinity for a weight of 1") }
        guard min(tau, endTime) < .infinity else {
            throw .invalidValue(
                "the integral of a membrane over a run until silence needs a finite tau, which VIntegralCrossEntropy calls tau0: give one, or a finite t_end"
            )
        }
    }

    /// - Throws: `staleRecording` if the network's parameters are not those that made this recording, `invalidValue` if
    ///   even its shape differs.
    public func check(madeBy network: Network) throws(SpinnpropError) {
        guard input.unitCount == network.inputCount, layers.count == network.layers.count,
            zip(layers, network.layers).allSatisfy({
                $0.neuronCount == $1.neuronCount && $0.isSpiking == $1.isSpiking
            })
        else {
            throw .invalidValue(
                "the recording was made by a network of another shape "
                    + "(\([input.unitCount] + layers.map(\.neuronCount)), this one is "
                    + "\([network.inputCount] + network.layers.map(\.neuronCount))); "
                    + (isMeasured ? "make it of spikes measured of this network" : "run forward with this network"))
        }
        guard let fingerprint, fingerprint != network.fingerprint else { return }
        throw SpinnpropError(
            .staleRecording,
            "the network's parameters have changed since the recording was made; "
                + (isMeasured ? "make it of the measured spikes again" : "run forward again"))
    }
}

extension Recording {
    /// What stands for a substrate in recordings of spikes that somebody else has measured.
    public static let measuredEngine = "measured"
    public var isMeasured: Bool { engine == Recording.measuredEngine }

    /// Measured first spike times minus the model's own, given the measured spikes that reach each neuron, (sample, neuron), seconds:
    /// layer by layer, so that deviations do not add up. -infinity where only the measured neuron spiked, +infinity where only the
    /// model's would have, NaN where neither.
    ///
    /// - Throws: `unsupported` if the recording is not measured or the layer a leaky read-out.
    public func deviations(layer: Int) throws(SpinnpropError) -> [Double] {
        guard isMeasured else {
            throw .unsupported(
                "the spikes of this recording are those of engine \"\(engine)\" itself; deviations are of measured spikes"
            )
        }
        let own = layers[layer]
        guard own.isSpiking else {
            throw .unsupported("layer \(layer) is a leaky read-out; deviations are of layers that spike")
        }
        guard own.modelTimes.count == sampleCount * own.neuronCount else {
            throw .unsupported("this recording is of a training, which does not find deviations; run forward for one")
        }
        try Memory.check(
            count: own.modelTimes.count, bytesPerElement: 2 * MemoryLayout<Double>.stride, "the deviations")
        return zip(firstSpikeTimes(layer: layer), own.modelTimes).map { $0 - $1 }
    }
}
