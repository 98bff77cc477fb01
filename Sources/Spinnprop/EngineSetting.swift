// What suits training on an engine unless told otherwise: time constants, how weights begin and how they step, the loss.
import FirstSpike
import Learning
import Mathematics
import Networks
import Neurons

/// Defaults of training that depend on the engine and its grid.
///
/// On a grid of few steps outputs fall silent with what suits exact events, and a silent output has no gradient that would repair
/// it. So neurons there integrate for the whole run; initial weights of hidden neurons are more diverse, those of outputs larger;
/// neurons that fall silent all the same are bumped. Gradients are with tau_syn in steps, hence not clipped at a norm for seconds.
///
/// | name           | unit        | meaning                                   |
/// |----------------|-------------|-------------------------------------------|
/// | `tauMem`       | s           | of all neurons                            |
/// | `tauSyn`       | s           | of all neurons                            |
/// | `hiddenDrive`  | see `Drive` | of initial weights into the first hidden layer |
/// | `laterDrive`   | see `Drive` | of initial weights into further hidden layers |
/// | `outputDrive`  | see `Drive` | of initial weights into the last layer    |
/// | `learningRate` | -           | `OptimizerOptions.learningRate`           |
/// | `clipNorm`     | -           | `OptimizerOptions.clipNorm`               |
/// | `bump`         | -           | `WeightBumping.amount`                    |
/// | `tLate`        | s           | of a latency code: when the last features spike |
public struct EngineSetting: Equatable, Sendable {
    public var tauMem = LIFParameters.defaultTauMem
    public var tauSyn = LIFParameters.defaultTauSyn
    public var hiddenDrive = Drive()
    public var laterDrive = Drive()
    public var outputDrive = Drive()
    public var learningRate = OptimizerOptions().learningRate
    public var clipNorm = OptimizerOptions().clipNorm
    public var bump = WeightBumping().amount
    public var tLate = 30e-3

    /// The setting for exact events. Few inputs need time between them. The wave of many drives neurons past their thresholds
    /// before it is over: what came late would say nothing, so the window is little more than two default tau_syn. And their
    /// sum is so large that neurons differ by their weights' spread, not by chance: the mean is smaller, the spread larger. The
    /// norm of a gradient grows with the root of the number of its entries, and its limit with it.
    init(_ network: Network?) {
        guard let network else { return }
        let share = EngineSetting.shareOfFew(network)
        tLate = mixed(tLate, 10e-3, (share * share.squareRoot()).squareRoot()) * network.timeStretch
        hiddenDrive.mean = mixed(hiddenDrive.mean, 0.4, share)
        hiddenDrive.std = mixed(hiddenDrive.std, 0.45, share)
        laterDrive = hiddenDrive
        clipNorm /= share.squareRoot()
    }

    /// Up to so many, four features and a bias, what was tuned on Yin-Yang holds as it is.
    private static let fewInputs = 5.0

    /// What of a setting is that for few inputs.
    private static func shareOfFew(_ network: Network) -> Double {
        fewInputs / max(fewInputs, Double(network.inputCount))
    }

    private func mixed(_ few: Double, _ many: Double, _ share: Double) -> Double { few * share + many * (1 - share) }

    /// The setting for a grid. Its numbers were found by searches over Yin-Yang in 27 and 52 steps and over handwritten digits
    /// in 27, each judged by validation samples, then rounded and compared over seeds. With times in units of the run's length
    /// they serve 27 to 102 steps alike.
    init(_ grid: TimeGrid) {
        tauMem = grid.time(ofStep: grid.steps)
        tauSyn = grid.time(ofStep: grid.steps)
        hiddenDrive = Drive(mean: 0.5, std: 0.5)
        laterDrive = hiddenDrive
        outputDrive = Drive(mean: 0.9, std: 0.33)
        learningRate = 1.5e-2
        clipNorm = .infinity
        bump = 1.5e-3
        tLate = grid.time(ofStep: grid.steps - 1)
    }

    /// Turns from exact events to first spikes: closed forms want tau_mem / tau_syn = 2; neurons that spike once see all features within
    /// a few tau_syn. With many inputs smaller steps generalise better.
    ///
    /// In deep networks what all senders have in common has the neurons of a later layer spike together, whatever the sample; the more
    /// layers, the less is left of what tells samples apart. Weights that differ widely keep neurons apart; they want smaller steps, and
    /// bumping, since outputs fall silent more often. Found on handwritten digits with one to eight hidden layers.
    mutating func turnToFirstSpikes(_ network: Network?) {
        tauSyn = tauMem / 2
        guard let network else { return }
        learningRate = mixed(learningRate, 1e-2, EngineSetting.shareOfFew(network))
        guard network.layers.count > 2 else { return }
        laterDrive = Drive(mean: 0.6, std: 2.5)
        outputDrive = Drive(mean: 0.6, std: 1.5)
        learningRate = 1e-2
        bump = 2e-3
    }
}

extension Engine {
    /// What suits training a network on it unless told otherwise; without one, a network of the fewest inputs with these time
    /// constants.
    public func setting(for network: Network? = nil) -> EngineSetting {
        if let grid { return EngineSetting(grid) }
        var setting = EngineSetting(network)
        if substrate is FirstSpikeSubstrate { setting.turnToFirstSpikes(network) }
        return setting
    }

    /// What is minimised, and how outputs are read, unless told otherwise.
    public func defaultLoss(for network: Network) -> LossParameters {
        defaultLoss(leakyReadout: !network.layers[network.layers.count - 1].isSpiking, network.timeStretch)
    }

    /// What `defaultLoss(for:)` gives for the network and the engine that made a recording.
    public static func defaultLoss(of recording: Recording) throws(SpinnpropError) -> LossParameters {
        try Engine(of: recording).defaultLoss(
            leakyReadout: !recording.outputLayer.isSpiking, recording.timeStretch)
    }

    private func defaultLoss(leakyReadout: Bool, _ timeStretch: Double) -> LossParameters {
        if leakyReadout { return LossParameters(.vMaxCrossEntropy) }
        guard grid != nil else { return LossParameters(.ttfsCrossEntropy).stretched(by: timeStretch) }
        // Sharper than published: a wide softmax goes on pushing wrong outputs back until they are silent, and then they stay
        // silent on samples whose label they are.
        var loss = LossParameters(.stepTTFSCrossEntropy)
        loss.xi = 0.5
        return loss
    }
}
