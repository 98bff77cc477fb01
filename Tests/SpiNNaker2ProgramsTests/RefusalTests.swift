// What does not fit, overflows or has no meaning on the chip is an error that says so, or a counted event; never silence.
import ClockDriven
import Learning
import Mathematics
import Networks
import SpiNNaker2
import Spikes
import Testing

@testable import SpiNNaker2Programs
@testable import TestSupport

struct RefusalTests {
    private func message(of body: () throws -> Void) -> String {
        do {
            try body()
            return "nothing was thrown"
        } catch {
            return "\(error)"
        }
    }

    private func run(_ options: SpiNNaker2Options, sizes: [Int], weight: Double, spikes: Int = 1) throws
        -> SpiNNaker2Engine
    {
        var network = try Network(sizes: sizes)
        for (index, connection) in network.connections.enumerated() {
            try network.setWeights(connection.weights.map { _ in weight }, connection: index)
        }
        let units = (0..<sizes[0]).flatMap { unit in (0..<spikes).map { _ in Int32(unit) } }
        let times = units.map { _ in 1e-3 }
        let input = try SpikeTrains(times: times, units: units, offsets: [0, times.count], unitCount: sizes[0])
        let engine = try SpiNNaker2Engine(options)
        let recording = try engine.forward(network, input, options: ForwardOptions(), monitor: nil)
        let objective = Objective(loss: SpikeCountCrossEntropy(), labels: [0])
        _ = try engine.backward(network, recording, objective, monitor: nil)
        return engine
    }

    @Test func copiesThatDoNotFit() throws {
        var options = SpiNNaker2Options()
        options.copies = 37
        #expect(message { _ = try run(options, sizes: [5, 120, 3], weight: 1) }.contains("room for 36 copies"))
        options.copies = nil
        #expect(message { _ = try run(options, sizes: [100_000, 3], weight: 1) }.contains("SRAM"))
    }

    /// Open copies are as many as keys can number; so many are refused if they are asked for.
    @Test func keys() throws {
        var options = SpiNNaker2Options(board: try Board(chips: 48))
        (options.spikesPerNeuron, options.activeSenders) = (1, 1)
        let fit = try SpiNNaker2Fit(sizes: [784, 350, 10], batch: 48, options: options)
        #expect(fit.fits && fit.copies == 32)
        options.copies = 40
        let refused = try SpiNNaker2Fit(sizes: [784, 350, 10], batch: 48, options: options)
        #expect(!refused.fits && refused.reason.contains("33 bits"))
    }

