// What an opaque handle points at.
import CSpinnprop
import Mathematics

/// Holds the value behind a handle.
final class Box<Value> {
    var value: Value
    init(_ value: Value) { self.value = value }
}

/// A noun of the header and the mark its handles carry.
struct HandleKind<Value>: Sendable {
    let mark: UInt64
    let noun: String
}

/// The memory of a handle. The mark tells a handle of one noun from another's, and mostly from one already freed, so that such
/// mistakes end in a status. It is no guarantee: freed memory may have been used again.
private struct Header {
    var mark: UInt64
    var box: Unmanaged<AnyObject>
}

func makeHandle<Value>(_ value: Value, _ kind: HandleKind<Value>) -> OpaquePointer {
    let header = UnsafeMutablePointer<Header>.allocate(capacity: 1)
    header.initialize(to: Header(mark: kind.mark, box: .passRetained(Box(value))))
    return OpaquePointer(header)
}

private func header<Value>(_ handle: OpaquePointer, _ kind: HandleKind<Value>) -> UnsafeMutablePointer<Header>? {
    guard UInt(bitPattern: handle) % UInt(MemoryLayout<Header>.alignment) == 0 else { return nil }
    let header = UnsafeMutablePointer<Header>(handle)
    return header.pointee.mark == kind.mark ? header : nil
}

/// The box behind a handle.
func box<Value>(
    _ handle: OpaquePointer?, _ kind: HandleKind<Value>, _ name: StaticString
) throws(SpinnpropError) -> Box<Value> {
    guard let header = header(try given(handle, name), kind) else {
        throw .invalidValue(
            "\(name) is no living spinnprop_\(kind.noun); pass what spinnprop made and did not free yet")
    }
    // The mark says what the box holds.
    return unsafeDowncast(header.pointee.box.takeUnretainedValue(), to: Box<Value>.self)
}

/// The body of a function that makes a handle.
func create<Value>(
    _ handle: UnsafeMutablePointer<OpaquePointer?>?, _ name: StaticString, _ kind: HandleKind<Value>,
    _ make: () throws -> Value
) -> spinnprop_status {
    barrier {
        let destination = try given(handle, name)
        destination.pointee = makeHandle(try make(), kind)
    }
}

/// Ends a handle; NULL and what is no handle of this kind are left alone.
func freeHandle<Value>(_ handle: OpaquePointer?, _ kind: HandleKind<Value>) {
    guard let handle, let header = header(handle, kind) else { return }
    header.pointee.mark = 0
    header.pointee.box.release()
    header.deallocate()
}
