// What is worked out once per call from a network: constants, float32 weights in the order they are read, delays in steps.
import ClockArithmetic
import Mathematics
import Networks

/// A connection into a layer, its weights turned so that all synapses of one sender lie side by side.
final class ClockConnection: @unchecked Sendable {
    /// What loops read; changes with the delays.
    private(set) var lanes: ConnectionLanes
    /// Index in `Network.connections`.
    let index: Int
    let source: Int?
    let preCount: Int
    let postCount: Int
    let delayKind: DelayKind
    let target: Int
    /// The weights in float32, turned: all synapses of one sender side by side.
    let rows: SenderRows<Float>
    private let block: Block<Float>
    let stride: Int
    /// Delays in whole steps: one per sender, or where receivers differ (post) or (pre, post) with padded rows.
    private let delays: Block<Int32>
    private(set) var largestDelay = 0

    /// - Parameter weights: that it runs with, in the order of the connection's own.
    init(
        _ connection: Connection, weights: [Double], index: Int, stride: Int, grid: TimeGrid, poller: Poller
    ) throws(SpinnpropError) {
        self.index = index
        self.stride = stride
        (source, target) = (connection.source, connection.target)
        preCount = connection.preCount
        postCount = connection.postCount
        delayKind = connection.delayKind
        let (pre, post) = (preCount, postCount)
        try Memory.check(
            count: pre * stride, bytesPerElement: 2 * MemoryLayout<Float>.stride,
            "the turned weights of layer \(connection.target)")
        block = try Block(pre * stride)
        rows = SenderRows(preCount: pre, postCount: post, stride: stride, pointer: block.pointer)
        rows.load(weights, poller)
        let turned = block.pointer
        guard ClockKernels.areFinite(turned, count: pre * stride) else {
            let at = weights.firstIndex { !Float($0).isFinite } ?? 0
            throw .invalidValue(
                "\(connection.name(ofWeight: at)) is \(connection.weights[at]); the clock engine takes finite float32 numbers"
            )
        }
        let size = delayKind == .none ? 0 : delayKind == .synaptic ? pre * stride : max(pre, stride)
        delays = try Block(size)
        delays.pointer.update(repeating: 0, count: size)
        lanes = ConnectionLanes(
            rows: UnsafePointer(turned), stride: stride, delays: nil, delayStride: 0, isSpread: false)
        setDelays(connection.delays, grid: grid)
    }

    /// - Parameter seconds: in the order in which a network has them.
    fileprivate func setDelays(_ seconds: [Double], grid: TimeGrid) {
        let inSteps = seconds.map { Int32(truncatingIfNeeded: min(grid.step(nearest: $0), grid.steps - 1)) }
        largestDelay = Int(inSteps.max() ?? 0)
        for (n, delay) in inSteps.enumerated() {
            delays.pointer[delayKind == .synaptic ? n % preCount * stride + n / preCount : n] = delay
        }
        lanes = ConnectionLanes(
            rows: lanes.rows, stride: stride, delays: largestDelay == 0 ? nil : UnsafePointer(delays.pointer),
            delayStride: delayKind == .synaptic ? stride : 0, isSpread: largestDelay > 0 && delayKind != .axonal)
    }
}

/// What runs read of an incoming connection; trivial, so that they touch no reference counts.
struct ClockSource {
    fileprivate(set) var lanes: ConnectionLanes
    /// Index in `Network.connections`.
    let connection: Int
    let source: Int?
    let isRecurrent: Bool
    let delayKind: DelayKind
}

/// What runs read of a layer; trivial, so that they touch no reference counts.
struct ClockPlan {
    let layer: Int
    let neuronCount: Int
    /// `neuronCount` rounded up to whole blocks.
    let stride: Int
    let isSpiking: Bool
    let grid: TimeGrid
    let constants: ClockConstants
    /// The feed-forward connections, then the recurrent ones.
    let sources: UnsafeBufferPointer<ClockSource>
    /// The largest delay of all incoming connections, in steps.
    fileprivate(set) var largestDelay = 0

