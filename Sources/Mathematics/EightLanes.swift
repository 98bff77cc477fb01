// Eight numbers side by side, as two vectors of four.
import CSupport

/// Vectors of numbers, on which formulas need more than one number or four have in common.
public protocol VectorLanes: RealLanes {
    static func isNotAbove(_ x: Self, _ y: Self) -> Condition
    static func both(_ x: Condition, _ y: Condition) -> Condition
    static func either(_ x: Condition, _ y: Condition) -> Condition
    static func not(_ x: Condition) -> Condition
    /// A bit for each number.
    static func signs(_ x: Condition) -> UInt8
    /// NaN below 0, and as exact as IEEE demands.
    static func squareRoot(_ x: Self) -> Self
    /// As many numbers in a row, anywhere.
    init(_ numbers: UnsafePointer<Double>)
    func store(_ numbers: UnsafeMutablePointer<Double>)
    func number(_ lane: Int) -> Double
    static var count: Int { get }
}

extension VectorLanes {
    /// Minimum and maximum as the machine has them: the second operand where the first is not a number.
    @inlinable @inline(__always)
    public static func lesser(_ x: Self, _ y: Self) -> Self { select(isLess(x, y), x, y) }
    @inlinable @inline(__always)
    public static func greater(_ x: Self, _ y: Self) -> Self { select(isLess(y, x), x, y) }
}

extension SIMD4: VectorLanes where Scalar == Double {
    @inlinable @inline(__always)
    public static func both(_ x: SIMDMask<SIMD4<Int64>>, _ y: SIMDMask<SIMD4<Int64>>) -> SIMDMask<SIMD4<Int64>> {
        x .& y
    }
    @inlinable @inline(__always)
    public static func either(_ x: SIMDMask<SIMD4<Int64>>, _ y: SIMDMask<SIMD4<Int64>>) -> SIMDMask<SIMD4<Int64>> {
        x .| y
    }
    @inlinable @inline(__always)
    public static func not(_ x: SIMDMask<SIMD4<Int64>>) -> SIMDMask<SIMD4<Int64>> { .!x }
    @inlinable @inline(__always)
    public static func signs(_ x: SIMDMask<SIMD4<Int64>>) -> UInt8 { unsafeBitCast(x, to: SIMD4<Int64>.self).signs }
    @inlinable @inline(__always)
    public static func squareRoot(_ x: Self) -> Self { spinnprop_support_square_roots(x) }
    @inlinable @inline(__always)
    public init(_ numbers: UnsafePointer<Double>) {
        self = UnsafeRawPointer(numbers).loadUnaligned(as: SIMD4<Double>.self)
    }
    @inlinable @inline(__always)
    public func store(_ numbers: UnsafeMutablePointer<Double>) {
        UnsafeMutableRawPointer(numbers).storeBytes(of: self, as: SIMD4<Double>.self)
    }
    @inlinable @inline(__always)
    public func number(_ lane: Int) -> Double { self[lane] }
    @inlinable public static var count: Int { @inline(__always) get { 4 } }
}

/// A pair of whatever four numbers have.
@frozen
public struct Halves<Half> {
    public let low: Half
    public let high: Half

    @inlinable @inline(__always)
    public init(_ low: Half, _ high: Half) { (self.low, self.high) = (low, high) }
}

/// Where each operation waits for the one before, the same on four other numbers takes no more time. Each number gets the bits that it would get
/// alone.
public typealias EightLanes = Halves<SIMD4<Double>>

extension Halves: BitLanes where Half == SIMD4<UInt64> {
    @inlinable @inline(__always)
    public static func &+ (x: Self, y: UInt64) -> Self {
        Self(x.low &+ SIMD4(repeating: y), x.high &+ SIMD4(repeating: y))
    }
    @inlinable @inline(__always)
    public static func &- (x: Self, y: Self) -> Self { Self(x.low &- y.low, x.high &- y.high) }
    @inlinable @inline(__always)
    public static func &<< (x: Self, y: UInt64) -> Self {
        Self(Half.shiftedLeft(x.low, y), Half.shiftedLeft(x.high, y))
    }
    @inlinable @inline(__always)
    public static func &>> (x: Self, y: UInt64) -> Self {
        Self(Half.shiftedRight(x.low, y), Half.shiftedRight(x.high, y))
    }
    @inlinable @inline(__always)
    public func masked(_ mask: UInt64) -> Self { Self(low.masked(mask), high.masked(mask)) }
    @inlinable @inline(__always)
    public func joined(_ other: UInt64) -> Self { Self(low.joined(other), high.joined(other)) }
}

