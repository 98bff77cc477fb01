// A backward pass as work for several threads: what all of them read, and how samples and sums are cut.
import ClockArithmetic
import Mathematics
import Networks
import Synchronization

/// Some samples that one thread runs, and what they leave.
final class ClockUnit: @unchecked Sendable {
    let samples: Range<Int>
    /// Whether all samples have been run.
    fileprivate let isDone = Atomic<Bool>(false)
    /// What the samples leave, one per space of the job.
    let rows: UnsafeMutablePointer<TouchedRows>
    private var spaceCount = 0

    init(_ samples: Range<Int>, _ spaces: [GradientSpace]) throws(SpinnpropError) {
        self.samples = samples
        rows = .allocate(capacity: spaces.count)
        for space in spaces {
            (rows + spaceCount).initialize(to: try TouchedRows(space, sampleCount: samples.count))
            spaceCount += 1
        }
    }

    /// Makes the unit ready for another batch.
    func restart() {
        isDone.store(false, ordering: .relaxed)
        for n in 0..<spaceCount { rows[n].restart() }
    }

    deinit {
        rows.deinitialize(count: spaceCount)
        rows.deallocate()
    }
}

/// Columns of a space that one thread at a time sums up, unit after unit.
private final class SumSlice: Sendable {
    let space: Int
    let columns: Range<Int>
    /// The number of units that have been added.
    let added = Mutex(0)

    init(space: Int, columns: Range<Int>) {
        self.space = space
        self.columns = columns
    }
}

final class ClockJob: @unchecked Sendable {
    let plans: ClockPlans
    let recording: Recording
    let objective: Objective
    let grid: TimeGrid
    let rate: RateErrors
    let given: PlacedErrors?
    /// 1 / batch.
    let scale: Float
    let sums: [CopySums]
    /// For each connection the index of its weights' space, and of its delays' if it has any.
    private(set) var weightSpace: [Int] = []
    private(set) var delaySpace: [Int?] = []
    /// Pieces that may be summed at the same time.
    private let slices: [SumSlice]
    /// What the loss says of each sample.
    let judgements: Block<Judgement>
    /// Derivatives with respect to input spikes per second, if wanted.
    let inputErrors: InputErrors

    init(
        _ plans: ClockPlans, _ recording: Recording, _ objective: Objective, grid: TimeGrid,
        memory: ClockMemory = ClockMemory()
    ) throws(SpinnpropError) {
        self.plans = plans
        self.recording = recording
        self.objective = objective
        self.grid = grid
        let sampleCount = recording.sampleCount
        rate = RateErrors(objective.rate, recording)
        given = try PlacedErrors(objective, recording)
        guard given?.given.times.isEmpty ?? true else {
            throw .unsupported(
                "errors of membranes between steps are given, which the gradient rule of engine \"clock\" has no time for; give "
                    + "errors of the maxima")
        }
        scale = Float(1 / Double(max(1, sampleCount)))
        var spaces: [GradientSpace] = []
        for own in plans.connections {
            weightSpace.append(spaces.count)
            spaces.append(GradientSpace(weightsOf: own))
            delaySpace.append(own.delayKind == .none ? nil : spaces.count)
            if own.delayKind != .none { spaces.append(GradientSpace(delaysOf: own)) }
        }
        // A copy without a sample adds nothing.
        let copies = max(1, min(grid.copies, sampleCount))
        var width = 0
        for space in spaces { width += space.rowCount * space.stride }
        try Memory.product(
            width, copies, bytesPerElement: MemoryLayout<Float>.stride,
            "the gradients of \(copies) copies of the network")
        sums = try memory.sums(spaces, copies: copies)
        slices = sums.enumerated().flatMap { (index, sum) in sum.slices.map { SumSlice(space: index, columns: $0) } }
        judgements = try Block(sampleCount)
        inputErrors = try InputErrors(objective, recording)
    }

    /// A bound on what each sample leaves in all spaces.
    private var elementsPerSample: [Int] {
        var elements = [Int](repeating: 0, count: recording.sampleCount)
        for own in plans.connections {
            let width = own.stride * (own.delayKind == .none ? 1 : 2)
            guard let source = own.source else {
                for sample in elements.indices {
                    let spikes = recording.input.offsets[sample + 1] - recording.input.offsets[sample]
                    elements[sample] += width * min(spikes, own.preCount)
                }
                continue
            }
            for (samples, segment) in zip(recording.partition, recording.layers[source].segments) {
                for (index, sample) in samples.enumerated() {
                    elements[sample] += width * min(segment.range(ofSample: index).count, own.preCount)
                }
            }
        }
        return elements
    }

    /// Elements that the rows of samples under way may take together.
    private static let largestChunk = 1 << 24

