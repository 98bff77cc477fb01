// Neurons with a drive or a refractory period: closed forms, both sides of the threshold, ties, limits, what is refused.
import EventDriven
import Foundation
import Learning
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct DriveTests {
    static let ratios = [4, 2, 1, 0.5, 3.3, 0.25] as [Double]

    private func run(
        _ parameters: LIFParameters, weights: [Double] = [0], times: [Double] = [], endTime: Double = .infinity,
        leaky: Bool = false
    ) throws -> (network: Network, recording: Recording) {
        var network = try Network(sizes: [weights.count, 1], parameters: [parameters], leakyReadout: leaky)
        try network.setWeights(weights, connection: 0)
        let input = try SpikeTrains(
            times: times, units: times.indices.map { Int32($0 % weights.count) }, offsets: [0, times.count],
            unitCount: weights.count)
        let options = ForwardOptions(endTime: endTime, maxSpikes: 10_000)
        return (network, try EventSubstrate().forward(network, input, options: options, monitor: nil))
    }

    private func gradients(_ network: Network, _ recording: Recording, leaky: Bool = false) throws -> Gradients {
        let objective = Objective(
            loss: LinearLoss(seed: 1, unit: 1, needsLeakyReadout: leaky, isPlain: true),
            labels: [Int](repeating: 0, count: recording.sampleCount), wantsNeurons: true)
        return try EventAdjoint().backward(network, recording, objective, monitor: nil)
    }

    /// A neuron that nothing reaches: from 0, then from the reset, tau_m log((D - V) / (D - theta)), every refractory period between.
    @Test(arguments: ratios, [1 + 1e-12, 1.001, 1.5, 30, 1e4])
    func firesByItself(_ ratio: Double, _ drive: Double) throws {
        for (reset, refractory) in [(0.0, 0.0), (-0.7, 0), (0.3, 0.2), (0, 5)] {
            let parameters = LIFParameters(
                tauMem: [ratio], tauSyn: [1], threshold: [1], reset: [reset], drive: [drive], refractory: [refractory])
            func way(_ start: Double) -> Double { ratio * log1p((1 - start) / (drive - 1)) }
            let period = way(reset) + refractory
            let (network, recording) = try run(parameters, endTime: way(0) + 4.5 * period)
            let spikes = recording.layers[0].spikes
            let expected = (0..<5).map { way(0) + Double($0) * period }
            let place = "ratio \(ratio), drive \(drive), reset \(reset), refractory \(refractory)"
            #expect(
                spikes.spikeCount == 5 && worstRelative(spikes.times, expected) <= 1e-15 * (1e3 + drive), "\(place)")
            // The sum of the times: the way from 0 in each of 5, and 10 times that from the reset.
            let g = try gradients(network, recording).neurons[0]
            let (first, later) = (ratio / drive - ratio / (drive - 1), ratio / (drive - reset) - ratio / (drive - 1))
            #expect(abs(g.drive[0] / (5 * first + 10 * later) - 1) <= 1e-9, "\(place)")
            #expect(abs(g.refractory[0] / 10 - 1) <= 1e-9, "\(place)")
            #expect(abs(g.reset[0] / (-10 * ratio / (drive - reset)) - 1) <= 1e-9, "\(place)")
            #expect(abs(g.threshold[0] / (15 * ratio / (drive - 1)) - 1) <= 1e-9, "\(place)")
            #expect(abs(g.tauMem[0] * ratio / (5 * way(0) + 10 * way(reset)) - 1) <= 1e-9, "\(place)")
        }
    }

    /// Exactly at the threshold a drive alone never gets there, and a current does if it outlasts the membrane's way; just below, a
    /// current must carry the rest; just above, it fires by itself, late.
    @Test(arguments: ratios)
    func aroundTheThreshold(_ ratio: Double) throws {
        for distance in [0, 0x1p-53, 1e-9, 1e-3] {
            let below = LIFParameters(tauMem: [ratio], tauSyn: [1], threshold: [1], drive: [1 - distance])
            #expect(try run(below, endTime: 500).recording.layers[0].spikeCount == 0, "ratio \(ratio), \(distance)")
            let (network, recording) = try run(below, weights: [3], times: [0.5], endTime: 30)
            let first = try #require(recording.layers[0].spikes.times.first)
            let reached = histories(network, recording)[0].membrane(first)
            #expect(abs(reached - 1) <= 1e-12, "ratio \(ratio), \(distance): \(reached)")
        }
        let atThreshold = LIFParameters(tauMem: [ratio], tauSyn: [1], threshold: [1], drive: [1])
        // -e^{-t / tau_m} + w PSP(t) passes 0 where expm1(t (1 / tau_m - 1 / tau_s)) = (1 - tau_m / tau_s) / w.
        for weight in [0.2, 3, 100] {
            let argument = (1 - ratio) / weight
            let expected = ratio == 1 ? 1 / weight : log1p(argument) / (1 / ratio - 1)
            let spikes = try run(atThreshold, weights: [weight], times: [0], endTime: 1e3).recording.layers[0].spikes
            guard argument > -1 else {
                #expect(spikes.spikeCount == 0, "ratio \(ratio), weight \(weight)")
                continue
            }
            let first = try #require(spikes.times.first)
            #expect(abs(first / expected - 1) <= 1e-12, "ratio \(ratio), weight \(weight): \(first), not \(expected)")
        }
        let above = LIFParameters(tauMem: [ratio], tauSyn: [1], threshold: [1], drive: [Double(1).nextUp])
        let late = try run(above, endTime: 60 * ratio).recording.layers[0].spikes.times
        #expect(late.count == 1 && abs(late[0] / (ratio * 52 * log(2)) - 1) <= 1e-12, "ratio \(ratio): \(late)")
    }

    /// Inhibition turns a neuron that fires by itself back, and it comes again; no crossing is missed.
    @Test(arguments: ratios)
    func inhibitionDelaysIt(_ ratio: Double) throws {
        for (drive, weight) in [(1.2, -1.0), (1.2, -50), (3, -1e4), (1, -3), (1.001, -0.01)] {
            let parameters = LIFParameters(tauMem: [ratio], tauSyn: [1], threshold: [1], reset: [0.2], drive: [drive])
            let endTime = 40 * ratio + 40
            let (network, recording) = try run(
                parameters, weights: [weight, 0.8], times: [0.01, 0.7, 0.4], endTime: endTime)
            let history = histories(network, recording)[0]
            let place = "ratio \(ratio), drive \(drive), weight \(weight)"
            #expect(drive == 1 || history.spikes.count > 1, "\(place)")
            for spike in history.spikes { #expect(abs(history.membrane(spike) - 1) <= 1e-11, "\(place)") }
            let events = [0] + (history.spikes + history.arrivals.map(\.time)).sorted() + [endTime]
            for (left, right) in zip(events, events.dropFirst()) {
                for part in 1..<50 {
                    #expect(history.membrane(left + (right - left) * Double(part) / 50) <= 1 + 1e-11, "\(place)")
                }
            }
        }
    }

    /// An arrival before, at and after the release: at it, it comes after, which shows in the derivative of its time.
    @Test func releaseComesBeforeAnArrival() throws {
        let parameters = LIFParameters(tauMem: [3], tauSyn: [1], threshold: [1], refractory: [0.5])
        func arriving(_ late: Double) throws -> (network: Network, recording: Recording) {
            try run(parameters, weights: [7, 4], times: [0, late], endTime: 4)
        }
        let first = try #require(try arriving(3).recording.layers[0].spikes.times.first)
        let release = first + 0.5
        var slopes: [Double] = []
        for late in [release - 1e-9, release, release + 1e-9] {
            let (network, recording) = try arriving(late)
            let spikes = recording.layers[0].spikes.times
            #expect(spikes.count >= 2 && spikes[0] == first && spikes[1] > release)
            let history = histories(network, recording)[0]
            for spike in spikes { #expect(abs(history.membrane(spike) - 1) <= 1e-12) }
            slopes.append(try gradients(network, recording).inputTimes[1])
        }
        #expect(abs(slopes[0] - slopes[1]) > 1e-2 && abs(slopes[1] - slopes[2]) < 1e-6, "\(slopes)")
    }

    /// A period longer than the run leaves one spike; one too short to be seen acts like none.
    @Test(arguments: ratios)
    func lengthsOfRefractoryPeriods(_ ratio: Double) throws {
        let instance = try RandomCase(
            Configuration(sizes: [3, 5], ratio: ratio, delays: [.synaptic], gain: 3), seed: 9)
        func held(_ refractory: Double) throws -> (network: Network, recording: Recording) {
            var network = instance.network
            var parameters = network.layers[0].parameters
            parameters.refractory = [refractory]
            try network.setParameters(parameters, layer: 0)
            return (network, try instance.forward(network))
        }
        let none = try instance.forward()
        let firsts = none.firstSpikeTimes(layer: 0)
        for long in [1e3, 1e300, .greatestFiniteMagnitude] {
            let (network, own) = try held(long)
            #expect(own.layers[0].spikeCount == firsts.filter { $0 < .infinity }.count)
            #expect(worstRelative(own.firstSpikeTimes(layer: 0), firsts) <= 1e-12)
            #expect(try gradients(network, own).neurons[0].reset.allSatisfy { $0 == 0 })
        }
        #expect(none.layers[0].spikeCount > firsts.count)
        let expected = try gradients(instance.network, none)
        for short in [5e-324, 1e-30] {
            let (network, own) = try held(short)
            #expect(own.layers[0].spikes.units == none.layers[0].spikes.units)
            #expect(worstRelative(own.layers[0].spikes.times, none.layers[0].spikes.times) <= 1e-12)
            let g = try gradients(network, own)
            #expect(normRelative(g.weights[0], expected.weights[0]) <= 1e-10)
            #expect(normRelative(g.delays[0], expected.delays[0]) <= 1e-10)
            for field in LIFParameters.fields {
                let (own, reference) = (g.neurons[0][keyPath: field.path], expected.neurons[0][keyPath: field.path])
                #expect(normRelative(own, reference) <= 1e-10, "\(field.name)")
            }
        }
    }

    /// A read-out that a drive alone moves: V = D (1 - e^{-t / tau_m}) up to the end, or to the inhibition that cuts it.
    @Test(arguments: ratios)
    func readoutsRise(_ ratio: Double) throws {
        let parameters = LIFParameters(tauMem: [ratio], tauSyn: [1], drive: [0.7])
        for (weights, times, top) in [([0.0], [], 2.0), ([-9], [1.5], 1.5)] as [([Double], [Double], Double)] {
            let (network, recording) = try run(parameters, weights: weights, times: times, endTime: 2, leaky: true)
            let layer = recording.layers[0]
            let expected = -0.7 * expm1(-top / ratio)
            #expect(layer.maximumTimes == [top] && abs(layer.maxima[0] / expected - 1) <= 1e-14)
            let g = try gradients(network, recording, leaky: true)
            #expect(abs(g.neurons[0].drive[0] * 0.7 / expected - 1) <= 1e-13)
            #expect(g.weights[0] == [0])
            if !times.isEmpty { #expect(abs(g.inputTimes[0] / (0.7 * exp(-top / ratio) / ratio) - 1) <= 1e-13) }
        }
    }

    @Test func whatNeverEndsIsRefused() throws {
        for (drive, leaky) in [(1.0, false), (2, false), (0.1, true)] {
            #expect(throws: SpinnpropError.self) { _ = try run(LIFParameters(drive: [drive]), leaky: leaky) }
            _ = try run(LIFParameters(drive: [drive]), endTime: 0.01, leaky: leaky)
        }
        for (drive, leaky) in [(1.0.nextDown, false), (-1, true), (-1e5, false)] {
            #expect(try run(LIFParameters(drive: [drive]), leaky: leaky).recording.layers[0].spikeCount == 0)
        }
    }

    @Test func valuesThatNoNeuronHas() throws {
        var network = try Network(sizes: [1, 2])
        let before = network
        for bad in [Double.nan, .infinity, -.infinity, 1e300, -1e300, 1.1e6, -1.1e6] {
            #expect(throws: SpinnpropError.self, "\(bad)") {
                try network.setParameters(LIFParameters(drive: [0, bad]), layer: 0)
            }
        }
        for bad in [Double.nan, .infinity, -.infinity, -1e-300, -1] {
            #expect(throws: SpinnpropError.self, "\(bad)") {
                try network.setParameters(LIFParameters(refractory: [0, bad]), layer: 0)
            }
        }
        #expect(network == before)
        let huge = LIFParameters(threshold: [.greatestFiniteMagnitude], drive: [1])
        #expect(throws: SpinnpropError.self) { try network.setParameters(huge, layer: 0) }
    }

    @Test func fingerprintsAndFilesHaveThem() throws {
        let plain = try Network(sizes: [2, 3, 1])
        var prints = Set([plain.fingerprint])
        for parameters in [
            LIFParameters(drive: [0.5]), LIFParameters(refractory: [0.5]),
            LIFParameters(drive: [0.1, -2, 3], refractory: [0, 1, 2]),
        ] {
            var own = plain
            try own.setParameters(parameters, layer: 0)
            #expect(prints.insert(own.fingerprint).inserted)
            #expect(try NetworkFile.network(NetworkFile.content(own).bytes) == own)
        }
    }

    /// Measured spikes that are the model's own have the model's gradients; within a refractory period they are refused.
    @Test(arguments: GradientSweepTests.driven)
    func measuredSpikes(_ configuration: Configuration) throws {
        let instance = try RandomCase(configuration, seed: 3)
        let own = try instance.forward()
        let layers = own.layers.filter(\.isSpiking).map(\.spikes)
        let measured = try Recording.measured(
            instance.network, instance.input, layers, endTime: instance.options.endTime)
        let objective = Objective(
            loss: LinearLoss(seed: 1, unit: configuration.tauSyn, needsLeakyReadout: configuration.leaky),
            labels: [Int](repeating: 0, count: instance.input.sampleCount), wantsNeurons: true)
        let expected = try EventAdjoint().backward(instance.network, own, objective, monitor: nil)
        let g = try EventAdjoint().backward(instance.network, measured, objective, monitor: nil)
        for index in expected.weights.indices {
            #expect(normRelative(g.weights[index], expected.weights[index]) <= 1e-9)
        }
        for (own, reference) in zip(g.neurons, expected.neurons) {
            for field in LIFParameters.fields {
                #expect(normRelative(own[keyPath: field.path], reference[keyPath: field.path]) <= 1e-9, "\(field.name)")
            }
        }
        for layer in layers.indices {
            let deviations = try measured.deviations(layer: layer)
            #expect(deviations.allSatisfy { $0.isNaN || abs($0) <= 1e-12 * configuration.tauSyn }, "\(instance)")
        }
        guard configuration.refractory != nil, !configuration.leaky else { return }
        var network = instance.network
        for layer in network.layers.indices {
            var parameters = network.layers[layer].parameters
            parameters.refractory = [1]
            try network.setParameters(parameters, layer: layer)
        }
        #expect(throws: SpinnpropError.self) {
            _ = try Recording.measured(network, instance.input, layers, endTime: instance.options.endTime)
        }
    }
}
