// Neurons of any time constants side by side: how they move, and when they reach a threshold of 1.
import Mathematics

/// Constants of some neurons. With s = t / tau_m, r = tau_m / tau_s and c = 1 - r
///
///     e^s V(s) = V + I expm1(c s) / c,   peak: s_p = log1p(c q / r) / c with q = (I - V) / I,   P = I e^{-r s_p}
///
/// and u before the peak V = P e^u (1 + expm1(-c u) / c): how far before the peak the threshold is reached follows from 1 - 1 / P and r alone. A
/// polynomial in the root of that distance is near enough for a single step of a method of fourth order.
@frozen
public struct FlowVectors<Real: VectorLanes> {
    @usableFromInline let tauSyn, longest, difference, inverse: Real
    public let tauMem, ratio: Real
    @usableFromInline let c0, c1, c2, c3, c4, c5, c6, c7: Real

    /// How many numbers of each neuron they are.
    @inlinable public static var count: Int { @inline(__always) get { 14 } }

    /// The first, second, ... of a neuron's.
    @inlinable @inline(__always)
    public static func constant(_ index: Int, of flow: Flow) -> Double {
        switch index {
        case 0: flow.tauMem
        case 1: flow.tauSyn
        case 2: flow.longest
        case 3: flow.difference
        case 4: 1 / flow.difference
        case 5: flow.ratio
        default: flow.beforePeak[index - 6]
        }
    }

    /// - Parameter read: gives the first, second, ... number of all.
    @inlinable @inline(__always)
    public init(_ read: (Int) -> Real) {
        (tauMem, tauSyn, longest) = (read(0), read(1), read(2))
        (difference, inverse, ratio) = (read(3), read(4), read(5))
        (c0, c1, c2, c3) = (read(6), read(7), read(8), read(9))
        (c4, c5, c6, c7) = (read(10), read(11), read(12), read(13))
    }

    /// All the same neuron.
    @inlinable @inline(__always)
    public init(_ flow: Flow) { self.init { Real(FlowVectors.constant($0, of: flow)) } }

    /// The time of V = 1, negative where the peak is not above it, and a bit for each for which the caller must find it otherwise:
    /// a peak so near the threshold, or so large a current, that these steps do not find it to the last digits.
    @inlinable @inline(__always)
    public func crossing(v: Real, i: Real) -> (time: Real, open: UInt8) {
        let atPeak = Elementary.log1p((i - v) / i * (difference / ratio)) * inverse
        let distance = 1 - Elementary.exp(atPeak * ratio) / i
        let isReached = Real.both(Real.isLess(Real(0), distance), Real.isLess(v, i))
        let root = Real.squareRoot(Real.greater(distance, Real(0)))
        let square = root * root
        let low = (c0 + c1 * root) + square * (c2 + c3 * root)
        let high = (c4 + c5 * root) + square * (c6 + c7 * root)
        var s = Real.greater(atPeak - root * (low + square * square * high), Real(0))
        let gap = 1 - v
        var isOpen = Real.isLess(Real(0), Real(1))
        var remaining = 3
        repeat {
            // f(s) = e^s (V(s) - 1) and its derivatives.
            let synaptic = Elementary.expm1(difference * s)
            let membrane = Elementary.expm1(s)
            let current = i + i * synaptic
            let bent = difference * current
            let level = 1 + membrane
            let inverseSlope = Real(1) / (current - level)
            let step = ((i * (synaptic * inverse) - gap) - membrane) * inverseSlope
            // In terms of Newton's step and of f'' step / f' and f''' step^2 / f'.
            let second = (bent - level) * inverseSlope * step
            let third = (difference * bent - level) * inverseSlope * step * step
            let series = (1 + second * (0.5 + 0.5 * second)) - third * (1.0 / 6)
            // Each is left as it is once only rounding remains, so that none depends on which others it is found with.
            s = Real.select(isOpen, Real.greater(s - step * series, Real(0)), s)
            let isClosed = Real.both(
                Real.isNotAbove(second * second, Real(1e-8)), Real.isLess(Real(0), inverseSlope))
            isOpen = Real.both(isOpen, Real.not(isClosed))
            remaining &-= 1
        } while remaining > 0 && Real.signs(Real.both(isReached, isOpen)) != 0
        return (Real.select(isReached, s * tauMem, Real(-1)), Real.signs(Real.both(isReached, isOpen)))
    }
}

