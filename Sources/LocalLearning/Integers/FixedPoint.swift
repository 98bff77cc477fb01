// What integer processors multiply and round with.
import Mathematics

/// Numbers of so many bits, the sign aside, saturate there.
enum Saturation {
    /// Weights, biases and feedback weights.
    static let weight = 127
    /// Membranes, error dendrites and what traces have collected, in 24 bits with the sign.
    static let state = 1 << 23 - 1
    /// A trace, with 8 bits behind the point.
    static let trace: Int32 = 1 << 15 - 1
    /// What is multiplied by a `Factor`.
    static let sum = 1 << 47 - 1

    @inline(__always)
    static func clamp(_ value: Int, _ bound: Int) -> Int { max(-bound, min(bound, value)) }

    static func product(_ a: Int, _ b: Int) -> Int {
        let (product, overflows) = a.multipliedReportingOverflow(by: b)
        return overflows ? ((a < 0) == (b < 0) ? sum : -sum) : clamp(product, sum)
    }
}

/// A number >= 0 as a whole number of at most 2^15 over a power of two: to within 2^-15 of it, and of 2^-63.
struct Factor {
    private let mantissa: Int
    private let shift: Int

    /// - Parameter value: finite; above 2^15 it is 2^15, by which any weight saturates.
    init(_ value: Double) {
        var (scaled, shift) = (value, 0)
        while scaled < 0x1p14, shift < 62 {
            scaled *= 2
            shift += 1
        }
        mantissa = Int(min(scaled, 0x1p15).rounded())
        self.shift = shift
    }

    /// The product, rounded up with a probability of what it has beyond the whole number below.
    ///
    /// - Parameter word: random; its upper bits decide.
    @inline(__always)
    func rounded(_ sum: Int, by word: UInt64) -> Int {
        // 47 bits times 15, and less than a unit more.
        let product = Saturation.clamp(sum, Saturation.sum) &* mantissa
        let chance = shift > 0 ? Int(truncatingIfNeeded: word &>> UInt64(64 &- shift)) : 0
        return (product &+ chance) &>> shift
    }
}

/// What a membrane or a trace keeps in a step: a number 0 ... 1 as 4096ths, products rounded to the nearest, halves up.
struct Decay {
    static let bits = 12
    let value: Int

    init(_ decay: Double) { value = Int((decay * Double(1 << Decay.bits)).rounded()) }

    @inline(__always)
    func of(_ state: Int) -> Int { (value &* state &+ 1 << (Decay.bits &- 1)) &>> Decay.bits }
}
