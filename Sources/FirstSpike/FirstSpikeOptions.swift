// What a user sets of gradients of first spikes, with its default and domain.
import Mathematics

/// | name            | default | unit | meaning                                                                              |
/// |-----------------|---------|------|--------------------------------------------------------------------------------------|
/// | `maxWeightStep` | none    | -    | where one weight's share of a sample in the gradient is larger, its neuron's is left out |
public struct FirstSpikeOptions: Equatable, Sendable {
    /// `nil`: no limit. Compared with |dL/dT dT/dw| of each sample and neuron, L being the batch mean of the loss; beyond it, or undefined, the neuron
    /// adds nothing to the gradient of its weights for the sample, while errors of times pass through it all the same. A spike that hardly
    /// reaches the threshold has such derivatives. Published trainings on hardware take 0.2.
    public var maxWeightStep: Double?

    public init() {}

    /// What is checked, and what bindings carry.
    public static let fields: [OptionField<FirstSpikeOptions>] = [
        OptionField("max_weight_step", \.maxWeightStep, .positive)
    ]

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public func check() throws(SpinnpropError) {
        for field in FirstSpikeOptions.fields { try field.check(self) }
    }
}
