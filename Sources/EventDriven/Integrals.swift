// Weighted time integrals of a leaky read-out's membranes, and their adjoint: exact, arrival by arrival.
import Mathematics
import Networks
import Neurons
import Spikes

/// The integral over a run of e^{-t / tau} V(t).
struct WeightedIntegral {
    /// Seconds; +infinity: no weight.
    let tau: Double
    /// When the run ends; one of both is finite.
    let endTime: Double

    /// What a unit of membrane, or of current, at a time adds to it until the end of the run.
    func kernel(_ flow: Flow, at time: Double) -> (own: FlowIntegrals, weight: Double) {
        (flow.integrals(endTime - time, tau: tau), Elementary.decay(time / tau).value)
    }
}

/// A leaky read-out never resets: its membrane is a sum over arrivals, and so is the integral,
///
///     sum of w q(t_a) + D * integral of e^{-t / tau} (1 - a(t)),
///     q(t) = e^{-t / tau} * integral over x from 0 to T - t of e^{-x / tau} h(x),     p(t) likewise with a in place of h
///
/// The adjoint of L = integral of l(V, t), tau_m lV' = -lV - dl/dV, has between events the closed form lV = -(dL/d integral) p / tau_m, lI = -(dL/d integral) q / tau_s.
/// It is added to that of maxima and of membranes that were read. (Loss shaping: Nowotny, Turner and Knight 2022, arXiv 2212.01232.)
final class ReadoutIntegrals {
    private let integral: WeightedIntegral
    private let arrivals: Arrivals
    private let poller: Poller
    private let valueBlock = Block<Double>()
    private let errorBlock = Block<Double>()

    init(_ integral: WeightedIntegral, _ poller: Poller) {
        self.integral = integral
        self.poller = poller
        arrivals = Arrivals(poller)
    }

    /// Of each neuron, once `evaluate` has been called.
    var values: UnsafePointer<Double> { UnsafePointer(valueBlock.pointer) }
    /// The derivative with respect to each, for `reverse`.
    var errors: UnsafeMutablePointer<Double> { errorBlock.pointer }

    /// Turns to a sample, with errors of 0.
    func begin(_ plan: LayerPlan, _ rows: EventRows) throws(SpinnpropError) {
        try errorBlock.clear(plan.neuronCount)
        try arrivals.collect(plan.incoming, rows: rows)
    }

    func evaluate(_ plan: LayerPlan) throws(SpinnpropError) {
        try valueBlock.reserve(plan.neuronCount)
        let values = valueBlock.pointer
        for neuron in 0..<plan.neuronCount {
            let flow = plan.flow(neuron)
            values[neuron] =
                flow.drive == 0 ? 0 : flow.drive * flow.driveIntegral(integral.endTime, tau: integral.tau)
        }
        var event = 0
        while arrivals.time(event) <= integral.endTime, event < arrivals.count {
            let columns = plan.columns.pointer[Int(arrivals.connections[event])]
            let column = columns + Int(arrivals.units[event]) * plan.stride
            let receivers = receivers(event, plan)
            try poller.spend(16 + 8 * receivers.count)
            let time = arrivals.times[event]
            var (own, weight) = integral.kernel(plan.flow(receivers.lowerBound), at: time)
            for neuron in receivers {
                if plan.flows.count > 1 { (own, weight) = integral.kernel(plan.flow(neuron), at: time) }
                values[neuron] += column[neuron] * (weight * own.current)
            }
            event += 1
        }
    }

    /// Adds what the errors make of weights, delays, the senders' spikes, and of neuron parameters if there are sums for them.
    func reverse(
        _ plan: LayerPlan, _ sums: UnsafePointer<IncomingSums>, _ neurons: NeuronSums?
    ) throws(SpinnpropError) {
        if let neurons { addDrives(plan, neurons) }
        var event = 0
        while arrivals.time(event) <= integral.endTime, event < arrivals.count {
            let connection = Int(arrivals.connections[event])
            let (own, unit) = (sums[connection], Int(arrivals.units[event]))
            let receivers = receivers(event, plan)
            try poller.spend(16 + 8 * receivers.count)
            var (kernel, weight) = integral.kernel(plan.flow(receivers.lowerBound), at: arrivals.times[event])
            var total = 0.0
            for neuron in receivers {
                let flow = plan.flow(neuron)
                if plan.flows.count > 1 { (kernel, weight) = integral.kernel(flow, at: arrivals.times[event]) }
                let (at, error) = (unit * plan.stride + neuron, weight * errors[neuron])
                let (lambdaV, lambdaI) = (-error * kernel.membrane / flow.tauMem, -error * kernel.current / flow.tauSyn)
                own.weights[at] += lambdaI
                let moved = own.columns[at] * (lambdaV - lambdaI)
                plan.incoming[connection].addDelay(moved, pre: unit, post: neuron, to: own.delays)
                total += moved
                if let neurons {
                    let sum = neurons.of(neuron)
                    sum.pointee.tauMem -= error * own.columns[at] * kernel.currentMem / flow.tauMem
                    sum.pointee.tauSyn -= error * own.columns[at] * kernel.currentSyn / flow.tauSyn
                }
            }
            own.errors?[Int(arrivals.spikes[event])] += total
            event += 1
        }
    }

