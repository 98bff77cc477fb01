// Training on the emulated chip ends with the very weights, optimiser's memory and losses of training with the clock-driven engine.
import ClockDriven
import Learning
import Mathematics
import Networks
import SpiNNaker2
import Testing

@testable import SpiNNaker2Programs
@testable import TestSupport

struct TrainingTests {
    private func options(_ kind: OptimizerKind, _ batchSize: Int) -> TrainingOptions {
        var options = TrainingOptions()
        options.loss = StepTTFSCrossEntropy()
        options.epochs = 4
        options.batchSize = batchSize
        options.optimizer.kind = kind
        options.optimizer.learningRate = 5e-3
        options.optimizer.weightDecay = 1e-3
        options.optimizer.clipValue = 0.5
        options.optimizer.clipNorm = batchSize % 2 == 0 ? 0.1 : .infinity
        options.optimizer.momentum = 0.5
        return options
    }

    /// History without the clock.
    private func timeless(_ history: [EpochRecord]) -> [String] {
        history.map { record in
            var record = record
            record.seconds = 0
            return "\(record)"
        }
    }

    @Test(arguments: 100..<120) func sameBits(seed: Int) throws {
        let own = try RandomSpiNNaker2Case(seed: UInt64(seed))
        let kind = OptimizerKind.allCases[seed % 3]
        // The last batch is smaller, so some copies have nothing to do.
        let batchSize = max(1, own.input.sampleCount - 2)
        let twin = try Trainer(
            own.network, options(kind, batchSize), substrate: ClockSubstrate(own.twinGrid))
        try twin.run(own.input, labels: own.labels)
        let engine = try SpiNNaker2Engine(own.options)
        let chip = try Trainer(own.network, options(kind, batchSize), substrate: engine)
        try chip.run(own.input, labels: own.labels)
        let isEqual = chip.network == twin.network
        #expect(isEqual, "\(kind), \(own.description)")
        #expect(timeless(chip.history) == timeless(twin.history), "\(own.description)")
        let account = try #require(engine.account)
        let batches = (own.input.sampleCount + batchSize - 1) / batchSize
        #expect(account.updates == 4 * batches, "steps were taken on the chip")
        #expect(account.forwardSamples == 4 * own.input.sampleCount)
    }

    /// Off the chip first, then on it, and the other way round: the same as staying with either.
    @Test func changingPlaces() throws {
        let own = try RandomSpiNNaker2Case(seed: 104)
        let engine = try SpiNNaker2Engine(own.options)
        func train(_ network: Network, onSpiNNaker2: Bool) throws -> Network {
            var options = options(.adam, 5)
            options.epochs = 2
            let trainer =
                onSpiNNaker2
                ? try Trainer(network, options, substrate: engine)
                : try Trainer(network, options, substrate: ClockSubstrate(own.twinGrid))
            try trainer.run(own.input, labels: own.labels)
            return trainer.network
        }
        let offOff = try train(train(own.network, onSpiNNaker2: false), onSpiNNaker2: false)
        let hasLearnt = offOff != own.network
        #expect(hasLearnt)
        for (first, second) in [(false, true), (true, false), (true, true)] {
            let isEqual = try train(train(own.network, onSpiNNaker2: first), onSpiNNaker2: second) == offOff
            #expect(isEqual, "\(first), \(second)")
        }
    }

    /// Delays are trained on the host: the same bits, no update on the chip.
    @Test func delaysAreTrainedOnTheHost() throws {
        var seed: UInt64 = 104
        while try !RandomSpiNNaker2Case(seed: seed).network.connections.contains(where: { $0.delayKind != .none }) {
            seed += 1
        }
        let own = try RandomSpiNNaker2Case(seed: seed)
        var options = options(.adam, 5)
        options.optimizer.delayLearningRate = 1e-4
        let twin = try Trainer(own.network, options, substrate: ClockSubstrate(own.twinGrid))
        try twin.run(own.input, labels: own.labels)
        let engine = try SpiNNaker2Engine(own.options)
        let chip = try Trainer(own.network, options, substrate: engine)
        try chip.run(own.input, labels: own.labels)
        let delays = { (network: Network) in network.connections.map(\.delays) }
        #expect(chip.network == twin.network && delays(chip.network) != delays(own.network), "seed \(seed)")
        #expect(engine.account?.updates == 0)
    }
}