    /// What a run refuses, the fit has refused before: tapes, and sums per sample, that are too small for the activity.
    @Test func activityBeyondTheBuffers() throws {
        var activity = Activity()
        activity.neurons = [0.5, 2.5]
        let options = SpiNNaker2Options()
        #expect(try SpiNNaker2Fit(sizes: [5, 120, 20], batch: 64, options: options, activity: activity).fits)
        let tapes = try SpiNNaker2Fit(sizes: [5, 120, 200], batch: 64, options: options, activity: activity)
        #expect(
            !tapes.fits && tapes.reason.contains("200 units of layer 1") && tapes.reason.contains("spikes_per_neuron"))
        activity.neurons = [0.75, 0]
        let sums = try SpiNNaker2Fit(sizes: [5, 200, 20], batch: 64, options: options, activity: activity)
        #expect(!sums.fits && sums.reason.contains("200 units of layer 0") && sums.reason.contains("active_senders"))
        // A copy for each sample has no sums per sample.
        #expect(try SpiNNaker2Fit(sizes: [5, 200, 20], batch: 2, options: options, activity: activity).fits)
        // As the run does: every one of 300 inputs spikes.
        #expect(message { _ = try run(options, sizes: [300, 2], weight: 0.03) }.contains("raise active_senders"))
    }

    /// Each copy of three populations takes six entries: a fit says so before, and open copies are as many as have room.
    @Test func routingTables() throws {
        var constants = SpiNNaker2Constants()
        try constants.set(.routerEntries, to: 20)
        var options = SpiNNaker2Options(board: try Board(constants: constants))
        #expect(try SpiNNaker2Fit(sizes: [5, 120, 3], batch: 22, options: options).copies == 3)
        let engine = try run(options, sizes: [5, 120, 3], weight: 0.1)
        #expect(engine.account?.copies == 3)
        options.copies = 4
        let fit = try SpiNNaker2Fit(sizes: [5, 120, 3], batch: 22, options: options)
        #expect(!fit.fits && fit.reason.contains("routing tables of 20 entries a chip, which have room for 3 copies"))
        #expect(message { _ = try run(options, sizes: [5, 120, 3], weight: 1) }.contains("room for 3 copies"))
    }

    /// What is planned of the tables is what they come to hold, wherever copies lie.
    @Test(arguments: 0..<60) func plannedEntries(seed: Int) throws {
        let own = try RandomSpiNNaker2Case(seed: UInt64(seed))
        let shape = try NetworkShape(own.network, grid: own.options.grid)
        let chip = try SpiNNaker2Emulation(shape, own.options)
        var planned = [Int](repeating: 0, count: own.options.board.chipCount)
        for place in chip.layout.copyPEs {
            for route in PlannedRoute.all(shape, chip.layout.cut, place: place) {
                for chip in route.chips(own.options.board) { planned[chip] += 1 }
            }
        }
        #expect(planned == planned.indices.map { chip.machine.routingEntries(chip: $0).count }, "\(own.description)")
    }

    /// Input and own tapes of 5, 120 and 3 units, eight times as long as asked for.
    @Test func spikesBeyondTheDRAM() throws {
        let (sizes, tapes) = ([5, 120, 3], 8 * (8 * 64 + 16 * 240 + 16 * 64))
        for (bytes, fits) in [(1, false), (2 * tapes - 1, false), (2 * tapes, true)] {
            var constants = SpiNNaker2Constants()
            try constants.set(.dramBytes, to: Double(bytes))
            var options = SpiNNaker2Options(board: try Board(constants: constants))
            options.copies = 2
            let fit = try SpiNNaker2Fit(sizes: sizes, batch: 2, options: options)
            #expect(fit.fits == fits && fit.reason.contains("dram_bytes") == !fits, "\(bytes): \(fit.reason)")
            let refused = message { _ = try run(options, sizes: sizes, weight: 0.1) }
            #expect(refused.contains("dram_bytes") == !fits, "\(bytes): \(refused)")
        }
    }

    /// The largest sizes there can be are answered at once.
    @Test func largeFits() throws {
        let size = 1 << 20
        let options = SpiNNaker2Options(board: try Board(chips: 48))
        let fit = try SpiNNaker2Fit(
            sizes: [size, size, size], recurrent: true, batch: Int(Int32.max), options: options)
        #expect(!fit.fits && fit.reason.contains("bytes of SRAM"))
        let wide = try SpiNNaker2Fit(sizes: [5, size, 3], batch: 1, options: options)
        #expect(!wide.fits && wide.reason.contains("layer 1") && wide.largest.count == 3)
    }

    /// 40 senders that spike at once into a FIFO of 8: an error by default, counted if the user says so.
    @Test(arguments: OverflowPolicy.allCases) func fullFIFOs(policy: OverflowPolicy) throws {
        var options = SpiNNaker2Options()
        options.fifoPackets = 8
        options.machine.overflow = policy
        #expect(message { _ = try run(options, sizes: [40, 8, 2], weight: 1) }.contains("full at 8 packets"))
        options.machine.faults = .count
        let engine = try run(options, sizes: [40, 8, 2], weight: 0.01)
        let counters = try #require(engine.account).phases[0].counters
        #expect(counters.dropped == (policy == .drop ? 32 : 0))
        #expect(counters.overwritten == (policy == .overwrite ? 32 : 0))
        #expect(counters.stalled == (policy == .stall ? 32 : 0))
    }

    @Test func fullTapes() throws {
        var options = SpiNNaker2Options()
        options.spikesPerNeuron = 0.5
        #expect(
            message { _ = try run(options, sizes: [40, 200, 2], weight: 3) }.contains("raise spikes_per_neuron"))
        #expect(
            message { _ = try run(options, sizes: [20, 8, 2], weight: 1, spikes: 30) }.contains(
                "600 input spikes and the input spike tape of copy 0 holds 512"))
    }

    @Test func whatHasNoMeaning() throws {
        let engine = SpiNNaker2Engine()
        let input = try SpikeTrains(times: [1e-3], units: [0], offsets: [0, 1], unitCount: 2)
        let leaky = try Network(sizes: [2, 3], leakyReadout: true)
        #expect(
            message { _ = try engine.forward(leaky, input, options: ForwardOptions(), monitor: nil) }.contains(
                "spiking read-out"))
        var network = try Network(sizes: [2, 3])
        let recording = try engine.forward(network, input, options: ForwardOptions(), monitor: nil)
        var objective = Objective(loss: SpikeCountCrossEntropy(), labels: [0], rate: RateRegularisation(strength: 1))
        #expect(message { _ = try engine.backward(network, recording, objective, monitor: nil) }.contains("rate"))
        objective.rate = nil
        let other = try ClockSubstrate(TimeGrid(steps: 30)).forward(
            network, input, options: ForwardOptions(), monitor: nil)
        #expect(message { _ = try engine.backward(network, other, objective, monitor: nil) }.contains("own grid"))
        try network.setWeights([1e300, 0, 0, 0, 0, 0], connection: 0)
        #expect(
            message { _ = try engine.forward(network, input, options: ForwardOptions(), monitor: nil) }.contains(
                "float32"))
        try network.setWeights([1e38, 0, 0, 0, 0, 0], connection: 0)
        let many = try SpikeTrains(
            times: Array(repeating: 1e-3, count: 9), units: Array(repeating: 0, count: 9), offsets: [0, 9], unitCount: 2
        )
        #expect(
            message { _ = try engine.forward(network, many, options: ForwardOptions(), monitor: nil) }.contains(
                "overflows float32"))
        // After an error the engine goes on.
        try network.setWeights([1, 0, 0, 0, 0, 0], connection: 0)
        _ = try engine.forward(network, many, options: ForwardOptions(), monitor: nil)
    }

    @Test func optionsAreChecked() throws {
        let board = Board()
        for change in [
            { $0.copies = 0 }, { $0.batchSize = -1 }, { $0.fifoPackets = 0 }, { $0.largestSlice = 0 },
            { $0.spikesPerNeuron = 0 }, { $0.spikesPerNeuron = .nan }, { $0.grid.steps = 1 }, { $0.costs.neuron = -1 },
        ] as [(inout SpiNNaker2Options) -> Void] {
            var options = SpiNNaker2Options(board: board)
            change(&options)
            #expect(throws: SpinnpropError.self) { try SpiNNaker2Engine(options) }
        }
    }

    @Test func noSamples() throws {
        let engine = SpiNNaker2Engine()
        let network = try Network(sizes: [2, 3])
        let input = try SpikeTrains(times: [], units: [], offsets: [0], unitCount: 2)
        let recording = try engine.forward(network, input, options: ForwardOptions(), monitor: nil)
        let objective = Objective(loss: SpikeCountCrossEntropy(), labels: [])
        let gradients = try engine.backward(network, recording, objective, monitor: nil)
        #expect(recording.sampleCount == 0 && gradients.value == 0)
    }

    @Test func cancelling() throws {
        let own = try RandomSpiNNaker2Case(seed: 3)
        let monitor = Monitor { false }
        var isCancelled = false
        for _ in 0..<100 where !isCancelled {
            do {
                _ = try SpiNNaker2Engine(own.options).forward(
                    own.network, own.input, options: ForwardOptions(), monitor: monitor)
            } catch {
                isCancelled = error.kind == .cancelled
            }
        }
        #expect(isCancelled)
    }
}
