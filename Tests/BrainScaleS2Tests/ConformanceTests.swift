// The emulated analog chip keeps what every substrate promises, and the exact rule does on what the chip has measured.
import EventDriven
import Networks
import Testing

@testable import BrainScaleS2
@testable import TestSupport

@Suite(.serialized)
struct ConformanceTests {
    /// What the chip runs: every kind of delay, recurrence, connections past a layer, leaky read-outs, drives and refractory periods.
    private func cases() throws -> [RandomCase] {
        var all: [Configuration] = []
        for delays in DelayKind.allCases {
            all.append(Configuration(delays: [delays]))
            all.append(Configuration(sizes: [3, 5, 4, 3], ratio: 2, delays: [delays], leaky: true, reset: -0.2))
            all.append(Configuration(ratio: nil, delays: [delays], drive: -0.5...0.6, refractory: 0.05...0.5))
            if delays != .synaptic { all.append(Configuration(delays: [delays], recurrent: true)) }
        }
        var skipping = Configuration(sizes: [3, 7, 5, 4])
        skipping.connections = [Ends(1, 3), Ends(0, 1), Ends(0, 3), Ends(1, 2), Ends(0, 2), Ends(2, 3)]
        return try (all + [skipping]).enumerated().map { try RandomCase($1, seed: UInt64(900 + $0)) }
    }

    /// Circuits that differ, whole weights and the clock of events. Noise follows from the whole input: a sample without its batch has another.
    private func differing() throws -> BrainScaleS2Engine {
        var options = BrainScaleS2ChipOptions()
        (options.noise, options.batchNoise, options.jitter) = (0, 0, 0)
        return try BrainScaleS2Engine([BrainScaleS2Chip(options)])
    }

    @Test func substrate() throws { try checkSubstrate(on: cases()) { _ in try differing() } }

    @Test func rule() throws {
        try checkGradientRule(on: cases(), loss: countLoss) { _ in (EventAdjoint(), try differing()) }
    }
}
