// Data sets and encodings, written into the caller's arrays.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import DataSets
import Mathematics
import Spikes

@c @implementation
public func spinnprop_yin_yang(
    _ x: UnsafeMutablePointer<Double>?, _ n_x: Int64, _ labels: UnsafeMutablePointer<Int64>?, _ n: Int64, _ seed: Int64
) -> spinnprop_status {
    barrier {
        let sampleCount = try count(n, "n")
        let features = try output(x, n_x, needed: try product(sampleCount, YinYang.featureCount, "x"), "x")
        let classes = try output(labels, n, needed: sampleCount, "labels")
        let samples = try YinYang.samples(count: sampleCount, seed: Int(seed))
        features.fill(samples.x)
        classes.fill(samples.labels.map { Int64($0) })
    }
}

/// The caller's arrays that an encoder reads and fills, of the right sizes.
private struct EncoderArrays {
    let x: [Double]
    let sampleCount: Int
    let featureCount: Int
    private let times: UnsafeMutableBufferPointer<Double>
    private let units: UnsafeMutableBufferPointer<Int32>
    private let offsets: UnsafeMutableBufferPointer<Int64>

    init(
        _ times: UnsafeMutablePointer<Double>?, _ units: UnsafeMutablePointer<Int32>?, _ nSpikes: Int64,
        _ offsets: UnsafeMutablePointer<Int64>?, _ nOffsets: Int64, _ x: UnsafePointer<Double>?, _ nSamples: Int64,
        _ nFeatures: Int32, hasBias: Bool
    ) throws(SpinnpropError) {
        sampleCount = try count(nSamples, "n_samples")
        guard nFeatures >= 1, nFeatures < Int32.max else {
            throw .invalidValue("n_features is \(nFeatures); it must be 1 .. \(Int32.max - 1)")
        }
        featureCount = Int(nFeatures)
        let needed = try product(sampleCount, featureCount + (hasBias ? 1 : 0), "times")
        self.times = try output(times, nSpikes, needed: needed, "times")
        self.units = try output(units, nSpikes, needed: needed, "units")
        self.offsets = try output(offsets, nOffsets, needed: sampleCount + 1, "offsets")
        // The copy of x, and spikes with their offsets before they are copied out.
        try Memory.check(count: needed, bytesPerElement: 20, "the spikes")
        try Memory.check(count: sampleCount, bytesPerElement: 16, "the offsets")
        self.x = Array(try input(x, sampleCount * featureCount, "x"))
    }

    func fill(_ spikes: SpikeTrains) {
        times.fill(spikes.times)
        units.fill(spikes.units)
        offsets.fill(spikes.offsets.map { Int64($0) })
    }
}

private func earlyValues(_ code: Int32) throws(SpinnpropError) -> EarlyValues {
    guard let early = EarlyValues(rawValue: code) else {
        throw .invalidValue("early is \(code); it must be SPINNPROP_EARLY_SMALL (0) or SPINNPROP_EARLY_LARGE (1)")
    }
    return early
}

@c @implementation
public func spinnprop_encode_latency(
    _ times: UnsafeMutablePointer<Double>?, _ units: UnsafeMutablePointer<Int32>?, _ n_spikes: Int64,
    _ offsets: UnsafeMutablePointer<Int64>?, _ n_offsets: Int64, _ x: UnsafePointer<Double>?, _ n_samples: Int64,
    _ n_features: Int32, _ t_early: Double, _ t_late: Double, _ bias: Double, _ early: Int32
) -> spinnprop_status {
    barrier {
        let arrays = try EncoderArrays(
            times, units, n_spikes, offsets, n_offsets, x, n_samples, n_features, hasBias: !bias.isNaN)
        arrays.fill(
            try Encoding.latency(
                x: arrays.x, sampleCount: arrays.sampleCount, featureCount: arrays.featureCount, early: t_early,
                late: t_late, bias: bias.isNaN ? nil : bias, first: try earlyValues(early)))
    }
}

@c @implementation
public func spinnprop_encode_latency_grid(
    _ times: UnsafeMutablePointer<Double>?, _ units: UnsafeMutablePointer<Int32>?, _ n_spikes: Int64,
    _ offsets: UnsafeMutablePointer<Int64>?, _ n_offsets: Int64, _ x: UnsafePointer<Double>?, _ n_samples: Int64,
    _ n_features: Int32, _ steps: Int32, _ t_min: Int32, _ time_step: Double, _ early: Int32
) -> spinnprop_status {
    barrier {
        let arrays = try EncoderArrays(
            times, units, n_spikes, offsets, n_offsets, x, n_samples, n_features, hasBias: true)
        arrays.fill(
            try Encoding.latencyGrid(
                x: arrays.x, sampleCount: arrays.sampleCount, featureCount: arrays.featureCount, steps: Int(steps),
                tMin: Int(t_min), timeStep: time_step, first: try earlyValues(early)))
    }
}
