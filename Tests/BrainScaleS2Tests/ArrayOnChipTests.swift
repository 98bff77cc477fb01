// Arrays on chips: what circuits make of neurons that were meant, and chips that no array can be on.
import Mathematics
import Spikes
import Testing

@testable import BrainScaleS2

struct ArrayOnChipTests {
    private func chip(_ change: (inout BrainScaleS2ChipOptions) -> Void = { _ in }) throws -> BrainScaleS2Chip {
        var options = BrainScaleS2ChipOptions()
        options.seed = 4
        change(&options)
        return try BrainScaleS2Chip(options)
    }

    private func asked() -> (options: ArrayOptions, neurons: ArrayNeurons) {
        var options = ArrayOptions()
        (options.neuronCount, options.sourceCount, options.hasSensors) = (40, 10, true)
        var neurons = ArrayNeurons()
        neurons.tauMem = [10e-3]
        neurons.threshold = (0..<40).map { 1 + 0.01 * Double($0) }
        (neurons.drive, neurons.reset, neurons.delay, neurons.refractory) = ([0.2], [-0.5], [1e-3], [2e-3])
        return (options, neurons)
    }

    @Test func circuitsMakeTheirOwnOfWhatIsMeant() throws {
        let chip = try chip { ($0.noiseSeed, $0.sensorSpread) = (9, 0.3) }
        let (options, neurons) = asked()
        let found = try chip.placed(options, neurons)
        for n in 0..<40 {
            let (own, theta) = (found.neurons[n], neurons.threshold[n])
            #expect(own.tauMem == 10e-3 * chip.tauMem[n] && own.tauSynExc == 5e-3 * chip.tauSyn[n])
            #expect(own.tauSynInh == own.tauSynExc && own.gain == 1 / 63.0 * chip.gain[n])
            #expect(own.delay == 1e-3 * chip.delay[n] && own.noise == 0.007 * theta)
            #expect(own.threshold == 0.2 + (theta - 0.2) * chip.threshold[n])
            #expect(own.reset == -0.5 + theta * chip.reset[n])
            #expect(own.drive == 0.2 && own.refractory == 2e-3)
        }
        #expect((found.options.seed, found.options.sensors.seed) == (9, 4))
        #expect((found.options.sensors.spread, found.options.sensors.offset) == (0.3, 2))
        #expect((found.options.resolution, found.options.eventInterval) == (8e-9, 8e-9))
        #expect(abs(found.options.delayJitter / (0.01 * 5e-3) - 1) < 1e-12)
        // What the chip has nothing to do with stays.
        #expect(found.options.sensors.amplitude == options.sensors.amplitude && found.options.hasSensors)
    }

    /// The same as an array that is made of what the chip makes of the neurons.
    @Test func runsAsWhatItIsMadeOf() throws {
        let chip = try chip()
        var (options, neurons) = asked()
        neurons.gain = [0.2]
        let placed = try chip.placed(options, neurons)
        let spikes = try SpikeTrains(
            times: (0..<50).map { 2e-3 * Double($0) }, units: (0..<50).map { Int32($0 % 10) }, offsets: [0, 50],
            unitCount: 10)
        var run = ArrayRunOptions()
        run.duration = 0.1
        let arrays = [
            try NeuronArray(on: chip, options, neurons), try NeuronArray(placed.options, placed.neurons),
        ]
        for array in arrays {
            try [Int8](repeating: 40, count: 400).withUnsafeBufferPointer { (weights) throws(SpinnpropError) in
                try array.setWeights(weights)
            }
            try array.run(spikes, run)
        }
        #expect(arrays[0].spikeCount > 50)
        #expect(Array(arrays[0].lastSpikes.times) == Array(arrays[1].lastSpikes.times))
        options.neuronCount = 513
        #expect(throws: SpinnpropError.self) { try NeuronArray(on: chip, options, neurons) }
    }

    @Test func whatNoArrayHasIsRefusedByName() throws {
        let (options, neurons) = asked()
        let wrong: [(String, (inout BrainScaleS2ChipOptions) -> Void)] = [
            ("weight_bits = 4", { $0.weightBits = 4 }), ("weight_bits = 0", { $0.weightBits = 0 }),
            ("readout_bits = 10", { $0.readoutBits = 10 }), ("row_offset = 0.5", { $0.rowOffset = 0.5 }),
        ]
        for (text, change) in wrong {
            let chip = try chip(change)
            #expect {
                try chip.placed(options, neurons)
            } throws: { error in
                (error as? SpinnpropError)?.kind == .unsupported && "\(error)".contains(text)
            }
        }
        var short = neurons
        short.tauMem = [1, 2]
        let usual = try chip()
        #expect { try usual.placed(options, short) } throws: { "\($0)".contains("tau_mem has 2 elements") }
    }
}
