// The emulated chip computes the same bits as the clock-driven engine: for any network, placement, cut and number of host threads.
import ClockDriven
import Learning
import Mathematics
import Networks
import SpiNNaker2
import Testing

@testable import SpiNNaker2Programs
@testable import TestSupport

struct AgreementTests {
    @Test(arguments: 0..<66) func forwardAndBackward(seed: Int) throws {
        let own = try RandomSpiNNaker2Case(seed: UInt64(seed))
        let twin = try ClockSubstrate(own.twinGrid).forward(
            own.network, own.input, options: ForwardOptions(), monitor: nil)
        let engine = try SpiNNaker2Engine(own.options)
        let chip = try engine.forward(own.network, own.input, options: ForwardOptions(), monitor: nil)
        #expect(bits(chip) == bits(twin), "\(own.description)")
        for loss in [StepTTFSCrossEntropy(), SpikeCountCrossEntropy()] as [any Loss] {
            for wantsInputTimes in [true, false] {
                let objective = Objective(loss: loss, labels: own.labels, wantsInputTimes: wantsInputTimes)
                let expected = try ClockRule(own.twinGrid).backward(own.network, twin, objective, monitor: nil)
                let gradients = try engine.backward(own.network, chip, objective, monitor: nil)
                #expect(bits(gradients) == bits(expected), "\(loss.name), \(own.description)")
                // Each sample backward right after it went forward, and then a step.
                let difference = try differenceOfSession(
                    engine, plain: (ClockSubstrate(own.twinGrid), ClockRule(own.twinGrid)), own.network,
                    [own.input, own.input, own.input], { _ in objective }, OptimizerOptions())
                #expect(difference == nil, "\(loss.name), \(own.description)")
                // Hybrid: backward on the chip after forward off it.
                let hybrid = try engine.backward(own.network, twin, objective, monitor: nil)
                #expect(bits(hybrid) == bits(expected), "hybrid, \(own.description)")
            }
        }
    }
}

extension AgreementTests {
    /// The cases are worth something: most have spikes in every layer, errors in every gradient, cuts and several chips.
    @Test func casesAreLively() throws {
        var (lively, cut) = (0, 0)
        for seed in 0..<66 {
            let own = try RandomSpiNNaker2Case(seed: UInt64(seed))
            let twin = try ClockSubstrate(own.twinGrid).forward(
                own.network, own.input, options: ForwardOptions(), monitor: nil)
            let objective = Objective(loss: StepTTFSCrossEntropy(), labels: own.labels)
            let gradients = try ClockRule(own.twinGrid).backward(own.network, twin, objective, monitor: nil)
            let isLively =
                gradients.weights.allSatisfy { $0.contains { $0 != 0 } } && twin.layers.allSatisfy { $0.spikeCount > 0 }
            if isLively { lively += 1 }
            let layout = try Layout(NetworkShape(own.network, grid: own.options.grid), own.options)
            if isLively, layout.cut.cuts.contains(where: { $0 > 1 }) { cut += 1 }
        }
        #expect(lively >= 30 && cut >= 10, "\(lively) lively, \(cut) of them cut")
    }

    /// The same bits and the same counters for any number of host threads.
    @Test(arguments: [7, 11, 23, 42]) func threads(seed: Int) throws {
        let own = try RandomSpiNNaker2Case(seed: UInt64(seed))
        func outcome() throws -> ([[[UInt64]]], [[UInt64]], SpiNNaker2Account?) {
            let engine = try SpiNNaker2Engine(own.options)
            let recording = try engine.forward(own.network, own.input, options: ForwardOptions(), monitor: nil)
            let objective = Objective(loss: StepTTFSCrossEntropy(), labels: own.labels)
            let gradients = try engine.backward(own.network, recording, objective, monitor: nil)
            return (bits(recording), bits(gradients), engine.account)
        }
        let alone = try withThreads(1) { try outcome() }
        for threads in [2, 3, 8] {
            let many = try withThreads(threads) { try outcome() }
            #expect(many.0 == alone.0 && many.1 == alone.1, "\(threads) threads, \(own.description)")
            let isEqual = many.2 == alone.2
            #expect(isEqual, "\(threads) threads, \(own.description)")
        }
    }
}
