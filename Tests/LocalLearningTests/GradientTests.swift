// Gradients of local learning and of its twin against plain restatements and derivatives forward in time.
import Mathematics
import Spikes
import Testing

@testable import LocalLearning

@Suite struct GradientTests {
    /// A small random network whose neurons spike, its input, and options.
    static func random(_ seed: UInt64, sizes: [Int], _ options: LocalOptions) throws -> (LocalNetwork, [[Bool]]) {
        var network = try LocalNetwork(sizes: sizes, seed: seed)
        var random = RandomStream(seed: seed, stream: 99)
        for layer in network.layers.indices {
            try network.setWeights(
                network.weights(layer: layer).map { 1.5 * $0 + 0.05 }, layer: layer)
            try network.setBiases(
                (0..<network.sizes[layer + 1]).map { _ in Float(0.2 + 0.1 * random.normal()) }, layer: layer)
        }
        let input = (0..<options.steps).map { _ in (0..<sizes[0]).map { _ in random.uniform() < 0.3 } }
        return (network, input)
    }

    /// One sample of given spikes.
    static func events(_ input: [[Bool]]) throws -> LocalInput {
        let spikes = input.enumerated().flatMap { step, row in
            row.enumerated().filter { $1 }.map { (time: Double(step) + 0.5, unit: Int32($0.offset)) }
        }
        return try LocalInput(
            SpikeTrains(
                times: spikes.map(\.time), units: spikes.map(\.unit), offsets: [0, spikes.count],
                unitCount: input[0].count), stepTime: 1)
    }

    static let variants: [LocalOptions] = (0..<24).map { n in
        var options = LocalOptions()
        options.steps = 12 + n % 5
        options.softStart = n % 4
        options.counts = n % 2 == 0 ? .running : .final
        options.countsFrom = n % 3
        options.tracesFrom = n % 5 == 0 ? options.softStart : 0
        options.includesThreshold = n % 7 == 0
        options.decay = [0.3, 0.5, 0.8][n % 3]
        options.window = [0.6, 0.9][n % 2]
        options.amplitude = [1, 0.7][n / 2 % 2]
        return options
    }

    @Test(arguments: GradientTests.variants.indices)
    func isTheRestatementBitForBit(_ n: Int) throws {
        var options = GradientTests.variants[n]
        options.rule = n % 3 == 0 ? .exactError : .biograd
        let (network, input) = try Self.random(UInt64(n), sizes: [6, 11, 9, 3], options)
        let plain = Restatement(network, options, input: input)
        // A wrong answer: an error that is worth spikes.
        let counts = plain.counts(options.steps - 1)
        let label = counts.firstIndex(of: counts.min() ?? 0) ?? 0
        let found = try BioGrad(network, options).gradient(Self.events(input), labels: [label])
        #expect(found.result.spikes == plain.x.dropFirst().map { $0.reduce(0) { $0 + $1.filter { $0 }.count } })
        var isAlive = false
        for layer in network.layers.indices {
            let exact = plain.exact(layer, label)
            #expect(found.weights[layer] == exact.weights)
            #expect(found.biases[layer] == exact.biases)
            isAlive = isAlive || exact.weights.contains { $0 != 0 }
            let traced = plain.traced(layer, label)
            let largest = traced.reduce(1e-30) { max($0, $1.magnitude) }
            for (a, b) in zip(found.weights[layer], traced) { #expect((Double(a) - b).magnitude < 1e-5 * largest) }
        }
        #expect(isAlive)
    }

    @Test(arguments: GradientTests.variants.indices)
    func twinIsTheDerivativeForwardInTime(_ n: Int) throws {
        var options = GradientTests.variants[n]
        options.rule = .bptt
        options.tracesFrom = 0
        let (network, input) = try Self.random(UInt64(100 + n), sizes: [5, 7, 6, 3], options)
        let plain = Restatement(network, options, input: input)
        // A wrong answer: an error that is worth spikes.
        let counts = plain.counts(options.steps - 1)
        let label = counts.firstIndex(of: counts.min() ?? 0) ?? 0
        let found = try BioGrad(network, options).gradient(Self.events(input), labels: [label])
        for layer in network.layers.indices {
            let exact = plain.sensitivities(layer, label)
            let largest = exact.reduce(1e-30) { max($0, $1.magnitude) }
            #expect(largest > 1e-6)
            for (a, b) in zip(found.weights[layer], exact) { #expect((Double(a) - b).magnitude < 2e-5 * largest) }
        }
    }

    /// With the final error itself the output layer's update is the twin's.
    @Test func outputLayerLearnsAsTheTwinDoes() throws {
        var options = LocalOptions()
        options.counts = .final
        options.rule = .exactError
        let (network, input) = try Self.random(7, sizes: [8, 20, 4], options)
        let local = try BioGrad(network, options).gradient(Self.events(input), labels: [2]).weights[1]
        options.rule = .bptt
        let twin = try BioGrad(network, options).gradient(Self.events(input), labels: [2]).weights[1]
        var (dot, a, b) = (0.0, 0.0, 0.0)
        for (x, y) in zip(local, twin) {
            dot += Double(x) * Double(y)
            a += Double(x) * Double(x)
            b += Double(y) * Double(y)
        }
        #expect(a > 0)
        #expect(dot / (a * b).squareRoot() > 1 - 1e-9)
    }
}
