// Given errors taken back, and membranes read: the bits of a loss with the same errors, differences, sums of kernels.
import ClockDriven
import EventDriven
import FirstSpike
import Learning
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

/// Coefficients of all that errors can be given of, drawn from a seed; their sum of products is the function whose errors they are.
private struct Coefficients {
    let seed: UInt64
    /// Seconds, of the membranes of a leaky read-out.
    var times: [Double] = []

    private func draw(_ stream: Int, _ count: Int) -> [Double] {
        var random = RandomStream(seed: seed, stream: UInt64(1000 + stream))
        return (0..<count).map { _ in 2 * random.uniform() - 1 }
    }

    func errors(_ recording: Recording, unit: Double) -> GivenErrors {
        let output = recording.outputLayer
        let layers = recording.layers.enumerated().map { (index, layer) in
            layer.isSpiking ? draw(index, layer.spikeCount).map { $0 / unit } : draw(index, layer.maxima.count)
        }
        let integrals = draw(101, times.isEmpty ? 0 : output.maxima.count).map { $0 / unit }
        let isWeighted = seed % 2 == 1 || recording.endTime == .infinity
        return GivenErrors(
            layers: layers, times: times, membranes: draw(100, output.maxima.count * times.count), integrals: integrals,
            integralTau: isWeighted ? 3 * unit : .infinity)
    }

    func value(_ network: Network, _ recording: Recording, unit: Double) throws -> Double {
        let errors = errors(recording, unit: unit)
        var sum = 0.0
        for (own, layer) in zip(errors.layers, recording.layers) {
            for (error, number) in zip(own, layer.isSpiking ? layer.spikes.times : layer.maxima) {
                sum += error * number
            }
        }
        guard !times.isEmpty else { return sum }
        let membranes = try recording.states(
            of: network, layer: recording.layers.count - 1, samples: 0..<recording.sampleCount, times: times
        ).membranes
        sum = zip(errors.membranes, membranes).reduce(sum) { $0 + $1.0 * $1.1 }
        let integrals = try #require(recording.integrated(by: network, tau: errors.integralTau).integrals).values
        return zip(errors.integrals, integrals).reduce(sum) { $0 + $1.0 * $1.1 }
    }
}

struct GivenErrorsTests {
    static let configurations: [Configuration] = {
        var all: [Configuration] = []
        for delays in DelayKind.allCases.map({ [$0] }) {
            all.append(Configuration(ratio: 2, delays: delays, reset: -0.1))
            all.append(Configuration(sizes: [4, 6, 5, 3], ratio: nil, delays: delays, recurrent: true, gain: 1))
            all.append(Configuration(ratio: 4, delays: delays, leaky: true))
            all.append(Configuration(ratio: nil, delays: delays, recurrent: true, leaky: true))
        }
        all.append(Configuration(ratio: 3.3, leaky: true, drive: -0.5...0.6, refractory: 0.05...0.5))
        all.append(Configuration(ratio: 1, drive: -0.5...1.3, refractory: 0.05...0.5))
        return all
    }()

    private func times(_ own: RandomCase) -> [Double] {
        guard own.configuration.leaky else { return [] }
        var random = RandomStream(seed: own.seed, stream: 9)
        let end = min(own.options.endTime, 8 * own.configuration.tauSyn)
        // Not in order, and one of them twice.
        let drawn = (0..<5).map { _ in end * random.uniform() }
        return drawn + [drawn[1]]
    }

    @Test(arguments: configurations)
    func matchDifferences(_ configuration: Configuration) throws {
        var (kept, discarded) = (0, 0)
        for seed in 1...3 as ClosedRange<UInt64> {
            let own = try RandomCase(configuration, seed: seed)
            let coefficients = Coefficients(seed: seed, times: times(own))
            for comparison in try own.compare(
                relativeStep: configuration.step, limit: 6, EventSubstrate(), EventAdjoint(),
                objective: {
                    Objective(coefficients.errors($0, unit: configuration.tauSyn), wantsNeurons: true)
                }, value: { try coefficients.value($0, $1, unit: configuration.tauSyn) })
            {
                kept += comparison.kept
                discarded += comparison.discarded
                #expect(comparison.error <= 1e-7, "\(own): \(comparison)")
            }
        }
        #expect(kept >= 2 * discarded && kept >= 24, "\(kept) entries kept, \(discarded) discarded")
    }

