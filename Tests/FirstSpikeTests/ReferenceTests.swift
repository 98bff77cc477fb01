// First spikes and their derivatives against a 50-digit solver that knows no closed form, and against published values.
import Foundation
import Networks
import Testing

@testable import TestSupport

struct FirstSpikeReference: Decodable, Sendable {
    let kind: String
    let ratio: Int
    let tauMem, threshold: Double
    let times, weights, byWeight, byTime: [Double]
    let time, current: Double?

    static let all: [FirstSpikeReference] = {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Reference/first_spike_reference.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let data = try? Data(contentsOf: path) else { return [] }
        return (try? decoder.decode([FirstSpikeReference].self, from: data)) ?? []
    }()
}

struct ReferenceTests {
    @Test func solver() throws {
        var (spikes, silent, worstTime, worstGradient) = (0, 0, 0.0, 0.0)
        for (index, reference) in FirstSpikeReference.all.enumerated() {
            let place = "case \(index), \(reference.kind), ratio \(reference.ratio)"
            let layer = try SingleLayer(
                ratio: reference.ratio, tauMem: reference.tauMem, threshold: reference.threshold,
                times: reference.times, weights: [reference.weights])
            let recording = try layer.run()
            let time = recording.firstSpikeTimes[0]
            guard let expected = reference.time, let current = reference.current else {
                silent += 1
                #expect(time == .infinity, "\(place)")
                continue
            }
            spikes += 1
            // What float64 makes of V moves a spike by its inverse slope; of late times it is their own rounding.
            let slope = (current - reference.threshold) / reference.threshold
            let unit = max(reference.tauMem, expected * 1e-3) * max(1, 1 / slope)
            worstTime = max(worstTime, abs(time - expected) / unit)
            #expect(abs(time - expected) <= 1e-14 * unit + expected.ulp, "\(place): \(time) instead of \(expected)")
            let (byWeight, byTime) = try layer.derivatives(recording)
            let late = max(1, expected / reference.tauMem)
            let error = max(normRelative(byWeight, reference.byWeight), normRelative(byTime, reference.byTime))
            worstGradient = max(worstGradient, error / late * min(1, slope * slope))
            #expect(error <= 1e-14 * late * max(1, 1 / (slope * slope)), "\(place): \(error), slope \(slope)")
            let sum = byTime.reduce(0, +)
            let size = byTime.reduce(0) { $0 + abs($1) }
            #expect(abs(sum - 1) <= 1e-14 * late * size * max(1, 1 / slope), "\(place): sum of dT/dt is \(sum)")
        }
        print("first spikes: \(spikes) spike, \(silent) silent, worst time \(worstTime), gradient \(worstGradient)")
        #expect(spikes >= 50 && silent >= 10)
    }

    /// To the digits given, weights in units in which tau_m = 2 tau_s has twice the response.
    @Test func publishedValues() throws {
        let times = [0.3, 0.7, 1.2, 0.15]
        let weights = [[0.9, 0.8, 0.7, 0.5], [-0.4, 1.6, 1.1, 0.6], [0.3, 0.2, 0.4, -0.2]]
        let equal = try SingleLayer(ratio: 1, times: times, weights: weights).run().firstSpikeTimes
        let double = try SingleLayer(ratio: 2, times: times, weights: weights.map { $0.map { 2 * $0 } }).run()
            .firstSpikeTimes
        for (own, expected) in zip(
            equal + double,
            [.infinity, 1.775248466488, .infinity, 1.255930746916, 1.434069072027, .infinity] as [Double])
        {
            #expect(own == expected || abs(own - expected) <= 5e-13, "\(own) instead of \(expected)")
        }
    }
}
