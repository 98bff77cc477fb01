// What is worked out once per call from a layer's parameters: derived values and weights in the order they are read.
import Mathematics
import Networks
import Neurons

/// A connection into a layer, its weights turned so that all synapses of one sender lie side by side.
final class EventConnection: @unchecked Sendable {
    /// Index in `Network.connections`.
    let index: Int
    /// The connection as it was when the plan was made: not to be asked for weights or delays.
    let connection: Connection
    /// The weights as (pre, post), rows padded to `LayerPlan.stride`.
    let columns: Block<Double>
    let rows: SenderRows<Double>
    private let delayBlock: Block<Double>
    /// A single 0, for whoever reads delays where there are none.
    private let noDelay: Block<Double>
    let delays: DelayRows
    /// The delays in seconds, in the order in which a network has them: one row, padded to whole vectors.
    let delayRow: SenderRows<Double>

    /// The synapses that exist, of a layer that goes through these alone.
    let synapses: Synapses?

    init(
        index: Int, connection: Connection, stride: Int, isSparse: Bool, poller: Poller
    ) throws(SpinnpropError) {
        self.index = index
        self.connection = connection
        arrivesAtOnce = connection.delayKind == .none || connection.delayKind == .axonal
        columns = try Block(connection.preCount * stride)
        rows = SenderRows(
            preCount: connection.preCount, postCount: connection.postCount, stride: stride, pointer: columns.pointer)
        rows.load(connection.weights, poller)
        synapses = isSparse ? try Synapses(connection, rows) : nil
        let delayCount = connection.delays.count
        delayBlock = try Block(padded(delayCount))
        noDelay = try Block(1)
        noDelay.pointer.pointee = 0
        delayRow = SenderRows(
            preCount: 1, postCount: delayCount, stride: padded(delayCount), pointer: delayBlock.pointer)
        delayRow.load(connection.delays, poller)
        let (perSender, perReceiver) =
            switch connection.delayKind {
            case .none: (0, 0)
            case .synaptic: (1, connection.preCount)
            case .axonal: (1, 0)
            case .dendritic: (0, 1)
            }
        delays = DelayRows(
            start: UnsafePointer(connection.delayKind == .none ? noDelay.pointer : delayRow.pointer),
            perSender: perSender, perReceiver: perReceiver)
    }

    /// Another object for the same weights and delays.
    init(_ other: EventConnection) {
        index = other.index
        connection = other.connection
        (columns, rows) = (other.columns, other.rows)
        (delayBlock, noDelay, delayRow) = (other.delayBlock, other.noDelay, other.delayRow)
        delays = other.delays
        arrivesAtOnce = other.arrivesAtOnce
        synapses = other.synapses
    }

    /// Whether a sender's spike arrives at all receivers at once.
    let arrivesAtOnce: Bool
}

/// The delay from the first sender to the first receiver, and how far those of the next sender, and of the next receiver, lie apart; trivial, so
/// that hot loops touch no reference counts.
struct DelayRows {
    let start: UnsafePointer<Double>
    let perSender, perReceiver: Int

    /// From sender `pre` to receiver `post`, seconds.
    @inline(__always)
    func from(_ pre: Int, to post: Int) -> Double { start[pre &* perSender &+ post &* perReceiver] }
}

/// Derived values of one layer. Read by all parts of a batch at once.
final class LayerPlan: @unchecked Sendable {
    let layer: Int
    let neuronCount: Int
    /// Neurons per row of turned weights: `neuronCount` rounded up to whole vectors.
    let stride: Int
    let isSpiking: Bool
    /// One flow for all neurons, or one each.
    let flows: [Flow]
    let feedForward: [EventConnection]
    let recurrent: [EventConnection]
    /// The feed-forward connections, then the recurrent ones.
    let incoming: [EventConnection]
    /// Whether all neurons see the same events at the same times, their own spikes among them, so that they can be moved together from event to
    /// event.
    let isSynchronous: Bool
    /// Whether neurons would be so but for the delays that they receive with, one connection's: each then does the same as without, later.
    let isShifted: Bool
    /// Whether neurons have arrivals of their own, so that four of them can be moved side by side.
    let isSideBySide: Bool
    /// Whether each neuron of a recurrent layer goes through its own arrivals forward, of which there are few, at the time of its own last event.
    let runsSparse: Bool
    /// Whether they go through windows of time forward: those of a recurrent layer that have arrivals of their own, at times that delays of synapses or
    /// receivers spread.
    let runsInWindows: Bool
    /// Whether so few synapses exist that each neuron is better moved from one of its own arrivals to the next, side by side with others.
    let isSparse: Bool
    /// Thresholds and resets of neurons that differ in nothing else.
    let ownThresholds: OwnThresholds?
    /// Time constants, and thresholds and resets, of neurons that differ in their time constants.
    let ownMotion: OwnMotion?
    /// What neurons do of which some fire by themselves.
    let drivenMotion: DrivenMotion?
    /// Time constants, where they differ, as the adjoint needs them.
    let ownTimes: OwnMotion?
    /// Whether anything but arrivals moves neurons on: the end of a refractory period, a drive that makes them fire.
    let isTimed: Bool
    /// Whether any neuron's drive takes it to its threshold.
    let firesAlone: Bool
    let isRefractory: Bool
    /// Of each neuron, where any has a refractory period.
    let refractory: Block<Double>
    let isDriven: Bool
    /// Whether every spike arrives at all neurons at once, those of recurrent connections among them.
    let sharesArrivals: Bool
    /// The turned weights of each incoming connection.
    let columns: Block<UnsafePointer<Double>>
    /// Their delays.
    let delays: Block<DelayRows>

