// Training on the clock-driven engine: float32 throughout, resumed and repeated bit for bit.
import ClockDriven
import Foundation
import Learning
import Mathematics
import Networks
import Spikes
import Testing

@Suite(.serialized)
struct TrainingTests {
    private func data(_ seed: UInt64) throws -> (input: SpikeTrains, labels: [Int]) {
        var random = RandomStream(seed: seed, stream: 0)
        let x = (0..<60 * 2).map { _ in random.uniform() }
        let input = try Encoding.latencyGrid(
            x: x, sampleCount: 60, featureCount: 2, steps: 27, tMin: 2, timeStep: 1e-3)
        return (input, (0..<60).map { x[2 * $0] > x[2 * $0 + 1] ? 1 : 0 })
    }

    private func network() throws -> Network {
        var network = try Network(sizes: [3, 10, 2])
        var random = RandomStream(seed: 7, stream: 0)
        for (c, own) in network.connections.enumerated() {
            try network.setWeights(own.weights.map { _ in 2 + 1.5 * random.normal() }, connection: c)
        }
        return network
    }

    private func options(_ kind: OptimizerKind) -> TrainingOptions {
        var options = TrainingOptions()
        options.loss = StepTTFSCrossEntropy()
        options.epochs = 3
        options.batchSize = 16
        options.optimizer.kind = kind
        options.optimizer.momentum = 0.5
        options.optimizer.weightDecay = 1e-4
        return options
    }

    private func trainer(_ options: TrainingOptions, _ grid: TimeGrid = TimeGrid(copies: 3)) throws -> Trainer {
        try Trainer(try network(), options, substrate: ClockSubstrate(grid))
    }

    /// Steps one batch and compares with the formulas written out in float32.
    @Test(arguments: OptimizerKind.allCases)
    func stepsInFloat32(kind: OptimizerKind) throws {
        var options = options(kind).optimizer
        options.learningRate = 0.03
        options.clipValue = .infinity
        options.clipNorm = .infinity
        var network = try network()
        var optimizer = try Optimizer(options, for: network, precision: .single)
        var p = network.connections[0].weights.map { Float($0) }
        var (m, v) = (p.map { _ in Float(0) }, p.map { _ in Float(0) })
        var (power1, power2) = (1.0, 1.0)
        var random = RandomStream(seed: 3, stream: 0)
        for step in 1...5 {
            var gradients = Gradients(zerosFor: network)
            gradients.weights[0] = p.map { _ in Double(Float(random.normal())) }
            let g = gradients.weights[0].map { Float($0) }
            try optimizer.step(&network, &gradients, rateFactor: 0.9)
            power1 *= options.beta1
            power2 *= options.beta2
            let (rate, decay) = (0.03 * 0.9, options.weightDecay)
            for j in p.indices {
                if kind == .sgd {
                    m[j] = Float(options.momentum) * m[j] + (g[j] + Float(decay) * p[j])
                    p[j] -= Float(rate) * m[j]
                } else {
                    let own = g[j] + Float(kind == .adam ? decay : 0) * p[j]
                    m[j] = Float(options.beta1) * m[j] + Float(1 - options.beta1) * own
                    v[j] = Float(options.beta2) * v[j] + Float(1 - options.beta2) * (own * own)
                    let size = v[j].squareRoot() / Float((1 - power2).squareRoot()) + Float(options.epsilon)
                    let kept = Float(kind == .adamW ? 1 - rate * decay : 1)
                    p[j] = kept * p[j] - Float(rate / (1 - power1)) * (m[j] / size)
                }
            }
            #expect(network.connections[0].weights == p.map { Double($0) }, "\(kind), step \(step)")
        }
    }

