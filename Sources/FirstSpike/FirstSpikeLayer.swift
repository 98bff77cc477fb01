// What is worked out once per call from a layer's parameters: derived values, and weights and delays in the order they are read.
import Mathematics
import Networks
import Neurons

/// One of a layer's sources. To the layer they are one population: its units have the numbers from `offset` on, and its weights and delays are a part
/// of the layer's.
struct FirstSpikeSource {
    /// The layer that sends; `nil`: the input.
    let layer: Int?
    /// In `Network.connections`.
    let connection: Int
    let offset: Int
    let weights: SenderRows<Double>
    let delays: SenderRows<Double>
    /// How far its part is from where the layer's weights, or delays, begin.
    let weightOffset: Int
    let delayOffset: Int
}

/// Derived values of one layer and of the connections into it. Read by all parts of a batch at once.
final class FirstSpikeLayer: @unchecked Sendable {
    let index: Int
    let sources: [FirstSpikeSource]
    let neuronCount: Int
    /// Neurons per row of turned weights: `neuronCount` rounded up to whole vectors.
    let stride: Int
    /// tau_m / tau_s, 1 or 2.
    let ratio: Int
    let delayKind: DelayKind
    /// Whether all neurons have the same time constants.
    let hasOneTau: Bool
    /// Whether arrivals follow on each other in the same intervals, in units of tau_m, at all neurons.
    var sharesArrivals: Bool { hasOneTau && delayKind != .synaptic }
    /// Per neuron; where rows are padded, as the last.
    let tauMem: UnsafeMutablePointer<Double>
    let inverseTau: UnsafeMutablePointer<Double>
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
    /// e^(delay / tau_m) in the rows of delays, and the longest delay in tau_m, as delays stood when they were last taken; where not synaptic,
    /// a row of ones and 0.
    let delayFactors: Block<Double>
    private(set) var longestDelay = 0.0

    /// - Throws: `unsupported` for what has no closed form, `cancelled`.
    init(_ network: Network, layer: Int, monitor: Monitor?) throws(SpinnpropError) {
        let own = network.layers[layer]
        let incoming = network.connections.enumerated().filter { $0.element.target == layer }
        (index, neuronCount) = (layer, own.neuronCount)
        let stride = (own.neuronCount + 3) & ~3
        self.stride = stride
        ratio = try FirstSpikeLayer.ratio(own, layer)
        delayKind = try FirstSpikeLayer.delayKind(incoming.map(\.element), layer)
        hasOneTau = own.parameters.tauMem.count == 1
        neurons = try Block(5 * stride)
        (tauMem, threshold) = (neurons.pointer, neurons.pointer + stride)
        (below, inverseThreshold) = (neurons.pointer + 2 * stride, neurons.pointer + 3 * stride)
        inverseTau = neurons.pointer + 4 * stride
        for lane in 0..<stride {
            let parameters = own.parameters[min(lane, own.neuronCount - 1)]
            (tauMem[lane], threshold[lane]) = (parameters.tauMem, parameters.threshold)
            (below[lane], inverseThreshold[lane]) = (parameters.threshold.nextDown, 1 / parameters.threshold)
            inverseTau[lane] = 1 / parameters.tauMem
        }
        let poller = Poller(monitor)
        // Whole vectors of each population.
        var offsets = [0]
        for (_, connection) in incoming { offsets.append(offsets[offsets.count - 1] + (connection.preCount + 3) & ~3) }
        let preCount = incoming.count == 1 ? incoming[0].element.preCount : offsets[incoming.count]
        try Memory.check(
            count: preCount * stride, bytesPerElement: delayKind == .synaptic ? 24 : 8,
            "the turned weights of layer \(layer)")
        weightBlock = try Block(preCount * stride)
        weights = SenderRows(
            preCount: preCount, postCount: own.neuronCount, stride: stride, pointer: weightBlock.pointer)
        let (rows, columns) =
            switch delayKind {
            case .none: (1, 0)
            case .synaptic: (preCount, own.neuronCount)
            case .axonal: (1, preCount)
            case .dendritic: (1, own.neuronCount)
            }
        let width = (columns + 3) & ~3
        delayBlock = try Block(rows * width)
        delays = SenderRows(preCount: rows, postCount: columns, stride: width, pointer: delayBlock.pointer)
        if incoming.count > 1 {
            // No unit has what lies between two populations.
            try weightBlock.clear(weights.count)
            try delayBlock.clear(delays.count)
        }
        var sources: [FirstSpikeSource] = []
        for (offset, (number, connection)) in zip(offsets, incoming) {
            let delayOffset = delayKind == .synaptic ? offset * stride : delayKind == .axonal ? offset : 0
            let source = FirstSpikeSource(
                layer: connection.source, connection: number, offset: offset,
                weights: SenderRows(
                    preCount: connection.preCount, postCount: own.neuronCount, stride: stride,
                    pointer: weights.pointer + offset * stride),
                delays: SenderRows(
                    preCount: delayKind == .synaptic ? connection.preCount : 1,
                    postCount: delayKind == .axonal ? connection.preCount : columns,
                    stride: delayKind == .axonal ? (connection.preCount + 3) & ~3 : width,
                    pointer: delays.pointer + delayOffset),
                weightOffset: offset * stride, delayOffset: delayOffset)
            source.weights.load(connection.weights, poller)
            source.delays.load(connection.delays, poller)
            sources.append(source)
        }
        self.sources = sources
        noDelays = try Block(stride)
        try noDelays.clear(stride)
        delayFactors = try Block(delayKind == .synaptic ? delays.count : stride)
        delayFactors.pointer.update(repeating: 1, count: delayFactors.capacity)
        takeDelays()
        if let monitor, monitor.isStopped { throw .cancelled }
    }