    /// From the start at rest the drive draws the membrane up.
    private func addDrives(_ plan: LayerPlan, _ neurons: NeuronSums) {
        for neuron in 0..<plan.neuronCount {
            let (flow, sum) = (plan.flow(neuron), neurons.of(neuron))
            sum.pointee.drive -=
                errors[neuron] * flow.driveIntegral(integral.endTime, tau: integral.tau) / flow.tauMem
            guard flow.drive != 0 else { continue }
            let whole = flow.integrals(integral.endTime, tau: integral.tau)
            sum.pointee.tauMem += errors[neuron] * flow.drive * whole.membraneMem / flow.tauMem
        }
    }

    /// The adjoint of a neuron at a time.
    func adjoint(_ flow: Flow, _ neuron: Int, at time: Double) -> (v: Double, i: Double) {
        let (own, weight) = integral.kernel(flow, at: time)
        let error = weight * errors[neuron]
        return (-error * own.membrane / flow.tauMem, -error * own.current / flow.tauSyn)
    }

    private func receivers(_ event: Int, _ plan: LayerPlan) -> Range<Int> {
        let single = Int(arrivals.neurons[event])
        return single >= 0 ? single..<(single + 1) : 0..<plan.neuronCount
    }
}

extension Recording {
    /// The same with the integrals of the read-out's membranes, for losses that look at these.
    ///
    /// - Parameters:
    ///   - network: the one that made the recording. A measured recording has the integrals of the model under the measured spikes.
    ///   - tau: seconds, of the weight e^{-t / tau}; +infinity: none.
    /// - Throws: `staleRecording`, `unsupported` for recordings on a grid and read-outs that spike, `invalidValue` where neither tau nor the end of the run is finite,
    ///   `cancelled`.
    public func integrated(
        by network: Network, tau: Double, monitor: Monitor? = nil
    ) throws(SpinnpropError) -> Recording {
        try check(madeBy: network)
        return try integrated(LayerPlan.all(network, monitor: monitor), tau: tau, monitor: monitor)
    }

    func integrated(_ plans: [LayerPlan], tau: Double, monitor: Monitor?) throws(SpinnpropError) -> Recording {
        try checkIntegral(tau: tau)
        let table = try IntegralTable(samples: sampleCount, outputs: outputLayer.neuronCount)
        let workers = WorkerPool { () throws(SpinnpropError) in IntegralReader(self, plans, tau, monitor) }
        try parallelLoop(parts: partition.count, monitor: monitor) { (part) throws(SpinnpropError) in
            try workers.withWorker { (reader) throws(SpinnpropError) in
                for sample in partition[part] {
                    try reader.read(sample, part, into: table.of(sample))
                    monitor?.finish(1)
                }
            }
        }
        var own = self
        own.integrals = MembraneIntegrals(tau: tau, values: table.values)
        return own
    }
}

/// Integrals as (sample, output); parts write disjoint pieces.
private final class IntegralTable: @unchecked Sendable {
    private let block: Block<Double>
    private let count: Int
    private let outputs: Int

    init(samples: Int, outputs: Int) throws(SpinnpropError) {
        // Here and in an array.
        count = try Memory.product(
            samples, outputs, bytesPerElement: 2 * MemoryLayout<Double>.stride, "the integrals")
        block = try Block(count)
        self.outputs = outputs
    }

    func of(_ sample: Int) -> UnsafeMutablePointer<Double> { block.pointer + sample * outputs }

    var values: [Double] { Array(UnsafeBufferPointer(start: block.pointer, count: count)) }
}

/// Integrates one sample after another; belongs to one part at a time.
private final class IntegralReader {
    private let recording: Recording
    private let plan: LayerPlan
    private let rows: EventRows
    private let integrals: ReadoutIntegrals

    init(_ recording: Recording, _ plans: [LayerPlan], _ tau: Double, _ monitor: Monitor?) {
        self.recording = recording
        plan = plans[plans.count - 1]
        let poller = Poller(monitor)
        rows = EventRows(poller)
        integrals = ReadoutIntegrals(WeightedIntegral(tau: tau, endTime: recording.endTime), poller)
    }

    func read(_ sample: Int, _ part: Int, into values: UnsafeMutablePointer<Double>) throws(SpinnpropError) {
        try Memory.poll()
        try rows.begin(sample, recording, part)
        try integrals.begin(plan, rows)
        try integrals.evaluate(plan)
        values.update(from: integrals.values, count: plan.neuronCount)
    }
}
