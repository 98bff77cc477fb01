// When does the membrane reach the threshold? The contract that each case of tau satisfies.
import Mathematics

/// A ratio tau_m / tau_s for which crossings are found in its own way.
///
/// All work on a state (V, I) with V < threshold. V rises to one peak if V < I and I > 0, and only falls otherwise; so it
/// crosses the threshold within an interval exactly if it is above it at the end, or has its peak inside and the peak is
/// above it. Each case measures the time since the state by a coordinate x of its own.
public protocol CrossingCase {
    /// `Flow.propagators` for this ratio, to the last digits.
    static func propagators(_ flow: Flow, _ dt: Double) -> Propagators

    /// Positive wherever the peak of a rising membrane exceeds the threshold. It may be positive elsewhere: `crossings` decides.
    static func peakMargin(_ flow: Flow, v: SIMD4<Double>, i: SIMD4<Double>) -> SIMD4<Double>
    static func peakMargin(_ flow: Flow, v: Double, i: Double) -> Double

    /// For each of `count` rising states the coordinate of V = threshold; negative where the threshold is not reached.
    /// Arrays have room for whole vectors of four; what lies beyond `count` may be overwritten.
    static func crossings(
        _ flow: Flow, count: Int, v: UnsafeMutablePointer<Double>, i: UnsafeMutablePointer<Double>,
        x: UnsafeMutablePointer<Double>)

    /// The time that a coordinate >= 0 stands for.
    static func elapsed(_ flow: Flow, x: Double) -> Double
    /// The factor by which the current has decayed there.
    static func decay(_ flow: Flow, x: Double) -> Double
    /// The map over what is left of an interval after x. `a`: the membrane's factor e^{-t / tau_m} over the interval from the state
    /// on; `remaining`: what is left, seconds.
    static func rest(_ flow: Flow, a: Double, x: Double, remaining: Double) -> Propagators
}
