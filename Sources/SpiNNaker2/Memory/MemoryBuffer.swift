// Named buffers in a PE's SRAM or a chip's DRAM, and the refusal of what does not fit.
import Mathematics

/// Where a buffer lies.
public enum MemoryPlace: Equatable, Sendable, CustomStringConvertible {
    /// A PE, numbered through the board.
    case sram(pe: Int)
    case dram(chip: Int)

    public var description: String {
        switch self {
        case .sram(let pe): "PE \(pe)"
        case .dram(let chip): "the DRAM of chip \(chip)"
        }
    }
}

/// A buffer. Its memory is real, starts as zeros and lives until it is freed or the machine ends.
public struct MemoryBuffer: @unchecked Sendable {
    public let place: MemoryPlace
    public let name: String
    /// The size asked for, in bytes; what is taken is rounded up to whole DMA words.
    public let byteCount: Int
    /// The first byte, aligned to 64.
    public let base: UnsafeMutableRawPointer

    public var floats: UnsafeMutablePointer<Float> { base.assumingMemoryBound(to: Float.self) }
    public var words: UnsafeMutablePointer<Int32> { base.assumingMemoryBound(to: Int32.self) }
}

/// One memory and what it holds. Banks, and gaps between buffers, are not modelled.
final class BufferMemory {
    let place: MemoryPlace
    let capacity: Int
    private let alignment: Int
    private(set) var used = 0
    private(set) var highWater = 0
    private(set) var buffers: [MemoryBuffer] = []

    init(_ place: MemoryPlace, capacity: Int, alignment: Int) {
        self.place = place
        self.capacity = capacity
        self.alignment = alignment
    }

    deinit { for buffer in buffers { buffer.base.deallocate() } }

    /// - Throws: `outOfMemory` with the place, the buffer, the bytes asked for and left; `invalidValue` for a name in use.
    func allocate(_ name: String, bytes: Int) throws(SpinnpropError) -> MemoryBuffer {
        guard !buffers.contains(where: { $0.name == name }) else {
            throw .invalidValue("\(place) already has a buffer \"\(name)\"; free it first, or choose another name")
        }
        guard bytes >= 0, bytes <= capacity - used, rounded(bytes) <= capacity - used else {
            throw SpinnpropError(
                .outOfMemory,
                "buffer \"\(name)\" on \(place) asks for \(bytes) bytes and \(capacity - used) of \(capacity) are left; "
                    + "make it smaller, or spread the work over more PEs")
        }
        try Memory.check(count: bytes, bytesPerElement: 1, "buffer \"\(name)\" on \(place)")
        // A board has thousands of small ones.
        try Memory.poll()
        let size = max(64, rounded(bytes))
        let base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
        base.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        let buffer = MemoryBuffer(place: place, name: name, byteCount: bytes, base: base)
        buffers.append(buffer)
        used += rounded(bytes)
        highWater = max(highWater, used)
        return buffer
    }

    /// - Throws: `invalidValue` if there is no such buffer.
    func free(_ name: String) throws(SpinnpropError) {
        guard let index = buffers.firstIndex(where: { $0.name == name }) else {
            throw .invalidValue("\(place) has no buffer \"\(name)\" to free")
        }
        used -= rounded(buffers[index].byteCount)
        buffers[index].base.deallocate()
        buffers.remove(at: index)
    }

    private func rounded(_ bytes: Int) -> Int { (bytes + alignment - 1) / alignment * alignment }
}
