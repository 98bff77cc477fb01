// The formulas of all optimisers, element by element, in float64 or float32.
import Mathematics

/// One step's constants and the loops over parameters that use them; the formulas are at `Optimizer`.
///
/// Element by element, each operation rounded once, in the order written: so a device that holds a piece of the parameters gets the
/// same bits. Constants are worked out in float64 and rounded once.
public struct UpdateRule<Real: MachineReal>: Sendable {
    let kind: OptimizerKind
    let rate: Real
    let momentum: Real
    let beta1, beta2: Real
    let rest1, rest2: Real
    let epsilon: Real
    /// SGD's and Adam's decay joins the gradient, AdamW's shrinks the parameter.
    let coupled, kept: Real
    /// rate / (1 - beta1^t), sqrt(1 - beta2^t).
    let stepSize, root: Real

    /// - Parameters:
    ///   - powers: beta1 and beta2 to the power of the step's number, the first being 1.
    ///   - rate: the learning rate, times what the schedule says.
    ///   - decay: `OptimizerOptions.weightDecay` for weights, 0 for delays.
    public init(_ options: OptimizerOptions, powers: (beta1: Double, beta2: Double), rate: Double, decay: Double) {
        kind = options.kind
        self.rate = Real(rate)
        momentum = Real(options.momentum)
        beta1 = Real(options.beta1)
        beta2 = Real(options.beta2)
        rest1 = Real(1 - options.beta1)
        rest2 = Real(1 - options.beta2)
        epsilon = Real(options.epsilon)
        coupled = Real(kind == .adamW ? 0 : decay)
        kept = Real(kind == .adamW ? 1 - rate * decay : 1)
        stepSize = Real(rate / (1 - powers.beta1))
        root = Real((1 - powers.beta2).squareRoot())
    }

    /// Takes the step for `count` parameters.
    ///
    /// - Parameters:
    ///   - p: parameters, changed in place.
    ///   - g: their gradients.
    ///   - m: the optimiser's memory of them, as is `v`; zeros before the first step. SGD leaves `v` alone.
    public func update(
        _ p: UnsafeMutablePointer<Real>, _ g: UnsafePointer<Real>, _ m: UnsafeMutablePointer<Real>,
        _ v: UnsafeMutablePointer<Real>, count: Int
    ) {
        if kind == .sgd { descend(p, g, m, count: count) } else { adapt(p, g, m, v, count: count) }
    }

    /// SGD with momentum.
    @_specialize(where Real == Double)
    @_specialize(where Real == Float)
    @inline(never)
    private func descend(
        _ p: UnsafeMutablePointer<Real>, _ g: UnsafePointer<Real>, _ m: UnsafeMutablePointer<Real>, count: Int
    ) {
        let (rate, decay, momentum) = (rate, coupled, momentum)
        var j = 0
        while j < count {
            m[j] = momentum * m[j] + (g[j] + decay * p[j])
            p[j] -= rate * m[j]
            j &+= 1
        }
    }

    /// Adam, AdamW.
    @_specialize(where Real == Double)
    @_specialize(where Real == Float)
    @inline(never)
    private func adapt(
        _ p: UnsafeMutablePointer<Real>, _ g: UnsafePointer<Real>, _ m: UnsafeMutablePointer<Real>,
        _ v: UnsafeMutablePointer<Real>, count: Int
    ) {
        withUnsafeTemporaryAllocation(of: Real.self, capacity: 256) { buffer in
            guard let roots = buffer.baseAddress else { return }
            var first = 0
            while first < count {
                let width = min(buffer.count, count &- first)
                adapt(p + first, g + first, m + first, v + first, roots, width)
                first &+= width
            }
        }
    }

    /// Of some parameters, with room for their roots.
    @inline(__always)
    private func adapt(
        _ p: UnsafeMutablePointer<Real>, _ g: UnsafePointer<Real>, _ m: UnsafeMutablePointer<Real>,
        _ v: UnsafeMutablePointer<Real>, _ roots: UnsafeMutablePointer<Real>, _ count: Int
    ) {
        let (beta1, beta2, epsilon, coupled, kept) = (beta1, beta2, epsilon, coupled, kept)
        let (rest1, rest2, stepSize, root) = (rest1, rest2, stepSize, root)
        var j = 0
        while j < count {
            let gradient = g[j] + coupled * p[j]
            m[j] = beta1 * m[j] + rest1 * gradient
            v[j] = beta2 * v[j] + rest2 * (gradient * gradient)
            j &+= 1
        }
        roots.update(from: v, count: count)
        Real.takeRoots(roots, count: count)
        j = 0
        while j < count {
            p[j] = kept * p[j] - stepSize * (m[j] / (roots[j] / root + epsilon))
            j &+= 1
        }
    }
}

/// A step in either precision on float64 arrays.
enum StepRule {
    case double(UpdateRule<Double>)
    case single(UpdateRule<Float>)

    init(
        _ options: OptimizerOptions, powers: (beta1: Double, beta2: Double), rate: Double, decay: Double,
        precision: Precision
    ) {
        switch precision {
        case .double: self = .double(UpdateRule(options, powers: powers, rate: rate, decay: decay))
        case .single: self = .single(UpdateRule(options, powers: powers, rate: rate, decay: decay))
        }
    }

    /// Numbers that go through float32 buffers at a time.
    private static let pieceSize = 512

    func update(
        _ p: UnsafeMutablePointer<Double>, _ g: UnsafePointer<Double>, _ m: UnsafeMutablePointer<Double>,
        _ v: UnsafeMutablePointer<Double>, count: Int
    ) {
        switch self {
        case .double(let rule): rule.update(p, g, m, v, count: count)
        case .single(let rule):
            let size = StepRule.pieceSize
            withUnsafeTemporaryAllocation(of: Float.self, capacity: 4 * size) { buffer in
                guard let piece = buffer.baseAddress else { return }
                let (pieceP, pieceG, pieceM, pieceV) = (piece, piece + size, piece + 2 * size, piece + 3 * size)
                var first = 0
                while first < count {
                    let width = min(size, count &- first)
                    var j = 0
                    while j < width {
                        pieceP[j] = Float(p[first &+ j])
                        pieceG[j] = Float(g[first &+ j])
                        pieceM[j] = Float(m[first &+ j])
                        pieceV[j] = Float(v[first &+ j])
                        j &+= 1
                    }
                    rule.update(pieceP, pieceG, pieceM, pieceV, count: width)
                    j = 0
                    while j < width {
                        p[first &+ j] = Double(pieceP[j])
                        m[first &+ j] = Double(pieceM[j])
                        if rule.kind != .sgd { v[first &+ j] = Double(pieceV[j]) }
                        j &+= 1
                    }
                    first &+= width
                }
            }
        }
    }
}
