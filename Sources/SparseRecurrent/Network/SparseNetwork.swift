// A sparse recurrent network: one population, its drive, its synapses and its weights.
import Mathematics

/// Neurons of one model, driven by constant currents, that move each other's membranes by the weight of each synapse.
///
/// | symbol | name       | default | unit | meaning                                                              |
/// |--------|------------|---------|------|----------------------------------------------------------------------|
/// | N      | `neuronCount` |      |      | 2 ..                                                                 |
/// | K      | `degree`   |         |      | targets per neuron, 1 .. N - 1                                       |
/// | nu     | `rate`     | 1       | Hz   | sets the drive; the rate that results is larger by a factor of O(1)  |
/// | J0     | `coupling` | 1       |      | strength of inhibition, > 0                                          |
/// | tau    | `tau`      | 10e-3   | s    | membrane time constant                                               |
/// | I      | `drives`   | tau sqrt(K) J0 nu |  | one for all neurons, or one each; > 0                           |
/// | w      | `weights`  | -J0 / sqrt(K)     |  | one for all synapses, or one each; any sign                     |
///
/// The defaults are the balanced network of Engelken (arXiv 2312.17216).
public struct SparseNetwork: Sendable {
    public static let defaultRate = 1.0
    public static let defaultCoupling = 1.0
    public static let defaultTau = 10e-3

    public let model: NeuronModel
    public let connectivity: Connectivity
    public let tau: Double
    /// Seeds the initial phases.
    public let seed: UInt64
    /// The drives, one for all neurons, or one each.
    public let drives: [Double]
    /// The weights, one for all synapses, or one each in the order of `connectivity`; all runs and their recordings share them.
    private(set) var weightBuffer: LargeBuffer<Double>
    /// Whether no weight is positive.
    private(set) var isInhibitory = true

    /// The fits of an exponential neuron.
    let exponential: EIF?

    public var neuronCount: Int { connectivity.neuronCount }

    /// The balanced network: drive and weight follow from rate and coupling.
    ///
    /// - Parameter isStored: whether drawn targets are kept in memory; see `Connectivity`.
    /// - Throws: `invalidValue` for numbers out of their domain, `outOfMemory`.
    public init(
        neuronCount: Int, degree: Int, model: NeuronModel = .lif, rate: Double = defaultRate,
        coupling: Double = defaultCoupling, tau: Double = defaultTau, seed: UInt64 = 0, isStored: Bool = true
    ) throws(SpinnpropError) {
        try self.init(
            Connectivity(neuronCount: neuronCount, degree: degree, seed: seed, isStored: isStored), degree: degree,
            model: model, rate: rate, coupling: coupling, tau: tau, seed: seed)
    }

    /// A network on given connections; `degree` stands in for K where rows differ. Drives or weights that are not empty take
    /// the place of those that follow from rate and coupling. - Throws: `invalidValue` for numbers out of their domain,
    /// `outOfMemory`.
    public init(
        _ connectivity: Connectivity, degree: Int, model: NeuronModel = .lif, rate: Double = defaultRate,
        coupling: Double = defaultCoupling, tau: Double = defaultTau, seed: UInt64 = 0, drives: [Double] = [],
        weights: [Double] = [], monitor: Monitor? = nil
    ) throws(SpinnpropError) {
        guard degree >= 1, degree < connectivity.neuronCount else {
            throw .invalidValue(
                "k is \(degree) for n = \(connectivity.neuronCount) neurons; it must be 1 .. \(connectivity.neuronCount - 1)"
            )
        }
        guard rate >= 0, rate < .infinity else { throw .invalidValue("rate is \(rate); it must be finite and > 0 Hz") }
        guard coupling > 0, coupling < .infinity else {
            throw .invalidValue("coupling is \(coupling); it must be finite and > 0 (give weights for excitation)")
        }
        let root = Double(degree).squareRoot()
        try self.init(
            connectivity, model: model, drives: drives.isEmpty ? [tau * root * coupling * rate] : drives,
            weights: weights.isEmpty ? [-coupling / root] : weights, tau: tau, seed: seed, monitor: monitor)
    }

    /// A copy of the weights.
    public var weights: [Double] { weightBuffer.elements }
    public var weightCount: Int { weightBuffer.count }

    /// The weights themselves, to be read while `body` runs.
    public func withWeights(_ body: (UnsafeBufferPointer<Double>) -> Void) {
        body(UnsafeBufferPointer(start: weightBuffer.pointer, count: weightCount))
    }

    /// A network with any drives and weights. - Throws: `invalidValue` for numbers out of their domain, `outOfMemory`, and
    /// `cancelled` while exponential neurons are fitted.
    public init(
        _ connectivity: Connectivity, model: NeuronModel, drives: [Double], weights: [Double],
        tau: Double = defaultTau, seed: UInt64 = 0, monitor: Monitor? = nil
    ) throws(SpinnpropError) {
        try model.check()
        guard SparseNetwork.taus.contains(tau) else {
            throw .invalidValue(
                "tau is \(tau); it must be \(SparseNetwork.taus.lowerBound) .. \(SparseNetwork.taus.upperBound) seconds"
            )
        }
        guard drives.count == 1 || drives.count == connectivity.neuronCount else {
            throw .invalidValue(
                "\(drives.count) drives for \(connectivity.neuronCount) neurons; give one for all, or one each")
        }
        for (neuron, drive) in drives.enumerated() where !SparseNetwork.drives.contains(drive) {
            throw .invalidValue(
                "the drive of neuron \(neuron) is \(drive); a neuron spikes by itself only with a drive of "
                    + "\(SparseNetwork.drives.lowerBound) .. \(SparseNetwork.drives.upperBound): raise rate or drive")
        }
        if case .eif(let slope, let kind) = model {
            exponential = try EIF(drives: drives, slope: slope, kind, monitor: monitor)
        } else {
            exponential = nil
        }
        self.model = model
        self.connectivity = connectivity
        self.tau = tau
        self.seed = seed
        self.drives = drives
        weightBuffer = try LargeBuffer([], "the weights")
        try setWeights(weights)
    }

    /// One weight for all synapses, or one per synapse. - Throws: `invalidValue` on a wrong count or size.
    public mutating func setWeights(_ weights: [Double]) throws(SpinnpropError) {
        guard weights.count == 1 || weights.count == connectivity.synapseCount else {
            throw .invalidValue(
                "\(weights.count) weights for \(connectivity.synapseCount) synapses; give one for all, or one each")
        }
        var isInhibitory = true
        for (synapse, weight) in weights.enumerated() {
            if weight > 0 { isInhibitory = false }
            if weight.magnitude <= SparseNetwork.largestWeight { continue }
            throw .invalidValue(
                "weight \(synapse) is \(weight); weights must be -\(SparseNetwork.largestWeight) .. \(SparseNetwork.largestWeight)"
            )
        }
        weightBuffer = try LargeBuffer(weights, "the weights")
        self.isInhibitory = isInhibitory
    }

    /// Within these no key of a simulation overflows.
    private static let drives = 1e-9...1e9
    /// Within these no time of a simulation overflows or underflows.
    private static let taus = 1e-100...1e100
    static let largestWeight = 1e6
}
