// What can make a gradient vanish or explode: silent neurons and near-tangential spikes.

/// Counts over one layer of a recording.
public struct Diagnostics: Equatable, Sendable {
    /// A spike counts as near-tangential if its current exceeds the membrane by less than this fraction of it.
    public static let tangentialFraction = 1e-3

    public var spikeCount = 0
    /// Neurons that spiked in no sample.
    public var silentNeurons: [Bool]
    /// (sample, neuron) pairs without a spike.
    public var silentPairs = 0
    public var nearTangentialSpikes = 0
    /// In continuous time: spikes whose current does not exceed the threshold, so that the model's membrane, which would not rise, could not
    /// have reached it. Gradient rules take their times as given. Measured spikes may be such, and a model's own by rounding.
    public var impossibleSpikes = 0
    /// The smallest (current - membrane) / threshold; +infinity without spikes. In continuous time the membrane is at the
    /// threshold.
    public var smallestSlope = Double.infinity

    public init(_ recording: Recording, layer: Int) {
        let own = recording.layers[layer]
        silentNeurons = [Bool](repeating: true, count: own.neuronCount)
        var lastSample = [Int](repeating: -1, count: own.neuronCount)
        for (samples, segment) in zip(recording.partition, own.segments) {
            for (index, sample) in samples.enumerated() {
                for spike in segment.range(ofSample: index) {
                    let unit = Int(segment.units[spike])
                    silentNeurons[unit] = false
                    if lastSample[unit] != sample {
                        lastSample[unit] = sample
                        silentPairs -= 1
                    }
                    let threshold = own.thresholds[own.thresholds.count == 1 ? 0 : unit]
                    let slope = (segment.currents[spike] - (segment.membranes?[spike] ?? threshold)) / threshold
                    if slope <= 0, segment.membranes == nil {
                        impossibleSpikes += 1
                    } else if slope < Diagnostics.tangentialFraction {
                        nearTangentialSpikes += 1
                    }
                    if slope < smallestSlope { smallestSlope = slope }
                }
            }
            spikeCount += segment.count
        }
        silentPairs += recording.sampleCount * own.neuronCount
    }
}
