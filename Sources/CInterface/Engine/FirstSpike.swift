// The engine of first spikes, made and read by C hosts.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import FirstSpike
import Mathematics
import Spinnprop

extension spinnprop_first_spike_options {
    static var initial: spinnprop_first_spike_options { spinnprop_first_spike_options(FirstSpikeOptions()) }

    init(_ options: FirstSpikeOptions) {
        self.init()
        size = MemoryLayout<spinnprop_first_spike_options>.size
        take(options, FirstSpikeOptions.fields)
    }

    /// The same as the core knows it.
    func options() throws(SpinnpropError) -> FirstSpikeOptions {
        var options = FirstSpikeOptions()
        try hand(to: &options, FirstSpikeOptions.fields)
        return options
    }
}

@c @implementation
public func spinnprop_first_spike_create(
    _ engine: UnsafeMutablePointer<OpaquePointer?>?, _ options: UnsafePointer<spinnprop_first_spike_options>?
) -> spinnprop_status {
    create(engine, "engine", engineKind) {
        try .firstSpike(try spinnprop_first_spike_options.readOrInitial(options, "options").options())
    }
}

@c @implementation
public func spinnprop_first_spike_get_options(
    _ options: UnsafeMutablePointer<spinnprop_first_spike_options>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    fill(options, "options") {
        let engine = try box(engine, engineKind, "engine").value
        guard let substrate = engine.substrate as? FirstSpikeSubstrate else {
            throw SpinnpropError.unsupported(
                "engine \"\(engine.name)\" is not of kind SPINNPROP_ENGINE_FIRST_SPIKE (\"\(FirstSpikeSubstrate.name)\"); "
                    + "make one by spinnprop_first_spike_create")
        }
        return spinnprop_first_spike_options(substrate.options)
    }
}
