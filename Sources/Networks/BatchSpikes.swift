// How many spikes a batch of training had.

/// The spikes of a batch as far as a training asks for them: of a recording, or counted by whoever ran the batch elsewhere.
public struct BatchSpikes: Sendable {
    public let sampleCount: Int
    /// Of each layer.
    public let counts: [Int]
    /// `nil` for a batch that ran elsewhere.
    public let recording: Recording?
    private let active: [[Int]]

    public init(_ recording: Recording) {
        sampleCount = recording.sampleCount
        counts = recording.layers.map(\.spikeCount)
        self.recording = recording
        active = []
    }

    /// - Parameter samplesWithSpikes: what the function of this name gives, by layer; empty if it will not be asked.
    public init(sampleCount: Int, counts: [Int], samplesWithSpikes: [[Int]]) {
        self.sampleCount = sampleCount
        self.counts = counts
        recording = nil
        active = samplesWithSpikes
    }

    /// For each neuron of a layer in how many samples it spiked; none for a read-out that does not spike.
    public func samplesWithSpikes(layer: Int) -> [Int] {
        guard let recording else { return active.indices.contains(layer) ? active[layer] : [] }
        return recording.layers[layer].isSpiking ? recording.samplesWithSpikes(layer: layer) : []
    }
}