    /// The errors of a loss, over the number of samples, give the bits of its gradient on every engine.
    @Test func haveTheBitsOfALoss() throws {
        let grid = TimeGrid(timeStep: 1e-3, steps: 40)
        var seen = 0
        for (configuration, substrate) in [
            (Configuration(ratio: 2, delays: [.synaptic], samples: 4), EventSubstrate() as any Substrate),
            (Configuration(ratio: nil, recurrent: true, samples: 5), EventSubstrate()),
            (Configuration(ratio: 4, leaky: true, samples: 7), EventSubstrate()),
            (Configuration(ratio: 2, delays: [.axonal], reset: -1e12, samples: 9, gain: 2.5), FirstSpikeSubstrate()),
            (Configuration(ratio: 2, samples: 4, grid: grid), ClockSubstrate(grid)),
            (Configuration(ratio: 2, leaky: true, samples: 4, grid: grid), ClockSubstrate(grid)),
        ] {
            for seed in 1...3 as ClosedRange<UInt64> {
                let own = try RandomCase(configuration, seed: seed)
                let loss = LinearLoss(seed: seed, unit: configuration.tauSyn, needsLeakyReadout: configuration.leaky)
                let recording = try substrate.forward(own.network, own.input, options: own.options, monitor: nil)
                let wanted = try substrate.rule.backward(
                    own.network, recording,
                    Objective(loss: loss, labels: own.labels, wantsNeurons: substrate.rule.differentiatesNeurons),
                    monitor: nil)
                var layers = recording.layers.map { _ in [Double]() }
                layers[layers.count - 1] = errors(of: loss, recording).map { $0 * (1 / Double(recording.sampleCount)) }
                let found = try substrate.rule.backward(
                    own.network, recording,
                    Objective(GivenErrors(layers: layers), wantsNeurons: substrate.rule.differentiatesNeurons),
                    monitor: nil)
                #expect(found.weights == wanted.weights && found.delays == wanted.delays, "\(own)")
                #expect(found.inputTimes == wanted.inputTimes && found.neurons == wanted.neurons, "\(own)")
                #expect(found.value == 0 && found.skippedCount == 0 && found.correctCount == 0)
                seen += wanted.weights.joined().count { $0 != 0 }
            }
        }
        #expect(seen > 200)
    }

    private func errors(of loss: LinearLoss, _ recording: Recording) -> [Double] {
        var sampler = OutputSampler(recording)
        var all: [Double] = []
        for (part, samples) in recording.partition.enumerated() {
            for index in samples.indices.map({ $0 - samples.lowerBound }) {
                sampler.withSample(part: part, index: index) { shown, _ in
                    let count = loss.needsLeakyReadout ? shown.outputCount : shown.spikeCount
                    var errors = [Double](repeating: 0, count: count + 1)
                    errors.withUnsafeMutableBufferPointer { buffer in
                        _ = loss.evaluate(shown, target: Target(label: 0), errors: buffer.baseAddress.unsafelyUnwrapped)
                    }
                    all += errors.prefix(count)
                }
            }
        }
        return all
    }

