// One run on a chip: each layer in turn by the exact engine, and between layers what happens to events.
import EventDriven
import Mathematics
import Networks
import Neurons
import Spikes

/// What is drawn anew for a run; the purpose is the upper byte of the stream.
private enum NoisePurpose: UInt64 {
    /// Of (layer, neuron): the threshold's in this batch.
    case batch = 0x51
    /// Of (layer, sample): for each spike in turn its shift.
    case spikes
    /// Of (connection, sample): for each delayed spike in turn its jitter.
    case delayed
}

/// How far the spikes of a layer's neurons are moved.
private struct SpikeNoise {
    /// Of each neuron what the noise of its membrane shifts, times how fast that rises; the threshold as the current has to pass it; the jitter's square;
    /// its tau_m.
    private let neurons: Block<SIMD4<Double>>
    private let hasNoise: Bool

    /// `nil` where nothing moves.
    init?(
        _ own: LIFParameters, _ meant: LIFParameters, count: Int, noise: Double, jitter: Double
    ) throws(SpinnpropError) {
        guard noise > 0 || jitter > 0 else { return nil }
        hasNoise = noise > 0
        neurons = try Block(count)
        for n in 0..<count {
            let (own, meant) = (own[n], meant[n])
            let apart = jitter * meant.tauSyn
            neurons.pointer[n] = SIMD4(
                noise * meant.threshold * own.tauMem, own.threshold - own.drive, apart * apart, own.tauMem)
        }
    }

    /// Turns normal numbers, whole vectors of them, into the shifts of some spikes. A membrane moves by its noise over its slope, (I + D - theta) / tau_m;
    /// together with the jitter that is one normal number.
    func shift(
        _ normals: UnsafeMutablePointer<Double>, _ units: UnsafePointer<Int32>, _ currents: UnsafePointer<Double>,
        _ count: Int
    ) {
        let neurons = neurons.pointer
        var n = 0
        while n < count {
            let at = (n, min(n &+ 1, count &- 1), min(n &+ 2, count &- 1), min(n &+ 3, count &- 1))
            let (a, b) = (neurons[Int(units[at.0])], neurons[Int(units[at.1])])
            let (c, d) = (neurons[Int(units[at.2])], neurons[Int(units[at.3])])
            let current = SIMD4(currents[at.0], currents[at.1], currents[at.2], currents[at.3])
            let longest = SIMD4(a.w, b.w, c.w, d.w)
            var variance = SIMD4(a.z, b.z, c.z, d.z)
            if hasNoise {
                let own = lesser(SIMD4(a.x, b.x, c.x, d.x) / (current - SIMD4(a.y, b.y, c.y, d.y)), longest)
                variance += own * own
            }
            let normal = SIMD4<Double>(UnsafePointer(normals + n))
            lesser(greater(normal * Elementary.squareRoot(variance), -longest), longest).store(normals + n)
            n &+= 4
        }
    }
}

struct ChipRun {
    private let network: Network
    private let physical: PhysicalLayer
    private let noiseSeed: UInt64
    private let forward: ForwardOptions
    private let monitor: Monitor?
    private let link: EventLink
    /// The spikes of each layer that spikes, as the chip reports them.
    private(set) var spikes: [SpikeTrains] = []
    /// Of a leaky read-out, (sample, neuron), as its converter has them.
    private(set) var maxima: [Double] = []
    private(set) var lostCount = 0

    init(
        _ network: Network, _ physical: PhysicalLayer, noiseSeed: UInt64, _ forward: ForwardOptions, _ monitor: Monitor?
    ) {
        (self.network, self.physical, self.noiseSeed) = (network, physical, noiseSeed)
        (self.forward, self.monitor) = (forward, monitor)
        link = EventLink(physical.chip.options, speedup: physical.options.speedup, endTime: forward.endTime)
    }