    /// Beyond so many tau_m between the first and the last of a layer's inputs, products of exponentials of times leave float64.
    private static let longestSpan = 300.0

    /// Whether products of exponentials stay in float64, for spikes that set out within so long.
    @inline(__always)
    func isFactored(earliest: Double, latest: Double) -> Bool {
        hasOneTau && (latest - earliest) * inverseTau[0] + longestDelay <= FirstSpikeLayer.longestSpan
    }

    /// After delays have changed.
    func takeDelays() {
        guard delayKind == .synaptic else { return }
        let (delays, factors) = (delays.pointer, delayFactors.pointer)
        var longest = SIMD4<Double>.zero
        var row = 0
        while row < self.delays.count {
            var first = 0
            while first < stride {
                let own = vector(delays + row + first) * vector(inverseTau + first)
                longest = greater(own, longest)
                vectors(factors + row + first).pointee = Elementary.exp(own)
                first &+= 4
            }
            row &+= stride
        }
        longestDelay = longest.max()
    }

    static func all(_ network: Network, monitor: Monitor?) throws(SpinnpropError) -> [FirstSpikeLayer] {
        try network.checkFirstSpike()
        var layers: [FirstSpikeLayer] = []
        for layer in network.layers.indices {
            layers.append(try FirstSpikeLayer(network, layer: layer, monitor: monitor))
        }
        return layers
    }

    /// Of four neurons from `first` on.
    @inline(__always)
    func thresholds(_ first: Int) -> Thresholds {
        Thresholds(
            value: vector(threshold + first), below: vector(below + first), inverse: vector(inverseThreshold + first))
    }

    /// What is added to the time of a sender's spike before receivers are told apart.
    @inline(__always)
    func delay(pre: Int) -> Double { delayKind == .axonal ? delays.pointer[pre] : 0 }

    /// What is added besides for each receiver to the time of its spike, from arrivals that all receivers share.
    @inline(__always)
    var shifts: UnsafeMutablePointer<Double> {
        delayKind == .dendritic && hasOneTau ? delays.pointer : noDelays.pointer
    }

    /// What is added besides for each receiver: a row for each sender, so far apart, or with a stride of 0 one for all.
    @inline(__always)
    var receiverDelays: (rows: UnsafeMutablePointer<Double>, stride: Int) {
        switch delayKind {
        case .synaptic: (delays.pointer, delays.stride)
        case .dendritic: (delays.pointer, 0)
        case .none, .axonal: (noDelays.pointer, 0)
        }
    }

    /// That of all its connections.
    private static func delayKind(_ incoming: [Connection], _ layer: Int) throws(SpinnpropError) -> DelayKind {
        let kind = incoming[0].delayKind
        guard incoming.count == 1 || (kind != .dendritic && incoming.allSatisfy { $0.delayKind == kind }) else {
            throw .unsupported(
                "layer \(layer) hears several sources with dendritic delays, or with delays of several kinds; engine \"first-spike\" takes "
                    + "axonal ones, synaptic ones or none from all of them: use \"event\" in its place")
        }
        return kind
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
                        + "forms for 1 and 2: set tau_mem or tau_syn, or use \"event\" in its place")
            }
            guard found == 0 || found == ratio else {
                throw .unsupported(
                    "tau_mem / tau_syn is \(found) for neuron 0 of layer \(index) and \(ratio) for neuron \(neuron); engine "
                        + "\"first-spike\" takes one ratio per layer: use \"event\" in its place")
            }
            found = ratio
        }
        return found
    }
}

extension Network {
    /// - Throws: `unsupported` for connections and layers that first spikes do not suit.
    func checkFirstSpike() throws(SpinnpropError) {
        try checkPlainNeurons(engine: FirstSpikeSubstrate.name)
        if let own = connections.first(where: { $0.isRecurrent }) {
            throw .unsupported(
                "layer \(own.target) is recurrent; engine \"first-spike\" runs feed-forward networks: use \"event\" in its place"
            )
        }
        if !layers[layers.count - 1].isSpiking {
            throw .unsupported(
                "the read-out is leaky and never spikes; engine \"first-spike\" needs readout=\"spiking\": use "
                    + "\"event\" in its place")
        }
    }
}
