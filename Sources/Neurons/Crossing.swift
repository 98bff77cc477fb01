// When does the membrane reach the threshold? The contract that each case of tau satisfies.
import Mathematics

/// A ratio tau_m / tau_s for which crossings are found in its own way.
///
/// All work on a state (V, I) with V < threshold. V rises to one peak if V < I and I > 0, and only falls otherwise; so it
/// crosses the threshold within an interval exactly if it is above it at the end, or has its peak inside and the peak is
/// above it. Each case measures the time since the state by a coordinate x of its own.
public protocol CrossingCase {
    /// `Flow.propagators` for this ratio, to the last digits.
    static func propagators<Real: RealLanes>(_ flow: Flow, _ dt: Real) -> StateMap<Real>

    /// Whether `peakMargin` takes so long that it is better asked for only where a peak lies inside.
    static var isMarginSlow: Bool { get }
    /// Positive wherever the peak of a rising membrane exceeds the threshold. It may be positive elsewhere: `crossings` decides.
    static func peakMargin<Real: RealLanes>(_ flow: Flow, v: Real, i: Real) -> Real

    /// For some rising states the coordinates of V = threshold; negative where the threshold is not reached.
    static func crossings<Real: VectorLanes>(_ flow: Flow, v: Real, i: Real, x: UnsafeMutablePointer<Double>)

    /// Whether the coordinate has all digits of the time, however soon a crossing is.
    static var isTime: Bool { get }
    /// The time that a coordinate >= 0 stands for.
    static func elapsed<Real: RealLanes>(_ flow: Flow, x: Real) -> Real
    /// The decays from the state on to a coordinate >= 0.
    static func decays<Real: RealLanes>(_ flow: Flow, x: Real) -> Decays<Real>
    /// The same, where the state (V, I) is at the threshold at x.
    static func decays(
        _ flow: Flow, v: SIMD4<Double>, i: SIMD4<Double>, x: SIMD4<Double>
    ) -> Decays<SIMD4<Double>>
    /// Which decays of a whole interval `rest` takes.
    static var takes: Decays<Bool> { get }
    /// The map over what is left of an interval, from the decays over all of it and over what has passed. `remaining`: what is left, seconds.
    static func rest<Real: RealLanes>(
        _ flow: Flow, whole: Decays<Real>, passed: Decays<Real>, remaining: Real
    ) -> StateMap<Real>
}

/// The factors by which membrane and current decay by themselves.
@frozen
public struct Decays<Value> {
    public let membrane: Value
    public let synapse: Value

    @inlinable @inline(__always)
    public init(membrane: Value, synapse: Value) {
        self.membrane = membrane
        self.synapse = synapse
    }
}

extension CrossingCase {
    @inlinable public static var isTime: Bool { @inline(__always) get { false } }
    @inlinable public static var isMarginSlow: Bool { @inline(__always) get { false } }

    @inlinable public static var takes: Decays<Bool> {
        @inline(__always) get { Decays(membrane: true, synapse: false) }
    }

    @inlinable @inline(__always)
    public static func decays(
        _ flow: Flow, v: SIMD4<Double>, i: SIMD4<Double>, x: SIMD4<Double>
    ) -> Decays<SIMD4<Double>> { decays(flow, x: x) }

    /// The same for `count` states. Arrays hold whole vectors of four, and those beyond `count` get a coordinate too.
    @inlinable @inline(__always)
    public static func crossings(
        _ flow: Flow, count: Int, v: UnsafePointer<Double>, i: UnsafePointer<Double>, x: UnsafeMutablePointer<Double>
    ) {
        var n = 0
        while n &+ 4 < count {
            crossings(flow, v: EightLanes(v + n), i: EightLanes(i + n), x: x + n)
            n &+= 8
        }
        if n < count { crossings(flow, v: SIMD4(v + n), i: SIMD4(i + n), x: x + n) }
    }

    /// The times that `count` coordinates stand for, any number where there is no crossing; arrays hold whole vectors of four.
    @inlinable @inline(__always)
    public static func elapsed(
        _ flow: Flow, count: Int, x: UnsafePointer<Double>, times: UnsafeMutablePointer<Double>
    ) {
        var n = 0
        while n &+ 4 < count {
            elapsed(flow, x: EightLanes(x + n)).store(times + n)
            n &+= 8
        }
        if n < count { elapsed(flow, x: SIMD4(x + n)).store(times + n) }
    }

    /// Whether a state (V, I) may reach the threshold within an interval at whose end it would be (endV, endI): above the threshold
    /// at the end, or with a peak inside (V > I at the end, where both may have decayed to 0) that is above it; and rising now. No branch,
    /// for loops over neurons.
    @inlinable @inline(__always)
    public static func mayFire(_ flow: Flow, v: Double, i: Double, endV: Double, endI: Double) -> Bool {
        let isAbove =
            (endV > flow.threshold ? 1 : 0) | ((endV >= endI ? 1 : 0) & (peakMargin(flow, v: v, i: i) > 0 ? 1 : 0))
        return isAbove & (i > v ? 1 : 0) != 0
    }

    /// Whether four states may reach the threshold within an interval: -1 where they may, 0 elsewhere.
    @inlinable @inline(__always)
    public static func mayFire(
        _ flow: Flow, v: SIMD4<Double>, i: SIMD4<Double>, endV: SIMD4<Double>, endI: SIMD4<Double>
    ) -> SIMD4<Int64> {
        let isEndAbove = endV .> SIMD4<Double>(repeating: flow.threshold)
        let (isRising, hasPeak) = (i .> v, endV .>= endI)
        if isMarginSlow {
            let mayFire = unsafeBitCast((isEndAbove .| hasPeak) .& isRising, to: SIMD4<Int64>.self)
            guard mayFire.signs != 0 else { return .zero }
        }
        let isAbove = isEndAbove .| (hasPeak .& (peakMargin(flow, v: v, i: i) .> .zero))
        return unsafeBitCast(isAbove .& isRising, to: SIMD4<Int64>.self)
    }
}

extension Flow {
    /// Beyond this current, in thresholds, a crossing is so soon that a coordinate near 1 has too few digits for it.
    @inlinable public static var soonCurrent: Double { @inline(__always) get { 1000 } }

    /// A crossing time with the digits that only time itself has: one step of Newton's method on the membrane.
    @inlinable @inline(never)
    public func polished(_ elapsed: Double, v: Double, i: Double) -> Double {
        let p = propagators(elapsed)
        let membrane = p.a * v + p.h * i
        let slope = p.b * i - membrane
        let better = elapsed + tauMem * (threshold - membrane) / slope
        return better >= 0 && better < .infinity ? better : elapsed
    }
}

/// Elementwise minimum and maximum as the machine has them: the second operand where the first is not a number.
@inlinable @inline(__always)
public func lesser(_ x: SIMD4<Double>, _ y: SIMD4<Double>) -> SIMD4<Double> { .select(x .< y, x, y) }
@inlinable @inline(__always)
public func greater(_ x: SIMD4<Double>, _ y: SIMD4<Double>) -> SIMD4<Double> { .select(x .> y, x, y) }
