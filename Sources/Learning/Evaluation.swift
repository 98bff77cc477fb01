// What a loss says of a whole recording: its mean, the decisions, how many are right.
import Mathematics
import Networks

/// Batch means of a loss over a recording.
public struct Evaluation: Equatable, Sendable {
    /// The mean of the loss over all samples, answers that are not there counted as `undecided`.
    public var value = 0.0
    /// Samples whose prediction equals their label.
    public var correctCount = 0
    /// Samples without an answer to learn from: the label neuron, or all that have a target, are silent,
    /// or all outputs where a loss of whole batches looks at spikes.
    public var skippedCount = 0
    public var sampleCount = 0
    /// Whether there were labels.
    public var areLabelled = true

    /// NaN without samples or labels.
    public var accuracy: Double {
        sampleCount == 0 || !areLabelled ? .nan : Double(correctCount) / Double(sampleCount)
    }

    /// What an answer that is not there counts in a sample of weight 1, where the loss itself is 0, so that a network that falls silent is not perfect:
    /// the cross-entropy of any guess, log(outputs), or where targets are given a distance of 1 in the loss's unit, 1 / 2.
    static func undecided(outputCount: Int, areLabelled: Bool) -> Double {
        areLabelled ? Elementary.log(Double(outputCount)) : 0.5
    }
}

extension Objective {
    /// Value and accuracy of the loss over a recording.
    func evaluate(
        _ recording: Recording, membranes: MembraneReader = noMembranes
    ) throws(SpinnpropError) -> Evaluation {
        var evaluation = Evaluation()
        (evaluation.sampleCount, evaluation.areLabelled) = (recording.sampleCount, targets.isEmpty)
        if loss is any BatchLoss, let whole = try PlacedErrors(self, recording, membranes: membranes) {
            (evaluation.value, evaluation.correctCount) = (whole.value, whole.judged.correctCount)
            evaluation.skippedCount = whole.judged.skippedCount
            return evaluation
        }
        var judged = JudgedSum()
        // A loss always adds its derivatives; here they are not wanted.
        var errors = [Double](repeating: 0, count: recording.outputLayer.neuronCount)
        recording.forEachOutput { sample, output in
            if errors.count < output.spikeCount {
                errors.append(contentsOf: repeatElement(0, count: max(output.spikeCount - errors.count, errors.count)))
            }
            errors.withUnsafeMutableBufferPointer { buffer in
                // Never empty: a layer has at least one neuron.
                judged.add(judge(output, sample: sample, errors: buffer.baseAddress.unsafelyUnwrapped))
            }
        }
        (evaluation.skippedCount, evaluation.correctCount) = (judged.skippedCount, judged.correctCount)
        let undecided = Evaluation.undecided(
            outputCount: recording.outputLayer.neuronCount, areLabelled: targets.isEmpty)
        evaluation.value =
            (judged.value + judged.missingWeight * undecided) / Double(max(1, recording.sampleCount))
        return evaluation
    }
}

extension Loss {
    /// Value and accuracy over a recording, of labels, or of targets (sample, output) in their place.
    public func evaluate(
        _ recording: Recording, labels: [Int], targets: [Double] = [], sampleWeights: [Double] = []
    ) throws(SpinnpropError) -> Evaluation {
        try Objective(loss: self, labels: labels, targets: targets, sampleWeights: sampleWeights).evaluate(recording)
    }

    /// The class of each sample, -1 where no output spoke.
    public func predictions(_ recording: Recording) -> [Int] {
        var classes: [Int] = []
        classes.reserveCapacity(recording.sampleCount)
        recording.forEachOutput { _, output in classes.append(predict(output)) }
        return classes
    }

    /// (sample, output): the softmax the loss rests on, uniform where no output spoke.
    public func probabilities(_ recording: Recording) -> [Double] {
        let outputCount = recording.outputLayer.neuronCount
        var result = [Double](repeating: 0, count: recording.sampleCount * outputCount)
        result.withUnsafeMutableBufferPointer { buffer in
            guard let base = buffer.baseAddress else { return }
            recording.forEachOutput { sample, output in
                probabilities(output, into: base + sample * outputCount)
            }
        }
        return result
    }
}
