// Samples of one part of a batch, forward through all layers.
import Mathematics
import Networks
import Neurons
import Spikes

/// The spikes of one of the samples that are run side by side, and what arrives at a layer in it.
final class SampleSlot {
    let rows: EventRows
    let arrivals: Arrivals

    init(_ poller: Poller) {
        rows = EventRows(poller)
        arrivals = Arrivals(poller)
    }

    func begin(_ sample: Int, of input: SpikeTrains, _ poller: Poller) throws(SpinnpropError) {
        // However little a sample asks for, many of them take time.
        try poller.spend(1 << 12)
        try Memory.poll()
        try rows.begin(sample, of: input)
    }

    /// What arrives at a layer that takes several samples.
    func arrive(_ plan: LayerPlan, _ state: SynchronousState) throws(SpinnpropError) {
        // Neurons that receive each with a delay of its own do the same as without, so much later.
        if plan.isShifted {
            try arrivals.take(rows.source(plan.feedForward[0]))
        } else {
            try arrivals.collect(plan.feedForward, rows: rows)
        }
        try state.add(arrivals)
    }

    /// What a layer has sent, which has to stay where it is.
    func add(_ output: SpikeColumns, _ index: Int) throws(SpinnpropError) {
        let own = output.range(ofSample: index)
        try rows.add(
            SpikeRow(times: output.times + own.lowerBound, units: output.units + own.lowerBound, count: own.count))
    }
}

/// Runs groups of samples one after another; belongs to one part at a time.
final class SampleRunner {
    private let plans: [LayerPlan]
    /// How many samples go side by side at most, perhaps through some layers alone.
    private let together: Int
    private var columns: [SpikeColumns] = []
    private var slots: [SampleSlot] = []
    private let poller: Poller
    private let synchronous: SynchronousState
    private let feedback: FeedbackState
    private let laneArrivals: LaneArrivals
    private let lanes: LaneState
    private let windows: WindowState
    private let sparse: SparseState
    private let recurrent: RecurrentState
    private let propagators = Block<Propagators>()
    private let merged: SpikeColumns
    private let order: TimeOrder

    /// Runners for inputs of one network.
    static func pool(_ plans: [LayerPlan]) -> WorkerPool<SampleRunner> {
        WorkerPool { () throws(SpinnpropError) in try SampleRunner(try LayerPlan.copies(plans)) }
    }

    private init(_ plans: [LayerPlan]) throws(SpinnpropError) {
        self.plans = plans
        together = plans.reduce(1) { max($0, $1.samplesSideBySide) }
        poller = Poller(nil)
        synchronous = SynchronousState(poller)
        feedback = FeedbackState(poller)
        laneArrivals = try LaneArrivals(poller)
        lanes = LaneState(poller)
        windows = WindowState(poller)
        sparse = SparseState(poller)
        recurrent = RecurrentState(poller)
        order = TimeOrder(poller)
        merged = try SpikeColumns()
    }

    /// Turns to a part. - Parameters: where its spikes go, layer by layer, and how many samples follow.
    func begin(columns: [SpikeColumns], samples: Int, _ monitor: Monitor?) {
        poller.watch(monitor)
        windows.forgetDelays()
        self.columns = columns
        for own in columns { own.ends.reserveCapacity(samples) }
    }

    /// The samples that go side by side next, of those that are left of the part: groups of the same size, smaller where inputs are long.
    func group(from first: Int, to end: Int, of input: SpikeTrains) -> Range<Int> {
        let groups = (end - first + together - 1) / together
        let most = (end - first + groups - 1) / groups
        var last = first + 1
        while last < first + most, input.offsets[last + 1] - input.offsets[first] <= 2048 { last += 1 }
        return first..<last
    }

    /// Runs samples side by side. Where one fails they are run one after another, so that the error is that of the first and says so.
    func run(
        _ samples: Range<Int>, of input: SpikeTrains, endTime: Double, budget: SpikeBudget, maxima: ReadoutMaxima
    ) throws(SpinnpropError) {
        let done = columns[0].ends.count
        var areRun = false
        if samples.count > 1 {
            areRun = try runsSideBySide(samples, of: input, endTime: endTime, budget: budget, maxima: maxima)
        }
        if !areRun {
            for sample in samples {
                do throws(SpinnpropError) {
                    try runSlots(
                        sample..<(sample + 1), of: input, endTime: endTime, budget: budget, maxima: maxima)
                } catch {
                    throw error.naming(sample: sample)
                }
            }
        }
        for (n, sample) in samples.enumerated() {
            let made = columns.reduce(0) { $0 + $1.range(ofSample: done + n).count }
            do throws(SpinnpropError) { try budget.add(made) } catch { throw error.naming(sample: sample) }
        }
    }

    /// Whether it went well; else nothing is left of it.
    private func runsSideBySide(
        _ samples: Range<Int>, of input: SpikeTrains, endTime: Double, budget: SpikeBudget, maxima: ReadoutMaxima
    ) throws(SpinnpropError) -> Bool {
        let before = columns.map { (count: $0.count, ends: $0.ends.count) }
        do throws(SpinnpropError) {
            try runSlots(samples, of: input, endTime: endTime, budget: budget, maxima: maxima)
            return true
        } catch {
            guard error.kind != .cancelled else { throw error }
            for (own, before) in zip(columns, before) {
                own.count = before.count
                own.ends.removeLast(own.ends.count - before.ends)
            }
            return false
        }
    }

