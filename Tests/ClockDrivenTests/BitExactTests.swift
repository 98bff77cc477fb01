// The engine against the plain restatement: spikes, membranes, currents, losses and gradients, bit for bit.
import ClockDriven
import Learning
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

@Suite(.serialized)
struct BitExactTests {
    /// Spikes of one sample of a layer, as the restatement has them.
    private func restatedSpikes(
        _ sample: RestatedSample, _ layer: Int, _ grid: TimeGrid
    ) -> [(time: Double, unit: Int32, current: Double, membrane: Double)] {
        var spikes: [(time: Double, unit: Int32, current: Double, membrane: Double)] = []
        for (i, row) in sample.spikes[layer].enumerated() {
            for (j, hasSpike) in row.enumerated() where hasSpike {
                spikes.append(
                    (
                        Double(i) * grid.timeStep, Int32(j), Double(sample.current[layer][i][j]),
                        Double(sample.membrane[layer][i][j])
                    ))
            }
        }
        return spikes
    }

    private func compareForward(_ own: RandomCase, _ recording: Recording, _ samples: [RestatedSample]) -> Int {
        var count = 0
        for (l, layer) in recording.layers.enumerated() where layer.isSpiking {
            let (trains, currents, membranes) = (layer.spikes, layer.currents, layer.membranes)
            for (b, sample) in samples.enumerated() {
                let wanted = restatedSpikes(sample, l, own.grid)
                let range = trains.offsets[b]..<trains.offsets[b + 1]
                #expect(range.count == wanted.count, "\(own), layer \(l), sample \(b)")
                for (n, spike) in zip(range, wanted) {
                    #expect(
                        trains.times[n] == spike.time && trains.units[n] == spike.unit && currents[n] == spike.current
                            && membranes[n] == spike.membrane, "\(own), layer \(l), sample \(b), spike \(spike)")
                }
                count += wanted.count
            }
        }
        guard !recording.outputLayer.isSpiking else { return count }
        for (b, sample) in samples.enumerated() {
            for (j, value) in sample.maxima.enumerated() {
                let at = b * recording.outputLayer.neuronCount + j
                let time = Double(max(0, sample.maximumSteps[j])) * own.grid.timeStep
                #expect(recording.outputLayer.maxima[at] == Double(value), "\(own), sample \(b), output \(j)")
                #expect(recording.outputLayer.maximumTimes[at] == time, "\(own), sample \(b), output \(j)")
            }
        }
        return count
    }

    /// Errors in steps as the loss gives them, and the loss.
    private func errors(
        _ own: RandomCase, _ recording: Recording, _ samples: [RestatedSample], _ loss: any Loss
    ) -> (values: [Double], errors: [[[[Float]]]]) {
        let scale = Float(1 / Double(samples.count))
        let last = own.network.layers.count - 1
        var sampler = OutputSampler(recording)
        var values: [Double] = []
        var all: [[[[Float]]]] = []
        for (part, range) in recording.partition.enumerated() {
            for (index, b) in range.enumerated() {
                var g = samples[b].membrane.map { $0.map { $0.map { _ in Float(0) } } }
                if let step = loss as? StepTTFSCrossEntropy {
                    let rows = samples[b].spikes[last]
                    let first = (0..<own.network.outputCount).map { j in rows.firstIndex { $0[j] } }
                    let (value, derivatives) = restatedStepLoss(
                        firstSteps: first, label: own.labels[b], steps: own.grid.steps, xi: Float(step.xi),
                        alpha: Float(step.alpha), beta: Float(step.beta))
                    values.append(Double(value))
                    for (j, i) in first.enumerated() { if let i { g[last][i][j] = derivatives[j] * scale } }
                } else {
                    sampler.withSample(part: part, index: index) { output, _ in
                        let count = max(output.spikeCount, output.outputCount)
                        var perSecond = [Double](repeating: 0, count: count)
                        values.append(
                            loss.evaluate(output, target: Target(label: own.labels[b]), errors: &perSecond).value)
                        if loss.needsLeakyReadout {
                            for (j, i) in samples[b].maximumSteps.enumerated() where i >= 0 {
                                g[last][i][j] = Float(perSecond[j]) * scale
                            }
                        } else {
                            for n in 0..<output.spikeCount {
                                let step = Int((output.times[n] / own.grid.timeStep).rounded())
                                g[last][step][Int(output.units[n])] = Float(perSecond[n] * own.grid.timeStep) * scale
                            }
                        }
                    }
                }
                all.append(g)
            }
        }
        return (values, all)
    }

    private func compareBackward(
        _ own: RandomCase, _ gradients: Gradients, _ samples: [RestatedSample], _ values: [Double]
    ) {
        let restatement = Restatement(network: own.network, grid: own.grid)
        #expect(gradients.value == values.reduce(0, +) / Double(values.count), "\(own)")
        for c in own.network.connections.indices {
            let wanted = restatement.weightGradient(samples, c).map { Double($0) }
            #expect(gradients.weights[c] == wanted, "\(own), weights of connection \(c)")
            let delays = restatement.delayGradient(samples, c).map { Double($0) }
            #expect(gradients.delays[c] == delays, "\(own), delays of connection \(c)")
        }
        for (b, sample) in samples.enumerated() {
            for n in own.input.offsets[b]..<own.input.offsets[b + 1] {
                let step = Int((own.input.times[n] / own.grid.timeStep).rounded(.toNearestOrEven))
                let wanted = sample.inputErrors[step][Int(own.input.units[n])] * Float(1 / own.grid.timeStep)
                #expect(gradients.inputTimes[n] == Double(wanted), "\(own), input spike \(n)")
            }
        }
    }

    @Test(arguments: 1...60 as ClosedRange<UInt64>)
    func equalsRestatement(seed: UInt64) throws {
        let own = try RandomCase(seed: seed, leaky: seed % 4 == 0)
        let restatement = Restatement(network: own.network, grid: own.grid)
        var samples = own.labels.indices.map { restatement.forward(own.input, $0) }
        let losses: [any Loss] =
            own.network.layers[own.network.layers.count - 1].isSpiking
            ? [StepTTFSCrossEntropy(), TTFSCrossEntropy(tau0: 3e-3), SpikeTimeMSE(), SpikeCountCrossEntropy()]
            : [VMaxCrossEntropy()]
        let threads = [1, 3]
        var recordings: [Recording] = []
        var count = 0
        for number in threads {
            try Threads.set(number)
            defer { try? Threads.set(0) }
            recordings.append(
                try ClockSubstrate(own.grid).forward(own.network, own.input, options: ForwardOptions(), monitor: nil))
            count = compareForward(own, recordings[recordings.count - 1], samples)
        }
        var norms: [Double] = []
        for loss in losses {
            let (values, errors) = errors(own, recordings[0], samples, loss)
            for b in samples.indices { restatement.backward(&samples[b], errors: errors[b]) }
            for (number, recording) in zip(threads, recordings) {
                try Threads.set(number)
                defer { try? Threads.set(0) }
                let gradients = try ClockRule(own.grid).backward(
                    own.network, recording, Objective(loss: loss, labels: own.labels), monitor: nil)
                compareBackward(own, gradients, samples, values)
                norms.append(gradients.weights.joined().reduce(0) { $0 + $1 * $1 }.squareRoot())
            }
        }
        print("\(own): \(count) spikes, gradients \(norms)")
    }

    /// One sample forward and backward, on one thread.
    private func compareOnce(_ own: RandomCase) throws {
        let restatement = Restatement(network: own.network, grid: own.grid)
        var samples = own.labels.indices.map { restatement.forward(own.input, $0) }
        let recording = try ClockSubstrate(own.grid).forward(
            own.network, own.input, options: ForwardOptions(), monitor: nil)
        let gradients = try ClockRule(own.grid).backward(
            own.network, recording, Objective(loss: StepTTFSCrossEntropy(), labels: own.labels), monitor: nil)
        let count = compareForward(own, recording, samples)
        #expect(count > 0 && recording.layers.allSatisfy { $0.spikeCount > 0 }, "\(own) does not spike")
        let (values, errors) = errors(own, recording, samples, StepTTFSCrossEntropy())
        for b in samples.indices { restatement.backward(&samples[b], errors: errors[b]) }
        compareBackward(own, gradients, samples, values)
    }

    /// Layers with several sources.
    @Test(arguments: 1...20 as ClosedRange<UInt64>)
    func severalSourcesEqualRestatement(seed: UInt64) throws {
        var configuration = Configuration(
            ratio: [4, nil, 1][Int(seed % 3)], recurrent: seed % 2 == 0, reset: 0.1, samples: 5, gain: 12)
        configuration.grid = TimeGrid(
            timeStep: 1e-3, steps: 40, decay: seed % 6 == 0 ? .euler : .exponential, copies: 1 + Int(seed % 3))
        configuration.wire(layers: 2 + Int(seed % 3), seed: seed)
        // One population is wider than a block.
        configuration.sizes[1] = 11
        try compareOnce(RandomCase(configuration, seed: seed))
    }

    /// What training calls gives what forward, backward and the optimiser give.
    @Test(arguments: 0..<18, [1, 3]) func sessionsKeepTheBits(seed: Int, threads: Int) throws {
        let own = try RandomCase(seed: UInt64(900 + seed), leaky: seed % 4 == 0)
        try Threads.set(threads)
        defer { try? Threads.set(0) }
        let isLeaky = !own.network.layers[own.network.layers.count - 1].isSpiking
        let loss: any Loss = isLeaky ? VMaxCrossEntropy() : StepTTFSCrossEntropy()
        for options in [everyOptimizer[seed % everyOptimizer.count]] {
            let rate = seed % 4 == 1 ? RateRegularisation(strength: 0.5, target: 1, tau: 5e-3) : nil
            let difference = try differenceOfSession(
                ClockSubstrate(own.grid), plain: (ClockSubstrate(own.grid), ClockRule(own.grid)), own.network,
                [own.input, own.input, own.input],
                { _ in Objective(loss: loss, labels: own.labels, rate: rate, wantsInputTimes: false) }, options)
            #expect(difference == nil, "\(own), \(options)")
        }
    }

    /// Likewise at default time constants, where delays without a penalty are trained by their own gradients.
    @Test(arguments: [DelayKind.synaptic, .axonal, .dendritic]) func sessionsKeepTheBitsOfPlainDelays(_ kind: DelayKind)
        throws
    {
        var configuration = Configuration(sizes: [5, 11, 3], delays: [kind], samples: 9, gain: 12)
        configuration.grid = TimeGrid(timeStep: 1e-3, steps: 40)
        let own = try RandomCase(configuration, seed: 950)
        #expect(own.network.timeStretch == 1)
        for options in everyOptimizer where options.delayParameter == .clip && options.delayLearningRate > 0 {
            let difference = try differenceOfSession(
                ClockSubstrate(own.grid), plain: (ClockSubstrate(own.grid), ClockRule(own.grid)), own.network,
                [own.input, own.input, own.input],
                { _ in Objective(loss: StepTTFSCrossEntropy(), labels: own.labels, wantsInputTimes: false) }, options)
            #expect(difference == nil, "\(own), \(options)")
        }
    }

    /// Around the borders of blocks, of words of spikes and of windows, and past the widest layer that has one.
    @Test(arguments: [9, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 257, 2048, 2049])
    func wideLayersEqualRestatement(size: Int) throws {
        for isUniform in [true, false] {
            var configuration = Configuration(sizes: [3, size, 4], ratio: isUniform ? 3 : nil, samples: 5, gain: 6)
            configuration.grid = TimeGrid(timeStep: 1e-3, steps: 14)
            try compareOnce(RandomCase(configuration, seed: UInt64(400 + size)))
        }
    }

    /// Longer than loops run before they ask whether to go on. Neurons that are alike are run in another way than neurons that are said
    /// one by one, and a block in another way than two.
    @Test(arguments: [50, 3])
    func longRunsAgree(size: Int) throws {
        let grid = TimeGrid(timeStep: 1e-3, steps: 70_000)
        let times = stride(from: 0.0, to: 69.9, by: 0.15).map { $0 }
        let input = try SpikeTrains(
            times: times, units: times.indices.map { Int32($0 % 2) }, offsets: [0, times.count], unitCount: 2)
        var spikes: [SpikeTrains] = []
        var sums: [[Double]] = []
        for (count, listed) in [(size, 1), (max(size, 9), max(size, 9))] {
            func each(_ value: Double) -> [Double] { Array(repeating: value, count: listed) }
            var network = try Network(
                sizes: [2, count],
                parameters: [LIFParameters(tauMem: each(20e-3), tauSyn: each(5e-3), threshold: each(1), reset: each(0))]
            )
            // Neurons past the first `size` hear nothing.
            try network.setWeights(
                (0..<2 * count).map { $0 < 2 * size ? 8 + 8 * Double($0 % 7) / 7 : 0 }, connection: 0)
            let recording = try ClockSubstrate(grid).forward(network, input, options: ForwardOptions(), monitor: nil)
            let gradients = try ClockRule(grid).backward(
                network, recording, Objective(loss: SpikeCountCrossEntropy(tau0: 50), labels: [0]), monitor: nil)
            spikes.append(recording.layers[0].spikes)
            sums.append(recording.layers[0].currents + recording.layers[0].membranes)
            #expect(gradients.weights[0].prefix(2 * size).contains { $0 != 0 })
        }
        #expect(spikes[0].times == spikes[1].times && spikes[0].units == spikes[1].units && sums[0] == sums[1])
        #expect(spikes[0].spikeCount > size * 100 && (spikes[0].times.last ?? 0) > 69)
    }
}
