// Weights of few bits: whole multiples of one scale per layer, by hand.
import Mathematics
import Networks
import Neurons
import Testing

@testable import ClockDriven

struct WeightRoundingTests {
    private func rounded(
        _ weights: [Double], bits: Int?, tauMem: [Double] = [20e-3, 20e-3], decay: Decay = .euler
    ) throws -> [Double]? {
        var network = try Network(sizes: [2, 2], parameters: [LIFParameters(tauMem: tauMem)])
        try network.setWeights(weights, connection: 0)
        return try network.roundedWeights(TimeGrid(decay: decay, weightBits: bits), Poller(nil))?[0]
    }

    @Test func multiplesOfOneScale() throws {
        let weights = [1.27, -0.5, 0.004, 0]
        #expect(try rounded(weights, bits: nil) == nil)
        let mean = (1.27 + 0.5) / 2
        let cases: [(Int, [Double])] = [
            (8, [1.27, -0.5, 0, 0]), (3, [1.27, -1.27 / 3, 0, 0]), (2, [mean, -mean, 0, 0]),
        ]
        for (bits, expected) in cases {
            let found = try #require(try rounded(weights, bits: bits))
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-15 }, "\(bits) bits: \(found)")
        }
    }

    /// A chip adds to membranes what neurons with longer time constants divide by more: those have the larger unit.
    @Test(arguments: [Decay.euler, .exponential])
    func timeConstantsCount(decay: Decay) throws {
        let tauMem = [20e-3, 40e-3]
        let found = try #require(try rounded([7, -2.4, 3, 14], bits: 4, tauMem: tauMem, decay: decay))
        let gains = tauMem.map { decay == .euler ? 1e-3 / $0 : 1 - Elementary.exp(-1e-3 / $0) }
        let unit = max(7 * gains[0], 14 * gains[1]) / 7
        for (place, weight) in found.enumerated() {
            let multiple = weight * gains[place / 2] / unit
            #expect(abs(multiple - multiple.rounded()) < 1e-12 && abs(multiple) < 7.5, "\(weight)")
        }
        #expect(found[1] < 0 && abs(found[3] / 14 - 1) < 0.01)
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
