// Initial weights: the PSP's peak, the spread, and the streams they come from.
import Mathematics
import Networks
import Neurons
import Testing

@testable import Learning
@testable import TestSupport

struct InitialisationTests {
    @Test func peakOfAUnitPSP() {
        func peak(_ tauMem: Double, _ tauSyn: Double) -> Double {
            Initialisation.peakOfUnitPSP(LIFNeuron(tauMem: tauMem, tauSyn: tauSyn, threshold: 1, reset: 0))
        }
        #expect(abs(peak(20e-3, 5e-3) - 0.157_490_131_236_859_15) < 1e-15)  // 4^(-4/3)
        #expect(abs(peak(1, 1) - 0.367_879_441_171_442_33) < 1e-15)
        #expect(abs(peak(2, 1) - 0.25) < 1e-15 && abs(peak(1, 2) - 0.5) < 1e-15)
        // No jump on the way through equal constants.
        #expect(abs(peak(1, 1 + 1e-12) - peak(1, 1 - 1e-12)) < 1e-12)
    }

    @Test func meansAndDeviations() throws {
        var network = try Network(sizes: [200, 300, 4], recurrent: [true])
        let given = Initialisation(mean: [1, -2], std: [0.5, 0])
        try given.apply(to: &network, seed: 1)
        func moments(_ values: [Double]) -> (Double, Double) {
            let mean = values.reduce(0, +) / Double(values.count)
            return (mean, (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot())
        }
        let (mean, std) = moments(network.connections[0].weights)
        #expect(abs(mean - 1) < 5 * 0.5 / 245 && abs(std - 0.5) < 5 * 0.5 / 346)
        #expect(network.connections[1].weights.allSatisfy { $0 == -2 })
        let (zero, half) = moments(network.connections[2].weights)
        #expect(abs(zero) < 5 * 0.25 / 300 && abs(half - 0.25) < 5 * 0.25 / 424)
        // The default scales with the threshold and the PSP's peak.
        var scaled = try Network(
            sizes: [200, 300, 4], parameters: [LIFParameters(tauMem: [1], tauSyn: [1], threshold: [3])],
            recurrent: [true])
        var plain = try Network(sizes: [200, 300, 4], recurrent: [true])
        try Initialisation().apply(to: &plain, seed: 1)
        try Initialisation().apply(to: &scaled, seed: 1)
        let ratio = 3 * 0.157_490_131_236_859_15 / 0.367_879_441_171_442_33
        for (one, other) in zip(plain.connections, scaled.connections) {
            #expect(zip(one.weights, other.weights).allSatisfy { abs($0 * ratio - $1) <= 1e-14 })
        }
        let unit = 1 / (0.157_490_131_236_859_15 * 200.0.squareRoot())
        #expect(abs(moments(plain.connections[0].weights).0 / (Drive().mean * unit) - 1) < 0.02)
    }

    /// Weights from several sources are drawn as those from one population of all of them would be.
    @Test func inputsOfAllSourcesCount() throws {
        let ends = [Ends(0, 1), Ends(1, 2), Ends(0, 2), Ends(2, 2), Ends(2, 3)]
        var skip = try Network(sizes: [30, 70, 5, 2], connections: ends)
        var chain = try Network(sizes: [30, 100, 5, 2], recurrent: [false, true])
        try Initialisation().apply(to: &skip, seed: 3)
        try Initialisation().apply(to: &chain, seed: 3)
        // Stream 1 is row by row: as many numbers as there are, on the same scale.
        #expect(skip.connections[1].weights == Array(chain.connections[1].weights.prefix(350)))
        let scale = (30.0 / 100).squareRoot()
        let drawn = skip.connections[3].weights.prefix(5)
        #expect(skip.connections[3].ends == Ends(0, 2) && drawn.allSatisfy { $0 != 0 })
        func mean(_ values: [Double]) -> Double { values.reduce(0, +) / Double(values.count) }
        #expect(abs(mean(skip.connections[3].weights) / (mean(skip.connections[0].weights) * scale) - 1) < 0.2)
        // Recurrent ones are drawn by their own layer's size alone.
        #expect(skip.connections[4].weights.count == 25 && skip.connections[4].isRecurrent)
    }

    @Test func seedsAndConnectionsHaveTheirOwnStreams() throws {
        var networks = try [UInt64(1), 1, 2].map { seed in
            var network = try Network(sizes: [5, 5, 5], recurrent: [true])
            try Initialisation(mean: [0, 0], std: [1, 1]).apply(to: &network, seed: seed)
            return network
        }
        #expect(networks[0] == networks[1] && networks[0] != networks[2])
        let weights = networks[0].connections.map(\.weights)
        #expect(weights[0] != weights[1] && weights[0] != weights[2])
        // A layer's weights do not depend on the layers after it.
        networks = [try Network(sizes: [5, 5]), try Network(sizes: [5, 5, 5])]
        for index in networks.indices { try Initialisation().apply(to: &networks[index], seed: 1) }
        #expect(networks[0].connections[0] == networks[1].connections[0])
    }

    @Test func refusals() throws {
        var network = try Network(sizes: [2, 2, 2])
        let before = network
        for wrong in [
            Initialisation(mean: [1]), Initialisation(mean: [1, .nan]), Initialisation(std: [1, -1]),
            Initialisation(std: [1, .infinity]), Initialisation(mean: [1, 1, 1]),
        ] {
            let error = #expect(throws: SpinnpropError.self) { try wrong.apply(to: &network, seed: 0) }
            #expect(error?.kind == .invalidValue)
        }
        #expect(network == before)
    }

    /// The message names what the user gave, not weights that nobody gave.
    @Test(arguments: [false, true])
    func thresholdsBeyondDefaultWeights(_ isRecurrent: Bool) throws {
        let parameters = LIFParameters(threshold: [1e308])
        var network = try Network(sizes: [1, 2, 2], parameters: [parameters], recurrent: [isRecurrent])
        let before = network
        let error = #expect(throws: SpinnpropError.self) { try Initialisation().apply(to: &network, seed: 0) }
        #expect(error?.message.contains("use a smaller threshold") == true)
        #expect(network == before)
        try Initialisation(mean: [1, 1], std: [1, 1]).apply(to: &network, seed: 0)
    }
}