    @Test(arguments: configurations)
    func statesAreSumsOfKernels(_ configuration: Configuration) throws {
        for seed in 1...3 as ClosedRange<UInt64> {
            let own = try RandomCase(configuration, seed: seed)
            let recording = try own.forward(EventSubstrate())
            let end = min(own.options.endTime, 10 * configuration.tauSyn)
            var random = RandomStream(seed: seed, stream: 3)
            var times = (0..<40).map { _ in end * random.uniform() } + [0]
            // At a spike: just before it.
            times += recording.layers[0].spikes.times.prefix(3).filter { $0 <= end }
            let histories = histories(own.network, recording)
            for (layer, neurons) in own.network.layers.enumerated() {
                let all = 0..<recording.sampleCount
                let (v, i) = try recording.states(of: own.network, layer: layer, samples: all, times: times)
                for history in histories where history.layer == layer {
                    for (n, time) in times.enumerated() {
                        let at = (history.sample * times.count + n) * neurons.neuronCount + history.unit
                        let scale = history.magnitude(time) + abs(history.neuron.drive)
                        #expect(abs(v[at] - history.membrane(time)) <= 1e-12 * scale, "\(own): \(history), \(time)")
                        #expect(abs(i[at] - history.current(time)) <= 1e-12 * scale, "\(own): \(history), \(time)")
                    }
                }
                let one = try recording.states(of: own.network, layer: layer, samples: 1..<2, times: times)
                let width = times.count * neurons.neuronCount
                #expect(one.membranes == Array(v[width..<2 * width]) && one.currents == Array(i[width..<2 * width]))
            }
        }
    }

    @Test func whatDoesNotFitIsRefused() throws {
        let own = try RandomCase(Configuration(), seed: 1)
        let leaky = try RandomCase(Configuration(leaky: true), seed: 1)
        let recording = try own.forward(EventSubstrate())
        let readout = try leaky.forward(EventSubstrate())
        let maxima = readout.outputLayer.maxima.count
        func kind(_ network: Network, _ recording: Recording, _ errors: GivenErrors) -> SpinnpropError.Kind? {
            do {
                _ = try EventAdjoint().backward(network, recording, Objective(errors), monitor: nil)
                return nil
            } catch {
                return (error as? SpinnpropError)?.kind
            }
        }
        let spikes = recording.layers.map(\.spikeCount)
        #expect(kind(own.network, recording, GivenErrors(layers: [[], []])) == nil)
        for layers in [[], [[]], [[], [], []], [[0], []], [[], [Double](repeating: .nan, count: spikes[1])]]
            as [[[Double]]]
        {
            #expect(kind(own.network, recording, GivenErrors(layers: layers)) == .invalidValue, "\(layers)")
        }
        #expect(kind(own.network, recording, GivenErrors(layers: [[], []], times: [0], membranes: [])) == .unsupported)
        for (times, count) in [([0], 0), ([.nan], maxima), ([-1], maxima), ([.infinity], maxima), ([], maxima)]
            as [([Double], Int)]
        {
            let errors = GivenErrors(layers: [[], []], times: times, membranes: [Double](repeating: 1, count: count))
            #expect(kind(leaky.network, readout, errors) == .invalidValue, "\(times)")
        }
        let wrong: [(Double, Int)] =
            [(1e-3, 1), (1e-3, maxima + 1)] + [0, -1, .nan, .infinity].map { ($0, maxima) }
        for (tau, count) in wrong {
            let errors = GivenErrors(
                layers: [[], []], integrals: [Double](repeating: 1, count: count), integralTau: tau)
            #expect(kind(leaky.network, readout, errors) == .invalidValue, "\(tau), \(count)")
        }
        let notFinite = GivenErrors(
            layers: [[], []], integrals: [Double](repeating: .infinity, count: maxima), integralTau: 1)
        #expect(kind(leaky.network, readout, notFinite) == .invalidValue)
        #expect(
            kind(own.network, recording, GivenErrors(layers: [[], []], integrals: [1], integralTau: 1)) == .unsupported)
        for time in [-1, .nan, .infinity] {
            #expect(throws: SpinnpropError.self) {
                try recording.states(of: own.network, layer: 0, samples: 0..<1, times: [time])
            }
        }
        for (layer, samples) in [(2, 0..<1), (-1, 0..<1), (0, 0..<99), (0, -1..<1)] {
            #expect(throws: SpinnpropError.self) {
                try recording.states(of: own.network, layer: layer, samples: samples, times: [0])
            }
        }
    }
}
