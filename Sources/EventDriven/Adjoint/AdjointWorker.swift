// Backward through the samples of one part of a batch.
import Mathematics
import Networks
import Neurons
import Spikes

/// A jump of a neuron's adjoint: at an own spike, or at the maximum of a leaky read-out.
///
///     lV += (gain lV + error) / slope
///
/// A spike has gain theta - V_reset and slope I - theta; a maximum gain 0 and slope -tau_m. A spike at which the membrane could not rise to
/// the threshold, slope <= 0, may have been measured: its time is taken as given, and as the reset makes the membrane forget what was
/// before, lV is 0 there.
struct Jumps {
    /// When each jump is, in order of time.
    let times: UnsafePointer<Double>
    let units: UnsafePointer<Int32>
    let currents: UnsafePointer<Double>
    let errors: UnsafeMutablePointer<Double>
    let count: Int
    let isSpiking: Bool
    /// Where jumps are those of `HeldJumps`; currents and errors are the spikes'.
    var holds: Holds?

    /// Whether nothing but errors that come from elsewhere makes the jump more than 0 where lV is.
    @inline(__always)
    func isWithoutError(_ jump: Int) -> Bool {
        let spike = holds.map { Int($0.spikes[jump]) } ?? jump
        return spike < 0 || errors[spike] == 0
    }

    @inline(__always)
    func delta(_ jump: Int, lambdaV: Double, _ flow: Flow) -> Double {
        guard isSpiking else { return -errors[jump] / flow.tauMem }
        if let holds {
            let spike = Int(holds.spikes[jump])
            guard spike < 0 else {
                let released = (holds.currents[spike] - flow.reset) * holds.lambdaV[spike]
                return self.lambdaV(spike, released: released, flow) - lambdaV
            }
            holds.lambdaV[-1 - spike] = lambdaV
            return -lambdaV
        }
        let slope = currents[jump] - flow.threshold
        return slope > 0 ? ((flow.threshold - flow.reset) * lambdaV + errors[jump]) / slope : -lambdaV
    }

    /// lV before a spike that a refractory period follows. - Parameter released: what the spike's time does at its end.
    @inline(__always)
    func lambdaV(_ jump: Int, released: Double, _ flow: Flow) -> Double {
        let slope = currents[jump] - flow.threshold
        return slope > 0 ? (released + errors[jump]) / slope : 0
    }
}

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

final class AdjointWorker {
    private let plans: [LayerPlan]
    private let recording: Recording
    private let objective: Objective
    private let rate: RateErrors
    private let given: PlacedErrors?
    private let scale: Double
    private let inputErrors: InputErrors
    private let rows: EventRows
    private let monitor: Monitor?
    private let poller: Poller
    private let arrivals: Arrivals
    private let synchronous: SynchronousAdjointState
    private let shifted: ShiftedJumps
    private let held: HeldJumps
    private let lanes: LaneAdjointState
    private let general: GeneralAdjointState
    private let neurons: NeuronGradients
    private let errors: [Block<Double>]
    private let orderedInputErrors = Block<Double>()
    private let maximumUnits = Block<Int32>()
    private let maximumTimes = Block<Double>()
    private let maximumErrors = Block<Double>()
    private let (readTimes, readUnits, readErrors) = (Block<Double>(), Block<Int32>(), Block<Double>())
    private let (orderedTimes, orderedUnits, orderedErrors) = (Block<Double>(), Block<Int32>(), Block<Double>())
    private let order: TimeOrder
    private let incomingSums = Block<IncomingSums>()
    /// Where errors of integrals of the read-out's membranes are.
    private let integrals: ReadoutIntegrals?
    private var part = 0
    /// The part's spikes of each layer.
    private var segments: [SpikeColumns] = []
    private var sums: PartialSums
    private var neuronSums: [NeuronSums] = []
    /// Where the adjoint of a layer is read, which then is the last that is run.
    var traces: AdjointTraces?

    init(
        plans: [LayerPlan], recording: Recording, objective: Objective, rate: RateErrors, given: PlacedErrors?,
        scale: Double, inputErrors: InputErrors, monitor: Monitor?
    ) throws(SpinnpropError) {
        self.plans = plans
        self.recording = recording
        self.objective = objective
        self.rate = rate
        self.given = given
        self.scale = scale
        self.inputErrors = inputErrors
        self.monitor = monitor
        poller = Poller(monitor)
        arrivals = Arrivals(poller)
        order = TimeOrder(poller)
        synchronous = SynchronousAdjointState(poller)
        shifted = ShiftedJumps(poller)
        held = HeldJumps(poller)
        lanes = LaneAdjointState(poller)
        general = GeneralAdjointState(poller)
        neurons = NeuronGradients(poller)
        rows = EventRows(input: recording.input, poller: poller)
        errors = plans.map { _ in Block<Double>() }
        let (endTime, shared) = (recording.endTime, poller)
        let weight = given == nil ? objective.integralTau : given?.given.usedIntegralTau
        integrals = weight.map {
            ReadoutIntegrals(WeightedIntegral(tau: $0, endTime: endTime), shared)
        }
        sums = try PartialSums([])
    }

