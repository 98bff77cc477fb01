// Integer learning against its restatement, and its ranges.
import Mathematics
import Spikes
import Testing

@testable import LocalLearning

@Suite(.serialized) struct IntegerTests {
    /// Spikes without randomness in their encoding: x[n][t][i].
    static func samples(_ count: Int, steps: Int, inputs: Int, seed: UInt64) throws -> ([[[Bool]]], LocalInput, [Int]) {
        var random = RandomStream(seed: seed, stream: 0)
        let all = (0..<count).map { _ in (0..<steps).map { _ in (0..<inputs).map { _ in random.uniform() < 0.3 } } }
        var (times, units, offsets): ([Double], [Int32], [Int]) = ([], [], [0])
        for sample in all {
            for step in 0..<steps {
                for unit in 0..<inputs where sample[step][unit] {
                    times.append(Double(step) + 0.5)
                    units.append(Int32(unit))
                }
            }
            offsets.append(times.count)
        }
        let trains = try SpikeTrains(times: times, units: units, offsets: offsets, unitCount: inputs)
        return (all, try LocalInput(trains, stepTime: 1), (0..<count).map { _ in random.index(below: 3) })
    }

    static var variants: [@Sendable (inout LocalOptions) -> Void] {
        [
            { _ in },
            { ($0.counts, $0.amplitude, $0.decay) = (.final, 0.7, 0.3) },
            { ($0.countsFrom, $0.tracesFrom, $0.includesThreshold, $0.window) = (3, 2, true, 0.5) },
            { ($0.sleepDraw, $0.averagesSleep, $0.sleepRate) = (.perBatch, true, 0.01) },
            { ($0.sleepDraw, $0.sleepPower, $0.softStart) = (.perStep, 3, 0) },
            // What saturates: weights, feedback, traces, membranes.
            { ($0.learningRate, $0.sleepRate, $0.decay) = (1e6, 1e6, 1) },
            { ($0.amplitude, $0.window, $0.decay, $0.threshold) = (1e6, 1e6, 1, 1e6) },
            { ($0.amplitude, $0.window, $0.decay, $0.threshold) = (40, 1e3, 1, 1e-6) },
            { ($0.learningRate, $0.sleepRate, $0.window, $0.amplitude) = (0, 0, 0, 0) },
            { ($0.learningRate, $0.sleepRate, $0.decay) = (1e-300, 5e-324, 0) },
        ]
    }

    @Test(arguments: 0..<10)
    func equalsItsRestatement(_ variant: Int) throws {
        var options = LocalOptions()
        (options.integer, options.epochs, options.steps, options.softStart) = (true, 4, 14, 4)
        (options.learningRate, options.sleepRate, options.seed) = (0.3, 1e-3, UInt64(variant))
        Self.variants[variant](&options)
        let (x, input, labels) = try Self.samples(9, steps: options.steps, inputs: 7, seed: 40 + UInt64(variant))
        options.batchSize = labels.count
        var network = try LocalNetwork(sizes: [7, variant == 0 ? 70 : 11, 3], seed: 9)
        try network.setWeights(network.weights(layer: 0).map { 3 * $0 }, layer: 0)
        try network.setBiases((0..<network.sizes[1]).map { 0.02 * Float($0 % 11) }, layer: 0)
        var training = try BioGrad(network, options)
        var plain = IntegerRestatement(training.network, options)
        let before = training.network
        for epoch in 0..<options.epochs {
            let counts = try training.counts(input)
            for (n, sample) in x.enumerated() {
                let middle = plain.membranes(0, sample).map { $0.map { plain.isSpike($0, 0) } }
                let output = plain.membranes(1, middle).map { $0.map { plain.isSpike($0, 1) } }
                for k in 0..<3 { #expect(Int(counts[3 * n + k]) == output.filter { $0[k] }.count) }
            }
            let (gradient, sums) = (try training.gradient(input, labels: labels), plain.sums(x, labels))
            for layer in 0..<2 {
                let mean = sums[layer].map { $0.map { Float(Double($0) * plain.worth(layer, labels.count)) } }
                #expect(gradient.weights[layer] == mean.flatMap { $0.dropLast() })
                #expect(gradient.biases[layer] == mean.map { $0[$0.count - 1] })
            }
            #expect(throws: SpinnpropError.cancelled) {
                try training.run(input, labels: labels) { !$0.isEpochFinished }
            }
            plain.batch(x, labels, epoch: epoch, sleep: epoch)
            let now = IntegerRestatement(training.network, options)
            #expect(now.weights == plain.weights)
            #expect(now.feedback == plain.feedback)
            #expect(now.k == plain.k && now.kFeedback == plain.kFeedback)
        }
        #expect((training.network == before) == (variant >= 8), "\(variant)")
    }

