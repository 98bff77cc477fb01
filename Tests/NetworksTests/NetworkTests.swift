// Networks: what is built, what is refused, and how parameters are told apart.
import Mathematics
import Networks
import Neurons
import Testing

struct NetworkTests {
    @Test func chainWithRecurrence() throws {
        let network = try Network(sizes: [5, 4, 3, 2], delays: [.axonal], recurrent: [false, true])
        #expect(network.inputCount == 5 && network.outputCount == 2 && network.hasRecurrence)
        #expect(network.layers.map(\.neuronCount) == [4, 3, 2])
        #expect(network.connections.map(\.source) == [nil, 0, 1, 1])
        #expect(network.connections.map(\.target) == [0, 1, 2, 1])
        #expect(network.connections.map(\.weights.count) == [20, 12, 6, 9])
        #expect(network.connections.map(\.delays.count) == [5, 4, 3, 3])
        #expect(network.connectionIndex(into: 1, recurrent: true) == 3)
        #expect(network.connectionIndex(into: 0, recurrent: true) == nil)
        let leaky = try Network(sizes: [2, 3, 2], recurrent: [true], leakyReadout: true)
        #expect(leaky.layers.map(\.isSpiking) == [true, false] && leaky.connections.count == 3)
    }

    @Test func eachLayerHasItsKindOfDelay() throws {
        let network = try Network(sizes: [5, 4, 3, 2], delays: [.axonal, .none, .dendritic], recurrent: [true])
        #expect(network.connections.map(\.delayKind) == [.axonal, .none, .dendritic, .axonal, .none])
        #expect(network.connections.map(\.delays.count) == [5, 0, 2, 4, 0] && network.hasDelays)
        #expect(try !Network(sizes: [5, 4, 3], delays: [.none, .none]).hasDelays)
        for wrong in [[], [.axonal, .none], [DelayKind](repeating: .none, count: 4)] as [[DelayKind]] {
            let error = #expect(throws: SpinnpropError.self) { try Network(sizes: [5, 4, 3, 2], delays: wrong) }
            #expect(error?.message == "\(wrong.count) kinds of delay for 3 layers; give one for all, or one each")
        }
    }

