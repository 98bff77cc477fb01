// The exact engine's backward pass: the adjoint in reverse time, driven by a recording.
import Mathematics
import Networks
import Neurons
import Spikes

/// Exact gradients by the adjoint method (EventProp: Wunderlich and Pehle 2021, eqs. 5-10; delays: Mészáros et al. 2025).
///
///     tau_m lV' = -lV,  tau_s lI' = -lI + lV                                in reverse time, 0 at the end
///     own spike:     lV += [(theta - V_reset) lV + g + sum_k w_k (lV - lI)_k(t + d_k)] / (I - theta)
///     dL/dw = -tau_s sum over arrivals of lI;     dL/dd = w (lV - lI) summed over arrivals
///
/// Neuron parameters, where asked for: `NeuronGradients`.
///
/// Works on any recording of first-order LIF spikes: it reads times and currents, and membranes of measured spikes alone, which have them in the
/// place of theta.
public struct EventAdjoint: GradientRule {
    public static let name = "event"
    public var name: String { EventAdjoint.name }

    public var differentiatesNeurons: Bool { true }

    public init() {}

    public func backward(
        _ network: Network, _ recording: Recording, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> Gradients {
        let plans = try LayerPlan.all(network, monitor: monitor)
        let run = try AdjointRun(network, recording, objective, plans, monitor)
        try run.run()
        return try run.gradients()
    }

    public func read(
        _ values: OutputValues, _ network: Network, _ recording: Recording, monitor: Monitor?
    ) throws(SpinnpropError) -> [Double] {
        try recording.values(values, try LayerPlan.all(network, monitor: monitor), monitor)
    }
}

extension Recording {
    /// Membranes or integrals of the read-out, by the plans of the network that made the recording.
    fileprivate func values(
        _ values: OutputValues, _ plans: [LayerPlan], _ monitor: Monitor?
    ) throws(SpinnpropError) -> [Double] {
        switch values {
        case .membranes(let times): try states(plans, layers.count - 1, 0..<sampleCount, times, monitor).membranes
        case .integrals(let tau): try integrated(plans, tau: tau, monitor: monitor).integrals?.values ?? []
        case .firstSpikes, .spikes, .maxima: try noMembranes(values)
        }
    }
}

/// One backward run: what its parts share, and where each leaves what it adds up.
final class AdjointRun: @unchecked Sendable {
    private let plans: [LayerPlan]
    private let network: Network
    let task: AdjointTask
    private let sums: [PartialSums]
    /// Per part and layer; no layers unless neuron parameters are asked for.
    private let neuronSums: [[NeuronSums]]

    /// - Parameter parts: of how many it keeps sums; `nil`: of all.
    init(
        _ network: Network, _ recording: Recording, _ objective: Objective, _ plans: [LayerPlan], _ monitor: Monitor?,
        memory: EventMemory = EventMemory(), parts: Int? = nil
    ) throws(SpinnpropError) {
        try objective.check(network, sampleCount: recording.sampleCount, differentiatesNeurons: true)
        self.plans = plans
        self.network = network
        let parts = parts ?? recording.partition.count
        let width = plans.reduce(0) { sum, plan in
            plan.incoming.reduce(sum) { $0 + PartialSums.weightCount($1) + $1.connection.delays.count }
        }
        try Memory.product(
            width, parts, bytesPerElement: MemoryLayout<Double>.stride, "the gradients of \(parts) parts of the batch")
        sums = try memory.sums(plans, parts: parts)
        neuronSums = try (0..<parts).map { (_) throws(SpinnpropError) in
            try (objective.wantsNeurons ? plans : []).map { (plan) throws(SpinnpropError) in
                try NeuronSums(neuronCount: plan.neuronCount)
            }
        }
        let given = try PlacedErrors(objective, recording) { (values) throws(SpinnpropError) in
            try recording.values(values, plans, monitor)
        }
        if let tau = objective.integralTau { try recording.checkIntegral(tau: tau) }
        task = AdjointTask(
            recording, objective, RateErrors(objective.rate, recording), given,
            scale: 1 / Double(max(1, recording.sampleCount)), try InputErrors(objective, recording), monitor)
    }

