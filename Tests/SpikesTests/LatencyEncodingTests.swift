// Latency encodings: the formulas, the order of spikes, and every refusal.
import Mathematics
import Spikes
import Testing

struct LatencyEncodingTests {
    static func refused(_ message: String, _ body: () throws -> SpikeTrains) {
        let error = #expect(throws: SpinnpropError.self) { try body() }
        #expect(error?.kind == .invalidValue)
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }

    @Test func linear() throws {
        let trains = try Encoding.latency(
            x: [0, 1, 0.25, 0.5, 1, 0], sampleCount: 2, featureCount: 3, early: 2, late: 10, bias: 0.5)
        #expect(trains.times == [2, 10, 4, 0.5, 6, 10, 2, 0.5])
        #expect(trains.units == [0, 1, 2, 3, 0, 1, 2, 3])
        #expect(trains.offsets == [0, 4, 8] && trains.unitCount == 4)
        let plain = try Encoding.latency(
            x: [0, 1, 0.25, 0.5, 1, 0], sampleCount: 2, featureCount: 3, early: 2, late: 10, bias: nil)
        #expect(plain.times == [2, 10, 4, 6, 10, 2] && plain.units == [0, 1, 2, 0, 1, 2])
        #expect(plain.offsets == [0, 3, 6] && plain.unitCount == 3)
    }

    @Test func defaultsAreZeroToThirtyMilliseconds() throws {
        let trains = try Encoding.latency(x: [0, 1], sampleCount: 1, featureCount: 2, bias: nil)
        #expect(trains.times == [0, 30e-3])
    }

    @Test func emptyAndDegenerateInput() throws {
        let none = try Encoding.latency(x: [], sampleCount: 0, featureCount: 4, bias: 0)
        #expect(none.sampleCount == 0 && none.offsets == [0] && none.unitCount == 5)
        let point = try Encoding.latency(x: [0, 1], sampleCount: 2, featureCount: 1, early: 1, late: 1, bias: nil)
        #expect(point.times == [1, 1])
        let far = try Encoding.latency(
            x: [1], sampleCount: 1, featureCount: 1, early: 0, late: .greatestFiniteMagnitude, bias: nil)
        #expect(far.times == [.greatestFiniteMagnitude])
        let grid = try Encoding.latencyGrid(x: [], sampleCount: 0, featureCount: 4, steps: 27, tMin: 2, timeStep: 1e-3)
        #expect(grid.sampleCount == 0 && grid.unitCount == 5)
    }

    @Test func resultsSatisfyTheRulesOfSpikeTrains() throws {
        var stream = RandomStream(seed: 2, stream: 0)
        let x = (0..<400).map { _ in stream.uniform() }
        for trains in [
            try Encoding.latency(x: x, sampleCount: 100, featureCount: 4, bias: 0),
            try Encoding.latencyGrid(x: x, sampleCount: 100, featureCount: 4, steps: 27, tMin: 2, timeStep: 1e-3),
        ] {
            let checked = try SpikeTrains(
                times: trains.times, units: trains.units, offsets: trains.offsets, unitCount: trains.unitCount)
            #expect(checked == trains)
        }
    }

    @Test func refusesValuesByRowAndColumn() {
        for (value, shown) in [
            (-1e-9, "-1e-09"), (1 + 16 * Double.ulpOfOne, "1.0000000000000036"), (.nan, "nan"), (.infinity, "inf"),
        ] as [(Double, String)] {
            let x = [0, 0.5, 1, 0, value, 1]
            LatencyEncodingTests.refused("feature 1 of sample 1 is \(shown);") {
                try Encoding.latency(x: x, sampleCount: 2, featureCount: 3, bias: 0)
            }
            LatencyEncodingTests.refused("feature 1 of sample 1 is \(shown);") {
                try Encoding.latencyGrid(x: x, sampleCount: 2, featureCount: 3, steps: 27, tMin: 2, timeStep: 1e-3)
            }
        }
    }

    @Test func roundingPastTheRangeIsClipped() throws {
        let outside = [Double(1).nextUp, 1 + 8 * Double.ulpOfOne, -Double.ulpOfOne, -8 * Double.ulpOfOne]
        for first in [EarlyValues.small, .large] {
            let seen = try Encoding.latency(x: outside, sampleCount: 1, featureCount: 4, bias: nil, first: first)
            let inside = try Encoding.latency(
                x: [1, 1, 0, 0], sampleCount: 1, featureCount: 4, bias: nil, first: first)
            #expect(seen == inside)
        }
    }

    @Test func eitherEndMayComeEarly() throws {
        let (x, turned) = ([0, 0.25, 0.7, 1], [1, 0.75, 1 - 0.7, 0])
        func linear(_ x: [Double], _ first: EarlyValues) throws -> SpikeTrains {
            try Encoding.latency(x: x, sampleCount: 1, featureCount: 4, bias: nil, first: first)
        }
        func onGrid(_ x: [Double], _ first: EarlyValues) throws -> SpikeTrains {
            try Encoding.latencyGrid(
                x: x, sampleCount: 1, featureCount: 4, steps: 27, tMin: 2, timeStep: 1e-3, first: first)
        }
        #expect(try linear(x, .large) == linear(turned, .small))
        #expect(try onGrid(x, .small) == onGrid(turned, .large))
        #expect(try linear(x, .large).times.first == Encoding.defaultLate)
        #expect(try onGrid(x, .small).times.first == 2e-3)
    }