/// Four of them.
public typealias FlowLanes = FlowVectors<SIMD4<Double>>

extension FlowVectors where Real == SIMD4<Double> {
    /// As `Flow.propagators`, up to rounding.
    @inlinable @inline(__always)
    public func propagators(_ dt: SIMD4<Double>) -> StateMap<SIMD4<Double>> {
        let t = lesser(dt, longest)
        let s = t / tauMem
        let slow = Elementary.decay(normal: lesser(s, t / tauSyn)).value
        let gap = (difference * s).magnitude
        let (apart, complement) = Elementary.decay(normal: lesser(gap, SIMD4(repeating: 700)))
        let fast = Flow.product(slow, apart, exponent: lesser(s, t / tauSyn) + gap)
        let isSynapseSlower = difference .> .zero
        return StateMap(
            a: .select(isSynapseSlower, fast, slow), b: .select(isSynapseSlower, slow, fast),
            h: slow * (complement * inverse.magnitude))
    }

    /// The same where e^{-t / tau_s} is known: h = (b - a) / c.
    @inlinable @inline(__always)
    public func propagators(_ dt: SIMD4<Double>, b: SIMD4<Double>) -> StateMap<SIMD4<Double>> {
        let a = Elementary.vanishingDecay(dt / tauMem)
        return StateMap(a: a, b: b, h: (b - a) * inverse)
    }

    /// Up to this many tau_m, and this many tau_m over |c|, `shortPropagators` serves.
    public static let longestSeries = 0.34

    @inlinable @inline(__always)
    public func shortPropagators(_ dt: SIMD4<Double>) -> StateMap<SIMD4<Double>> {
        let s = dt / tauMem
        let a = 1 + Elementary.expm1(near: -s)
        let nearby = a * Elementary.expm1(near: difference * s)
        return StateMap(a: a, b: a + nearby, h: nearby * inverse)
    }

    /// e^{-t / tau_s}.
    @inlinable @inline(__always)
    public func decay(_ t: SIMD4<Double>) -> SIMD4<Double> { Elementary.exp(-(t / tauSyn)) }

    /// As `CrossingCase.mayFire`, a bit for each.
    @inlinable @inline(__always)
    public func mayFire(
        v: SIMD4<Double>, i: SIMD4<Double>, endV: SIMD4<Double>, endI: SIMD4<Double>
    ) -> UInt8 {
        let (isEndAbove, isRising, hasPeak) = (endV .> SIMD4<Double>(repeating: 1), i .> v, endV .>= endI)
        guard unsafeBitCast((isEndAbove .| hasPeak) .& isRising, to: SIMD4<Int64>.self).signs != 0 else { return 0 }
        let margin = FlowLanes.peakMargin(v: v, i: i, bend: difference * 0.5 / ratio)
        let isAbove = isEndAbove .| (hasPeak .& (margin .> .zero))
        return unsafeBitCast(isAbove .& isRising, to: SIMD4<Int64>.self).signs
    }

    /// A bit for each that may reach a threshold of 1 within an interval: none before `firstStep`.
    @inlinable @inline(__always)
    public func mayReach(v: SIMD4<Double>, i: SIMD4<Double>, within interval: Double) -> UInt8 {
        let isSoon = (SIMD4<Double>(repeating: 1) - v) * tauMem .<= (i - v) * interval
        let soon = unsafeBitCast(isSoon, to: SIMD4<Int64>.self).signs
        guard soon != 0 else { return 0 }
        let margin = FlowLanes.peakMargin(v: v, i: i, bend: difference * 0.5 / ratio)
        return soon & unsafeBitCast(margin .> .zero, to: SIMD4<Int64>.self).signs
    }

