// Backward through the samples of one part of a batch.
import Mathematics
import Networks
import Neurons
import Spikes

/// Where an incoming connection's sums go while one sample is run backward; trivial, so that hot loops touch no reference counts.
struct IncomingSums {
    let columns: UnsafePointer<Double>
    let weights: UnsafeMutablePointer<Double>
    let delays: UnsafeMutablePointer<Double>
    /// The errors of the source's spikes; `nil` if nobody wants them.
    var errors: UnsafeMutablePointer<Double>?
    let delayKind: DelayKind
    let preCount: Int
}

/// What parts of a batch go backward through, and what for.
final class AdjointTask: Sendable {
    let recording: Recording
    let objective: Objective
    let rate: RateErrors
    let given: PlacedErrors?
    let scale: Double
    let inputErrors: InputErrors
    let monitor: Monitor?

    init(
        _ recording: Recording, _ objective: Objective, _ rate: RateErrors, _ given: PlacedErrors?, scale: Double,
        _ inputErrors: InputErrors, _ monitor: Monitor?
    ) {
        (self.recording, self.objective, self.rate, self.given) = (recording, objective, rate, given)
        (self.scale, self.inputErrors, self.monitor) = (scale, inputErrors, monitor)
    }
}

/// A layer's spikes in a part, and the errors of those of a sample.
private final class LayerErrors {
    let plan: LayerPlan
    let errors = Block<Double>()
    var segment: SpikeColumns

    init(_ plan: LayerPlan) throws(SpinnpropError) {
        self.plan = plan
        segment = try SpikeColumns(capacity: 0)
    }

    /// Takes a sample's row, and the errors of its spikes that do not come from other spikes: those of rate regularisation.
    func begin(_ index: Int, _ rate: RateErrors, _ rows: EventRows) throws(SpinnpropError) {
        let range = segment.range(ofSample: index)
        let row = SpikeRow(
            times: segment.times + range.lowerBound, units: segment.units + range.lowerBound, count: range.count)
        try rows.add(row)
        try errors.clear(plan.isSpiking ? row.count : plan.neuronCount)
        rate.add(to: errors.pointer, layer: plan.layer, times: row.times, units: row.units, count: row.count)
    }
}

final class AdjointWorker {
    private let plans: [LayerPlan]
    private let layers: [LayerErrors]
    private let rows: EventRows
    private let poller: Poller
    private let arrivals: Arrivals
    private let synchronous: SynchronousAdjointState
    private let shifted: ShiftedJumps
    private let held: HeldJumps
    private let lanes: LaneAdjointState
    private let groups = UnitGroups()
    private let neurons: NeuronGradients
    private let orderedInputErrors = Block<Double>()
    private let maximumUnits = Block<Int32>()
    private let maximumTimes = Block<Double>()
    private let maximumErrors = Block<Double>()
    private let (readTimes, readUnits, readErrors) = (Block<Double>(), Block<Int32>(), Block<Double>())
    private let (orderedTimes, orderedUnits, orderedErrors) = (Block<Double>(), Block<Int32>(), Block<Double>())
    private let order: TimeOrder
    private let incomingSums = Block<IncomingSums>()
    /// Where errors of integrals of the read-out's membranes are.
    private var integrals: ReadoutIntegrals?
    private var part = 0
    private var sums: PartialSums
    private var neuronSums: [NeuronSums] = []
    /// Where the adjoint of a layer is read, which then is the last that is run.
    var traces: AdjointTraces?

    /// Workers for tasks of one network.
    static func pool(_ plans: [LayerPlan]) -> WorkerPool<AdjointWorker> {
        WorkerPool { () throws(SpinnpropError) in try AdjointWorker(try LayerPlan.copies(plans)) }
    }

    init(_ plans: [LayerPlan]) throws(SpinnpropError) {
        self.plans = plans
        layers = try plans.map { (plan) throws(SpinnpropError) in try LayerErrors(plan) }
        poller = Poller(nil)
        arrivals = Arrivals(poller)
        order = TimeOrder(poller)
        synchronous = SynchronousAdjointState(poller)
        shifted = ShiftedJumps(poller)
        held = HeldJumps(poller)
        lanes = LaneAdjointState(poller)
        neurons = NeuronGradients(poller)
        rows = EventRows(poller)
        sums = try PartialSums([])
    }

