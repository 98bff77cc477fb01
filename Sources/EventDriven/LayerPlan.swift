// What is worked out once per call from a layer's parameters: derived values and weights in the order they are read.
import Mathematics
import Networks
import Neurons

/// A connection into a layer, its weights turned so that all synapses of one sender lie side by side.
final class Incoming: @unchecked Sendable {
    /// Index in `Network.connections`.
    let index: Int
    let connection: Connection
    /// (pre, post) with rows padded to `LayerPlan.stride`.
    let columns: Block<Double>

    init(index: Int, connection: Connection, stride: Int) {
        self.index = index
        self.connection = connection
        columns = Block(connection.preCount * stride)
        let (post, pre) = (connection.postCount, connection.preCount)
        let turned = columns.pointer
        if stride != post { turned.update(repeating: 0, count: pre * stride) }
        connection.weights.withUnsafeBufferPointer { weights in
            // Blocks of rows keep both sides in the cache.
            var first = 0
            while first < post {
                let last = min(first &+ 16, post)
                var i = 0
                while i < pre {
                    var j = first
                    while j < last {
                        turned[i &* stride &+ j] = weights[j &* pre &+ i]
                        j &+= 1
                    }
                    i &+= 1
                }
                first = last
            }
        }
    }

    /// The delay from sender `pre` to receiver `post`, seconds.
    @inline(__always)
    func delay(pre: Int, post: Int) -> Double {
        switch connection.delayKind {
        case .none: return 0
        case .synaptic: return connection.delays[post * connection.preCount + pre]
        case .axonal: return connection.delays[pre]
        case .dendritic: return connection.delays[post]
        }
    }

    /// Whether a sender's spike arrives at all receivers at once.
    var arrivesAtOnce: Bool { connection.delayKind == .none || connection.delayKind == .axonal }
}

/// Derived values of one layer. Read by all parts of a batch at once.
final class LayerPlan: @unchecked Sendable {
    let layer: Int
    let neuronCount: Int
    /// Neurons per row of turned weights: `neuronCount` rounded up to whole vectors.
    let stride: Int
    let isSpiking: Bool
    /// One for all neurons, or one each.
    let flows: [Flow]
    let feedForward: [Incoming]
    let recurrent: [Incoming]

    init(_ network: Network, layer: Int) {
        self.layer = layer
        let own = network.layers[layer]
        neuronCount = own.neuronCount
        stride = padded(own.neuronCount)
        isSpiking = own.isSpiking
        flows =
            own.parameters.isUniform
            ? [Flow(own.parameters[0])] : (0..<own.neuronCount).map { Flow(own.parameters[$0]) }
        let stride = self.stride
        let incoming = network.connections.enumerated().filter { $0.element.target == layer }
            .map { Incoming(index: $0.offset, connection: $0.element, stride: stride) }
        feedForward = incoming.filter { !$0.connection.isRecurrent }
        recurrent = incoming.filter { $0.connection.isRecurrent }
    }

    var incoming: [Incoming] { feedForward + recurrent }

    /// Whether all neurons see the same events at the same times and follow the same flow, so that they can be moved together
    /// from event to event.
    var isSynchronous: Bool {
        flows.count == 1 && recurrent.isEmpty && feedForward.allSatisfy { $0.arrivesAtOnce }
    }

    @inline(__always)
    func flow(_ neuron: Int) -> Flow { flows[flows.count == 1 ? 0 : neuron] }
}
