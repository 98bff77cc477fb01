// Version, last error.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import CSupport

/// Made once and never freed, as the header promises.
private nonisolated(unsafe) let versionText: UnsafePointer<CChar> = {
    let text = Array(SPINNPROP_VERSION.utf8CString)
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: text.count)
    copy.initialize(from: text, count: text.count)
    return UnsafePointer(copy)
}()

@c @implementation
public func spinnprop_version() -> UnsafePointer<CChar>? { versionText }

@c @implementation
public func spinnprop_abi_version() -> Int32 { Int32(SPINNPROP_ABI_VERSION) }

@c @implementation
public func spinnprop_last_error() -> UnsafePointer<CChar>? { spinnprop_support_error() }
