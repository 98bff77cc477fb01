// The one place where errors of the core become statuses of C.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import CSupport
import Learning
import Mathematics

/// Runs the body of a C function: its error becomes a status, its message this thread's last error.
///
/// Bodies check everything before they change anything, so that a failed call leaves every object as it was.
func barrier(_ body: () throws -> Void) -> spinnprop_status {
    do {
        try Memory.poll()
        try body()
        return spinnprop_status(SPINNPROP_OK)
    } catch let error as SpinnpropError {
        keep(error.message)
        return error.kind.rawValue
    } catch {
        keep("unexpected error \(error) inside the library; please report it")
        return spinnprop_status(SPINNPROP_INTERNAL)
    }
}

/// Keeps a message for `spinnprop_last_error`, on one line whatever a caller's path or name holds.
private func keep(_ message: String) {
    var bytes = Array(message.utf8)
    for index in bytes.indices where bytes[index] < 0x20 || bytes[index] == 0x7F { bytes[index] = UInt8(ascii: "?") }
    bytes.withUnsafeBytes { buffer in
        spinnprop_support_set_error(buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count)
    }
}

/// Anything a C caller passes by pointer, refused if NULL.
func given<Pointer>(_ pointer: Pointer?, _ name: StaticString) throws(SpinnpropError) -> Pointer {
    guard let pointer else {
        throw .invalidValue("\(name) is NULL; it must point to something of the type the header gives")
    }
    return pointer
}

/// The body of a function that answers with a number.
func answer(
    _ number: UnsafeMutablePointer<Int64>?, _ name: StaticString, _ count: () throws -> Int
) -> spinnprop_status {
    barrier {
        let destination = try given(number, name)
        destination.pointee = Int64(try count())
    }
}

/// A path of a C caller: any bytes, as the operating system has it.
func path(_ text: UnsafePointer<CChar>?, _ name: StaticString) throws(SpinnpropError) -> FilePath {
    let text = try given(text, name)
    var length = 0
    while text[length] != 0 { length += 1 }
    guard length > 0 else { throw .invalidValue("\(name) is empty; give the name of a file") }
    return FilePath(bytes: UnsafeBufferPointer(start: text, count: length).map { UInt8(bitPattern: $0) })
}

/// A layer's index, which must exist.
func layerIndex(_ layer: Int32, of count: Int) throws(SpinnpropError) -> Int {
    guard layer >= 0, Int(layer) < count else {
        throw .invalidIndex(
            "layer is \(layer); this network has layers 0 .. \(count - 1), the first after the input being 0")
    }
    return Int(layer)
}