    @Test func learnsAndIsTheSameInAnyNumberOfThreads() throws {
        var options = LocalOptions()
        (options.integer, options.epochs, options.seed, options.batchSize) = (true, 12, 3, 37)
        options.learningRate = 1e-2
        let (input, labels) = try TrainingTests.patterns(300)
        let before = Threads.requested
        defer { try? Threads.set(before) }
        var results: [BioGrad] = []
        for threads in [1, 3] {
            try Threads.set(threads)
            var training = try BioGrad(try LocalNetwork(sizes: [20, 30, 3], seed: 3), options)
            try training.wakeSilentLayers(on: input)
            try training.run(input, labels: labels)
            results.append(training)
        }
        #expect(results[0] == results[1])
        let (test, expected) = try TrainingTests.patterns(200, seed: 6)
        #expect(try TrainingTests.accuracy(results[0], test, expected) > 0.95)
        #expect(results[0].history[11].alignments[0].angle < results[0].history[0].alignments[0].angle - 20)
        for layer in 0..<2 {
            let unit = 1 / Float(1 << (results[0].network.exponents(layer: layer).weights ?? 0))
            for weight in results[0].network.weights(layer: layer) {
                #expect((weight / unit).rounded() == weight / unit && (weight / unit).magnitude <= 127)
            }
        }
    }

    /// The mean of what is rounded by chance is what it was, to within the factor's 15 bits; ends saturate.
    @Test func roundsByChance() {
        var random = RandomStream(seed: 1, stream: 0)
        for (value, sum) in [(0.3, 7), (0.3, -7), (1e-4, 1234), (2.5e-3, -1), (17, 3), (3e4, -1)] {
            let factor = Factor(value)
            let count = 200_000
            let total = (0..<count).reduce(0) { (total, _) in total + factor.rounded(sum, by: random.nextUInt64()) }
            let exact = value * Double(sum)
            let error = (Double(total) / Double(count) - exact).magnitude
            #expect(error < exact.magnitude * 0x1p-15 + 4 * (0.25 / Double(count)).squareRoot(), "\(value) \(sum)")
        }
        for word in [0, UInt64.max] {
            #expect(Factor(0).rounded(.max, by: word) == 0)
            #expect(Factor(1e300).rounded(1, by: word) == 32768)
            #expect(Factor(1e300).rounded(.min, by: word) == -Saturation.sum * 32768)
            #expect((0...1).contains(Factor(5e-324).rounded(.max, by: word)))
            #expect(Factor(1).rounded(-5, by: word) == -5)
        }
        #expect(Saturation.product(1 << 40, 1 << 40) == Saturation.sum)
        #expect(Saturation.product(-1 << 40, 1 << 10) == -Saturation.sum)
        #expect(Saturation.product(-3, 5) == -15)
    }

    @Test func refusals() throws {
        func refused(_ word: String, _ change: (inout LocalOptions) -> Void = { _ in }, sizes: [Int] = [2, 3, 2]) throws
        {
            var options = LocalOptions()
            options.integer = true
            change(&options)
            let network = try LocalNetwork(sizes: sizes)
            let error = #expect(throws: SpinnpropError.self) { try BioGrad(network, options) }
            #expect(error?.message.contains(word) == true, "\(error?.message ?? "")")
        }
        try refused("hidden layers", sizes: [2, 3, 3, 2])
        try refused("hidden layers", sizes: [2, 2])
        try refused("rule", { $0.rule = .bptt })
        try refused("steps", { $0.steps = 1 << 16 })
        try refused("sleep_steps", { $0.sleepSteps = 1 << 16 })
        try refused("batch_size", { $0.batchSize = 1 << 16 })
        var options = LocalOptions()
        options.integer = true
        var training = try BioGrad(try LocalNetwork(sizes: [2, 3, 2]), options)
        let input = try LocalInput(probabilities: [0.5, 0.5], unitCount: 2)
        #expect(throws: SpinnpropError.self) { try training.network.setBiases([0, 0, 1e3], layer: 0) }
        let kept = training.network
        training.network = try LocalNetwork(sizes: [2, 3, 2])
        #expect(throws: SpinnpropError.self) { try training.run(input, labels: [0]) }
        training.network = kept
        try training.run(input, labels: [0])
        var large = try LocalNetwork(sizes: [2, 3, 2])
        try large.setWeights([0, 0, 0, 0, 0, 200], layer: 0)
        #expect(throws: SpinnpropError.self) { try BioGrad(large, options) }
        var zero = try LocalNetwork(sizes: [2, 3, 2])
        try zero.setWeights([0, 0, 0, 0, 0, 0], layer: 0)
        #expect(try BioGrad(zero, options).network.exponents(layer: 0).weights == 6)
    }
}
