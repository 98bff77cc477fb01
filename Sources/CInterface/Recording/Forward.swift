// Running a network.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import Networks
import Spikes
import Spinnprop

extension spinnprop_forward_options {
    static var initial: spinnprop_forward_options {
        var options = spinnprop_forward_options()
        options.size = MemoryLayout<spinnprop_forward_options>.size
        options.take(ForwardOptions(), ForwardOptions.fields)
        return options
    }

    /// The options as the core takes them, checked.
    func options() throws(SpinnpropError) -> ForwardOptions {
        var options = ForwardOptions()
        try hand(to: &options, ForwardOptions.fields)
        try options.check()
        return options
    }
}

/// What a run on caller's spikes is made of.
private func run(
    _ input: UnsafePointer<spinnprop_spikes>?, _ options: UnsafePointer<spinnprop_forward_options>?,
    _ listener: Listener
) throws(SpinnpropError) -> (input: SpikeTrains, engine: Engine, options: ForwardOptions, monitor: Monitor?) {
    let options = try spinnprop_forward_options.readOrInitial(options, "options")
    let engine = try CInterface.engine(options.engine, "options->engine") ?? .defaultEngine
    let spikes = try spikeTrains(input, "input")
    return (spikes, engine, try options.options(), listener.monitor(total: spikes.sampleCount))
}

@c @implementation
public func spinnprop_network_wake(
    _ network: OpaquePointer?, _ input: UnsafePointer<spinnprop_spikes>?,
    _ options: UnsafePointer<spinnprop_forward_options>?, _ progress: spinnprop_progress_callback?,
    _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let network = try box(network, networkKind, "network")
        let run = try run(input, options, Listener(callback: progress, payload: payload))
        var woken = network.value
        try woken.wakeSilentLayers(on: run.input, engine: run.engine, options: run.options, monitor: run.monitor)
        network.value = woken
    }
}

@c @implementation
public func spinnprop_network_forward(
    _ recording: UnsafeMutablePointer<OpaquePointer?>?, _ network: OpaquePointer?,
    _ input: UnsafePointer<spinnprop_spikes>?, _ options: UnsafePointer<spinnprop_forward_options>?,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    create(recording, "recording", recordingKind) {
        let network = try box(network, networkKind, "network").value
        let run = try run(input, options, Listener(callback: progress, payload: payload))
        let result = try network.forward(run.input, engine: run.engine, options: run.options, monitor: run.monitor)
        return result
    }
}
