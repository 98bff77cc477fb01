// Training of neuron parameters on exact events: wrong ones are learnt back, domains are kept to, stopped runs go on, others are refused.
import EventDriven
import Foundation
import Learning
import Mathematics
import Neurons
import Spikes
import Testing

@testable import Networks
@testable import TestSupport

struct NeuronTrainingTests {
    /// Inputs at random times to a layer of neurons, each neuron with parameters of its own or all with the same.
    private func teacher(shared: Bool, driven: Bool = false) throws -> (network: Network, input: SpikeTrains) {
        var own = Configuration(sizes: [4, 5], ratio: shared ? 3 : nil, samples: 10, spikesPerInput: 3, gain: 3)
        own.reset = 0.1
        if driven { own.drive = shared ? 0.4...0.4 : 0.2...0.5 }
        let instance = try RandomCase(own, seed: 6)
        return (instance.network, instance.input)
    }

    /// Time constants together, and thresholds: first spikes hardly tell a higher threshold from a slower membrane.
    @Test(
        arguments: [
            ([.tauMem, .tauSyn], true), ([.tauMem], false), ([.threshold], false), ([.drive], false), ([.drive], true),
        ]
            as [(TrainedParameters, Bool)])
    func wrongParametersAreLearntBack(train: TrainedParameters, shared: Bool) throws {
        let (truth, input) = try teacher(shared: shared, driven: train.contains(.drive))
        func forward(_ network: Network) throws -> Recording {
            try EventSubstrate().forward(network, input, options: ForwardOptions(), monitor: nil)
        }
        var loss = SpikeTimeMSE()
        loss.tau0 = 5e-3
        let objective = Objective(
            loss: loss, labels: [], targets: try forward(truth).firstSpikeTimes, wantsInputTimes: false,
            wantsNeurons: true)
        let fields = train.fields
        var (network, wrong) = (truth, truth.layers[0].parameters)
        var random = RandomStream(seed: 2, stream: 0)
        for field in fields {
            for n in wrong[keyPath: field.path].indices {
                wrong[keyPath: field.path][n] *= Elementary.exp(0.2 * (2 * random.uniform() - 1))
            }
        }
        try network.setParameters(wrong, layer: 0)
        var options = OptimizerOptions()
        options.train = train
        options.clipNorm = .infinity
        var optimizer = try Optimizer(options, for: network)
        var losses: [Double] = []
        for step in 0..<3000 {
            var own = try EventAdjoint().backward(network, try forward(network), objective, monitor: nil)
            losses.append(own.value)
            try optimizer.step(&network, &own, rateFactor: pow(0.998, Double(step)))
        }
        #expect(network.connections == truth.connections)
        var (before, after) = (0.0, 0.0)
        for field in fields {
            let values = network.layers[0].parameters[keyPath: field.path]
            let expected = truth.layers[0].parameters[keyPath: field.path]
            #expect(values.count == (shared ? 1 : 5))
            for n in values.indices {
                before = max(before, abs(wrong[keyPath: field.path][n] / expected[n] - 1))
                after = max(after, abs(values[n] / expected[n] - 1))
            }
        }
        let (first, last) = (losses[0], losses[losses.count - 1])
        print(
            "neuron training: \(fields.map(\.name)), shared \(shared): loss \(first) -> \(last), "
                + "parameters off by \(before) -> \(after)")
        #expect(last < 1e-3 * first && after < 0.1 * before)
    }

