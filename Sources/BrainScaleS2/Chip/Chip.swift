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
public struct Chip: Equatable, Sendable {
    public let options: ChipOptions

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public init(_ options: ChipOptions = ChipOptions()) throws(SpinnpropError) {
        try options.check()
        self.options = options
    }

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

        func normal(_ seed: UInt64, _ circuit: Int, drift: Bool = false) -> Double {
            var stream = RandomStream(seed: seed, purpose: rawValue, drift ? 1 : 0, UInt64(circuit))
            return stream.normal()
        }
    }

    /// Factors of a mean of 1 are log-normal: they are positive, however wide the spread.
    private func factors(_ purpose: Purpose, spread: Double, mean: Double = 1, drifts: Bool = false) -> [Double] {
        let sigma = Elementary.log(1 + spread * spread).squareRoot()
        let drift = drifts ? options.drift * options.age : 0
        return (0..<ChipGeometry.neuronCount).map { circuit in
            var exponent = spread == 0 ? 0 : sigma * purpose.normal(options.seed, circuit) - sigma * sigma / 2
            if drift != 0 { exponent += drift * purpose.normal(options.seed, circuit, drift: true) }
            return exponent == 0 ? mean : mean * Elementary.exp(min(max(exponent, -10), 10))
        }
    }

    /// Of each circuit: its membrane time constant over the one it was meant to have.
    public var tauMem: [Double] { factors(.tauMem, spread: options.tauMem, drifts: true) }
    /// Of each circuit: its synaptic time constant over the one it was meant to have.
    public var tauSyn: [Double] { factors(.tauSyn, spread: options.tauSyn, drifts: true) }
    /// Of each circuit: its threshold over the one it was meant to have.
    public var threshold: [Double] {
        factors(.threshold, spread: options.threshold, mean: 1 + options.thresholdShift, drifts: true)
    }
    /// Of each circuit: its reset value less the one it was meant to have, in thresholds.
    public var reset: [Double] {
        (0..<ChipGeometry.neuronCount).map { options.reset * Purpose.reset.normal(options.seed, $0) }
    }
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
