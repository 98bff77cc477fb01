// The engine of analog circuits, made and read by C hosts.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import BrainScaleS2
import CSpinnprop
import Mathematics
import Spinnprop

extension spinnprop_brainscales2_options {
    static var initial: spinnprop_brainscales2_options { spinnprop_brainscales2_options(BrainScaleS2Options()) }

    init(_ options: BrainScaleS2Options) {
        self.init()
        size = MemoryLayout<spinnprop_brainscales2_options>.size
        take(options, BrainScaleS2Options.fields)
    }

    /// The same as the core knows it.
    func options() throws(SpinnpropError) -> BrainScaleS2Options {
        var options = BrainScaleS2Options()
        try hand(to: &options, BrainScaleS2Options.fields)
        return options
    }
}

@c @implementation
public func spinnprop_brainscales2_create(
    _ engine: UnsafeMutablePointer<OpaquePointer?>?, _ chips: UnsafePointer<OpaquePointer?>?, _ n: Int64,
    _ options: UnsafePointer<spinnprop_brainscales2_options>?
) -> spinnprop_status {
    create(engine, "engine", engineKind) {
        guard n >= 1, n <= 1 << 20 else {
            throw SpinnpropError.invalidValue("n is \(n); it must be 1 .. \(1 << 20) chips")
        }
        let handles = try given(chips, "chips")
        var own: [BrainScaleS2Chip] = []
        try own.makeRoom(for: Int(n))
        for index in 0..<Int(n) { own.append(try box(handles[index], brainScaleS2ChipKind, "chips").value) }
        return .brainScaleS2(
            try BrainScaleS2Engine(
                own, spinnprop_brainscales2_options.readOrInitial(options, "options").options()))
    }
}

/// A caller's engine of analog circuits.
private func brainScaleS2(_ handle: OpaquePointer?) throws(SpinnpropError) -> BrainScaleS2Engine {
    let engine = try box(handle, engineKind, "engine").value
    guard let own = engine.substrate as? BrainScaleS2Engine else {
        throw .unsupported(
            "engine \"\(engine.name)\" is not of kind SPINNPROP_ENGINE_BRAINSCALES2 (\"\(BrainScaleS2Engine.name)\"); make one by "
                + "spinnprop_brainscales2_create")
    }
    return own
}

@c @implementation
public func spinnprop_brainscales2_get_options(
    _ options: UnsafeMutablePointer<spinnprop_brainscales2_options>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    fill(options, "options") { spinnprop_brainscales2_options(try brainScaleS2(engine).options) }
}

@c @implementation
public func spinnprop_brainscales2_weights(
    _ values: UnsafeMutablePointer<Double>?, _ n: Int64, _ engine: OpaquePointer?, _ network: OpaquePointer?,
    _ index: Int32
) -> spinnprop_status {
    barrier {
        let engine = try brainScaleS2(engine)
        let network = try box(network, networkKind, "network").value
        guard network.connections.indices.contains(Int(index)) else {
            throw SpinnpropError.invalidIndex(
                "index is \(index); the network has connections 0 .. \(network.connections.count - 1)")
        }
        let found = try engine.physicalWeights(network, connection: Int(index))
        try output(values, n, needed: found.count, "values").fill(found)
    }
}

@c @implementation
public func spinnprop_brainscales2_lost_events(
    _ n: UnsafeMutablePointer<Int64>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    barrier { try given(n, "n").pointee = Int64(try brainScaleS2(engine).lostEvents) }
}