    var isNarrow: Bool { stride == ClockKernels.width }
    /// Whether it spikes and hears one connection without delays.
    var isSimple: Bool {
        isSpiking && sources.count == 1 && !sources[0].isRecurrent && sources[0].lanes.delays == nil
    }
}

/// The plans of all layers and their memory. Read by all parts of a batch at once.
final class ClockPlans: @unchecked Sendable {
    /// One per connection, in the order of `Network.connections`.
    let connections: [ClockConnection]
    private let planBlock: Block<ClockPlan>
    private let layerCount: Int
    private let sources: [Block<ClockSource>]
    private let constants: [Block<Float>]

    /// The plans layer by layer, valid as long as this object.
    var layers: UnsafeBufferPointer<ClockPlan> { UnsafeBufferPointer(start: planBlock.pointer, count: layerCount) }

    /// - Throws: `invalidValue` for numbers beyond float32, `cancelled`.
    init(_ network: Network, grid: TimeGrid, monitor: Monitor?) throws(SpinnpropError) {
        try network.checkPlainNeurons(engine: ClockSubstrate.name)
        let poller = Poller(monitor)
        layerCount = network.layers.count
        planBlock = try Block(layerCount)
        var connections: [ClockConnection] = []
        let rounded = try network.roundedWeights(grid, poller)
        for (index, connection) in network.connections.enumerated() {
            connections.append(
                try ClockConnection(
                    connection, weights: rounded?[index] ?? connection.weights, index: index,
                    stride: ClockKernels.padded(connection.postCount), grid: grid, poller: poller))
        }
        self.connections = connections
        var (sources, constants): ([Block<ClockSource>], [Block<Float>]) = ([], [])
        for (layer, own) in network.layers.enumerated() {
            let stride = ClockKernels.padded(own.neuronCount)
            let block = try Block<Float>(ClockConstants.count * stride)
            try ClockConstants.fill(block.pointer, stride: stride, layer: own, index: layer, grid: grid)
            let incoming = connections.filter { network.connections[$0.index].target == layer }
            let ordered = incoming.filter { $0.source != layer } + incoming.filter { $0.source == layer }
            let sourceBlock = try Block<ClockSource>(ordered.count)
            for (n, own) in ordered.enumerated() {
                (sourceBlock.pointer + n).initialize(
                    to: ClockSource(
                        lanes: own.lanes, connection: own.index, source: own.source, isRecurrent: own.source == layer,
                        delayKind: own.delayKind))
            }
            (planBlock.pointer + layer).initialize(
                to: ClockPlan(
                    layer: layer, neuronCount: own.neuronCount, stride: stride, isSpiking: own.isSpiking, grid: grid,
                    constants: ClockConstants(block.pointer, isUniform: own.parameters.isUniform),
                    sources: UnsafeBufferPointer(start: sourceBlock.pointer, count: ordered.count)))
            sources.append(sourceBlock)
            constants.append(block)
        }
        (self.sources, self.constants) = (sources, constants)
        try showDelays()
        if let monitor, monitor.isStopped { throw .cancelled }
    }

    /// Takes delays that have changed since, seconds, one array per connection in the order of a network's.
    func setDelays(_ delays: [[Double]], grid: TimeGrid) throws(SpinnpropError) {
        for (own, seconds) in zip(connections, delays) { own.setDelays(seconds, grid: grid) }
        try showDelays()
    }

    /// Brings the connections' delays to where runs read them.
    private func showDelays() throws(SpinnpropError) {
        for layer in 0..<layerCount {
            let (plan, own) = (planBlock.pointer + layer, sources[layer].pointer)
            plan.pointee.largestDelay = 0
            for n in 0..<plan.pointee.sources.count {
                let connection = connections[own[n].connection]
                own[n].lanes = connection.lanes
                plan.pointee.largestDelay = max(plan.pointee.largestDelay, connection.largestDelay)
            }
            // Backward holds two rings of adjoints.
            try Memory.check(
                count: (plan.pointee.largestDelay + 2) * plan.pointee.stride,
                bytesPerElement: 4 * MemoryLayout<Float>.stride,
                "the arrivals under way to layer \(layer), with delays of \(plan.pointee.largestDelay) steps")
        }
    }
}
