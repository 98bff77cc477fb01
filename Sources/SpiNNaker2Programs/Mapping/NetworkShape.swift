// What of a network decides how it is laid out: sizes, connections, delays in steps.
import ClockDriven
import Mathematics
import Networks

/// One connection as the mapper sees it. Populations are numbered with the input as 0 and layer l as l + 1.
struct ConnectionShape: Equatable, Sendable {
    /// Its index in `Network.connections`.
    let index: Int
    let source: Int
    let target: Int
    let preCount: Int
    let postCount: Int
    let delayKind: DelayKind
    /// The largest of its delays, in steps.
    let largestDelay: Int

    func with(delay: Int) -> ConnectionShape {
        ConnectionShape(
            index: index, source: source, target: target, preCount: preCount, postCount: postCount,
            delayKind: delayKind,
            largestDelay: delay)
    }

    var isRecurrent: Bool { source == target }
    /// Whether a sender's spike reaches different receivers in different steps.
    var isSpread: Bool { largestDelay > 0 && delayKind != .axonal }
}

struct NetworkShape: Equatable, Sendable {
    /// Units of each population.
    let sizes: [Int]
    /// The connections into each layer, feed-forward ones first: the order in which arrivals are summed.
    let incoming: [[ConnectionShape]]

    /// - Throws: `unsupported` for a leaky read-out, for connections that skip layers, and for neurons with a drive or a refractory period.
    init(_ network: Network, grid: TimeGrid) throws(SpinnpropError) {
        try network.checkPlainNeurons(engine: SpiNNaker2Engine.name)
        guard network.layers.allSatisfy(\.isSpiking) else {
            throw .unsupported(
                "the read-out is leaky, and programs of engine \"\(SpiNNaker2Engine.name)\" read spikes; use engine \"\(ClockSubstrate.name)\", or make the "
                    + "network with a spiking read-out"
            )
        }
        if let own = network.connections.first(where: { $0.ends.source + 1 < $0.ends.target }) {
            throw .unsupported(
                "the connection (\(own.ends.source), \(own.ends.target)) skips layers, and neuron programs of engine "
                    + "\"\(SpiNNaker2Engine.name)\" hear one layer and themselves; use engine \"\(ClockSubstrate.name)\", which has the same steps"
            )
        }
        sizes = [network.inputCount] + network.layers.map(\.neuronCount)
        var incoming = [[ConnectionShape]](repeating: [], count: network.layers.count)
        for (index, connection) in network.connections.enumerated() {
            let delay = connection.delays.reduce(0) { max($0, min(grid.step(nearest: $1), grid.steps - 1)) }
            incoming[connection.target].append(
                ConnectionShape(
                    index: index, source: connection.source.map { $0 + 1 } ?? 0, target: connection.target + 1,
                    preCount: connection.preCount, postCount: connection.postCount, delayKind: connection.delayKind,
                    largestDelay: delay))
        }
        self.incoming = incoming.map { own in own.filter { !$0.isRecurrent } + own.filter(\.isRecurrent) }
    }

    /// A chain as `Network.init(sizes:)` makes it, before there is one.
    init(sizes: [Int], recurrent: Bool = false) {
        self.sizes = sizes
        var incoming: [[ConnectionShape]] = []
        for target in 1..<max(1, sizes.count) {
            var own = [
                ConnectionShape(
                    index: target - 1, source: target - 1, target: target, preCount: sizes[target - 1],
                    postCount: sizes[target], delayKind: .none, largestDelay: 0)
            ]
            if recurrent && target < sizes.count - 1 {
                own.append(
                    ConnectionShape(
                        index: sizes.count - 2 + target, source: target, target: target, preCount: sizes[target],
                        postCount: sizes[target], delayKind: .none, largestDelay: 0))
            }
            incoming.append(own)
        }
        self.incoming = incoming
    }

    /// Whether a chip that is laid out for this shape can run networks of another: their delays may be shorter.
    func holds(_ other: NetworkShape) -> Bool {
        other.isLike(self) && zip(connections, other.connections).allSatisfy { $0.largestDelay >= $1.largestDelay }
    }

    /// Whether the two differ in delays alone.
    private func isLike(_ other: NetworkShape) -> Bool {
        sizes == other.sizes
            && incoming.map { $0.map { $0.with(delay: 0) } } == other.incoming.map { $0.map { $0.with(delay: 0) } }
    }

    /// This shape with room for delays to go on growing, where they have outgrown another shape's; `nil` if more than delays
    /// differ.
    func roomier(than other: NetworkShape, steps: Int) -> NetworkShape? {
        guard isLike(other) else { return nil }
        let roomy = zip(incoming, other.incoming).map { own, before in
            zip(own, before).map { own, before in
                own.with(
                    delay: own.largestDelay <= before.largestDelay
                        ? before.largestDelay : min(2 * own.largestDelay, steps - 1))
            }
        }
        return NetworkShape(sizes: sizes, incoming: roomy)
    }

    private init(sizes: [Int], incoming: [[ConnectionShape]]) {
        self.sizes = sizes
        self.incoming = incoming
    }

    var layerCount: Int { sizes.count - 1 }
    var connections: [ConnectionShape] { incoming.flatMap { $0 }.sorted { $0.index < $1.index } }
}
