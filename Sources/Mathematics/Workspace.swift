// Memory that a part of a batch works in: grown when needed, reused from sample to sample and from part to part.
import CSupport
import Synchronization

/// A block of trivial values that only grows. Growing forgets the old content. What the system does not give is an error: blocks are what
/// runs need most memory for.
public final class Block<Element> {
    public private(set) var pointer: UnsafeMutablePointer<Element>
    public private(set) var capacity: Int
    private var memory: UnsafeMutableRawPointer?

    /// An empty block, with an aligned address that nothing is ever read from.
    public init() {
        capacity = 0
        pointer = UnsafeMutablePointer(bitPattern: 64).unsafelyUnwrapped
    }

    /// - Throws: `outOfMemory`, as all that make a block grow.
    public convenience init(_ capacity: Int) throws(SpinnpropError) {
        self.init()
        if capacity > 0 { try move(capacity, keeping: 0) }
    }

    deinit { Memory.free(memory) }

    /// At least `count` elements at `pointer`.
    @inlinable @inline(__always)
    public func reserve(_ count: Int) throws(SpinnpropError) {
        if count > capacity { try move(max(count, 2 * capacity), keeping: 0) }
    }

    /// Like `reserve`, but the first `keeping` elements stay.
    @inlinable @inline(__always)
    public func grow(_ count: Int, keeping: Int) throws(SpinnpropError) {
        if count > capacity { try move(max(count, 2 * capacity), keeping: keeping) }
    }

    @usableFromInline @inline(never)
    func move(_ newCapacity: Int, keeping: Int) throws(SpinnpropError) {
        // Rounded up to whole cache lines and aligned to them, for vector loads of whole registers: by hand, because the system's
        // aligned allocation costs several times as much.
        let bytes = max(64, (newCapacity * MemoryLayout<Element>.stride + 63) & ~63)
        let newMemory = try Memory.allocate(bytes + 64)
        let new = newMemory.alignedUp(toMultipleOf: 64)
            .bindMemory(to: Element.self, capacity: bytes / MemoryLayout<Element>.stride)
        new.update(from: pointer, count: keeping)
        Memory.free(memory)
        (memory, pointer, capacity) = (newMemory, new, newCapacity)
    }
}

extension Block where Element: Numeric {
    /// The first `count` elements become 0.
    @inlinable @inline(__always)
    public func clear(_ count: Int) throws(SpinnpropError) {
        try reserve(count)
        pointer.update(repeating: .zero, count: count)
    }
}

/// Workers with their memory, objects or tuples of them, lent to one part after another: as many are made as parts run at once.
public final class WorkerPool<Worker>: Sendable {
    @usableFromInline
    struct Idle: @unchecked Sendable {
        @usableFromInline var workers: [Worker]

        @usableFromInline init(workers: [Worker]) { self.workers = workers }
    }
    @usableFromInline let idle = Mutex(Idle(workers: []))
    @usableFromInline let make: @Sendable () throws(SpinnpropError) -> Worker

    @inlinable
    public init(_ make: @escaping @Sendable () throws(SpinnpropError) -> Worker) { self.make = make }

    @inlinable
    public func withWorker(_ body: (Worker) throws(SpinnpropError) -> Void) throws(SpinnpropError) {
        let taken = idle.withLock { idle in Idle(workers: idle.workers.popLast().map { [$0] } ?? []) }
        let worker: Worker
        if let idle = taken.workers.first { worker = idle } else { worker = try make() }
        defer {
            let returned = Idle(workers: [worker])
            idle.withLock { $0.workers += returned.workers }
        }
        try body(worker)
    }
}
