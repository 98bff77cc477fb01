// The emulated chip keeps what every substrate and every gradient rule promises.
import Testing

@testable import SpiNNaker2Programs
@testable import TestSupport

@Suite(.serialized)
struct ConformanceTests {
    private func cases() throws -> [RandomCase] { try (1...12).map { try RandomCase(seed: $0) } }

    private func engine(_ own: RandomCase) throws -> SpiNNaker2Engine {
        var options = SpiNNaker2Options()
        options.grid = own.grid
        options.copies = own.grid.copies
        options.spikesPerNeuron = 80
        options.activeSenders = 1
        return try SpiNNaker2Engine(options)
    }

    @Test func substrate() throws { try checkSubstrate(on: cases(), engine) }

    @Test func rule() throws {
        try checkGradientRule(on: cases(), loss: countLoss) {
            let engine = try engine($0)
            return (engine, engine)
        }
    }
}
