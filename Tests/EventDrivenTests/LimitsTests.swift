// The edges of the domain: nothing to do, too much to do, and numbers of extreme size.
import EventDriven
import Foundation
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct LimitsTests {
    static let ratios = [4, 2, 1, 0.5, 3.3] as [Double]

    private func network(
        _ sizes: [Int], _ weights: [Double], ratio: Double = 4, recurrent: Bool = false, delays: DelayKind = .none,
        leaky: Bool = false
    ) throws -> Network {
        var network = try Network(
            sizes: sizes, parameters: [LIFParameters(tauMem: [ratio], tauSyn: [1])], delays: [delays],
            recurrent: recurrent ? [true] : [], leakyReadout: leaky)
        for (index, connection) in network.connections.enumerated() {
            try network.setWeights(connection.weights.indices.map { weights[$0 % weights.count] }, connection: index)
        }
        return network
    }

    private func kind(_ body: () throws -> Void) -> SpinnpropError.Kind? {
        do {
            try body()
            return nil
        } catch {
            return (error as? SpinnpropError)?.kind
        }
    }

    private func objective(_ samples: Int, leaky: Bool = false) -> Objective {
        Objective(
            loss: LinearLoss(seed: 1, unit: 1, needsLeakyReadout: leaky), labels: [Int](repeating: 0, count: samples),
            rate: RateRegularisation(strength: 1, target: 1, tau: 5))
    }

    @Test(arguments: [DelayKind.none, .synaptic, .axonal, .dendritic], [false, true])
    func nothingToDo(_ delays: DelayKind, _ leaky: Bool) throws {
        let network = try network([2, 3, 2], [20, 15], delays: delays, leaky: leaky)
        let none = try SpikeTrains(times: [], units: [], offsets: [0], unitCount: 2)
        let recording = try EventSubstrate().forward(network, none, options: ForwardOptions(), monitor: nil)
        #expect(recording.sampleCount == 0 && recording.layers.allSatisfy { $0.spikeCount == 0 })
        #expect(recording.firstSpikeTimes.isEmpty)
        let gradients = try EventAdjoint().backward(network, recording, objective(0, leaky: leaky), monitor: nil)
        #expect(gradients.weights.allSatisfy { $0.allSatisfy { $0 == 0 } } && gradients.inputTimes.isEmpty)
        #expect(gradients.value == 0)

        // Samples without spikes between others.
        let some = try SpikeTrains(times: [0, 1, 0.5], units: [0, 1, 0], offsets: [0, 0, 2, 2, 3, 3], unitCount: 2)
        let mixed = try EventSubstrate().forward(network, some, options: ForwardOptions(), monitor: nil)
        #expect(mixed.sampleCount == 5)
        for layer in mixed.layers where layer.isSpiking {
            for sample in [0, 2, 4] { #expect(layer.spikes[sample].times.isEmpty) }
            for sample in [1, 3] { #expect(!layer.spikes[sample].times.isEmpty) }
        }
        if leaky { #expect(mixed.outputLayer.maxima[0..<2].allSatisfy { $0 == 0 }) }
        let g = try EventAdjoint().backward(network, mixed, objective(5, leaky: leaky), monitor: nil)
        #expect(g.inputTimes.count == 3 && g.weights.allSatisfy { $0.allSatisfy(\.isFinite) })
    }

    @Test func recurrenceNeedsAnEnd() throws {
        let network = try network([1, 3, 2], [5], recurrent: true)
        let input = try SpikeTrains(times: [0], units: [0], offsets: [0, 1], unitCount: 1)
        do {
            _ = try EventSubstrate().forward(network, input, options: ForwardOptions(), monitor: nil)
            Issue.record("a recurrent network ran without t_end")
        } catch {
            #expect(error.kind == .unsupported || error.kind == .invalidValue)
            #expect(error.message.contains("t_end"), "\(error.message)")
        }
    }

    @Test(arguments: ratios, [DelayKind.none, .synaptic])
    func runawayActivityStops(_ ratio: Double, _ delays: DelayKind) throws {
        for weight in [50, 1e6, 1e150, 1e300] as [Double] {
            let network = try network([1, 4, 2], [weight], ratio: ratio, recurrent: true, delays: delays)
            let input = try SpikeTrains(times: [0.5], units: [0], offsets: [0, 1], unitCount: 1)
            let options = ForwardOptions(endTime: 1000, maxSpikes: 20_000)
            #expect(
                kind { _ = try EventSubstrate().forward(network, input, options: options, monitor: nil) }
                    == .tooManySpikes, "ratio \(ratio), weight \(weight), delays \(delays)")
        }
    }

    /// Identical neurons stay identical: one's spike never acts on the other's at the same time, whatever the weights.
    @Test(arguments: ratios, [DelayKind.none, .synaptic])
    func simultaneousSpikesActAfterwards(_ ratio: Double, _ delays: DelayKind) throws {
        for weight in [-100, -3, 0.1] as [Double] {
            for width in [2, 5] {
                var network = try network([2, width, 1], [16, 11], ratio: ratio, recurrent: true, delays: delays)
                guard let recurrent = network.connectionIndex(into: 0, recurrent: true) else { return }
                try network.setWeights([Double](repeating: weight, count: width * width), connection: recurrent)
                let input = try SpikeTrains(times: [0.5, 0.9, 1.2], units: [0, 1, 0], offsets: [0, 3], unitCount: 2)
                let spikes = try EventSubstrate().forward(
                    network, input, options: ForwardOptions(endTime: 1.5, maxSpikes: 20_000), monitor: nil
                ).layers[0].spikes
                let trains = spikesByUnit(spikes, sample: 0)
                let place = "ratio \(ratio), delays \(delays), weight \(weight), width \(width)"
                #expect(trains.allSatisfy { $0 == trains[0] && !$0.isEmpty }, "\(place): \(trains)")
                #expect(spikes.units.prefix(width) == Array(0..<Int32(width))[...], "\(place)")
            }
        }
    }

    /// Without a limit of the user's, absurd activity of a few neurons ends long before that of many would.
    @Test func defaultMaxSpikesGrowsWithTheRun() throws {
        let network = try network([1, 1], [1e300], ratio: 4)
        let input = try SpikeTrains(times: [0.5], units: [0], offsets: [0, 1], unitCount: 1)
        do throws(SpinnpropError) {
            _ = try EventSubstrate().forward(network, input, options: ForwardOptions(), monitor: nil)
            Issue.record("a runaway neuron ran to its end")
        } catch {
            #expect(error.kind == .tooManySpikes && error.message.contains("4000200"), "\(error.message)")
        }
        #expect(ForwardOptions.defaultMaxSpikes(samples: 0, neurons: 7) == 4_000_000)
        #expect(ForwardOptions.defaultMaxSpikes(samples: 150, neurons: 123) == 7_690_000)
        #expect(ForwardOptions.defaultMaxSpikes(samples: .max, neurons: 2) == 100_000_000)
    }

    @Test(arguments: GradientSweepTests.configurations)
    func maxSpikesIsExact(_ configuration: Configuration) throws {
        var instance = try RandomCase(configuration, seed: 7)
        let total = try instance.forward().layers.reduce(0) { $0 + $1.spikeCount }
        instance.options.maxSpikes = total
        #expect(try instance.forward().layers.reduce(0) { $0 + $1.spikeCount } == total, "\(instance)")
        instance.options.maxSpikes = total - 1
        #expect(kind { _ = try instance.forward() } == .tooManySpikes, "\(instance), \(total) spikes")
    }

    @Test(arguments: [1, 3])
    func cancels(_ threads: Int) throws {
        let before = Threads.requested
        defer { try? Threads.set(before) }
        try Threads.set(threads)
        var instance = try RandomCase(Configuration(samples: 300), seed: 1)
        instance.options = ForwardOptions()
        // A monitor asks at most every 20 ms, and not in its first 20: wait, and the first poll asks.
        let stopping = Monitor { false }
        usleep(25_000)
        #expect(
            kind {
                _ = try EventSubstrate().forward(
                    instance.network, instance.input, options: instance.options, monitor: stopping)
            } == .cancelled)
        let recording = try instance.forward()
        let stoppingBackward = Monitor { false }
        usleep(25_000)
        #expect(
            kind {
                _ = try EventAdjoint().backward(instance.network, recording, objective(300), monitor: stoppingBackward)
            } == .cancelled)
        // One that lets everything go on changes nothing.
        let willing = Monitor { true }
        usleep(25_000)
        let watched = try EventSubstrate().forward(
            instance.network, instance.input, options: instance.options, monitor: willing)
        #expect(isIdentical(watched, recording))
    }

    /// 2^20 s after the start the same happens as at the start, to the last bit but one of such times.
    @Test(arguments: ratios, [DelayKind.none, .synaptic])
    func lateTimes(_ ratio: Double, _ delays: DelayKind) throws {
        let network = try network([2, 3, 2], [9, 14, 5], ratio: ratio, delays: delays)
        let offset = 0x1p20
        let times = [0.25, 0.75, 1.5, 0.5]
        let early = try SpikeTrains(times: times, units: [0, 1, 0, 1], offsets: [0, 4], unitCount: 2)
        let late = try SpikeTrains(
            times: times.map { $0 + offset }, units: [0, 1, 0, 1], offsets: [0, 4], unitCount: 2)
        let both = try SpikeTrains(
            times: times + times.map { $0 + offset }, units: [0, 1, 0, 1, 0, 1, 0, 1], offsets: [0, 8], unitCount: 2)
        let a = try EventSubstrate().forward(network, early, options: ForwardOptions(), monitor: nil)
        let b = try EventSubstrate().forward(network, late, options: ForwardOptions(), monitor: nil)
        let c = try EventSubstrate().forward(network, both, options: ForwardOptions(), monitor: nil)
        for layer in 0..<2 {
            let own = a.layers[layer].spikes
            #expect(own.spikeCount > 0 && b.layers[layer].spikes.units == own.units, "ratio \(ratio), delays \(delays)")
            for (x, y) in zip(own.times, b.layers[layer].spikes.times) {
                // The first layer's spikes are rounded to ulp(2^20) = 2^-32 before the second sees them.
                #expect(abs(y - x - offset) <= (layer == 0 ? 2 : 64) * offset.ulp, "ratio \(ratio), delays \(delays)")
            }
            #expect(c.layers[layer].spikes.times == own.times + b.layers[layer].spikes.times)
            #expect(c.layers[layer].spikes.units == own.units + own.units)
        }
        let g = try EventAdjoint().backward(network, c, objective(1), monitor: nil)
        #expect((g.weights + g.delays + [g.inputTimes]).allSatisfy { $0.allSatisfy(\.isFinite) })
    }

    @Test(arguments: ratios, [DelayKind.none, .synaptic])
    func largeWeights(_ ratio: Double, _ delays: DelayKind) throws {
        // A current of 1e6 crosses the threshold every tau_mem / 1e6.
        let network = try network([1, 1], [1e6], ratio: ratio, delays: delays)
        let input = try SpikeTrains(times: [0], units: [0], offsets: [0, 1], unitCount: 1)
        let recording = try EventSubstrate().forward(
            network, input, options: ForwardOptions(endTime: 20.5 * ratio * 1e-6), monitor: nil)
        let times = recording.layers[0].spikes.times
        #expect(times.count == 20)
        let history = histories(network, recording)[0]
        for (k, time) in times.enumerated() {
            // An ulp of tau in the time of each spike so far, at a slope of 1e6 thresholds per tau.
            let tolerance = 1e-12 + Double(k + 1) * 1e6 * Double.ulpOfOne
            #expect(
                abs(history.membrane(time) - 1) <= tolerance,
                "ratio \(ratio), delays \(delays): \(history.membrane(time)) at \(time), spike \(k)")
        }
        let g = try EventAdjoint().backward(
            network, recording,
            Objective(loss: LinearLoss(seed: 1, unit: 1, firstOnly: true, isPlain: true), labels: [0]),
            monitor: nil)
        let expected =
            -ratio * PostsynapticPotential(network.layers[0].parameters[0])(times[0])
            / (recording.layers[0].currents[0] - 1)
        #expect(abs(g.weights[0][0] / expected - 1) <= 1e-9, "\(g.weights[0][0]) instead of \(expected)")
        #expect(abs(g.inputTimes[0] - 1) <= 1e-9)
    }

    /// What a tiny threshold leaves of the time of a spike does not depend on the scale of the weights.
    @Test(arguments: ratios, [DelayKind.none, .synaptic])
    func hugeWeights(_ ratio: Double, _ delays: DelayKind) throws {
        func times(_ scale: Double) throws -> [Double] {
            // From this reset no current brings a second spike.
            let parameters = LIFParameters(tauMem: [ratio], tauSyn: [1], threshold: [1], reset: [-1e307])
            var network = try Network(sizes: [2, 2], parameters: [parameters], delays: [delays])
            try network.setWeights([-scale, 10 * scale, -1, 10], connection: 0)
            let input = try SpikeTrains(times: [0.1, 0.2], units: [0, 1], offsets: [0, 2], unitCount: 2)
            return try EventSubstrate().forward(
                network, input, options: ForwardOptions(endTime: 2), monitor: nil
            ).firstSpikeTimes
        }
        let limit = try times(1e100)
        for scale in [1e153, 1e154, 1e155, 1e200, 1e300] {
            let found = try times(scale)
            #expect(abs(found[0] - limit[0]) <= 1e-14 && found[1] == limit[1], "\(scale): \(found), \(limit)")
        }
    }

    @Test(arguments: ratios, [DelayKind.none, .synaptic])
    func weightsThatDoNothing(_ ratio: Double, _ delays: DelayKind) throws {
        let input = try SpikeTrains(times: [0.5, 0.7, 2], units: [0, 1, 0], offsets: [0, 3], unitCount: 2)
        for (weights, maximum) in [
            ([0, 0], 0), ([-0.0, 0], 0), ([-1, -2], 0), ([-1e6, -1e6], 0), ([-1e-300, -1e-300], 0),
            ([1e-300, 0], 1e-300),
            ([1e-308, 1e-308], 1e-308), ([5e-324, 5e-324], 5e-324), ([-1e300, 1e-300], 0),
        ] as [([Double], Double)] {
            let place = "ratio \(ratio), delays \(delays), weights \(weights)"
            let spiking = try network([2, 3, 2], weights, ratio: ratio, delays: delays)
            let silent = try EventSubstrate().forward(spiking, input, options: ForwardOptions(), monitor: nil)
            #expect(silent.layers.allSatisfy { $0.spikeCount == 0 }, "\(place)")
            let g = try EventAdjoint().backward(spiking, silent, objective(1), monitor: nil)
            #expect(
                g.weights.allSatisfy { $0.allSatisfy { $0 == 0 } } && g.inputTimes.allSatisfy { $0 == 0 }, "\(place)")

            let readout = try network([2, 1], weights, ratio: ratio, delays: delays, leaky: true)
            let leaky = try EventSubstrate().forward(readout, input, options: ForwardOptions(), monitor: nil)
            let top = leaky.outputLayer.maxima[0]
            #expect(maximum == 0 ? top == 0 : top < 2 * maximum, "\(place): maximum \(top)")
            #expect(maximum < 1e-307 || top > 0, "\(place): maximum \(top)")  // below, it may underflow
            let h = try EventAdjoint().backward(readout, leaky, objective(1, leaky: true), monitor: nil)
            #expect((h.weights + [h.inputTimes]).allSatisfy { $0.allSatisfy(\.isFinite) }, "\(place)")
        }
    }

    /// Layers wider and narrower than what is computed at once: each neuron does what it would do alone.
    @Test(arguments: [1, 2, 3, 7, 8, 9, 15, 16, 17, 33], ratios)
    func widths(_ width: Int, _ ratio: Double) throws {
        for delays in [DelayKind.none, .synaptic] {
            for leaky in [false, true] {
                var configuration = Configuration(
                    sizes: [3, width], ratio: ratio, delays: [delays], leaky: leaky, samples: 2)
                configuration.gain = 1.5
                let instance = try RandomCase(configuration, seed: UInt64(100 + width))
                let recording = try instance.forward()
                let loss = LinearLoss(seed: 5, unit: 1e-3, needsLeakyReadout: leaky)
                let g = try EventAdjoint().backward(
                    instance.network, recording, Objective(loss: loss, labels: [0, 0]), monitor: nil)
                var inputTimes = [Double](repeating: 0, count: instance.input.spikeCount)
                for unit in 0..<width {
                    let place = "\(instance), unit \(unit)"
                    var alone = try Network(
                        sizes: [3, 1], parameters: [instance.network.layers[0].parameters], delays: [delays],
                        leakyReadout: leaky)
                    let own = instance.network.connections[0]
                    try alone.setWeights(Array(own.weights[unit * 3..<unit * 3 + 3]), connection: 0)
                    if delays == .synaptic {
                        try alone.setDelays(Array(own.delays[unit * 3..<unit * 3 + 3]), connection: 0)
                    }
                    let single = try instance.forward(alone)
                    for sample in 0..<2 {
                        if leaky {
                            #expect(
                                worstRelative(
                                    [recording.outputLayer.maxima[sample * width + unit]],
                                    [single.outputLayer.maxima[sample]]) <= 1e-13, "\(place)")
                        } else {
                            #expect(
                                worstRelative(
                                    spikesByUnit(recording.outputLayer.spikes, sample: sample)[unit],
                                    spikesByUnit(single.outputLayer.spikes, sample: sample)[0]) <= 1e-13, "\(place)")
                        }
                    }
                    let h = try EventAdjoint().backward(
                        alone, single,
                        Objective(loss: OneOutput(loss: loss, unit: unit), labels: [0, 0]), monitor: nil)
                    #expect(
                        normRelative(Array(g.weights[0][unit * 3..<unit * 3 + 3]), h.weights[0]) <= 1e-11, "\(place)")
                    for k in inputTimes.indices { inputTimes[k] += h.inputTimes[k] }
                }
                #expect(normRelative(g.inputTimes, inputTimes) <= 1e-10, "\(instance)")
            }
        }
    }
}

/// What a linear loss says of one of many outputs, for a network that has only that one.
private struct OneOutput: Loss {
    let loss: LinearLoss
    let unit: Int

    var name: String { loss.name }
    var parameters: [Double] { [] }
    var needsLeakyReadout: Bool { loss.needsLeakyReadout }
    func check() throws(SpinnpropError) {}
    func evaluate(_ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>) -> SampleResult {
        guard !needsLeakyReadout else {
            errors[0] += loss.coefficient(unit, 0)
            return SampleResult(value: loss.coefficient(unit, 0) * output.maxima[0])
        }
        var value = 0.0
        for spike in 0..<output.spikeCount {
            errors[spike] += loss.coefficient(unit, spike) / loss.unit
            value += loss.coefficient(unit, spike) / loss.unit * output.times[spike]
        }
        return SampleResult(value: value)
    }
    func predict(_ output: OutputSample) -> Int { -1 }
    func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {}
}
