// What BioGrad's programs are booked for, what they are refused, and what a stop leaves.
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs
import Testing

@testable import LocalLearning
@testable import LocalLearningPrograms

@Suite(.serialized) struct AccountTests {
    static func data(_ count: Int, inputs: Int = 20) throws -> (LocalInput, [Int]) {
        var random = RandomStream(seed: 9, stream: 0)
        let values: [Float] = (0..<count * inputs).map { _ in Float(random.uniform()) }
        return (try LocalInput(probabilities: values, unitCount: inputs), (0..<count).map { $0 % 3 })
    }

    static func training(
        _ sizes: [Int] = [20, 24, 3], batch: Int = 8, rule: LocalRule = .biograd, sleepSteps: Int = 50
    ) throws -> BioGrad {
        var options = LocalOptions()
        (options.epochs, options.batchSize, options.rule, options.sleepSteps) = (1, batch, rule, sleepSteps)
        var network = try LocalNetwork(sizes: sizes, seed: 3)
        for layer in network.layers.indices {
            for n in network.layers[layer].rows.indices { network.layers[layer].rows[n] *= 3 }
        }
        return try BioGrad(network, options)
    }

    static func chip(_ change: (inout SpiNNaker2Options) -> Void = { _ in }) throws -> SpiNNaker2Engine {
        var options = SpiNNaker2Options()
        change(&options)
        return try SpiNNaker2Engine(options)
    }

    @Test func countsFollowFromThePrograms() throws {
        var training = try Self.training()
        let (input, labels) = try Self.data(16)
        let engine = try Self.chip { $0.copies = 2 }
        try training.run(input, labels: labels, on: engine)
        let account = try #require(engine.account)
        #expect(account.forwardSamples == 16 && account.backwardSamples == 16 && account.batches == 2)
        #expect(account.updates == 2 && account.copies == 2 && account.usedPEs == 8 && account.steps == 20)
        #expect(account.phases.map(\.name) == ["forward", "error", "credit", "gather", "update", "sleep", "align"])
        func counters(_ program: String, _ phase: String) throws -> PECounters {
            try #require(account.programs.first { $0.program == program && $0.phase == phase }).counters
        }
        // Two batches of eight samples on two copies: four rounds of 20 steps and four ticks until the last error has come back.
        #expect(account.phases[0].time.ticks == 8 * 24)
        #expect(account.phases[1].time.ticks == 0)
        #expect(account.phases[5].time.ticks == 8 * 53)
        // Each spike of the input goes to one slice, those of the output to the error neurons, as the training has counted them.
        let spikes = training.history[0].spikes.map { Int($0 * 16) }
        let sent = try counters("neurons", "forward").packetsSent
        #expect(sent == spikes[0] + spikes[1] && spikes[1] > 0)
        let errors = try counters("errors", "forward").packetsSent
        #expect(errors > 0)
        let heard = try counters("neurons", "forward").packetsReceived
        #expect(heard == (try counters("input", "forward").packetsSent) + spikes[0] + 2 * errors)
        // The second copy's sums, and the new weights back, in two layers with a row for the biases.
        let synapses = 4 * (21 * 24 + 25 * 8)
        // Four parts of a sample each are summed by turns.
        #expect(try counters("neurons", "gather").dmaBytes == 2 * 4 * synapses)
        #expect(try counters("neurons", "update").dmaBytes == 2 * synapses)
        #expect(account.energy > 0 && account.evaluation.samples == 0)
        _ = try training.counts(input, on: engine)
        #expect(engine.account?.evaluation.samples == 16)
        #expect(engine.account?.secondsPerStep == account.secondsPerStep)
    }

