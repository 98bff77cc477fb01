// The clock-driven engine's backward pass: the discretised adjoint in float32, driven by a recording.
import Mathematics
import Networks

/// Gradients by time-step EventProp (arXiv 2412.15021); the formulas are at `ClockKernels`.
///
/// A discretisation of the exact adjoint, not the derivative of the discrete map, whose spike times do not move under small
/// changes. As the time step goes to 0 the gradients become the exact ones, with an error of order 1 in the step.
///
/// Errors of losses are multiplied by the time step and 1 / batch, in float32. A sample's own sum is taken first, in reverse time; copy c of the
/// network adds its samples c, c + copies, ...; the copies are added in order; the sum times -tau_s / dt is the gradient of the
/// weights, the sum over 1 / dt that of the delays. Results are the same bits for any number of threads.
///
/// Works on any recording on a grid, also one that an emulated SpiNNaker2 has made.
public struct ClockRule: GradientRule {
    public static let name = ClockSubstrate.name
    public var name: String { ClockRule.name }
    public let grid: TimeGrid?

    /// - Parameter grid: must run like the recording's; its `copies` count. `nil`: the recording's.
    public init(_ grid: TimeGrid? = nil) { self.grid = grid }

    public func backward(
        _ network: Network, _ recording: Recording, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> Gradients {
        let grid = try self.grid(recording)
        try objective.check(network, sampleCount: recording.sampleCount, grid: grid)
        let plans = try ClockPlans(network, grid: grid, monitor: monitor)
        let job = try ClockJob(plans, recording, objective, grid: grid)
        try job.run(monitor: monitor)
        return try job.gradients(network, monitor: monitor)
    }

    private func grid(_ recording: Recording) throws(SpinnpropError) -> TimeGrid {
        guard let own = recording.grid,
            recording.layers.allSatisfy({ $0.segments.allSatisfy { $0.membranes != nil || $0.count == 0 } })
        else {
            throw .unsupported(
                "the gradient rule of engine \"\(name)\" needs spikes on a grid, and the recording of engine "
                    + "\"\(recording.engine)\" has none; leave the engine of the gradient open")
        }
        guard let grid else { return own }
        try grid.checkRunsLike(recording: own)
        try grid.check()
        return grid
    }
}
