// An emulated BrainScaleS-2: its circuits, each with deviations of its own.
import Mathematics

/// 512 neuron circuits in two halves, each with 256 columns of 256 synapses.
public enum ChipGeometry {
    public static let neuronCount = 512
    public static let halves = 2
    /// Synapse rows of a half, each of one sign: a signed input takes two.
    public static let rowCount = 256
    /// The largest weight that six bits hold.
    public static let largestWeight = 63
}

/// A chip is a value: the same options make the same chip on any machine.
public struct BrainScaleS2Chip: Equatable, Sendable {
    public let options: BrainScaleS2ChipOptions
    /// The ten-bit settings that calibration has found: of each parameter that has one, in the order of `CodedParameter`, of each circuit. `nil`:
    /// all are in the middle, where circuits have what is drawn for them.
    public let codes: [UInt16]?

    /// - Throws: `invalidValue` naming the option that is out of its domain, or the code.
    public init(
        _ options: BrainScaleS2ChipOptions = BrainScaleS2ChipOptions(), codes: [UInt16]? = nil
    ) throws(SpinnpropError) {
        try options.check()
        if let codes {
            guard codes.count == BrainScaleS2Chip.codeCount else {
                throw .invalidValue(
                    "codes has \(codes.count) elements; a chip has \(BrainScaleS2Chip.codeCount): of \(CodedParameter.allCases.count) "
                        + "parameters, \(ChipGeometry.neuronCount) circuits each")
            }
            if let at = codes.firstIndex(where: { $0 > CodedParameter.largest }) {
                throw .invalidValue("codes[\(at)] is \(codes[at]); it must be 0 .. \(CodedParameter.largest)")
            }
        }
        self.options = options
        self.codes = codes
    }

    /// Settings of a chip.
    public static let codeCount = CodedParameter.allCases.count * ChipGeometry.neuronCount

    /// A calibrated chip of seed 0.
    public static let standard = BrainScaleS2Chip()

    private init() { (options, codes) = (BrainScaleS2ChipOptions(), nil) }

    /// What is drawn, each from streams of its own: the purpose is the upper byte of the stream, the circuit its second index, and the first
    /// is 0 for what is there from the start, 1 for how it drifts.
    enum Purpose: UInt64, CaseIterable {
        case tauMem = 0x41
        case tauSyn
        case threshold
        case reset
        case gain
        case delay
        case row
        case measurement
        /// What deviates all parameters of a circuit alike.
        case common

        func normal(_ seed: UInt64, _ circuit: Int, drift: Bool = false) -> Double {
            var stream = RandomStream(seed: seed, purpose: rawValue, drift ? 1 : 0, UInt64(circuit))
            return stream.normal()
        }
    }

    /// A standard normal number of a circuit; part of it is common to all its parameters where these are correlated.
    private func normal(_ purpose: Purpose, _ circuit: Int) -> Double {
        let own = purpose.normal(options.seed, circuit)
        guard options.correlation > 0, purpose != .delay else { return own }
        return (1 - options.correlation).squareRoot() * own
            + options.correlation.squareRoot() * Purpose.common.normal(options.seed, circuit)
    }

    /// Factors of a mean of 1 are log-normal: they are positive, however wide the spread.
    private func factors(_ purpose: Purpose, spread: Double, mean: Double = 1, drifts: Bool = false) -> [Double] {
        let sigma = Elementary.log(1 + spread * spread).squareRoot()
        let drift = drifts ? options.drift * options.age : 0
        return (0..<ChipGeometry.neuronCount).map { circuit in
            var exponent = spread == 0 ? 0 : sigma * normal(purpose, circuit) - sigma * sigma / 2
            if drift != 0 { exponent += drift * purpose.normal(options.seed, circuit, drift: true) }
            return exponent == 0 ? mean : mean * Elementary.exp(min(max(exponent, -10), 10))
        }
    }

    /// What circuits have with their settings in the middle.
    func uncoded(_ parameter: CodedParameter) -> [Double] {
        switch parameter {
        case .tauMem: factors(.tauMem, spread: options.tauMem, drifts: true)
        case .tauSyn: factors(.tauSyn, spread: options.tauSyn, drifts: true)
        case .threshold:
            factors(.threshold, spread: options.threshold, mean: 1 + options.thresholdShift, drifts: true)
        case .reset:
            (0..<ChipGeometry.neuronCount).map { options.reset * normal(.reset, $0) }
        }
    }

    private func coded(_ parameter: CodedParameter) -> [Double] {
        let raw = uncoded(parameter)
        guard let codes else { return raw }
        let first = parameter.rawValue * ChipGeometry.neuronCount
        return raw.indices.map { parameter.value(raw[$0], code: Int(codes[first + $0])) }
    }

    /// Of each circuit: its membrane time constant over the one it was meant to have.
    public var tauMem: [Double] { coded(.tauMem) }
    /// Of each circuit: its synaptic time constant over the one it was meant to have.
    public var tauSyn: [Double] { coded(.tauSyn) }
    /// Of each circuit: its threshold over the one it was meant to have.
    public var threshold: [Double] { coded(.threshold) }
    /// Of each circuit: its reset value less the one it was meant to have, in thresholds.
    public var reset: [Double] { coded(.reset) }
    /// Of each circuit: what a weight is worth there.
    public var gain: [Double] { factors(.gain, spread: options.gain) }
    /// Of each circuit, if it delays: its delay over the one it was meant to have.
    public var delay: [Double] { factors(.delay, spread: options.delay) }
    /// Of each synapse row, those of the first half first: what is added to the amount of its weights other than 0, in weight steps.
    public var rowOffset: [Double] {
        (0..<ChipGeometry.halves * ChipGeometry.rowCount).map {
            options.rowOffset * Purpose.row.normal(options.seed, $0)
        }
    }
}

/// What deviates from circuit to circuit, by number.
public enum BrainScaleS2Parameter: Int32, Sendable, CaseIterable {
    case tauMem = 0
    case tauSyn = 1
    case threshold = 2
    case reset = 3
    case gain = 4
    case delay = 5
    case row = 6
}

extension BrainScaleS2Chip {
    /// Of each circuit, or of each row.
    public func values(of parameter: BrainScaleS2Parameter) -> [Double] {
        switch parameter {
        case .tauMem: tauMem
        case .tauSyn: tauSyn
        case .threshold: threshold
        case .reset: reset
        case .gain: gain
        case .delay: delay
        case .row: rowOffset
        }
    }
}
