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

    /// First one connection for each layer, then what skips, then recurrence; delays go with the pairs as they are given.
    @Test func connectionsInAnyOrder() throws {
        let given = [Ends(2, 2), Ends(0, 3), Ends(1, 3), Ends(0, 2), Ends(0, 1), Ends(1, 2), Ends(1, 1)]
        let kinds: [DelayKind] = [.synaptic, .axonal, .dendritic, .none, .dendritic, .axonal, .none]
        let network = try Network(sizes: [5, 4, 3, 2], delays: kinds, connections: given)
        let order = [Ends(0, 1), Ends(1, 2), Ends(0, 3), Ends(0, 2), Ends(1, 3), Ends(1, 1), Ends(2, 2)]
        #expect(network.connections.map(\.ends) == order && !network.isChain)
        #expect(network.connections.map(\.isFirst) == [true, true, true, false, false, false, false])
        #expect(network.connections.map(\.delayKind) == order.map { kinds[given.firstIndex(of: $0) ?? -1] })
        #expect(network.connections.map(\.weights.count) == [20, 12, 10, 15, 8, 16, 9])
        #expect(network.connections.map(\.delays.count) == [4, 4, 5, 0, 2, 0, 9])
        #expect(network.connections[3].name("weights") == "weights[0, 2]")
        #expect(network.connections[2].name("weights") == "weights[2]")
        let chain = [Ends(1, 1), Ends(1, 2), Ends(0, 1)]
        #expect(
            try Network(sizes: [5, 4, 3], delays: [.axonal], connections: chain)
                == Network(sizes: [5, 4, 3], delays: [.axonal], recurrent: [true]))
        #expect(try !Network(sizes: [5, 4, 3], delays: [.axonal, .none, .none], connections: chain).isChain)
        let recurrentOutput = try Network(sizes: [5, 4], connections: [Ends(0, 1), Ends(1, 1)])
        #expect(!recurrentOutput.isChain && recurrentOutput.hasRecurrence)
        let seen = try [[], [Ends(0, 2)], [Ends(2, 2)], [Ends(0, 2), Ends(2, 2)]].map {
            try Network(sizes: [3, 3, 3], connections: [Ends(0, 1), Ends(1, 2)] + $0).fingerprint
        }
        #expect(Set(seen).count == 4)
    }

    @Test func wrongConnections() throws {
        let wrong: [([Ends], Bool, String)] = [
            ([], false, "no connection leads to population 1 but from itself; add (0, 1) to connections"),
            (
                [Ends(0, 1), Ends(0, 2)], false,
                "no connection leads to population 3 but from itself; add (2, 3) to connections"
            ),
            (
                [Ends(0, 1), Ends(1, 2), Ends(3, 3)], false,
                "no connection leads to population 3 but from itself; add (2, 3) to connections"
            ),
            (
                [Ends(0, 1), Ends(-1, 2)], false,
                "connections[1] is (-1, 2); sources are 0, the input, .. 3, the last layer, and targets 1 .. 3"
            ),
            (
                [Ends(0, 4)], false,
                "connections[0] is (0, 4); sources are 0, the input, .. 3, the last layer, and targets 1 .. 3"
            ),
            (
                [Ends(0, 0)], false,
                "connections[0] is (0, 0); sources are 0, the input, .. 3, the last layer, and targets 1 .. 3"
            ),
            (
                [Ends(0, 1), Ends(2, 1)], false,
                "connections[1] is (2, 1), which leads backward; layers are run one after the other, so connect (1, 2), or a layer with itself"
            ),
            (
                [Ends(0, 1), Ends(1, 2), Ends(0, 1)], false,
                "connections[2] is (0, 1), and so is connections[0]; give each pair once"
            ),
            (
                [Ends(0, 1), Ends(3, 3)], true,
                "connections[1] is (3, 3), but the last layer is a leaky read-out, which sends nothing; leave it out"
            ),
            (
                [Ends(.max, .max)], false,
                "connections[0] is (\(Int.max), \(Int.max)); sources are 0, the input, .. 3, the last layer, and targets 1 .. 3"
            ),
        ]
        for (ends, leaky, message) in wrong {
            let error = #expect(throws: SpinnpropError.self, "\(ends)") {
                try Network(sizes: [5, 4, 3, 2], leakyReadout: leaky, connections: ends)
            }
            #expect(error?.message == message && error?.kind == .invalidValue)
        }
        let both = #expect(throws: SpinnpropError.self) {
            try Network(sizes: [5, 4, 3], recurrent: [true], connections: [Ends(0, 1), Ends(1, 2)])
        }
        #expect(both?.message.hasPrefix("recurrent is given beside connections") == true)
        let kinds = #expect(throws: SpinnpropError.self) {
            try Network(
                sizes: [5, 4, 3], delays: [.axonal, .none], connections: [Ends(0, 1), Ends(1, 2), Ends(0, 2)])
        }
        #expect(kinds?.message == "2 kinds of delay for 3 connections; give one for all, or one each")
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
