// Recordings of spikes that somebody else has measured, a chip say: the currents at them, as the network would have had them.
import Mathematics
import Networks
import Neurons
import Spikes

extension Recording {
    /// A recording of measured spikes, which gradient rules in continuous time differentiate as if the network had made them.
    ///
    /// What a chip does not tell follows from what it does: current and membrane at a spike are the model's, from the measured spikes that
    /// reached the neuron, with delays, and its own before. So a neuron whose threshold is another than the model's, or all of whose weights are, is
    /// differentiated as it is. A leaky read-out is replayed from the measured spikes of the layer before.
    ///
    /// - Parameters:
    ///   - layers: the spikes of each layer, in order; those of a leaky read-out, which has none, may be left out.
    ///   - endTime: when the measurement ended, seconds, inclusive; infinite: when all was silent.
    ///   - maxima: of a leaky read-out what was measured, (sample, neuron), finite; when it was, and what it depends on, are the replay's. `nil`:
    ///     those of the replay.
    ///   - findsDeviations: whether to find when the model would have spiked first, which takes most of the time. Without, that no neuron spikes twice at
    ///     once or within its refractory period is the caller's word.
    /// - Throws: `invalidValue` for spikes that do not fit the network, the input or `endTime`, and for neurons that spike twice at
    ///   once or within their refractory period; `cancelled`.
    public static func measured(
        _ network: Network, _ input: SpikeTrains, _ layers: [SpikeTrains], endTime: Double = .infinity,
        maxima: [Double]? = nil, findsDeviations: Bool = true, monitor: Monitor? = nil
    ) throws(SpinnpropError) -> Recording {
        let plans = try LayerPlan.all(network, monitor: monitor)
        let run = try MeasuredRun(network, input, layers, endTime, plans, wantsModel: findsDeviations, monitor)
        return try run.recording(network.fingerprint, maxima)
    }
}

/// One replay: what its parts share, and where each leaves what it finds.
final class MeasuredRun: @unchecked Sendable {
    private let network: Network
    private let input: SpikeTrains
    private let measured: [SpikeTrains]
    private let endTime: Double
    private let monitor: Monitor?
    private let plans: [LayerPlan]
    private let wantsModel: Bool
    private let partition: [Range<Int>]
    /// Per layer and part.
    private let columns: [[SpikeColumns]]
    /// Per spiking layer, (sample, neuron); parts write disjoint pieces.
    private let modelTimes: [Block<Double>]
    private let maxima: ReadoutMaxima

    /// - Parameters:
    ///   - network: its shape and neurons; weights and delays are in the plans.
    ///   - wantsModel: whether to find when the model would have spiked first, which takes most of the time.
    init(
        _ network: Network, _ input: SpikeTrains, _ layers: [SpikeTrains], _ endTime: Double, _ plans: [LayerPlan],
        wantsModel: Bool, _ monitor: Monitor?
    ) throws(SpinnpropError) {
        try EventSubstrate.check(network, input)
        try ForwardOptions(endTime: endTime).check()
        try EventSubstrate.checkEnd(network, endTime)
        try MeasuredRun.check(network, input, layers, endTime)
        (self.network, self.input, measured) = (network, input, layers)
        (self.endTime, self.monitor) = (endTime, monitor)
        (self.plans, self.wantsModel) = (plans, wantsModel)
        let partition = EventSubstrate.partition(samples: input.sampleCount, network: network)
        self.partition = partition
        columns = try network.layers.indices.map { (layer) throws(SpinnpropError) in
            try partition.map { (samples) throws(SpinnpropError) in
                let offsets = layer < layers.count ? layers[layer].offsets : [0]
                let count = offsets.count > 1 ? offsets[samples.upperBound] - offsets[samples.lowerBound] : 0
                return try SpikeColumns(capacity: count, withMembranes: true)
            }
        }
        // While they are found, and while the recording is made.
        modelTimes = try network.layers.map { (layer) throws(SpinnpropError) in
            try Block(
                Memory.product(
                    layer.isSpiking && wantsModel ? input.sampleCount : 0, layer.neuronCount, bytesPerElement: 16,
                    "the measured recording"))
        }
        maxima = try ReadoutMaxima(network, sampleCount: input.sampleCount)
    }

