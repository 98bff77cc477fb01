// What a user sets of local learning, with defaults and domains.
import Mathematics

/// What turns an output error into changes of weights.
public enum LocalRule: Int32, Sendable, CaseIterable {
    /// Spikes of error neurons, through feedback weights, times local traces.
    case biograd = 0
    /// The same with the error itself in place of its spikes.
    case exactError = 1
    /// Surrogate-gradient backpropagation through time of the same network and the same loss: the twin to compare with.
    case bptt = 2
}

/// The feedback weights at the start.
public enum LocalFeedback: Int32, Sendable, CaseIterable {
    case random = 0
    /// The product of the weights that lead from the layer to the output.
    case aligned = 1
}

/// Which output spikes the softmax of a step's error counts.
public enum LocalCounts: Int32, Sendable, CaseIterable {
    /// Those up to the step.
    case running = 0
    /// Those of the whole sample, at every step.
    case final = 1
}

/// How often the probability of a spike is drawn anew during sleep.
public enum SleepDraw: Int32, Sendable, CaseIterable {
    case perBatch = 0
    case perSample = 1
    case perStep = 2
}

/// Options of local learning with a sleep phase, BioGrad (Tang et al., arXiv 2110.14092).
///
/// | symbol  | name            | default  | meaning                                                                        |
/// |---------|-----------------|----------|--------------------------------------------------------------------------------|
/// | T       | `steps`         | 20       | time steps of a sample                                                         |
/// |         | `softStart`     | 5        | the first step in which there is an error                                      |
/// | d       | `decay`         | .5       | what a membrane and a trace keep from step to step                             |
/// | theta   | `threshold`     | .5       | of the membrane                                                                |
/// | win     | `window`        | 1        | how near the threshold the surrogate derivative is `amplitude`, else 0         |
/// | amp     | `amplitude`     | 1        |                                                                                |
/// |         | `rule`          | biograd  |                                                                                |
/// |         | `feedback`      | random   | feedback weights at the start                                                  |
/// |         | `sleeps`        | true     | whether a sleep follows each batch                                             |
/// |         | `sleepSteps`    | 50       | time steps of a sleep                                                          |
/// | lr_s    | `sleepRate`     | 3.33e-5  | learning rate of the feedback weights                                          |
/// | p       | `sleepPower`    | 2        | of the output's count in the decay of the feedback weights                     |
/// | lr      | `learningRate`  | 5e-3     | of weights and biases                                                          |
/// |         | `batchSize`     | 32       | samples per step; fewer at the end of an epoch take so much smaller a step     |
/// |         | `epochs`        | 60       | passes over the data, in all                                                   |
/// |         | `seed`          | 0        | of weights, feedback, order, encoding and sleep                                |
/// |         | `counts`        | running  | which output spikes the error's softmax counts                                 |
/// |         | `countsFrom`    | 0        | the first step whose output spikes count in the error                          |
/// |         | `tracesFrom`    | 0        | the first step whose surrogate derivatives enter the gradient                  |
/// |         | `includesThreshold` | false | whether an error neuron spikes at its threshold too, not only above it        |
/// |         | `sleepDraw`     | per sample | how often the probability of a spike in sleep is drawn                        |
/// |         | `averagesSleep` | false    | whether correlations in sleep are means over the batch, not sums               |
/// |         | `integer`       | false    | whether all is whole numbers, as on Loihi (`IntegerNetwork`); one hidden layer |
public struct LocalOptions: Equatable, Sendable {
    public var steps = 20
    public var softStart = 5
    public var decay = 0.5
    public var threshold = 0.5
    public var window = 1.0
    public var amplitude = 1.0
    public var rule = LocalRule.biograd
    public var feedback = LocalFeedback.random
    public var sleeps = true
    public var sleepSteps = 50
    public var sleepRate = 3.33e-5
    public var sleepPower = 2
    public var learningRate = 5e-3
    public var batchSize = 32
    public var epochs = 60
    public var seed: UInt64 = 0
    public var counts = LocalCounts.running
    public var countsFrom = 0
    public var tracesFrom = 0
    public var includesThreshold = false
    public var sleepDraw = SleepDraw.perSample
    public var averagesSleep = false
    public var integer = false

    public init() {}

    /// What is checked, and what bindings carry.
    public static let fields: [OptionField<LocalOptions>] = [
        OptionField("steps", \.steps, .count(from: 1)),
        OptionField("soft_start", \.softStart, .count(from: 0)),
        OptionField("decay", \.decay, .closed(0, 1)),
        OptionField("threshold", \.threshold, .closed(1e-6, 1e6)),
        OptionField("window", \.window, .closed(0, 1e6)),
        OptionField("amplitude", \.amplitude, .closed(0, 1e6)),
        OptionField("rule", \.rule),
        OptionField("feedback", \.feedback),
        OptionField("sleep", \.sleeps),
        OptionField("sleep_steps", \.sleepSteps, .count(from: 1)),
        OptionField("sleep_rate", \.sleepRate, .closed(0, 1e6)),
        OptionField("sleep_power", \.sleepPower, .closed(1, 8)),
        OptionField("learning_rate", \.learningRate, .closed(0, 1e6)),
        OptionField("batch_size", \.batchSize, .count(from: 1)),
        OptionField("epochs", \.epochs, .count(from: 0)),
        OptionField("seed", \.seed),
        OptionField("counts", \.counts),
        OptionField("counts_from", \.countsFrom, .count(from: 0)),
        OptionField("traces_from", \.tracesFrom, .count(from: 0)),
        OptionField("includes_threshold", \.includesThreshold),
        OptionField("sleep_draw", \.sleepDraw),
        OptionField("averages_sleep", \.averagesSleep),
        OptionField("integer", \.integer),
    ]

    /// - Throws: `invalidValue` naming the option, its value and its domain.
    public func check() throws(SpinnpropError) {
        for field in LocalOptions.fields { try field.check(self) }
        guard softStart < steps else {
            throw .invalidValue(
                "soft_start is \(softStart) with steps = \(steps); an error needs a step, so it must be below steps")
        }
        try checkIntegers()
    }

    /// Steps in which there is an error.
    package var errorSteps: Int { steps - softStart }
}
