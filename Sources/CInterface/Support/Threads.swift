// The number of host threads.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics

@c @implementation
public func spinnprop_set_threads(_ threads: Int32) -> spinnprop_status {
    barrier { try Threads.set(Int(threads)) }
}

@c @implementation
public func spinnprop_get_threads() -> Int32 { Int32(Threads.requested) }

@c @implementation
public func spinnprop_thread_count() -> Int32 { Int32(clamping: Threads.count) }
