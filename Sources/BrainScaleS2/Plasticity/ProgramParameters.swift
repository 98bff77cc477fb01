// The programs that come with the library, by number and parameters.
import Mathematics

/// Which program, with the numbers of all of them.
public struct ProgramParameters: Equatable, Sendable {
    public enum Kind: Int32, CaseIterable, Sendable {
        case rateHomeostasis = 0
        case rewardModulatedSTDP = 1
        case structuralPlasticity = 2
    }

    public var kind = Kind.rateHomeostasis
    public var target = 10
    public var sender = 0
    public var threshold = 1
    public var weight = 10
    public var learningRate = 0.125
    public var probability = 1.0
    public var success = 1.0

    public init() {}

    public static let fields: [OptionField<ProgramParameters>] = [
        OptionField("kind", \.kind),
        OptionField("target", \.target, .closed(0, 255)),
        OptionField("sender", \.sender, .count(from: 0)),
        OptionField("threshold", \.threshold, .closed(0, 64)),
        OptionField("weight", \.weight, .closed(-63, 63)),
        OptionField("learning_rate", \.learningRate, .closed(-8, 8)),
        OptionField("probability", \.probability, .closed(0, 1)),
        OptionField("success", \.success, .closed(-1e6, 1e6)),
    ]

    /// - Throws: `invalidValue` naming the parameter and its value.
    public func program() throws(SpinnpropError) -> any PlasticityProgram {
        for field in ProgramParameters.fields { try field.check(self) }
        switch kind {
        case .rateHomeostasis:
            return RateHomeostasis(target: target, learningRate: learningRate, probability: probability)
        case .rewardModulatedSTDP:
            return RewardModulatedSTDP(sender: sender, success: success, learningRate: learningRate)
        case .structuralPlasticity:
            return StructuralPlasticity(threshold: threshold, weight: weight, probability: probability)
        }
    }
}
