// The emulated chip behind the facade: on the chip, off it, and half and half.
import Spinnprop
import Testing

struct SpiNNaker2EngineTests {
    private func data(_ samples: Int, seed: Int) throws -> (SpikeTrains, [Int]) {
        let set = try YinYang.samples(count: samples, seed: seed)
        let input = try Encoding.latencyGrid(
            x: set.x, sampleCount: samples, featureCount: 4, steps: 27, tMin: 2, timeStep: 1e-3)
        return (input, set.labels)
    }

    private func network() throws -> Network {
        var options = NetworkOptions(sizes: [5, 30, 3])
        options.seed = 4
        return try Network(options)
    }

    /// Training on the chip, off it, and forward on it with the rule off it end with the same weights.
    @Test func onOffAndHybrid() throws {
        let (input, labels) = try data(60, seed: 1)
        var spinnaker2Options = SpiNNaker2Options()
        spinnaker2Options.copies = 4
        let chip = Engine.spinnaker2(try SpiNNaker2Engine(spinnaker2Options))
        let twin = Engine.clock(TimeGrid(copies: 4))
        var training = TrainingOptions()
        training.loss = StepTTFSCrossEntropy()
        training.epochs = 2
        training.batchSize = 16
        var ends: [Network] = []
        for (engine, rule) in [(twin, nil), (chip, nil), (chip, twin), (twin, chip)] as [(Engine, Engine?)] {
            let trainer = try Trainer(try network(), training, engine: engine, rule: rule)
            try trainer.run(input, labels: labels)
            ends.append(trainer.network)
        }
        #expect(ends[0] != (try network()))
        for end in ends { #expect(end == ends[0]) }
    }

    /// Before anything is run, and with all in which the grids differ.
    @Test func gridsThatDiffer() throws {
        let (input, labels) = try data(20, seed: 2)
        let (rough, fine) = (Engine.clock(TimeGrid(weightBits: 2)), Engine.clock(TimeGrid(copies: 4)))
        let chip = Engine.spinnaker2(SpiNNaker2Engine())
        var training = TrainingOptions()
        training.loss = StepTTFSCrossEntropy()
        let objective = Objective(loss: training.loss, labels: labels)
        let network = try network()
        let recording = try network.forward(input, engine: rough)
        let own = "time_step 0.001, 27 steps, exponential, weight_bits"
        for other in [fine, chip] {
            for refused in [
                #expect(throws: SpinnpropError.self) {
                    _ = try Trainer(network, training, engine: rough, rule: other)
                },
                #expect(throws: SpinnpropError.self) {
                    _ = try network.gradient(recording, objective, engine: other)
                },
            ] {
                #expect(refused?.kind == .invalidValue)
                let told = "grid (\(own) none) is not the recording's (\(own) 2); leave"
                #expect(refused?.message.contains(told) == true)
            }
        }
        let byDefault = try network.gradient(recording, objective)
        #expect(try byDefault.value == network.gradient(recording, objective, engine: rough).value)
    }

    @Test func recordings() throws {
        let (input, labels) = try data(20, seed: 2)
        let network = try network()
        let engine = Engine.spinnaker2(SpiNNaker2Engine())
        let recording = try network.forward(input, engine: engine)
        #expect(recording.engine == engine.name && recording.grid?.copies == 36)
        let objective = Objective(loss: StepTTFSCrossEntropy(), labels: labels)
        let byDefault = try network.gradient(recording, objective)
        let onSpiNNaker2 = try network.gradient(recording, objective, engine: engine)
        #expect(byDefault.weights == onSpiNNaker2.weights && byDefault.value == onSpiNNaker2.value)
        let message = #expect(throws: SpinnpropError.self) {
            try network.gradient(recording, objective, engine: .event)
        }
        #expect(message?.kind == .unsupported)
    }
}
