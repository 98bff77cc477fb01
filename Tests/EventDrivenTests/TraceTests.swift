// Membranes, currents and adjoints at any time: against a 60-digit solver, and weights' gradients as sums over arrivals.
import EventDriven
import Foundation
import Mathematics
import Networks
import Neurons
import Testing

@testable import TestSupport

/// What Tests/Reference/trace_reference.json says of one sample of a case of event_reference.json.
struct TraceReference: Decodable, Sendable {
    struct Layer: Decodable, Sendable {
        let times: [Double]
        let units: [Int]
        let membranes, currents, adjointTimes: [Double]
        /// (time, neuron)
        let lambdaV, lambdaI: [[Double]]
    }

    let name: String
    let sample: Int
    let objective: Int
    let layers: [Layer]

    static let file = Result {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Reference/trace_reference.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try decoder.decode([TraceReference].self, from: Data(contentsOf: path))
    }
}

struct TraceTests {
    private func traces(_ reference: ReferenceCase) throws -> TraceReference {
        try #require(try TraceReference.file.get().first { $0.name == reference.name })
    }

    @Test func thereAreMoreThanAThousandTimes() throws {
        #expect(try TraceReference.file.get().flatMap(\.layers).reduce(0) { $0 + $1.times.count } > 1000)
    }

    @Test(arguments: ReferenceCase.all)
    func statesAgree(_ reference: ReferenceCase) throws {
        let (network, expected) = (try reference.network(), try traces(reference))
        let recording = try EventSubstrate().forward(
            network, reference.input(), options: reference.options, monitor: nil)
        for (layer, own) in expected.layers.enumerated() {
            let width = network.layers[layer].neuronCount
            let found = try recording.states(
                of: network, layer: layer, samples: expected.sample..<expected.sample + 1, times: own.times)
            let (membranes, currents) = (own.membranes.map(abs).max() ?? 0, own.currents.map(abs).max() ?? 0)
            for (n, unit) in own.units.enumerated() {
                let at = n * width + unit
                let place = "\(reference.name), layer \(layer), neuron \(unit), \(own.times[n]) s"
                #expect(abs(found.membranes[at] - own.membranes[n]) <= 1e-12 * membranes, "\(place)")
                #expect(abs(found.currents[at] - own.currents[n]) <= 1e-12 * currents, "\(place)")
            }
        }
    }

    @Test(arguments: ReferenceCase.all)
    func adjointsAgree(_ reference: ReferenceCase) throws {
        let (network, expected) = (try reference.network(), try traces(reference))
        let recording = try EventSubstrate().forward(
            network, reference.input(), options: reference.options, monitor: nil)
        let objective = try reference.objectives[expected.objective].objective()
        var worst = 0.0
        for (layer, own) in expected.layers.enumerated() {
            let found = try EventAdjoint().traces(
                network, recording, objective, layer: layer, samples: expected.sample..<expected.sample + 1,
                times: own.adjointTimes)
            for (name, values, wanted) in [
                ("lV", found.lambdaV, own.lambdaV.flatMap { $0 }), ("lI", found.lambdaI, own.lambdaI.flatMap { $0 }),
            ] {
                let error = normRelative(values, wanted)
                worst = max(worst, error)
                #expect(error <= 1e-9, "\(reference.name), layer \(layer), \(name): \(values) instead of \(wanted)")
            }
        }
        print("reference: \(reference.name): adjoints, worst error in norm \(worst)")
    }

    static let configurations: [Configuration] = DelayKind.allCases.map { [$0] }.flatMap { delays in
        [
            Configuration(ratio: 2, delays: delays, reset: -0.1),
            Configuration(sizes: [4, 6, 5, 3], ratio: nil, delays: delays, recurrent: true, gain: 1),
            Configuration(ratio: 4, delays: delays, leaky: true, drive: -0.3...0.6),
            Configuration(ratio: nil, delays: delays, recurrent: true, leaky: true, refractory: 0.05...0.5),
            Configuration(ratio: 1, delays: delays, recurrent: true, drive: -0.5...1.3, refractory: 0.05...0.5),
        ]
    }

