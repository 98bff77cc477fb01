// Losses that look at a whole batch at once, as those do that somebody writes in another language.
import Mathematics

/// What such a loss is shown of the read-out.
public enum OutputValues: Equatable, Sendable {
    /// (sample, output): first spike times in seconds, +infinity where an output is silent.
    case firstSpikes
    /// (sample, output, n): each output's spikes in order of time, filled up with +infinity to the largest number n of any, at least 1.
    case spikes
    /// (sample, output): the largest membrane values of a leaky read-out.
    case maxima
    /// (sample, time, output): the membranes of a leaky read-out at given times, seconds.
    case membranes(times: [Double])
    /// (sample, output): the integrals of the membranes of a leaky read-out with the weight e^{-t / tau}, +infinity: a weight of 1.
    case integrals(tau: Double)

    public var needsLeakyReadout: Bool {
        switch self {
        case .firstSpikes, .spikes: false
        case .maxima, .membranes, .integrals: true
        }
    }

    /// - Throws: `invalidValue` for times that are none, naming the loss.
    public func check(_ name: String) throws(SpinnpropError) {
        if case .integrals(let tau) = self, !(tau > 0) {
            throw .invalidValue("tau0 of \(name) is \(tau) s; it must be > 0, +infinity for a weight of 1")
        }
        guard case .membranes(let times) = self else { return }
        guard !times.isEmpty else {
            throw .invalidValue("\(name) has no times at which to read membranes; give one at least")
        }
        for (n, time) in times.enumerated() where !(time >= 0 && time < .infinity) {
            throw .invalidValue("time \(n) of \(name) is \(time) s; times must be finite and >= 0")
        }
    }
}

/// A batch as such a loss sees it. All pointers are valid during the call only.
public struct OutputBatch {
    public let sampleCount: Int
    public let outputCount: Int
    /// The largest number of spikes, or the number of times; 1 where there is one value per output.
    public let depth: Int
    public let values: UnsafeBufferPointer<Double>
    /// The derivative with respect to each value, 0 before. Those of spikes that are not there are not looked at.
    public let derivatives: UnsafeMutableBufferPointer<Double>
    /// The number of each sample among the training data, or the validation data.
    public let samples: [Int]
    public let isValidation: Bool
    /// Of these samples; empty where not given.
    public let labels: [Int]
    /// (sample, anything); empty where not given.
    public let targets: [Double]
    public let sampleWeights: [Double]

    /// The weight of a sample of the batch: 1 unless weights are given.
    public func weight(_ sample: Int) -> Double { sampleWeights.isEmpty ? 1 : sampleWeights[sample] }
}

/// A loss on all outputs of a batch.
///
/// What a mean over the batch is, and what samples' weights do, it says itself: value and derivatives are taken as they are.
public protocol BatchLoss: Loss {
    var values: OutputValues { get }
    /// The value. Writes its derivatives, which are looked at unless the batch is one of validation.
    func evaluate(_ batch: OutputBatch) throws(SpinnpropError) -> Double
}

extension BatchLoss {
    public var needsLeakyReadout: Bool { values.needsLeakyReadout }
    public var targets: TargetKind { .any }

    public func check() throws(SpinnpropError) { try values.check(name) }

    public func predict(_ output: OutputSample) -> Int {
        needsLeakyReadout ? output.highestOutput : output.earliestOutput
    }

    /// All of it on the decision: no softmax is known.
    public func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        let own = predict(output)
        for n in 0..<output.outputCount {
            probabilities[n] = own < 0 ? 1 / Double(output.outputCount) : (n == own ? 1 : 0)
        }
    }

    /// Not asked.
    public func evaluate(
        _ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>
    ) -> SampleResult { SampleResult(value: 0) }
}

/// What a gradient rule reads membranes and their integrals with, which a recording does not hold.
public typealias MembraneReader = (_ values: OutputValues) throws(SpinnpropError) -> [Double]

extension Objective {
    /// Whether the loss is asked sample by sample, so that a sample may go backward before the next goes forward.
    public var isBySample: Bool { rate == nil && !(loss is any BatchLoss) }

    /// What a loss of whole batches says of a recording.
    ///
    /// - Returns: the value, its derivatives, and what is counted beside it.
    func judge(
        _ loss: any BatchLoss, _ recording: Recording, _ membranes: MembraneReader
    ) throws(SpinnpropError) -> (value: Double, errors: GivenErrors, counts: JudgedSum) {
        let output = recording.outputLayer
        var counts = JudgedSum()
        let shown = try ShownValues(loss.values, recording, membranes) { sample, output in
            // Without a spike there is nothing that a derivative could be taken back from. What silence costs, the loss says itself.
            let isSilent = !loss.needsLeakyReadout && output.spikeCount == 0
            let isCorrect = !labels.isEmpty && loss.predict(output) == labels[sample]
            counts.add(Judgement(value: 0, missingWeight: 0, isSkipped: isSilent, isCorrect: isCorrect))
        }
        var derivatives = [Double](repeating: 0, count: shown.values.count)
        var outcome: Result<Double, SpinnpropError> = .success(0)
        shown.values.withUnsafeBufferPointer { values in
            derivatives.withUnsafeMutableBufferPointer { derivatives in
                let batch = OutputBatch(
                    sampleCount: recording.sampleCount, outputCount: output.neuronCount, depth: shown.depth,
                    values: values, derivatives: derivatives,
                    samples: samples.isEmpty ? Array(0..<recording.sampleCount) : samples, isValidation: isValidation,
                    labels: labels, targets: targets, sampleWeights: sampleWeights)
                outcome = Result { () throws(SpinnpropError) in try loss.evaluate(batch) }
            }
        }
        let value = try outcome.get()
        guard value.isFinite else {
            throw .invalidValue("the value of the loss \(loss.name) is \(value); it must be finite")
        }
        let errors =
            isValidation ? GivenErrors(layers: recording.layers.map { _ in [] }) : try shown.errors(derivatives, loss)
        return (value, errors, counts)
    }
}

