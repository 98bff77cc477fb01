// Forward and backward of a batch in one go, part by part: what training does.
import Mathematics
import Networks
import Spikes

extension EventSubstrate {
    /// The same recording and gradients as from two calls. A part's spikes are still in the cache when its adjoint runs, and threads
    /// meet once instead of twice.
    public func forwardAndBackward(
        _ network: Network, _ input: SpikeTrains, options: ForwardOptions, rule: any GradientRule, objective: Objective,
        monitor: Monitor?
    ) throws(SpinnpropError) -> (Recording, Gradients) {
        // Maxima are copied into the recording, and the mean rates are known, only when all parts have run forward.
        guard rule is EventAdjoint, objective.rate == nil, network.layers.allSatisfy(\.isSpiking) else {
            return try forwardThenBackward(
                network, input, options: options, rule: rule, objective: objective, monitor: monitor)
        }
        let plans = try LayerPlan.all(network, monitor: monitor)
        let there = try ForwardRun(network, input, options, plans, monitor)
        let recording = there.recording
        let back = try AdjointRun(network, recording, objective, plans, monitor)
        let workers = WorkerPool { () throws(SpinnpropError) in
            let own = try plans.map { (plan) throws(SpinnpropError) in try LayerPlan(plan) }
            return JointWorker(runner: try there.runner(own), adjoint: try back.worker(own))
        }
        try parallelLoop(parts: there.partition.count, monitor: monitor) { (part) throws(SpinnpropError) in
            try workers.withWorker { (worker) throws(SpinnpropError) in
                try there.run(part, worker.runner)
                try back.run(part, worker.adjoint)
            }
        }
        return (recording, try back.gradients())
    }
}

private final class JointWorker {
    let runner: SampleRunner
    let adjoint: AdjointWorker

    init(runner: SampleRunner, adjoint: AdjointWorker) {
        self.runner = runner
        self.adjoint = adjoint
    }
}
