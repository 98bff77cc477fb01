// What suits training on an engine unless told otherwise: time constants, how weights begin and how they step, the loss.
import Learning
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
/// | `hiddenDrive`  | see `Drive` | of initial weights into hidden layers     |
/// | `outputDrive`  | see `Drive` | of initial weights into the last layer    |
/// | `learningRate` | -           | `OptimizerOptions.learningRate`           |
/// | `clipNorm`     | -           | `OptimizerOptions.clipNorm`               |
/// | `bump`         | -           | `WeightBumping.amount`                    |
public struct EngineSetting: Equatable, Sendable {
    public var tauMem = LIFParameters.defaultTauMem
    public var tauSyn = LIFParameters.defaultTauSyn
    public var hiddenDrive = Drive()
    public var outputDrive = Drive()
    public var learningRate = OptimizerOptions().learningRate
    public var clipNorm = OptimizerOptions().clipNorm
    public var bump = WeightBumping().amount

    /// Of exact events.
    init() {}

    /// Of a grid. The numbers were found by searches over Yin-Yang in 27 and 52 steps and over handwritten digits in 27, each
    /// judged by validation samples, then rounded and compared over seeds. With times in units of the run's length they serve 27 to
    /// 102 steps alike.
    init(_ grid: TimeGrid) {
        tauMem = grid.time(ofStep: grid.steps)
        tauSyn = grid.time(ofStep: grid.steps)
        hiddenDrive = Drive(mean: 0.5, std: 0.5)
        outputDrive = Drive(mean: 0.9, std: 0.33)
        learningRate = 1.5e-2
        clipNorm = .infinity
        bump = 1.5e-3
    }
}

extension Engine {
    /// What suits training on it unless told otherwise.
    public var setting: EngineSetting { grid.map { EngineSetting($0) } ?? EngineSetting() }

    /// What is minimised, and how outputs are read, unless told otherwise.
    public func defaultLoss(leakyReadout: Bool) -> LossParameters {
        if leakyReadout { return LossParameters(.vMaxCrossEntropy) }
        guard grid != nil else { return LossParameters(.ttfsCrossEntropy) }
        // Sharper than published: a wide softmax goes on pushing wrong outputs back until they are silent, and then they stay
        // silent on samples whose label they are.
        var loss = LossParameters(.stepTTFSCrossEntropy)
        loss.xi = 0.5
        return loss
    }
}
