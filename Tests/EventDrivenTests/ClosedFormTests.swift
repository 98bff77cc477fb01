// The engine's first spikes and their derivatives against the closed forms for tau_mem = tau_syn and 2 tau_syn.
import EventDriven
import Foundation
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

/// First spikes in closed form (Göltz et al. 2021, arXiv 1912.11443), tau_syn = threshold = 1, weights in the units of
/// tau_m dV/dt = -V + I. Restated here from the published equations; exponents relative to the latest input.
private struct ClosedForm {
    let time: Double
    let byWeight: [Double]
    let byTime: [Double]

    /// W0 by Newton's method on w e^w = z, z >= -1/e.
    private static func lambertW(_ z: Double) -> Double {
        var w = z > 1 ? log(z) : (z > -0.3 ? z : -1 + sqrt(2 * max(0, 1 + M_E * z)))
        for _ in 0..<100 {
            let step = (w * exp(w) - z) / (exp(w) * (1 + w))
            w -= step
            if abs(step) < 1e-17 * abs(w) { break }
        }
        return w
    }

    /// The earliest spike that a prefix of the inputs, sorted, causes before the next input.
    init?(ratio: Int, times: [Double], weights: [Double]) {
        let order = times.indices.sorted { times[$0] < times[$1] }
        for count in 1...order.count {
            let causal = Array(order[..<count])
            let last = times[causal[count - 1]]
            let next = count < order.count ? times[order[count]] : Double.infinity
            // Weights of the published units: (w / g_l) = w for ratio 1, w = 2 w' for ratio 2; c = theta g_l.
            let scale = ratio == 1 ? 1.0 : 0.5
            let c = ratio == 1 ? 1.0 : 0.5
            var a1 = 0.0
            var a2 = 0.0
            var b = 0.0
            for i in causal {
                let s = times[i] - last
                a1 += scale * weights[i] * exp(s)
                a2 += scale * weights[i] * exp(s / 2)
                b += scale * weights[i] * s * exp(s)
            }
            guard a1 > 0 else { continue }
            var byWeight = [Double](repeating: 0, count: times.count)
            var byTime = byWeight
            let t: Double
            if ratio == 1 {
                let z = -(c / a1) * exp(b / a1)
                guard z >= -exp(-1) else { continue }
                let w = ClosedForm.lambertW(z)
                t = b / a1 - w
                for i in causal {
                    let s = times[i] - last
                    byWeight[i] = -scale * exp(s) * (t - s) / (a1 * (1 + w))
                    byTime[i] = -scale * weights[i] * exp(s) * (t - s - 1) / (a1 * (1 + w))
                }
            } else {
                let square = a2 * a2 - 4 * a1 * c
                guard square >= 0, a2 + sqrt(square) > 0 else { continue }
                let root = sqrt(square)
                t = 2 * log(2 * a1 / (a2 + root))
                let k = 1 + (c / root) * exp(t / 2)
                for i in causal {
                    let s = times[i] - last
                    byWeight[i] = scale * 2 * (k * exp(s) / a1 - exp(s / 2) / root)
                    byTime[i] = scale * weights[i] * (2 * k * exp(s) / a1 - exp(s / 2) / root)
                }
            }
            guard t >= 0, t + last <= next else { continue }
            time = t + last
            self.byWeight = byWeight
            self.byTime = byTime
            return
        }
        return nil
    }
}

struct ClosedFormTests {
    private func run(ratio: Int, times: [Double], weights: [[Double]]) throws -> (Network, Recording) {
        var network = try Network(
            sizes: [times.count, weights.count],
            parameters: [LIFParameters(tauMem: [Double(ratio)], tauSyn: [1], threshold: [1], reset: [0])])
        try network.setWeights(weights.flatMap { $0 }, connection: 0)
        let input = try SpikeTrains(
            times: times, units: times.indices.map { Int32($0) }, offsets: [0, times.count], unitCount: times.count)
        return (network, try EventSubstrate().forward(network, input, options: ForwardOptions(), monitor: nil))
    }

    /// Reference values of the closed forms, to 12 digits.
    @Test func publishedValues() throws {
        let times = [0.3, 0.7, 1.2, 0.15]
        let weights = [[0.9, 0.8, 0.7, 0.5], [-0.4, 1.6, 1.1, 0.6], [0.3, 0.2, 0.4, -0.2]]
        let equal = try run(ratio: 1, times: times, weights: weights).1.firstSpikeTimes
        let double = try run(ratio: 2, times: times, weights: weights.map { $0.map { 2 * $0 } }).1.firstSpikeTimes
        for (own, expected) in zip(
            equal + double,
            [.infinity, 1.775248466488, .infinity, 1.255930746916, 1.434069072027, .infinity] as [Double])
        {
            #expect(own == expected || abs(own - expected) <= 1e-12, "\(own) instead of \(expected)")
        }
    }

    @Test(arguments: [1, 2])
    func randomInputs(_ ratio: Int) throws {
        var spiking = 0
        var silent = 0
        var worst = 0.0
        for seed in 0..<400 as Range<UInt64> {
            var random = RandomStream(seed: seed, stream: 9)
            let n = 1 + Int(random.uniform() * 8)
            let offset = seed % 10 == 0 ? 1000.0 : 0  // late inputs: exponents must be taken relative
            let times = (0..<n).map { _ in offset + 4 * random.uniform() }
            let weights = (0..<n).map { _ in 8 / Double(n) * (2 * random.uniform() - 0.5) }
            let (network, recording) = try run(ratio: ratio, times: times, weights: [weights])
            let own = recording.firstSpikeTimes[0]
            let place = "ratio \(ratio), seed \(seed), times \(times), weights \(weights)"
            guard let expected = ClosedForm(ratio: ratio, times: times, weights: weights) else {
                silent += 1
                #expect(own == .infinity, "\(place): \(own)")
                continue
            }
            spiking += 1
            // Rounding of V moves a near-tangential spike by its inverse slope.
            let slope = recording.layers[0].currents.first ?? 1
            let tolerance = 1e-13 * max(1, 1 / (slope - 1)) * max(1, expected.time)
            #expect(abs(own - expected.time) <= tolerance, "\(place): \(own) instead of \(expected.time)")
            guard own < .infinity, slope - 1 > 0.05 else { continue }
            let g = try EventAdjoint().backward(
                network, recording,
                Objective(loss: LinearLoss(seed: 1, unit: 1, firstOnly: true, isPlain: true), labels: [0]), monitor: nil
            )
            let error = max(
                normRelative(g.weights[0], expected.byWeight), normRelative(g.inputTimes, expected.byTime))
            worst = max(worst, error)
            #expect(error <= (offset == 0 ? 1e-11 : 1e-9), "\(place)")
            #expect(abs(g.inputTimes.reduce(0, +) - 1) <= (offset == 0 ? 1e-11 : 1e-9), "\(place)")
        }
        print("closed forms: ratio \(ratio): \(spiking) spike, \(silent) silent, worst gradient \(worst)")
        #expect(spiking > 100 && silent > 50)
    }
}