    /// Pieces of the parameters, as several optimiser programs hold them, step as the whole.
    @Test(arguments: OptimizerKind.allCases)
    func slicesStepAlike(kind: OptimizerKind) throws {
        var random = RandomStream(seed: 5, stream: 0)
        let count = 1000
        let (start, g) = (
            (0..<count).map { _ in Float(random.normal()) }, (0..<count).map { _ in Float(random.normal()) }
        )
        let rule = UpdateRule<Float>(
            options(kind).optimizer, powers: (beta1: 0.9, beta2: 0.999), rate: 0.01, decay: 1e-3)
        func stepped(_ cuts: [Int]) -> [Float] {
            var (p, m, v) = (start, start.map { $0 / 2 }, start.map { $0 * $0 })
            for (first, last) in zip(cuts, cuts.dropFirst()) {
                p.withUnsafeMutableBufferPointer { p in
                    m.withUnsafeMutableBufferPointer { m in
                        v.withUnsafeMutableBufferPointer { v in
                            g.withUnsafeBufferPointer { g in
                                rule.update(
                                    p.baseAddress! + first, g.baseAddress! + first, m.baseAddress! + first,
                                    v.baseAddress! + first, count: last - first)
                            }
                        }
                    }
                }
            }
            return p + m + v
        }
        #expect(stepped([0, count]) == stepped([0, 3, 8, 77, 78, 513, count]))
    }

    @Test(arguments: OptimizerKind.allCases)
    func threadsAndResumingChangeNothing(kind: OptimizerKind) throws {
        let own = try data(1)
        var ends: [Network] = []
        for threads in [1, 3] {
            try Threads.set(threads)
            defer { try? Threads.set(0) }
            let trainer = try trainer(options(kind))
            try trainer.run(own.input, labels: own.labels)
            ends.append(trainer.network)
        }
        #expect(ends[0] == ends[1])
        for weights in ends[0].connections.map(\.weights) {
            #expect(weights.allSatisfy { Double(Float($0)) == $0 }, "weights are float32 numbers")
        }
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID()).safetensors").path
        defer { unlink(path) }
        var first = options(kind)
        first.checkpointPath = FilePath(path)
        first.epochs = 1
        try trainer(first).run(own.input, labels: own.labels)
        var second = first
        second.epochs = 3
        second.resume = true
        let resumed = try trainer(second)
        try resumed.run(own.input, labels: own.labels)
        #expect(resumed.network == ends[0])
        // A run does not go on on another grid.
        let error = #expect(throws: SpinnpropError.self) { try trainer(second, TimeGrid(steps: 30, copies: 3)) }
        #expect(error?.kind == .fileError)
    }

    /// Copies differ in the order of sums alone. With as many as samples the order is that of one.
    @Test func copiesDifferByRounding() throws {
        let own = try data(2)
        let network = try network()
        var gradients: [[Double]] = []
        for copies in [60, 1, 2, 7] {
            let grid = TimeGrid(copies: copies)
            let recording = try ClockSubstrate(grid).forward(
                network, own.input, options: ForwardOptions(), monitor: nil)
            gradients.append(
                try ClockRule(grid).backward(
                    network, recording, Objective(loss: StepTTFSCrossEntropy(), labels: own.labels), monitor: nil
                ).weights[0])
        }
        let largest = gradients[0].map(\.magnitude).max() ?? 0
        #expect(gradients[0] == gradients[1])
        for other in gradients.dropFirst(2) {
            let distance = zip(gradients[0], other).map { ($0 - $1).magnitude }.max() ?? 0
            #expect(distance < 1e-5 * largest && distance > 0)
        }
    }

    /// A file brings a recording back with its grid, and with the same gradients.
    @Test func recordingsKeepTheirGrid() throws {
        let own = try data(3)
        for leaky in [false, true] {
            var network = try Network(sizes: [3, 10, 2], leakyReadout: leaky)
            for (c, connection) in try self.network().connections.enumerated() {
                try network.setWeights(connection.weights, connection: c)
            }
            let grid = TimeGrid(timeStep: 1e-3, steps: 40, decay: .euler, copies: 4)
            let recording = try ClockSubstrate(grid).forward(
                network, own.input, options: ForwardOptions(), monitor: nil)
            let loaded = try RecordingFile.recording(RecordingFile.content(recording).bytes)
            #expect(loaded.grid == grid && loaded.engine == "clock")
            #expect(loaded.layers[0].membranes == recording.layers[0].membranes && loaded.layers[0].spikeCount > 0)
            let objective = Objective(
                loss: leaky ? VMaxCrossEntropy() : StepTTFSCrossEntropy() as any Loss, labels: own.labels)
            let (one, two) = (
                try ClockRule().backward(network, recording, objective, monitor: nil),
                try ClockRule().backward(network, loaded, objective, monitor: nil)
            )
            #expect(one.weights == two.weights && one.inputTimes == two.inputTimes && one.value == two.value)
        }
    }
}
