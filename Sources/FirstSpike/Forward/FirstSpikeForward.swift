// Forward through the layers of a network, sample by sample: each neuron's first spike from its causal set.
import Mathematics
import Networks
import Spikes

/// One forward run: what its parts share, and where each leaves what it finds.
final class FirstSpikeForward: @unchecked Sendable {
    let layers: [FirstSpikeLayer]
    let partition: [Range<Int>]
    private let network: Network
    private let input: SpikeTrains
    private let endTime: Double
    private let monitor: Monitor?
    private let budget: SpikeBudget
    /// Per layer and part.
    private let columns: [[SpikeColumns]]

    init(
        _ network: Network, _ input: SpikeTrains, _ options: ForwardOptions, _ layers: [FirstSpikeLayer],
        _ monitor: Monitor?
    ) throws(SpinnpropError) {
        try FirstSpikeSubstrate.check(network, input, options)
        (self.network, self.input, self.layers, self.monitor) = (network, input, layers, monitor)
        endTime = options.endTime
        let partition = FirstSpikeSubstrate.partition(samples: input.sampleCount, network: network)
        self.partition = partition
        columns = try layers.map { (layer) throws(SpinnpropError) in
            try partition.map { (part) throws(SpinnpropError) in
                try SpikeColumns(capacity: min(1024, part.count &* layer.neuronCount))
            }
        }
        budget = options.budget(network, samples: input.sampleCount)
    }

    func worker() -> FirstSpikeWorker { FirstSpikeWorker(layers, monitor) }

    func run() throws(SpinnpropError) {
        let workers = WorkerPool { [self] () throws(SpinnpropError) in worker() }
        try parallelLoop(parts: partition.count, monitor: monitor) { (part) throws(SpinnpropError) in
            try workers.withWorker { (worker) throws(SpinnpropError) in try run(part, worker) }
        }
    }

    func run(_ part: Int, _ worker: FirstSpikeWorker) throws(SpinnpropError) {
        let own = columns.map { $0[part] }
        for columns in own { columns.ends.reserveCapacity(partition[part].count) }
        for sample in partition[part] {
            do throws(SpinnpropError) {
                try worker.run(input, sample, into: own, endTime: endTime, budget: budget)
            } catch {
                throw error.naming(sample: sample)
            }
            monitor?.finish(1)
        }
    }

    /// What the parts have left so far: spikes appear in it as they are found.
    func recording(_ fingerprint: UInt64?) -> Recording {
        Recording(
            input: input,
            layers: zip(network.layers, columns).map { layer, segments in
                LayerRecording(
                    neuronCount: layer.neuronCount, isSpiking: true, thresholds: layer.parameters.threshold,
                    segments: segments)
            },
            partition: partition, fingerprint: fingerprint, engine: FirstSpikeSubstrate.name, endTime: endTime,
            timeStretch: network.timeStretch)
    }
}

/// Runs one sample after another through all layers; belongs to one part at a time.
final class FirstSpikeWorker {
    private let layers: [FirstSpikeLayer]
    private let poller: Poller
    private let arrivals: LayerArrivals
    private let order: TimeOrder
    private let spikes: UnorderedSpikes
    private let merged = MergedSpikes()
    /// Of the sample at hand: the input's, then each layer's.
    private var rows: [SpikeRow] = []

    init(_ layers: [FirstSpikeLayer], _ monitor: Monitor?) {
        self.layers = layers
        poller = Poller(monitor)
        arrivals = LayerArrivals(poller)
        order = TimeOrder(poller)
        spikes = UnorderedSpikes()
    }

    func run(
        _ input: SpikeTrains, _ sample: Int, into columns: [SpikeColumns], endTime: Double, budget: SpikeBudget
    ) throws(SpinnpropError) {
        // However little a sample asks for, many of them take time.
        try poller.spend(1 << 12)
        try Memory.poll()
        try input.withRow(ofSample: sample) { (row) throws(SpinnpropError) in
            rows.removeAll(keepingCapacity: true)
            rows.append(row)
            var made = 0
            for layer in layers {
                let row = try sent(to: layer)
                let output = columns[layer.index]
                let start = output.count
                switch layer.ratio {
                case 1: try run(EqualTimeConstants.self, layer, row, endTime: endTime)
                default: try run(DoubleTimeConstant.self, layer, row, endTime: endTime)
                }
                try spikes.append(layer, to: output, order)
                output.ends.append(output.count)
                rows.append(
                    SpikeRow(
                        times: output.times + start, units: output.units + start, count: output.count - start))
                made += output.count - start
            }
            try budget.add(made)
        }
    }

