// Random networks with random input and labels, in continuous time or on a grid: what the sweeps run over.
import Foundation
import Mathematics
import Networks
import Neurons
import Spikes

/// What a sweep varies. Everything else follows from the seed.
struct Configuration: Sendable, CustomStringConvertible {
    var sizes = [4, 6, 3]
    /// tau_mem / tau_syn; `nil`: every neuron has its own, drawn from [1/6, 6], with some exactly 1/4, 1/2, 1, 2 or 4.
    var ratio: Double? = 4
    var delays = [DelayKind.none]
    var recurrent = false
    /// In place of a chain; `delays` are one for all of these, or one for each.
    var connections: [Ends]?
    var leaky = false
    var reset = 0.0
    /// Whether thresholds and resets differ from neuron to neuron where time constants do not.
    var ownThresholds = false
    /// Of each neuron's drive, in thresholds; `nil`: none has any.
    var drive: ClosedRange<Double>?
    /// Of each neuron's refractory period, in tau_syn, less than 0 standing for 0; `nil`: none has any.
    var refractory: ClosedRange<Double>?
    var samples = 3
    /// Spikes per input unit and sample.
    var spikesPerInput = 2
    /// How many thresholds all inputs of a layer together are worth.
    var gain = 1.5
    /// Seconds; the unit of time of everything in the case.
    var tauSyn = 5e-3
    /// Of differences, relative to the mean weight and to tau_syn.
    var step = 3e-5
    /// The grid for which the input is made; `nil`: continuous time.
    var grid: TimeGrid?

    var description: String {
        "sizes \(sizes), tau_mem/tau_syn \(ratio.map { "\($0)" } ?? "per neuron"), delays \(delays), "
            + (connections.map { "connections \($0.map { "\($0.source)-\($0.target)" }), " } ?? "")
            + "recurrent \(recurrent), leaky \(leaky), reset \(reset)\(ownThresholds ? " or so" : ""), samples \(samples)"
            + (drive.map { ", drives \($0)" } ?? "") + (refractory.map { ", refractory \($0)" } ?? "")
            + (grid.map { ", \($0)" } ?? "")
    }
}

extension Configuration {
    /// A configuration on a grid, of any kind an engine of time steps may meet, sizes 1 included.
    static func onGrid(seed: UInt64) -> Configuration {
        var random = RandomStream(seed: seed, stream: 9)
        func pick<Value>(_ values: [Value]) -> Value { values[random.index(below: values.count)] }
        var own = Configuration()
        let hidden = (0..<random.index(below: 3)).map { _ in 1 + random.index(below: pick([12, 60])) }
        own.sizes = [1 + random.index(below: 12)] + hidden + [1 + random.index(below: 20)]
        own.grid = TimeGrid(
            timeStep: pick([1e-3, 0.25e-3, 2e-3]), steps: pick([2, 16, 27, 40, 40, 60, 60]),
            decay: pick([.exponential, .euler]),
            copies: pick([1, 2, 3, 4, 7]))
        own.tauSyn = (own.grid?.timeStep ?? 1) * Double(3 + random.index(below: 5))
        own.ratio = pick([nil, 4, 2, 1, 0.7, 3.3])
        // No membrane faster than a step: Euler decay would overshoot.
        if own.ratio == nil { own.tauSyn *= 3 }
        own.delays = [pick([.none, .none, .synaptic, .axonal, .dendritic])]
        own.recurrent = pick([false, true])
        own.reset = pick([0, 0, -0.3, 0.2])
        own.samples = pick([1, 9, 9, 17])
        own.spikesPerInput = own.grid?.steps == 2 ? 1 : 1 + random.index(below: 3)
        own.gain = pick([6, 12, 24])
        if own.delays != [.none], pick([false, false, true]) {
            own.delays = own.sizes.dropFirst().map { _ in pick(DelayKind.allCases) }
        }
        return own
    }
}

extension Configuration {
    /// Some layers with a random choice of sources, and kinds of delay: one for all connections or one for each.
    mutating func wire(layers: Int, seed: UInt64) {
        var random = RandomStream(seed: seed, stream: 10)
        func pick<Value>(_ values: [Value]) -> Value { values[random.index(below: values.count)] }
        sizes = [3] + (1..<layers).map { _ in 3 + random.index(below: 4) } + [3]
        var ends: [Ends] = []
        for target in 1...layers {
            let before = (0..<target).filter { _ in random.uniform() < 0.7 }
            ends += (before.isEmpty ? [random.index(below: target)] : before).map { Ends($0, target) }
            if recurrent, !(leaky && target == layers), random.uniform() < 0.5 { ends.append(Ends(target, target)) }
        }
        for n in ends.indices { ends.swapAt(n, random.index(below: ends.count)) }
        connections = ends
        delays = pick([false, true]) ? ends.map { _ in pick(DelayKind.allCases) } : [pick(DelayKind.allCases)]
    }
}

struct RandomCase: CustomStringConvertible {
    let configuration: Configuration
    let seed: UInt64
    var network: Network
    var input: SpikeTrains
    /// One per sample.
    var labels: [Int]
    /// A case that runs away fails instead of taking minutes.
    var options = ForwardOptions(maxSpikes: 3000)

    var description: String { "seed \(seed), \(configuration)" }

