// What the account says of runs, and what a fit says before them.
import ClockDriven
import Learning
import Mathematics
import Networks
import SpiNNaker2
import Spikes
import Testing

@testable import SpiNNaker2Programs

struct AccountTests {
    /// 5-120-3 on the grid of the published setting, some spikes per sample.
    private func yinYang(samples: Int) throws -> (Network, SpikeTrains, [Int]) {
        var random = RandomStream(seed: 5, stream: 0)
        var network = try Network(sizes: [5, 120, 3])
        for (index, connection) in network.connections.enumerated() {
            let (mean, deviation) = index == 0 ? (1.6, 1.6) : (2.6, 1.4)
            let root = Double(connection.preCount).squareRoot()
            try network.setWeights(
                connection.weights.map { _ in (mean + deviation * random.normal()) / root }, connection: index)
        }
        let x = (0..<4 * samples).map { _ in random.uniform() }
        let input = try Encoding.latencyGrid(
            x: x, sampleCount: samples, featureCount: 4, steps: 27, tMin: 2, timeStep: 1e-3)
        return (network, input, (0..<samples).map { _ in random.index(below: 3) })
    }

    /// Copies, ticks, time and packets of one training step of 100 samples, by hand.
    @Test func oneStep() throws {
        let (network, input, labels) = try yinYang(samples: 100)
        let options = SpiNNaker2Options()
        let engine = try SpiNNaker2Engine(options)
        #expect(engine.account == nil)
        var training = TrainingOptions()
        training.loss = StepTTFSCrossEntropy()
        training.epochs = 1
        training.batchSize = 100
        let trainer = try Trainer(network, training, substrate: engine)
        try trainer.run(input, labels: labels)
        let account = try #require(engine.account)
        // Input, hidden, output, loss; 600 + 120 x 8 parameters (rows in whole blocks) fit one optimiser.
        #expect(account.copies == (148 - 1) / 4 && account.usedPEs == 36 * 4 + 1)
        #expect(account.forwardSamples == 100 && account.backwardSamples == 100 && account.updates == 1)
        // 100 samples on 36 copies: 3 rounds of 28 + 1 + 27 ticks.
        #expect(account.phases.map(\.name) == ["forward", "loss", "backward", "gather", "update"])
        #expect(account.phases.map(\.time.ticks) == [3 * 28, 3, 3 * 27, 1, 1])
        #expect(abs(account.phases[0].time.seconds - 3 * 28e-3) < 1e-12)
        #expect(account.phases[3].time.slips > 0 || account.phases[3].counters.largestTick <= 300_000)
        let recording = try ClockSubstrate(TimeGrid()).forward(
            network, input, options: ForwardOptions(), monitor: nil)
        let heard = recording.layers[0].spikes.times.filter { $0 < 25.5e-3 }.count + recording.layers[1].spikeCount
        let inputSpikes = input.times.filter { $0 < 25.5e-3 }.count
        #expect(account.phases[0].counters.packetsSent == heard + inputSpikes)
        #expect(account.phases[0].counters.payloadBytes == 0)
        #expect(account.phases[2].counters.payloadBytes == 4 * account.phases[2].counters.packetsSent)
        for phase in account.phases {
            #expect(phase.counters.dropped + phase.counters.unrouted + phase.counters.stalled == 0)
        }
        // Gradients of all copies to the optimiser, weights back.
        #expect(account.phases[3].counters.dmaBytes == 36 * 4 * 1560)
        #expect(account.phases[4].counters.dmaBytes == 36 * 4 * 1560)
        let programs = Dictionary(
            grouping: account.programs.filter { $0.phase == "forward" }, by: \.program
        ).mapValues { $0[0] }
        #expect(programs["neurons"]?.pes == 72 && programs["input"]?.pes == 36)
        #expect(programs["neurons"]?.counters.ticks == 72 * 3 * 28)
        let cycles = account.programs.reduce(0) { $0 + $1.counters.cycles }
        #expect(cycles == account.phases.reduce(0) { $0 + $1.counters.cycles })
        let parts = account.phases.reduce(0.0) { $0 + $1.energy.total }
        #expect(account.energyPerStep == parts && account.secondsPerStep == account.seconds)
        #expect(account.meanPower > 75.2e-3 && account.meanPower < 1.248)
        #expect(account.tightest?.pe.placed.program == "optimizer" || account.tightest?.pe.placed.layer == 0)
        engine.resetAccount()
        #expect(engine.account?.energy == 0 && engine.account?.forwardSamples == 0)
    }

