// Backward through some samples of a batch.
import ClockArithmetic
import Mathematics
import Networks
import Spikes

final class ClockWorker {
    private let job: ClockJob
    private let monitor: Monitor?
    /// The spikes of the sample that goes backward.
    private let rows: StepRows
    private let state: ClockAdjointState
    private let layers: UnsafeBufferPointer<ClockPlan>
    /// Errors per second, as losses give them.
    private let lossErrors = Block<Double>()
    private let inputErrors = Block<Float>()
    /// Per space of the job, where each of its rows was last touched.
    private let marks: [Block<Int>]
    private let feeds = Block<BackwardFeed>()
    private let maximumTimes = Block<Double>()
    private let maximumUnits = Block<Int32>()
    private let maximumSteps = Block<Int32>()
    private let order: TimeOrder
    private var sampler: OutputSampler
    /// The first sample of each part of the recording.
    private let partStarts: [Int]

    /// - Parameter rows: what the samples' forward run fills; `nil`: rows of its own, filled from the recording.
    init(_ job: ClockJob, rows: StepRows?, monitor: Monitor?) throws(SpinnpropError) {
        self.job = job
        self.monitor = monitor
        let poller = Poller(monitor)
        self.rows =
            if let rows { rows } else {
                try StepRows(input: job.recording.input, job.plans, grid: job.grid, poller: poller)
            }
        layers = job.plans.layers
        state = ClockAdjointState(poller)
        order = TimeOrder(poller)
        marks = try job.sums.map { (sum) throws(SpinnpropError) in try Block<Int>(sum.space.rowCount) }
        sampler = OutputSampler(job.recording)
        partStarts = job.recording.partition.map(\.lowerBound)
    }

    /// Runs the samples of a unit backward, with the spikes that the recording has of them.
    func run(_ unit: ClockUnit) throws(SpinnpropError) {
        begin()
        var part = (partStarts.lastIndex { $0 <= unit.samples.lowerBound }) ?? 0
        for sample in unit.samples {
            while !job.recording.partition[part].contains(sample) { part += 1 }
            let index = sample - partStarts[part]
            try Memory.poll()
            try rows.begin(sample)
            for plan in layers {
                let segment = job.recording.layers[plan.layer].segments[part]
                try rows.load(layer: plan.layer, from: segment, segment.range(ofSample: index))
            }
            try backward(sample, part, index, unit)
            if let monitor {
                if monitor.poll() { throw .cancelled }
                monitor.finish(1)
            }
        }
    }

    /// Forgets which rows were touched; to be called before the samples of each unit.
    func begin() {
        for (block, sum) in zip(marks, job.sums) { block.pointer.update(repeating: -1, count: sum.space.rowCount) }
    }

    /// Runs the sample backward whose spikes `rows` holds.
    func backward(_ sample: Int, _ part: Int, _ index: Int, _ unit: ClockUnit) throws(SpinnpropError) {
        for plan in layers { try beginErrors(plan, part, index) }
        if job.inputErrors.isWanted { try inputErrors.clear(rows.inputRow.count) }
        if let given = job.given {
            try add(given, sample, part, index)
        } else {
            try evaluateLoss(sample, part, index)
        }
        for plan in layers.reversed() { try backward(plan, sample, unit) }
        storeInputErrors(sample)
    }

    /// Sets the errors of a layer's spikes to what rate regularisation gives them, else to 0.
    private func beginErrors(_ plan: ClockPlan, _ part: Int, _ index: Int) throws(SpinnpropError) {
        let (count, errors) = (rows[plan.layer].count, rows[plan.layer].errors)
        errors.update(repeating: 0, count: plan.isSpiking ? count : plan.neuronCount)
        guard job.objective.rate != nil else { return }
        let segment = job.recording.layers[plan.layer].segments[part]
        let start = segment.range(ofSample: index).lowerBound
        try lossErrors.clear(count)
        job.rate.add(
            to: lossErrors.pointer, layer: plan.layer, times: UnsafePointer(segment.times + start),
            units: UnsafePointer(segment.units + start), count: count)
        for n in 0..<count { errors[n] = Float(lossErrors.pointer[n] * job.grid.timeStep) }
    }

    private func add(_ given: PlacedErrors, _ sample: Int, _ part: Int, _ index: Int) throws(SpinnpropError) {
        job.judgements.pointer[sample] = .none
        for plan in layers {
            let own = rows[plan.layer]
            let count = plan.isSpiking ? own.count : plan.neuronCount
            try lossErrors.clear(count)
            let segment = job.recording.layers[plan.layer].segments[part]
            given.add(
                to: lossErrors.pointer, layer: plan.layer, part: part, index: index,
                spikes: segment.range(ofSample: index))
            let unit = unit(plan)
            for n in 0..<count { own.errors[n] += Float(lossErrors.pointer[n] * unit) }
        }
    }

