// Calibration leaves the published spread, hits its targets, and makes the same chip every time.
import Glibc
import Mathematics
import Testing

@testable import BrainScaleS2

struct CalibrationTests {
    private func spread(_ values: [Double], around mean: Double) -> Double {
        (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    }

    /// Twenty chips: residual spreads within a tenth of what is published of calibrated ones.
    @Test func leavesThePublishedSpread() throws {
        let published = BrainScaleS2ChipOptions()
        for parameter in CodedParameter.allCases {
            var (left, before): ([Double], [Double]) = ([], [])
            for seed in 0..<20 {
                var options = BrainScaleS2ChipOptions.uncalibrated
                options.seed = UInt64(seed)
                let chip = try BrainScaleS2Chip(options)
                let calibrated = try chip.calibrated()
                let kind = try #require(BrainScaleS2Parameter(rawValue: Int32(parameter.rawValue)))
                left += calibrated.values(of: kind)
                before += chip.values(of: kind)
            }
            let target = parameter == .reset ? 0.0 : 1.0
            let (own, raw) = (spread(left, around: target), spread(before, around: target))
            print("\(parameter): \(raw) -> \(own), published \(parameter.spread(published))")
            #expect(abs(own / parameter.spread(published) - 1) < 0.1, "\(parameter): \(own)")
            #expect(own < raw)
        }
    }

    @Test func withoutNoiseItIsAsExactAsTenBits() throws {
        var options = BrainScaleS2Calibration()
        (options.noise, options.tauMem, options.threshold, options.reset) = (0, 1.5, 0.8, 0.25)
        let chip = try BrainScaleS2Chip(.uncalibrated).calibrated(options)
        let step = Elementary.exp(Elementary.log(2) / 256)
        for (values, target) in [(chip.tauMem, 1.5), (chip.tauSyn, 1.0), (chip.threshold, 0.8)] {
            #expect(values.allSatisfy { $0 <= target && $0 * step * (1 + 1e-12) >= target }, "\(target)")
        }
        #expect(chip.reset.allSatisfy { $0 <= 0.25 && $0 + 1.0 / 512 >= 0.25 })
        #expect(try BrainScaleS2Chip(.uncalibrated).calibrated(options) == chip)
        #expect(chip.gain == (try BrainScaleS2Chip(.uncalibrated)).gain)
    }

    /// More measurements leave less.
    @Test func repeatsHelp() throws {
        let chip = try BrainScaleS2Chip(.uncalibrated)
        var options = BrainScaleS2Calibration()
        options.repeats = 100
        let own = spread(try chip.calibrated(options).tauSyn, around: 1)
        #expect(own < 0.3 * spread(try chip.calibrated().tauSyn, around: 1), "\(own)")
    }

    @Test func codesThatCannotBeAreNamed() {
        #expect { try BrainScaleS2Chip(codes: [1]) } throws: {
            "\($0)".contains("codes has 1 elements; a chip has 2048")
        }
        var codes = [UInt16](repeating: 0, count: 2048)
        codes[7] = 1024
        #expect { try BrainScaleS2Chip(codes: codes) } throws: {
            "\($0)".contains("codes[7] is 1024; it must be 0 .. 1023")
        }
    }
}
