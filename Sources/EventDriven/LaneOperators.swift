// Operators on four numbers at once, for this room: those of the standard library are loops over elements, which compilers vectorise in part.
import Mathematics

extension SIMD4 where Scalar == Double {
    @inline(__always)
    static func + (x: Self, y: Self) -> Self { sum(x, y) }
    @inline(__always)
    static func + (x: Double, y: Self) -> Self { sum(Self(repeating: x), y) }
    @inline(__always)
    static func + (x: Self, y: Double) -> Self { sum(x, Self(repeating: y)) }
    @inline(__always)
    static func - (x: Self, y: Self) -> Self { difference(x, y) }
    @inline(__always)
    static func - (x: Double, y: Self) -> Self { difference(Self(repeating: x), y) }
    @inline(__always)
    static func - (x: Self, y: Double) -> Self { difference(x, Self(repeating: y)) }
    @inline(__always)
    static func * (x: Self, y: Self) -> Self { product(x, y) }
    @inline(__always)
    static func * (x: Double, y: Self) -> Self { product(Self(repeating: x), y) }
    @inline(__always)
    static func * (x: Self, y: Double) -> Self { product(x, Self(repeating: y)) }
    @inline(__always)
    static func / (x: Self, y: Self) -> Self { quotient(x, y) }
    @inline(__always)
    static func += (x: inout Self, y: Self) { x = sum(x, y) }
    @inline(__always)
    static func -= (x: inout Self, y: Self) { x = difference(x, y) }
    @inline(__always)
    static func *= (x: inout Self, y: Self) { x = product(x, y) }

    @inline(__always)
    static func .< (x: Self, y: Self) -> SIMDMask<SIMD4<Int64>> { isLess(x, y) }
    @inline(__always)
    static func .> (x: Self, y: Self) -> SIMDMask<SIMD4<Int64>> { isLess(y, x) }
    @inline(__always)
    static func .<= (x: Self, y: Self) -> SIMDMask<SIMD4<Int64>> { isNotAbove(x, y) }
    @inline(__always)
    static func .>= (x: Self, y: Self) -> SIMDMask<SIMD4<Int64>> { isNotAbove(y, x) }
}