    /// - Parameters:
    ///   - task: one of the same network each time.
    ///   - samples: those of the part that are wanted; `nil`: all.
    ///   - neuronSums: of each layer; none if nobody asks for gradients of neuron parameters.
    func run(
        _ task: AdjointTask, part: Int, of samples: Range<Int>? = nil, sums: PartialSums, neuronSums: [NeuronSums]
    ) throws(SpinnpropError) {
        self.part = part
        self.neuronSums = neuronSums
        self.sums = sums
        poller.watch(task.monitor)
        for (own, recorded) in zip(layers, task.recording.layers) { own.segment = recorded.segments[part] }
        let weight = task.given.map { $0.given.usedIntegralTau } ?? task.objective.integralTau
        integrals = weight.map { ReadoutIntegrals(WeightedIntegral(tau: $0, endTime: task.recording.endTime), poller) }
        var sampler = OutputSampler(task.recording)
        let first = traces?.layer ?? 0
        let range = task.recording.partition[part]
        for sample in range where samples?.contains(sample) ?? true {
            let index = sample - range.lowerBound
            try Memory.poll()
            try beginSample(task, sample, index)
            if let given = task.given {
                add(given, sample, index)
            } else {
                try evaluateLoss(task, &sampler, sample, index)
            }
            var layer = plans.count - 1
            while layer >= first {
                try backward(task, plans[layer], sample, index)
                layer -= 1
            }
            storeInputErrors(task, sample)
            try poller.spend(1 << 12)
            task.monitor?.finish(1)
        }
    }

    private func beginSample(_ task: AdjointTask, _ sample: Int, _ index: Int) throws(SpinnpropError) {
        try rows.begin(sample, of: task.recording.input)
        for own in layers { try own.begin(index, task.rate, rows) }
        if task.inputErrors.isWanted { try orderedInputErrors.clear(rows.inputRow.count) }
        try integrals?.begin(plans[plans.count - 1], rows)
    }

    private func add(_ given: PlacedErrors, _ sample: Int, _ index: Int) {
        if let integrals { given.addIntegrals(to: integrals.errors, sample: sample) }
        for own in layers {
            given.add(
                to: own.errors.pointer, layer: own.plan.layer, part: part, index: index,
                spikes: own.segment.range(ofSample: index))
        }
    }

    private func evaluateLoss(
        _ task: AdjointTask, _ sampler: inout OutputSampler, _ sample: Int, _ index: Int
    ) throws(SpinnpropError) {
        let outputs = layers[layers.count - 1]
        try integrals?.evaluate(outputs.plan)
        let output = integrals?.errors ?? outputs.errors.pointer
        let judgement = sampler.withSample(part: part, index: index, integrals: integrals?.values) { shown, _ in
            task.objective.judge(shown, sample: sample, errors: output)
        }
        sums.judged.add(judgement)
        let count = outputs.plan.isSpiking ? rows.layer(layers.count - 1).count : outputs.plan.neuronCount
        for n in 0..<count { output[n] *= task.scale }
    }

    private func backward(
        _ task: AdjointTask, _ plan: LayerPlan, _ sample: Int, _ index: Int
    ) throws(SpinnpropError) {
        let jumps = plan.isSpiking ? spikeJumps(task, plan, index) : try readoutJumps(task, plan, sample)
        // What follows the last error has no adjoint.
        if jumps.count > 0 {
            try reverse(task, plan, jumps)
            if !neuronSums.isEmpty { try neurons.add(plan, jumps, rows, to: neuronSums[plan.layer]) }
        }
        let own = plan.isSpiking ? nil : integrals
        try own?.reverse(plan, bindSums(task, plan), neuronSums.isEmpty ? nil : neuronSums[plan.layer])
        if let traces, traces.layer == plan.layer { try traces.add(plan, jumps, own, rows, sample: sample) }
    }

