// Weight bumping: which layer, which weights, how much, and when it ends.
import Networks
import Spikes
import Testing

@testable import Learning
@testable import TestSupport

struct BumpingTests {
    /// A recording of a 2-4-2 network in which the given neurons spiked, in two samples.
    private func recording(hidden: [Int], outputs: [Int]) -> Recording {
        func layer(_ neurons: [Int], _ count: Int) -> LayerRecording {
            let columns = try! SpikeColumns()
            for neuron in neurons { try! columns.append(time: 1e-3, unit: neuron, current: 2) }
            columns.ends = [0, columns.count]
            return LayerRecording(neuronCount: count, isSpiking: true, thresholds: [1], segments: [columns])
        }
        return Recording(
            input: SpikeTrains(trustedTimes: [], units: [], offsets: [0, 0, 0], unitCount: 2),
            layers: [layer(hidden, 4), layer(outputs, 2)], partition: [0..<2], fingerprint: nil, engine: "test",
            endTime: .infinity)
    }

    /// As training does. Returns whether there was a layer to bump.
    private func bump(
        _ state: inout BumpState, _ options: WeightBumping, _ network: inout Network, after recording: Recording,
        isFrozen: [Bool] = [false, false]
    ) -> Bool {
        guard let silent = state.next(options, after: [BatchSpikes(recording)], isFrozen: isFrozen) else {
            return false
        }
        network.raiseWeights(of: silent, layer: state.layer, by: state.amount)
        return true
    }

    private func bumping() -> WeightBumping {
        var options = WeightBumping()
        options.amount = 0.5
        return options
    }

    @Test func firstLayerBeyondItsLimit() throws {
        var network = try Network(sizes: [2, 4, 2], recurrent: [true])
        var state = BumpState()
        // One of four hidden neurons silent is within the limit of 0.3; two are not.
        let none = bump(&state, bumping(), &network, after: recording(hidden: [0, 1, 2], outputs: [0, 1]))
        #expect(!none && state == BumpState())
        let hidden = bump(&state, bumping(), &network, after: recording(hidden: [0, 2], outputs: []))
        #expect(hidden && state.layer == 0)
        #expect(network.connections[0].weights == [0, 0, 0.5, 0.5, 0, 0, 0.5, 0.5])
        // Later layers and recurrent weights wait.
        #expect(network.connections[1...].allSatisfy { $0.weights.allSatisfy { $0 == 0 } })
    }

    @Test func frozenLayersArePassedOver() throws {
        var network = try Network(sizes: [2, 4, 2])
        var state = BumpState()
        let dead = recording(hidden: [0], outputs: [1])
        let bumped = bump(&state, bumping(), &network, after: dead, isFrozen: [true, false])
        #expect(bumped && state.layer == 1 && network.connections[0].weights.allSatisfy { $0 == 0 })
        let none = bump(&state, bumping(), &network, after: dead, isFrozen: [true, true])
        #expect(!none && state == BumpState())
    }

    @Test func amountDoublesWhileTheSameLayerCalls() throws {
        var network = try Network(sizes: [2, 4, 2])
        var state = BumpState()
        let dead = recording(hidden: [0, 1, 2], outputs: [1])
        for expected in [0.5, 1.5, 3.5] {
            let bumped = bump(&state, bumping(), &network, after: dead)
            #expect(bumped && network.connections[1].weights == [0, 0, 0, 0].map { $0 + expected } + [0, 0, 0, 0])
        }
        // Another layer begins anew, and so does the same one after a good batch.
        _ = bump(&state, bumping(), &network, after: recording(hidden: [], outputs: []))
        #expect(state.layer == 0 && state.amount == 0.5)
        _ = bump(&state, bumping(), &network, after: recording(hidden: [0, 1, 2, 3], outputs: [0, 1]))
        #expect(state == BumpState())
        _ = bump(&state, bumping(), &network, after: dead)
        #expect(state.layer == 1 && state.amount == 0.5)
    }

    /// Of pairs: a neuron that missed one sample of two is half silent, and is raised.
    @Test func pairsOfSamplesAndNeurons() throws {
        var options = bumping()
        options.ofPairs = true
        var network = try Network(sizes: [2, 4, 2])
        var state = BumpState()
        // Both samples have neuron 0, twice in the second one; the second has 1, 2 and 3, too: 3 of 8 pairs are silent.
        let columns = try SpikeColumns()
        for neuron in [0, 0, 1, 0, 2, 3] { try columns.append(time: 1e-3, unit: neuron, current: 2) }
        columns.ends = [1, 6]
        var spikes = recording(hidden: [], outputs: [])
        spikes = Recording(
            input: spikes.input,
            layers: [
                LayerRecording(neuronCount: 4, isSpiking: true, thresholds: [1], segments: [columns]), spikes.layers[1],
            ],
            partition: [0..<2], fingerprint: nil, engine: "test", endTime: .infinity)
        let hidden = bump(&state, options, &network, after: spikes)
        #expect(hidden && state.layer == 0 && network.connections[0].weights == [0, 0, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5])
        // At the limit nothing is raised there; the outputs, which miss all samples, are.
        options.hiddenLimit = 3.0 / 8
        let outputs = bump(&state, options, &network, after: spikes)
        #expect(outputs && state.layer == 1 && network.connections[1].weights.allSatisfy { $0 == 0.5 })
    }

    @Test func staysWithinBounds() throws {
        var network = try Network(sizes: [2, 4, 2])
        var state = BumpState()
        for _ in 0..<2000 { _ = bump(&state, bumping(), &network, after: recording(hidden: [], outputs: [])) }
        #expect(network.connections[0].weights.allSatisfy { $0 > 0 && $0 < 1e9 })
    }

    @Test func offByDefault() throws {
        var network = try Network(sizes: [2, 4, 2])
        let before = network
        var state = BumpState()
        let bumped = bump(&state, WeightBumping(), &network, after: recording(hidden: [], outputs: []))
        #expect(!bumped && network == before)
    }

    /// The step of a bumped batch is skipped, and training recovers a network that began silent.
    @Test func recoversASilentNetwork() throws {
        var silent = try Network(sizes: [4, 3])
        try silent.setWeights([Double](repeating: -1.5, count: 12), connection: 0)
        var options = TrainingOptions()
        options.epochs = 30
        options.batchSize = 20
        options.optimizer.learningRate = 0.05
        let data = toyData(samples: 100, seed: 1)
        let dead = try Trainer(silent, options, substrate: ToySubstrate(), rule: ToyRule())
        try dead.run(data.input, labels: data.labels)
        #expect(dead.network == silent && dead.history[29].skipped == 1)
        options.bumping.amount = 5e-4
        let live = try Trainer(silent, options, substrate: ToySubstrate(), rule: ToyRule())
        try live.run(data.input, labels: data.labels)
        #expect(live.history[29].accuracy > 0.9)
    }
}
