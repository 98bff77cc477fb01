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