    /// Newton's first step to a threshold, which a membrane that rises, and so is concave, does not reach before; +infinity for a threshold above 0 and a
    /// current below, which is at least there where the membrane comes to it. One that fires by itself rises as if an inhibitory current were gone, at
    /// most.
    @inlinable @inline(__always)
    public static func firstStep<Number: RealLanes>(
        v: Number, i: Number, threshold: Number, tauMem: Number
    ) -> Number {
        let drawn = Number.select(
            Number.isLess(Number(0), threshold), i, Number.select(Number.isLess(Number(0), i), i, Number(0)))
        return Number.select(
            Number.isLess(drawn, threshold), Number(.infinity), (threshold - v) / (drawn - v) * tauMem)
    }

    /// Positive wherever the peak is above 1. With y = x / (2 + x), log1p(x) = 2 artanh(y) is in magnitude at least 2 (y + y^3 / 3); so ln(I / P) is at least
    /// w = u (1 + y^2 / 3) with u = (I - V) / (I + `bend` (I - V)), y = `bend` u and bend = c / (2 r), and e^w is at least the square of the series of
    /// e^(w / 2).
    @inlinable @inline(__always)
    static func peakMargin<Number: RealLanes>(v: Number, i: Number, bend: Number) -> Number {
        let rise = i - v
        // Below 0 where a membrane rises for ever: to 0, and not above.
        let scale = i + bend * rise
        let u = rise / Number.select(Number.isLess(scale, Number(0x1p-1000)), Number(0x1p-1000), scale)
        let y = bend * u
        let half = u * (0.5 + y * y * (1.0 / 6))
        let series: Number = 0.5 + half * (1.0 / 6)
        let root: Number = 1 + half * (1 + half * series)
        // Rounding must not hide a peak.
        return (i + 0x1p-50) - root * root
    }
}

extension Flow {
    /// u / root as a polynomial in root, where u is how long before the membrane's peak P it is at the threshold, in tau_m, and
    /// root^2 = 1 - threshold / P; the largest u, at a threshold of 0, is ln(r) / (r - 1).
    ///
    /// It goes through the roots of Chebyshev's kind of points, which some steps of Newton's method find near enough: where each is, is exact.
    static func beforePeak(ratio: Double, difference c: Double) -> SIMD8<Double> {
        let longest = -Elementary.log1p(-c) / c
        var roots = SIMD8<Double>.zero
        var values = SIMD8<Double>(repeating: (2 / ratio).squareRoot())
        // Four points side by side; the last one, at a threshold of 0, is the longest.
        let wanted: [SIMD4<Double>] = [
            SIMD4(0.04951556604879049, 0.18825509907063323, 0.38873953302184283, 0.6112604669781572),
            SIMD4(0.8117449009293667, 0.9504844339512095, 1, 1),
        ]
        for (four, wanted) in wanted.enumerated() {
            var (u, root) = (SIMD4(repeating: longest), SIMD4(repeating: 1.0))
            for _ in 0..<6 {
                // d root / du = (e^{r u} - P e^u (...)) / (2 root).
                let height = Elementary.exp(u) * (1 + Elementary.expm1(-c * u) / c)
                u -= (root - wanted) * (2 * root) / (Elementary.exp(ratio * u) - height)
                root = Elementary.squareRoot(1 - Elementary.exp(u) * (1 + Elementary.expm1(-c * u) / c))
            }
            for n in 0..<4 where 4 * four + n < 6 {
                roots[4 * four + n + 1] = root[n]
                values[4 * four + n + 1] = u[n] / root[n]
            }
        }
        (roots[7], values[7]) = (1, longest)
        // Newton's divided differences, then powers.
        for order in 1...7 {
            for n in stride(from: 7, through: order, by: -1) {
                values[n] = (values[n] - values[n - 1]) / (roots[n] - roots[n - order])
            }
        }
        var powers = SIMD8<Double>.zero
        for n in stride(from: 7, through: 0, by: -1) {
            for k in stride(from: 7, through: 1, by: -1) { powers[k] = powers[k - 1] - roots[n] * powers[k] }
            powers[0] = values[n] - roots[n] * powers[0]
        }
        return powers
    }
}
