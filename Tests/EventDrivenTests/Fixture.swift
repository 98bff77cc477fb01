// The networks of Tests/Reference/event_reference.json, with what a 60-digit solver says of them.
import Foundation
import Learning
import Networks
import Neurons
import Spikes
import Testing

struct ReferenceCase: Decodable, Sendable, CustomStringConvertible {
    struct Rate: Decodable, Sendable { let strength, target, tau: Double }

    struct GradientValues: Decodable, Sendable {
        let weights, recurrent_weights, delays_values, recurrent_delays_values: [[Double]]
        let input_times: [Double]
    }

    struct Loss: Decodable, Sendable {
        let kind: String
        let labels: [Int]
        let targets: [Double?]
        let rate: Rate?
        let tau0, alpha, tau1, t_label, t_other, scale: Double?
        let value: Double
        let skipped: Int
        let gradients: GradientValues
    }

    struct LayerSpikes: Decodable, Sendable {
        let times: [Double]
        let units: [Int32]
        let currents: [Double]
        let offsets: [Int]
    }

    let name: String
    let sizes: [Int]
    let tau_mem, tau_syn, threshold, reset: [[Double]]
    let delays: String
    let recurrent: [Bool]
    let leaky: Bool
    let t_end: Double?
    let weights, recurrent_weights, delays_values, recurrent_delays_values: [[Double]]
    let times: [Double]
    let units: [Int32]
    let offsets: [Int]
    let objectives: [Loss]
    let spikes: [LayerSpikes]
    let maxima, maximum_times: [[Double]]?

    var description: String { name }

    static let all: [ReferenceCase] = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Reference/event_reference.json")
        do {
            return try JSONDecoder().decode([ReferenceCase].self, from: Data(contentsOf: path))
        } catch {
            fatalError("Tests/Reference/event_reference.json cannot be read: \(error)")
        }
    }()

    var options: ForwardOptions { ForwardOptions(endTime: t_end ?? .infinity) }

    func input() throws -> SpikeTrains {
        try SpikeTrains(times: times, units: units, offsets: offsets, unitCount: sizes[0])
    }

    func network() throws -> Network {
        let kinds: [String: DelayKind] = [
            "none": .none, "synaptic": .synaptic, "axonal": .axonal, "dendritic": .dendritic,
        ]
        let parameters = tau_mem.indices.map {
            LIFParameters(tauMem: tau_mem[$0], tauSyn: tau_syn[$0], threshold: threshold[$0], reset: reset[$0])
        }
        var network = try Network(
            sizes: sizes, parameters: parameters, delays: kinds[delays] ?? .none, recurrent: recurrent,
            leakyReadout: leaky)
        for layer in network.layers.indices {
            for isRecurrent in [false, true] {
                guard let connection = network.connectionIndex(into: layer, recurrent: isRecurrent) else { continue }
                try network.setWeights((isRecurrent ? recurrent_weights : weights)[layer], connection: connection)
                guard delays != "none" else { continue }
                try network.setDelays(
                    (isRecurrent ? recurrent_delays_values : delays_values)[layer], connection: connection)
            }
        }
        return network
    }
}

extension ReferenceCase.Loss {
    /// What the library calls this loss.
    func objective() throws -> Objective {
        let kinds: [String: LossKind] = [
            "ttfs": .ttfsCrossEntropy, "vmax": .vMaxCrossEntropy, "mse": .spikeTimeMSE, "count": .spikeCountCrossEntropy,
        ]
        var parameters = LossParameters(try #require(kinds[kind]))
        if let tau0 { parameters.tau0 = tau0 }
        if let alpha { parameters.alpha = alpha }
        if let tau1 { parameters.tau1 = tau1 }
        if let t_label { parameters.tLabel = t_label }
        if let t_other { parameters.tOther = t_other }
        if let scale { parameters.scale = scale }
        return Objective(
            loss: try parameters.makeLoss(), labels: labels, targetTimes: targets.map { $0 ?? .infinity },
            rate: rate.map { RateRegularisation(strength: $0.strength, target: $0.target, tau: $0.tau) })
    }
}
