// The same problem in slower or faster time is the same training.
import Spinnprop
import Testing

struct TimeScaleTests {
    /// What is trained: a network and its options, all of whose seconds are multiplied by `factor`.
    struct Problem: Sendable, CustomStringConvertible {
        let description: String
        var engine: @Sendable (_ factor: Double) throws -> Engine = { _ in .event }
        var delays = DelayKind.none
        var leakyReadout = false
        var recurrent = false
        var options: @Sendable (_ factor: Double) -> TrainingOptions? = { _ in nil }

        private func spikes(_ factor: Double, _ grid: TimeGrid?) throws -> (SpikeTrains, [Int]) {
            let set = try YinYang.samples(count: 60, seed: 42)
            if let grid {
                let input = try Encoding.latencyGrid(
                    x: set.x, sampleCount: 60, featureCount: 4, steps: grid.steps, tMin: 2, timeStep: grid.timeStep)
                return (input, set.labels)
            }
            let input = try Encoding.latency(
                x: set.x, sampleCount: 60, featureCount: 4, late: 30e-3 * factor, bias: 0)
            return (input, set.labels)
        }

        /// The end, with delays divided by the factor again.
        func train(_ factor: Double) throws -> (weights: [[Double]], delays: [[Double]], history: [EpochRecord]) {
            let engine = try engine(factor)
            var network = NetworkOptions(sizes: [5, 12, 3])
            network.engine = engine
            if engine.grid == nil {
                network.tauMem = [20e-3 * factor]
                network.tauSyn = [5e-3 * factor]
            }
            network.delays = [delays]
            network.leakyReadout = leakyReadout
            network.recurrent = recurrent ? [true] : []
            network.seed = 3
            let made = try Network(network)
            var options = options(factor) ?? TrainingOptions()
            if self.options(factor) == nil { options.loss = try engine.defaultLoss(for: made).makeLoss() }
            if recurrent { options.forward.endTime = 80e-3 * factor }
            options.epochs = 4
            options.batchSize = 16
            let (input, labels) = try spikes(factor, engine.grid)
            let trainer = try Trainer(made, options, engine: engine)
            try trainer.run(input, labels: labels)
            let end = trainer.network.connections
            return (end.map(\.weights), end.map { $0.delays.map { $0 / factor } }, trainer.history)
        }
    }

    static func options(_ loss: any Loss, _ change: (inout TrainingOptions) -> Void = { _ in }) -> TrainingOptions {
        var options = TrainingOptions()
        options.loss = loss
        change(&options)
        return options
    }

    static let problems = [
        Problem(description: "the default loss"),
        Problem(description: "recurrent", recurrent: true),
        Problem(description: "leaky", leakyReadout: true),
        Problem(
            description: "spike times",
            options: { f in
                options(SpikeTimeMSE(tau0: 5e-3 * f, tLabel: 20e-3 * f, tOther: 30e-3 * f))
            }),
        Problem(description: "spike counts", options: { f in options(SpikeCountCrossEntropy(tau0: 20e-3 * f)) }),
        Problem(
            description: "delays", delays: .synaptic,
            options: { f in
                options(TTFSCrossEntropy(tau0: 0.5e-3 * f, tau1: 6.4e-3 * f)) {
                    $0.optimizer.delayLearningRate = 1e-4 * f
                }
            }),
        Problem(
            description: "delays, plain descent", delays: .axonal,
            options: { f in
                options(TTFSCrossEntropy(tau0: 0.5e-3 * f, tau1: 6.4e-3 * f)) {
                    $0.optimizer.kind = .sgd
                    $0.optimizer.delayLearningRate = 1e-5 * f
                    $0.optimizer.clipValue = 0.05
                }
            }),
        Problem(
            description: "a rate whose tau is open",
            options: { f in
                options(TTFSCrossEntropy(tau0: 0.5e-3 * f, tau1: 6.4e-3 * f)) {
                    $0.rate = RateRegularisation(strength: 1e-2, target: 0.5)
                }
            }),
        Problem(description: "clock", engine: { f in .clock(TimeGrid(timeStep: 1e-3 * f)) }),
        Problem(
            description: "clock, delays", engine: { f in .clock(TimeGrid(timeStep: 1e-3 * f)) }, delays: .dendritic,
            options: { f in
                options(StepTTFSCrossEntropy(xi: 0.5)) { $0.optimizer.delayLearningRate = 1e-4 * f }
            }),
        Problem(
            description: "spinnaker2",
            engine: { f in
                var chip = SpiNNaker2Options()
                chip.grid = TimeGrid(timeStep: 1e-3 * f)
                return .spinnaker2(try SpiNNaker2Engine(chip))
            }),
    ]

