// What an objective makes of one sample after another.

/// What a loss says of a sample, with the sample's weight.
public struct Judgement: BitwiseCopyable, Sendable {
    /// The loss times the weight.
    public let value: Double
    /// `SampleResult.missing` times the weight.
    public let missingWeight: Double
    /// As in `SampleResult`.
    public let isSkipped: Bool
    /// Whether the sample has a label and the loss predicts it.
    public let isCorrect: Bool

    /// Of a sample that no loss is asked about.
    public static let none = Judgement(value: 0, missingWeight: 0, isSkipped: false, isCorrect: false)
}

/// What a loss says of several samples, added up in order.
public struct JudgedSum: Sendable {
    public var value = 0.0
    public var skippedCount = 0
    /// As in `Judgement`.
    public var missingWeight = 0.0
    public var correctCount = 0

    public init() {}

    public mutating func add(_ judgement: Judgement) {
        value += judgement.value
        missingWeight += judgement.missingWeight
        if judgement.isSkipped { skippedCount += 1 }
        if judgement.isCorrect { correctCount += 1 }
    }

    public mutating func add(_ other: JudgedSum) {
        value += other.value
        skippedCount += other.skippedCount
        missingWeight += other.missingWeight
        correctCount += other.correctCount
    }
}

extension Objective {
    /// The weight of a sample: 1 unless weights are given.
    public func weight(_ sample: Int) -> Double { sampleWeights.isEmpty ? 1 : sampleWeights[sample] }

    /// The loss of one sample's output. Its derivatives, times the weight, are written over `errors`, which must be zero: one for each spike, or
    /// for each output of a leaky read-out.
    ///
    /// A sample of weight 0 adds nothing, even where its loss is infinite.
    public func judge(
        _ output: OutputSample, sample: Int, errors: UnsafeMutablePointer<Double>
    ) -> Judgement {
        let label = labels.isEmpty ? -1 : labels[sample]
        let result = targets.withUnsafeBufferPointer { targets in
            let values = targets.isEmpty ? nil : targets.baseAddress.map { $0 + sample * output.outputCount }
            return loss.evaluate(output, target: Target(label: label, values: values), errors: errors)
        }
        let isCorrect = label >= 0 && loss.predict(output) == label
        let weight = weight(sample)
        let missing = weight == 0 ? 0 : weight * result.missing
        guard weight != 1 else {
            return Judgement(
                value: result.value, missingWeight: missing, isSkipped: result.isSkipped, isCorrect: isCorrect)
        }
        for n in 0..<(loss.needsLeakyReadout ? output.outputCount : output.spikeCount) {
            errors[n] = weight == 0 ? 0 : weight * errors[n]
        }
        return Judgement(
            value: weight == 0 ? 0 : weight * result.value, missingWeight: missing, isSkipped: result.isSkipped,
            isCorrect: isCorrect)
    }
}
