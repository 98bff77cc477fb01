// One number or four side by side: what formulas are written for that must give both the same bits.
import CSupport

/// What they need of either. The operations are the same, so each of four numbers gets the bits that it would get alone.
public protocol RealLanes {
    associatedtype Bits: BitLanes
    associatedtype Condition
    init(_ value: Double)
    init(bitPattern: Bits)
    var bitPattern: Bits { get }
    var magnitude: Self { get }
    static prefix func - (x: Self) -> Self
    static func + (x: Self, y: Self) -> Self
    static func - (x: Self, y: Self) -> Self
    static func * (x: Self, y: Self) -> Self
    static func / (x: Self, y: Self) -> Self
    static func + (x: Double, y: Self) -> Self
    static func - (x: Double, y: Self) -> Self
    static func * (x: Double, y: Self) -> Self
    static func + (x: Self, y: Double) -> Self
    static func - (x: Self, y: Double) -> Self
    static func * (x: Self, y: Double) -> Self
    static func isLess(_ x: Self, _ y: Self) -> Condition
    static func isEqual(_ x: Self, _ y: Self) -> Condition
    /// `condition ? yes : no`.
    static func select(_ condition: Condition, _ yes: Self, _ no: Self) -> Self
}

/// Their bit patterns.
public protocol BitLanes {
    static func &+ (x: Self, y: UInt64) -> Self
    static func &- (x: Self, y: Self) -> Self
    static func &<< (x: Self, y: UInt64) -> Self
    static func &>> (x: Self, y: UInt64) -> Self
    static func & (x: Self, y: UInt64) -> Self
    static func | (x: Self, y: UInt64) -> Self
}

extension UInt64: BitLanes {}

extension SIMD4: BitLanes where Scalar == UInt64 {}

extension Double: RealLanes {
    @inlinable @inline(__always)
    public static func isLess(_ x: Double, _ y: Double) -> Bool { x < y }

    @inlinable @inline(__always)
    public static func isEqual(_ x: Double, _ y: Double) -> Bool { x == y }

    /// As a blend of bits: the operator itself becomes a branch around whatever either side computes, and a loop with such
    /// branches is not vectorised for SSE2.
    @inlinable @inline(__always)
    public static func select(_ condition: Bool, _ yes: Double, _ no: Double) -> Double {
        let mask = 0 &- (condition ? 1 : 0 as UInt64)
        return Double(bitPattern: (yes.bitPattern & mask) | (no.bitPattern & ~mask))
    }
}

extension SIMD4: RealLanes where Scalar == Double {
    @inlinable @inline(__always)
    public init(_ value: Double) { self.init(repeating: value) }

    @inlinable @inline(__always)
    public init(bitPattern: SIMD4<UInt64>) { self = unsafeBitCast(bitPattern, to: SIMD4<Double>.self) }

    @inlinable @inline(__always)
    public var bitPattern: SIMD4<UInt64> { unsafeBitCast(self, to: SIMD4<UInt64>.self) }

    @inlinable @inline(__always)
    public var magnitude: SIMD4<Double> { SIMD4(bitPattern: bitPattern & 0x7FFF_FFFF_FFFF_FFFF) }

    @inlinable @inline(__always)
    public static func isLess(_ x: SIMD4<Double>, _ y: SIMD4<Double>) -> SIMDMask<SIMD4<Int64>> { x .< y }

    @inlinable @inline(__always)
    public static func isEqual(_ x: SIMD4<Double>, _ y: SIMD4<Double>) -> SIMDMask<SIMD4<Int64>> { x .== y }

    @inlinable @inline(__always)
    public static func select(
        _ condition: SIMDMask<SIMD4<Int64>>, _ yes: SIMD4<Double>, _ no: SIMD4<Double>
    ) -> SIMD4<Double> {
        no.replacing(with: yes, where: condition)
    }
}

extension SIMD4 where Scalar == Int64 {
    /// A bit for each element that is negative, as those of masks are.
    @inlinable @inline(__always)
    public var signs: UInt8 { spinnprop_support_signs(self) }
}
