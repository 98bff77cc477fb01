// What every loss promises, whatever it measures: a new one only calls `checkLoss` from its tests.
import Mathematics
import Networks
import Testing

/// Derivatives by fourth-order differences over random outputs; derivatives that are added, not set; decisions and probabilities that agree;
/// an output that is silent altogether.
///
/// - Parameters:
///   - unit: seconds over which the loss changes noticeably, for a loss of spike times.
///   - grid: that of the recordings, for a loss that counts in steps: derivatives are then of times between the steps.
///   - cases: how many random outputs.
func checkLoss(_ loss: some Loss, unit: Double = 5e-3, grid: TimeGrid? = nil, cases: Int = 20) throws {
    #expect(throws: Never.self) { try loss.check() }
    for seed in 0..<cases {
        var random = RandomStream(seed: UInt64(seed), stream: 21)
        let outputs = 2 + random.index(below: 5)
        let own =
            loss.needsLeakyReadout
            ? OutputCase.membranes((0..<outputs).map { _ in 0.1 + 3 * random.uniform() }, tau: loss.integralTau)
            : OutputCase.spikes(
                // Times apart from each other, so that no stencil changes their order.
                (0...random.index(below: 3 * outputs)).map { slot in
                    let time = unit * (1 + 0.2 * (Double(slot) + 0.4 * random.uniform()))
                    return OutputSpike(time: time, unit: random.index(below: outputs))
                }, outputs: outputs, grid: grid)
        let label = own.speaker(random.index(below: 1 << 16))
        let place = "\(loss), seed \(seed), outputs \(outputs), label \(label)"
        checkDerivatives(of: loss, own, label: label, step: loss.needsLeakyReadout ? 1e-3 : 4e-4 * unit, place)
        checkDecision(of: loss, own, place)
    }
    guard !loss.needsLeakyReadout else { return }
    let silent = OutputCase.spikes([], outputs: 3, grid: grid)
    #expect(evaluate(loss, silent.recording, label: 1).errors.allSatisfy { $0 == 0 }, "\(loss): nobody to blame")
    #expect(silent.decision(of: loss).class == -1, "\(loss): nobody spoke")
    #expect(silent.decision(of: loss).probabilities.allSatisfy { abs($0 - 1.0 / 3) < 1e-15 }, "\(loss): nobody spoke")
}

/// What a loss sees of one sample.
private enum OutputCase {
    case spikes([OutputSpike], outputs: Int, grid: TimeGrid?)
    /// Maxima, or with a time constant integrals, of a run of 1 s.
    case membranes([Double], tau: Double?)

    var recording: Recording {
        switch self {
        case .spikes(let spikes, let outputs, let grid): TestSupport.recording([spikes], outputs: outputs, grid: grid)
        case .membranes(let values, let tau): TestSupport.recording(maxima: [values], tau: tau)
        }
    }

    /// An output that has something to say.
    func speaker(_ number: Int) -> Int {
        switch self {
        case .spikes(let spikes, _, _): spikes[number % spikes.count].unit
        case .membranes(let values, _): number % values.count
        }
    }

    var count: Int {
        switch self {
        case .spikes(let spikes, _, _): spikes.count
        case .membranes(let values, _): values.count
        }
    }

    func shifted(_ index: Int, _ amount: Double) -> OutputCase {
        switch self {
        case .spikes(var spikes, let outputs, let grid):
            spikes[index].time += amount
            return .spikes(spikes, outputs: outputs, grid: grid)
        case .membranes(var values, let tau):
            values[index] += amount
            return .membranes(values, tau: tau)
        }
    }

    func decision(of loss: some Loss) -> (class: Int, probabilities: [Double]) {
        var sampler = OutputSampler(recording)
        return sampler.withSample(part: 0, index: 0) { output, _ in
            var probabilities = [Double](repeating: .nan, count: output.outputCount)
            loss.probabilities(output, into: &probabilities)
            return (loss.predict(output), probabilities)
        }
    }
}

private func checkDerivatives(
    of loss: some Loss, _ own: OutputCase, label: Int, step: Double, _ place: String
) {
    let (result, errors) = evaluate(loss, own.recording, label: label)
    #expect(result.value.isFinite && !result.isSkipped, "\(place)")
    var (difference, size) = (0.0, 0.0)
    for index in 0..<own.count {
        func value(_ shift: Double) -> Double {
            evaluate(loss, own.shifted(index, shift).recording, label: label).result.value
        }
        let numeric = (8 * (value(step) - value(-step)) - (value(2 * step) - value(-2 * step))) / (12 * step)
        difference += (numeric - errors[index]) * (numeric - errors[index])
        size += errors[index] * errors[index]
    }
    #expect(difference.squareRoot() <= 1e-8 * (size.squareRoot() + 1e-3 / step), "\(place): \(difference.squareRoot())")
    var sampler = OutputSampler(own.recording)
    sampler.withSample(part: 0, index: 0) { output, _ in
        var added = errors.map { _ in 1.0 }
        _ = loss.evaluate(output, target: Target(label: label), errors: &added)
        #expect(zip(added, errors).allSatisfy { abs($0 - 1 - $1) <= 1e-12 * (1 + abs($1)) }, "\(place): added, not set")
    }
}

private func checkDecision(of loss: some Loss, _ own: OutputCase, _ place: String) {
    let (chosen, probabilities) = own.decision(of: loss)
    #expect(probabilities.allSatisfy { (0...1).contains($0) }, "\(place): \(probabilities)")
    #expect(abs(probabilities.reduce(0, +) - 1) < 1e-12, "\(place): \(probabilities)")
    #expect(
        chosen >= 0 && probabilities[max(0, chosen)] == probabilities.max(), "\(place): \(chosen), \(probabilities)")
}
