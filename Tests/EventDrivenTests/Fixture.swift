// The networks of Tests/Reference/event_reference.json, with what a 60-digit solver says of them.
import Foundation
import Learning
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct ReferenceCase: Decodable, Sendable, CustomStringConvertible {
    struct Rate: Decodable, Sendable { let strength, target, tau: Double }

    struct GradientValues: Decodable, Sendable {
        let weights, recurrentWeights, delaysValues, recurrentDelaysValues: [[Double]]
        let inputTimes: [Double]
        /// Per layer: of the value that all neurons share, or one each.
        let tauMem, tauSyn, threshold, reset, drive, refractory: [[Double]]
    }

    struct Loss: Decodable, Sendable {
        let kind: String
        let labels: [Int]
        let targets: [Double?]
        let rate: Rate?
        let tau0, alpha, tau1, tLabel, tOther, scale: Double?
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
    let tauMem, tauSyn, threshold, reset, drive, refractory: [[Double]]
    let delays: String
    let recurrent: [Bool]
    let leaky: Bool
    let tEnd: Double?
    let weights, recurrentWeights, delaysValues, recurrentDelaysValues: [[Double]]
    let times: [Double]
    let units: [Int32]
    let offsets: [Int]
    let objectives: [Loss]
    let spikes: [LayerSpikes]
    let maxima, maximumTimes: [[Double]]?

    var description: String { name }

    static let file = Result {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Reference/event_reference.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode([ReferenceCase].self, from: Data(contentsOf: path))
    }

    /// Empty if the file cannot be read, which a test of its own reports.
    static let all = (try? file.get()) ?? []

    var options: ForwardOptions { ForwardOptions(endTime: tEnd ?? .infinity) }

    func input() throws -> SpikeTrains {
        try SpikeTrains(times: times, units: units, offsets: offsets, unitCount: sizes[0])
    }

    func network() throws -> Network {
        let kinds: [String: DelayKind] = [
            "none": .none, "synaptic": .synaptic, "axonal": .axonal, "dendritic": .dendritic,
        ]
        let parameters = tauMem.indices.map {
            LIFParameters(
                tauMem: tauMem[$0], tauSyn: tauSyn[$0], threshold: threshold[$0], reset: reset[$0],
                drive: drive[$0], refractory: refractory[$0])
        }
        var network = try Network(
            sizes: sizes, parameters: parameters, delays: [kinds[delays] ?? .none], recurrent: recurrent,
            leakyReadout: leaky)
        for layer in network.layers.indices {
            for isRecurrent in [false, true] {
                guard let connection = network.connectionIndex(into: layer, recurrent: isRecurrent) else { continue }
                try network.setWeights((isRecurrent ? recurrentWeights : weights)[layer], connection: connection)
                guard delays != "none" else { continue }
                try network.setDelays(
                    (isRecurrent ? recurrentDelaysValues : delaysValues)[layer], connection: connection)
            }
        }
        return network
    }
}

extension ReferenceCase.Loss {
    /// What the library calls this loss.
    func objective() throws -> Objective {
        let kinds: [String: LossKind] = [
            "ttfs": .ttfsCrossEntropy, "vmax": .vMaxCrossEntropy, "mse": .spikeTimeMSE,
            "count": .spikeCountCrossEntropy,
        ]
        var parameters = LossParameters(try #require(kinds[kind]))
        if let tau0 { parameters.tau0 = tau0 }
        if let alpha { parameters.alpha = alpha }
        if let tau1 { parameters.tau1 = tau1 }
        if let tLabel { parameters.tLabel = tLabel }
        if let tOther { parameters.tOther = tOther }
        if let scale { parameters.scale = scale }
        return Objective(
            loss: try parameters.makeLoss(), labels: labels, targets: targets.map { $0 ?? .infinity },
            rate: rate.map { RateRegularisation(strength: $0.strength, target: $0.target, tau: $0.tau) },
            wantsNeurons: true)
    }
}
