// A network with one hidden layer as an integer processor holds it.
import Mathematics

/// A layer in int8, with the constants of its neurons in units of its weights.
struct IntegerLayer {
    let preCount: Int
    let neuronCount: Int
    let stride: Int
    /// A row for each sender; then the biases, weights of an input that spikes in each step.
    let rows: [Int8]
    /// A row for each output; empty in the last layer.
    let feedback: [Int8]
    /// Weights are multiples of 2^-exponent.
    let exponent: Int
    let feedbackExponent: Int
    /// A neuron spikes above it.
    let threshold: Int32
    /// The surrogate derivative is not 0 between these two.
    let low, high: Int32

    fileprivate init(_ own: LocalLayer, _ options: LocalOptions, exponent: Int) {
        (preCount, neuronCount, stride) = (own.preCount, own.neuronCount, own.stride)
        self.exponent = exponent
        feedbackExponent = own.feedbackExponent ?? 0
        let (scale, other) = (Double(1 << exponent), Double(1 << feedbackExponent))
        rows = (own.rows + own.biases).map { Int8(Double($0) * scale) }
        feedback = own.feedback.map { Int8(Double($0) * other) }
        threshold = Int32((options.threshold * scale).rounded(.down).clamped)
        low = Int32(((options.threshold - options.window) * scale).rounded(.down).clamped)
        high = Int32(((options.threshold + options.window) * scale).rounded(.up).clamped)
    }
}

extension Double {
    /// Within what membranes reach, and one beyond.
    fileprivate var clamped: Double {
        let bound = Double(Saturation.state + 1)
        return Swift.max(-bound, Swift.min(bound, self))
    }
}

/// The arithmetic of Loihi's kind that BioGrad then runs in, sums exact unless they saturate:
///
/// | what                      | as                                                                                          |
/// |---------------------------|---------------------------------------------------------------------------------------------|
/// | weights, biases, feedback | int8, -127 ... 127, times a power of two of their layer; updates are rounded stochastically |
/// | membrane                  | 24 bits, in units of the weights; decays by 4096ths, to the nearest                         |
/// | trace of a synapse        | 16 bits, 8 of them behind the point; decays by 4096ths, to the nearest                      |
/// | softmax                   | powers of e from a table in 65536ths, a division                                            |
/// | error neurons             | sums in 65536ths                                                                            |
/// | error dendrites           | 24 bits, in units of the feedback                                                           |
/// | learning rates            | 15 bits and a shift                                                                         |
///
/// What a sample adds to its batch are whole numbers: no order of samples and no number of threads changes a bit.
struct IntegerNetwork {
    let hidden: IntegerLayer
    let output: IntegerLayer
    let decay: Decay
    let options: LocalOptions

    var layers: [IntegerLayer] { [hidden, output] }

    /// - Throws: `invalidValue` unless the network lies on a grid and has one hidden layer.
    init(_ network: LocalNetwork, _ options: LocalOptions) throws(SpinnpropError) {
        guard network.layers.count == 2 else {
            throw .invalidValue(
                "integer is set for \(network.layers.count - 1) hidden layers; give exactly 1, or leave integer out"
            )
        }
        guard let first = network.layers[0].weightExponent, let second = network.layers[1].weightExponent else {
            throw .invalidValue(
                "the network is in float32, the training in integers; BioGrad(network, options) rounds it")
        }
        // As bytes, and joined before.
        try Memory.check(count: network.parameterCount, bytesPerElement: 5, "the network's integers")
        hidden = IntegerLayer(network.layers[0], options, exponent: first)
        output = IntegerLayer(network.layers[1], options, exponent: second)
        decay = Decay(options.decay)
        self.options = options
    }
}

extension LocalOptions {
    /// What integers are wide enough for.
    func checkIntegers() throws(SpinnpropError) {
        guard integer else { return }
        guard rule == .biograd else {
            throw .invalidValue("rule is \(rule) with integer set; take rule biograd, or leave integer out")
        }
        for (name, count) in [("steps", steps), ("sleep_steps", sleepSteps), ("batch_size", batchSize)] {
            try LocalOptions.checkIntegerSums(count, name)
        }
    }

    /// So many traces of 15 bits make 31, so many products of two states 62.
    static func checkIntegerSums(_ count: Int, _ name: String) throws(SpinnpropError) {
        let largest = 1 << 16 - 1
        guard count <= largest else {
            throw .invalidValue("\(name) is \(count) with integer set; give at most \(largest), or leave integer out")
        }
    }
}
