// The caller's arrays: read whole or written whole, and only if their number of elements is exact.
import Mathematics

/// More elements than any array of this library can have; larger counts are mistakes, not memory.
private let largestCount = Int64(1) << 40

/// A number of elements as the caller gave it.
func count(_ n: Int64, _ name: StaticString) throws(SpinnpropError) -> Int {
    guard n >= 0, n <= largestCount else {
        throw .invalidValue("\(name) is \(n); it must be 0 .. \(largestCount)")
    }
    return Int(n)
}

/// A product of two counts.
func product(_ a: Int, _ b: Int, _ what: StaticString) throws(SpinnpropError) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    guard !overflow, product <= Int(largestCount) else {
        throw SpinnpropError(
            .outOfMemory, "\(what) would be \(a) x \(b) elements, more than any machine holds; give fewer")
    }
    try Memory.check(count: product, bytesPerElement: 8, "\(what)")
    return product
}

/// A view of the caller's input array. NULL is fine if it is empty.
func input<Element>(
    _ pointer: UnsafePointer<Element>?, _ n: Int, _ name: StaticString
) throws(SpinnpropError) -> UnsafeBufferPointer<Element> {
    guard let pointer else {
        guard n == 0 else { throw .invalidValue("\(name) is NULL, but \(n) elements are to be read from it") }
        return UnsafeBufferPointer(start: nil, count: 0)
    }
    return UnsafeBufferPointer(start: pointer, count: n)
}

/// A copy of the caller's input array, of as many elements as the caller says.
func copy<Element>(
    _ pointer: UnsafePointer<Element>?, _ n: Int64, _ name: StaticString
) throws(SpinnpropError) -> [Element] {
    let view = try input(pointer, try count(n, name), name)
    try Memory.check(count: view.count, bytesPerElement: MemoryLayout<Element>.stride, "the copy of \(name)")
    return Array(view)
}

/// The same of an array that must have exactly `needed` elements, before one of them is read.
func copy<Element>(
    _ pointer: UnsafePointer<Element>?, _ n: Int64, needed: Int, _ name: StaticString
) throws(SpinnpropError) -> [Element] {
    guard n == Int64(needed) else {
        throw .invalidValue("\(name) has \(n) elements; give exactly \(needed)")
    }
    return try copy(pointer, n, name)
}

/// A view of the caller's output array, which must have exactly `needed` elements. NULL is fine if that is none.
func output<Element>(
    _ pointer: UnsafeMutablePointer<Element>?, _ n: Int64, needed: Int, _ name: StaticString
) throws(SpinnpropError) -> UnsafeMutableBufferPointer<Element> {
    guard n == Int64(needed) else {
        throw .invalidValue("\(name) has \(n) elements; it must have exactly \(needed)")
    }
    guard let pointer else {
        guard needed == 0 else { throw .invalidValue("\(name) is NULL; it must have \(needed) elements") }
        return UnsafeMutableBufferPointer(start: nil, count: 0)
    }
    return UnsafeMutableBufferPointer(start: pointer, count: needed)
}

extension UnsafeMutableBufferPointer {
    /// Copies exactly this many elements out. What has none may lie nowhere.
    func fill(_ values: some Collection<Element>) {
        if !isEmpty { _ = update(fromContentsOf: values) }
    }
}

/// Labels and offsets: int64 in C, Int in Swift, the same 64 bits.
func integers(_ buffer: UnsafeBufferPointer<Int64>) -> [Int] {
    buffer.withMemoryRebound(to: Int.self) { Array($0) }
}
