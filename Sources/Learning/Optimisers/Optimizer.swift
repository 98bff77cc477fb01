// Optimisers: from gradients to the next parameters, in place.
import Mathematics
import Networks

/// An optimiser and its memory: plain arrays, one per array of parameters of the network.
///
/// The formulas are those that torch documents for SGD, Adam (Kingma & Ba, arXiv 1412.6980) and AdamW (Loshchilov & Hutter,
/// arXiv 1711.05101):
///
///     SGD     g += decay p,  m = momentum m + g,  p -= rate m
///     Adam    g += decay p,  m = beta1 m + (1 - beta1) g,  v = beta2 v + (1 - beta2) g^2,
///             p -= rate / (1 - beta1^t) m / (sqrt(v) / sqrt(1 - beta2^t) + epsilon)
///     AdamW   p -= rate decay p, then as Adam without its decay
public struct Optimizer: Equatable, Sendable {
    public let options: OptimizerOptions
    /// Whether delays are trained.
    public var trainsDelays: Bool { options.delayLearningRate > 0 }
    /// Steps taken.
    public internal(set) var stepCount = 0
    /// beta1 and beta2 to the power of `stepCount`.
    var powers = (beta1: 1.0, beta2: 1.0)
    /// m of the weights, then of the delays, of each connection.
    var first: [[Double]]
    /// v likewise; empty arrays for SGD.
    var second: [[Double]]

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public init(_ options: OptimizerOptions, for network: Network) throws(SpinnpropError) {
        try options.check()
        self.options = options
        let delayCounts = network.connections.map { options.delayLearningRate > 0 ? $0.delays.count : 0 }
        let counts = network.connections.map(\.weights.count) + delayCounts
        first = counts.map { [Double](repeating: 0, count: $0) }
        second = counts.map { [Double](repeating: 0, count: options.kind == .sgd ? 0 : $0) }
    }

    public static func == (left: Optimizer, right: Optimizer) -> Bool {
        left.options == right.options && left.stepCount == right.stepCount && left.powers == right.powers
            && left.first == right.first && left.second == right.second
    }

    /// Takes one step. Clips `gradients` in place first, by value and then by norm.
    ///
    /// - Parameter rateFactor: what the schedule multiplies both learning rates with, 0 ... 1e6.
    /// - Throws: `invalidValue` naming the first element of a gradient that is not a number below 1e140 in magnitude, or the
    ///   first parameter that is not; then nothing has changed. Below these bounds no step can leave float64.
    public mutating func step(
        _ network: inout Network, _ gradients: inout Gradients, rateFactor: Double = 1
    ) throws(SpinnpropError) {
        try checkBounds(network, gradients)
        clip(&gradients)
        stepCount += 1
        powers.beta1 *= options.beta1
        powers.beta2 *= options.beta2
        let connectionCount = network.connections.count
        var weightRule = UpdateRule(options, powers: powers, rate: options.learningRate * rateFactor)
        weightRule.decay = options.weightDecay
        let delayRule = UpdateRule(options, powers: powers, rate: options.delayLearningRate * rateFactor)
        for connection in 0..<connectionCount {
            network.withMutableParameters(connection: connection) { weights, delays in
                update(weights, gradients.weights[connection], state: connection, rule: weightRule)
                guard trainsDelays, let base = delays.baseAddress, delays.count > 0 else { return }
                update(delays, gradients.delays[connection], state: connectionCount + connection, rule: delayRule)
                var index = 0
                while index < delays.count {
                    base[index] = base[index] > 0 ? base[index] : 0
                    index &+= 1
                }
            }
        }
    }

    private mutating func update(
        _ parameters: UnsafeMutableBufferPointer<Double>, _ gradient: [Double], state: Int, rule: UpdateRule
    ) {
        first[state].withUnsafeMutableBufferPointer { first in
            second[state].withUnsafeMutableBufferPointer { second in
                gradient.withUnsafeBufferPointer { gradient in
                    guard let p = parameters.baseAddress, let g = gradient.baseAddress, let m = first.baseAddress,
                        gradient.count == parameters.count, first.count == parameters.count
                    else { return }
                    guard options.kind != .sgd else {
                        return rule.descend(p, g, m, count: parameters.count)
                    }
                    guard let v = second.baseAddress, second.count == parameters.count else { return }
                    rule.adapt(p, g, m, v, count: parameters.count)
                }
            }
        }
    }
}

/// One step's constants and the loops over parameters that use them.
struct UpdateRule {
    let kind: OptimizerKind
    let rate: Double
    var decay = 0.0
    let momentum: Double
    let beta1: Double
    let beta2: Double
    let epsilon: Double
    /// 1 - beta^t.
    let correction1: Double
    let correction2: Double

    init(_ options: OptimizerOptions, powers: (beta1: Double, beta2: Double), rate: Double) {
        kind = options.kind
        self.rate = rate
        momentum = options.momentum
        beta1 = options.beta1
        beta2 = options.beta2
        epsilon = options.epsilon
        correction1 = 1 - powers.beta1
        correction2 = 1 - powers.beta2
    }

    /// SGD with momentum.
    @inline(never)
    func descend(
        _ p: UnsafeMutablePointer<Double>, _ g: UnsafePointer<Double>, _ m: UnsafeMutablePointer<Double>, count: Int
    ) {
        let (rate, decay, momentum) = (rate, decay, momentum)
        var j = 0
        while j < count {
            m[j] = momentum * m[j] + (g[j] + decay * p[j])
            p[j] -= rate * m[j]
            j &+= 1
        }
    }

    /// Adam, AdamW.
    @inline(never)
    func adapt(
        _ p: UnsafeMutablePointer<Double>, _ g: UnsafePointer<Double>, _ m: UnsafeMutablePointer<Double>,
        _ v: UnsafeMutablePointer<Double>, count: Int
    ) {
        // Adam's decay joins the gradient, AdamW's shrinks the parameter.
        let coupled = kind == .adam ? decay : 0
        let kept = kind == .adamW ? 1 - rate * decay : 1
        let stepSize = rate / correction1
        let root = correction2.squareRoot()
        let (beta1, beta2, epsilon) = (beta1, beta2, epsilon)
        let (rest1, rest2) = (1 - beta1, 1 - beta2)
        var j = 0
        while j < count {
            let gradient = g[j] + coupled * p[j]
            let mean = beta1 * m[j] + rest1 * gradient
            let square = beta2 * v[j] + rest2 * (gradient * gradient)
            m[j] = mean
            v[j] = square
            p[j] = kept * p[j] - stepSize * (mean / (square.squareRoot() / root + epsilon))
            j &+= 1
        }
    }
}
