// When does the membrane reach the threshold? The contract that each case of tau satisfies.
import Mathematics

/// A ratio tau_m / tau_s for which crossings are found in its own way.
///
/// All work on a state (V, I) with V < threshold. V rises to one peak if V < I and I > 0, and only falls otherwise; so it
/// crosses the threshold within an interval exactly if it is above it at the end, or has its peak inside and the peak is
/// above it.
public protocol CrossingCase {
    /// `Flow.propagators` for this ratio, to the last digits.
    static func propagators(_ flow: Flow, _ dt: Double) -> Propagators

    /// Positive wherever the peak of a rising membrane exceeds the threshold; it may be positive elsewhere if
    /// `isMarginExact` is false, and then `crossing` decides.
    static func peakMargin(_ flow: Flow, v: SIMD4<Double>, i: SIMD4<Double>) -> SIMD4<Double>
    static func peakMargin(_ flow: Flow, v: Double, i: Double) -> Double

    /// For each of `count` rising states the time until V = threshold and the factor by which I has decayed by then; the time is
    /// +infinity where the threshold is not reached. Arrays hold a multiple of four elements; what lies beyond `count`
    /// may be overwritten.
    static func crossings(
        _ flow: Flow, count: Int, v: UnsafeMutablePointer<Double>, i: UnsafeMutablePointer<Double>,
        elapsed: UnsafeMutablePointer<Double>, decay: UnsafeMutablePointer<Double>)
}
