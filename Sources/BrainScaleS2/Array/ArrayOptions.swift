// What a user sets of an array besides its neurons and synapses.
import Mathematics

/// Sizes, the digital side, sensors and read-outs of an array.
///
/// All times but `resolution` are the user's, in which neurons have the time constants they were given; on the chip the same takes
/// 1 / `speedup` of it.
public struct ArrayOptions: Equatable, Sendable {
    /// 1 ... 512: what the chip has.
    public var neuronCount = ChipGeometry.neuronCount
    /// Senders outside the array, 0 ... 16384: 256 rows of synapses with 6-bit labels.
    public var sourceCount = 0
    /// Whether the neurons are senders, too: rows `sourceCount` ... of the synapses.
    public var isRecurrent = false
    /// The most synapses a neuron may have.
    public var fanIn = ChipGeometry.rowCount
    /// How many times faster than the user's time the chip is.
    public var speedup = 1000.0
    /// The grid of event times in seconds of the chip; 0: none. Inputs go to the nearest point, spikes to the next one.
    public var resolution = 0.0
    /// From one event to the next at least, seconds of the chip; 0: any number at once. The sources' events take turns among themselves, and so do
    /// the neurons'; of either up to `EventLink.queueLength` wait, further ones are lost.
    public var eventInterval = 0.0
    /// Spread of a spike's delay around its neuron's, seconds: drawn anew for each spike; delays stay >= 0.
    public var delayJitter = 0.0
    /// Seeds noise, jitter, and the processor's random numbers.
    public var seed: UInt64 = 0
    /// Whether synapses have correlation sensors, which cost an exponential per arrival.
    public var hasSensors = false
    public var sensors = SensorOptions()
    /// The membrane values that read as 0 and as 255.
    public var readLow = -1.0
    public var readHigh = 2.0

    public init() {}

    public var senderCount: Int { sourceCount + (isRecurrent ? neuronCount : 0) }
    /// The grid in the user's seconds.
    var grid: Double { resolution * speedup }
    /// `eventInterval` in the user's seconds.
    var interval: Double { eventInterval * speedup }

    public static let fields: [OptionField<ArrayOptions>] =
        [
            OptionField("n_neurons", \.neuronCount, .closed(1, Double(ChipGeometry.neuronCount))),
            OptionField("n_sources", \.sourceCount, .closed(0, 16384)),
            OptionField("is_recurrent", \.isRecurrent),
            OptionField("fan_in", \.fanIn, .closed(1, 16896)),
            OptionField("speedup", \.speedup, .closed(1e-3, 1e9)),
            OptionField("resolution", \.resolution, .closed(0, 1)),
            OptionField("event_interval", \.eventInterval, .closed(0, 1)),
            OptionField("delay_jitter", \.delayJitter, .notNegative),
            OptionField("seed", \.seed),
            OptionField("has_sensors", \.hasSensors),
            OptionField("read_low", \.readLow, .closed(-1e6, 1e6)),
            OptionField("read_high", \.readHigh, .closed(-1e6, 1e6)),
        ] + SensorOptions.fields.map { $0.within(\.sensors) }

    /// - Throws: `invalidValue` naming the option and its value.
    public func check() throws(SpinnpropError) {
        for field in ArrayOptions.fields { try field.check(self) }
        guard senderCount >= 1 else {
            throw .invalidValue("an array without sources and recurrence hears nothing; give n_sources or recurrent")
        }
        guard readLow < readHigh else {
            throw .invalidValue("read_low is \(readLow) and read_high \(readHigh); read_low must be the smaller")
        }
    }
}

/// How synapses sense correlations.
public struct SensorOptions: Equatable, Sendable {
    /// What a pair of spikes at the same time adds to a read-out.
    public var amplitude = 36.0
    /// Time constants of pairs of which the sender comes first, and last; seconds.
    public var tauCausal = 20e-3
    public var tauAcausal = 20e-3
    /// Standard deviation of amplitudes between synapses, relative.
    public var spread = 0.0
    /// Standard deviation of offsets between synapses, in units of the read-out.
    public var offset = 0.0
    /// What both are drawn from.
    public var seed: UInt64 = 0

    public init() {}

    static let spreads = Domain.closed(0, 10)
    static let offsets = Domain.closed(0, 255)

    static let fields: [OptionField<SensorOptions>] = [
        OptionField("sensor_amplitude", \.amplitude, .closed(0, 1e6)),
        OptionField("sensor_tau_causal", \.tauCausal, .positiveNormal),
        OptionField("sensor_tau_acausal", \.tauAcausal, .positiveNormal),
        OptionField("sensor_spread", \.spread, spreads),
        OptionField("sensor_offset", \.offset, offsets),
        OptionField("sensor_seed", \.seed),
    ]
}

/// The streams that an array's seeds give.
enum ArrayStream: UInt64 {
    /// A number per neuron at each step.
    case noise = 0x61
    case jitter
    /// One per sender: amplitudes and offsets of its causal, then of its acausal sensors.
    case sensors
    case processor

    func of(_ seed: UInt64, _ first: Int = 0) -> RandomStream {
        RandomStream(seed: seed, purpose: rawValue, UInt64(first))
    }
}