    /// However large the steps, neurons stay in their domain: they could be set so.
    @Test(arguments: [OptimizerKind.sgd, .adam, .adamW], [true, false])
    func stepsKeepToTheDomain(kind: OptimizerKind, shared: Bool) throws {
        let (start, _) = try teacher(shared: shared)
        for train in [
            [.tauMem], [.tauSyn], [.threshold], [.reset], [.drive], [.tauMem, .tauSyn, .threshold, .reset, .drive],
        ] as [TrainedParameters] {
            for (rate, sign) in [(1.0, 1.0), (1, -1), (1e3, 1), (1e3, -1), (1e6, 1), (1e6, -1)] {
                var network = start
                var options = OptimizerOptions()
                (options.kind, options.train, options.neuronLearningRate) = (kind, train, rate)
                options.clipNorm = .infinity
                var optimizer = try Optimizer(options, for: network)
                for step in 0..<6 {
                    var own = Gradients(zerosFor: network)
                    let values = (0..<5).map { sign * ($0 == step ? -3 : 1) }
                    own.neurons = [
                        LIFParameters(
                            tauMem: values, tauSyn: values, threshold: values, reset: values, drive: values,
                            refractory: [])
                    ]
                    try optimizer.step(&network, &own)
                    let now = network.layers[0].parameters
                    try now.check(neuronCount: 5)
                    for (neuron, reset) in now.reset.enumerated() {
                        #expect(reset <= now[neuron].threshold * (1 - 0.99e-3), "\(train), \(rate), \(now)")
                    }
                    for (field, trained) in zip(
                        LIFParameters.fields, [.tauMem, .tauSyn, .threshold, .reset, .drive] as [TrainedParameters])
                    where !train.contains(trained) {
                        #expect(now[keyPath: field.path] == start.layers[0].parameters[keyPath: field.path])
                    }
                }
                #expect(network != start)
            }
        }
    }

    /// The formulas of `NeuronRule`, by descent: one step, and the next from there.
    @Test(arguments: [true, false]) func stepsAreThoseOfTheFormulas(shared: Bool) throws {
        let (start, _) = try teacher(shared: shared, driven: true)
        var network = start
        var options = OptimizerOptions()
        (options.kind, options.train) = (.sgd, [.tauMem, .tauSyn, .threshold, .reset, .drive])
        (options.neuronLearningRate, options.clipNorm) = (1e-2, .infinity)
        var optimizer = try Optimizer(options, for: network)
        let base = start.layers[0].parameters
        let fields = LIFParameters.fields.dropLast()
        var numbers = fields.map { base[keyPath: $0.path].map { _ in 0.0 } }
        for step in 0..<3 {
            let gradient = LIFParameters(
                tauMem: [3, -2, 1, 5, 4], tauSyn: [-7, 1, 2, 1, 0], threshold: [0.1, 0.2, -0.3, 0.4, 0.5],
                reset: [0.3, 0.1, 0.2, -0.1, 0.4 + Double(step)],
                drive: [0.5, -0.2, 0.1, 0.3, -0.6], refractory: [])
            let now = network.layers[0].parameters
            var own = Gradients(zerosFor: network)
            own.neurons = [gradient]
            try optimizer.step(&network, &own)
            for (index, field) in fields.enumerated() {
                let isAdded = field.name == "reset" || field.name == "drive"
                let entries = gradient[keyPath: field.path]
                for n in numbers[index].indices {
                    let sum = shared ? entries.reduce(0, +) : entries[n]
                    let slope = isAdded ? base[n].threshold : now[keyPath: field.path][n]
                    numbers[index][n] -= 1e-2 * sum * slope
                    let expected =
                        isAdded
                        ? base[keyPath: field.path][shared ? 0 : n] + base[n].threshold * numbers[index][n]
                        : base[keyPath: field.path][n] * exp(numbers[index][n])
                    let value = network.layers[0].parameters[keyPath: field.path][n]
                    #expect(abs(value - expected) <= 1e-14, "\(field.name), \(n): \(value) instead of \(expected)")
                }
            }
        }
    }

    private func trainer(
        _ network: Network, _ train: TrainedParameters, _ substrate: any Substrate = EventSubstrate(),
        _ change: (inout TrainingOptions) -> Void = { _ in }
    ) throws -> Trainer {
        var options = TrainingOptions()
        (options.epochs, options.batchSize, options.optimizer.train) = (4, 7, train)
        options.optimizer.delayLearningRate = train.contains(.delays) ? 1e-4 : 0
        options.rate = RateRegularisation(strength: 0.1)
        change(&options)
        return try Trainer(network, options, substrate: substrate)
    }