    private func reverse(_ task: AdjointTask, _ plan: LayerPlan, _ jumps: Jumps) throws(SpinnpropError) {
        let all = try bindSums(task, plan)
        if plan.isSynchronous {
            try arrivals.collect(plan.incoming, rows: rows)
            if try reverseSynchronous(plan, jumps, all) { return }
        } else if plan.isShifted {
            let row = rows.source(plan.feedForward[0])
            try shifted.fill(jumps, plan, row)
            try arrivals.take(row)
            if try reverseSynchronous(plan, shifted.jumps, all) { return }
        }
        let own = plan.isRefractory ? try held.jumps(jumps, plan, nil) : jumps
        try groups.sort(own.units, own.count, neurons: plan.neuronCount)
        try plan.reverseLanes(rows, own, groups, all, lanes)
    }

    private func reverseSynchronous(
        _ plan: LayerPlan, _ jumps: Jumps, _ sums: UnsafePointer<IncomingSums>
    ) throws(SpinnpropError) -> Bool {
        let jumps = plan.isRefractory ? try held.jumps(jumps, plan, arrivals) : jumps
        return try plan.reverseSynchronous(arrivals, jumps, sums, synchronous)
    }

    private func bindSums(_ task: AdjointTask, _ plan: LayerPlan) throws(SpinnpropError) -> UnsafePointer<IncomingSums>
    {
        try incomingSums.reserve(plan.incoming.count)
        for (n, own) in plan.incoming.enumerated() {
            let source = rows.source(own)
            sums.touch(own.index, source.units, count: source.count)
            let wanted = task.inputErrors.isWanted ? orderedInputErrors.pointer : nil
            incomingSums.pointer[n] = IncomingSums(
                columns: plan.columns.pointer[n], weights: sums.weights[own.index].pointer,
                delays: sums.delays[own.index].pointer,
                errors: own.connection.source.map { layers[$0].errors.pointer } ?? wanted,
                delayKind: own.connection.delayKind, preCount: own.connection.preCount)
        }
        return UnsafePointer(incomingSums.pointer)
    }

    private func spikeJumps(_ task: AdjointTask, _ plan: LayerPlan, _ index: Int) -> Jumps {
        let own = layers[plan.layer]
        let range = own.segment.range(ofSample: index)
        let row = rows.layer(plan.layer)
        return Jumps(
            times: row.times, units: row.units, currents: own.segment.currents + range.lowerBound,
            membranes: task.recording.isMeasured
                ? own.segment.membranes.map { UnsafePointer($0 + range.lowerBound) } : nil,
            errors: own.errors.pointer, count: row.count, isSpiking: true)
    }

    /// Those at which errors of a leaky read-out are: maxima, and membranes that were read.
    private func readoutJumps(
        _ task: AdjointTask, _ plan: LayerPlan, _ sample: Int
    ) throws(SpinnpropError) -> Jumps {
        let maxima = try maximumJumps(task, plan, sample)
        guard let given = task.given?.given, !given.times.isEmpty else { return maxima }
        let readings = plan.neuronCount * given.times.count
        let count = maxima.count + readings
        for block in [readTimes, readErrors, orderedTimes, orderedErrors] { try block.reserve(count) }
        for block in [readUnits, orderedUnits] { try block.reserve(count) }
        readTimes.pointer.update(from: maxima.times, count: maxima.count)
        readUnits.pointer.update(from: maxima.units, count: maxima.count)
        readErrors.pointer.update(from: maxima.errors, count: maxima.count)
        given.membranes.withUnsafeBufferPointer { membranes in
            given.times.withUnsafeBufferPointer { times in
                for n in 0..<readings {
                    let at = maxima.count + n
                    readUnits.pointer[at] = Int32(truncatingIfNeeded: n % plan.neuronCount)
                    readTimes.pointer[at] = times[n / plan.neuronCount]
                    readErrors.pointer[at] = membranes[sample * readings + n]
                }
            }
        }
        let positions = try order.order(readTimes.pointer, readUnits.pointer, count)
        for n in 0..<count {
            let from = Int(positions[n])
            orderedTimes.pointer[n] = readTimes.pointer[from]
            orderedUnits.pointer[n] = readUnits.pointer[from]
            orderedErrors.pointer[n] = readErrors.pointer[from]
        }
        return Jumps(
            times: orderedTimes.pointer, units: orderedUnits.pointer, currents: orderedTimes.pointer,
            errors: orderedErrors.pointer, count: count, isSpiking: false)
    }