/// What a loss is shown of a recording, and where it lies there.
private struct ShownValues {
    let kind: OutputValues
    let recording: Recording
    private(set) var values: [Double] = []
    private(set) var depth = 1
    /// For each value the place of its spike among those of the read-out, -1 for none; empty where values are not spikes.
    private var places: [Int] = []

    /// - Parameter each: called with each sample, in order: to walk over them once takes less time than twice.
    init(
        _ kind: OutputValues, _ recording: Recording, _ membranes: MembraneReader,
        each: (_ sample: Int, _ output: OutputSample) -> Void
    ) throws(SpinnpropError) {
        (self.kind, self.recording) = (kind, recording)
        switch kind {
        case .maxima: values = recording.outputLayer.maxima
        case .membranes(let times):
            values = try membranes(kind)
            depth = times.count
        case .integrals: values = try membranes(kind)
        case .firstSpikes: try takeSpikes(each)
        case .spikes:
            depth = mostSpikes()
            try takeSpikes(each)
        }
        if places.isEmpty { recording.forEachOutput(each) }
    }

    /// The largest number of spikes that an output has in a sample, at least 1.
    private func mostSpikes() -> Int {
        var most = 1
        var counts = [Int](repeating: 0, count: recording.outputLayer.neuronCount)
        recording.forEachOutput { _, output in
            for n in counts.indices { counts[n] = 0 }
            for n in 0..<output.spikeCount {
                counts[Int(output.units[n])] += 1
                most = max(most, counts[Int(output.units[n])])
            }
        }
        return most
    }

    private mutating func takeSpikes(
        _ each: (_ sample: Int, _ output: OutputSample) -> Void
    ) throws(SpinnpropError) {
        let outputCount = recording.outputLayer.neuronCount
        let width = try Memory.product(
            outputCount, depth, bytesPerElement: 32, "the spikes of a sample that the loss is shown")
        let count = try Memory.product(
            recording.sampleCount, width, bytesPerElement: 32, "the spikes that the loss is shown")
        values = [Double](repeating: .infinity, count: count)
        places = [Int](repeating: -1, count: count)
        var counts = [Int](repeating: 0, count: outputCount)
        var place = 0
        let depth = depth
        values.withUnsafeMutableBufferPointer { values in
            places.withUnsafeMutableBufferPointer { places in
                recording.forEachOutput { sample, output in
                    each(sample, output)
                    if depth == 1 {
                        for unit in 0..<outputCount where output.firstSpikes[unit] >= 0 {
                            values[sample * width + unit] = output.firstTime(unit)
                            places[sample * width + unit] = place + output.firstSpikes[unit]
                        }
                        place += output.spikeCount
                        return
                    }
                    for n in counts.indices { counts[n] = 0 }
                    for n in 0..<output.spikeCount {
                        let unit = Int(output.units[n])
                        if counts[unit] < depth {
                            let at = sample * width + unit * depth + counts[unit]
                            values[at] = output.times[n]
                            places[at] = place
                            counts[unit] += 1
                        }
                        place += 1
                    }
                }
            }
        }
    }

    /// - Throws: `invalidValue` for a derivative of something that is there which is not finite.
    func errors(_ derivatives: [Double], _ loss: any BatchLoss) throws(SpinnpropError) -> GivenErrors {
        var errors = GivenErrors(layers: recording.layers.map { _ in [] })
        let last = errors.layers.count - 1
        for (n, derivative) in derivatives.enumerated()
        where !derivative.isFinite && (places.isEmpty || places[n] >= 0) {
            let width = max(1, derivatives.count / max(1, recording.sampleCount))
            throw .invalidValue(
                "the derivative of the loss \(loss.name) is \(derivative) at value \(n % width) of sample \(n / width) of the batch; it must "
                    + "be finite")
        }
        switch kind {
        case .maxima: errors.layers[last] = derivatives
        case .membranes(let times): (errors.times, errors.membranes) = (times, derivatives)
        case .integrals(let tau): (errors.integrals, errors.integralTau) = (derivatives, tau)
        case .firstSpikes, .spikes:
            var own = [Double](repeating: 0, count: recording.outputLayer.spikeCount)
            for (n, place) in places.enumerated() where place >= 0 { own[place] = derivatives[n] }
            errors.layers[last] = own
        }
        return errors
    }
}