    /// Every mixture of what is trained changes that and nothing else; a run that has been stopped ends in the same bits on other threads.
    @Test(
        arguments: [
            [.weights], [.tauMem], [.weights, .tauMem, .tauSyn], [.delays, .threshold],
            [.weights, .delays, .tauMem, .tauSyn, .threshold, .reset, .drive],
            [.delays], [.drive],
        ] as [TrainedParameters])
    func trainingsChangeWhatTheyTrain(train: TrainedParameters) throws {
        let instance = try RandomCase(
            Configuration(sizes: [4, 8, 3], ratio: nil, delays: [.axonal], samples: 40, gain: 2), seed: 3)
        let whole = try trainer(instance.network, train)
        try withThreads(1) { try whole.run(instance.input, labels: instance.labels) }
        let (before, after) = (instance.network, whole.network)
        #expect((before.connections.map(\.weights) != after.connections.map(\.weights)) == train.contains(.weights))
        #expect((before.connections.map(\.delays) != after.connections.map(\.delays)) == train.contains(.delays))
        for (field, own) in zip(
            LIFParameters.fields, [.tauMem, .tauSyn, .threshold, .reset, .drive] as [TrainedParameters])
        {
            let differ =
                before.layers.map { $0.parameters[keyPath: field.path] }
                != after.layers.map { $0.parameters[keyPath: field.path] }
            #expect(differ == train.contains(own), "\(field.name)")
        }
        try withTemporaryFolder { folder in
            let path = FilePath("\(folder)/run.checkpoint")
            func part(_ epochs: Int) throws -> Trainer {
                try trainer(instance.network, train) {
                    ($0.epochs, $0.checkpointPath, $0.resume) = (epochs, path, true)
                }
            }
            try withThreads(3) {
                try part(1).run(instance.input, labels: instance.labels)
                let rest = try part(4)
                #expect(rest.epochsDone == 1)
                try rest.run(instance.input, labels: instance.labels)
                #expect(rest.network == after && rest.history.map(\.loss) == whole.history.map(\.loss))
            }
            // Another training's neurons are not taken for this one's.
            #expect(throws: SpinnpropError.self) {
                _ = try trainer(instance.network, train.symmetricDifference(.tauSyn)) {
                    ($0.checkpointPath, $0.resume) = (path, true)
                }
            }
        }
    }

    @Test func refusals() throws {
        let (network, _) = try teacher(shared: true)
        for raw in [-1, 128, 1 << 40] {
            #expect(throws: SpinnpropError.self) { _ = try trainer(network, TrainedParameters(rawValue: raw)) }
        }
        #expect(throws: SpinnpropError.self) {
            _ = try trainer(network, [.weights]) { $0.optimizer.delayLearningRate = 1e-3 }
        }
        #expect(throws: SpinnpropError.self) {
            _ = try trainer(network, [.delays]) { $0.optimizer.delayLearningRate = 0 }
        }
        for rate in [-1, .nan, .infinity] as [Double] {
            #expect(throws: SpinnpropError.self) {
                _ = try trainer(network, [.tauMem]) { $0.optimizer.neuronLearningRate = rate }
            }
        }
        for value in [Double.nan, .infinity, -.infinity, 1e150] {
            var (own, options) = (network, OptimizerOptions())
            options.train = [.tauMem]
            var optimizer = try Optimizer(options, for: network)
            var gradients = Gradients(zerosFor: network)
            let values = [0, value, 0, 0, 0]
            gradients.neurons = [LIFParameters.none]
            gradients.neurons[0].tauMem = values
            let before = optimizer
            var none = Gradients(zerosFor: network)
            #expect(throws: SpinnpropError.self) { try optimizer.step(&own, &none) }
            #expect(throws: SpinnpropError.self, "\(value)") { try optimizer.step(&own, &gradients) }
            #expect(own == network && optimizer == before)
        }
    }
}