    /// - Parameters:
    ///   - asOne: whether neurons may be moved together where they can be.
    ///   - throughSynapses: whether they then go through those synapses alone that exist; `nil`: where that takes less time.
    /// - Throws: `cancelled` if `monitor` says so, which large networks take long enough for.
    init(
        _ network: Network, layer: Int, asOne: Bool = true, throughSynapses: Bool? = nil, monitor: Monitor?
    ) throws(SpinnpropError) {
        self.layer = layer
        let own = network.layers[layer]
        neuronCount = own.neuronCount
        stride = padded(own.neuronCount)
        isSpiking = own.isSpiking
        flows =
            own.parameters.isUniform
            ? [Flow(own.parameters[0])] : (0..<own.neuronCount).map { Flow(own.parameters[$0]) }
        let stride = self.stride
        let poller = Poller(monitor)
        for connection in network.connections where connection.target == layer {
            try Memory.check(
                count: connection.preCount * stride, bytesPerElement: MemoryLayout<Double>.stride,
                "the turned weights of layer \(layer)")
        }
        isRefractory = isSpiking && own.parameters.isRefractory
        isDriven = own.parameters.isDriven
        let firesAlone = isSpiking && flows.contains { $0.threshold <= 0 }
        self.firesAlone = firesAlone
        isTimed = isRefractory || firesAlone
        refractory = try Block(isRefractory ? stride : 0)
        for neuron in 0..<(isRefractory ? stride : 0) {
            refractory.pointer[neuron] = own.parameters[min(neuron, own.neuronCount - 1)].refractory
        }
        let sharesTime = own.parameters.tauMem.count == 1 && own.parameters.tauSyn.count == 1
        let isUneven = !sharesTime || firesAlone
        let isSparse =
            asOne && own.isSpiking
            && (throughSynapses ?? LayerPlan.isSparse(network, layer: layer, isUneven: isUneven, isTimed: isTimed))
        let incoming = try network.connections.enumerated().filter { $0.element.target == layer }
            .map { (index, connection) throws(SpinnpropError) in
                try EventConnection(
                    index: index, connection: connection, stride: stride, isSparse: isSparse, poller: poller)
            }
        feedForward = incoming.filter { !$0.connection.isRecurrent }
        recurrent = incoming.filter { $0.connection.isRecurrent }
        self.incoming = feedForward + recurrent
        sharesArrivals = self.incoming.allSatisfy(\.arrivesAtOnce)
        self.isSparse = isSparse
        ownThresholds = sharesTime && flows.count > 1 ? try OwnThresholds(flows, stride: stride) : nil
        ownMotion = !sharesTime ? try OwnMotion(flows, stride: stride) : nil
        drivenMotion = firesAlone ? try DrivenMotion(flows, neurons: neuronCount, stride: stride) : nil
        ownTimes =
            !sharesTime && ownMotion == nil
            ? try OwnMotion(
                flows.map { Flow(LIFNeuron(tauMem: $0.tauMem, tauSyn: $0.tauSyn, threshold: 1, reset: 0)) },
                stride: stride)
            : ownMotion
        let movesAsOne =
            asOne
            && (firesAlone
                ? drivenMotion != nil : flows.count == 1 || ownThresholds != nil || ownMotion != nil)
        isSynchronous = movesAsOne && sharesArrivals && !isSparse
        isShifted =
            movesAsOne && !isSparse && isSpiking && !firesAlone && recurrent.isEmpty && feedForward.count == 1
            && feedForward[0].connection.delayKind == .dendritic
        let isSideBySide = movesAsOne && !isSynchronous && !isShifted
        self.isSideBySide = isSideBySide
        runsSparse = !recurrent.isEmpty && isSparse && sharesArrivals
        runsInWindows = !recurrent.isEmpty && isSideBySide && !runsSparse
        columns = try Block(self.incoming.count)
        delays = try Block(self.incoming.count)
        for (n, own) in self.incoming.enumerated() {
            columns.pointer[n] = UnsafePointer(own.columns.pointer)
            delays.pointer[n] = own.delays
        }
        if let monitor, monitor.isStopped { throw .cancelled }
    }

