// Networks and recordings as safetensors, in files and in memory.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Learning
import Mathematics
import Spinnprop

/// Writes how many bytes there are, and the bytes unless the caller has no place for them yet.
func write(
    _ content: FileContent, to bytes: UnsafeMutablePointer<UInt8>?, _ n: Int64, _ needed: UnsafeMutablePointer<Int64>
) throws(SpinnpropError) {
    if let bytes {
        guard n >= Int64(content.byteCount) else {
            throw .invalidValue("bytes has \(n) elements; it must have at least \(content.byteCount)")
        }
        content.copy(to: bytes)
    }
    needed.pointee = Int64(content.byteCount)
}

/// A caller's bytes.
func content(_ bytes: UnsafePointer<UInt8>?, _ n: Int64) throws(SpinnpropError) -> [UInt8] {
    Array(try input(bytes, try count(n, "n"), "bytes"))
}

@c @implementation
public func spinnprop_network_save(_ network: OpaquePointer?, _ path: UnsafePointer<CChar>?) -> spinnprop_status {
    barrier {
        let network = try box(network, networkKind, "network").value
        try NetworkFile.save(network, try CInterface.path(path, "path"))
    }
}

@c @implementation
public func spinnprop_network_load(
    _ network: UnsafeMutablePointer<OpaquePointer?>?, _ path: UnsafePointer<CChar>?
) -> spinnprop_status {
    create(network, "network", networkKind) { try NetworkFile.load(try CInterface.path(path, "path")) }
}

@c @implementation
public func spinnprop_network_to_bytes(
    _ bytes: UnsafeMutablePointer<UInt8>?, _ n: Int64, _ needed: UnsafeMutablePointer<Int64>?, _ network: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let needed = try given(needed, "needed")
        try write(NetworkFile.content(try box(network, networkKind, "network").value), to: bytes, n, needed)
    }
}

@c @implementation
public func spinnprop_network_from_bytes(
    _ network: UnsafeMutablePointer<OpaquePointer?>?, _ bytes: UnsafePointer<UInt8>?, _ n: Int64
) -> spinnprop_status {
    create(network, "network", networkKind) { try NetworkFile.network(try content(bytes, n)) }
}

@c @implementation
public func spinnprop_recording_to_bytes(
    _ bytes: UnsafeMutablePointer<UInt8>?, _ n: Int64, _ needed: UnsafeMutablePointer<Int64>?,
    _ recording: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let needed = try given(needed, "needed")
        try write(RecordingFile.content(try box(recording, recordingKind, "recording").value), to: bytes, n, needed)
    }
}

@c @implementation
public func spinnprop_recording_from_bytes(
    _ recording: UnsafeMutablePointer<OpaquePointer?>?, _ bytes: UnsafePointer<UInt8>?, _ n: Int64
) -> spinnprop_status {
    create(recording, "recording", recordingKind) {
        let loaded = try RecordingFile.recording(try content(bytes, n))
        // The file room does not know which engines there are.
        let hasGrid: Bool
        do throws(SpinnpropError) {
            hasGrid = try Engine(of: loaded).grid != nil
        } catch {
            throw SpinnpropError(
                .fileError, "the bytes are a recording by an engine this library does not have: \(error)")
        }
        guard hasGrid == (loaded.grid != nil) else {
            throw SpinnpropError(
                .fileError,
                "malformed file: a recording of engine \"\(loaded.engine)\" \(hasGrid ? "needs a" : "has no") grid of steps"
            )
        }
        return loaded
    }
}
