// BioGrad's programs on the emulated chip against the host: every bit, whatever the cut, the copies, the placement and the threads.
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs
import Spikes
import Testing

@testable import LocalLearning
@testable import LocalLearningPrograms

/// A random network, options, data and chip.
struct RandomLocalCase: CustomStringConvertible {
    let seed: UInt64
    let network: LocalNetwork
    let options: LocalOptions
    let input: LocalInput
    let labels: [Int]
    let chip: SpiNNaker2Options

    var description: String {
        "seed \(seed), \(network.sizes), \(options), slices \(chip.largestSlice ?? 0), copies \(chip.copies ?? 0), \(chip.placement)"
    }

    init(seed: UInt64) throws {
        self.seed = seed
        var random = RandomStream(seed: seed, stream: 42)
        func pick<Value>(_ values: [Value]) -> Value { values[random.index(below: values.count)] }
        let hidden = pick([[], [11], [24], [30], [9, 17], [16, 8], [20, 12, 10]])
        let (inputs, outputs) = (pick([3, 20, 40]), pick([2, 3, 5]))
        var own = LocalOptions()
        (own.seed, own.epochs, own.batchSize) = (seed, 2, pick([1, 5, 8, 13, 32]))
        own.steps = pick([4, 9, 20])
        own.softStart = pick([0, 3])
        (own.decay, own.threshold) = (pick([0.3, 0.5, 1]), pick([0.3, 0.5]))
        (own.window, own.amplitude) = (pick([0.3, 1]), pick([1, 0.7]))
        own.rule = pick([.biograd, .biograd, .exactError])
        own.sleeps = pick([true, true, false])
        own.sleepSteps = pick([3, 20])
        (own.sleepRate, own.sleepPower) = (pick([3.33e-5, 1e-3]), pick([1, 2, 3]))
        own.sleepDraw = pick(SleepDraw.allCases)
        own.averagesSleep = pick([true, false])
        own.counts = pick(LocalCounts.allCases)
        (own.countsFrom, own.tracesFrom) = (pick([0, 2]), pick([0, 2]))
        own.includesThreshold = pick([true, false])
        own.learningRate = pick([1e-2, 0.1])
        options = own
        var net = try LocalNetwork(sizes: [inputs] + hidden + [outputs], seed: seed)
        // Loud enough that every layer spikes.
        for layer in net.layers.indices { for n in net.layers[layer].rows.indices { net.layers[layer].rows[n] *= 2.5 } }
        network = net
        let count = pick([7, 20, 45])
        labels = (0..<count).map { _ in random.index(below: outputs) }
        if random.index(below: 3) > 0 {
            let values: [Float] = (0..<count * inputs).map { _ in
                let value = random.uniform()
                return value < 0.3 ? 0 : value > 0.95 ? 1 : Float(value)
            }
            input = try LocalInput(probabilities: values, unitCount: inputs)
        } else {
            var (times, units, offsets): ([Double], [Int32], [Int]) = ([], [], [0])
            for _ in 0..<count {
                for _ in 0..<random.index(below: 4 * inputs) {
                    times.append(random.uniform() * 25e-3)
                    units.append(Int32(random.index(below: inputs)))
                }
                offsets.append(times.count)
            }
            input = try LocalInput(
                try SpikeTrains(times: times, units: units, offsets: offsets, unitCount: inputs), stepTime: 1e-3)
        }
        var machine = SpiNNaker2Options(board: try Board(chips: pick([1, 1, 2])))
        machine.copies = pick([nil, nil, 1, min(2, own.batchSize), min(3, own.batchSize)])
        machine.largestSlice = pick([nil, 8, 16])
        machine.placement = pick([.compact, .scattered(seed: seed)])
        machine.credit = pick(LocalCredit.allCases)
        chip = machine
    }
}

@Suite(.serialized) struct AgreementTests {
    @Test(arguments: 0..<60) func bitsAreTheHosts(_ seed: UInt64) throws {
        let own = try RandomLocalCase(seed: seed)
        let before = Threads.requested
        defer { try? Threads.set(before) }
        try Threads.set(seed % 2 == 0 ? 1 : 3)
        var host = try BioGrad(own.network, own.options)
        var chip = host
        let engine = try SpiNNaker2Engine(own.chip)
        try host.run(own.input, labels: own.labels)
        try chip.run(own.input, labels: own.labels, on: engine)
        for layer in host.network.layers.indices {
            let (ours, theirs) = (chip.network.layers[layer], host.network.layers[layer])
            for (name, pair) in [
                ("weights", (ours.rows, theirs.rows)), ("biases", (ours.biases, theirs.biases)),
                ("feedback", (ours.feedback, theirs.feedback)),
            ] {
                let differing = zip(pair.0, pair.1).filter { $0.bitPattern != $1.bitPattern }.count
                #expect(differing == 0, "\(name) of layer \(layer), \(own)")
            }
        }
        #expect(chip.history == host.history, "\(own)")
        #expect(chip.sleepCount == host.sleepCount)
        #expect(host.history[0].spikes.allSatisfy { $0 > 0 } || own.input.sampleCount < 10, "\(own)")
        let counts = try chip.counts(own.input, showing: 3, on: engine)
        #expect(try host.counts(own.input, showing: 3) == counts, "\(own)")
    }

    /// Cases in which something happens: everything learns, most layers are cut, copies share batches.
    @Test func casesAreLively() throws {
        var (lively, cut, shared) = (0, 0, 0)
        for seed in 0..<60 as Range<UInt64> {
            let own = try RandomLocalCase(seed: seed)
            var host = try BioGrad(own.network, own.options)
            try host.run(own.input, labels: own.labels)
            let hasLearnt = zip(host.network.layers, own.network.layers).allSatisfy {
                $0.rows != $1.rows && $0.biases != $1.biases
                    && ($0.feedback.isEmpty || !own.options.sleeps || $0.feedback != $1.feedback)
            }
            guard hasLearnt else { continue }
            lively += 1
            let layout = try LocalLayout(LocalShape(own.network, own.options), own.chip)
            if layout.slices.contains(where: { $0.count > 1 }) { cut += 1 }
            if layout.copies > 1, layout.plan.needsSum { shared += 1 }
        }
        #expect(
            lively >= 45 && cut >= 15 && shared >= 5,
            "\(lively) lively, \(cut) cut, \(shared) with several parts a copy")
    }

    /// A chip that has learnt hands over to the host and back.
    @Test func theyTakeTurns() throws {
        let own = try RandomLocalCase(seed: 4)
        var host = try BioGrad(own.network, own.options)
        try host.run(own.input, labels: own.labels)
        var mixed = try BioGrad(own.network, own.options)
        let engine = try SpiNNaker2Engine(own.chip)
        var calls = 0
        while !mixed.isFinished {
            calls += 1
            do {
                try mixed.run(own.input, labels: own.labels, on: calls % 2 == 0 ? engine : nil) { !$0.isEpochFinished }
            } catch {
                #expect(error.kind == .cancelled)
            }
        }
        #expect(mixed == host)
    }
}
