// What tells changed numbers from unchanged ones.

/// A 64-bit multiply-and-fold hash over words and float64 arrays. Not for adversaries.
public struct Fingerprint: Sendable {
    @usableFromInline var folded: UInt64 = 0x9E37_79B9_7F4A_7C15

    public init() {}

    public var value: UInt64 { folded }

    @inlinable @inline(__always)
    public mutating func add(_ word: UInt64) {
        let product = (folded ^ word).multipliedFullWidth(by: 0xD6E8_FEB8_6659_FD93)
        folded = product.high ^ product.low &+ 0x9E37_79B9_7F4A_7C15
    }

    public mutating func add(_ values: [Double]) {
        add(UInt64(values.count))
        values.withUnsafeBufferPointer { buffer in
            for element in buffer { add(element.bitPattern) }
        }
    }
}
