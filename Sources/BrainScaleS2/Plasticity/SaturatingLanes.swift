// Vectors as the plasticity processor has them: whole numbers of 8 bits that saturate.

/// Lanes of 8-bit numbers, one per neuron; the processor takes 128 at once.
public struct SaturatingLanes<Scalar: FixedWidthInteger & Sendable>: Equatable, Sendable {
    public var values: [Scalar]

    public init(_ values: [Scalar]) { self.values = values }
    public init(repeating value: Scalar, count: Int) { values = [Scalar](repeating: value, count: count) }

    public var count: Int { values.count }

    /// How many of the processor's vectors that is.
    var vectorCount: Int { (values.count + 127) / 128 }
}

public typealias SignedLanes = SaturatingLanes<Int8>
public typealias UnsignedLanes = SaturatingLanes<UInt8>

extension SaturatingLanes {
    /// Lane by lane, in 32 bits and then held to what the result can be. Both have as many lanes.
    func combined<Other, Result>(
        _ other: SaturatingLanes<Other>, _ body: (Int32, Int32) -> Int32
    ) -> SaturatingLanes<Result> {
        var result = SaturatingLanes<Result>(repeating: 0, count: min(count, other.count))
        for lane in result.values.indices {
            result.values[lane] = Result(
                clamping: body(Int32(truncatingIfNeeded: values[lane]), Int32(truncatingIfNeeded: other.values[lane])))
        }
        return result
    }
}

/// A number with 12 bits after the point, -8 ..< 8, as the processor's 16-bit lanes hold factors.
public struct Fraction: Equatable, Sendable {
    public static let bits: Int32 = 12
    public let raw: Int16

    /// Rounded to the nearest, halves away from 0, and saturating; 0 for what is no number.
    public init(_ value: Double) {
        let scaled = (value * Double(1 << Fraction.bits)).rounded()
        raw = scaled.isNaN ? 0 : Int16(max(Double(Int16.min), min(Double(Int16.max), scaled)))
    }

    /// The product with a whole number, rounded to the nearest, halves up.
    func times(_ value: Int32) -> Int32 {
        (value &* Int32(raw) &+ (1 << (Fraction.bits - 1))) >> Fraction.bits
    }
}