    /// What an error is multiplied by: the time of a step, but that of a maximum is no derivative with respect to time.
    private func unit(_ plan: ClockPlan) -> Double { plan.isSpiking ? job.grid.timeStep : 1 }

    private func evaluateLoss(_ sample: Int, _ part: Int, _ index: Int) throws(SpinnpropError) {
        let plan = layers[layers.count - 1]
        let count = plan.isSpiking ? rows[plan.layer].count : plan.neuronCount
        try lossErrors.clear(count)
        let perSecond = lossErrors.pointer
        job.judgements.pointer[sample] = sampler.withSample(part: part, index: index) { shown, _ in
            job.objective.judge(shown, sample: sample, errors: perSecond)
        }
        let own = rows[plan.layer].errors
        let unit = unit(plan)
        for n in 0..<count { own[n] += Float(perSecond[n] * unit) * job.scale }
    }

    private func backward(_ plan: ClockPlan, _ sample: Int, _ unit: ClockUnit) throws(SpinnpropError) {
        let jumps = plan.isSpiking ? spikeJumps(plan) : try maximumJumps(plan, sample)
        try feeds.reserve(plan.sources.count)
        let feeds = feeds.pointer
        var n = 0
        for own in plan.sources {
            let (weights, delays) = (job.weightSpace[own.connection], job.delaySpace[own.connection])
            let row = rows.row(source: own.source)
            (feeds + n).initialize(
                to: BackwardFeed(
                    lanes: own.lanes, row: row,
                    weights: try unit.rows[weights].begin(events: row.count, marks[weights].pointer),
                    delays: try delays.map { (space) throws(SpinnpropError) in
                        try unit.rows[space].begin(events: row.count, marks[space].pointer)
                    },
                    isAxonal: own.delayKind == .axonal, isSynaptic: own.delayKind == .synaptic,
                    errors: own.source.map { rows[$0].errors }
                        ?? (job.inputErrors.isWanted ? inputErrors.pointer : nil)))
            n += 1
        }
        try state.run(plan, jumps, feeds)
        n = 0
        for own in plan.sources {
            unit.rows[job.weightSpace[own.connection]].end(feeds[n].weights)
            if let delays = feeds[n].delays, let space = job.delaySpace[own.connection] { unit.rows[space].end(delays) }
            n += 1
        }
    }

    private func spikeJumps(_ plan: ClockPlan) -> ClockJumps {
        let own = rows[plan.layer]
        return ClockJumps(
            row: own.row, errors: own.errors,
            values: (UnsafePointer(own.currents), UnsafePointer(own.membranes)))
    }

    /// One jump per read-out neuron at the step of its maximum; none where it never rose above its start.
    private func maximumJumps(_ plan: ClockPlan, _ sample: Int) throws(SpinnpropError) -> ClockJumps {
        let own = job.recording.layers[plan.layer]
        let (first, neurons) = (sample * plan.neuronCount, plan.neuronCount)
        for block in [maximumUnits, maximumSteps] { try block.reserve(2 * neurons) }
        try maximumTimes.reserve(neurons)
        let (units, steps, times) = (maximumUnits.pointer, maximumSteps.pointer, maximumTimes.pointer)
        var count = 0
        for unit in 0..<neurons where own.maxima[first + unit] > 0 {
            units[neurons + count] = Int32(truncatingIfNeeded: unit)
            times[count] = own.maximumTimes[first + unit]
            count += 1
        }
        let positions = try order.order(times, units + neurons, count)
        // The loss gave one error per neuron; jumps come in order of time.
        let ordered = rows[plan.layer].errors
        try lossErrors.reserve(neurons)
        for n in 0..<neurons { lossErrors.pointer[n] = Double(ordered[n]) }
        for n in 0..<count {
            let from = Int(positions[n])
            units[n] = units[neurons + from]
            steps[n] = Int32(truncatingIfNeeded: job.grid.step(nearest: times[from]))
            ordered[n] = Float(lossErrors.pointer[Int(units[n])])
        }
        return ClockJumps(
            row: StepRow(steps: steps, units: units, count: count), errors: ordered, values: nil)
    }

    private func storeInputErrors(_ sample: Int) {
        guard let all = job.inputErrors.pointer else { return }
        let target = all + job.recording.input.offsets[sample]
        let perSecond = Float(1 / job.grid.timeStep)
        for n in 0..<rows.inputRow.count {
            target[rows.inputOrder.map { Int($0[n]) } ?? n] = Double(inputErrors.pointer[n] * perSecond)
        }
    }
}