extension Halves: RealLanes where Half == SIMD4<Double> {
    public typealias Mask = Halves<SIMDMask<SIMD4<Int64>>>

    @inlinable @inline(__always)
    public init(_ value: Double) { self.init(Half(repeating: value), Half(repeating: value)) }
    @inlinable @inline(__always)
    public init(bitPattern: Halves<SIMD4<UInt64>>) {
        self.init(Half(bitPattern: bitPattern.low), Half(bitPattern: bitPattern.high))
    }
    @inlinable @inline(__always)
    public var bitPattern: Halves<SIMD4<UInt64>> { Halves<SIMD4<UInt64>>(low.bitPattern, high.bitPattern) }
    @inlinable @inline(__always)
    public var magnitude: Self { Self(low.magnitude, high.magnitude) }

    @inlinable @inline(__always)
    public static prefix func - (x: Self) -> Self { Self(Half.negative(x.low), Half.negative(x.high)) }
    @inlinable @inline(__always)
    public static func + (x: Self, y: Self) -> Self { Self(Half.sum(x.low, y.low), Half.sum(x.high, y.high)) }
    @inlinable @inline(__always)
    public static func - (x: Self, y: Self) -> Self {
        Self(Half.difference(x.low, y.low), Half.difference(x.high, y.high))
    }
    @inlinable @inline(__always)
    public static func * (x: Self, y: Self) -> Self {
        Self(Half.product(x.low, y.low), Half.product(x.high, y.high))
    }
    @inlinable @inline(__always)
    public static func / (x: Self, y: Self) -> Self {
        Self(Half.quotient(x.low, y.low), Half.quotient(x.high, y.high))
    }
    @inlinable @inline(__always)
    public static func + (x: Double, y: Self) -> Self { Self(x) + y }
    @inlinable @inline(__always)
    public static func - (x: Double, y: Self) -> Self { Self(x) - y }
    @inlinable @inline(__always)
    public static func * (x: Double, y: Self) -> Self { Self(x) * y }
    @inlinable @inline(__always)
    public static func + (x: Self, y: Double) -> Self { x + Self(y) }
    @inlinable @inline(__always)
    public static func - (x: Self, y: Double) -> Self { x - Self(y) }
    @inlinable @inline(__always)
    public static func * (x: Self, y: Double) -> Self { x * Self(y) }

    @inlinable @inline(__always)
    public static func isLess(_ x: Self, _ y: Self) -> Mask {
        Mask(Half.isLess(x.low, y.low), Half.isLess(x.high, y.high))
    }
    @inlinable @inline(__always)
    public static func isEqual(_ x: Self, _ y: Self) -> Mask {
        Mask(Half.isEqual(x.low, y.low), Half.isEqual(x.high, y.high))
    }
    @inlinable @inline(__always)
    public static func select(_ condition: Mask, _ yes: Self, _ no: Self) -> Self {
        Self(Half.select(condition.low, yes.low, no.low), Half.select(condition.high, yes.high, no.high))
    }
}

extension Halves: VectorLanes where Half == SIMD4<Double> {
    @inlinable @inline(__always)
    public static func isNotAbove(_ x: Self, _ y: Self) -> Mask {
        Mask(Half.isNotAbove(x.low, y.low), Half.isNotAbove(x.high, y.high))
    }
    @inlinable @inline(__always)
    public static func both(_ x: Mask, _ y: Mask) -> Mask { Mask(x.low .& y.low, x.high .& y.high) }
    @inlinable @inline(__always)
    public static func either(_ x: Mask, _ y: Mask) -> Mask { Mask(x.low .| y.low, x.high .| y.high) }
    @inlinable @inline(__always)
    public static func not(_ x: Mask) -> Mask { Mask(.!x.low, .!x.high) }
    @inlinable @inline(__always)
    public static func signs(_ x: Mask) -> UInt8 { SIMD4<Double>.signs(x.low) | SIMD4<Double>.signs(x.high) &<< 4 }
    @inlinable @inline(__always)
    public static func squareRoot(_ x: Self) -> Self { Self(Half.squareRoot(x.low), Half.squareRoot(x.high)) }
    @inlinable @inline(__always)
    public init(_ numbers: UnsafePointer<Double>) { self.init(Half(numbers), Half(numbers + 4)) }
    @inlinable @inline(__always)
    public func store(_ numbers: UnsafeMutablePointer<Double>) {
        low.store(numbers)
        high.store(numbers + 4)
    }
    @inlinable @inline(__always)
    public func number(_ lane: Int) -> Double { lane < 4 ? low[lane] : high[lane - 4] }
    @inlinable public static var count: Int { @inline(__always) get { 8 } }
}
