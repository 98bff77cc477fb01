// Trainings by local learning as safetensors, in files and in memory.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Learning
import LocalLearning
import Mathematics

@c @implementation
public func spinnprop_biograd_save(_ training: OpaquePointer?, _ path: UnsafePointer<CChar>?) -> spinnprop_status {
    barrier { try BioGradFile.save(try held(training).idle(), try CInterface.path(path, "path")) }
}

@c @implementation
public func spinnprop_biograd_load(
    _ training: UnsafeMutablePointer<OpaquePointer?>?, _ path: UnsafePointer<CChar>?
) -> spinnprop_status {
    create(training, "training", biogradKind) {
        Exclusive(try BioGradFile.load(try CInterface.path(path, "path")), "biograd")
    }
}

@c @implementation
public func spinnprop_biograd_to_bytes(
    _ bytes: UnsafeMutablePointer<UInt8>?, _ n: Int64, _ needed: UnsafeMutablePointer<Int64>?,
    _ training: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let needed = try given(needed, "needed")
        try write(try BioGradFile.content(try held(training).idle()), to: bytes, n, needed)
    }
}

@c @implementation
public func spinnprop_biograd_from_bytes(
    _ training: UnsafeMutablePointer<OpaquePointer?>?, _ bytes: UnsafePointer<UInt8>?, _ n: Int64
) -> spinnprop_status {
    create(training, "training", biogradKind) {
        Exclusive(try BioGradFile.training(try content(bytes, n)), "biograd")
    }
}