    /// - Parameters:
    ///   - samples: those of the part that are wanted; `nil`: all.
    ///   - neuronSums: of each layer; none if nobody asks for gradients of neuron parameters.
    func run(
        part: Int, of samples: Range<Int>? = nil, sums: PartialSums, neuronSums: [NeuronSums]
    ) throws(SpinnpropError) {
        self.part = part
        self.neuronSums = neuronSums
        segments = recording.layers.map { $0.segments[part] }
        self.sums = sums
        var sampler = OutputSampler(recording)
        let first = traces?.layer ?? 0
        for (index, sample) in recording.partition[part].enumerated() where samples?.contains(sample) ?? true {
            try Memory.poll()
            try beginSample(sample, index)
            if let given { add(given, sample, index) } else { try evaluateLoss(&sampler, sample, index) }
            for plan in plans[first...].reversed() { try backward(plan, sample, index) }
            storeInputErrors(sample)
            try poller.spend(1 << 12)
            monitor?.finish(1)
        }
    }

    /// Takes the rows of all layers, and the errors of spikes that do not come from other spikes: those of rate regularisation.
    private func beginSample(_ sample: Int, _ index: Int) throws(SpinnpropError) {
        try rows.begin(sample)
        for plan in plans {
            let segment = segments[plan.layer]
            let range = segment.range(ofSample: index)
            let row = SpikeRow(
                times: segment.times + range.lowerBound, units: segment.units + range.lowerBound, count: range.count)
            rows.add(row)
            try errors[plan.layer].clear(plan.isSpiking ? row.count : plan.neuronCount)
            rate.add(
                to: errors[plan.layer].pointer, layer: plan.layer, times: row.times, units: row.units, count: row.count)
        }
        if inputErrors.isWanted { try orderedInputErrors.clear(rows.inputRow.count) }
        try integrals?.begin(plans[plans.count - 1], rows)
    }

    private func add(_ given: PlacedErrors, _ sample: Int, _ index: Int) {
        if let integrals { given.addIntegrals(to: integrals.errors, sample: sample) }
        for plan in plans {
            given.add(
                to: errors[plan.layer].pointer, layer: plan.layer, part: part, index: index,
                spikes: segments[plan.layer].range(ofSample: index))
        }
    }

    private func evaluateLoss(
        _ sampler: inout OutputSampler, _ sample: Int, _ index: Int
    ) throws(SpinnpropError) {
        let outputs = plans[plans.count - 1]
        try integrals?.evaluate(outputs)
        let output = integrals?.errors ?? errors[plans.count - 1].pointer
        sums.judged.add(
            sampler.withSample(part: part, index: index, integrals: integrals?.values) { shown, _ in
                objective.judge(shown, sample: sample, errors: output)
            })
        let count = outputs.isSpiking ? rows.layer(plans.count - 1).count : outputs.neuronCount
        for n in 0..<count { output[n] *= scale }
    }

    private func backward(_ plan: LayerPlan, _ sample: Int, _ index: Int) throws(SpinnpropError) {
        let jumps = plan.isSpiking ? spikeJumps(plan, index) : try readoutJumps(plan, sample)
        // What follows the last error has no adjoint.
        if jumps.count > 0 {
            try reverse(plan, jumps)
            if !neuronSums.isEmpty { try neurons.add(plan, jumps, rows, to: neuronSums[plan.layer]) }
        }
        let own = plan.isSpiking ? nil : integrals
        try own?.reverse(plan, bindSums(plan), neuronSums.isEmpty ? nil : neuronSums[plan.layer])
        if let traces, traces.layer == plan.layer { try traces.add(plan, jumps, own, rows, sample: sample) }
    }

