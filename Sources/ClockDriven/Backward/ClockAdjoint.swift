// Backward through one layer in one sample: mirrors `ClockForward`.
import ClockArithmetic
import Mathematics
import Networks

/// Adjoints and buffers of the layer that is being run.
final class ClockAdjointState {
    private let lambdaV = Block<Float>()
    private let lambdaI = Block<Float>()
    private let pickedV = Block<Float>()
    private let pickedI = Block<Float>()
    private let earlierI = Block<Float>()
    private let poller: Poller

    init(_ poller: Poller) { self.poller = poller }

    /// Runs from the last error to step 0, and leaves gradients and errors where the feeds say.
    func run(_ plan: ClockPlan, _ jumps: ClockJumps, _ feeds: UnsafeMutablePointer<BackwardFeed>) throws(SpinnpropError)
    {
        // What follows the last error has no adjoint.
        var jump = jumps.row.count - 1
        while jump >= 0, jumps.errors[jump] == 0 { jump -= 1 }
        guard jump >= 0 else { return }
        let slots = plan.largestDelay + 2
        try lambdaV.clear(slots * plan.stride)
        try lambdaI.clear(slots * plan.stride)
        if plan.largestDelay > 0 {
            // Neurons of the padding stay zero.
            try pickedV.clear(plan.stride)
            try pickedI.clear(plan.stride)
            try earlierI.clear(plan.stride)
        }
        var run = LayerBackward(
            constants: plan.constants, neuronCount: plan.neuronCount, stride: plan.stride, slots: slots,
            lambdaV: lambdaV.pointer, lambdaI: lambdaI.pointer, pickedV: pickedV.pointer, pickedI: pickedI.pointer,
            earlierI: earlierI.pointer, feeds: feeds, feedCount: plan.sources.count, jumps: jumps, jump: jump,
            step: Int(jumps.row.steps[jump]) - 1)
        while run.step >= 0, !poller.isStopped(after: runBackward(&run, workLimit: Poller.workBetweenPolls)) {}
    }
}