    /// With several sources into a layer, too.
    @Test(arguments: configurations)
    func weightsAreSumsOverArrivals(_ configuration: Configuration) throws {
        for seed in 1...4 as ClosedRange<UInt64> {
            var configuration = configuration
            if seed > 2 { configuration.wire(layers: 3, seed: seed) }
            let own = try RandomCase(configuration, seed: seed)
            let recording = try own.forward(EventSubstrate())
            let loss = LinearLoss(seed: seed, unit: configuration.tauSyn, needsLeakyReadout: configuration.leaky)
            let objective = Objective(loss: loss, labels: own.labels)
            let gradients = try EventAdjoint().backward(own.network, recording, objective, monitor: nil)
            for (index, connection) in own.network.connections.enumerated() {
                let parameters = own.network.layers[connection.target].parameters
                let source = connection.source.map { recording.layers[$0].spikes } ?? own.input
                var sums = [Double](repeating: 0, count: connection.weights.count)
                for sample in 0..<own.input.sampleCount {
                    var arrivals: [(time: Double, weight: Int, post: Int)] = []
                    for n in source.offsets[sample]..<source.offsets[sample + 1] {
                        let pre = Int(source.units[n])
                        for post in 0..<connection.postCount {
                            let delay =
                                switch connection.delayKind {
                                case .none: 0.0
                                case .synaptic: connection.delays[post * connection.preCount + pre]
                                case .axonal: connection.delays[pre]
                                case .dendritic: connection.delays[post]
                                }
                            guard source.times[n] + delay <= own.options.endTime else { continue }
                            arrivals.append((source.times[n] + delay, post * connection.preCount + pre, post))
                        }
                    }
                    let traces = try EventAdjoint().traces(
                        own.network, recording, objective, layer: connection.target, samples: sample..<sample + 1,
                        times: arrivals.map(\.time))
                    for (n, arrival) in arrivals.enumerated() {
                        sums[arrival.weight] -=
                            parameters[arrival.post].tauSyn * traces.lambdaI[n * connection.postCount + arrival.post]
                    }
                }
                let error = normRelative(sums, gradients.weights[index])
                #expect(error <= 1e-12, "\(own), connection \(index): \(sums), \(gradients.weights[index])")
            }
        }
    }

    @Test func samplesAndThreadsChangeNothing() throws {
        let own = try RandomCase(Configuration(ratio: nil, recurrent: true, samples: 9), seed: 5)
        let recording = try own.forward(EventSubstrate())
        let objective = Objective(
            loss: LinearLoss(seed: 5, unit: own.configuration.tauSyn, needsLeakyReadout: false), labels: own.labels)
        let times = [20e-3, 0, 3e-3, 3e-3]
        let all = try EventAdjoint().traces(
            own.network, recording, objective, layer: 0, samples: 0..<9, times: times)
        #expect(all.lambdaV.contains { $0 != 0 } && all.lambdaI.contains { $0 != 0 })
        for sample in 0..<9 {
            let one = try EventAdjoint().traces(
                own.network, recording, objective, layer: 0, samples: sample..<sample + 1, times: times)
            let width = times.count * 6
            #expect(one.lambdaV == Array(all.lambdaV[sample * width..<(sample + 1) * width]))
            #expect(one.lambdaI == Array(all.lambdaI[sample * width..<(sample + 1) * width]))
        }
        let none = try EventAdjoint().traces(own.network, recording, objective, layer: 0, samples: 4..<4, times: times)
        #expect(none.lambdaV.isEmpty && none.lambdaI.isEmpty)
        for (layer, samples, time) in [(2, 0..<1, 0), (-1, 0..<1, 0), (0, 0..<10, 0), (0, 0..<1, -1), (0, 0..<1, .nan)]
            as [(Int, Range<Int>, Double)]
        {
            #expect(throws: SpinnpropError.self) {
                try EventAdjoint().traces(
                    own.network, recording, objective, layer: layer, samples: samples, times: [time])
            }
        }
    }
}