    /// The fit foretells copies, slices, memory and time, and energy within a quarter when it is told the activity.
    @Test(arguments: [(1, false), (2, false), (1, true)]) func fitForetells(chips: Int, isLow: Bool) throws {
        let (network, input, labels) = try yinYang(samples: 150)
        var options = SpiNNaker2Options(board: try Board(chips: chips))
        options.batchSize = 150
        if isLow { options.machine.level = .low }
        let engine = try SpiNNaker2Engine(options)
        let objective = Objective(loss: StepTTFSCrossEntropy(), labels: labels, wantsInputTimes: false)
        let session = try engine.session(
            network, optimizer: Optimizer(OptimizerOptions(), for: network, precision: .single),
            options: ForwardOptions())
        let recording = try #require(try session.batch(input, objective, monitor: nil).spikes.recording)
        try session.step(rateFactor: 1)
        let account = try #require(engine.account)
        var activity = Activity()
        activity.input = Double(input.spikeCount) / (150 * 5)
        activity.neurons = recording.layers.map { Double($0.spikeCount) / Double(150 * $0.neuronCount) }
        let fit = try SpiNNaker2Fit(sizes: [5, 120, 3], batch: 150, options: options, activity: activity)
        #expect(fit.fits && fit.reason == "")
        #expect(fit.copies == account.copies && fit.usedPEs == account.usedPEs && fit.slices == [1, 1])
        #expect(fit.sramUsed == account.pes.map(\.placed.sramHighWater).max())
        #expect(fit.tightestBuffer == account.tightest?.buffer)
        for (phase, seconds) in zip(account.phases, fit.phaseSeconds) {
            #expect(
                abs(phase.time.seconds - seconds) <= 1e-3 * (phase.name == "forward" ? 0 : 1) + 1e-9, "\(phase.name)")
        }
        #expect(abs(fit.energyPerStep / account.energyPerStep - 1) < 0.25)
    }

    /// A training step is the same with and without evaluations in between; a forward run belongs to the backward run that follows it.
    @Test func evaluationsStandApart() throws {
        let (network, input, labels) = try yinYang(samples: 60)
        func train(validating: Bool) throws -> SpiNNaker2Account {
            let engine = try SpiNNaker2Engine(SpiNNaker2Options())
            var training = TrainingOptions()
            training.loss = StepTTFSCrossEntropy()
            (training.epochs, training.batchSize) = (2, 20)
            let trainer = try Trainer(network, training, substrate: engine)
            try trainer.run(input, labels: labels, validation: validating ? (input, labels) : nil)
            return try #require(engine.account)
        }
        let (plain, watched) = (try train(validating: false), try train(validating: true))
        #expect(plain.evaluation == EvaluationAccount())
        #expect(watched.evaluation.samples == 120 && watched.forwardSamples == 240 && watched.updates == 6)
        #expect(watched.seconds > plain.seconds && watched.energy > plain.energy)
        #expect(abs(watched.secondsPerStep / plain.secondsPerStep - 1) < 1e-12)
        #expect(abs(watched.energyPerStep / plain.energyPerStep - 1) < 1e-9)
        #expect(abs(watched.evaluation.seconds + plain.seconds - watched.seconds) < 1e-12)
        #expect(watched.evaluation.energy > 0)

        let engine = SpiNNaker2Engine()
        let objective = Objective(loss: StepTTFSCrossEntropy(), labels: labels)
        let first = try engine.forward(network, input, options: ForwardOptions(), monitor: nil)
        #expect(engine.account?.evaluation.samples == 60)
        _ = try engine.backward(network, first, objective, monitor: nil)
        #expect(engine.account?.evaluation == EvaluationAccount())
        _ = try engine.forward(network, input, options: ForwardOptions(), monitor: nil)
        let last = try engine.forward(network, input, options: ForwardOptions(), monitor: nil)
        #expect(engine.account?.evaluation.samples == 120)
        _ = try engine.backward(network, last, objective, monitor: nil)
        #expect(engine.account?.evaluation.samples == 60 && engine.account?.forwardSamples == 180)
    }

    /// Gradients of copies on other chips come over the links: where those are slow, gathering and handing out take longer, as foretold.
    @Test func linksSetThePace() throws {
        let (network, input, labels) = try yinYang(samples: 150)
        func train(linkBandwidth: Double) throws -> (Network, SpiNNaker2Account, SpiNNaker2Fit) {
            var constants = SpiNNaker2Constants()
            try constants.set(.linkBandwidth, to: linkBandwidth)
            var options = SpiNNaker2Options(board: try Board(chips: 48, constants: constants))
            options.batchSize = 150
            let engine = try SpiNNaker2Engine(options)
            var training = TrainingOptions()
            training.loss = StepTTFSCrossEntropy()
            (training.epochs, training.batchSize) = (1, 150)
            let trainer = try Trainer(network, training, substrate: engine)
            try trainer.run(input, labels: labels)
            let account = try #require(engine.account)
            return (trainer.network, account, try SpiNNaker2Fit(sizes: [5, 120, 3], batch: 150, options: options))
        }
        let (same, fast, _) = try train(linkBandwidth: 1e12)
        let (trained, slow, fit) = try train(linkBandwidth: 1e8)
        let isEqual = trained == same
        #expect(isEqual && slow.linkBits == fast.linkBits)
        let period = slow.constants[.tick]
        for index in [SpiNNaker2Phase.gather, .update].map(\.rawValue) {
            let (own, other) = (slow.phases[index], fast.phases[index])
            #expect(own.time.linkSlips > 10 && own.time.slips == other.time.slips + own.time.linkSlips)
            #expect(abs(own.time.seconds - other.time.seconds - period * Double(own.time.linkSlips)) < 1e-9)
            #expect(own.energy.asleep > other.energy.asleep && own.energy.links == other.energy.links)
            #expect(abs(own.time.seconds - fit.phaseSeconds[index]) < 1e-9)
        }
        #expect(slow.slips.contains { $0.cause.name == "link" } && slow.energyPerStep > fast.energyPerStep)
    }

    @Test func fitRefusesAndScales() throws {
        var options = SpiNNaker2Options()
        // All 784 inputs spike once.
        let refused = try SpiNNaker2Fit(sizes: [784, 350, 10], batch: 8, options: options)
        #expect(!refused.fits && refused.reason.contains("active_senders"))
        (options.spikesPerNeuron, options.activeSenders) = (1, 1)
        let small = try SpiNNaker2Fit(sizes: [784, 350, 10], batch: 8, options: options)
        #expect(small.fits && small.copies >= 1 && small.slices[0] > 1)
        #expect(small.largest[1] > 350)
        let largest = try SpiNNaker2Fit(sizes: small.largest, batch: 8, options: options)
        #expect(largest.fits && largest.copies == 1)
        var next = small.largest
        next[1] += 16
        let tooLarge = try SpiNNaker2Fit(sizes: next, batch: 8, options: options)
        #expect(!tooLarge.fits && tooLarge.reason.contains("SRAM"))
        #expect(tooLarge.largest == small.largest)
        #expect(throws: SpinnpropError.self) { try SpiNNaker2Fit(sizes: [5], batch: 8, options: options) }
        #expect(throws: SpinnpropError.self) { try SpiNNaker2Fit(sizes: [5, 0], batch: 8, options: options) }
        #expect(throws: SpinnpropError.self) { try SpiNNaker2Fit(sizes: [5, 3], batch: 0, options: options) }
        // The published setting: a copy for every sample of the batch, no sums per sample.
        let published = try SpiNNaker2Fit(sizes: [5, 120, 3], batch: 22, options: options)
        #expect(published.copies == 22 && published.rounds == 1 && published.usedPEs == 22 * 4 + 1)
    }

    /// With the copies that are asked for, and tapes that are long enough only as far as SRAM is left.
    @Test(
        arguments: [
            ([5, 120, 3], 10, 30, 2.0, 0.5), ([5, 120, 3], 10, 1000, 2, 0.5), ([131, 8, 9, 33], 3, nil, 0.5, 1),
            ([131, 520, 3], 3, nil, 0.5, 1), ([5, 3], 3, 2, 2, 0.5),
        ] as [([Int], Int, Int?, Double, Double)])
    func theLargestFits(sizes: [Int], batch: Int, copies: Int?, spikes: Double, senders: Double) throws {
        var options = SpiNNaker2Options()
        (options.copies, options.spikesPerNeuron, options.activeSenders) = (copies, spikes, senders)
        let asked = try SpiNNaker2Fit(sizes: sizes, batch: batch, options: options)
        #expect(asked.largest.isEmpty == (copies == 1000))
        guard !asked.largest.isEmpty else { return }
        let largest = try SpiNNaker2Fit(sizes: asked.largest, batch: batch, options: options)
        #expect(largest.fits && largest.largest == asked.largest, "\(asked.largest): \(largest.reason)")
        guard sizes.count > 2 else { return }
        var next = asked.largest
        for layer in 1..<sizes.count - 1 { next[layer] += (next[layer] + 63) / 64 }
        #expect(try !SpiNNaker2Fit(sizes: next, batch: batch, options: options).fits, "\(next)")
    }
}

