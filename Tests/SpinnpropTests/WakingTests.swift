// Initial weights that are too small for the data to wake a layer.
import Spinnprop
import Testing

struct WakingTests {
    private let input: SpikeTrains
    init() throws {
        let set = try YinYang.samples(count: 50, seed: 1)
        input = try Encoding.latency(x: set.x, sampleCount: 50, featureCount: 4, bias: 0)
    }

    /// Fractions of silent (sample, neuron) pairs.
    private func silence(_ network: Network, _ engine: Engine = .event) throws -> [Double] {
        let recording = try network.forward(input, engine: engine)
        return recording.layers.indices.map {
            Double(Diagnostics(recording, layer: $0).silentPairs)
                / Double(recording.sampleCount * recording.layers[$0].neuronCount)
        }
    }

    private func faint(_ factor: Double, leaky: Bool = false, engine: Engine = .event) throws -> Network {
        var options = NetworkOptions(sizes: [5, 20, 10, 3])
        options.leakyReadout = leaky
        options.engine = engine
        var network = try Network(options)
        for (index, connection) in network.connections.enumerated() {
            try network.setWeights(connection.weights.map { factor * $0 }, connection: index)
        }
        return network
    }

    @Test(arguments: [Engine.event, .clock(TimeGrid(steps: 60))])
    func wakesEachLayer(engine: Engine) throws {
        var network = try faint(0.2, engine: engine)
        #expect(try silence(network, engine)[0] > 0.7)
        try network.wakeSilentLayers(on: input, engine: engine)
        let after = try silence(network, engine)
        #expect(after[0] <= 0.7 && after[1] <= 0.7 && after[2] <= 0.1, "\(after)")
        // What spikes enough stays as it is.
        let woken = network
        try network.wakeSilentLayers(on: input, engine: engine)
        #expect(network == woken)
    }

    @Test func ends() throws {
        // Without input nothing helps: every layer is scaled so often, with those before it, and no more.
        let silent = SpikeTrains(trustedTimes: [], units: [], offsets: [0, 0], unitCount: 5)
        let before = try faint(1)
        var network = before
        try network.wakeSilentLayers(on: silent)
        for (index, times) in [90.0, 60, 30].enumerated() {
            let ratio = network.connections[index].weights[0] / before.connections[index].weights[0]
            #expect(abs(ratio / pow(1.1, times) - 1) < 1e-12)
        }
        // A leaky read-out is not waited for.
        network = try faint(1, leaky: true)
        try network.wakeSilentLayers(on: silent)
        #expect(try network.connections[2].weights == faint(1, leaky: true).connections[2].weights)
        // No samples, nothing to go by.
        network = before
        try network.wakeSilentLayers(on: SpikeTrains(trustedTimes: [], units: [], offsets: [0], unitCount: 5))
        #expect(network == before)
        // An error leaves it as it was.
        #expect(throws: SpinnpropError.self) {
            try network.wakeSilentLayers(on: input, options: ForwardOptions(maxSpikes: 1))
        }
        #expect(network == before)
    }

    private func pow(_ base: Double, _ exponent: Double) -> Double {
        (0..<Int(exponent)).reduce(1) { x, _ in x * base }
    }
}
