// The facade: names of engines, refusals by name, and network options.
import Spinnprop
import Testing

struct EngineTests {
    @Test func namesAndCodes() throws {
        for engine in Engine.all {
            #expect(try Engine(name: engine.name).code == engine.code)
            #expect(try Engine(code: engine.code).name == engine.name)
            // A chip that is measured leaves its recordings to another engine's rule.
            #expect(engine.substrate.name == engine.name)
            #expect(engine.gradientRule.name == (engine.name == "brainscales2" ? "event" : engine.name))
        }
        #expect(Engine.clock(TimeGrid()).name == "clock" && Engine.clock(TimeGrid()).code == 1)
        #expect(try Engine(name: "spinnaker2").code == 2)
        #expect(Engine.event.name == "event" && Engine.event.code == 0 && Engine.defaultEngine == .event)
        for name in ["", "Event", "clock-work"] {
            let error = #expect(throws: SpinnpropError.self) { try Engine(name: name) }
            #expect(error?.kind == .invalidValue && error?.message.contains("\"event\"") == true)
        }
        #expect(throws: SpinnpropError.self) { try Engine(code: -1) }
    }

    /// Options of its rule are part of an engine: of what is equal, and of what a training does.
    @Test func firstSpikes() throws {
        var limited = FirstSpikeOptions()
        limited.maxWeightStep = 1e-300
        #expect(try Engine.firstSpike() == Engine(name: "first-spike") && Engine.firstSpike().code == 3)
        #expect(try Engine.firstSpike(limited) != Engine.firstSpike())
        let setting = try Engine.firstSpike().setting()
        #expect(setting.tauMem == 2 * setting.tauSyn)
        // Only deep networks are made otherwise; and on other engines they are not.
        for engine in Engine.all {
            let flat = engine.setting(for: try Network(sizes: [64, 30, 10]))
            let deep = engine.setting(for: try Network(sizes: [64, 30, 30, 10]))
            #expect(flat.laterDrive == flat.hiddenDrive && deep.hiddenDrive == flat.hiddenDrive)
            #expect((deep == flat) == (engine.name != FirstSpikeSubstrate.name))
        }
        var options = NetworkOptions(sizes: [5, 8, 3])
        options.engine = try .firstSpike()
        let network = try Network(options)
        let set = try YinYang.samples(count: 40, seed: 1)
        let input = try Encoding.latency(x: set.x, sampleCount: 40, featureCount: 4, bias: 0)
        var training = TrainingOptions()
        training.epochs = 1
        for (engine, rule, isFixed) in [
            (try Engine.firstSpike(), nil, false), (try .firstSpike(limited), nil, true),
            (try .firstSpike(), try .firstSpike(limited), true), (.event, try .firstSpike(limited), true),
            (try .firstSpike(limited), .event, false),
        ] as [(Engine, Engine?, Bool)] {
            var own = network
            // Once silent for good, spikes of the exact engine are first spikes, too.
            for layer in own.layers.indices {
                var parameters = own.layers[layer].parameters
                parameters.reset = [-1e12]
                try own.setParameters(parameters, layer: layer)
            }
            let trainer = try Trainer(own, training, engine: engine, rule: rule)
            try trainer.run(input, labels: set.labels)
            let isSame = zip(trainer.network.connections, own.connections).allSatisfy { $0.weights == $1.weights }
            #expect(isSame == isFixed, "\(engine.name), \(rule?.name ?? "own rule")")
        }
    }

    @Test func whatSuitsAnEngine() throws {
        let exact = Engine.event.setting()
        #expect(exact.learningRate == OptimizerOptions().learningRate && exact.clipNorm == OptimizerOptions().clipNorm)
        #expect(exact.bump == WeightBumping().amount && exact.hiddenDrive == Drive() && exact.outputDrive == Drive())
        #expect(try Engine.event.defaultLoss(for: Network(sizes: [5, 3])) == LossParameters(.ttfsCrossEntropy))
        for steps in [2, 27, 102] {
            let grid = TimeGrid(timeStep: 2e-3, steps: steps)
            let setting = Engine.clock(grid).setting()
            var chip = SpiNNaker2Options()
            chip.grid = grid
            #expect(setting == Engine.spinnaker2(try SpiNNaker2Engine(chip)).setting() && setting != exact)
            #expect(setting.tauMem == Double(steps) * 2e-3 && setting.tauSyn == setting.tauMem)
            #expect(setting.bump > 0 && setting.clipNorm == .infinity)
            // A network takes what is not given, and any engine may run it.
            var options = NetworkOptions(sizes: [5, 4, 3])
            options.engine = .clock(grid)
            options.tauSyn = [3e-3]
            let network = try Network(options)
            #expect(network.layers[1].parameters[0].tauMem == setting.tauMem)
            #expect(network.layers[0].parameters[0].tauSyn == 3e-3)
            options.engine = .event
            #expect(try Network(options).layers[1].parameters[0].tauMem == LIFParameters.defaultTauMem)
        }
        for engine in Engine.all {
            #expect(
                try engine.defaultLoss(for: Network(sizes: [5, 3], leakyReadout: true))
                    == LossParameters(.vMaxCrossEntropy))
            let network = try Network(sizes: [5, 3])
            #expect(throws: Never.self) { try engine.defaultLoss(for: network).makeLoss() }
        }
    }
}
