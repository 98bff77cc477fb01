// Calibration: each circuit's parameters, ten bits each, are moved toward targets by what noisy measurements say.
import Mathematics

/// What is aimed at, and how well it can be measured.
///
/// | name        | default | unit       | meaning                                                                  |
/// |-------------|---------|------------|--------------------------------------------------------------------------|
/// | `seed`      | 0       | -          | of the noise of measurements                                             |
/// | `tauMem`    | 1       | -          | what is aimed at, over what a circuit is meant to have                   |
/// | `tauSyn`    | 1       | -          | likewise                                                                 |
/// | `threshold` | 1       | -          | likewise                                                                 |
/// | `reset`     | 0       | thresholds | what is aimed at, less what a circuit is meant to have                   |
/// | `noise`     | 1       | -          | of a measurement, relative to what leaves the published spread           |
/// | `repeats`   | 1       | -          | measurements of each setting, whose mean is taken                        |
public struct BrainScaleS2Calibration: Equatable, Sendable {
    public var seed: UInt64 = 0
    public var tauMem = 1.0
    public var tauSyn = 1.0
    public var threshold = 1.0
    public var reset = 0.0
    public var noise = 1.0
    public var repeats = 1

    public init() {}

    public static let fields: [OptionField<BrainScaleS2Calibration>] = [
        OptionField("seed", \.seed),
        OptionField("tau_mem", \.tauMem, .closed(0.1, 10)),
        OptionField("tau_syn", \.tauSyn, .closed(0.1, 10)),
        OptionField("threshold", \.threshold, .closed(0.1, 10)),
        OptionField("reset", \.reset, .closed(-1, 0.9)),
        OptionField("noise", \.noise, .closed(0, 10)),
        OptionField("repeats", \.repeats, .closed(1, 10_000)),
    ]

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public func check() throws(SpinnpropError) {
        for field in BrainScaleS2Calibration.fields { try field.check(self) }
    }

    /// The noise of one measurement, relative or in thresholds, that leaves the spread of a calibrated chip: bisection with noisy
    /// comparisons leaves about `leftOver` of it.
    func measurementNoise(of parameter: CodedParameter) -> Double {
        let left = parameter.spread(BrainScaleS2ChipOptions())
        return noise * left / BrainScaleS2Calibration.leftOver / Double(repeats).squareRoot()
    }

    /// What bisection leaves of the noise of its measurements, as a standard deviation.
    static let leftOver = 0.7

    func target(_ parameter: CodedParameter) -> Double {
        switch parameter {
        case .tauMem: tauMem
        case .tauSyn: tauSyn
        case .threshold: threshold
        case .reset: reset
        }
    }
}

/// What circuits have a setting of ten bits for.
enum CodedParameter: Int, CaseIterable, Sendable {
    case tauMem = 0
    case tauSyn
    case threshold
    case reset

    /// Of a chip as it comes each setting is the middle.
    static let middle = 512
    static let largest = 1023

    /// What a circuit has at a setting, of what it has in the middle: factors from a quarter to four in equal ratios, resets within a threshold.
    func value(_ raw: Double, code: Int) -> Double {
        let steps = Double(code - CodedParameter.middle)
        return self == .reset
            ? raw + steps / Double(CodedParameter.middle) : raw * Elementary.exp(steps * (CodedParameter.ln2 / 256))
    }

    private static let ln2 = 0.693147180559945309

    func spread(_ options: BrainScaleS2ChipOptions) -> Double {
        switch self {
        case .tauMem: options.tauMem
        case .tauSyn: options.tauSyn
        case .threshold: options.threshold
        case .reset: options.reset
        }
    }
}

extension BrainScaleS2Chip {
    /// The chip with its circuits' settings moved toward targets, as one does it with the chip: each setting's ten bits are found one by one,
    /// the largest first, by whether what is measured lies above the target.
    ///
    /// Measurements are noisy, each drawn from the stream of (parameter, circuit): what they leave is the spread of a calibrated chip. The
    /// lower bits are then chance, as on the chip.
    ///
    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public func calibrated(_ options: BrainScaleS2Calibration = BrainScaleS2Calibration()) throws(SpinnpropError)
        -> BrainScaleS2Chip
    {
        try options.check()
        var all: [UInt16] = []
        for parameter in CodedParameter.allCases {
            let (raw, target) = (uncoded(parameter), options.target(parameter))
            let noise = options.measurementNoise(of: parameter)
            for circuit in raw.indices {
                var stream = RandomStream(
                    seed: options.seed, purpose: Purpose.measurement.rawValue, UInt64(parameter.rawValue),
                    UInt64(circuit))
                var code = 0
                for bit in (0..<10).reversed() {
                    let tried = code | 1 << bit
                    var value = parameter.value(raw[circuit], code: tried)
                    if noise > 0 {
                        // Factors are measured with log-normal noise, as they spread: it favours neither side.
                        let error = noise * stream.normal()
                        value = parameter == .reset ? value + error : value * Elementary.exp(error)
                    }
                    if value <= target { code = tried }
                }
                all.append(UInt16(code))
            }
        }
        return try BrainScaleS2Chip(self.options, codes: all)
    }
}