extension AccountTests {
    /// Every prediction is within a factor of 2 of what is published, or is one of those whose remark says why not; what is derived from
    /// its measurement, or could not miss it, carries no factor.
    @Test func publishedWorkloads() throws {
        let checks = PublishedCheck.all(SpiNNaker2Options())
        for check in checks {
            #expect(check.predictedLow <= check.predictedHigh && check.published > 0 && check.remark.utf8.count < 512)
            #expect(
                (check.basis == .prediction) == (check.factor >= 1)
                    && (check.basis == .prediction) != check.factor.isNaN)
            #expect(check.basis != .prediction || check.predictedLow > 0, "\(check)")
        }
        func named(_ basis: PublishedCheck.Basis) -> [String] { checks.filter { $0.basis == basis }.map(\.quantity) }
        #expect(named(.derived) == ["energy", "power", "power", "PEs"])
        #expect(named(.bound) == ["memory a PE's data may take"])
        #expect(
            checks.filter { $0.workload.contains("CoreMark") }.allSatisfy {
                abs($0.predictedLow / $0.published - 1) < 0.01
            })
        #expect(
            checks.filter { $0.factor > 2 }.map(\.quantity)
                == ["power of the PEs", "energy at 0.8 V over energy at 0.5 V", "rate", "energy"], "\(checks)")
        // 25.9 mW on 12 PEs; 10 pJ a synaptic operation against (5 + 25 / 120) cycles of 8.3 and 15 pJ.
        let eProp = try #require(checks.first { $0.quantity == "power of the PEs" })
        #expect(abs(eProp.published - 25.9e-3) < 0.05e-3 && abs(eProp.factor - 25.93 / (12 * 1.054)) < 0.01)
        let energy = try #require(checks.last { $0.quantity == "energy" })
        #expect(abs(energy.predictedLow - 5.2083 * 8.3e-12) < 0.3e-12 && abs(energy.factor - 5.2083 * 1.5) < 0.05)
        // A wide range is judged by its farther end.
        let gestures = try #require(checks.first { $0.workload.contains("gesture") })
        #expect(gestures.factor == gestures.predictedHigh / gestures.published)
        // A chip too small for the Yin-Yang setting is judged by the others.
        var constants = SpiNNaker2Constants()
        try constants.set(.applicationPEs, to: 4)
        let few = PublishedCheck.all(SpiNNaker2Options(board: try Board(constants: constants)))
        #expect(few.count == checks.count - 1)
    }
}
