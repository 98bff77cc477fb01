// Delays under training: the range they keep to, the numbers that are trained in their stead, and what is added to their gradients.
import Mathematics

/// How a delay depends on the number that is trained.
public enum DelayParameter: Int32, Sendable, CaseIterable {
    /// The delay itself, which is brought back into its range after each step.
    case clip = 0
    /// p without a unit, of which the delay is a logistic function (DelGrad: arXiv 2404.19165).
    case sigmoid = 1
}

/// What training does to the delays of a network beside the optimiser's formula.
///
///     clip      d = p, brought into shift ... shift + scale
///     sigmoid   d = shift + scale s,  s = 1 / (1 + e^-p),  dd/dp = scale s (1 - s)
///
/// Penalties belong to the loss that is descended, L + sum over delays (l1 d + l2 d^2 / 2), before anything is clipped; they are not in the value
/// that is reported. Gradients of clipped delays, per second, are multiplied by the network's `timeStretch`, so that limits and epsilon mean
/// the same in a slower network. p has no unit: where the range is in units of the network's time constants, so is everything.
package struct DelayRule: Equatable, Sendable {
    let isSigmoid: Bool
    /// Seconds; an infinite scale is no upper limit.
    let shift, scale: Double
    private let l1, l2: Double
    private let timeStretch: Double

    package init(_ options: OptimizerOptions, _ network: Network) {
        isSigmoid = options.delayParameter == .sigmoid
        shift = options.delayShift
        scale = options.delayScale ?? (isSigmoid ? network.meanTauSyn : .infinity)
        (l1, l2) = (options.delayL1, options.delayL2)
        timeStretch = network.timeStretch
    }

    /// Whether gradients of delays are those of what is trained.
    var isIdentity: Bool { !isSigmoid && !hasPenalty && timeStretch == 1 }

    private var hasPenalty: Bool { l1 != 0 || l2 != 0 }

    /// The derivative of the penalised loss with respect to what is trained.
    ///
    /// - Parameters:
    ///   - gradient: of the loss, per second.
    ///   - delay: seconds. `parameter`: the number that is trained.
    @inline(__always)
    func derivative(_ gradient: Double, delay: Double, parameter: Double) -> Double {
        let own = hasPenalty ? gradient + (l2 * delay + l1) : gradient
        return own * (isSigmoid ? scale * DelayRule.slope(parameter) : timeStretch)
    }

    /// The range as numbers of a precision, none of them outside it.
    @inline(__always)
    func bounds<Real: BinaryFloatingPoint>() -> (low: Real, high: Real) {
        let (low, high) = (Real(shift), Real(shift + scale))
        return (Double(low) < shift ? low.nextUp : low, Double(high) > shift + scale ? high.nextDown : high)
    }

    /// The delay that a trained number stands for, seconds.
    @inline(__always)
    func delay<Real: BinaryFloatingPoint>(_ parameter: Real, within bounds: (low: Real, high: Real)) -> Real {
        let own = isSigmoid ? Real(shift + scale * DelayRule.logistic(Double(parameter))) : parameter
        return own > bounds.low ? (own < bounds.high ? own : bounds.high) : bounds.low
    }

    package func delay(_ parameter: Double) -> Double { delay(parameter, within: bounds()) }

    /// The numbers that stand for delays, each rounded to a precision.
    ///
    /// - Throws: `invalidValue` for the first delay that no number stands for.
    func parameters(_ connection: Connection, _ precision: Precision) throws(SpinnpropError) -> [Double] {
        var parameters: [Double] = []
        parameters.reserveCapacity(connection.delays.count)
        for (at, delay) in connection.delays.enumerated() {
            let parameter = Elementary.log((delay - shift) / (shift + scale - delay))
            guard parameter.isFinite else {
                throw .invalidValue(
                    "\(connection.name(ofDelay: at)) is \(delay); delay_parameter=\"sigmoid\" trains delays between \(shift) and "
                        + "\(shift + scale) s, neither included: give delay_init, as (0, 0.25), or set delays inside, or change "
                        + "delay_shift and delay_scale")
            }
            parameters.append(precision.rounded(parameter))
        }
        return parameters
    }

    /// Whether steps can move a delay away from where a number puts it: not where a sigmoid is flat to the last digit, beyond
    /// 36.7 or, in single precision, 16.6, and not at an end of the range.
    package func canMove(_ parameter: Double, _ precision: Precision) -> Bool {
        guard isSigmoid else { return true }
        let delay = delay(parameter)
        return parameter.magnitude <= (precision == .double ? 36.7 : 16.6) && delay > shift && delay < shift + scale
    }

    /// 1 / (1 + e^-p).
    @inline(__always)
    private static func logistic(_ p: Double) -> Double {
        let e = Elementary.exp(-p.magnitude)
        return (p < 0 ? e : 1) / (1 + e)
    }

    /// The derivative of that, s (1 - s), to its last digits for large numbers, too.
    @inline(__always)
    private static func slope(_ p: Double) -> Double {
        let e = Elementary.exp(-p.magnitude)
        return e / ((1 + e) * (1 + e))
    }
}

extension Precision {
    /// The nearest number that it holds.
    @inline(__always)
    func rounded(_ value: Double) -> Double { self == .single ? Double(Float(value)) : value }
}