    /// Runs of samples whose rows fit memory together.
    var chunks: [Range<Int>] {
        var chunks: [Range<Int>] = []
        var (first, elements) = (0, 0)
        for (sample, own) in elementsPerSample.enumerated() {
            if elements + own > ClockJob.largestChunk, sample > first {
                chunks.append(first..<sample)
                (first, elements) = (sample, 0)
            }
            elements += own
        }
        if first < recording.sampleCount { chunks.append(first..<recording.sampleCount) }
        return chunks
    }

    /// Whether the rows of all samples fit memory together, whichever neurons spike. To be known before they do.
    var fitsWhole: Bool {
        let offsets = recording.input.offsets
        var elements = 0
        for own in plans.connections {
            let width = own.stride * (own.delayKind == .none ? 1 : 2)
            for sample in 0..<recording.sampleCount {
                let senders = own.source == nil ? offsets[sample + 1] - offsets[sample] : own.preCount
                elements += width * min(senders, own.preCount)
                if elements > ClockJob.largestChunk { return false }
            }
        }
        return true
    }

    func unit(_ samples: Range<Int>) throws(SpinnpropError) -> ClockUnit {
        try ClockUnit(samples, sums.map(\.space))
    }

    func units(of chunk: Range<Int>) throws(SpinnpropError) -> [ClockUnit] {
        let count = min(16, chunk.count)
        return try (0..<count).map { (n) throws(SpinnpropError) in
            let first = chunk.lowerBound + chunk.count * n / count
            let last = chunk.lowerBound + chunk.count * (n + 1) / count
            return try unit(first..<last)
        }
    }

    /// Adds the rows of units to the sums of the copies, as far as all units before them are done. To be called after each unit by who
    /// has run it: most of the adding is then done beside other units' runs, and while rows are in the cache.
    func finish(_ unit: ClockUnit, of units: [ClockUnit]) {
        unit.isDone.store(true, ordering: .releasing)
        for slice in slices { _ = slice.added.withLockIfAvailable { add(units, after: &$0, slice) } }
    }

    /// Adds what is left when all units are done, which another thread was busy with; then units may begin anew.
    func finishAll(_ units: [ClockUnit], monitor: Monitor?) throws(SpinnpropError) {
        let open = slices.filter { $0.added.withLock { $0 < units.count } }
        try parallelLoop(parts: open.count, monitor: monitor) { (n) throws(SpinnpropError) in
            open[n].added.withLock { add(units, after: &$0, open[n]) }
        }
        for slice in slices { slice.added.withLock { $0 = 0 } }
    }

    private func add(_ units: [ClockUnit], after added: inout Int, _ slice: SumSlice) {
        while added < units.count, units[added].isDone.load(ordering: .acquiring) {
            sums[slice.space].add(units[added].rows[slice.space], units[added].samples, columns: slice.columns)
            added += 1
        }
    }

    /// Runs all samples of a recording backward.
    func run(monitor: Monitor?) throws(SpinnpropError) {
        let workers = WorkerPool { () throws(SpinnpropError) in try ClockWorker(self, rows: nil, monitor: monitor) }
        for chunk in chunks {
            let units = try units(of: chunk)
            try parallelLoop(parts: units.count, monitor: monitor) { (unit) throws(SpinnpropError) in
                try workers.withWorker { (worker) throws(SpinnpropError) in try worker.run(units[unit]) }
                finish(units[unit], of: units)
            }
            try finishAll(units, monitor: monitor)
        }
    }

    /// The gradient of a space in rows, once all samples have been run.
    func total(_ space: Int) -> UnsafeMutablePointer<Float> {
        let own = sums[space].space
        let constants = plans.layers[plans.connections[own.connection].target].constants
        return sums[space].total(
            times: (0..<own.rowWidth).map { own.isDelay ? Float(1 / grid.timeStep) : -constants[.tauSyn, $0] })
    }

    /// Adds the samples up.
    var result: BatchResult {
        var judged = JudgedSum()
        for sample in 0..<recording.sampleCount { judged.add(judgements.pointer[sample]) }
        if let given { judged.add(given.judged) }
        let value = judged.value / Double(max(1, recording.sampleCount)) + (given?.value ?? 0)
        return BatchResult(recording, value: value + rate.value, judged)
    }

    /// Value and gradients, in the shape of the network's parameters.
    func gradients(_ network: Network, monitor: Monitor?) throws(SpinnpropError) -> Gradients {
        try network.checkRoom("the gradients")
        var gradients = Gradients(zerosFor: network)
        let poller = Poller(monitor)
        for (index, own) in plans.connections.enumerated() {
            gradients.weights[index] = own.rows.at(total(weightSpace[index])).values
            if let space = delaySpace[index] {
                gradients.delays[index] = sums[space].space.rows(at: total(space)).values
            }
            if poller.isStopped(after: own.rows.count) { throw .cancelled }
        }
        try gradients.take(result, inputErrors, of: network)
        return gradients
    }
}
