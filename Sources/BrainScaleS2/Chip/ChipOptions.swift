// How much the circuits of an emulated BrainScaleS-2 differ, and how much noise they have, with published numbers as defaults.
import Mathematics

/// What a chip's circuits are drawn from. A seed is a chip: the same on any machine.
///
/// Spreads are standard deviations over circuits, relative to what the circuit was meant to have, unless another unit is given; 0 is
/// a perfect one. Defaults are those of a calibrated chip; `uncalibrated`, `hardwareAware` and `ideal` are others.
///
/// | name             | calibrated | uncalibrated | unit       | meaning                                                          |
/// |------------------|------------|--------------|------------|------------------------------------------------------------------|
/// | `tauMem`         | .07        | .103         | -          | spread of membrane time constants                                |
/// | `tauSyn`         | .049       | .35          | -          | spread of synaptic time constants (those of excitatory inputs)   |
/// | `threshold`      | .14        | .25          | -          | spread of the way from leak to threshold                         |
/// | `thresholdShift` | 0          | 0            | -          | by how much all thresholds are off                               |
/// | `reset`          | .0207      | .175         | thresholds | spread of reset values: 5.9 and 50 mV of 286 mV                  |
/// | `gain`           | .17        | .17          | -          | spread over neurons of what a weight is worth                    |
/// | `rowOffset`      | 0          | 0            | weight steps | spread over synapse rows of what is added to weights other than 0 |
/// | `delay`          | .1         | .1           | -          | spread of delays: 1.0(1) us                                      |
/// | `noise`          | .007       | .007         | thresholds | of a membrane, anew for each spike: 2 mV of 286 mV               |
/// | `batchNoise`     | .015       | .015         | -          | of thresholds, anew for each batch                               |
/// | `jitter`         | .01        | .01          | tau_syn    | of spikes on their way, anew for each                            |
/// | `drift`          | 0          | 0            | 1/hour     | spread of the rates at which time constants and thresholds drift |
/// | `age`            | 0          | 0            | hours      | for how long they have drifted                                   |
/// | `correlation`    | 0          | 0            | -          | between any two deviations of one circuit but its delay          |
/// | `sensorSpread`   | .2         | .2           | -          | spread over synapses of what their sensors of correlations add   |
/// | `sensorOffset`   | 2          | 2            | read-out   | spread over synapses of what is added to these sensors' read-outs |
/// | `weightBits`     | 6          | 6            | -          | of a weight beside its sign; 0: weights are not rounded          |
/// | `resolution`     | 8e-9       | 8e-9         | s, chip    | of events' times; 0: they are not rounded                        |
/// | `eventInterval`  | 8e-9       | 8e-9         | s, chip    | from one event of the chip to the next; 0: no limit              |
/// | `readoutBits`    | 8          | 8            | -          | of a leaky read-out's converter; 0: it is not rounded            |
///
/// Sources: the spreads are statistics of published measurements of 512 neurons; the noise of membranes and the resolution are published
/// with the chip; jitter and noise per batch are those of the hardware-aware model of Göltz, Weber, Kriener et al. (DelGrad, arXiv
/// 2404.19165), which tracks it. No spread of rows is published, nor how deviations of
/// a circuit go together. Sensors of correlations are known to differ from synapse to synapse; by how much is assumed.
public struct BrainScaleS2ChipOptions: Equatable, Sendable {
    /// What the circuits are drawn from.
    public var seed: UInt64 = 0
    /// What noise is drawn from, together with the parameters and the input of each run.
    public var noiseSeed: UInt64 = 0
    public var tauMem = 0.07
    public var tauSyn = 0.049
    public var threshold = 0.14
    public var thresholdShift = 0.0
    public var reset = 5.9e-3 / BrainScaleS2ChipOptions.thresholdVolts
    public var gain = 0.17
    public var rowOffset = 0.0
    public var delay = 0.1
    public var noise = 0.007
    public var batchNoise = 0.015
    public var jitter = 0.01
    public var drift = 0.0
    public var age = 0.0
    public var correlation = 0.0
    public var sensorSpread = 0.2
    public var sensorOffset = 2.0
    public var weightBits = 6
    /// One period of the 125 MHz at which events come and go.
    public var resolution = 8e-9
    public var eventInterval = 8e-9
    public var readoutBits = 8

