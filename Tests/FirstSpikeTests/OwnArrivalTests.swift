// Arrivals that neurons sort each for itself, against the same that all share: sizes that leave lanes over, ties, ends of runs, late and wide times.
import FirstSpike
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct OwnArrivalTests {
    /// A layer in which arrivals come at the same times by way of the input's times and by way of synaptic delays.
    struct Twins {
        var shared: Network
        var own: Network
        let sharedInput: SpikeTrains
        let ownInput: SpikeTrains

        /// - Parameter arrivals: one per input unit, each a multiple of `unit`, so that sums of times and delays are exact.
        init(ratio: Int, arrivals: [Int], unit: Double, weights: [Double], neurons: Int, seed: UInt64) throws {
            let count = arrivals.count
            let parameters = [LIFParameters(tauMem: [Double(ratio)], tauSyn: [1])]
            shared = try Network(sizes: [count, neurons], parameters: parameters)
            own = try Network(sizes: [count, neurons], parameters: parameters, delays: [.synaptic])
            try shared.setWeights(weights, connection: 0)
            try own.setWeights(weights, connection: 0)
            var random = RandomStream(seed: seed, stream: 7)
            let sent = arrivals.map { $0 == 0 ? 0 : random.index(below: $0 + 1) }
            try own.setDelays(
                (0..<neurons).flatMap { _ in zip(arrivals, sent).map { unit * Double($0 - $1) } }, connection: 0)
            let units = (0..<count).map { Int32($0) }
            sharedInput = try SpikeTrains(
                times: arrivals.map { unit * Double($0) }, units: units, offsets: [0, count], unitCount: count)
            ownInput = try SpikeTrains(
                times: sent.map { unit * Double($0) }, units: units, offsets: [0, count], unitCount: count)
        }

        func run(endTime: Double = .infinity) throws -> (shared: Recording, own: Recording) {
            let options = ForwardOptions(endTime: endTime)
            return (
                try FirstSpikeSubstrate().forward(shared, sharedInput, options: options, monitor: nil),
                try FirstSpikeSubstrate().forward(own, ownInput, options: options, monitor: nil)
            )
        }

        func gradients(_ recordings: (shared: Recording, own: Recording)) throws -> (shared: Gradients, own: Gradients)
        {
            let objective = Objective(loss: LinearLoss(seed: 4, unit: 1), labels: [0])
            return (
                try FirstSpikeRule().backward(shared, recordings.shared, objective, monitor: nil),
                try FirstSpikeRule().backward(own, recordings.own, objective, monitor: nil)
            )
        }
    }

    private func expectAgreement(_ twins: Twins, endTime: Double = .infinity, _ place: String) throws -> Int {
        let recordings = try twins.run(endTime: endTime)
        for (a, b) in zip(recordings.shared.firstSpikeTimes, recordings.own.firstSpikeTimes) {
            #expect(a == b || abs(a - b) <= 1e-13 * max(1, abs(a)), "\(place): \(a) and \(b)")
        }
        let gradients = try twins.gradients(recordings)
        #expect(normRelative(gradients.own.weights[0], gradients.shared.weights[0]) <= 1e-11, "\(place)")
        #expect(normRelative(gradients.own.inputTimes, gradients.shared.inputTimes) <= 1e-11, "\(place)")
        return recordings.shared.layers[0].spikeCount
    }

    /// 1, 2, 3, 5 neurons; few arrivals, which neighbours exchange, and more than are ranked pair by pair; ties among them.
    @Test(arguments: [1, 2], [1, 2, 3, 5])
    func remainders(_ ratio: Int, _ neurons: Int) throws {
        var spikes = 0
        for (number, count) in [1, 2, 3, 4, 5, 8, 9, 33, 64, 65, 130].enumerated() {
            for span in [0, 3, 1 << 12] {
                var random = RandomStream(seed: UInt64(number), stream: UInt64(span + neurons))
                let arrivals = (0..<count).map { _ in random.index(below: span + 1) }
                let weights = (0..<count * neurons).map { _ in (0.7 + random.normal()) * 12 / Double(count) }
                let twins = try Twins(
                    ratio: ratio, arrivals: arrivals, unit: span > 3 ? 0x1p-11 : 0.25, weights: weights,
                    neurons: neurons, seed: UInt64(number + 1))
                let place = "\(count) arrivals at \(neurons) neurons within \(span)"
                spikes += try expectAgreement(twins, place)
                _ = try expectAgreement(twins, endTime: 0.5, place + ", ended")
            }
        }
        #expect(spikes > 5 * neurons)
    }

    /// Times that are late, and so far apart that their exponentials do not fit into float64 side by side.
    @Test(arguments: [1, 2])
    func lateAndWide(_ ratio: Int) throws {
        let weights = [1.0, -0.5, 2, 8, 1, 0.3, 9, -1, 2, 4]
        for (offset, step) in [(0, 1), (1 << 30, 1), (0, 100), (0, 5000), (1 << 30, 5000)] {
            let twins = try Twins(
                ratio: ratio, arrivals: [3, 1, 2, 4, 0].map { offset + $0 * step }, unit: 0.5, weights: weights,
                neurons: 2, seed: 9)
            #expect(try expectAgreement(twins, "offset \(offset), step \(step)") == 2)
        }
    }

    /// A dendrite's delay moves the spike and nothing else, to the bit of the sum.
    @Test(arguments: [1, 2])
    func dendriticShift(_ ratio: Int) throws {
        let layer = try SingleLayer(
            ratio: ratio, times: [0.25, 0.5], weights: [[4, 8], [5, 1], [6, 7], [0, 1], [3, 9]])
        var network = try Network(
            sizes: [2, 5], parameters: [layer.network.layers[0].parameters], delays: [.dendritic])
        try network.setWeights(layer.network.connections[0].weights, connection: 0)
        let delays = [0, 0.5, 1, 2, 4]
        try network.setDelays(delays, connection: 0)
        let times = try FirstSpikeSubstrate().forward(network, layer.input, options: ForwardOptions(), monitor: nil)
            .firstSpikeTimes
        for (n, time) in try layer.run().firstSpikeTimes.enumerated() {
            #expect(times[n] == time + delays[n] || abs(times[n] - time - delays[n]) <= times[n].ulp, "\(n)")
        }
        // An end between two spikes.
        let middle = (times[0] + times[1]) / 2
        let ended = try FirstSpikeSubstrate().forward(
            network, layer.input, options: ForwardOptions(endTime: middle), monitor: nil)
        #expect(ended.firstSpikeTimes == times.map { $0 <= middle ? $0 : .infinity })
    }
}