    mutating func run(_ input: SpikeTrains) throws(SpinnpropError) {
        let sent = try sentInput(input)
        // Of all layers together, which run one after another.
        let budget = forward.budget(network, samples: input.sampleCount)
        var forward = forward
        forward.maxSpikes = budget.limit
        for index in network.layers.indices {
            let layer = network.layers[index]
            let own = try physicalNetwork(index)
            let trains = try arriving(at: index, sent)
            let recording = try EventSubstrate().forward(own, trains, options: forward, monitor: monitor)
            try budget.add(recording.layers[0].spikeCount)
            if layer.isSpiking {
                spikes.append(try reported(recording.layers[0], own.layers[0].parameters, index))
            } else {
                maxima = recording.layers[0].maxima.map(converted)
            }
            monitor?.restart()
        }
    }

    /// The input's events as they leave for the chip.
    private mutating func sentInput(_ input: SpikeTrains) throws(SpinnpropError) -> SpikeTrains {
        guard !link.isIdeal else { return input }
        return try carried(input, through: link, refractory: nil) { [link] (_, times, _, count) in
            for n in 0..<count { times[n] = link.rounded(times[n]) }
            return count
        }
    }

    /// What the neurons of a layer fire, on its way: membrane noise, jitter, the clock.
    private mutating func reported(
        _ layer: LayerRecording, _ own: LIFParameters, _ index: Int
    ) throws(SpinnpropError) -> SpikeTrains {
        let spikes = layer.spikes
        let (noise, jitter) = (physical.chip.options.noise, physical.chip.options.jitter)
        let isSingle = physical.options.singleSpikes
        guard !link.isIdeal || noise > 0 || jitter > 0 || isSingle else { return spikes }
        let currents = layer.currents
        let shifts = try SpikeNoise(
            own, network.layers[index].parameters, count: layer.neuronCount, noise: noise, jitter: jitter)
        let normals = Block<Double>()
        // The last sample in which a neuron has spiked.
        var latest = [Int](repeating: -1, count: isSingle ? spikes.unitCount : 0)
        return try carried(
            spikes, through: link,
            refractory: (0..<layer.neuronCount).map { network.layers[index].parameters[$0].refractory }
        ) { [link, noiseSeed] (sample, times, units, count) throws(SpinnpropError) in
            let first = spikes.offsets[sample]
            if let shifts {
                var stream = RandomStream(
                    seed: noiseSeed, purpose: NoisePurpose.spikes.rawValue, UInt64(index), UInt64(sample))
                // Whole eights are drawn.
                try normals.reserve(count + 7)
                stream.normals(normals.pointer, count)
                currents.withUnsafeBufferPointer { currents in
                    guard let start = currents.baseAddress else { return }
                    shifts.shift(normals.pointer, units, start + first, count)
                }
            }
            let shift = normals.pointer
            var kept = 0
            for n in 0..<count {
                let unit = Int(units[n])
                if isSingle {
                    guard latest[unit] < sample else { continue }
                    latest[unit] = sample
                }
                let time = shifts == nil ? times[n] : times[n] + shift[n]
                (times[kept], units[kept]) = (link.rounded(max(time, 0)), units[n])
                kept += 1
            }
            return kept
        }
    }

    /// The spikes of all sources of a layer, side by side: each source's units follow those of the one before. Delays of senders are over.
    private mutating func arriving(at index: Int, _ input: SpikeTrains) throws(SpinnpropError) -> SpikeTrains {
        let sources = feedForward(index).map { connection in
            (connection: connection, trains: network.connections[connection].source.map { spikes[$0] } ?? input)
        }
        let delayed = try sources.map { (own) throws(SpinnpropError) in
            network.connections[own.connection].delayKind == .axonal
                ? try late(own.trains, through: own.connection) : own.trains
        }
        guard delayed.count > 1 else { return delayed[0] }
        var (times, units, offsets): ([Double], [Int32], [Int]) = ([], [], [0])
        let count = delayed.reduce(0) { $0 + $1.spikeCount }
        try times.makeRoom(for: count)
        try units.makeRoom(for: count)
        for sample in 0..<input.sampleCount {
            var first = 0
            for own in delayed {
                times += own[sample].times
                units += own[sample].units.map { $0 + Int32(first) }
                first += own.unitCount
            }
            offsets.append(times.count)
        }
        return SpikeTrains(
            trustedTimes: times, units: units, offsets: offsets, unitCount: delayed.reduce(0) { $0 + $1.unitCount })
    }

