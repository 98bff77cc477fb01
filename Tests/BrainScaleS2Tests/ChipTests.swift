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

    /// What these streams draw is part of the contract: chips that somebody has trained for stay what they were. Values of the first circuit
    /// and the last, as this code has drawn them on x86-64.
    @Test(
        arguments: [
            (
                0,
                [
                    1.0983292361762205, 1.0616522341871428, 1.0992646788052134, 1.0074326248325505, 0.700307644471671,
                    0.9525617301512374, -0.007042767233302641, 0.004420169461035775, 0.6795345443703886,
                    0.7213981469301635, 0.896068559566598, 1.1594747125797882, 1.556902713262783, 0.7186195377305996,
                ]
            ),
            (
                20261,
                [
                    1.1882972632369129, 0.9631758312210951, 1.1243565464706127, 1.024621266506962, 0.9940293931697944,
                    1.096775213564734, 0.023050144841230694, -0.016631701840715517, 1.2252977425187903,
                    0.9309558873211305, 1.0781760083045528, 0.8783068382625903, -0.634905369207056, 0.15618078700887286,
                ]
            ),
        ] as [(UInt64, [Double])])
    func hasKnownValues(_ seed: UInt64, _ expected: [Double]) throws {
        var options = BrainScaleS2ChipOptions()
        (options.seed, options.rowOffset, options.drift, options.age) = (seed, 1, 0.1, 2)
        let chip = try BrainScaleS2Chip(options)
        let values = BrainScaleS2Parameter.allCases.flatMap { parameter in
            let own = chip.values(of: parameter)
            return [own[0], own[own.count - 1]]
        }
        #expect(values == expected)
    }

    /// Spreads stay what they are; deviations of a circuit go together as far as was asked.
    @Test func deviationsOfACircuitAreCorrelated() throws {
        for wanted in [0, 0.4, 1] {
            var products: [[Double]] = [[], []]
            for seed in 0..<40 {
                var options = BrainScaleS2ChipOptions()
                (options.seed, options.correlation) = (UInt64(seed), wanted)
                let chip = try BrainScaleS2Chip(options)
                func normal(_ values: [Double], _ spread: Double) -> [Double] {
                    let sigma = log(1 + spread * spread).squareRoot()
                    return values.map { (log($0) + sigma * sigma / 2) / sigma }
                }
                let (own, delays) = (normal(chip.tauMem, options.tauMem), normal(chip.delay, options.delay))
                products[0] += zip(own, normal(chip.gain, options.gain)).map { $0 * $1 }
                products[1] += zip(own, delays).map { $0 * $1 }
            }
            let means = products.map { $0.reduce(0, +) / Double($0.count) }
            #expect(abs(means[0] - wanted) < 0.04 && abs(means[1]) < 0.04, "\(wanted): \(means)")
        }
    }

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