    /// - Throws: `invalidValue` naming what does not fit.
    private static func check(
        _ network: Network, _ input: SpikeTrains, _ layers: [SpikeTrains], _ endTime: Double
    ) throws(SpinnpropError) {
        let spiking = network.layers.count { $0.isSpiking }
        guard layers.count == spiking || layers.count == network.layers.count else {
            throw .invalidValue(
                "measured spikes of \(layers.count) layers were given; the network has \(spiking) that spike: give those of each, "
                    + "in order")
        }
        for (layer, spikes) in layers.enumerated() {
            let own = network.layers[layer]
            guard spikes.unitCount == own.neuronCount else {
                throw .invalidValue(
                    "the measured spikes of layer \(layer) have n_units = \(spikes.unitCount), the layer \(own.neuronCount) "
                        + "neurons; they must agree")
            }
            guard spikes.sampleCount == input.sampleCount else {
                throw .invalidValue(
                    "the measured spikes of layer \(layer) have \(spikes.sampleCount) samples, the input \(input.sampleCount); they "
                        + "must agree")
            }
            guard own.isSpiking || spikes.spikeCount == 0 else {
                throw .invalidValue(
                    "\(spikes.spikeCount) measured spikes of layer \(layer) were given, a leaky read-out, which never spikes; leave "
                        + "them out")
            }
            for (spike, time) in spikes.times.enumerated() where time > endTime {
                throw .invalidValue(
                    "measured spike \(spike) of layer \(layer) is at \(time) s, after t_end = \(endTime) s; leave it out or give a "
                        + "later t_end")
            }
        }
    }

    func recording(_ fingerprint: UInt64?, _ measuredMaxima: [Double]?) throws(SpinnpropError) -> Recording {
        let runners = WorkerPool { [self] () throws(SpinnpropError) in
            MeasuredRunner(
                try plans.map { (plan) throws(SpinnpropError) in try LayerPlan(plan) }, input, measured, endTime,
                wantsModel: wantsModel, monitor)
        }
        try parallelLoop(parts: partition.count, monitor: monitor) { (part) throws(SpinnpropError) in
            try runners.withWorker { (runner) throws(SpinnpropError) in try run(part, runner) }
        }
        if let monitor, monitor.isStopped { throw .cancelled }
        let layers = network.layers.enumerated().map { (index, layer) in
            let count = layer.isSpiking && wantsModel ? input.sampleCount * layer.neuronCount : 0
            return LayerRecording(
                neuronCount: layer.neuronCount, isSpiking: layer.isSpiking, thresholds: layer.parameters.threshold,
                drives: layer.parameters.drive, segments: columns[index],
                maxima: layer.isSpiking ? [] : measuredMaxima ?? maxima.values,
                maximumTimes: layer.isSpiking ? [] : maxima.times,
                maximumCurrents: layer.isSpiking ? [] : maxima.currents,
                modelTimes: Array(UnsafeBufferPointer(start: modelTimes[index].pointer, count: count)))
        }
        return Recording(
            input: input, layers: layers, partition: partition, fingerprint: fingerprint,
            engine: Recording.measuredEngine, endTime: endTime, timeStretch: network.timeStretch)
    }

    private func run(_ part: Int, _ runner: MeasuredRunner) throws(SpinnpropError) {
        let own = columns.map { $0[part] }
        let modelTimes = modelTimes.map(\.pointer)
        for sample in partition[part] {
            do throws(SpinnpropError) {
                try runner.run(sample, into: own, modelTimes: modelTimes, maxima: maxima.of(sample))
            } catch {
                throw error.naming(sample: sample)
            }
            monitor?.finish(1)
        }
    }
}

