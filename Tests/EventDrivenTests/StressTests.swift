// Single neurons with parameters from many orders of magnitude.
import EventDriven
import Foundation
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct StressTests {
    /// Spikes on the threshold, none missed, whatever the time constants, thresholds, resets and weights.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func wideParameters(_ block: UInt64) throws {
        var worst = 0.0
        var worstExcess = 0.0
        var spikes = 0
        for seed in block * StressTests.perBlock..<(block + 1) * StressTests.perBlock {
            var random = RandomStream(seed: seed, stream: 5)
            func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * random.uniform() }
            let special = [0.25, 0.5, 1, 2, 4][Int(random.uniform() * 5)]
            let ratio = random.uniform() < 0.5 ? special : exp(uniform(-5, 5))
            let tauSyn = exp(uniform(-6, 3))
            let threshold = exp(uniform(-4, 4))
            // From far below rest to just below the threshold.
            let reset = random.uniform() < 0.5 ? 0 : threshold * (1 - exp(uniform(-6, 2)))
            let neuron = LIFNeuron(tauMem: ratio * tauSyn, tauSyn: tauSyn, threshold: threshold, reset: reset)
            let unit = threshold / PostsynapticPotential(neuron).peak
            let n = 1 + Int(random.uniform() * 6)
            let weights = (0..<n).map { _ in unit * uniform(-1, 1.5) * (random.uniform() < 0.3 ? 10 : 1) }
            let span = exp(uniform(-2, 3)) * tauSyn * sqrt(ratio)
            let times = (0..<n).map { _ in span * random.uniform() }
            let delays: DelayKind = random.uniform() < 0.5 ? .none : .synaptic  // another code path, all delays 0
            var network = try Network(
                sizes: [n, 1],
                parameters: [
                    LIFParameters(
                        tauMem: [neuron.tauMem], tauSyn: [tauSyn], threshold: [threshold], reset: [reset])
                ], delays: [delays])
            try network.setWeights(weights, connection: 0)
            let input = try SpikeTrains(
                times: times, units: (0..<n).map { Int32($0) }, offsets: [0, n], unitCount: n)
            let place = "seed \(seed), \(neuron), weights \(weights), times \(times), delays \(delays)"
            let recording: Recording
            do {
                recording = try EventSubstrate().forward(
                    network, input, options: ForwardOptions(maxSpikes: 300), monitor: nil)
            } catch {
                // More than 300 spikes: not what this looks at.
                #expect(error.kind == .tooManySpikes, "\(place): \(error)")
                continue
            }
            let history = histories(network, recording)[0]
            for (k, spike) in history.spikes.enumerated() {
                spikes += 1
                // V known to rounding of its parts, t to rounding of itself; each spike before adds its own.
                let rounding =
                    Double(k + 1) * Double.ulpOfOne
                    * (history.magnitude(spike) + 2 * history.current(spike) * (1 + spike / neuron.tauMem))
                let error = abs(history.membrane(spike) - threshold)
                worst = max(worst, error / rounding)
                #expect(error <= rounding, "\(place): V off by \(error), spike \(k) at \(spike)")
            }
            let end = span + 50 * max(neuron.tauMem, tauSyn)
            let events = (times + history.spikes + [end]).sorted()
            for (left, right) in zip(events, events.dropFirst()) where right > left {
                for step in 1..<16 {
                    let time = left + (right - left) * pow(Double(step) / 16, 2)
                    guard time > left, time < right else { continue }
                    let excess = (history.membrane(time) - threshold) / history.magnitude(time)
                    worstExcess = max(worstExcess, excess)
                    #expect(excess <= 1e-12, "\(place): V above the threshold by \(excess) at \(time)")
                }
            }
        }
        print("stress: block \(block): \(spikes) spikes, worst error \(worst) roundings, worst excess \(worstExcess)")
        #expect(spikes > 100)
    }

    static let perBlock: UInt64 = 50
}
