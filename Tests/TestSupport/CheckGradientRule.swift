// What every gradient rule promises, whatever it computes: a new one only calls `checkGradientRule` from its tests.
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

/// A loss times a power of two, by which every rounding of a rule scales exactly.
private struct ScaledLoss: Loss {
    let loss: any Loss
    let factor: Double

    var name: String { loss.name }
    var parameters: [Double] { loss.parameters + [factor] }
    var needsLeakyReadout: Bool { loss.needsLeakyReadout }
    var needsGrid: Bool { loss.needsGrid }
    func check() throws(SpinnpropError) { try loss.check() }

    func evaluate(_ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>) -> SampleResult {
        let count = needsLeakyReadout ? output.outputCount : output.spikeCount
        var own = [Double](repeating: 0, count: count + 1)
        var result = own.withUnsafeMutableBufferPointer {
            loss.evaluate(output, target: target, errors: $0.baseAddress.unsafelyUnwrapped)
        }
        for index in 0..<count { errors[index] += factor * own[index] }
        result.value *= factor
        return result
    }

    func predict(_ output: OutputSample) -> Int { loss.predict(output) }
    func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {
        loss.probabilities(output, into: probabilities)
    }
}

/// Shapes; the batch mean of the loss, skipped samples adding nothing; the same bits again and on more threads; a gradient that is linear
/// in the loss; and no input times where none are wanted.
///
/// - Parameters:
///   - make: the rule for a case, and the substrate that makes its recordings.
///   - loss: for a spiking or for a leaky read-out.
func checkGradientRule(
    on cases: [RandomCase], loss: (_ needsLeakyReadout: Bool) -> any Loss,
    _ make: (RandomCase) throws -> (any GradientRule, any Substrate)
) throws {
    var norm = 0.0
    for own in cases {
        let (rule, substrate) = try make(own)
        let loss = loss(own.configuration.leaky)
        let recording = try own.forward(substrate)
        func backward(
            factor: Double = 1, wantsInputTimes: Bool = true, wantsNeurons: Bool = rule.differentiatesNeurons
        ) throws -> Gradients {
            try rule.backward(
                own.network, recording,
                Objective(
                    loss: ScaledLoss(loss: loss, factor: factor), labels: own.labels, wantsInputTimes: wantsInputTimes,
                    wantsNeurons: wantsNeurons),
                monitor: nil)
        }
        let gradients = try withThreads(1) { try backward() }
        #expect(gradients.weights.map(\.count) == own.network.connections.map(\.weights.count), "\(own)")
        #expect(gradients.delays.map(\.count) == own.network.connections.map(\.delays.count), "\(own)")
        #expect(gradients.inputTimes.count == own.input.spikeCount, "\(own)")
        let all = arrays(gradients).joined()
        #expect(all.allSatisfy { $0.isFinite }, "\(own)")
        norm += all.reduce(0) { $0 + abs($1) }
        checkValue(of: gradients, loss, recording, own)
        for threads in [1, 3] {
            let again = try withThreads(threads) { try backward() }
            #expect(isIdentical(again, gradients), "\(own), \(threads) threads")
        }
        let doubled = try backward(factor: 2)
        #expect(doubled.value == 2 * gradients.value, "\(own)")
        for (twice, once) in zip(arrays(doubled), arrays(gradients)) {
            // Every rounding scales by the power of two, but for float32 numbers below its normal range.
            let worst = zip(twice, once).map { abs($0 - 2 * $1) }.max() ?? 0
            #expect(worst <= 1e-36, "\(own): linear in the loss but for \(worst)")
        }
        let none = try backward(factor: 0)
        #expect(arrays(none).allSatisfy { $0.allSatisfy { $0 == 0 } }, "\(own)")
        let less = try backward(wantsInputTimes: false)
        #expect(less.inputTimes.isEmpty && less.weights == gradients.weights, "\(own)")
        let neurons = gradients.neurons.flatMap { own in LIFParameters.fields.map { own[keyPath: $0.path].count } }
        let counts = own.network.layers.flatMap { layer in LIFParameters.fields.map { _ in layer.neuronCount } }
        #expect(neurons == (rule.differentiatesNeurons ? counts : []), "\(own)")
        if rule.differentiatesNeurons {
            let without = try backward(wantsNeurons: false)
            #expect(without.neurons.isEmpty && without.weights == gradients.weights, "\(own)")
        } else {
            let error = #expect(throws: SpinnpropError.self, "\(own)") { try backward(wantsNeurons: true) }
            #expect(error?.kind == .unsupported, "\(own)")
        }
        let watched = try rule.backward(
            own.network, recording,
            Objective(loss: loss, labels: own.labels, wantsNeurons: rule.differentiatesNeurons),
            monitor: Monitor { true })
        #expect(isIdentical(watched, gradients), "\(own): watched")
        for labels in [Array(own.labels.dropLast()), own.labels.map { _ in own.network.outputCount }] {
            #expect(throws: SpinnpropError.self, "\(own): labels \(labels)") {
                try rule.backward(own.network, recording, Objective(loss: loss, labels: labels), monitor: nil)
            }
        }
    }
    #expect(norm > 0, "every gradient is zero: these cases say nothing")
}

private func arrays(_ gradients: Gradients) -> [[Double]] {
    gradients.weights + gradients.delays + [gradients.inputTimes]
        + gradients.neurons.flatMap { own in LIFParameters.fields.map { own[keyPath: $0.path] } }
}

private func checkValue(of gradients: Gradients, _ loss: any Loss, _ recording: Recording, _ own: RandomCase) {
    var (sum, skipped, correct) = (0.0, 0, 0)
    var sampler = OutputSampler(recording)
    for (part, samples) in recording.partition.enumerated() {
        for (index, sample) in samples.enumerated() {
            sampler.withSample(part: part, index: index) { output, _ in
                var errors = [Double](repeating: 0, count: output.spikeCount + output.outputCount)
                let result = loss.evaluate(output, target: Target(label: own.labels[sample]), errors: &errors)
                #expect(!result.isSkipped || result.value == 0, "\(own), sample \(sample)")
                sum += result.value
                skipped += result.isSkipped ? 1 : 0
                correct += loss.predict(output) == own.labels[sample] ? 1 : 0
            }
        }
    }
    let mean = sum / Double(recording.sampleCount)
    #expect(abs(gradients.value - mean) <= 1e-13 * max(1, abs(mean)), "\(own): \(gradients.value) instead of \(mean)")
    #expect(gradients.skippedCount == skipped && gradients.correctCount == correct, "\(own)")
}
