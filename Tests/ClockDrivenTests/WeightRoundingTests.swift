// Weights of few bits: whole multiples of one scale per neuron, by hand.
import Mathematics
import Networks
import Neurons
import Testing

@testable import ClockDriven

struct WeightRoundingTests {
    private func network(_ weights: [Double], tauMem: [Double] = [20e-3, 20e-3]) throws -> Network {
        var network = try Network(sizes: [2, 2], parameters: [LIFParameters(tauMem: tauMem)])
        try network.setWeights(weights, connection: 0)
        return network
    }

    private func rounded(_ weights: [Double], bits: Int?, tauMem: [Double] = [20e-3, 20e-3]) throws -> [Double]? {
        try network(weights, tauMem: tauMem).roundedWeights(TimeGrid(weightBits: bits), Poller(nil))?[0]
    }

    @Test func multiplesOfOneScaleForEachNeuron() throws {
        let weights = [1.27, -0.5, 0.04, 0.012]
        #expect(try rounded(weights, bits: nil) == nil)
        let cases: [(Int, [Double])] = [
            (8, [1.27, -0.5, 0.04, 38 * 0.04 / 127]), (3, [1.27, -1.27 / 3, 0.04, 0.04 / 3]), (2, [1.27, 0, 0.04, 0]),
        ]
        for (bits, expected) in cases {
            for tauMem in [[20e-3, 20e-3], [20e-3, 40e-3]] {
                let found = try #require(try rounded(weights, bits: bits, tauMem: tauMem))
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-15 }, "\(bits) bits: \(found)")
            }
        }
    }

    @Test func wholeNumbersAndScales() throws {
        let found = try network([7, -3, 0, 0]).wholeWeights(TimeGrid(weightBits: 4))
        #expect(found.whole == [[7, -3, 0, 0]] && found.rounded == [[7, -3, 0, 0]] && found.units == [1, 0])
        let ternary = try network([3, -5, 1, 0]).wholeWeights(TimeGrid(weightBits: 2))
        #expect(ternary.whole == [[1, -1, 1, 0]] && ternary.rounded == [[4, -4, 1, 0]] && ternary.units == [4, 1])
    }

    @Test func oddNumbers() throws {
        #expect(try rounded([0, 0, 0, -0.0], bits: 2) == [0, 0, 0, 0])
        for bits in [2, 8] {
            let least = try #require(try rounded([.leastNonzeroMagnitude, 0, 0, 0], bits: bits))
            #expect(least.allSatisfy { $0.isFinite })
            let largest = try #require(try rounded([1e308, -1e308, 1, 0], bits: bits, tauMem: [20e-3, 1e-3]))
            #expect(largest.allSatisfy { !$0.isNaN })
        }
    }
}
