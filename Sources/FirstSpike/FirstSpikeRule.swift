// First spikes in closed form: the gradient rule.
import Mathematics
import Networks
import Spikes

/// Exact derivatives of first-spike times (Göltz et al. 2021, arXiv 1912.11443; of delays: DelGrad, arXiv 2404.19165).
///
///     dT/dw_i = -tau_m e_i / (I - theta)          e_i, tau_m e_i': response of V to input i at T, and its slope; 0 for inputs after T
///     dT/dt_i = w_i tau_m e_i' / (I - theta)
///
/// e is x e^-x for equal time constants and e^-x - e^-2x for tau_m = 2 tau_s, x = (T - t_i) / tau_m. Written with T and the current I at
/// T, which a recording has, the published forms need neither the sums over the causal set nor W, and T may be any time at which
/// the neuron is known to have spiked.
public struct FirstSpikeRule: GradientRule {
    public static let name = FirstSpikeSubstrate.name
    public var name: String { FirstSpikeRule.name }
    public let options: FirstSpikeOptions

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public init(_ options: FirstSpikeOptions) throws(SpinnpropError) {
        try options.check()
        self.options = options
    }

    public init() { options = FirstSpikeOptions() }

    init(checked options: FirstSpikeOptions) { self.options = options }

    public var parameters: [Double] { [options.maxWeightStep ?? .infinity] }

    /// - Throws: `unsupported` for networks that `FirstSpikeSubstrate` cannot run, for a neuron that spikes twice in a sample, and for a loss that asks
    ///   for more than one spike.
    public func backward(
        _ network: Network, _ recording: Recording, _ objective: Objective, monitor: Monitor?
    ) throws(SpinnpropError) -> Gradients {
        let layers = try FirstSpikeLayer.all(network, monitor: monitor)
        let run = try FirstSpikeBackward(network, recording, objective, options, layers, monitor)
        try run.run()
        return try run.gradients()
    }
}

extension Objective {
    /// - Throws: `unsupported` if the loss asks for more spikes than an output has here; the gradient would pull at what is out of reach.
    func checkFirstSpike(sampleCount: Int, outputCount: Int) throws(SpinnpropError) {
        guard given == nil else { return }
        let asked = loss.spikesAsked(self, sampleCount: sampleCount, outputCount: outputCount)
        guard asked <= 1 else {
            throw .unsupported(
                "the loss \(loss.name) asks for \(asked) spikes of an output; in engine \"first-spike\" each spikes once at most: use "
                    + "\"event\" in its place, or ask for no more than 1")
        }
    }
}