    /// From leak to threshold in volts: 2 mV of noise are .7 % of it.
    static let thresholdVolts = 2e-3 / 0.007

    /// A calibrated chip.
    public init() {}

    public static let fields: [OptionField<BrainScaleS2ChipOptions>] = [
        OptionField("seed", \.seed),
        OptionField("noise_seed", \.noiseSeed),
        OptionField("tau_mem_spread", \.tauMem, spread),
        OptionField("tau_syn_spread", \.tauSyn, spread),
        OptionField("threshold_spread", \.threshold, spread),
        OptionField("threshold_shift", \.thresholdShift, .closed(-0.9, 10)),
        OptionField("reset_spread", \.reset, spread),
        OptionField("gain_spread", \.gain, spread),
        OptionField("row_offset", \.rowOffset, .closed(0, 63)),
        OptionField("delay_spread", \.delay, spread),
        OptionField("noise", \.noise, spread),
        OptionField("batch_noise", \.batchNoise, spread),
        OptionField("jitter", \.jitter, spread),
        OptionField("drift", \.drift, spread),
        OptionField("age", \.age, .closed(0, 1e6)),
        OptionField("weight_bits", \.weightBits, .closed(0, 6)),
        OptionField("resolution", \.resolution, .closed(0, 1)),
        OptionField("event_interval", \.eventInterval, .closed(0, 1)),
        OptionField("readout_bits", \.readoutBits, .closed(0, 16)),
        OptionField("correlation", \.correlation, .closed(0, 1)),
        OptionField("sensor_spread", \.sensorSpread, SensorOptions.spreads),
        OptionField("sensor_offset", \.sensorOffset, SensorOptions.offsets),
    ]

    /// Beyond this circuits have nothing to do with what they were meant to be.
    private static let spread = Domain.closed(0, 2)

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public func check() throws(SpinnpropError) {
        for field in BrainScaleS2ChipOptions.fields { try field.check(self) }
    }
}

extension BrainScaleS2ChipOptions {
    /// A chip as it comes, every circuit at the same setting.
    public static var uncalibrated: BrainScaleS2ChipOptions {
        var options = BrainScaleS2ChipOptions()
        options.tauMem = 0.103
        options.tauSyn = 0.35
        options.threshold = 0.25
        options.reset = 50e-3 / thresholdVolts
        return options
    }

    /// The model by which networks are trained in simulation before they go to the chip (DelGrad): thresholds 2.6 + N(.13, .08), and N(0, .04)
    /// more in each batch; delays with N(0, .01) tau_syn; six-bit weights; nothing else.
    public static var hardwareAware: BrainScaleS2ChipOptions {
        var options = ideal
        options.thresholdShift = 0.13 / 2.6
        options.threshold = 0.08 / 2.73
        options.batchNoise = 0.04 / 2.73
        options.jitter = 0.01
        return options
    }

    /// No circuit differs and nothing is noisy; weights are rounded, events have their resolution and their limit.
    public static var ideal: BrainScaleS2ChipOptions {
        var options = BrainScaleS2ChipOptions()
        for path in [
            \BrainScaleS2ChipOptions.tauMem, \.tauSyn, \.threshold, \.reset, \.gain, \.delay, \.noise, \.batchNoise,
            \.jitter, \.sensorSpread, \.sensorOffset,
        ] { options[keyPath: path] = 0 }
        return options
    }
}

/// Chips by number.
public enum BrainScaleS2Preset: Int32, Sendable, CaseIterable {
    case calibrated = 0
    case uncalibrated = 1
    case hardwareAware = 2
    case ideal = 3

    public var options: BrainScaleS2ChipOptions {
        switch self {
        case .calibrated: BrainScaleS2ChipOptions()
        case .uncalibrated: .uncalibrated
        case .hardwareAware: .hardwareAware
        case .ideal: .ideal
        }
    }
}
