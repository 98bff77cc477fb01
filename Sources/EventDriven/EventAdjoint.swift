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
/// Works on any recording of first-order LIF spikes: it reads times and currents, never a membrane.
public struct EventAdjoint: GradientRule {
    public static let name = "event"
    public var name: String { EventAdjoint.name }

    public init() {}

    public func backward(
        _ network: Network, _ recording: Recording, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> Gradients {
        let plans = try LayerPlan.all(network, monitor: monitor)
        let run = try AdjointRun(network, recording, objective, plans, monitor)
        let workers = WorkerPool { () throws(SpinnpropError) in
            try run.worker(plans.map { (plan) throws(SpinnpropError) in try LayerPlan(plan) })
        }
        try parallelLoop(parts: recording.partition.count, monitor: monitor) { (part) throws(SpinnpropError) in
            try workers.withWorker { (worker) throws(SpinnpropError) in try run.run(part, worker) }
        }
        return try run.gradients()
    }
}

/// One backward run: what its parts share, and where each leaves what it adds up.
final class AdjointRun: @unchecked Sendable {
    private let plans: [LayerPlan]
    private let network: Network
    private let recording: Recording
    private let objective: Objective
    private let monitor: Monitor?
    private let sums: [PartialSums]
    private let scale: Double
    private let rate: RateErrors
    private let inputErrors: InputErrors

    init(
        _ network: Network, _ recording: Recording, _ objective: Objective, _ plans: [LayerPlan], _ monitor: Monitor?
    ) throws(SpinnpropError) {
        try objective.check(network, sampleCount: recording.sampleCount)
        self.plans = plans
        self.network = network
        self.recording = recording
        self.objective = objective
        self.monitor = monitor
        let parts = recording.partition.count
        let width = plans.reduce(0) { sum, plan in
            plan.incoming.reduce(sum) { $0 + $1.connection.preCount * plan.stride + $1.connection.delays.count }
        }
        try Memory.check(
            count: width.multipliedReportingOverflow(by: parts).overflow ? .max : width * parts,
            bytesPerElement: MemoryLayout<Double>.stride, "the gradients of \(parts) parts of the batch")
        sums = try recording.partition.map { _ throws(SpinnpropError) in try PartialSums(plans) }
        scale = 1 / Double(max(1, recording.sampleCount))
        rate = RateErrors(objective.rate, recording)
        inputErrors = try InputErrors(objective.wantsInputTimes ? recording.input.spikeCount : nil)
    }

    func worker(_ plans: [LayerPlan]) throws(SpinnpropError) -> AdjointWorker {
        try AdjointWorker(
            plans: plans, recording: recording, objective: objective, rate: rate, scale: scale,
            inputErrors: inputErrors, monitor: monitor)
    }

    func run(_ part: Int, _ worker: AdjointWorker) throws(SpinnpropError) {
        try worker.run(part: part, sums: sums[part])
    }

    /// What the parts have added up, in the shape of the parameters.
    func gradients() throws(SpinnpropError) -> Gradients {
        try network.checkRoom("the gradients")
        var gradients = Gradients(zerosFor: network)
        PartialSums.add(sums, plans, network, Poller(monitor), to: &gradients)
        if let monitor, monitor.isStopped { throw .cancelled }
        for sum in sums {
            gradients.value += sum.value
            gradients.skippedCount += sum.skipped
            gradients.correctCount += sum.correct
        }
        gradients.value = gradients.value * scale + rate.value
        try Memory.check(
            count: inputErrors.count, bytesPerElement: MemoryLayout<Double>.stride, "the gradients of the input times")
        gradients.inputTimes = inputErrors.values
        return gradients
    }
}

/// Derivatives with respect to input spike times; parts write disjoint pieces.
final class InputErrors: @unchecked Sendable {
    private let block: Block<Double>?
    let count: Int

    init(_ count: Int?) throws(SpinnpropError) {
        self.count = count ?? 0
        block = if let count { try Block(max(1, count)) } else { nil }
        try block?.clear(self.count)
    }

    var isWanted: Bool { block != nil }
    var pointer: UnsafeMutablePointer<Double>? { block?.pointer }
    var values: [Double] { block.map { Array(UnsafeBufferPointer(start: $0.pointer, count: count)) } ?? [] }
}

/// What one part adds up: gradients in the order in which they arise, and the loss.
final class PartialSums: @unchecked Sendable {
    /// Per connection: sum of lI, (pre, post) with padded rows.
    let weights: [Block<Double>]
    let delays: [Block<Double>]
    var value = 0.0
    var skipped = 0
    var correct = 0

    init(_ plans: [LayerPlan]) throws(SpinnpropError) {
        let incoming = plans.flatMap { plan in plan.incoming.map { (plan, $0) } }.sorted { $0.1.index < $1.1.index }
        weights = try incoming.map { (plan, own) throws(SpinnpropError) in
            try PartialSums.zeros(own.connection.preCount * plan.stride)
        }
        delays = try incoming.map { (_, own) throws(SpinnpropError) in
            try PartialSums.zeros(own.connection.delays.count)
        }
    }

    private static func zeros(_ count: Int) throws(SpinnpropError) -> Block<Double> {
        let block = try Block<Double>(count)
        try block.clear(count)
        return block
    }

    /// Adds the parts in order, always the same, and turns them into the shape of the parameters.
    static func add(
        _ sums: [PartialSums], _ plans: [LayerPlan], _ network: Network, _ poller: Poller, to gradients: inout Gradients
    ) {
        guard let total = sums.first else { return }
        for own in plans.flatMap(\.incoming) {
            let plan = plans[own.connection.target]
            let (pre, post, stride) = (own.connection.preCount, own.connection.postCount, plan.stride)
            let sum = total.weights[own.index].pointer
            for other in sums.dropFirst() {
                let part = other.weights[own.index].pointer
                var n = 0
                while n < pre &* stride {
                    sum[n] += part[n]
                    n &+= 1
                }
            }
            gradients.weights[own.index].withUnsafeMutableBufferPointer { turned in
                for j in 0..<post where !poller.isStopped(after: 4 * pre) {
                    let factor = -plan.flow(j).tauSyn
                    for i in 0..<pre { turned[j * pre + i] = factor * sum[i * stride + j] }
                }
            }
            for part in sums {
                for n in 0..<own.connection.delays.count {
                    gradients.delays[own.index][n] += part.delays[own.index].pointer[n]
                }
            }
        }
    }
}