    /// What a layer's sources send.
    private func sent(to layer: FirstSpikeLayer) throws(SpinnpropError) -> SpikeRow {
        func row(_ source: Int?) -> SpikeRow { rows[source.map { $0 + 1 } ?? 0] }
        return layer.sources.count == 1 ? row(layer.sources[0].layer) : try merged.merge(layer, row)
    }

    /// Finds the spikes of a layer, in the order of neurons.
    private func run<Form: ClosedForm>(
        _: Form.Type, _ layer: FirstSpikeLayer, _ row: SpikeRow, endTime: Double
    ) throws(SpinnpropError) {
        try arrivals.take(layer, row, endTime: endTime)
        let columns = try spikes.columns(layer)
        if layer.sharesArrivals {
            var first = 0
            let all = try arrivals.shared(layer, Form.self)
            try poller.spend(all.count &* layer.stride)
            while first < layer.stride {
                try search(Form.self, layer, all.from(first), columns, first: first)
                first &+= 4
            }
        } else if arrivals.isFactored {
            try searchOwn(Form.self, layer, columns, endTime: endTime, Yes.self)
        } else {
            try searchOwn(Form.self, layer, columns, endTime: endTime, No.self)
        }
        columns.solve(Form.self, layer, endTime: endTime)
    }

    /// Finds the causal sets of neurons to which arrivals come in intervals of their own.
    @inline(__always)
    private func searchOwn<Form: ClosedForm, IsFactored: Constant>(
        _: Form.Type, _ layer: FirstSpikeLayer, _ columns: UnorderedSpikes.Columns, endTime: Double, _: IsFactored.Type
    ) throws(SpinnpropError) {
        var first = 0
        while first < layer.stride {
            let own = try arrivals.own(layer, first: first, endTime: endTime, IsFactored.self)
            // Without factors each interval takes an exponential.
            try poller.spend((IsFactored.isTrue ? 16 : 32) &* own.count)
            try search(Form.self, layer, own, columns, first: first)
            first &+= 4
        }
    }

    /// Finds the causal sets of four neurons from `first` on.
    @inline(__always)
    private func search<Form: ClosedForm>(
        _: Form.Type, _ layer: FirstSpikeLayer, _ arrivals: some SortedArrivals, _ columns: UnorderedSpikes.Columns,
        first: Int
    ) throws(SpinnpropError) {
        let found = Form.scan(arrivals, layer.thresholds(first))
        if any(found.overflow .!= 0) { throw overflow(layer, found, first) }
        columns.store(found, at: first)
    }

    /// Infinite and undefined currents stay so, whatever follows.
    private func overflow(_ layer: FirstSpikeLayer, _ found: CausalState, _ first: Int) -> SpinnpropError {
        let lane = (0..<4).first { found.overflow[$0] != 0 } ?? 0
        return .invalidValue(
            "the current of neuron \(first + lane) of layer \(layer.index) overflows float64; use smaller weights")
    }
}

extension SpikeTrains {
    /// A sample's spikes as they came.
    @inline(__always)
    func withRow<Result>(
        ofSample sample: Int, _ body: (SpikeRow) throws(SpinnpropError) -> Result
    ) throws(SpinnpropError) -> Result {
        let (start, end) = (offsets[sample], offsets[sample + 1])
        return try times.withUnsafeBufferPointer { (times) throws(SpinnpropError) in
            try units.withUnsafeBufferPointer { (units) throws(SpinnpropError) in
                guard let firstTime = times.baseAddress, let firstUnit = units.baseAddress else {
                    // Never followed.
                    let nowhere = UnsafePointer<Double>(bitPattern: 64).unsafelyUnwrapped
                    let noUnit = UnsafePointer<Int32>(bitPattern: 64).unsafelyUnwrapped
                    return try body(SpikeRow(times: nowhere, units: noUnit, count: 0))
                }
                return try body(SpikeRow(times: firstTime + start, units: firstUnit + start, count: end - start))
            }
        }
    }
}
