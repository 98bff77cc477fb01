// Memory for arrays that are read at random: numbers in large pages, so that address translation does not miss.
import Glibc
import Mathematics

/// A fixed number of plain numbers outside of Swift's arrays: aligned, in large pages where the system has them, and
/// without exclusivity or bounds checks. Freed with its last reference.
final class LargeBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
    let pointer: UnsafeMutablePointer<Element>
    let count: Int

    private static var largePage: Int { 1 << 21 }

    /// All elements `value`. - Throws: `outOfMemory`, naming `what`.
    convenience init(count: Int, repeating value: Element, _ what: String) throws(SpinnpropError) {
        try self.init(count: count, what)
        pointer.initialize(repeating: value, count: count)
    }

    /// A copy of an array. - Throws: `outOfMemory`, naming `what`.
    convenience init(_ elements: [Element], _ what: String) throws(SpinnpropError) {
        try self.init(count: elements.count, what)
        for (index, element) in elements.enumerated() { pointer[index] = element }
    }

    /// Elements have no value until they are written. - Throws: `outOfMemory`, naming `what`.
    init(count: Int, _ what: String) throws(SpinnpropError) {
        let stride = MemoryLayout<Element>.stride
        try Memory.check(count: count, bytesPerElement: stride, what)
        let bytes = max(1, count) * stride
        // A quarter page is worth a whole one.
        let isLarge = bytes >= Self.largePage / 4
        var raw: UnsafeMutableRawPointer?
        let size = isLarge ? (bytes + Self.largePage - 1) / Self.largePage * Self.largePage : bytes
        guard posix_memalign(&raw, isLarge ? Self.largePage : 64, size) == 0, let raw else {
            throw SpinnpropError(.outOfMemory, "\(what) would take \(bytes) bytes, which the system does not give")
        }
        if isLarge { madvise(raw, size, MADV_HUGEPAGE) }
        pointer = raw.bindMemory(to: Element.self, capacity: max(1, count))
        self.count = count
    }

    /// A copy of all elements.
    var elements: [Element] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    deinit { free(pointer) }
}
