// Spikes where the membrane reaches the threshold, all of them, and no others.
import EventDriven
import Foundation
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

/// One neuron, one sample.
func runNeuron(
    tauMem: Double, tauSyn: Double, weights: [Double], times: [Double], threshold: Double = 1, reset: Double = 0,
    options: ForwardOptions = ForwardOptions()
) throws -> Recording {
    var network = try Network(
        sizes: [weights.count, 1],
        parameters: [LIFParameters(tauMem: [tauMem], tauSyn: [tauSyn], threshold: [threshold], reset: [reset])])
    try network.setWeights(weights, connection: 0)
    let input = try SpikeTrains(
        times: times, units: times.indices.map { Int32($0 % weights.count) }, offsets: [0, times.count],
        unitCount: weights.count)
    return try EventSubstrate().forward(network, input, options: options, monitor: nil)
}

struct SpikeTimeTests {
    static let ratios = [4, 2, 1, 0.5, 0.25, 3.3, 0.7, 1 + 1e-14, 1 - 1e-9, 2 + 1e-9, 4 - 1e-9, 100, 0.01] as [Double]

    @Test(arguments: GradientSweepTests.configurations)
    func membraneIsAtThreshold(_ configuration: Configuration) throws {
        var worst = 0.0
        var count = 0
        for seed in 11...13 as ClosedRange<UInt64> {
            let instance = try RandomCase(configuration, seed: seed)
            let recording = try instance.forward()
            for history in histories(instance.network, recording) {
                for spike in history.spikes {
                    let error = abs(history.membrane(spike) - history.neuron.threshold) / history.neuron.threshold
                    worst = max(worst, error)
                    count += 1
                    #expect(
                        error <= 1e-12,
                        "\(instance): \(history) at \(spike)")
                    #expect(
                        history.current(spike) + history.neuron.drive > history.neuron.threshold,
                        "\(instance): not from below at \(spike)")
                }
                #expect(history.spikes == history.spikes.sorted(), "\(instance)")
            }
            for (layer, own) in recording.layers.enumerated() where own.isSpiking {
                // Order of time, ties in order of unit; currents those of the membrane equation.
                let spikes = own.spikes
                for sample in 0..<spikes.sampleCount {
                    let (times, units) = spikes[sample]
                    let pairs = Array(zip(times, units))
                    #expect(zip(pairs, pairs.dropFirst()).allSatisfy { $0 < $1 }, "\(instance), layer \(layer)")
                }
            }
        }
        print("V = threshold: \(configuration): \(count) spikes, worst error \(worst)")
        #expect(count > 20)
    }

    @Test(arguments: GradientSweepTests.configurations.filter { $0.samples <= 3 })
    func noCrossingIsMissed(_ configuration: Configuration) throws {
        var worst = -Double.infinity
        for seed in 21...22 as ClosedRange<UInt64> {
            let instance = try RandomCase(configuration, seed: seed)
            for history in histories(instance.network, try instance.forward())
            where instance.network.layers[history.layer].isSpiking {
                let horizon = min(
                    instance.options.endTime,
                    (history.arrivals.map(\.time).max() ?? 0) + 10 * max(history.neuron.tauMem, history.neuron.tauSyn))
                let events = (history.arrivals.map(\.time) + history.spikes + [horizon]).filter { $0 <= horizon }
                    .sorted()
                for (left, right) in zip(events, events.dropFirst()) where right > left {
                    for k in 1..<8 {
                        let time = left + (right - left) * Double(k) / 8
                        guard time > left, time < right else { continue }
                        let excess = history.membrane(time) / history.neuron.threshold - 1
                        worst = max(worst, excess)
                        #expect(
                            excess <= 1e-12,
                            "\(instance): \(history) at \(time)")
                    }
                }
            }
        }
        #expect(worst <= 1e-12)
    }

    /// The threshold just below and just above the largest membrane value of random input.
    @Test(arguments: ratios)
    func bothSidesOfTheThreshold(_ ratio: Double) throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            var configuration = Configuration(sizes: [3, 1], ratio: ratio, samples: 1)
            configuration.gain = 1
            let instance = try RandomCase(configuration, seed: seed)
            let parameters = instance.network.layers[0].parameters
            func forward(threshold: Double) throws -> Recording {
                var network = instance.network
                try network.setParameters(
                    LIFParameters(
                        tauMem: parameters.tauMem, tauSyn: parameters.tauSyn, threshold: [threshold], reset: [0]),
                    layer: 0)
                return try instance.forward(network)
            }
            // Far above: no spike, so the membrane is that of the input alone.
            let history = histories(instance.network, try forward(threshold: 1e6))[0]
            let events = (history.arrivals.map(\.time) + [1e3 * configuration.tauSyn * max(1, ratio)]).sorted()
            var largest = 0.0
            for (left, right) in zip(events, events.dropFirst()) {
                // Where V rises on both sides of the middle its maximum is later: V' = 0 by bisection on I - V.
                var (low, high) = (left, right)
                for _ in 0..<200 {
                    let middle = (low + high) / 2
                    if history.current(middle) > history.membrane(middle) { low = middle } else { high = middle }
                }
                largest = max(largest, history.membrane(low), history.membrane(right))
            }
            guard largest > 0 else { continue }
            for distance in [1e-3, 1e-6, 1e-9, 1e-12] {
                let below = try forward(threshold: largest * (1 - distance)).layers[0]
                #expect(below.spikeCount >= 1, "seed \(seed), ratio \(ratio), threshold \(distance) below the peak")
                let above = try forward(threshold: largest * (1 + distance)).layers[0]
                #expect(above.spikeCount == 0, "seed \(seed), ratio \(ratio), threshold \(distance) above the peak")
            }
        }
    }

    @Test(arguments: ratios)
    func oneInputAroundTheThreshold(_ ratio: Double) throws {
        let neuron = LIFNeuron(tauMem: ratio, tauSyn: 1, threshold: 1, reset: 0)
        let critical = 1 / PostsynapticPotential(neuron).peak
        for distance in [1e-2, 1e-4, 1e-6, 1e-8, 1e-10, 1e-12] {
            let silent = try runNeuron(tauMem: ratio, tauSyn: 1, weights: [critical * (1 - distance)], times: [0.25])
            #expect(silent.layers[0].spikeCount == 0, "ratio \(ratio), distance \(distance)")
            #expect(silent.firstSpikeTimes == [.infinity])
            let spiking = try runNeuron(tauMem: ratio, tauSyn: 1, weights: [critical * (1 + distance)], times: [0.25])
            #expect(spiking.layers[0].spikeCount >= 1, "ratio \(ratio), distance \(distance)")
            guard let time = spiking.layers[0].spikes.times.first else { continue }
            let reached = critical * (1 + distance) * PostsynapticPotential(neuron)(time - 0.25)
            #expect(abs(reached - 1) <= 1e-12, "ratio \(ratio), distance \(distance): V = \(reached) at \(time)")

            // I - theta = tau_m V' vanishes as the root of the distance to the peak.
            let diagnostics = Diagnostics(spiking, layer: 0)
            let slope = spiking.layers[0].currents[0] - 1
            #expect(slope > 0 && diagnostics.smallestSlope <= slope)
            #expect(diagnostics.nearTangentialSpikes >= (slope < 1e-3 ? 1 : 0), "ratio \(ratio), slope \(slope)")
            if distance <= 1e-10 { #expect(diagnostics.nearTangentialSpikes >= 1, "ratio \(ratio), slope \(slope)") }
            // A derivative that explodes is reported as it is: finite and in proportion to 1/slope.
            var network = try Network(
                sizes: [1, 1], parameters: [LIFParameters(tauMem: [ratio], tauSyn: [1], threshold: [1], reset: [0])])
            try network.setWeights([critical * (1 + distance)], connection: 0)
            let gradients = try EventAdjoint().backward(
                network, spiking,
                Objective(loss: LinearLoss(seed: 1, unit: 1, firstOnly: true, isPlain: true), labels: [0]), monitor: nil
            )
            let expected = -ratio * PostsynapticPotential(neuron)(time - 0.25) / slope
            #expect(
                abs(gradients.weights[0][0] / expected - 1) <= 1e-9,
                "ratio \(ratio), distance \(distance): \(gradients.weights[0][0]) instead of \(expected)")
        }
    }

    /// Very strong input crosses so soon that the coordinate e^{-t / tau_m} alone would lose the last digits of the time.
    @Test(arguments: ratios)
    func strongInputIsAtThresholdToo(_ ratio: Double) throws {
        let potential = PostsynapticPotential(LIFNeuron(tauMem: ratio, tauSyn: 1, threshold: 1, reset: 0))
        for weight in [500, 5e3, 2e4, 1e5, 1e6, 1e7, 1e9] as [Double] {
            let recording = try runNeuron(
                tauMem: ratio, tauSyn: 1, weights: [weight], times: [0],
                options: ForwardOptions(endTime: 1.5 * ratio / weight))
            let first = try #require(recording.layers[0].spikes.times.first)
            let reached = weight * potential(first)
            #expect(abs(reached - 1) <= 1e-12, "ratio \(ratio), weight \(weight): V = \(reached) at \(first)")
        }
    }

    @Test func endTimeIsInclusive() throws {
        for delays in [DelayKind.none, .synaptic] {
            for isRecurrent in [false, true] {
                for ratio in [4, 2, 1, 0.5, 3.3] as [Double] {
                    var configuration = Configuration(ratio: ratio, delays: [delays], samples: 1)
                    configuration.recurrent = isRecurrent
                    var instance = try RandomCase(configuration, seed: 5)
                    let all = try instance.forward()
                    for layer in 0..<2 {
                        for time in all.layers[layer].spikes.times {
                            instance.options.endTime = time
                            let upTo = try instance.forward().layers[layer].spikes.times
                            #expect(
                                upTo == all.layers[layer].spikes.times.filter { $0 <= time },
                                "\(instance), t_end \(time)")
                            instance.options.endTime = time.nextDown
                            let before = try instance.forward().layers[layer].spikes.times
                            #expect(
                                before == all.layers[layer].spikes.times.filter { $0 < time },
                                "\(instance), t_end before \(time)")
                        }
                    }
                }
            }
        }
    }
}
