// Where every neuron spikes at most once, closed forms and the exact engine find the same spikes and the same gradients.
import EventDriven
import FirstSpike
import Learning
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct FirstSpikeAgreementTests {
    /// Networks with so low a reset that no neuron spikes again.
    static let configurations: [Configuration] = {
        var all: [Configuration] = []
        for ratio in [1, 2] as [Double] {
            for delays in DelayKind.allCases {
                for sizes in [[5, 4], [4, 9, 3], [3, 6, 6, 6, 3]] {
                    all.append(
                        Configuration(
                            sizes: sizes, ratio: ratio, delays: [delays], reset: -1e12, samples: 20, gain: 2.5))
                }
            }
        }
        return all
    }()

    /// Time constants and thresholds of each neuron's own, at the same ratio.
    private func diverse(_ own: RandomCase) throws -> RandomCase {
        var own = own
        var random = RandomStream(seed: own.seed, stream: 3)
        for (index, layer) in own.network.layers.enumerated() {
            let factors = (0..<layer.neuronCount).map { _ in 0.7 + 0.6 * random.uniform() }
            let base = layer.parameters[0]
            let ratio = own.configuration.ratio ?? 1
            try own.network.setParameters(
                LIFParameters(
                    tauMem: factors.map { ratio * (base.tauSyn * $0) }, tauSyn: factors.map { base.tauSyn * $0 },
                    threshold: factors.map { $0 * $0 }, reset: [base.reset]), layer: index)
        }
        return own
    }

    @Test(arguments: configurations)
    func spikesAndGradients(_ configuration: Configuration) throws {
        var (spikes, worstTime, worstGradient) = (0, 0.0, 0.0)
        for seed in 1...6 as ClosedRange<UInt64> {
            let plain = try RandomCase(configuration, seed: seed)
            let own = seed % 3 == 0 ? try diverse(plain) : plain
            let exact = try own.forward(EventSubstrate())
            let closed = try own.forward(FirstSpikeSubstrate())
            for (a, b) in zip(closed.layers, exact.layers) {
                let (first, second) = (a.spikes, b.spikes)
                #expect(first.offsets == second.offsets && first.units == second.units, "\(own)")
                let error = worstRelative(first.times, second.times)
                #expect(error <= 1e-12, "\(own)")
                worstTime = max(worstTime, error)
                spikes += first.spikeCount
            }
            let rate = RateRegularisation(strength: 0.3, target: 0.5, tau: 4 * configuration.tauSyn)
            for loss in [TTFSCrossEntropy(), LinearLoss(seed: seed, unit: configuration.tauSyn)] as [any Loss] {
                let objective = Objective(loss: loss, labels: own.labels, rate: rate)
                let expected = try EventAdjoint().backward(own.network, exact, objective, monitor: nil)
                let gradients = try FirstSpikeRule().backward(own.network, closed, objective, monitor: nil)
                // A recording of either suits the rule of the other.
                let crossed = try FirstSpikeRule().backward(own.network, exact, objective, monitor: nil)
                let turned = try EventAdjoint().backward(own.network, closed, objective, monitor: nil)
                for other in [gradients, crossed, turned] {
                    #expect(abs(other.value - expected.value) <= 1e-11 * max(1, abs(expected.value)), "\(own)")
                    #expect(other.skippedCount == expected.skippedCount, "\(own)")
                    #expect(other.correctCount == expected.correctCount, "\(own)")
                    for (a, b) in zip(
                        other.weights + other.delays + [other.inputTimes],
                        expected.weights + expected.delays + [expected.inputTimes])
                    {
                        let error = normRelative(a, b)
                        #expect(error <= 1e-9, "\(own), \(loss.name)")
                        worstGradient = max(worstGradient, error)
                    }
                }
            }
        }
        print("agreement: \(configuration): \(spikes) spikes, worst time \(worstTime), gradient \(worstGradient)")
        #expect(spikes > 100)
    }

    /// First spikes of a single layer need no such reset: what comes after them changes no other.
    @Test(arguments: [1.0, 2.0])
    func firstOfManySpikes(_ ratio: Double) throws {
        for seed in 1...20 as ClosedRange<UInt64> {
            var own = try RandomCase(
                Configuration(sizes: [6, 11], ratio: ratio, samples: 10, spikesPerInput: 3, gain: 6), seed: seed)
            own.options.maxSpikes = nil
            let exact = try own.forward(EventSubstrate())
            let closed = try own.forward(FirstSpikeSubstrate())
            #expect(worstRelative(closed.firstSpikeTimes, exact.firstSpikeTimes) <= 1e-12, "\(own)")
            #expect(exact.layers[0].spikeCount > closed.layers[0].spikeCount, "\(own)")
        }
    }

    /// Targets that no single spike reaches.
    @Test func firstSpikesRefuseTargetsOfMoreThanOne() throws {
        let network = try Network(sizes: [2, 3, 2], parameters: [LIFParameters(tauMem: [10e-3], tauSyn: [5e-3])])
        let input = try SpikeTrains(times: [1e-3, 2e-3], units: [0, 1], offsets: [0, 1, 2], unitCount: 2)
        let recording = try FirstSpikeSubstrate().forward(network, input, options: ForwardOptions(), monitor: nil)
        func refusal(_ loss: any Loss, labels: [Int] = [], targets: [Double] = []) -> SpinnpropError? {
            do throws(SpinnpropError) {
                let objective = Objective(loss: loss, labels: labels, targets: targets)
                _ = try FirstSpikeRule().backward(network, recording, objective, monitor: nil)
                return nil
            } catch { return error }
        }
        let refused = [
            refusal(SpikeCountMSE(), targets: [0, 1, 2, 0]), refusal(SpikeCountMSE(), targets: [0, 1.0.nextUp, 1, 0]),
            refusal(SpikeCountMSE(), labels: [0, 1]),
            refusal(VanRossum(), targets: [1e-3, 2e-3, .infinity, .infinity, 1e-3, .infinity, 1e-3, .infinity]),
        ]
        for error in refused {
            #expect(error?.kind == .unsupported && error?.message.contains("\"event\" in its place") == true)
        }
        let taken = [
            refusal(SpikeCountMSE(), targets: [0, 1, 0.5, 0]), refusal(SpikeCountMSE(nLabel: 1), labels: [0, 1]),
            refusal(SpikeCountCrossEntropy(), labels: [0, 1]),
            refusal(VanRossum(), targets: [1e-3, .infinity, 2e-3, 1e-3]),
            refusal(VanRossum(), targets: [1e-3, .infinity, .infinity, 2e-3, 1e-3, .infinity, .infinity, .infinity]),
        ]
        #expect(taken.allSatisfy { $0 == nil }, "\(taken)")
    }
}
