// What a user sets of an optimiser, with its defaults and domains.
import Mathematics

public enum OptimizerKind: Int32, Sendable, CaseIterable {
    case sgd = 0
    case adam = 1
    case adamW = 2
}

/// How gradients become steps.
///
/// | name                | default  | unit | meaning                                                              |
/// |---------------------|----------|------|----------------------------------------------------------------------|
/// | `kind`              | Adam     | -    | SGD with momentum, Adam or AdamW                                     |
/// | `learningRate`      | 2e-2     | -    | of weights                                                           |
/// | `train`             | open     | -    | what is trained; open: weights, and delays that have a learning rate |
/// | `neuronLearningRate`| 1e-2     | -    | of neuron parameters: of what is trained in their stead, `NeuronRule`|
/// | `delayLearningRate` | 0        | s    | of delays, or without a unit of p (sigmoid); 0: delays stay          |
/// | `delayParameter`    | clip     | -    | how delays depend on what is trained: `DelayRule`                    |
/// | `delayShift`        | 0        | s    | the smallest delay                                                   |
/// | `delayScale`        | open     | s    | the largest less the smallest; open: no limit, or tau_syn (sigmoid)  |
/// | `delayL1`           | 0        | 1/s  | added to gradients of delays: what does not pay ends at `delayShift` |
/// | `delayL2`           | 0        | 1/s^2| times the delay, likewise                                            |
/// | `momentum`          | 0        | -    | SGD, [0, 1)                                                          |
/// | `beta1`, `beta2`    | .9, .999 | -    | Adam, AdamW: decay of the mean gradient and of the mean square       |
/// | `epsilon`           | 1e-8     | -    | Adam, AdamW: added to the root of the mean square                    |
/// | `weightDecay`       | 0        | -    | L2 term (SGD, Adam) or decoupled (AdamW); of weights, not of delays  |
/// | `clipValue`         | infinity | -    | largest magnitude of a gradient's entry                              |
/// | `clipNorm`          | 0.1      | -    | largest Euclidean norm of the gradient of all that is trained        |
///
/// With a `delayLearningRate` of 0 delays stay as they are, outside their range, too. Learning rates are those of all layers, unless
/// `Optimizer.setLearningRates` gives layers their own; with 0 parameters are frozen: they keep their bits.
public struct OptimizerOptions: Equatable, Sendable {
    public var kind = OptimizerKind.adam
    public var learningRate = 2e-2
    public var train: TrainedParameters = []
    public var neuronLearningRate = 1e-2
    public var delayLearningRate = 0.0
    public var delayParameter = DelayParameter.clip
    public var delayShift = 0.0
    /// `nil`: no upper limit where delays are clipped; the network's mean tau_syn for `sigmoid`.
    public var delayScale: Double?
    public var delayL1 = 0.0
    public var delayL2 = 0.0
    public var momentum = 0.0
    public var beta1 = 0.9
    public var beta2 = 0.999
    public var epsilon = 1e-8
    public var weightDecay = 0.0
    public var clipValue = Double.infinity
    public var clipNorm = 0.1

    public init() {}
}

extension OptimizerOptions {
    /// Which learning rates there are, and which factors of them.
    public static let rates = Domain.closed(0, 1e6)

    /// Named as in `TrainingOptions.fields`.
    package static let fields: [OptionField<OptimizerOptions>] = [
        OptionField("optimizer", \.kind),
        OptionField("learning_rate", \.learningRate, rates),
        OptionField(
            "train", nil, isWhole: true, get: { .integer($0.train.rawValue) },
            put: { (options, value) throws(SpinnpropError) in
                if case .integer(let number) = value { options.train = TrainedParameters(rawValue: number) }
            }),
        OptionField("neuron_learning_rate", \.neuronLearningRate, rates),
        OptionField("delay_learning_rate", \.delayLearningRate, rates),
        OptionField("delay_parameter", \.delayParameter),
        OptionField("delay_shift", \.delayShift, .closed(0, 1e6)),
        OptionField("delay_scale", \.delayScale, .above(0, to: 1e6)),
        OptionField("delay_l1", \.delayL1, .closed(0, 1e6)),
        OptionField("delay_l2", \.delayL2, .closed(0, 1e6)),
        OptionField("momentum", \.momentum, .from(0, below: 1)),
        OptionField("beta1", \.beta1, .from(0, below: 1)),
        OptionField("beta2", \.beta2, .from(0, below: 1)),
        OptionField("epsilon", \.epsilon, .closed(1e-30, 1e6)),
        OptionField("weight_decay", \.weightDecay, .closed(0, 1e6)),
        OptionField("clip_value", \.clipValue, .positive(infinity: "none")),
        OptionField("clip_norm", \.clipNorm, .positive(infinity: "none")),
    ]

    /// - Throws: `invalidValue` naming the option, its value and its domain.
    public func check() throws(SpinnpropError) {
        for field in OptimizerOptions.fields { try field.check(self) }
        try checkTrained()
    }
}