    func run(_ part: Int, _ worker: AdjointWorker) throws(SpinnpropError) {
        try worker.run(task, part: part, sums: sums[part], neuronSums: neuronSums[part])
    }

    /// Runs all parts.
    func run(_ workers: WorkerPool<AdjointWorker>? = nil) throws(SpinnpropError) {
        let workers = workers ?? AdjointWorker.pool(plans)
        try parallelLoop(parts: task.recording.partition.count, monitor: task.monitor) {
            (part) throws(SpinnpropError) in
            try workers.withWorker { (worker) throws(SpinnpropError) in try run(part, worker) }
        }
    }

    /// Whether there was a sample.
    var hasParts: Bool { !sums.isEmpty }

    /// The gradient of a connection's weights in rows, or of its synapses one after another, once all parts have been run.
    func total(_ own: EventConnection) -> UnsafeMutablePointer<Double> {
        let plan = plans[own.connection.target]
        return PartialSums.total(sums, own.index, times: (0..<plan.neuronCount).map { -plan.flow($0).tauSyn })
    }

    /// The gradient of a connection's delays, padded as `EventConnection.delayRow` is, once all parts have been run.
    func delayTotal(_ own: EventConnection) -> UnsafeMutablePointer<Double> { PartialSums.delayTotal(sums, own.index) }

    /// The gradients of neuron parameters, layer by layer, once all parts have been run; empty unless they are asked for.
    var neuronTotals: [LIFParameters] {
        (task.objective.wantsNeurons ? plans : []).map { plan in
            NeuronSums.gradients(neuronSums.map { $0[plan.layer] }, plan)
        }
    }

    /// What the parts have added up of the loss.
    var result: BatchResult {
        var judged = JudgedSum()
        for own in sums { judged.add(own.judged) }
        if let given = task.given { judged.add(given.judged) }
        return BatchResult(
            task.recording, value: judged.value * task.scale + (task.given?.value ?? 0) + task.rate.value, judged)
    }

    /// What the parts have added up, in the shape of the parameters.
    func gradients() throws(SpinnpropError) -> Gradients {
        try network.checkRoom("the gradients")
        if task.objective.wantsNeurons {
            try Memory.check(
                count: network.neuronCount, bytesPerElement: 2 * MemoryLayout<NeuronSum>.stride,
                "the gradients of neuron parameters")
        }
        var gradients = Gradients(zerosFor: network)
        let poller = Poller(task.monitor)
        for own in plans.flatMap(\.incoming) where !sums.isEmpty {
            gradients.weights[own.index] = own.synapses?.whole(total(own), own.rows) ?? own.rows.at(total(own)).values
            gradients.delays[own.index] = own.delayRow.at(delayTotal(own)).values
            if poller.isStopped(after: 4 * own.rows.count) { throw .cancelled }
        }
        gradients.neurons = neuronTotals
        gradients.batchErrors = task.objective.loss is any BatchLoss ? task.given?.given : nil
        if let monitor = task.monitor, monitor.isStopped { throw .cancelled }
        try gradients.take(result, task.inputErrors, of: network)
        return gradients
    }
}

/// What one part adds up: gradients in the order in which they arise, and the loss.
final class PartialSums: @unchecked Sendable {
    /// For each connection the sums of lI, (pre, post) with padded rows. A row that has not been touched holds anything. Of a sparse layer
    /// those of the synapses one after another, padded.
    let weights: [Block<Double>]
    /// For each connection the gradient of its delays, padded as `EventConnection.delayRow` is.
    let delays: [Block<Double>]
    /// For each connection and sender whether a sample has touched the sender's row; of a small connection all rows count as touched.
    private let isTouched: [Block<Bool>]
    private let rows: [SenderRows<Double>]
    private let synapses: [Synapses?]
    /// Which connections have rows that are touched one by one.
    private let isTouchedByRow: [Bool]
    var judged = JudgedSum()

    init(_ plans: [LayerPlan]) throws(SpinnpropError) {
        let incoming = plans.flatMap(\.incoming).sorted { $0.index < $1.index }
        rows = incoming.map(\.rows)
        synapses = incoming.map(\.synapses)
        weights = try incoming.map { (own) throws(SpinnpropError) in try Block(PartialSums.weightCount(own)) }
        delays = try incoming.map { (own) throws(SpinnpropError) in try Block(own.delayRow.count) }
        isTouched = try incoming.map { (own) throws(SpinnpropError) in
            try Block(own.synapses == nil ? own.rows.preCount : 0)
        }
        isTouchedByRow = incoming.map { $0.synapses == nil && $0.rows.count > PartialSums.smallCount }
        clear()
    }

