// Initial delays of a training.
import Mathematics
import Networks

/// Whether delays are drawn when a trainer is made, and from which normal distribution: of what is trained (`DelayParameter`).
public struct DelayInitialisation: Equatable, Sendable {
    /// `false`: the network's delays.
    public var isDrawn = false
    /// In seconds, or without a unit for `DelayParameter.sigmoid`.
    public var mean = 0.0
    public var std = 0.0

    public init() {}

    /// Draws all delays, if any are to be drawn. Connection c takes the stream `RandomPurpose.delays` of c, in the order of its array.
    ///
    /// - Throws: `invalidValue` for a delay that training could not move.
    func apply(
        to network: inout Network, _ options: OptimizerOptions, _ precision: Precision, seed: UInt64
    ) throws(SpinnpropError) {
        guard isDrawn else { return }
        try network.checkRoom("the initial delays")
        let rule = DelayRule(options, network)
        for (index, connection) in network.connections.enumerated() where connection.delayKind != .none {
            var random = RandomPurpose.delays.stream(seed: seed, UInt64(index))
            let delays = try connection.delays.indices.map { (at) throws(SpinnpropError) in
                let parameter = mean + std * random.normal()
                guard options.delayLearningRate == 0 || rule.canMove(parameter, precision) else {
                    throw .invalidValue(
                        "delay_init = (\(mean), \(std)) draws \(parameter) for \(connection.name(ofDelay: at)), where a "
                            + "sigmoid is so flat that the delay would not move; give a mean and a standard deviation nearer "
                            + "to 0, as (0, 0.25)")
                }
                return rule.delay(parameter)
            }
            try network.setDelays(delays, connection: index)
        }
    }
}
