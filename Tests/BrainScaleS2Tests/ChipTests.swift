// A seed is a chip: its spreads are those that were asked for, and nothing but the seed and the options has a say.
import Glibc
import Mathematics
import Testing

@testable import BrainScaleS2

struct ChipTests {
    /// The largest distance between the distribution of numbers and a cumulative one.
    private func kolmogorovSmirnov(_ values: [Double], _ cumulative: (Double) -> Double) -> Double {
        let sorted = values.sorted()
        let n = Double(sorted.count)
        return sorted.enumerated().map { (index, value) in
            let expected = cumulative(value)
            return max(abs(expected - Double(index) / n), abs(Double(index + 1) / n - expected))
        }.max() ?? 1
    }

    /// 100 chips of 512 circuits: at this distance one in a thousand samples of the true distribution is turned away.
    @Test(arguments: [BrainScaleS2ChipOptions(), .uncalibrated, .hardwareAware])
    func spreadsOfAHundredSeeds(_ options: BrainScaleS2ChipOptions) throws {
        func chips(_ path: (BrainScaleS2Chip) -> [Double]) throws -> [Double] {
            try (0..<100).flatMap { seed in
                var own = options
                own.seed = UInt64(seed)
                return path(try BrainScaleS2Chip(own))
            }
        }
        func normal(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }
        let limit = 1.95 / 51_200.0.squareRoot()
        let rows: [(String, (BrainScaleS2Chip) -> [Double], Double, Double)] = [
            ("tau_mem", \.tauMem, options.tauMem, 1), ("tau_syn", \.tauSyn, options.tauSyn, 1),
            ("threshold", \.threshold, options.threshold, 1 + options.thresholdShift),
            ("gain", \.gain, options.gain, 1), ("delay", \.delay, options.delay, 1),
        ]
        for (name, path, spread, mean) in rows {
            let values = try chips(path)
            guard spread > 0 else {
                #expect(values.allSatisfy { $0 == mean }, "\(name)")
                continue
            }
            let sigma = log(1 + spread * spread).squareRoot()
            let distance = kolmogorovSmirnov(values) { normal((log($0 / mean) + sigma * sigma / 2) / sigma) }
            #expect(distance < limit, "\(name): \(distance)")
            let measured = values.reduce(0, +) / Double(values.count)
            #expect(abs(measured / mean - 1) < 5 * spread / 51_200.0.squareRoot(), "\(name): mean \(measured)")
        }
        if options.reset > 0 {
            let distance = kolmogorovSmirnov(try chips(\.reset)) { normal($0 / options.reset) }
            #expect(distance < limit, "reset: \(distance)")
        }
    }

    /// What these streams draw is part of the contract.
    @Test func isTheSameEverywhere() throws {
        let chip = try BrainScaleS2Chip()
        #expect(chip == (try BrainScaleS2Chip()))
        var other = BrainScaleS2ChipOptions()
        other.noiseSeed = 5
        #expect(try BrainScaleS2Chip(other).threshold == chip.threshold)
        other.seed = 1
        let next = try BrainScaleS2Chip(other)
        #expect(zip(next.threshold, chip.threshold).allSatisfy { $0 != $1 })
    }

    @Test func spreadsOutOfTheirDomainAreNamed() {
        for value in [-0.1, .nan, .infinity] {
            var options = BrainScaleS2ChipOptions()
            options.gain = value
            #expect { try BrainScaleS2Chip(options) } throws: {
                "\($0)".contains("gain_spread is \(value); it must be 0 .. 2")
            }
        }
    }
}
