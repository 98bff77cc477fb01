// The exact engine keeps what every substrate and every gradient rule promises.
import EventDriven
import Testing

@testable import TestSupport

@Suite(.serialized)
struct ConformanceTests {
    private func cases() throws -> [RandomCase] {
        try GradientSweepTests.configurations.enumerated().map { try RandomCase($1, seed: UInt64(500 + $0)) }
    }

    @Test func substrate() throws { try checkSubstrate(on: cases()) { _ in EventSubstrate() } }

    @Test func rule() throws {
        try checkGradientRule(on: cases(), loss: countLoss) { _ in (EventAdjoint(), EventSubstrate()) }
    }
}
