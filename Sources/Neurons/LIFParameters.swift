// What a user sets of a layer of leaky integrate-and-fire neurons.
import Mathematics

/// Parameters of leaky integrate-and-fire neurons with exponential synaptic current.
///
/// | symbol  | name         | default | unit | meaning                                                         |
/// |---------|--------------|---------|------|-----------------------------------------------------------------|
/// | tau_m   | `tauMem`     | 20e-3   | s    | membrane time constant, > 0                                     |
/// | tau_s   | `tauSyn`     | 5e-3    | s    | synaptic time constant, > 0                                     |
/// | theta   | `threshold`  | 1       | -    | the membrane value at which a neuron spikes, > 0                |
/// | V_reset | `reset`      | 0       | -    | the membrane value after a spike, < theta                       |
/// | D       | `drive`      | 0       | -    | a constant current; from theta on the neuron fires by itself    |
/// | t_ref   | `refractory` | 0       | s    | for how long after a spike the membrane stays at V_reset, >= 0  |
///
/// The membrane is 0 in the beginning, at time 0. Each array has one element for all neurons of the layer, or one per neuron.
///
///     tau_m dV/dt = -V + I + D,   tau_s dI/dt = -I,   arrival: I += w,   V reaches theta: V = V_reset for t_ref, I goes on
public struct LIFParameters: Equatable, Sendable {
    public static let defaultTauMem = 20e-3
    public static let defaultTauSyn = 5e-3
    public static let defaultThreshold = 1.0
    public static let defaultReset = 0.0
    public static let defaultDrive = 0.0
    public static let defaultRefractory = 0.0

    public var tauMem: [Double]
    public var tauSyn: [Double]
    public var threshold: [Double]
    public var reset: [Double]
    public var drive: [Double]
    public var refractory: [Double]

    public init(
        tauMem: [Double] = [defaultTauMem], tauSyn: [Double] = [defaultTauSyn],
        threshold: [Double] = [defaultThreshold], reset: [Double] = [defaultReset],
        drive: [Double] = [defaultDrive], refractory: [Double] = [defaultRefractory]
    ) {
        self.tauMem = tauMem
        self.tauSyn = tauSyn
        self.threshold = threshold
        self.reset = reset
        self.drive = drive
        self.refractory = refractory
    }

    /// No number of any kind: what gradients are gathered in.
    public static let none = LIFParameters(
        tauMem: [], tauSyn: [], threshold: [], reset: [], drive: [], refractory: [])

    /// Each by the name that bindings know it by, with the values it may have on its own.
    public static let fields: [LIFField] = [
        LIFField(name: "tau_mem", path: \.tauMem, domain: .positiveNormal, initial: defaultTauMem),
        LIFField(name: "tau_syn", path: \.tauSyn, domain: .positiveNormal, initial: defaultTauSyn),
        LIFField(name: "threshold", path: \.threshold, domain: .positiveNormal, initial: defaultThreshold),
        LIFField(name: "reset", path: \.reset, domain: .finite, initial: defaultReset),
        LIFField(name: "drive", path: \.drive, domain: .finite, initial: defaultDrive),
        LIFField(name: "refractory", path: \.refractory, domain: .notNegative, initial: defaultRefractory),
    ]

    /// Whether all neurons of the layer share every parameter.
    public var isUniform: Bool {
        LIFParameters.fields.allSatisfy { self[keyPath: $0.path].count == 1 }
    }

    /// The same parameters with arrays of equal elements shortened to one.
    public var simplified: LIFParameters {
        var own = self
        for field in LIFParameters.fields {
            let values = self[keyPath: field.path]
            if values.allSatisfy({ $0 == values[0] }) { own[keyPath: field.path] = [values[0]] }
        }
        return own
    }

    /// - Throws: `invalidValue` naming the parameter, the neuron and the value.
    public func check(neuronCount: Int) throws(SpinnpropError) {
        for field in LIFParameters.fields {
            let values = self[keyPath: field.path]
            guard values.count == 1 || values.count == neuronCount else {
                throw .invalidValue(
                    "\(field.name) has \(values.count) elements; a layer of \(neuronCount) neurons takes 1 or \(neuronCount)"
                )
            }
            for (neuron, value) in values.enumerated() where !field.domain.contains(value) {
                throw .invalidValue(
                    "\(field.name) of neuron \(neuron) is \(value); it must be \(field.domain.text(refusing: value))")
            }
        }
        // Time constants so far apart that their ratio overflows have no meaning in float64. The bounds are in the domain, and so is
        // what decimals that stand for them are rounded to.
        let rounding = 4 * Double.ulpOfOne
        for neuron in 0..<neuronCount {
            let parameters = self[neuron]
            let ratio = parameters.tauMem / parameters.tauSyn
            guard ratio >= 1e-6 * (1 - rounding), ratio <= 1e6 * (1 + rounding) else {
                throw .invalidValue(
                    "tau_mem / tau_syn of neuron \(neuron) is \(ratio); it must be 1e-6 .. 1e6")
            }
            guard parameters.reset < parameters.threshold else {
                throw .invalidValue(
                    "reset of neuron \(neuron) is \(parameters.reset); it must be below the threshold, "
                        + "\(parameters.threshold)")
            }
            let most = LIFParameters.largestDrive(threshold: parameters.threshold, reset: parameters.reset)
            guard parameters.drive.magnitude <= most else {
                throw .invalidValue(
                    "drive of neuron \(neuron) is \(parameters.drive); it must be at most 1e6 thresholds and as many times the way from "
                        + "reset to threshold, here \(most), on either side of 0")
            }
        }
    }

    /// Beyond it a threshold measured from the drive would lose digits of the threshold itself, or leave float64.
    public static func largestDrive(threshold: Double, reset: Double) -> Double {
        min(1e6 * min(threshold, threshold - reset), .greatestFiniteMagnitude - max(threshold, -reset))
    }

    /// Whether neurons need more than arrivals to move them.
    public var isDriven: Bool { drive.contains { $0 != 0 } }
    public var isRefractory: Bool { refractory.contains { $0 > 0 } }

    /// The parameters of one neuron.
    public subscript(neuron: Int) -> LIFNeuron {
        LIFNeuron(
            tauMem: tauMem[tauMem.count == 1 ? 0 : neuron], tauSyn: tauSyn[tauSyn.count == 1 ? 0 : neuron],
            threshold: threshold[threshold.count == 1 ? 0 : neuron], reset: reset[reset.count == 1 ? 0 : neuron],
            drive: drive[drive.count == 1 ? 0 : neuron], refractory: refractory[refractory.count == 1 ? 0 : neuron])
    }
}

/// A row of the table of a layer's parameters.
public struct LIFField: Sendable {
    public let name: String
    public let path: WritableKeyPath<LIFParameters, [Double]> & Sendable
    public let domain: Domain
    public let initial: Double
}

/// The parameters of one neuron; symbols and units as in `LIFParameters`.
@frozen
public struct LIFNeuron: Equatable, Sendable {
    public let tauMem: Double
    public let tauSyn: Double
    public let threshold: Double
    public let reset: Double
    public let drive: Double
    public let refractory: Double

    @inlinable
    public init(
        tauMem: Double, tauSyn: Double, threshold: Double, reset: Double, drive: Double = 0, refractory: Double = 0
    ) {
        self.tauMem = tauMem
        self.tauSyn = tauSyn
        self.threshold = threshold
        self.reset = reset
        self.drive = drive
        self.refractory = refractory
    }
}
