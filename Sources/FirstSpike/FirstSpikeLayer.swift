// What is worked out once per call from a layer's parameters: derived values, and weights and delays in the order they are read.
import Mathematics
import Networks
import Neurons

/// Derived values of one layer and of the connection into it. Read by all parts of a batch at once.
final class FirstSpikeLayer: @unchecked Sendable {
    let index: Int
    /// The layer that sends; `nil`: the input.
    let source: Int?
    /// In `Network.connections`.
    let connection: Int
    let neuronCount: Int
    /// Neurons per row of turned weights: `neuronCount` rounded up to whole vectors.
    let stride: Int
    /// tau_m / tau_s, 1 or 2.
    let ratio: Int
    let delayKind: DelayKind
    /// Whether arrivals come at the same times, in units of tau_m, to all neurons.
    let sharesArrivals: Bool
    /// Per neuron; where rows are padded, as the last.
    let tauMem: UnsafeMutablePointer<Double>
    let threshold: UnsafeMutablePointer<Double>
    /// The largest number below the threshold.
    let below: UnsafeMutablePointer<Double>
    let inverseThreshold: UnsafeMutablePointer<Double>
    /// (pre, post).
    let weights: SenderRows<Double>
    /// (pre, post) if synaptic, otherwise one row.
    let delays: SenderRows<Double>
    private let neurons: Block<Double>
    private let weightBlock: Block<Double>
    private let delayBlock: Block<Double>
    private let noDelays: Block<Double>

    /// - Throws: `unsupported` for what has no closed form, `cancelled`.
    init(_ network: Network, layer: Int, monitor: Monitor?) throws(SpinnpropError) {
        let own = network.layers[layer]
        guard let connection = network.connectionIndex(into: layer, recurrent: false) else {
            throw SpinnpropError(.internal, "layer \(layer) has no input")
        }
        let incoming = network.connections[connection]
        (index, self.connection, source, neuronCount) = (layer, connection, incoming.source, own.neuronCount)
        let stride = (own.neuronCount + 3) & ~3
        self.stride = stride
        ratio = try FirstSpikeLayer.ratio(own, layer)
        delayKind = incoming.delayKind
        neurons = try Block(4 * stride)
        (tauMem, threshold) = (neurons.pointer, neurons.pointer + stride)
        (below, inverseThreshold) = (neurons.pointer + 2 * stride, neurons.pointer + 3 * stride)
        for lane in 0..<stride {
            let parameters = own.parameters[min(lane, own.neuronCount - 1)]
            (tauMem[lane], threshold[lane]) = (parameters.tauMem, parameters.threshold)
            (below[lane], inverseThreshold[lane]) = (parameters.threshold.nextDown, 1 / parameters.threshold)
        }
        sharesArrivals = own.parameters.tauMem.count == 1 && (delayKind == .none || delayKind == .axonal)
        let poller = Poller(monitor)
        try Memory.check(
            count: incoming.preCount * stride, bytesPerElement: delayKind == .synaptic ? 16 : 8,
            "the turned weights of layer \(layer)")
        weightBlock = try Block(incoming.preCount * stride)
        weights = SenderRows(
            preCount: incoming.preCount, postCount: own.neuronCount, stride: stride, pointer: weightBlock.pointer)
        weights.load(incoming.weights, poller)
        let (rows, columns) =
            switch delayKind {
            case .none: (1, 0)
            case .synaptic: (incoming.preCount, own.neuronCount)
            case .axonal: (1, incoming.preCount)
            case .dendritic: (1, own.neuronCount)
            }
        let width = (columns + 3) & ~3
        delayBlock = try Block(rows * width)
        delays = SenderRows(preCount: rows, postCount: columns, stride: width, pointer: delayBlock.pointer)
        delays.load(incoming.delays, poller)
        noDelays = try Block(stride)
        try noDelays.clear(stride)
        if let monitor, monitor.isStopped { throw .cancelled }
    }

    static func all(_ network: Network, monitor: Monitor?) throws(SpinnpropError) -> [FirstSpikeLayer] {
        try network.checkFirstSpike()
        var layers: [FirstSpikeLayer] = []
        for layer in network.layers.indices {
            layers.append(try FirstSpikeLayer(network, layer: layer, monitor: monitor))
        }
        return layers
    }

    /// What is added to the time of a sender's spike before receivers are told apart.
    @inline(__always)
    func delay(pre: Int) -> Double { delayKind == .axonal ? delays.pointer[pre] : 0 }

    /// What is added besides for each receiver.
    @inline(__always)
    func receiverDelays(pre: Int) -> UnsafeMutablePointer<Double> {
        switch delayKind {
        case .synaptic: delays.pointer + pre &* delays.stride
        case .dendritic: delays.pointer
        case .none, .axonal: noDelays.pointer
        }
    }

    /// That of all its neurons.
    private static func ratio(_ layer: Layer, _ index: Int) throws(SpinnpropError) -> Int {
        var found = 0
        for neuron in 0..<layer.neuronCount {
            let own = layer.parameters[neuron]
            let exact = own.tauMem / own.tauSyn
            let ratio = exact < 1.5 ? 1 : 2
            guard abs(exact - Double(ratio)) <= Double(ratio) * 4 * Double.ulpOfOne else {
                throw .unsupported(
                    "tau_mem / tau_syn of neuron \(neuron) of layer \(index) is \(exact); engine \"first-spike\" has closed "
                        + "forms for 1 and 2: set tau_mem or tau_syn, or use engine=\"event\"")
            }
            guard found == 0 || found == ratio else {
                throw .unsupported(
                    "tau_mem / tau_syn is \(found) for neuron 0 of layer \(index) and \(ratio) for neuron \(neuron); engine "
                        + "\"first-spike\" takes one ratio per layer: use engine=\"event\"")
            }
            found = ratio
        }
        return found
    }
}

extension Network {
    /// - Throws: `unsupported` for connections and layers that first spikes do not suit.
    func checkFirstSpike() throws(SpinnpropError) {
        if let own = connections.first(where: { $0.isRecurrent }) {
            throw .unsupported(
                "layer \(own.target) is recurrent; engine \"first-spike\" runs feed-forward networks: use engine=\"event\""
            )
        }
        if !layers[layers.count - 1].isSpiking {
            throw .unsupported(
                "the read-out is leaky and never spikes; engine \"first-spike\" needs readout=\"spiking\": use "
                    + "engine=\"event\"")
        }
    }
}
