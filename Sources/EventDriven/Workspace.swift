// Memory that a part of a batch works in: grown when needed, reused from sample to sample and from part to part.
import Mathematics
import Synchronization

/// A block of trivial values that only grows. Growing forgets the old content.
final class Block<Element> {
    private(set) var pointer: UnsafeMutablePointer<Element>
    private(set) var capacity: Int

    init(_ capacity: Int = 0) {
        self.capacity = capacity
        pointer = Block.allocate(capacity)
    }

    deinit { free() }

    /// At least `count` elements at `pointer`.
    @inline(__always)
    func reserve(_ count: Int) {
        if count > capacity { replace(max(count, 2 * capacity)) }
    }

    private func replace(_ newCapacity: Int) {
        free()
        pointer = Block.allocate(newCapacity)
        capacity = newCapacity
    }

    fileprivate func move(_ newCapacity: Int, keeping: Int) {
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

extension Block where Element == Double {
    func clear(_ count: Int) {
        reserve(count)
        pointer.update(repeating: 0, count: count)
    }
}

/// Up to the next multiple of four: the number of elements in whole SIMD4 vectors.
@inline(__always)
func padded(_ count: Int) -> Int { (count + 3) & ~3 }

extension Block {
    /// Like `reserve`, but the first `keeping` elements stay.
    @inline(__always)
    func grow(_ count: Int, keeping: Int) {
        if count > capacity { move(max(count, 2 * capacity), keeping: keeping) }
    }
}

/// Workers with their memory, lent to one part after another: as many are made as parts run at once.
final class WorkerPool<Worker: AnyObject>: Sendable {
    private struct Idle: @unchecked Sendable { var workers: [Worker] = [] }
    private let idle = Mutex(Idle())
    private let make: @Sendable () -> Worker

    init(_ make: @escaping @Sendable () -> Worker) { self.make = make }

    func withWorker(_ body: (Worker) throws(SpinnpropError) -> Void) throws(SpinnpropError) {
        let taken = idle.withLock { idle in Idle(workers: idle.workers.popLast().map { [$0] } ?? []) }
        let worker = taken.workers.first ?? make()
        defer {
            let returned = Idle(workers: [worker])
            idle.withLock { $0.workers += returned.workers }
        }
        try body(worker)
    }
}