/// Replays one sample after another through all layers; belongs to one part at a time.
private final class MeasuredRunner {
    private let plans: [LayerPlan]
    private let input: SpikeTrains
    private let measured: [SpikeTrains]
    private let endTime: Double
    private let wantsModel: Bool
    private let rows: EventRows
    private let measuredRows: EventRows
    private let poller: Poller
    private let arrivals: Arrivals
    private let propagators = Block<Propagators>()
    private let groups = UnitGroups()
    private let order: TimeOrder
    private let times = Block<Double>()
    private let membranes = Block<Double>()
    private let currents = Block<Double>()
    private let together = ReplayState()

    init(
        _ plans: [LayerPlan], _ input: SpikeTrains, _ measured: [SpikeTrains], _ endTime: Double, wantsModel: Bool,
        _ monitor: Monitor?
    ) {
        (self.plans, self.measured, self.endTime, self.wantsModel) = (plans, measured, endTime, wantsModel)
        let poller = Poller(monitor)
        self.poller = poller
        self.input = input
        rows = EventRows(poller)
        measuredRows = EventRows(poller)
        arrivals = Arrivals(poller)
        order = TimeOrder(poller)
    }

    /// - Parameters: where the sample's spikes go, layer by layer; those that the model would have had, of all samples; its maxima.
    func run(
        _ sample: Int, into columns: [SpikeColumns], modelTimes: [UnsafeMutablePointer<Double>],
        maxima: UnsafeMutablePointer<MembraneMaximum>
    ) throws(SpinnpropError) {
        try poller.spend(1 << 12)
        try Memory.poll()
        try rows.begin(sample, of: input)
        for plan in plans {
            let output = columns[plan.layer]
            if plan.isSpiking {
                try replay(plan, sample, into: output, modelTimes[plan.layer])
            } else {
                try plan.maxima(rows, arrivals, propagators, endTime: endTime, into: maxima, poller: poller)
            }
            output.ends.append(output.count)
        }
    }

    private func replay(
        _ plan: LayerPlan, _ sample: Int, into output: SpikeColumns, _ modelTimes: UnsafeMutablePointer<Double>
    ) throws(SpinnpropError) {
        let isOneByOne = wantsModel || !plan.isReplayedAsOne
        try measuredRows.begin(sample, of: measured[plan.layer])
        let spikes = measuredRows.inputRow
        let count = padded(spikes.count)
        try times.reserve(count)
        try membranes.reserve(count)
        try currents.reserve(count)
        if isOneByOne { try groups.sort(spikes.units, spikes.count, neurons: plan.neuronCount) }
        let row = MeasuredRow(
            spikes: spikes, groups: groups, times: times.pointer, membranes: membranes.pointer,
            currents: currents.pointer)
        // Recurrent connections carry the layer's own spikes as they were measured.
        if !plan.recurrent.isEmpty { try rows.add(spikes) }
        if isOneByOne {
            try plan.forEachNeuron(rows, arrivals, propagators) { (neuron) throws(SpinnpropError) in
                let first = try plan.replay(
                    neuron, arrivals, propagators.pointer, row, endTime: endTime, poller: poller)
                if wantsModel { modelTimes[sample * plan.neuronCount + neuron] = first }
            }
        }
        // Spikes that are found either way are those that sessions find, to the bit.
        if plan.isReplayedAsOne {
            try arrivals.collect(plan.incoming, rows: rows)
            try plan.replayAsOne(arrivals, together, row, endTime: endTime, poller: poller)
        }
        let start = output.count
        // Few are moved, if any.
        if TimeOrder.isSorted(row.times, spikes.units, spikes.count) {
            try output.append(
                times: row.times, units: spikes.units, currents: row.currents, membranes: row.membranes, spikes.count)
        } else {
            let sorted = try order.order(row.times, spikes.units, spikes.count)
            for n in 0..<spikes.count {
                let from = Int(sorted[n])
                try output.append(
                    time: row.times[from], unit: Int(spikes.units[from]), current: row.currents[from],
                    membrane: row.membranes[from])
            }
        }
        let found = SpikeRow(times: output.times + start, units: output.units + start, count: spikes.count)
        if plan.recurrent.isEmpty { try rows.add(found) } else { rows.replaceLast(found) }
    }
}
