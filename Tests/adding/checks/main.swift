// What was added keeps the promises of its kind: an executable, since only what it needs is built for it.
import Learning
import Networks
import Testing
import Toy

@testable import TestSupport

struct ToyTests {
    /// One layer, so that half of the neurons or more spike.
    private func cases() throws -> [RandomCase] {
        try (0..<4).map { seed in
            var configuration = Configuration()
            (configuration.sizes, configuration.samples, configuration.gain) = ([4, 12], 5, 0.3)
            return try RandomCase(configuration, seed: UInt64(seed))
        }
    }

    @Test func substrate() throws { try checkSubstrate(on: cases()) { _ in ToySubstrate() } }

    @Test func rule() throws {
        try checkGradientRule(on: cases(), loss: { _ in ToyLoss() }) { _ in (ToyRule(), ToySubstrate()) }
    }

    @Test func loss() throws {
        try checkLoss(ToyLoss())
        var other = ToyLoss()
        (other.gain, other.tau0) = (0.5, 20e-3)
        try checkLoss(other)
    }

    @Test func lossesByNumberKnowIt() throws {
        var parameters = LossParameters(.toy)
        #expect(parameters.gain == 2 && parameters.tau0 == 5e-3)
        #expect(try parameters.makeLoss() as? ToyLoss == ToyLoss())
        parameters.gain = 9
        #expect(throws: (any Error).self) { try parameters.makeLoss() }
    }

    @Test func theTrainerChecksItsOption() throws {
        var options = TrainingOptions()
        try options.check()
        options.toyOption = 2.5
        #expect(throws: (any Error).self) { try options.check() }
        #expect(TrainingOptions.fields.contains { $0.name == "toy_option" })
    }

    /// The new substrate learns by the new loss, in the session that every pair has.
    @Test func theyLearn() throws {
        let own = try cases()[0]
        var options = TrainingOptions()
        (options.loss, options.epochs) = (ToyLoss(), 30)
        let trainer = try Trainer(own.network, options, substrate: ToySubstrate())
        try trainer.run(own.input, labels: own.labels)
        #expect(trainer.history[29].loss < 0.5 * trainer.history[0].loss)
    }
}

await Testing.__swiftPMEntryPoint() as Never