    /// Another object for the same values, weights and delays. Threads that count references to one object in turn wait for each
    /// other, so each worker has plans of its own.
    init(_ other: LayerPlan) throws(SpinnpropError) {
        layer = other.layer
        neuronCount = other.neuronCount
        stride = other.stride
        isSpiking = other.isSpiking
        flows = other.flows
        feedForward = other.feedForward.map { EventConnection($0) }
        recurrent = other.recurrent.map { EventConnection($0) }
        incoming = feedForward + recurrent
        isSynchronous = other.isSynchronous
        isShifted = other.isShifted
        isSideBySide = other.isSideBySide
        (runsSparse, runsInWindows) = (other.runsSparse, other.runsInWindows)
        isSparse = other.isSparse
        isTimed = other.isTimed
        (firesAlone, isRefractory) = (other.firesAlone, other.isRefractory)
        refractory = other.refractory
        isDriven = other.isDriven
        ownThresholds = other.ownThresholds
        ownMotion = other.ownMotion
        (drivenMotion, ownTimes) = (other.drivenMotion, other.ownTimes)
        sharesArrivals = other.sharesArrivals
        columns = try Block(incoming.count)
        columns.pointer.update(from: other.columns.pointer, count: incoming.count)
        delays = try Block(incoming.count)
        delays.pointer.update(from: other.delays.pointer, count: incoming.count)
    }

    /// Plans for another worker.
    static func copies(_ plans: [LayerPlan]) throws(SpinnpropError) -> [LayerPlan] {
        try plans.map { (plan) throws(SpinnpropError) in try LayerPlan(plan) }
    }

    /// Whether a layer has so few of its synapses that going through these alone takes less time than going through all. How many times longer an
    /// arrival through a synapse of its own takes, forward and backward, than one of those at all neurons: with recurrence the more, as each neuron is
    /// then at a time of its own.
    private static func isSparse(_ network: Network, layer: Int, isUneven: Bool, isTimed: Bool) -> Bool {
        let incoming = network.connections.filter { $0.target == layer }
        let isRecurrent = incoming.contains { $0.isRecurrent }
        let existing = incoming.reduce(0) { $0 + $1.synapseCount }
        let isSpread = incoming.contains {
            $0.delayKind == .synaptic || ($0.delayKind == .dendritic && incoming.count > 1)
        }
        let times =
            isRecurrent
            ? (isSpread ? 3 : isTimed ? 100 : isUneven ? 12 : 30) : isSpread ? 5 : isUneven ? 6 : 25
        return existing <= incoming.reduce(0) { $0 + $1.weights.count } / times && existing <= Int(Int32.max)
    }

    /// The plans of all layers.
    static func all(
        _ network: Network, asOne: Bool = true, throughSynapses: Bool? = nil, monitor: Monitor?
    ) throws(SpinnpropError) -> [LayerPlan] {
        var plans: [LayerPlan] = []
        for layer in network.layers.indices {
            plans.append(
                try LayerPlan(
                    network, layer: layer, asOne: asOne, throughSynapses: throughSynapses, monitor: monitor))
        }
        return plans
    }

    /// Whether neurons are moved together forward, and those of some samples side by side.
    var isMovedWithSamples: Bool { isSpiking && recurrent.isEmpty && (isSynchronous || isShifted) }

    /// How many samples then go side by side at most: as many as have their states in a processor's nearest memory.
    var samplesSideBySide: Int { isMovedWithSamples ? max(1, min(16, 640 / stride)) : 1 }

    /// Whether neurons are moved together forward. With few synapses those that anything but arrivals moves on are moved one by one.
    var runsAsOne: Bool { (isSynchronous || isShifted || isSideBySide) && !(runsSparse && isTimed) }

    /// Whether what a neuron does in the measure of its threshold, or with its delay after the end of the run, may be an error that it does not
    /// make by itself.
    var mayFailAsOne: Bool { ownThresholds != nil || ownMotion != nil || drivenMotion != nil || isShifted }

    @inline(__always)
    func flow(_ neuron: Int) -> Flow { flows[flows.count == 1 ? 0 : neuron] }
}

/// Up to the next multiple of four: the number of elements in whole SIMD4 vectors.
@inline(__always)
func padded(_ count: Int) -> Int { (count + 3) & ~3 }
