// How a network is laid onto the chip, with defaults and domains.
import Mathematics

/// | name          | default | unit               | meaning                                                                     |
/// |---------------|---------|--------------------|-----------------------------------------------------------------------------|
/// | `inputCopies` | 1       | -                  | synapses that each pair of an input and a neuron has, whose weights add up   |
/// | `weightScale` | 30      | 1/weight           | weight steps of 63 that a weight of 1 is worth                              |
/// | `speedup`     | 1000    | -                  | by how much the chip is faster than the network's times say                 |
/// | `singleSpikes`| false   | -                  | whether a neuron is silent after its first spike of a sample                |
/// | `readoutRange`| 2       | membrane           | what the 8 bits of a leaky read-out's converter reach from 0                |
/// | `countLosses` | false   | -                  | whether an input of more events than the link carries runs all the same     |
public struct BrainScaleS2Options: Equatable, Sendable {
    public var inputCopies = 1
    public var weightScale = 30.0
    public var speedup = 1000.0
    public var readoutRange = 2.0
    /// As by a refractory period longer than samples: what rules of first spikes want.
    public var singleSpikes = false
    /// What is lost of such an input is counted then as what is lost elsewhere; else it is refused.
    public var countLosses = false

    public init() {}

    public static let fields: [OptionField<BrainScaleS2Options>] = [
        OptionField("input_copies", \.inputCopies, .closed(1, 128)),
        OptionField("weight_scale", \.weightScale, .closed(1e-6, 1e9)),
        OptionField("speedup", \.speedup, speedups),
        OptionField("single_spikes", \.singleSpikes),
        OptionField("readout_range", \.readoutRange, .closed(1e-6, 1e9)),
        OptionField("count_losses", \.countLosses),
    ]

    static let speedups = Domain.closed(1e-3, 1e9)

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public func check() throws(SpinnpropError) {
        for field in BrainScaleS2Options.fields { try field.check(self) }
    }
}

/// What a sample brings to the chip, to be asked whether it fits.
public struct BrainScaleS2Load: Equatable, Sendable {
    public var inputSpikes = 0
    /// Seconds of the network from the first to the last of them.
    public var duration = Double.infinity

    public init() {}

    public static let fields: [OptionField<BrainScaleS2Load>] = [
        OptionField("input_spikes", \.inputSpikes, .longCount(from: 0)),
        OptionField("duration", \.duration, .notNegative(infinity: "no limit of rates")),
    ]

    /// - Throws: `invalidValue` naming what is out of its domain.
    public func check() throws(SpinnpropError) {
        for field in BrainScaleS2Load.fields { try field.check(self) }
    }

    /// How many input spikes the link of a usual chip carries in that time, as its clock rounds it.
    public func carried(speedup: Double) -> Int {
        let link = EventLink(BrainScaleS2ChipOptions(), speedup: speedup)
        return link.capacity(over: link.rounded(duration))
    }
}