    /// A trace and a gradient per synapse take memory and cycles; the bits are the same.
    @Test func tracesCost() throws {
        let (input, labels) = try Self.data(16)
        var accounts: [SpiNNaker2Account] = []
        var trained: [BioGrad] = []
        for credit in LocalCredit.allCases {
            var training = try Self.training()
            let engine = try Self.chip { $0.credit = credit }
            try training.run(input, labels: labels, on: engine)
            accounts.append(try #require(engine.account))
            trained.append(training)
        }
        #expect(trained[0] == trained[1])
        func bytes(_ account: SpiNNaker2Account, _ name: String) -> Int {
            account.pes.reduce(0) { sum, pe in
                sum + zip(pe.placed.bufferNames, pe.placed.bufferBytes).filter { $0.0 == name }.reduce(0) { $0 + $1.1 }
            }
        }
        let synapses = 4 * (21 * 24 + 25 * 8) * 8
        #expect(bytes(accounts[1], "traces") == synapses && bytes(accounts[1], "sample gradient") == synapses)
        #expect(bytes(accounts[0], "traces") == 0 && bytes(accounts[0], "weights") == synapses)
        #expect(bytes(accounts[0], "membranes") == 20 * bytes(accounts[1], "membranes"))
        #expect(accounts[1].phases[0].counters.cycles > accounts[0].phases[0].counters.cycles)
        #expect(accounts[1].phases[0].counters.packetsSent == accounts[0].phases[0].counters.packetsSent)
    }

    private func fails(_ kind: SpinnpropError.Kind, _ part: String, _ body: () throws -> Void) {
        do {
            try body()
            Issue.record("nothing was thrown")
        } catch let error as SpinnpropError {
            #expect(error.kind == kind && error.message.contains(part), "\(error.message)")
        } catch {
            Issue.record(error)
        }
    }

    @Test func whatDoesNotFitIsRefusedBeforeItRuns() throws {
        let (input, labels) = try Self.data(16)
        let engine = try Self.chip()
        var large = try Self.training([20, 20000, 3])
        let before = large
        fails(.outOfMemory, "8 neurons of layer 1") { try large.run(input, labels: labels, on: engine) }
        var wide = try Self.training([20, 8000, 3])
        fails(.outOfMemory, "8 neurons of layer 1") { try wide.run(input, labels: labels, on: engine) }
        // Every slice fits, all of them together do not.
        var deep = try Self.training([20, 800, 800, 3])
        fails(.outOfMemory, "PEs each") { try deep.run(input, labels: labels, on: Self.chip { $0.copies = 2 }) }
        var twin = try Self.training(rule: .bptt)
        fails(.unsupported, "bptt") { try twin.run(input, labels: labels, on: engine) }
        var long = try Self.training(sleepSteps: 100_000)
        fails(.unsupported, "use fewer sleep_steps") { try long.run(input, labels: labels, on: engine) }
        var small = try Self.training(batch: 4)
        fails(.invalidValue, "copies is 5") { try small.run(input, labels: labels, on: Self.chip { $0.copies = 5 }) }
        var narrow = try Self.training()
        fails(.invalidValue, "is full at 1 packets") {
            try narrow.run(input, labels: labels, on: Self.chip { $0.fifoPackets = 1 })
        }
        #expect(large == before && engine.account == nil)
    }

    @Test func aStopLeavesWholeBatches() throws {
        let (input, labels) = try Self.data(400)
        let engine = try Self.chip()
        var host = try Self.training()
        try host.run(input, labels: labels)
        var training = try Self.training()
        var stops = 0
        while !training.isFinished {
            do {
                try training.run(input, labels: labels, on: engine) { $0.isEpochFinished || stops > 3 }
            } catch {
                #expect(error.kind == .cancelled)
                stops += 1
            }
        }
        #expect(training == host && stops > 0)
    }

    /// A batch that leaves float32 is no batch; the chip then forgets what it holds.
    @Test func overflowIsAnError() throws {
        let (input, labels) = try Self.data(16)
        let engine = try Self.chip()
        var options = LocalOptions()
        (options.epochs, options.batchSize, options.learningRate) = (1, 8, 1e6)
        var network = try Self.training().network
        for n in network.layers[0].feedback.indices { network.layers[0].feedback[n] = 3e38 }
        var training = try BioGrad(network, options)
        var host = training
        var messages: [String] = []
        do { try training.run(input, labels: labels, on: engine) } catch { messages.append(error.message) }
        do { try host.run(input, labels: labels) } catch { messages.append(error.message) }
        #expect(messages.count == 2 && messages[0] == messages[1] && training == host, "\(messages)")
        var good = try Self.training()
        var twin = good
        try good.run(input, labels: labels, on: engine)
        try twin.run(input, labels: labels)
        #expect(good == twin)
    }
}
