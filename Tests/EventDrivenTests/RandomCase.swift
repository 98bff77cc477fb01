// Random networks with random input: what the sweeps run over.
import EventDriven
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
    var delays = DelayKind.none
    var recurrent = false
    var leaky = false
    var reset = 0.0
    var samples = 3
    /// Spikes per input unit and sample.
    var spikesPerInput = 2
    /// How many thresholds all inputs of a layer together are worth.
    var gain = 1.5
    /// Seconds; the unit of time of everything in the case.
    var tauSyn = 5e-3
    /// Of differences, relative to the mean weight and to tau_syn.
    var step = 3e-5

    var description: String {
        "sizes \(sizes), tau_mem/tau_syn \(ratio.map { "\($0)" } ?? "per neuron"), delays \(delays), "
            + "recurrent \(recurrent), leaky \(leaky), reset \(reset), samples \(samples)"
    }
}

struct RandomCase: CustomStringConvertible {
    let configuration: Configuration
    let seed: UInt64
    var network: Network
    var input: SpikeTrains
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
        let parameters = sizes.dropFirst().map { size -> LIFParameters in
            guard configuration.ratio == nil else {
                return LIFParameters(
                    tauMem: [(configuration.ratio ?? 1) * tau], tauSyn: [tau], threshold: [1],
                    reset: [configuration.reset])
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
        network = try Network(
            sizes: sizes, parameters: parameters, delays: configuration.delays,
            recurrent: sizes.count > 2 && configuration.recurrent ? [true] : [], leakyReadout: configuration.leaky)
        for (index, connection) in network.connections.enumerated() {
            let strength = (connection.isRecurrent ? 0.25 : configuration.gain) / Double(connection.preCount)
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
            if configuration.delays != .none {
                try network.setDelays(connection.delays.map { _ in tau * uniform(0.1, 1.3) }, connection: index)
            }
        }
        var times: [Double] = []
        var units: [Int32] = []
        var offsets = [0]
        for _ in 0..<configuration.samples {
            for unit in 0..<sizes[0] {
                for _ in 0..<configuration.spikesPerInput {
                    times.append(tau * uniform(0.05, 3))
                    units.append(Int32(unit))
                }
            }
            offsets.append(times.count)
        }
        input = try SpikeTrains(times: times, units: units, offsets: offsets, unitCount: sizes[0])
        if configuration.recurrent { options.endTime = 10 * tau }
    }

    func forward(_ network: Network? = nil, _ input: SpikeTrains? = nil) throws -> Recording {
        try EventSubstrate().forward(network ?? self.network, input ?? self.input, options: options, monitor: nil)
    }
}