    /// What leaves the circuits that delay a connection's senders.
    private mutating func late(_ trains: SpikeTrains, through index: Int) throws(SpinnpropError) -> SpikeTrains {
        let connection = network.connections[index]
        let delays = physical.delays(connection, index)
        let jitter = physical.chip.options.jitter
        let tauSyn = network.layers[connection.target].parameters.tauSyn[0]
        var link = link
        link.endTime = .infinity
        let seed = noiseSeed
        return try carried(trains, through: link, refractory: nil) { [link] (sample, times, units, count) in
            var stream = RandomStream(
                seed: seed, purpose: NoisePurpose.delayed.rawValue, UInt64(index), UInt64(sample))
            for n in 0..<count {
                var time = times[n] + delays[Int(units[n])]
                if jitter > 0 { time = max(time + jitter * tauSyn * stream.normal(), 0) }
                times[n] = link.rounded(time)
            }
            return count
        }
    }

    /// Has the events of one sample after another take turns.
    ///
    /// - Parameter move: moves a sample's events, `count` of them, where they are, and keeps the first of them. Returns how many.
    private mutating func carried(
        _ trains: SpikeTrains, through link: EventLink, refractory: [Double]?,
        _ move: (
            _ sample: Int, _ times: UnsafeMutablePointer<Double>, _ units: UnsafeMutablePointer<Int32>, _ count: Int
        ) throws(SpinnpropError) -> Int
    ) throws(SpinnpropError) -> SpikeTrains {
        let poller = Poller(monitor)
        let times = try Block<Double>(trains.spikeCount)
        let units = try Block<Int32>(trains.spikeCount)
        trains.times.withUnsafeBufferPointer { own in
            if let first = own.baseAddress { times.pointer.update(from: first, count: own.count) }
        }
        trains.units.withUnsafeBufferPointer { own in
            if let first = own.baseAddress { units.pointer.update(from: first, count: own.count) }
        }
        let last = try Block<Double>(trains.unitCount)
        last.pointer.update(repeating: -.infinity, count: trains.unitCount)
        let apart = try refractory.map { (own) throws(SpinnpropError) in
            let block = try Block<Double>(own.count)
            for (neuron, period) in own.enumerated() { block.pointer[neuron] = period }
            return block
        }
        var (offsets, end) = ([0], 0)
        offsets.reserveCapacity(trains.sampleCount + 1)
        for sample in 0..<trains.sampleCount {
            let (first, count) = (trains.offsets[sample], trains.offsets[sample + 1] - trains.offsets[sample])
            let (ownTimes, ownUnits) = (times.pointer + first, units.pointer + first)
            let (kept, lost) = link.carry(
                ownTimes, ownUnits, try move(sample, ownTimes, ownUnits, count),
                refractory: apart.map { UnsafePointer($0.pointer) }, last: last.pointer)
            lostCount += lost
            if end < first {
                (times.pointer + end).update(from: ownTimes, count: kept)
                (units.pointer + end).update(from: ownUnits, count: kept)
            }
            end += kept
            offsets.append(end)
            try poller.spend(64 + 64 * kept)
        }
        try Memory.check(count: end, bytesPerElement: 12, "the events of a chip")
        return SpikeTrains(
            trustedTimes: Array(UnsafeBufferPointer(start: times.pointer, count: end)),
            units: Array(UnsafeBufferPointer(start: units.pointer, count: end)), offsets: offsets,
            unitCount: trains.unitCount)
    }

