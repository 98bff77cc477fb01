// Forward and gradient through the facade: what is checked, and that the real engine, losses and gradients agree.
import Spinnprop
import Testing

struct FacadeTests {
    private func spikes(_ count: Int, seed: UInt64) throws -> (SpikeTrains, [Int]) {
        let set = try YinYang.samples(count: count, seed: Int(seed))
        let trains = try Encoding.latency(x: set.x, sampleCount: count, featureCount: 4, bias: 0)
        return (trains, set.labels)
    }

    @Test func networkOptionsSpread() throws {
        var options = NetworkOptions(sizes: [5, 3, 2])
        options.tauMem = [10e-3, 20e-3]
        options.threshold = [1, 2, 3, 4, 5]
        options.reset = [-0.5]
        let network = try Network(options)
        #expect(network.layers.map(\.parameters.tauMem) == [[10e-3], [20e-3]])
        #expect(network.layers.map(\.parameters.threshold) == [[1, 2, 3], [4, 5]])
        #expect(network.layers.map(\.parameters.reset) == [[-0.5], [-0.5]])
        #expect(
            network.layers.map(\.parameters.tauSyn) == [[LIFParameters.defaultTauSyn], [LIFParameters.defaultTauSyn]])
        #expect(try Network(options) == network)
        options.seed = 1
        #expect(try Network(options) != network)
        options.tauMem = [1, 2, 3]
        let error = #expect(throws: SpinnpropError.self) { try Network(options) }
        #expect(error?.kind == .invalidValue && error?.message.contains("tau_mem has 3 elements") == true)
    }

    @Test func refusalsByName() throws {
        let (input, labels) = try spikes(10, seed: 1)
        let network = try Network(NetworkOptions(sizes: [5, 8, 3]))
        let recording = try network.forward(input)
        func kind(_ body: () throws -> Void) -> SpinnpropError.Kind? {
            do {
                try body()
                return nil
            } catch {
                return (error as? SpinnpropError)?.kind
            }
        }
        let targets = [Double](repeating: 20e-3, count: 30)
        #expect(
            kind {
                _ = try network.gradient(recording, Objective(loss: SpikeTimeMSE(), labels: [], targets: targets))
            } == nil)
        #expect(
            kind {
                _ = try network.gradient(
                    recording, Objective(loss: TTFSCrossEntropy(), labels: [], targets: targets))
            }
                == .unsupported)
        #expect(
            kind { _ = try network.gradient(recording, Objective(loss: VMaxCrossEntropy(), labels: labels)) }
                == .unsupported)
        #expect(
            kind { _ = try network.gradient(recording, Objective(loss: TTFSCrossEntropy(), labels: [0])) }
                == .invalidValue)
        var changed = network
        try changed.setWeights(network.connections[0].weights.map { 2 * $0 }, connection: 0)
        #expect(
            kind { _ = try changed.gradient(recording, Objective(loss: TTFSCrossEntropy(), labels: labels)) }
                == .staleRecording)
        // An infinite loss is an error, not a number.
        let late = Objective(loss: TTFSCrossEntropy(tau1: 1e-6), labels: labels)
        var eager = NetworkOptions(sizes: [5, 8, 3])
        eager.initialisation = Initialisation(mean: [2, 2], std: [0.5, 0.5])
        let loud = try Network(eager)
        #expect(kind { _ = try loud.gradient(try loud.forward(input), late) } == .invalidValue)
        let narrow = SpikeTrains(trustedTimes: [], units: [], offsets: [0], unitCount: 4)
        #expect(kind { _ = try network.forward(narrow) } == .invalidValue)
        var recurrent = NetworkOptions(sizes: [5, 4, 3])
        recurrent.recurrent = [true]
        #expect(kind { _ = try Network(recurrent).forward(input) } == .invalidValue)
    }

    /// Every loss on the real engine: the weight gradient against fourth-order differences.
    @Test(arguments: [LossKind.ttfsCrossEntropy, .vMaxCrossEntropy, .spikeTimeMSE, .spikeCountCrossEntropy])
    func gradientsOfEveryLoss(kind: LossKind) throws {
        let (input, labels) = try spikes(12, seed: 3)
        var options = NetworkOptions(sizes: [5, 10, 3])
        options.leakyReadout = kind == .vMaxCrossEntropy
        options.initialisation = Initialisation(mean: [2, 1.5], std: [0.8, 0.5])
        let network = try Network(options)
        let objective = Objective(loss: try LossParameters(kind).makeLoss(), labels: labels)
        func value(_ index: Int, _ shift: Double) throws -> (Double, [Int]) {
            var moved = network
            var weights = network.connections[1].weights
            weights[index] += shift
            try moved.setWeights(weights, connection: 1)
            let recording = try moved.forward(input)
            return (try objective.loss.evaluate(recording, labels: labels).value, recording.outputLayer.spikes.offsets)
        }
        let gradients = try network.gradient(try network.forward(input), objective)
        let (center, spikes) = try value(0, 0)
        #expect(abs(gradients.value - center) <= 1e-12 * abs(center))
        var compared = 0
        for index in network.connections[1].weights.indices {
            let step = 1e-4
            let points = try [-2.0, -1, 1, 2].map { try value(index, $0 * step) }
            // Only stencils over which no output spike appears or vanishes.
            guard points.allSatisfy({ $0.1 == spikes }) else { continue }
            let difference = (8 * (points[2].0 - points[1].0) - (points[3].0 - points[0].0)) / (12 * step)
            let own = gradients.weights[1][index]
            #expect(abs(difference - own) <= 1e-6 * abs(own) + 1e-8, "\(kind), weight \(index)")
            compared += 1
        }
        #expect(compared >= 15, "\(kind): only \(compared) stencils held")
    }
}