    private func reverse(_ plan: LayerPlan, _ jumps: Jumps) throws(SpinnpropError) {
        let all = try bindSums(plan)
        if plan.isSynchronous {
            try arrivals.collect(plan.incoming, rows: rows)
            if try reverseSynchronous(plan, jumps, all) { return }
        } else if plan.isShifted {
            let row = rows.source(plan.feedForward[0])
            try shifted.fill(jumps, plan, row)
            try arrivals.take(row)
            if try reverseSynchronous(plan, shifted.jumps, all) { return }
        }
        if plan.isSideBySide {
            let groups = general.groups
            try groups.sort(jumps.units, jumps.count, neurons: plan.neuronCount)
            try plan.reverseLanes(rows, jumps, groups, all, lanes)
        } else if plan.recurrent.isEmpty {
            let groups = general.groups
            try groups.sort(jumps.units, jumps.count, neurons: plan.neuronCount)
            for neuron in 0..<plan.neuronCount where groups.range(neuron).count > 0 {
                if !plan.sharesArrivals || groups.isFirst(neuron) {
                    try arrivals.collect(plan.incoming, rows: rows, neuron: plan.sharesArrivals ? 0 : neuron)
                }
                try plan.reverse(arrivals, jumps, groups.range(neuron), receivers: neuron..<(neuron + 1), all, general)
            }
        } else {
            try arrivals.collect(plan.incoming, rows: rows)
            try general.groups.all(jumps.count)
            try plan.reverse(arrivals, jumps, 0..<jumps.count, receivers: 0..<plan.neuronCount, all, general)
        }
    }

    private func reverseSynchronous(
        _ plan: LayerPlan, _ jumps: Jumps, _ sums: UnsafePointer<IncomingSums>
    ) throws(SpinnpropError) -> Bool {
        let jumps = plan.isRefractory ? try held.jumps(jumps, plan, arrivals) : jumps
        return try plan.reverseSynchronous(arrivals, jumps, sums, synchronous)
    }

    private func bindSums(_ plan: LayerPlan) throws(SpinnpropError) -> UnsafePointer<IncomingSums> {
        try incomingSums.reserve(plan.incoming.count)
        for (n, own) in plan.incoming.enumerated() {
            let source = rows.source(own)
            sums.touch(own.index, source.units, count: source.count)
            let wanted = inputErrors.isWanted ? orderedInputErrors.pointer : nil
            incomingSums.pointer[n] = IncomingSums(
                columns: plan.columns.pointer[n], weights: sums.weights[own.index].pointer,
                delays: sums.delays[own.index].pointer,
                errors: own.connection.source.map { errors[$0].pointer } ?? wanted,
                delayKind: own.connection.delayKind, preCount: own.connection.preCount)
        }
        return UnsafePointer(incomingSums.pointer)
    }

    private func spikeJumps(_ plan: LayerPlan, _ index: Int) -> Jumps {
        let segment = segments[plan.layer]
        let range = segment.range(ofSample: index)
        let row = rows.layer(plan.layer)
        return Jumps(
            times: row.times, units: row.units, currents: segment.currents + range.lowerBound,
            errors: errors[plan.layer].pointer, count: row.count, isSpiking: true)
    }

    /// Those at which errors of a leaky read-out are: maxima, and membranes that were read.
    private func readoutJumps(_ plan: LayerPlan, _ sample: Int) throws(SpinnpropError) -> Jumps {
        let maxima = try maximumJumps(plan, sample)
        guard let given = given?.given, !given.times.isEmpty else { return maxima }
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
    private func maximumJumps(_ plan: LayerPlan, _ sample: Int) throws(SpinnpropError) -> Jumps {
        let own = recording.layers[plan.layer]
        let first = sample * plan.neuronCount
        // A loss on integrals looks at no maximum.
        let looks = given != nil || integrals == nil
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
            maximumErrors.pointer[n] = errors[plan.layer].pointer[Int(unit)]
        }
        try addKinks(plan, sample, units)
        return Jumps(
            times: maximumTimes.pointer, units: maximumUnits.pointer, currents: maximumTimes.pointer,
            errors: maximumErrors.pointer, count: count, isSpiking: false)
    }

    /// A maximum that an arrival cuts short moves with that arrival: dVmax/dt = V' there, (I - V) / tau_m.
    private func addKinks(_ plan: LayerPlan, _ sample: Int, _ units: [Int32]) throws(SpinnpropError) {
        let own = recording.layers[plan.layer]
        for unit in units {
            let at = sample * plan.neuronCount + Int(unit)
            guard own.maximumCurrents.count > at, own.maximumCurrents[at] > own.maxima[at] else { continue }
            let slope = (own.maximumCurrents[at] - own.maxima[at]) / plan.flow(Int(unit)).tauMem
            let error = errors[plan.layer].pointer[Int(unit)] * slope
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
                errors[source].pointer[spike] += error
            } else if inputErrors.isWanted {
                orderedInputErrors.pointer[spike] += error
            }
            incoming.addDelay(error, pre: pre, post: Int(unit), to: sums.delays[incoming.index].pointer)
        }
    }

    private func storeInputErrors(_ sample: Int) {
        guard let target = inputErrors.pointer else { return }
        let start = recording.input.offsets[sample]
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