    /// Every time is exact in both, and so is every quotient of times: the same bits.
    @Test(arguments: problems, [0.25, 2.0, 1024.0])
    func powersOfTwoChangeNoBit(problem: Problem, factor: Double) throws {
        let (one, other) = (try problem.train(1), try problem.train(factor))
        #expect(one.weights == other.weights && one.delays == other.delays, "\(problem), times x \(factor)")
        #expect(one.history.map(\.loss) == other.history.map(\.loss), "\(problem), times x \(factor)")
        #expect(one.history.map(\.accuracy) == other.history.map(\.accuracy))
    }

    /// Rounding differs; near-tangential spikes amplify it.
    @Test(arguments: problems, [10.0, 40.0])
    func otherFactorsChangeRoundingOnly(problem: Problem, factor: Double) throws {
        let (one, other) = (try problem.train(1), try problem.train(factor))
        for (a, b) in zip(one.history, other.history) {
            #expect(
                abs(a.loss - b.loss) <= 1e-6 * abs(a.loss), "\(problem), times x \(factor): \(a.loss) and \(b.loss)")
            #expect(a.accuracy == b.accuracy && a.skipped == b.skipped)
        }
    }

    @Test func stretch() throws {
        #expect(try Network(sizes: [5, 7, 9, 3]).timeStretch == 1)
        var options = NetworkOptions(sizes: [5, 7, 3])
        options.tauMem = [40e-3]
        options.tauSyn = [10e-3]
        let slow = try Network(options)
        #expect(slow.timeStretch == 2)
        let loss = Engine.event.defaultLoss(for: slow)
        #expect(loss.tau0 == 2 * TTFSCrossEntropy.defaultTau0 && loss.tau1 == 2 * TTFSCrossEntropy.defaultTau1)
        #expect(loss.alpha == TTFSCrossEntropy.defaultAlpha)
        #expect(Engine.event.setting(for: slow).tLate == 2 * Engine.event.setting().tLate)
        // A recording remembers it, in files too.
        let input = SpikeTrains(trustedTimes: [0], units: [0], offsets: [0, 1], unitCount: 5)
        let recording = try slow.forward(input)
        #expect(try Engine.defaultLoss(of: recording) == loss)
    }

    @Test func manyInputs() throws {
        let few = Engine.event.setting(for: try Network(sizes: [5, 3]))
        #expect(few == Engine.event.setting())
        #expect(try few == Engine.event.setting(for: Network(sizes: [1, 3])))
        let many = Engine.event.setting(for: try Network(sizes: [500, 3]))
        #expect(many.tLate < few.tLate && many.tLate > 10e-3 && many.clipNorm == 10 * few.clipNorm)
        #expect(many.hiddenDrive.mean < few.hiddenDrive.mean && many.hiddenDrive.std > few.hiddenDrive.std)
        #expect(many.outputDrive == few.outputDrive && many.learningRate == few.learningRate)
        let grid = Engine.clock(TimeGrid())
        #expect(try grid.setting(for: Network(sizes: [500, 3])) == grid.setting())
    }
}
