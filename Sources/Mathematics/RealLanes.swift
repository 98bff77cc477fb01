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
    /// The bits that `mask` has, too.
    func masked(_ mask: UInt64) -> Self
    /// With those of `other`.
    func joined(_ other: UInt64) -> Self
}

extension UInt64: BitLanes {
    @inlinable @inline(__always)
    public func masked(_ mask: UInt64) -> UInt64 { self & mask }
    @inlinable @inline(__always)
    public func joined(_ other: UInt64) -> UInt64 { self | other }
}

extension SIMD4: BitLanes where Scalar == UInt64 {
    @_implements(BitLanes,&<<(_:_:)) @inlinable @inline(__always)
    public static func shiftedLeft(_ x: Self, _ by: UInt64) -> Self {
        spinnprop_support_shift_left(x, Self(repeating: by))
    }
    @_implements(BitLanes,&>>(_:_:)) @inlinable @inline(__always)
    public static func shiftedRight(_ x: Self, _ by: UInt64) -> Self {
        spinnprop_support_shift_right(x, Self(repeating: by))
    }
    @inlinable @inline(__always)
    public func masked(_ mask: UInt64) -> Self { spinnprop_support_and(self, Self(repeating: mask)) }
    @inlinable @inline(__always)
    public func joined(_ other: UInt64) -> Self { spinnprop_support_or(self, Self(repeating: other)) }
}

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
    public var magnitude: SIMD4<Double> { SIMD4(bitPattern: bitPattern.masked(0x7FFF_FFFF_FFFF_FFFF)) }

    @inlinable @inline(__always)
    public static func isLess(_ x: SIMD4<Double>, _ y: SIMD4<Double>) -> SIMDMask<SIMD4<Int64>> {
        unsafeBitCast(spinnprop_support_less(x, y), to: SIMDMask<SIMD4<Int64>>.self)
    }

    @inlinable @inline(__always)
    public static func isNotAbove(_ x: SIMD4<Double>, _ y: SIMD4<Double>) -> SIMDMask<SIMD4<Int64>> {
        unsafeBitCast(spinnprop_support_less_or_equal(x, y), to: SIMDMask<SIMD4<Int64>>.self)
    }

    @inlinable @inline(__always)
    public static func isEqual(_ x: SIMD4<Double>, _ y: SIMD4<Double>) -> SIMDMask<SIMD4<Int64>> {
        unsafeBitCast(spinnprop_support_equal(x, y), to: SIMDMask<SIMD4<Int64>>.self)
    }

    @inlinable @inline(__always)
    public static func select(
        _ condition: SIMDMask<SIMD4<Int64>>, _ yes: SIMD4<Double>, _ no: SIMD4<Double>
    ) -> SIMD4<Double> {
        spinnprop_support_select(unsafeBitCast(condition, to: SIMD4<Int64>.self), yes, no)
    }

    // What generic code means by operators on four numbers: those of the standard library are loops over elements.
    @_implements(RealLanes,+(_:_:)) @inlinable @inline(__always)
    public static func sum(_ x: Self, _ y: Self) -> Self { spinnprop_support_add(x, y) }
    @_implements(RealLanes,-(_:_:)) @inlinable @inline(__always)
    public static func difference(_ x: Self, _ y: Self) -> Self { spinnprop_support_subtract(x, y) }
    @_implements(RealLanes,*(_:_:)) @inlinable @inline(__always)
    public static func product(_ x: Self, _ y: Self) -> Self { spinnprop_support_multiply(x, y) }
    @_implements(RealLanes,/(_:_:)) @inlinable @inline(__always)
    public static func quotient(_ x: Self, _ y: Self) -> Self { spinnprop_support_divide(x, y) }
    @_implements(RealLanes,+(_:_:)) @inlinable @inline(__always)
    public static func sum(_ x: Double, _ y: Self) -> Self { sum(Self(repeating: x), y) }
    @_implements(RealLanes,+(_:_:)) @inlinable @inline(__always)
    public static func sum(_ x: Self, _ y: Double) -> Self { sum(x, Self(repeating: y)) }
    @_implements(RealLanes,-(_:_:)) @inlinable @inline(__always)
    public static func difference(_ x: Double, _ y: Self) -> Self { difference(Self(repeating: x), y) }
    @_implements(RealLanes,-(_:_:)) @inlinable @inline(__always)
    public static func difference(_ x: Self, _ y: Double) -> Self { difference(x, Self(repeating: y)) }
    @_implements(RealLanes,*(_:_:)) @inlinable @inline(__always)
    public static func product(_ x: Double, _ y: Self) -> Self { product(Self(repeating: x), y) }
    @_implements(RealLanes,*(_:_:)) @inlinable @inline(__always)
    public static func product(_ x: Self, _ y: Double) -> Self { product(x, Self(repeating: y)) }
    @_implements(RealLanes,-(_:)) @inlinable @inline(__always)
    public static func negative(_ x: Self) -> Self { difference(Self(0), x) }
}

extension SIMD4 where Scalar == Int64 {
    /// A bit for each element that is negative, as those of masks are.
    @inlinable @inline(__always)
    public var signs: UInt8 { spinnprop_support_signs(self) }
}
