// What can make a gradient vanish or explode: silent neurons and near-tangential spikes.

/// Counts over one layer of a recording.
public struct Diagnostics: Equatable, Sendable {
    /// A spike counts as near-tangential if its current exceeds the membrane by less than this fraction of it.
    public static let tangentialFraction = 1e-3

    public var spikeCount = 0
    /// Neurons that spiked in no sample.
    public var silentNeurons: [Bool]
    /// (sample, neuron) pairs without a spike.
    public var silentPairs: Int
    public var nearTangentialSpikes = 0
    /// In continuous time: spikes at which the model's membrane does not rise, or is below a tenth of its threshold. Gradient rules take their
    /// times as given. Measured spikes may be such, and a model's own by rounding.
    public var impossibleSpikes = 0
    /// The smallest (current + drive - membrane) / threshold; +infinity without spikes. In continuous time the membrane is at the
    /// threshold, but for measured spikes; of those below a tenth of it no more than 0.
    public var smallestSlope = Double.infinity

    public init(_ recording: Recording, layer: Int) {
        let own = recording.layers[layer]
        let spiked = recording.samplesWithSpikes(layer: layer)
        silentNeurons = spiked.map { $0 == 0 }
        silentPairs = recording.sampleCount * own.neuronCount - spiked.reduce(0, +)
        for segment in own.segments {
            for spike in 0..<segment.count {
                let unit = Int(segment.units[spike])
                let threshold = own.thresholds[own.thresholds.count == 1 ? 0 : unit]
                let drive = own.drives[own.drives.count == 1 ? 0 : unit]
                let (current, membrane) = (segment.currents[spike] + drive, segment.membranes?[spike] ?? threshold)
                let slope =
                    (recording.isMeasured
                        ? MeasuredSpike.slope(current: current, membrane: membrane, threshold: threshold)
                        : current - membrane) / threshold
                if slope <= 0, recording.grid == nil {
                    impossibleSpikes += 1
                } else if slope < Diagnostics.tangentialFraction {
                    nearTangentialSpikes += 1
                }
                if slope < smallestSlope { smallestSlope = slope }
            }
            spikeCount += segment.count
        }
    }
}

extension Recording {
    /// For each neuron of a layer in how many samples it spiked.
    package func samplesWithSpikes(layer: Int) -> [Int] {
        let count = layers[layer].neuronCount
        var counts = [Int](repeating: 0, count: count)
        var last = [Int](repeating: -1, count: count)
        var sample = 0
        counts.withUnsafeMutableBufferPointer { counts in
            last.withUnsafeMutableBufferPointer { last in
                guard let counts = counts.baseAddress, let last = last.baseAddress else { return }
                for segment in layers[layer].segments {
                    let (units, ends) = (segment.units, segment.ends)
                    var spike = 0
                    for end in ends {
                        while spike < end {
                            let unit = Int(units[spike])
                            if last[unit] != sample {
                                last[unit] = sample
                                counts[unit] &+= 1
                            }
                            spike &+= 1
                        }
                        sample &+= 1
                    }
                }
            }
        }
        return counts
    }
}