    private func runSlots(
        _ samples: Range<Int>, of input: SpikeTrains, endTime: Double, budget: SpikeBudget, maxima: ReadoutMaxima
    ) throws(SpinnpropError) {
        let (first, count) = (samples.lowerBound, samples.count)
        while slots.count < count { slots.append(SampleSlot(poller)) }
        for n in 0..<count { try slots[n].begin(first + n, of: input, poller) }
        for plan in plans {
            let output = columns[plan.layer]
            let (start, done) = (output.count, output.ends.count)
            if plan.isMovedWithSamples {
                do throws(SpinnpropError) {
                    let groups = (count + plan.samplesSideBySide - 1) / plan.samplesSideBySide
                    for group in 0..<groups {
                        synchronous.removeSamples()
                        for n in count * group / groups..<count * (group + 1) / groups {
                            try slots[n].arrive(plan, synchronous)
                        }
                        try plan.runSynchronous(synchronous, output: output, endTime: endTime, budget: budget)
                    }
                } catch {
                    guard count == 1, isOfMovingAsOne(error, plan) else { throw error }
                    output.count = start
                    try runNeurons(plan, slots[0], output: output, endTime: endTime, budget: budget)
                    output.ends.append(output.count)
                }
            } else {
                for n in 0..<count {
                    try run(
                        plan, slots[n], output: output, endTime: endTime, budget: budget, maxima: maxima.of(first + n))
                    output.ends.append(output.count)
                }
            }
            // Until now growing has moved them; nobody hears the last.
            if plan.layer < plans.count - 1 {
                for n in 0..<count { try slots[n].add(output, done + n) }
            }
        }
    }

    /// Whether neurons may do better one by one.
    private func isOfMovingAsOne(_ error: SpinnpropError, _ plan: LayerPlan) -> Bool {
        plan.mayFailAsOne && error.kind != .cancelled && error.kind != .outOfMemory
    }

    /// One sample through a layer that does not take several.
    private func run(
        _ plan: LayerPlan, _ slot: SampleSlot, output: SpikeColumns, endTime: Double, budget: SpikeBudget,
        maxima: UnsafeMutablePointer<MembraneMaximum>
    ) throws(SpinnpropError) {
        guard plan.isSpiking else { return try runReadout(plan, slot, endTime: endTime, maxima: maxima) }
        guard plan.runsAsOne else {
            return try runNeurons(plan, slot, output: output, endTime: endTime, budget: budget)
        }
        let start = output.count
        do throws(SpinnpropError) {
            if plan.runsInWindows {
                try plan.runWindows(slot.rows, windows, output: output, endTime: endTime, budget: budget)
            } else if plan.runsSparse {
                try slot.arrivals.collect(plan.feedForward, rows: slot.rows)
                try plan.runSparse(
                    slot.arrivals, sparse, try windows.candidates(), output: output, endTime: endTime, budget: budget)
            } else if plan.isSideBySide {
                try runLanes(plan, slot, output: output, endTime: endTime, budget: budget)
            } else {
                try slot.arrivals.collect(plan.feedForward, rows: slot.rows)
                try plan.runFeedback(slot.arrivals, feedback, output: output, endTime: endTime, budget: budget)
            }
        } catch {
            guard isOfMovingAsOne(error, plan) else { throw error }
            output.count = start
            try runNeurons(plan, slot, output: output, endTime: endTime, budget: budget)
        }
    }

    private func runReadout(
        _ plan: LayerPlan, _ slot: SampleSlot, endTime: Double, maxima: UnsafeMutablePointer<MembraneMaximum>
    ) throws(SpinnpropError) {
        try plan.maxima(slot.rows, slot.arrivals, propagators, endTime: endTime, into: maxima, poller: poller)
    }

    private func runLanes(
        _ plan: LayerPlan, _ slot: SampleSlot, output: SpikeColumns, endTime: Double, budget: SpikeBudget
    ) throws(SpinnpropError) {
        merged.count = 0
        try laneArrivals.take(plan, slot.rows)
        for first in stride(from: 0, to: plan.neuronCount, by: 4 * laneArrivals.vectorCount) {
            let vectors = min(laneArrivals.vectorCount, (plan.neuronCount - first + 3) / 4)
            for n in 0..<vectors { try laneArrivals.arrange(plan, first: first + 4 * n, at: n) }
            try plan.runLanes(
                first, vectors: vectors, laneArrivals, lanes, output: merged, endTime: endTime, budget: budget)
        }
        try appendMerged(to: output)
    }

    private func runNeurons(
        _ plan: LayerPlan, _ slot: SampleSlot, output: SpikeColumns, endTime: Double, budget: SpikeBudget
    ) throws(SpinnpropError) {
        guard plan.recurrent.isEmpty, !plan.isTimed else {
            try slot.arrivals.collect(plan.feedForward, rows: slot.rows)
            try plan.runRecurrent(slot.arrivals, recurrent, output: output, endTime: endTime, budget: budget)
            return
        }
        merged.count = 0
        try plan.forEachNeuron(slot.rows, slot.arrivals, propagators) { (neuron) throws(SpinnpropError) in
            try plan.runNeuron(
                neuron, slot.arrivals, propagators.pointer, output: merged, endTime: endTime, budget: budget,
                poller: poller)
        }
        try appendMerged(to: output)
    }

    private func appendMerged(to output: SpikeColumns) throws(SpinnpropError) {
        let count = merged.count
        let positions = try order.order(merged.times, merged.units, count)
        try output.reserve(count)
        let (times, units, currents) = (merged.times, merged.units, merged.currents)
        let (toTimes, toUnits, toCurrents) = (
            output.times + output.count, output.units + output.count, output.currents + output.count
        )
        output.count += count
        var n = 0
        while n < count {
            let from = Int(positions[n])
            (toTimes[n], toUnits[n], toCurrents[n]) = (times[from], units[from], currents[from])
            n &+= 1
        }
    }
}