    @Test func refusesShapes() {
        for (samples, features) in [(2, 2), (1, 2), (-1, -3), (3, 0), (0, 3), (Int.max, 3), (-3, 1), (1, Int.max)] {
            LatencyEncodingTests.refused("x has 3 elements for \(samples) samples of \(features) features") {
                try Encoding.latency(x: [0, 0, 0], sampleCount: samples, featureCount: features, bias: 0)
            }
        }
        LatencyEncodingTests.refused("x has 0 elements for 0 samples of 0 features") {
            try Encoding.latency(x: [], sampleCount: 0, featureCount: 0, bias: nil)
        }
        LatencyEncodingTests.refused("x has 0 elements for 0 samples of 2147483647 features") {
            try Encoding.latency(x: [], sampleCount: 0, featureCount: 2_147_483_647, bias: 0)
        }
    }

    @Test func refusesTimes() {
        func encode(_ early: Double, _ late: Double, _ bias: Double?) throws -> SpikeTrains {
            try Encoding.latency(x: [0], sampleCount: 1, featureCount: 1, early: early, late: late, bias: bias)
        }
        for bad in [-1.0, .nan, .infinity, -.infinity] {
            LatencyEncodingTests.refused("t_early is \(bad);") { try encode(bad, 1, nil) }
            LatencyEncodingTests.refused("t_late is \(bad);") { try encode(0, bad, nil) }
            LatencyEncodingTests.refused("bias is \(bad);") { try encode(0, 1, bad) }
        }
        LatencyEncodingTests.refused("t_late is 1.0, before t_early, 2.0") { try encode(2, 1, nil) }
    }

    @Test func gridFollowsTheFormula() throws {
        // T = 27, t_min = 2: tau = 24; 0.99 tau = 23.76.
        let x = [1.0, 0, 0.5, 0.01, 0.02, 0.979, 0.98]
        let trains = try Encoding.latencyGrid(x: x, sampleCount: 1, featureCount: 7, steps: 27, tMin: 2, timeStep: 1e-3)
        // 0 + 2; 23.76 + 2; 12 + 2; 23.76 + 2; 23.52 + 2; 0.504 + 2; 0.48 + 2; the bias at 0
        #expect(trains.times == [2, 26, 14, 26, 26, 3, 2, 0].map { $0 * 1e-3 })
        #expect(trains.units == [0, 1, 2, 3, 4, 5, 6, 7])
        #expect(trains.offsets == [0, 8] && trains.unitCount == 8)
        // T = 102: 0.99 tau = 98.01, so that the last step of all is never used.
        let long = try Encoding.latencyGrid(x: [0], sampleCount: 1, featureCount: 1, steps: 102, tMin: 2, timeStep: 1)
        #expect(long.times == [100, 0])
    }

    @Test func gridRoundsHalfToEven() throws {
        // T = 11, t_min = 0: tau = 10; 1 - x = 1/4 and 3/4 give 2.5 and 7.5.
        let x = [0.75, 0.25, 0.5, 1]
        let trains = try Encoding.latencyGrid(x: x, sampleCount: 2, featureCount: 2, steps: 11, tMin: 0, timeStep: 2)
        #expect(trains.times == [4, 16, 0, 10, 0, 0])
        #expect(trains.units == [0, 1, 2, 0, 1, 2])
        // t_min = 1 moves the halves to 3.5 and 8.5: again the even neighbour.
        let moved = try Encoding.latencyGrid(x: x, sampleCount: 2, featureCount: 2, steps: 12, tMin: 1, timeStep: 2)
        #expect(moved.times == [8, 16, 0, 12, 2, 0])
    }

    @Test(arguments: [(2, 0), (3, 1), (27, 2), (52, 2), (1_000_000, 0)])
    func gridStaysInside(steps: Int, tMin: Int) throws {
        let x = (0...100).map { Double($0) / 100 }
        let trains = try Encoding.latencyGrid(
            x: x, sampleCount: 101, featureCount: 1, steps: steps, tMin: tMin, timeStep: 1)
        let values = stride(from: 0, to: 202, by: 2).map { trains.times[$0] }
        #expect(values.allSatisfy { $0 >= Double(tMin) && $0 <= Double(steps - 1) })
        #expect(values.last == Double(tMin) && values == values.sorted(by: >))
    }

    @Test func gridRefuses() {
        func encode(_ steps: Int, _ tMin: Int, _ timeStep: Double) throws -> SpikeTrains {
            try Encoding.latencyGrid(
                x: [0.5], sampleCount: 1, featureCount: 1, steps: steps, tMin: tMin, timeStep: timeStep)
        }
        LatencyEncodingTests.refused("t_min is -1;") { try encode(27, -1, 1e-3) }
        LatencyEncodingTests.refused("t_min is \(Int.min);") { try encode(27, .min, 1e-3) }
        LatencyEncodingTests.refused("steps is 3, too short after t_min, 2;") { try encode(3, 2, 1e-3) }
        LatencyEncodingTests.refused("steps is 27, too short") { try encode(27, .max, 1e-3) }
        for steps in [1, 0, -1, Int.min] {
            LatencyEncodingTests.refused("steps is \(steps), too short") { try encode(steps, 0, 1e-3) }
        }
        LatencyEncodingTests.refused("steps is \(Int.max);") { try encode(.max, 0, 1e-3) }
        for bad in [0, -1e-3, .nan, .infinity, 1e308] {
            LatencyEncodingTests.refused("time_step is \(bad);") { try encode(27, 2, bad) }
        }
    }
}
