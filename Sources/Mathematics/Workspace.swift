// Memory that a part of a batch works in: grown when needed, reused from sample to sample and from part to part.
import Synchronization

/// A block of trivial values that only grows. Growing forgets the old content.
public final class Block<Element> {
    public private(set) var pointer: UnsafeMutablePointer<Element>
    public private(set) var capacity: Int

    public init(_ capacity: Int = 0) {
        self.capacity = capacity
        pointer = Block.allocate(capacity)
    }

    deinit { free() }

    /// At least `count` elements at `pointer`.
    @inlinable @inline(__always)
    public func reserve(_ count: Int) {
        if count > capacity { replace(max(count, 2 * capacity)) }
    }

    @usableFromInline @inline(never)
    func replace(_ newCapacity: Int) {
        free()
        pointer = Block.allocate(newCapacity)
        capacity = newCapacity
    }

    @usableFromInline @inline(never)
    func move(_ newCapacity: Int, keeping: Int) {
        let new = Block.allocate(newCapacity)
        new.update(from: pointer, count: keeping)
        free()
        pointer = new
        capacity = newCapacity
    }

    /// Aligned to 64 bytes and rounded up to whole cache lines, for vector loads of whole registers.
    /// An empty block has an aligned address that nothing is ever read from.
    private static func allocate(_ capacity: Int) -> UnsafeMutablePointer<Element> {
        if capacity == 0 { return UnsafeMutablePointer(bitPattern: 64).unsafelyUnwrapped }
        let bytes = max(64, (capacity * MemoryLayout<Element>.stride + 63) & ~63)
        return UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 64)
            .bindMemory(to: Element.self, capacity: bytes / MemoryLayout<Element>.stride)
    }

    private func free() {
        if capacity > 0 { UnsafeMutableRawPointer(pointer).deallocate() }
    }
}

extension Block where Element: Numeric {
    /// The first `count` elements become 0.
    @inlinable @inline(__always)
    public func clear(_ count: Int) {
        reserve(count)
        pointer.update(repeating: .zero, count: count)
    }
}

extension Block {
    /// Like `reserve`, but the first `keeping` elements stay.
    @inlinable @inline(__always)
    public func grow(_ count: Int, keeping: Int) {
        if count > capacity { move(max(count, 2 * capacity), keeping: keeping) }
    }
}

/// Workers with their memory, lent to one part after another: as many are made as parts run at once.
public final class WorkerPool<Worker: AnyObject>: Sendable {
    private struct Idle: @unchecked Sendable { var workers: [Worker] = [] }
    private let idle = Mutex(Idle())
    private let make: @Sendable () -> Worker

    public init(_ make: @escaping @Sendable () -> Worker) { self.make = make }

    public func withWorker(_ body: (Worker) throws(SpinnpropError) -> Void) throws(SpinnpropError) {
        let taken = idle.withLock { idle in Idle(workers: idle.workers.popLast().map { [$0] } ?? []) }
        let worker = taken.workers.first ?? make()
        defer {
            let returned = Idle(workers: [worker])
            idle.withLock { $0.workers += returned.workers }
        }
        try body(worker)
    }
}