    /// One jump per read-out neuron at the time of its maximum; none where it never rose above its start.
    private func maximumJumps(
        _ task: AdjointTask, _ plan: LayerPlan, _ sample: Int
    ) throws(SpinnpropError) -> Jumps {
        let own = task.recording.layers[plan.layer]
        let first = sample * plan.neuronCount
        // A loss on integrals looks at no maximum.
        let looks = task.given != nil || integrals == nil
        try maximumUnits.reserve(plan.neuronCount)
        try maximumTimes.reserve(plan.neuronCount)
        try maximumErrors.reserve(plan.neuronCount)
        var count = 0
        for unit in 0..<plan.neuronCount where looks && own.maxima[first + unit] > 0 {
            maximumUnits.pointer[count] = Int32(truncatingIfNeeded: unit)
            count += 1
        }
        let times = own.maximumTimes
        let units = (0..<count).map { maximumUnits.pointer[$0] }.sorted {
            (times[first + Int($0)], $0) < (times[first + Int($1)], $1)
        }
        for (n, unit) in units.enumerated() {
            maximumUnits.pointer[n] = unit
            maximumTimes.pointer[n] = times[first + Int(unit)]
            maximumErrors.pointer[n] = layers[plan.layer].errors.pointer[Int(unit)]
        }
        try addKinks(task, plan, sample, units)
        return Jumps(
            times: maximumTimes.pointer, units: maximumUnits.pointer, currents: maximumTimes.pointer,
            errors: maximumErrors.pointer, count: count, isSpiking: false)
    }

    /// A maximum that an arrival cuts short moves with that arrival: dVmax/dt = V' there, (I - V) / tau_m.
    private func addKinks(
        _ task: AdjointTask, _ plan: LayerPlan, _ sample: Int, _ units: [Int32]
    ) throws(SpinnpropError) {
        let own = task.recording.layers[plan.layer]
        for unit in units {
            let at = sample * plan.neuronCount + Int(unit)
            guard own.maximumCurrents.count > at, own.maximumCurrents[at] > own.maxima[at] else { continue }
            let slope = (own.maximumCurrents[at] - own.maxima[at]) / plan.flow(Int(unit)).tauMem
            let error = layers[plan.layer].errors.pointer[Int(unit)] * slope
            try arrivals.collect(plan.feedForward, rows: rows, neuron: Int(unit))
            // Of several arrivals at once the most inhibitory cuts the rise: if a single one moves, it alone has a derivative.
            var cut = -1
            var lowest = 0.0
            for n in 0..<arrivals.count where arrivals.times[n] == own.maximumTimes[at] {
                let incoming = plan.feedForward[Int(arrivals.connections[n])]
                let weight = incoming.columns.pointer[Int(arrivals.units[n]) * plan.stride + Int(unit)]
                if weight < lowest { (cut, lowest) = (n, weight) }
            }
            guard cut >= 0 else { continue }
            let incoming = plan.feedForward[Int(arrivals.connections[cut])]
            let (pre, spike) = (Int(arrivals.units[cut]), Int(arrivals.spikes[cut]))
            if let source = incoming.connection.source {
                layers[source].errors.pointer[spike] += error
            } else if task.inputErrors.isWanted {
                orderedInputErrors.pointer[spike] += error
            }
            incoming.addDelay(error, pre: pre, post: Int(unit), to: sums.delays[incoming.index].pointer)
        }
    }

    private func storeInputErrors(_ task: AdjointTask, _ sample: Int) {
        guard let target = task.inputErrors.pointer else { return }
        let start = task.recording.input.offsets[sample]
        for n in 0..<rows.inputRow.count {
            target[start + (rows.inputOrder.map { Int($0[n]) } ?? n)] = orderedInputErrors.pointer[n]
        }
    }
}

extension EventConnection {
    /// Adds dL/dd of one arrival to the delay it took.
    @inline(__always)
    func addDelay(_ error: Double, pre: Int, post: Int, to sums: UnsafeMutablePointer<Double>) {
        switch connection.delayKind {
        case .none: break
        case .synaptic: sums[post * connection.preCount + pre] += error
        case .axonal: sums[pre] += error
        case .dendritic: sums[post] += error
        }
    }
}
