// Float32 and float64 alike, for loops over many numbers.
import CSupport

/// A number that the processor computes with, several at a time.
public protocol MachineReal: BinaryFloatingPoint, Sendable {
    /// Square roots in the place of `count` numbers. Swift's own takes them one by one, with a branch for those below 0.
    static func takeRoots(_ values: UnsafeMutablePointer<Self>, count: Int)
}

extension Double: MachineReal {
    @inlinable @inline(__always)
    public static func takeRoots(_ values: UnsafeMutablePointer<Double>, count: Int) {
        spinnprop_support_take_roots(values, count)
    }
}

extension Float: MachineReal {
    @inlinable @inline(__always)
    public static func takeRoots(_ values: UnsafeMutablePointer<Float>, count: Int) {
        spinnprop_support_take_roots_single(values, count)
    }
}
