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
    func apply(to network: inout Network, _ options: OptimizerOptions, seed: UInt64) throws(SpinnpropError) {
        guard isDrawn else { return }
        try network.checkRoom("the initial delays")
        let rule = DelayRule(options, network)
        for (index, connection) in network.connections.enumerated() where connection.delayKind != .none {
            var random = RandomPurpose.delays.stream(seed: seed, UInt64(index))
            let delays = connection.delays.map { _ in rule.delay(mean + std * random.normal()) }
            try network.setDelays(delays, connection: index)
        }
    }
}
