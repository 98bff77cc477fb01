// What a training or validation set is.
import Mathematics
import Networks
import Spikes

/// Spike trains, and what each sample should give: a class, or a number for each output.
public struct Examples: Sendable {
    public var input: SpikeTrains
    /// One per sample, 0 ..< outputs; empty where targets stand in their place.
    public var labels: [Int]
    /// (sample, output), of the loss's `TargetKind`; empty where labels stand in their place.
    public var targets: [Double]
    /// What each sample's loss is multiplied by, as in `Objective`; empty: 1.
    public var weights: [Double]
    /// The number of each sample among the data it is from; empty: 0, 1, ...
    public internal(set) var samples: [Int] = []

    public init(_ input: SpikeTrains, labels: [Int], weights: [Double] = []) {
        (self.input, self.labels, targets, self.weights) = (input, labels, [], weights)
    }

    public init(_ input: SpikeTrains, targets: [Double], weights: [Double] = []) {
        (self.input, labels, self.targets, self.weights) = (input, [], targets, weights)
    }

    /// Whether a decision of theirs is right or wrong.
    var areLabelled: Bool { targets.isEmpty }

    /// The same with the spikes of some samples, in that order.
    func some(_ samples: ArraySlice<Int>, spikes: SpikeTrains) -> Examples {
        let weights = self.weights.isEmpty ? [] : samples.map { self.weights[$0] }
        let width = targets.count / max(1, input.sampleCount)
        var some =
            areLabelled
            ? Examples(spikes, labels: samples.map { labels[$0] }, weights: weights)
            : Examples(
                spikes, targets: samples.flatMap { targets[$0 * width..<($0 + 1) * width] }, weights: weights)
        some.samples = self.samples.isEmpty ? Array(samples) : samples.map { self.samples[$0] }
        return some
    }
}

extension Examples {
    /// What a run is trained on, by what its callers call it, as hashes.
    static func marks(_ training: Examples, _ validation: Examples?) -> [CourseMark] {
        var marks = [
            CourseMark("spikes") { $0.add(training.input) },
            CourseMark("y") { $0.addWanted(training) },
            CourseMark("sample_weight") { $0.add(training.weights) },
        ]
        if let validation {
            marks.append(
                CourseMark("validation") {
                    $0.add(validation.input)
                    $0.addWanted(validation)
                    $0.add(validation.weights)
                })
        }
        return marks
    }
}

extension Fingerprint {
    fileprivate mutating func addWanted(_ examples: Examples) {
        for label in examples.labels { add(UInt64(label)) }
        if !examples.areLabelled { add(examples.targets) }
    }
}
