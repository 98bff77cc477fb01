// Bytes before they are set down: their number is known without touching them, and each is copied only once.

#if _endian(big) || !_pointerBitWidth(_64)
#error("safetensors data are little-endian and Int stands for int64: such a machine needs conversions")
#endif

/// A whole file or a part of it, wherever its bytes lie.
public struct FileContent {
    public let byteCount: Int
    /// Fills a buffer of exactly `byteCount` bytes.
    private let fill: (UnsafeMutableRawBufferPointer) -> Void

    init<Element: BitwiseCopyable>(_ values: [Element]) {
        byteCount = values.count * MemoryLayout<Element>.stride
        fill = { target in values.withUnsafeBytes { target.copyMemory(from: $0) } }
    }

    /// - Parameter owner: what keeps the pointer's memory alive.
    init<Element: BitwiseCopyable>(_ start: UnsafePointer<Element>, count: Int, ownedBy owner: AnyObject) {
        byteCount = count * MemoryLayout<Element>.stride
        fill = { [byteCount] target in
            withExtendedLifetime(owner) {
                target.copyMemory(from: UnsafeRawBufferPointer(start: start, count: byteCount))
            }
        }
    }

    init(joining parts: [FileContent]) {
        byteCount = parts.reduce(0) { $0 + $1.byteCount }
        fill = { target in
            var start = 0
            for part in parts {
                let end = start + part.byteCount
                part.fill(UnsafeMutableRawBufferPointer(rebasing: target[start..<end]))
                start = end
            }
        }
    }

    /// - Parameter target: room for `byteCount` bytes.
    public func copy(to target: UnsafeMutablePointer<UInt8>) {
        fill(UnsafeMutableRawBufferPointer(start: target, count: byteCount))
    }

    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: byteCount) { target, count in
            fill(UnsafeMutableRawBufferPointer(target))
            count = byteCount
        }
    }
}
