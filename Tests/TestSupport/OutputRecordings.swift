// Recordings made by hand: output layers with given spikes or maxima.
import Mathematics
import Networks
import Spikes

struct OutputSpike {
    var time: Double
    var unit: Int
}

/// A recording with one spiking layer and the given spikes per sample, all in one part.
func recording(_ samples: [[OutputSpike]], outputs: Int, grid: TimeGrid? = nil) -> Recording {
    let columns = try! SpikeColumns()
    for sample in samples {
        for spike in sample.sorted(by: { ($0.time, $0.unit) < ($1.time, $1.unit) }) {
            try! columns.append(time: spike.time, unit: spike.unit, current: 2)
        }
        columns.ends.append(columns.count)
    }
    let layer = LayerRecording(neuronCount: outputs, isSpiking: true, thresholds: [1], segments: [columns])
    return recording(of: layer, sampleCount: samples.count, grid: grid)
}

/// A recording of a leaky read-out with the given maxima per sample; with a time constant the same numbers are integrals, of a run of 1 s.
func recording(maxima: [[Double]], tau: Double? = nil) -> Recording {
    let columns = try! SpikeColumns()
    columns.ends = maxima.map { _ in 0 }
    let values = maxima.flatMap { $0 }
    let layer = LayerRecording(
        neuronCount: maxima[0].count, isSpiking: false, thresholds: [1], segments: [columns], maxima: values,
        maximumTimes: values.map { _ in 1e-3 }, maximumCurrents: values)
    var own = recording(of: layer, sampleCount: maxima.count, endTime: tau == nil ? .infinity : 1)
    own.integrals = tau.map { MembraneIntegrals(tau: $0, values: values) }
    return own
}

private func recording(
    of layer: LayerRecording, sampleCount: Int, grid: TimeGrid? = nil, endTime: Double = .infinity
) -> Recording {
    Recording(
        input: SpikeTrains(
            trustedTimes: [], units: [], offsets: [Int](repeating: 0, count: sampleCount + 1), unitCount: 1),
        layers: [layer], partition: [0..<sampleCount], fingerprint: nil, engine: "test", endTime: endTime, grid: grid)
}

/// The loss of the first sample of a recording, and its derivatives.
func evaluate(
    _ loss: any Loss, _ recording: Recording, label: Int, targets: [Double]? = nil
) -> (result: SampleResult, errors: [Double]) {
    var sampler = OutputSampler(recording)
    let count = max(1, recording.outputLayer.spikeCount, recording.outputLayer.neuronCount)
    var errors = [Double](repeating: 0, count: count)
    let result = sampler.withSample(part: 0, index: 0) { output, _ in
        errors.withUnsafeMutableBufferPointer { errors in
            (targets ?? []).withUnsafeBufferPointer { times in
                let target = Target(label: label, values: targets == nil ? nil : times.baseAddress)
                return loss.evaluate(output, target: target, errors: errors.baseAddress.unsafelyUnwrapped)
            }
        }
    }
    return (result, errors)
}
