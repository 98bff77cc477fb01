// What a user sets of the neurons of an array.
import Mathematics
import Neurons

/// Parameters of leaky integrate-and-fire neurons with two synaptic currents, each one number for all neurons or one per neuron.
///
/// | symbol  | name         | default | unit | meaning                                                                   |
/// |---------|--------------|---------|------|---------------------------------------------------------------------------|
/// | tau_m   | `tauMem`     | 20e-3   | s    | membrane time constant, > 0                                               |
/// | tau_e   | `tauSynExc`  | 5e-3    | s    | of the excitatory current, > 0                                            |
/// | tau_i   | `tauSynInh`  | 5e-3    | s    | of the inhibitory current, > 0                                            |
/// | theta   | `threshold`  | 1       | -    | the membrane value at which a neuron spikes, > 0                          |
/// | V_reset | `reset`      | 0       | -    | the membrane value after a spike, < theta                                 |
/// | D       | `drive`      | 0       | -    | a constant current, where the membrane leaks to                           |
/// | t_ref   | `refractory` | 0       | s    | for how long after a spike the membrane stays at V_reset, >= 0            |
/// | g       | `gain`       | 1/63    | -    | the current that a synapse of weight 1 adds, >= 0                         |
/// | d       | `delay`      | 0       | s    | from a neuron's spike to its arrival at the synapses of others, >= 0      |
/// | sigma   | `noise`      | 0       | -    | the spread that temporal noise alone gives a membrane without threshold   |
///
///     tau_m dV/dt = -V + I_e + I_i + D + sigma sqrt(2 tau_m) xi,   tau_e dI_e/dt = -I_e,   tau_i dI_i/dt = -I_i
///     arrival: I_e += g w for w > 0, I_i += g w for w < 0;   V reaches theta: V = V_reset for t_ref, the currents go on
public struct ArrayNeurons: Equatable, Sendable {
    public var tauMem = [LIFParameters.defaultTauMem]
    public var tauSynExc = [LIFParameters.defaultTauSyn]
    public var tauSynInh = [LIFParameters.defaultTauSyn]
    public var threshold = [LIFParameters.defaultThreshold]
    public var reset = [LIFParameters.defaultReset]
    public var drive = [LIFParameters.defaultDrive]
    public var refractory = [LIFParameters.defaultRefractory]
    public var gain = [1 / Double(ChipGeometry.largestWeight)]
    public var delay = [0.0]
    public var noise = [0.0]

    public init() {}

    /// Each by the name that bindings know it by, with the values it may have on its own.
    public static let fields: [ArrayNeuronField] = [
        ArrayNeuronField(name: "tau_mem", path: \.tauMem, domain: .positiveNormal),
        ArrayNeuronField(name: "tau_syn_exc", path: \.tauSynExc, domain: .positiveNormal),
        ArrayNeuronField(name: "tau_syn_inh", path: \.tauSynInh, domain: .positiveNormal),
        ArrayNeuronField(name: "threshold", path: \.threshold, domain: .closed(1e-6, 1e6)),
        ArrayNeuronField(name: "reset", path: \.reset, domain: .closed(-1e6, 1e6)),
        ArrayNeuronField(name: "drive", path: \.drive, domain: .closed(-1e6, 1e6)),
        ArrayNeuronField(name: "refractory", path: \.refractory, domain: .notNegative),
        ArrayNeuronField(name: "gain", path: \.gain, domain: .closed(0, 1e6)),
        ArrayNeuronField(name: "delay", path: \.delay, domain: .notNegative),
        ArrayNeuronField(name: "noise", path: \.noise, domain: .closed(0, 1e6)),
    ]

    /// - Throws: `invalidValue` naming the parameter, the neuron and the value.
    public func check(neuronCount: Int) throws(SpinnpropError) {
        for field in ArrayNeurons.fields {
            let values = self[keyPath: field.path]
            guard values.count == 1 || values.count == neuronCount else {
                throw .invalidValue(
                    "\(field.name) has \(values.count) elements; an array of \(neuronCount) neurons takes 1 or \(neuronCount)"
                )
            }
            for (neuron, value) in values.enumerated() where !field.domain.contains(value) {
                throw .invalidValue(
                    "\(field.name) of neuron \(neuron) is \(value); it must be \(field.domain.text(refusing: value))")
            }
        }
        for neuron in 0..<neuronCount {
            let own = self[neuron]
            for (name, tau) in [("tau_syn_exc", own.tauSynExc), ("tau_syn_inh", own.tauSynInh)] {
                let ratio = own.tauMem / tau
                guard ratio >= 1e-4, ratio <= 1e4 else {
                    throw .invalidValue("tau_mem / \(name) of neuron \(neuron) is \(ratio); it must be 1e-4 .. 1e4")
                }
            }
            guard own.reset < own.threshold else {
                throw .invalidValue(
                    "reset of neuron \(neuron) is \(own.reset); it must be below the threshold, \(own.threshold)")
            }
        }
    }

    /// The parameters of one neuron.
    subscript(neuron: Int) -> ArrayNeuron {
        func of(_ values: [Double]) -> Double { values[values.count == 1 ? 0 : neuron] }
        return ArrayNeuron(
            tauMem: of(tauMem), tauSynExc: of(tauSynExc), tauSynInh: of(tauSynInh), threshold: of(threshold),
            reset: of(reset), drive: of(drive), refractory: of(refractory), gain: of(gain), delay: of(delay),
            noise: of(noise))
    }
}

/// A row of the table of an array's neuron parameters.
public struct ArrayNeuronField: Sendable {
    public let name: String
    public let path: WritableKeyPath<ArrayNeurons, [Double]> & Sendable
    public let domain: Domain
}

/// The parameters of one neuron; symbols and units as in `ArrayNeurons`.
struct ArrayNeuron {
    let tauMem, tauSynExc, tauSynInh, threshold, reset, drive, refractory, gain, delay, noise: Double
}
