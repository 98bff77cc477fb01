// Spike trains as C hosts hand them over.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import Spikes

extension spinnprop_spikes {
    static var initial: spinnprop_spikes {
        spinnprop_spikes(
            size: MemoryLayout<spinnprop_spikes>.size, times: nil, units: nil, offsets: nil, n_spikes: 0, n_samples: 0,
            n_units: 0)
    }
}

/// A caller's spikes, copied and checked.
func spikeTrains(_ pointer: UnsafePointer<spinnprop_spikes>?, _ name: StaticString) throws(SpinnpropError)
    -> SpikeTrains
{
    let view = try spinnprop_spikes.read(pointer, name)
    let spikeCount = try count(view.n_spikes, "n_spikes")
    let sampleCount = try count(view.n_samples, "n_samples")
    let offsets = try input(view.offsets, sampleCount + 1, "offsets")
    // The ends are known before the arrays are read: a wrong n_spikes is caught here where it can be.
    guard offsets[sampleCount] == view.n_spikes else {
        throw .invalidValue(
            "offsets[\(sampleCount)] is \(offsets[sampleCount]); it must end at n_spikes, which is \(spikeCount)")
    }
    try Memory.check(count: spikeCount, bytesPerElement: 12, "the copy of the spikes")
    try Memory.check(count: sampleCount, bytesPerElement: 8, "the copy of the offsets")
    return try SpikeTrains(
        times: Array(try input(view.times, spikeCount, "times")),
        units: Array(try input(view.units, spikeCount, "units")),
        offsets: integers(offsets), unitCount: Int(view.n_units))
}

@c @implementation
public func spinnprop_spikes_check(_ spikes: UnsafePointer<spinnprop_spikes>?) -> spinnprop_status {
    barrier { _ = try spikeTrains(spikes, "spikes") }
}