    init(_ configuration: Configuration, seed: UInt64) throws {
        self.configuration = configuration
        self.seed = seed
        var random = RandomStream(seed: seed, stream: 0)
        func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * random.uniform() }

        let sizes = configuration.sizes
        let tau = configuration.tauSyn
        var parameters = sizes.dropFirst().map { size -> LIFParameters in
            guard configuration.ratio == nil else {
                var own = LIFParameters(
                    tauMem: [(configuration.ratio ?? 1) * tau], tauSyn: [tau], threshold: [1],
                    reset: [configuration.reset])
                if configuration.ownThresholds {
                    own.threshold = (0..<size).map { _ in uniform(0.5, 2) }
                    own.reset = (0..<size).map { _ in configuration.reset + uniform(-0.3, 0.3) }
                }
                return own
            }
            var own = LIFParameters(tauMem: [], tauSyn: [], threshold: [], reset: [])
            for _ in 0..<size {
                let ratio = random.uniform() < 0.5 ? exp(uniform(-1.8, 1.8)) : [0.25, 0.5, 1, 2, 4][Int(uniform(0, 5))]
                own.tauSyn.append(tau * uniform(0.7, 1.4))
                own.tauMem.append(own.tauSyn[own.tauSyn.count - 1] * ratio)
                own.threshold.append(uniform(0.5, 2))
                own.reset.append(configuration.reset + uniform(-0.3, 0.3))
            }
            return own
        }
        // From a stream of their own, so that they change nothing else.
        var other = RandomStream(seed: seed, stream: 1)
        func drawn(_ range: ClosedRange<Double>) -> Double {
            range.lowerBound + (range.upperBound - range.lowerBound) * other.uniform()
        }
        for (layer, size) in sizes.dropFirst().enumerated() {
            if let drive = configuration.drive {
                parameters[layer].drive = (0..<size).map { parameters[layer][$0].threshold * drawn(drive) }
            }
            if let refractory = configuration.refractory {
                parameters[layer].refractory = (0..<size).map { _ in tau * max(0, drawn(refractory)) }
            }
        }
        network = try Network(
            sizes: sizes, parameters: parameters, delays: configuration.delays,
            recurrent: sizes.count > 2 && configuration.recurrent && configuration.connections == nil ? [true] : [],
            leakyReadout: configuration.leaky, connections: configuration.connections)
        for (index, connection) in network.connections.enumerated() {
            let senders = network.connections.reduce(0) {
                $0 + ($1.target == connection.target && !$1.isRecurrent ? $1.preCount : 0)
            }
            let strength =
                connection.isRecurrent ? 0.25 / Double(connection.preCount) : configuration.gain / Double(senders)
            var weights: [Double] = []
            for post in 0..<connection.postCount {
                let neuron = network.layers[connection.target].parameters[post]
                let unit = neuron.threshold / PostsynapticPotential(neuron).peak * strength
                for _ in 0..<connection.preCount {
                    let isInhibitory = random.uniform() < (connection.isRecurrent ? 0.5 : 0.25)
                    weights.append(unit * (isInhibitory ? uniform(-1, -0.1) : uniform(0.4, 1.8)))
                }
            }
            try network.setWeights(weights, connection: index)
            if connection.delayKind != .none {
                try network.setDelays(connection.delays.map { _ in tau * uniform(0.1, 1.3) }, connection: index)
            }
        }
        var times: [Double] = []
        var units: [Int32] = []
        var offsets = [0]
        let last = configuration.grid.map { (Double($0.steps) - 0.6) * $0.timeStep }
        for _ in 0..<configuration.samples {
            for unit in 0..<sizes[0] {
                for _ in 0..<configuration.spikesPerInput {
                    let time = tau * uniform(0.05, 3)
                    times.append(last.map { min(time, $0 * uniform(0.5, 1)) } ?? time)
                    units.append(Int32(unit))
                }
            }
            // Twice in the same step, and out of order.
            if configuration.grid != nil, random.uniform() < 0.5 {
                times.append(times[times.count - 1])
                units.append(units[units.count - 1])
            }
            offsets.append(times.count)
        }
        input = try SpikeTrains(times: times, units: units, offsets: offsets, unitCount: sizes[0])
        let outputs = sizes[sizes.count - 1]
        labels = (0..<configuration.samples).map { _ in random.index(below: outputs) }
        let isEndless = configuration.drive.map { $0.upperBound >= (configuration.leaky ? 0 : 1) } ?? false
        if configuration.grid == nil, configuration.recurrent || isEndless { options.endTime = 10 * tau }
        if configuration.grid != nil { options.maxSpikes = nil }
        if isEndless { options.maxSpikes = 100_000 }
    }

    /// One on a grid, whose configuration is drawn from the seed, too.
    init(seed: UInt64, leaky: Bool = false) throws {
        var configuration = Configuration.onGrid(seed: seed)
        configuration.leaky = leaky
        try self.init(configuration, seed: seed)
    }

    /// The grid of the configuration.
    var grid: TimeGrid { configuration.grid ?? TimeGrid() }

    func forward(
        _ substrate: some Substrate, _ network: Network? = nil, _ input: SpikeTrains? = nil
    ) throws -> Recording {
        try substrate.forward(network ?? self.network, input ?? self.input, options: options, monitor: nil)
    }
}
