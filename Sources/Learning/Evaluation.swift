// What a loss says of a whole recording: its mean, the decisions, how many are right.
import Mathematics
import Networks

/// Batch means of a loss over a recording.
public struct Evaluation: Equatable, Sendable {
    /// The mean of the loss over all samples; skipped ones add 0.
    public var value = 0.0
    /// Samples whose prediction equals their label.
    public var correctCount = 0
    /// Samples whose label neuron is silent.
    public var skippedCount = 0
    public var sampleCount = 0

    public var accuracy: Double { sampleCount == 0 ? .nan : Double(correctCount) / Double(sampleCount) }
}

extension Objective {
    /// - Throws: `unsupported` for a loss that needs another kind of read-out, `invalidValue` for labels or target times that
    ///   do not fit the recording's samples and outputs.
    public func check(sampleCount: Int, outputLayer: Layer) throws(SpinnpropError) {
        try checkReadout(outputLayer)
        guard labels.count == sampleCount || (labels.isEmpty && !targetTimes.isEmpty) else {
            throw .invalidValue("\(labels.count) labels for \(sampleCount) samples; give one label per sample")
        }
        for (sample, label) in labels.enumerated() where label < 0 || label >= outputLayer.neuronCount {
            throw .invalidValue(
                "labels[\(sample)] is \(label); with \(outputLayer.neuronCount) outputs labels are "
                    + "0 .. \(outputLayer.neuronCount - 1)")
        }
        guard !targetTimes.isEmpty else { return }
        guard loss.takesTargetTimes else {
            throw .unsupported("\(loss.name) takes labels, not target times; use SpikeTimeMSE, or leave the targets out")
        }
        guard targetTimes.count == sampleCount * outputLayer.neuronCount else {
            throw .invalidValue(
                "\(targetTimes.count) target times for \(sampleCount) samples and \(outputLayer.neuronCount) outputs; give "
                    + "one per sample and output, infinity for none")
        }
        for (index, time) in targetTimes.enumerated() where !(time >= 0) {
            throw .invalidValue("targets[\(index)] is \(time); target times must be >= 0, infinite for no target")
        }
    }

    func checkReadout(_ outputLayer: Layer) throws(SpinnpropError) {
        try loss.check()
        guard loss.needsLeakyReadout != outputLayer.isSpiking else {
            throw .unsupported(
                loss.needsLeakyReadout
                    ? "\(loss.name) reads membranes, but the network's last layer spikes; make it with a leaky read-out"
                    : "\(loss.name) reads spikes, but the network's read-out is leaky and sends none; use "
                        + "VMaxCrossEntropy, or a spiking read-out")
        }
    }
}

extension Loss {
    /// Whether `Target.times` mean something to it.
    var takesTargetTimes: Bool { self is SpikeTimeMSE }

    /// Value and accuracy over a recording.
    public func evaluate(_ recording: Recording, labels: [Int]) -> Evaluation {
        var evaluation = Evaluation()
        // A loss always adds its derivatives; here they are not wanted.
        var errors = [Double](repeating: 0, count: recording.outputLayer.neuronCount)
        recording.forEachOutput { sample, output in
            if errors.count < output.spikeCount {
                errors.append(contentsOf: repeatElement(0, count: max(output.spikeCount - errors.count, errors.count)))
            }
            let result = errors.withUnsafeMutableBufferPointer { buffer in
                // Never empty: a layer has at least one neuron.
                evaluate(output, target: Target(label: labels[sample]), errors: buffer.baseAddress.unsafelyUnwrapped)
            }
            evaluation.value += result.value
            evaluation.skippedCount += result.isSkipped ? 1 : 0
            evaluation.correctCount += predict(output) == labels[sample] ? 1 : 0
        }
        evaluation.sampleCount = recording.sampleCount
        if evaluation.sampleCount > 0 { evaluation.value /= Double(evaluation.sampleCount) }
        return evaluation
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

extension Recording {
    /// Calls `body` with each sample's number and output, in order.
    fileprivate func forEachOutput(_ body: (_ sample: Int, _ output: OutputSample) -> Void) {
        var sampler = OutputSampler(self)
        for (part, samples) in partition.enumerated() {
            for (index, sample) in samples.enumerated() {
                sampler.withSample(part: part, index: index) { output, _ in body(sample, output) }
            }
        }
    }
}
