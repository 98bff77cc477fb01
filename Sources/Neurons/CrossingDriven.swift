// Neurons that fire by themselves: their threshold, measured from the drive, is not above 0, where membranes go.
import Mathematics

extension CrossingGeneral {
    /// The time to a threshold <= 0 from a state below it.
    ///
    /// Below 0 the membrane turns at most once, from falling to rising, and only where I < 0: there V'' = -I / (tau_m tau_s) wherever V' = 0. From
    /// then on it rises to 0 or beyond, so that V - threshold changes its sign at most once. It does unless the threshold is 0 and no current
    /// reaches it. Newton's method, and halves of the interval that holds the change where a step would leave it or is too slow.
    @usableFromInline
    static func timeToFire(_ flow: Flow, v: Double, i: Double) -> Double {
        func state(_ t: Double) -> (excess: Double, slope: Double) {
            let p = flow.propagators(t)
            let membrane = p.a * v + p.h * i
            return (membrane - flow.threshold, (p.b * i - membrane) / flow.tauMem)
        }
        guard v < flow.threshold else { return 0 }
        var (low, high) = (0.0, flow.tauMem)
        while state(high).excess < 0 {
            guard high < flow.longest else { return .infinity }
            (low, high) = (high, min(2 * high, flow.longest))
        }
        // At 0 it is reached only if it is passed.
        guard flow.threshold < 0 || state(high).excess > 0 else { return .infinity }
        var t = low
        var width = high - low
        while true {
            let (excess, slope) = state(t)
            if excess < 0 { low = t } else { high = t }
            let newton = t - excess / slope
            // A step that rounding is larger than is the last.
            if slope > 0, (newton - t).magnitude <= t.ulp { return max(low, min(high, newton)) }
            let isInside = newton > low && newton < high && (newton - t).magnitude < 0.5 * width
            let next = isInside ? newton : low + 0.5 * (high - low)
            guard next > low, next < high else { return high }
            (width, t) = ((next - t).magnitude, next)
        }
    }
}

extension FlowLanes {
    /// When four neurons reach a threshold below 0 from states (V, I) below it, and a bit for each for which the caller must find it otherwise: with
    /// an inhibitory current, membranes may fall first.
    ///
    ///     f(s) = e^s (V(s) - theta) = V - theta + I expm1(c s) / c - theta expm1(s)
    ///
    /// An excitatory current brings it before ln(V / theta), where the drive alone does; and so does a slope that does not get less.
    @inlinable @inline(__always)
    public func timeToFire(
        v: SIMD4<Double>, i: SIMD4<Double>, threshold: SIMD4<Double>
    ) -> (time: SIMD4<Double>, open: UInt8) {
        let (one, half) = (SIMD4<Double>(repeating: 1), SIMD4<Double>(repeating: 0.5))
        let gap = threshold - v
        // Where an inhibitory current makes the slope negative the quotient is no time, and the other serves.
        let (alone, straight) = (Elementary.log1p(-(gap / threshold)), gap / (i - threshold))
        var s = SIMD4.select(i .> .zero, lesser(straight, alone), alone)
        var isClosed = SIMDMask<SIMD4<Int64>>(repeating: false)
        var remaining = 6
        repeat {
            let synaptic = Elementary.expm1(difference * s)
            let drawn = threshold * Elementary.expm1(s)
            let current = i + i * synaptic
            let (level, bent) = (threshold + drawn, difference * current)
            let inverseSlope = one / (current - level)
            let step = ((i * (synaptic * inverse) - gap) - drawn) * inverseSlope
            let second = (bent - level) * inverseSlope * step
            let third = (difference * bent - level) * inverseSlope * step * step
            let series = (one + second * (half + half * second)) - third * SIMD4(repeating: 1.0 / 6)
            s = .select(isClosed, s, greater(s - step * series, .zero))
            // Either derivative may vanish where the other does not.
            let rest = second * second + third.magnitude
            isClosed = isClosed .| ((rest .<= SIMD4<Double>(repeating: 1e-8)) .& (inverseSlope .> .zero))
            remaining &-= 1
        } while remaining > 0 && unsafeBitCast(.!isClosed, to: SIMD4<Int64>.self).signs != 0
        return (s * tauMem, unsafeBitCast(.!isClosed, to: SIMD4<Int64>.self).signs)
    }
}