    /// How many sums of weights a connection has.
    static func weightCount(_ own: EventConnection) -> Int { own.synapses.map { padded($0.count) } ?? own.rows.count }

    /// Up to so many sums setting all to 0 takes less time than asking at each spike whether its row is.
    private static let smallCount = 4096

    /// Sets everything to 0 for another batch.
    func clear() {
        for own in delays { own.pointer.update(repeating: 0, count: own.capacity) }
        for (n, own) in weights.enumerated() {
            isTouched[n].pointer.update(repeating: !isTouchedByRow[n], count: isTouched[n].capacity)
            if !isTouchedByRow[n] { own.pointer.update(repeating: 0, count: own.capacity) }
        }
        judged = JudgedSum()
    }

    /// Sets rows to zero that are touched for the first time: those of the senders of some spikes.
    func touch(_ connection: Int, _ units: UnsafePointer<Int32>, count: Int) {
        guard isTouchedByRow[connection] else { return }
        let (isTouched, own) = (isTouched[connection].pointer, rows[connection])
        let sums = weights[connection].pointer
        for n in 0..<count where !isTouched[Int(units[n])] {
            isTouched[Int(units[n])] = true
            (sums + Int(units[n]) &* own.stride).update(repeating: 0, count: own.stride)
        }
    }

    /// Adds the parts in order, always the same, and multiplies each receiver's sum: the gradient of a connection's weights, in rows.
    static func total(
        _ sums: [PartialSums], _ connection: Int, times factors: [Double]
    ) -> UnsafeMutablePointer<Double> {
        let (total, own) = (sums[0].weights[connection].pointer, sums[0].rows[connection])
        if let synapses = sums[0].synapses[connection] {
            for other in sums.dropFirst() {
                for n in 0..<synapses.count { total[n] += other.weights[connection].pointer[n] }
            }
            for post in 0..<own.postCount {
                for n in synapses.firsts.pointer[post]..<synapses.firsts.pointer[post + 1] { total[n] *= factors[post] }
            }
            return total
        }
        if !sums[0].isTouchedByRow[connection] {
            for other in sums.dropFirst() { add(other.weights[connection].pointer, to: total, own.count) }
        }
        for pre in 0..<own.preCount {
            let row = total + pre &* own.stride
            if sums[0].isTouchedByRow[connection] {
                if !sums[0].isTouched[connection].pointer[pre] { row.update(repeating: 0, count: own.stride) }
                for other in sums.dropFirst() where other.isTouched[connection].pointer[pre] {
                    add(other.weights[connection].pointer + pre &* own.stride, to: row, own.stride)
                }
            }
            factors.withUnsafeBufferPointer { factors in
                for post in 0..<own.postCount { row[post] *= factors[post] }
            }
        }
        return total
    }

    @inline(__always)
    private static func add(_ part: UnsafePointer<Double>, to row: UnsafeMutablePointer<Double>, _ count: Int) {
        var n = 0
        while n < count {
            row[n] += part[n]
            n &+= 1
        }
    }

    /// Adds the parts' gradients of a connection's delays in order.
    static func delayTotal(_ sums: [PartialSums], _ connection: Int) -> UnsafeMutablePointer<Double> {
        let total = sums[0].delays[connection]
        for other in sums.dropFirst() {
            for n in 0..<total.capacity { total.pointer[n] += other.delays[connection].pointer[n] }
        }
        return total.pointer
    }
}

/// Sums that a training keeps from batch to batch.
final class EventMemory {
    private var sums: [PartialSums] = []

    /// A sum for each part, all zero.
    func sums(_ plans: [LayerPlan], parts: Int) throws(SpinnpropError) -> [PartialSums] {
        for own in sums.prefix(parts) { own.clear() }
        while sums.count < parts { sums.append(try PartialSums(plans)) }
        return Array(sums.prefix(parts))
    }
}
