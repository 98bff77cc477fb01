// How much memory there is: what cannot succeed is refused before, since Swift ends the process when an allocation fails.
import CSupport
import Glibc

public enum Memory {
    /// The memory of this machine, or what the process's control groups may take of it, in bytes.
    public static let physicalBytes = min(
        max(0, sysconf(Int32(_SC_PHYS_PAGES))) * max(0, sysconf(Int32(_SC_PAGESIZE))),
        spinnprop_support_memory_limit("/proc/self/cgroup", "/sys/fs/cgroup"))

    /// Below this nothing is asked of the system: that much is there, or all is lost anyway.
    private static let smallBytes = 1 << 20

    /// - Throws: `outOfMemory` if `count` elements of `bytesPerElement` are more than half of what the machine has, or more than
    ///   the system would give this process now (`ulimit -v`).
    public static func check(count: Int, bytesPerElement: Int, _ what: String) throws(SpinnpropError) {
        guard count <= physicalBytes / 2 / bytesPerElement else {
            throw SpinnpropError(
                .outOfMemory,
                "\(what) would take \(count) x \(bytesPerElement) bytes, more than half of the memory there is "
                    + "(\(physicalBytes) bytes); make it smaller")
        }
        let bytes = count * bytesPerElement
        // A quarter more, since arrays come one by one and never fill what is free to the last page.
        guard bytes < smallBytes || canMap(bytes + bytes / 4) else {
            throw SpinnpropError(
                .outOfMemory,
                "\(what) would take \(count) x \(bytesPerElement) bytes, more than the system gives this process; make it smaller"
            )
        }
    }

    /// A product of two counts for which there must be room. - Throws: `outOfMemory`.
    @discardableResult
    public static func product(
        _ a: Int, _ b: Int, bytesPerElement: Int, _ what: String
    ) throws(SpinnpropError) -> Int {
        let (count, overflow) = a.multipliedReportingOverflow(by: b)
        try check(count: overflow ? .max : count, bytesPerElement: bytesPerElement, what)
        return count
    }

    /// Memory for trivial values, aligned for any of them; not a byte of what is set aside for the end of memory.
    ///
    /// - Throws: `outOfMemory` if the system does not give it, or would to no avail: more than half of what the machine has.
    public static func allocate(_ bytes: Int) throws(SpinnpropError) -> UnsafeMutableRawPointer {
        guard bytes <= physicalBytes / 2, let memory = spinnprop_support_allocate(bytes) else {
            throw SpinnpropError(
                .outOfMemory,
                "a block of \(bytes) bytes is more than the system gives this process; ask for less at once, or raise its limit"
            )
        }
        return memory
    }

    public static func free(_ memory: UnsafeMutableRawPointer?) { spinnprop_support_free(memory) }

    /// Notices that memory has run out; to be called by whatever goes on for long or allocates much, since many small blocks
    /// add up.
    ///
    /// - Throws: `outOfMemory` while the library lives on what it has set aside for that case.
    @inline(__always)
    public static func poll() throws(SpinnpropError) {
        if spinnprop_support_is_memory_short() != 0 { throw shortage }
    }

    private static var shortage: SpinnpropError {
        SpinnpropError(
            .outOfMemory,
            "the memory that the system gives this process is used up; free some, raise its limit, or ask for less at once"
        )
    }

    /// Whether the system would give so much. Asked by mmap: compilers leave out a malloc whose memory nobody uses.
    private static func canMap(_ bytes: Int) -> Bool {
        if map(bytes) { return true }
        spinnprop_support_give_kept()
        return map(bytes)
    }

    private static func map(_ bytes: Int) -> Bool {
        let flags = Int32(MAP_PRIVATE) | Int32(MAP_ANONYMOUS)
        guard let block = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0), block != MAP_FAILED else {
            return false
        }
        munmap(block, bytes)
        return true
    }
}

extension Array {
    /// Room for so many more elements, as `append` makes it, which however ends the process where there is no memory.
    ///
    /// - Throws: `outOfMemory`.
    @inlinable @inline(__always)
    public mutating func makeRoom(for additional: Int) throws(SpinnpropError) {
        if count + additional > capacity { try enlarge(to: Swift.max(count + additional, 2 * capacity)) }
    }

    @usableFromInline @inline(never)
    mutating func enlarge(to newCapacity: Int) throws(SpinnpropError) {
        try Memory.check(count: newCapacity, bytesPerElement: MemoryLayout<Element>.stride, "an array that grows")
        reserveCapacity(newCapacity)
    }
}
