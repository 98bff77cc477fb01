// Structs that start with `size`, so that programs and libraries of different age understand each other.
import CSpinnprop
import Mathematics

/// A struct of the header that grows at its end only, by whole 8-byte words.
///
/// An `_init` function cannot know how large its caller's struct is. So when a struct grows, its `_init` goes on filling the
/// struct of old, and the header renames its calls to a new symbol that fills the larger one.
protocol VersionedStruct {
    /// What `_init` writes.
    static var initial: Self { get }
    var size: Int { get set }
}

extension VersionedStruct {
    /// A caller's struct: the fields its `size` covers are read, the others keep their initial values.
    static func read(_ pointer: UnsafePointer<Self>?, _ name: StaticString) throws(SpinnpropError) -> Self {
        let bytes = UnsafeRawPointer(try given(pointer, name))
        let size = try checkedSize(bytes, name)
        var value = initial
        withUnsafeMutableBytes(of: &value) { $0.copyMemory(from: UnsafeRawBufferPointer(start: bytes, count: size)) }
        value.size = MemoryLayout<Self>.size
        return value
    }

    /// A caller's struct, or for NULL one with all initial values.
    static func readOrInitial(_ pointer: UnsafePointer<Self>?, _ name: StaticString) throws(SpinnpropError) -> Self {
        pointer == nil ? initial : try read(pointer, name)
    }

    /// How far the structs of a caller's array lie apart: the first one's `size`.
    static func stride(_ pointer: UnsafePointer<Self>?, _ name: StaticString) throws(SpinnpropError) -> Int {
        try checkedSize(UnsafeRawPointer(try given(pointer, name)), name)
    }

    /// Where a caller wants a struct filled; its `size` says how much of it there is.
    static func destination(
        _ pointer: UnsafeMutablePointer<Self>?, _ name: StaticString
    ) throws(SpinnpropError) -> Destination<Self> {
        let bytes = UnsafeMutableRawPointer(try given(pointer, name))
        return Destination(bytes: bytes, size: try checkedSize(bytes, name))
    }

    /// Where a caller wants rows filled, exactly `needed` of them; the first row's `size` is how far they lie apart.
    static func rows(
        _ pointer: UnsafeMutablePointer<Self>?, _ n: Int64, needed: Int, _ name: StaticString
    ) throws(SpinnpropError) -> Rows<Self> {
        guard n == Int64(needed) else {
            throw .invalidValue("\(name) has \(n) rows; it must have exactly \(needed)")
        }
        return Rows(first: needed == 0 ? nil : try destination(pointer, name))
    }

    /// The body of an `_init` function.
    static func initialise(_ pointer: UnsafeMutablePointer<Self>?) {
        pointer?.initialize(to: initial)
    }

    private static func checkedSize(_ bytes: UnsafeRawPointer, _ name: StaticString) throws(SpinnpropError) -> Int {
        let size = bytes.loadUnaligned(as: UInt.self)
        let known = UInt(MemoryLayout<Self>.size)
        guard size <= known else {
            throw .invalidValue(
                "\(name)->size is \(size), this library knows \(known) bytes; fill the struct by its _init function, or "
                    + "install the library the program was compiled for")
        }
        guard size >= 16, size % 8 == 0 else {
            throw .invalidValue(
                "\(name)->size is \(size), which no version of the struct has; fill it by its _init function")
        }
        return Int(size)
    }
}

/// The body of a function that fills a caller's struct.
func fill<Struct: VersionedStruct>(
    _ pointer: UnsafeMutablePointer<Struct>?, _ name: StaticString, _ value: () throws -> Struct
) -> spinnprop_status {
    barrier {
        let destination = try Struct.destination(pointer, name)
        destination.write(try value())
    }
}

/// A caller's struct that is to be filled.
struct Destination<Struct: VersionedStruct> {
    fileprivate let bytes: UnsafeMutableRawPointer
    fileprivate let size: Int

    /// Writes the fields the caller knows; its `size` stays.
    func write(_ value: Struct) {
        var value = value
        value.size = size
        withUnsafeBytes(of: value) {
            bytes.copyMemory(from: $0.baseAddress ?? UnsafeRawPointer(bytes), byteCount: size)
        }
    }
}

/// A caller's array of structs that are to be filled; none has none.
struct Rows<Struct: VersionedStruct> {
    fileprivate let first: Destination<Struct>?

    /// Writes as many as there are to be.
    func write(_ values: [Struct]) {
        guard let first else { return }
        for (index, value) in values.enumerated() {
            Destination<Struct>(bytes: first.bytes + index * first.size, size: first.size).write(value)
        }
    }
}
