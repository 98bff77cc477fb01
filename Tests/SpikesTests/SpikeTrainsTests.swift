// Every rule of spike trains, on both sides.
import Mathematics
import Spikes
import Testing

struct SpikeTrainsTests {
    static func make(
        _ times: [Double], _ units: [Int32], _ offsets: [Int], _ unitCount: Int
    ) throws -> SpikeTrains {
        try SpikeTrains(times: times, units: units, offsets: offsets, unitCount: unitCount)
    }

    @Test(
        arguments: [
            ([0.0, 1.0], [0, 1], [0, 2], 2),
            ([1.0, 0.5, 0.5], [1, 0, 0], [0, 3], 2),  // unsorted and repeated
            ([], [], [0], 1),  // no samples
            ([], [], [0, 0, 0], 1),  // samples without spikes
            ([3.0], [0], [0, 0, 1, 1], 1),
            ([Double.greatestFiniteMagnitude, 0, -0.0], [2_147_483_646, 0, 0], [0, 3], 2_147_483_647),
        ] as [([Double], [Int32], [Int], Int)])
    func accepts(times: [Double], units: [Int32], offsets: [Int], unitCount: Int) throws {
        let trains = try SpikeTrainsTests.make(times, units, offsets, unitCount)
        #expect(trains.times == times && trains.units == units && trains.offsets == offsets)
        #expect(trains.unitCount == unitCount)
        #expect(trains.spikeCount == times.count && trains.sampleCount == offsets.count - 1)
    }

    @Test(
        arguments: [
            ([], [], [0], 0, "n_units is 0"),
            ([], [], [0], -1, "n_units is -1"),
            ([], [], [0], 2_147_483_648, "n_units is 2147483648"),
            ([1], [], [0, 1], 1, "times has 1 elements and units 0"),
            ([], [0], [0, 0], 1, "times has 0 elements and units 1"),
            ([], [], [], 1, "offsets is empty"),
            ([1], [0], [1, 1], 1, "offsets[0] is 1"),
            ([1], [0], [-1, 1], 1, "offsets[0] is -1"),
            ([1], [0], [0, 2], 1, "offsets ends at 2"),
            ([1], [0], [0, 0], 1, "offsets ends at 0"),
            ([1], [0], [0], 1, "offsets ends at 0"),
            ([1, 1], [0, 0], [0, 2, 1, 2], 1, "offsets[2] is 1 after 2"),
            ([1], [0], [0, -1, 1], 1, "offsets[1] is -1 after 0"),
            ([1], [0], [0, 5, 1], 1, "offsets[2] is 1 after 5"),
            ([0, .nan], [0, 0], [0, 2], 1, "times[1] is nan"),
            ([.infinity], [0], [0, 1], 1, "times[0] is inf"),
            ([-1e-300], [0], [0, 1], 1, "times[0] is -1e-300"),
            ([0, 0], [0, 3], [0, 2], 3, "units[1] is 3"),
            ([0], [-1], [0, 1], 3, "units[0] is -1"),
        ] as [([Double], [Int32], [Int], Int, String)])
    func refuses(times: [Double], units: [Int32], offsets: [Int], unitCount: Int, message: String) throws {
        let error = #expect(throws: SpinnpropError.self) {
            try SpikeTrainsTests.make(times, units, offsets, unitCount)
        }
        #expect(error?.kind == .invalidValue)
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }

    @Test func subscriptGivesOneSample() throws {
        let trains = try SpikeTrainsTests.make([0.1, 0.2, 0.3], [2, 0, 1], [0, 2, 2, 3], 3)
        #expect(Array(trains[0].times) == [0.1, 0.2] && Array(trains[0].units) == [2, 0])
        #expect(trains[1].times.isEmpty && trains[1].units.isEmpty)
        #expect(Array(trains[2].times) == [0.3] && Array(trains[2].units) == [1])
    }
}
