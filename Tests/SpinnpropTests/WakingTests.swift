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
        // Where no scaling helps, weights stay as they were: without input, and without a weight above 0.
        let silent = SpikeTrains(trustedTimes: [], units: [], offsets: [0, 0], unitCount: 5)
        let before = try faint(1)
        var network = before
        try network.wakeSilentLayers(on: silent)
        #expect(network == before)
        var negative = before
        for (index, connection) in negative.connections.enumerated() {
            try negative.setWeights(connection.weights.map { -$0.magnitude }, connection: index)
        }
        network = negative
        try network.wakeSilentLayers(on: input)
        #expect(network == negative)
        // Samples that are silent ask for nothing.
        let half = SpikeTrains(
            trustedTimes: input.times, units: input.units,
            offsets: input.offsets + [Int](repeating: input.times.count, count: input.sampleCount), unitCount: 5)
        var (alone, beside) = (try faint(0.2), try faint(0.2))
        try alone.wakeSilentLayers(on: input)
        try beside.wakeSilentLayers(on: half)
        #expect(try alone == beside && alone != faint(0.2))
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
}