    @Test(arguments: [(DelayKind.none, 0), (.synaptic, 12), (.axonal, 4), (.dendritic, 3)])
    func delayShapes(kind: DelayKind, count: Int) throws {
        var network = try Network(sizes: [4, 3], delays: [kind])
        #expect(network.connections[0].delays.count == count && network.connections[0].delayKind == kind)
        let settable = kind == .none ? 12 : count
        try network.setDelays([Double](repeating: 0, count: settable), connection: 0)
        #expect(throws: SpinnpropError.self) {
            try network.setDelays([Double](repeating: 0, count: settable + 1), connection: 0)
        }
        if kind == .none {
            #expect(throws: SpinnpropError.self) {
                try network.setDelays([Double](repeating: 1e-3, count: 12), connection: 0)
            }
        }
    }

    @Test func refusals() {
        let wrong: [() throws -> Network] = [
            { try Network(sizes: []) }, { try Network(sizes: [3]) }, { try Network(sizes: [3, 0]) },
            { try Network(sizes: [-1, 2]) }, { try Network(sizes: [3, .max]) },
            { try Network(sizes: [2, 2, 2], recurrent: [true, true]) },
            { try Network(sizes: [2, 2], parameters: []) },
            { try Network(sizes: [2, 2], parameters: [LIFParameters(), LIFParameters()]) },
            { try Network(sizes: [2, 2], parameters: [LIFParameters(tauMem: [0])]) },
            { try Network(sizes: [2, 2], parameters: [LIFParameters(tauSyn: [.nan])]) },
            { try Network(sizes: [2, 2], parameters: [LIFParameters(threshold: [-1])]) },
            { try Network(sizes: [2, 2], parameters: [LIFParameters(reset: [1])]) },
            { try Network(sizes: [2, 2], parameters: [LIFParameters(tauMem: [1, 1, 1])]) },
            { try Network(sizes: [2, 2], parameters: [LIFParameters(tauMem: [1e7], tauSyn: [1e-3])]) },
        ]
        for (index, make) in wrong.enumerated() {
            let error = #expect(throws: SpinnpropError.self, "\(index)") { try make() }
            #expect(error?.kind == .invalidValue)
        }
        let absurd = #expect(throws: SpinnpropError.self) { try Network(sizes: [2_000_000_000, 2_000_000_000]) }
        #expect(absurd?.kind == .outOfMemory)
    }

    @Test func settersCheckAndLeaveAlone() throws {
        var network = try Network(sizes: [2, 2], delays: [.synaptic])
        let before = network
        for values in [[1, 2, 3], [1, 2, 3, .nan], [1, 2, 3, .infinity], []] {
            #expect(throws: SpinnpropError.self) { try network.setWeights(values, connection: 0) }
        }
        for values in [[0, 0, 0, -1e-9], [0, 0, 0, .nan], [0]] {
            #expect(throws: SpinnpropError.self) { try network.setDelays(values, connection: 0) }
        }
        #expect(throws: SpinnpropError.self) { try network.setParameters(LIFParameters(tauMem: [-1]), layer: 0) }
        #expect(network == before)
    }

    @Test func fingerprintTellsEveryParameter() throws {
        let network = try Network(sizes: [3, 2, 2], delays: [.dendritic], recurrent: [true])
        var seen: Set<UInt64> = [network.fingerprint]
        var count = 1
        func note(_ other: Network) {
            seen.insert(other.fingerprint)
            count += 1
        }
        for connection in network.connections.indices {
            for index in network.connections[connection].weights.indices {
                var changed = network
                var values = network.connections[connection].weights
                values[index] = .leastNonzeroMagnitude
                try changed.setWeights(values, connection: connection)
                note(changed)
            }
            for index in network.connections[connection].delays.indices {
                var changed = network
                var values = network.connections[connection].delays
                values[index] = 1e-3
                try changed.setDelays(values, connection: connection)
                note(changed)
            }
        }
        for layer in 0..<2 {
            for path in [\LIFParameters.tauMem, \.tauSyn, \.threshold, \.reset] {
                var changed = network
                var parameters = network.layers[layer].parameters
                parameters[keyPath: path][0] -= 1e-4
                try changed.setParameters(parameters, layer: layer)
                note(changed)
            }
        }
        note(try Network(sizes: [3, 2, 2], delays: [.axonal], recurrent: [true]))
        note(try Network(sizes: [3, 2, 2], delays: [.dendritic], recurrent: [true], leakyReadout: true))
        #expect(seen.count == count)
        let same = try Network(sizes: [3, 2, 2], delays: [.dendritic], recurrent: [true])
        #expect(network.fingerprint == same.fingerprint)
    }

    /// Ratios of time constants at the bounds of their domain are in it, however the decimals round; the next are not.
    @Test(arguments: [1.0, 3.0, 5e-3, 7e-3, 20e-3, 1e-9, 0.3])
    func ratiosAtTheBounds(tauSyn: Double) throws {
        func makes(_ tauMem: Double, _ tauSyn: Double) -> Bool {
            let parameters = LIFParameters(tauMem: [tauMem], tauSyn: [tauSyn])
            return (try? Network(sizes: [1, 1], parameters: [parameters])) != nil
        }
        #expect(makes(tauSyn * 1e-6, tauSyn) && makes(tauSyn / 1e6, tauSyn) && makes(tauSyn, tauSyn * 1e-6))
        #expect(makes(tauSyn * 1e6, tauSyn) && makes(tauSyn, tauSyn / 1e6))
        #expect(!makes(tauSyn * 0.999999e-6, tauSyn) && !makes(tauSyn * 1.000001e6, tauSyn))
    }
}
