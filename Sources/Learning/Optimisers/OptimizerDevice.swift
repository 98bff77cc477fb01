// Where an optimiser's step can be taken instead of on the host.
import Mathematics
import Networks

/// A gradient rule that keeps gradients and parameters on a device of its own and can take the optimiser's step there.
public protocol OptimizerDevice: GradientRule {
    /// Takes a step for all weights with the gradient that has this ticket, and leaves in `network`, `mean` and `square` what host
    /// and device then both hold, the same bits as the host's step.
    ///
    /// - Parameters:
    ///   - rule: the step, in float32.
    ///   - clipping: what the host has done to the gradient it read; to be done to the device's, too.
    ///   - mean, square: the optimiser's memory, one array per connection first of all; SGD has no squares.
    /// - Returns: whether it did; if not, as when it has been asked for another gradient since, nothing has changed and the host takes the
    ///   step.
    func takeStep(
        _ network: inout Network, ticket: UInt64, _ rule: UpdateRule<Float>, _ clipping: AppliedClipping,
        mean: inout [[Double]], square: inout [[Double]]
    ) throws(SpinnpropError) -> Bool
}
