// Training in the loop: what a session does is what its substrate and the exact engine's rule do by hand, on any number of threads.
import EventDriven
import Mathematics
import Networks
import Spikes
import Testing

@testable import BrainScaleS2
@testable import TestSupport

@Suite(.serialized)
struct SessionTests {
    /// A calibrated chip and one without imperfections, with every kind of network.
    @Test(arguments: [1, 3])
    func sessionsTrainAsByHand(_ threads: Int) throws {
        let optimizers = everyOptimizer
        let batches = try (1...3).map { try input(5, seed: UInt64($0)) }
        try withThreads(threads) {
            for (index, (name, network, forward)) in try networks().enumerated() {
                let loss = countLoss(needsLeakyReadout: network.layers.last?.isSpiking == false)
                for chip in [BrainScaleS2Chip.standard, try chip()] {
                    let own = try engine(chip)
                    let difference = try differenceOfSession(
                        own, plain: (own, EventAdjoint()), network, batches,
                        { _ in
                            Objective(loss: loss, labels: (0..<40).map { $0 % 3 }, wantsInputTimes: false)
                        }, optimizers[(3 * index + threads) % optimizers.count], forward: forward)
                    #expect(difference == nil, "\(name)")
                }
            }
        }
    }

    /// Noise, too, is drawn from streams of its own: the same spikes on any machine and any number of threads.
    @Test func noisyRunsHaveKnownBits() throws {
        var network = try Network(sizes: [5, 30, 3], delays: [.axonal])
        try fill(&network, mean: 2.5, spread: 1.5)
        for threads in [1, 2, 5] {
            let recording = try withThreads(threads) {
                try engine(BrainScaleS2Chip.standard).forward(
                    network, input(5), options: ForwardOptions(), monitor: nil)
            }
            var bits = Fingerprint()
            for layer in recording.layers { bits.add(layer.spikes) }
            #expect(
                bits.value == 18_199_848_262_316_228_867, "\(threads) threads: \(recording.layers.map(\.spikeCount))")
        }
    }

    /// An engine and its copies count together what a slow link loses.
    @Test func lostEventsAreCounted() throws {
        var network = try Network(sizes: [200, 4])
        try fill(&network, mean: 0, spread: 0)
        let burst = try SpikeTrains(
            times: [Double](repeating: 1e-3, count: 200), units: (0..<200).map { Int32($0) }, offsets: [0, 200],
            unitCount: 200)
        let own = try engine(chip { $0.eventInterval = 8e-9 }) { $0.countLosses = true }
        let copy = own
        _ = try own.forward(network, burst, options: ForwardOptions(), monitor: nil)
        #expect(own.lostEvents == 200 - EventLink.queueLength - 1 && copy.lostEvents == own.lostEvents)
        let session = try copy.session(
            network, optimizer: Optimizer(OptimizerOptions(), for: network), options: ForwardOptions())
        let loss = countLoss(needsLeakyReadout: false)
        _ = try session.batch(burst, Objective(loss: loss, labels: [0]), monitor: nil)
        #expect(own.lostEvents == 2 * (200 - EventLink.queueLength - 1))
        #expect(try engine(chip()).lostEvents == 0)
    }

    /// What is said beforehand is what is carried: in 30 ms, 3,750 periods of the clock that float64 has no quotient of.
    @Test func whatIsCarriedIsForetold() throws {
        var load = BrainScaleS2Load()
        load.duration = 30e-3
        let most = load.carried(speedup: 1000)
        #expect(most == 3750 + EventLink.queueLength + 1)
        var network = try Network(sizes: [1, 2])
        try fill(&network, mean: 0, spread: 0)
        for (count, isRefused) in [(most, false), (most + 1, true)] {
            let input = try SpikeTrains(
                times: (0..<count).map { 30e-3 * Double($0) / Double(count - 1) },
                units: [Int32](repeating: 0, count: count), offsets: [0, count], unitCount: 1)
            let own = try engine(BrainScaleS2Chip.standard)
            if isRefused {
                #expect(throws: SpinnpropError.self) { try own.check(input) }
            } else {
                _ = try own.forward(network, input, options: ForwardOptions(), monitor: nil)
                #expect(own.lostEvents == 0)
            }
        }
    }

    /// A plain session does not find when the model would have spiked; its gradient has the same bits.
    @Test func gradientsDoNotDependOnDeviations() throws {
        for (name, network, forward) in try networks() {
            var without = forward
            without.findsDeviations = false
            let own = try engine(BrainScaleS2Chip.standard)
            let objective = Objective(
                loss: countLoss(needsLeakyReadout: network.layers.last?.isSpiking == false),
                labels: (0..<40).map { $0 % 3 }, wantsInputTimes: false)
            let found = try [forward, without].map { options in
                let recording = try own.forward(network, input(5), options: options, monitor: nil)
                return (recording, try EventAdjoint().backward(network, recording, objective, monitor: nil))
            }
            #expect(found[0].1.weights == found[1].1.weights && found[0].1.delays == found[1].1.delays, "\(name)")
            if network.layers[0].isSpiking {
                #expect(try found[0].0.deviations(layer: 0).count == 40 * network.layers[0].neuronCount)
                #expect(throws: SpinnpropError.self) { try found[1].0.deviations(layer: 0) }
            }
        }
    }

    /// Of what is within the limit nothing is lost when it is spread evenly; what is beyond it loses events however it lies, and is refused unless
    /// losses are counted.
    @Test func inputsOfTooManyEventsAreRefused() throws {
        var network = try Network(sizes: [1, 2])
        try fill(&network, mean: 0, spread: 0)
        let interval = 8e-9 * 1000
        for intervals in [0, 0.5, 3, 10.5, 1000.5, 3750] {
            let duration = intervals * interval
            let most = Int(intervals) + EventLink.queueLength + 1
            for (count, isRefused) in [(most, false), (most + 1, true)] {
                let even = (0..<count).map { 1e-3 + duration * Double($0) / Double(count - 1) }
                for times in [
                    even, Array(even.reversed()), [even[0]] + [Double](repeating: even[count - 1], count: count - 1),
                ] {
                    let input = try SpikeTrains(
                        times: times, units: [Int32](repeating: 0, count: count), offsets: [0, 0, count], unitCount: 1)
                    let strict = try engine(chip { ($0.eventInterval, $0.resolution) = (8e-9, 0) })
                    let counting = try engine(chip { ($0.eventInterval, $0.resolution) = (8e-9, 0) }) {
                        $0.countLosses = true
                    }
                    _ = try counting.forward(network, input, options: ForwardOptions(), monitor: nil)
                    #expect(counting.lostEvents > 0 || !isRefused, "\(count) in \(duration) s")
                    if isRefused {
                        let error = #expect(throws: SpinnpropError.self) { try strict.check(input) }
                        #expect(error?.kind == .unsupported)
                        #expect(throws: SpinnpropError.self) {
                            try strict.forward(network, input, options: ForwardOptions(), monitor: nil)
                        }
                    } else {
                        _ = try strict.forward(network, input, options: ForwardOptions(), monitor: nil)
                        #expect(strict.lostEvents == 0 || times[1] == times[count - 1], "\(count) in \(duration) s")
                    }
                }
            }
        }
    }
}
