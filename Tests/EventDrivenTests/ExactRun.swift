// Random cases on the engine under test.
import EventDriven
import Mathematics
import Networks
import Spikes
import Testing

@testable import TestSupport

extension RandomCase {
    func forward(_ network: Network? = nil, _ input: SpikeTrains? = nil) throws -> Recording {
        try forward(EventSubstrate(), network, input)
    }
}

extension RandomCase {
    /// A case of which a part of the synapses exists, together as strong as all were.
    init(_ configuration: Configuration, seed: UInt64, density: Double) throws {
        try self.init(configuration, seed: seed)
        var random = RandomStream(seed: seed, stream: 21)
        for (index, connection) in network.connections.enumerated() {
            let mask = connection.weights.indices.map { _ in random.uniform() < density }
            let scale = 1 / (connection.isRecurrent ? density.squareRoot() : density)
            try network.setWeights(connection.weights.map { $0 * scale }, connection: index)
            try network.setMask(mask, connection: index)
        }
    }
}
