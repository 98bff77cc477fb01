// Memory that a part of a batch works in: grown when needed, reused from sample to sample and from part to part.
import Synchronization

/// A block of trivial values that only grows. Growing forgets the old content.
public final class Block<Element> {
    public private(set) var pointer: UnsafeMutablePointer<Element>
    public private(set) var capacity: Int
    private var memory: UnsafeMutableRawPointer?

    public init(_ capacity: Int = 0) {
        self.capacity = capacity
        (memory, pointer) = Block.allocate(capacity)
    }

    deinit { memory?.deallocate() }

    /// At least `count` elements at `pointer`.
    @inlinable @inline(__always)
    public func reserve(_ count: Int) {
        if count > capacity { move(max(count, 2 * capacity), keeping: 0) }
    }

    /// Like `reserve`, but the first `keeping` elements stay.
    @inlinable @inline(__always)
    public func grow(_ count: Int, keeping: Int) {
        if count > capacity { move(max(count, 2 * capacity), keeping: keeping) }
    }

    @usableFromInline @inline(never)
    func move(_ newCapacity: Int, keeping: Int) {
        let (newMemory, new) = Block.allocate(newCapacity)
        new.update(from: pointer, count: keeping)
        memory?.deallocate()
        (memory, pointer, capacity) = (newMemory, new, newCapacity)
    }

    /// Rounded up to whole cache lines and aligned to them, for vector loads of whole registers: by hand, because the system's
    /// aligned allocation costs several times as much. An empty block has an aligned address that nothing is ever read from.
    private static func allocate(_ capacity: Int) -> (UnsafeMutableRawPointer?, UnsafeMutablePointer<Element>) {
        if capacity == 0 { return (nil, UnsafeMutablePointer(bitPattern: 64).unsafelyUnwrapped) }
        let bytes = max(64, (capacity * MemoryLayout<Element>.stride + 63) & ~63)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes + 64, alignment: 16)
        return (
            memory,
            memory.alignedUp(toMultipleOf: 64)
                .bindMemory(to: Element.self, capacity: bytes / MemoryLayout<Element>.stride)
        )
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
