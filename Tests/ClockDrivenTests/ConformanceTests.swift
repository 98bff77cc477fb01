// The clock-driven engine keeps what every substrate and every gradient rule promises.
import ClockDriven
import Testing

@testable import TestSupport

@Suite(.serialized)
struct ConformanceTests {
    private func cases() throws -> [RandomCase] {
        try (1...24).map { try RandomCase(seed: $0, leaky: $0 % 4 == 0) }
    }

    @Test func substrate() throws { try checkSubstrate(on: cases()) { ClockSubstrate($0.grid) } }

    @Test func rule() throws {
        try checkGradientRule(on: cases(), loss: countLoss) { (ClockRule($0.grid), ClockSubstrate($0.grid)) }
    }
}