    /// A layer alone, with all its sources as one input.
    private func physicalNetwork(_ index: Int) throws(SpinnpropError) -> Network {
        let layer = network.layers[index]
        let forward = feedForward(index)
        let recurrent = network.connections.indices.first {
            network.connections[$0].target == index && network.connections[$0].isRecurrent
        }
        var inputs = 0
        var columns: [(weights: [Double], delays: [Double]?, preCount: Int, kind: DelayKind)] = []
        func add(_ at: Int) {
            let connection = network.connections[at]
            let weights = physical.weights(connection, firstInput: inputs)
            // Delays of senders are over when events arrive; a layer's own spikes wait for theirs.
            let isOver = connection.delayKind == .axonal && !connection.isRecurrent
            let kind = isOver ? .none : connection.delayKind
            columns.append((weights, kind == .none ? nil : physical.delays(connection, at), connection.preCount, kind))
            inputs += connection.preCount * (connection.source == nil ? physical.options.inputCopies : 1)
        }
        for connection in forward { add(connection) }
        if let recurrent { add(recurrent) }
        let sources = columns.prefix(forward.count)
        let preCount = sources.reduce(0) { $0 + $1.preCount }
        let kind: DelayKind =
            sources.allSatisfy { $0.kind == .none } ? .none : sources.count == 1 ? sources[0].kind : .synaptic
        var own = try Network(
            sizes: [preCount, layer.neuronCount],
            parameters: [
                physical.parameters(
                    layer, index, batchFactors: batchFactors(index),
                    isSingle: recurrent != nil && physical.options.singleSpikes)
            ],
            delays: recurrent == nil ? [kind] : [kind, columns[forward.count].kind], leakyReadout: !layer.isSpiking,
            connections: [Ends(0, 1)] + (recurrent == nil ? [] : [Ends(1, 1)]))
        try own.setWeights(
            sources.count == 1
                ? sources[0].weights : sideBySide(sources.map { ($0.weights, $0.preCount) }, layer.neuronCount),
            connection: 0)
        if kind != .none {
            try own.setDelays(
                sources.count == 1
                    ? sources[0].delays ?? []
                    : sideBySide(
                        sources.map { (each($0.delays, $0.kind, $0.preCount, layer.neuronCount), $0.preCount) },
                        layer.neuronCount), connection: 0)
        }
        if recurrent != nil {
            try own.setWeights(columns[forward.count].weights, connection: 1)
            if let delays = columns[forward.count].delays { try own.setDelays(delays, connection: 1) }
        }
        return own
    }

    /// A delay for each synapse, (post, pre).
    private func each(_ delays: [Double]?, _ kind: DelayKind, _ preCount: Int, _ postCount: Int) -> [Double] {
        guard let delays else { return [Double](repeating: 0, count: preCount * postCount) }
        return kind == .synaptic ? delays : delays.flatMap { [Double](repeating: $0, count: preCount) }
    }

    /// Rows of several matrices (post, pre) one after another.
    private func sideBySide(_ parts: [(values: [Double], preCount: Int)], _ postCount: Int) -> [Double] {
        (0..<postCount).flatMap { post in
            parts.flatMap { $0.values[post * $0.preCount..<(post + 1) * $0.preCount] }
        }
    }

    private func feedForward(_ index: Int) -> [Int] {
        network.connections.indices.filter {
            network.connections[$0].target == index && !network.connections[$0].isRecurrent
        }
    }

    /// What thresholds are multiplied by in this batch.
    private func batchFactors(_ index: Int) -> [Double] {
        let spread = physical.chip.options.batchNoise
        return (0..<network.layers[index].neuronCount).map { neuron in
            guard spread > 0 else { return 1 }
            var stream = RandomStream(
                seed: noiseSeed, purpose: NoisePurpose.batch.rawValue, UInt64(index), UInt64(neuron))
            return max(1 + spread * stream.normal(), 0.1)
        }
    }

    /// What 8 bits hold of a membrane.
    private func converted(_ value: Double) -> Double {
        guard physical.chip.options.readoutBits > 0 else { return value }
        let largest = Double(1 << physical.chip.options.readoutBits - 1)
        let step = physical.options.readoutRange / largest
        return min((value / step).rounded(), largest) * step
    }
}
