// What must not change a result, or change it in a known way: shifts and scales of time, the order of neurons and
// input, the number of threads, the company a sample keeps.
import EventDriven
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct SymmetryTests {
    static let configurations = GradientSweepTests.configurations

    private func gradients(
        _ instance: RandomCase, _ recording: Recording, seed: UInt64 = 3, hasRate: Bool = true
    ) throws -> Gradients {
        let configuration = instance.configuration
        return try EventAdjoint().backward(
            instance.network, recording,
            Objective(
                loss: LinearLoss(seed: seed, unit: configuration.tauSyn, needsLeakyReadout: configuration.leaky),
                labels: [Int](repeating: 0, count: recording.sampleCount),
                rate: hasRate ? RateRegularisation(strength: 0.5, target: 1, tau: 4 * configuration.tauSyn) : nil,
                wantsNeurons: true),
            monitor: nil)
    }

    /// All times of a network multiplied by a factor multiply its spike times and leave its maxima; all membranes, weights, thresholds and resets,
    /// leave spike times and multiply maxima. So the derivatives with respect to those factors' logarithms are the loss, which is linear, or 0.
    @Test(arguments: configurations)
    func scaleRules(_ configuration: Configuration) throws {
        var worst = 0.0
        for seed in 21...23 as ClosedRange<UInt64> {
            let instance = try RandomCase(configuration, seed: seed)
            let recording = try instance.forward()
            let g = try gradients(instance, recording, seed: seed, hasRate: false)
            let loss = LinearLoss(seed: seed, unit: configuration.tauSyn, needsLeakyReadout: configuration.leaky)
            var times = zip(g.inputTimes, instance.input.times).map { $0 * $1 }
            var membranes: [Double] = []
            for (index, connection) in instance.network.connections.enumerated() {
                times += zip(g.delays[index], connection.delays).map { $0 * $1 }
                membranes += zip(g.weights[index], connection.weights).map { $0 * $1 }
            }
            for (layer, own) in zip(instance.network.layers, g.neurons) {
                for neuron in 0..<layer.neuronCount {
                    let values = layer.parameters[neuron]
                    times += [
                        own.tauMem[neuron] * values.tauMem, own.tauSyn[neuron] * values.tauSyn,
                        own.refractory[neuron] * values.refractory,
                    ]
                    membranes += [
                        own.threshold[neuron] * values.threshold, own.reset[neuron] * values.reset,
                        own.drive[neuron] * values.drive,
                    ]
                }
            }
            let value = loss.value(recording, rate: nil)
            // A maximum at the end of the run would move with it; drives alone make one.
            let isCut = recording.outputLayer.maximumTimes.contains(instance.options.endTime)
            #expect(!isCut || configuration.drive != nil)
            for (terms, expected) in [
                (isCut ? [] : times, configuration.leaky || isCut ? 0 : value),
                (membranes, configuration.leaky ? value : 0),
            ] {
                let scale = terms.reduce(abs(expected)) { $0 + abs($1) }
                // Outputs may all be silent.
                guard scale > 0 else { continue }
                let error = abs(terms.reduce(0, +) - expected) / scale
                worst = max(worst, error)
                #expect(error <= 1e-11, "\(instance): \(terms.reduce(0, +)) instead of \(expected)")
            }
        }
        #expect(worst > 0, "all outputs are silent")
        print("scale rules: \(configuration): worst error \(worst)")
    }

    /// What training calls gives what forward, backward and the optimiser give.
    @Test(arguments: configurations, [1, 3]) func sessionsKeepTheBits(_ configuration: Configuration, _ threads: Int)
        throws
    {
        let before = Threads.requested
        defer { try? Threads.set(before) }
        try Threads.set(threads)
        var configuration = configuration
        configuration.samples = 40
        var instance = try RandomCase(configuration, seed: 8)
        instance.options.maxSpikes = nil
        let loss = LinearLoss(seed: 3, unit: configuration.tauSyn, needsLeakyReadout: configuration.leaky)
        let optimizers = everyOptimizer
        for n in 0..<2 {
            let options = optimizers[(2 * configuration.sizes.reduce(0, +) + threads + n) % optimizers.count]
            let rate = RateRegularisation(strength: 0.5, target: 1, tau: 4 * configuration.tauSyn)
            let difference = try differenceOfSession(
                EventSubstrate(), plain: (EventSubstrate(), EventAdjoint()), instance.network,
                [instance.input, instance.input, instance.input],
                { _ in
                    Objective(
                        loss: loss, labels: [Int](repeating: 0, count: configuration.samples),
                        rate: n % 2 == 1 ? rate : nil, wantsInputTimes: false)
                }, options, forward: instance.options)
            #expect(difference == nil, "\(instance), \(options)")
        }
    }

    private func mapped(_ input: SpikeTrains, _ change: (Double) -> Double) throws -> SpikeTrains {
        try SpikeTrains(
            times: input.times.map(change), units: input.units, offsets: input.offsets, unitCount: input.unitCount)
    }

    /// Shifting the input shifts every spike; so dT/d(input times) sums to 1 over the inputs, for every spike and all
    /// of them together, and a maximum stays what it is. Drives act from time 0 on, and do not shift along.
    @Test(arguments: configurations.filter { $0.drive == nil })
    func shiftOfTime(_ configuration: Configuration) throws {
        var configuration = configuration
        configuration.samples = 2
        for seed in 31...33 as ClosedRange<UInt64> {
            var instance = try RandomCase(configuration, seed: seed)
            let recording = try instance.forward()
            let g = try gradients(instance, recording, hasRate: false)
            var expected = [Double](repeating: 0, count: 2)
            if !configuration.leaky {
                let loss = LinearLoss(seed: 3, unit: configuration.tauSyn)
                for sample in 0..<2 {
                    for (unit, times) in spikesByUnit(recording.outputLayer.spikes, sample: sample).enumerated() {
                        for ordinal in times.indices {
                            expected[sample] += loss.coefficient(unit, ordinal) / configuration.tauSyn / 2
                        }
                    }
                }
            }
            let scale = g.inputTimes.reduce(0) { $0 + abs($1) }
            for sample in 0..<2 {
                let sum = g.inputTimes[instance.input.offsets[sample]..<instance.input.offsets[sample + 1]].reduce(0, +)
                // A maximum at t_end would not shift along; these cases have none.
                #expect(
                    abs(sum - expected[sample]) <= 1e-10 * scale,
                    "\(instance), sample \(sample): \(sum) instead of \(expected[sample])")
            }

            let shift = 16 * configuration.tauSyn
            instance.options.endTime += shift
            let shifted = try instance.forward(nil, mapped(instance.input) { $0 + shift })
            for (own, moved) in zip(recording.layers, shifted.layers) {
                #expect(
                    own.spikes.units == moved.spikes.units && own.spikes.offsets == moved.spikes.offsets, "\(instance)")
                for (a, b) in zip(own.spikes.times, moved.spikes.times) {
                    #expect(abs(b - a - shift) <= 1e-12 * shift, "\(instance): \(a) went to \(b)")
                }
                #expect(worstRelative(moved.maxima, own.maxima) <= 1e-12, "\(instance)")
            }
        }
    }

    /// Seconds or milliseconds, and thresholds in other units: the same network.
    @Test(arguments: configurations)
    func scales(_ configuration: Configuration) throws {
        for seed in 41...42 as ClosedRange<UInt64> {
            let instance = try RandomCase(configuration, seed: seed)
            let recording = try instance.forward()
            for (time, membrane) in [(1000.0, 1.0), (1.0 / 1024, 1), (1, 1e3), (3, 1e-3)] {
                var network = instance.network
                for layer in network.layers.indices {
                    let p = network.layers[layer].parameters
                    try network.setParameters(
                        LIFParameters(
                            tauMem: p.tauMem.map { $0 * time }, tauSyn: p.tauSyn.map { $0 * time },
                            threshold: p.threshold.map { $0 * membrane }, reset: p.reset.map { $0 * membrane },
                            drive: p.drive.map { $0 * membrane }, refractory: p.refractory.map { $0 * time }),
                        layer: layer)
                }
                for (index, connection) in network.connections.enumerated() {
                    try network.setWeights(connection.weights.map { $0 * membrane }, connection: index)
                    if !connection.delays.isEmpty {
                        try network.setDelays(connection.delays.map { $0 * time }, connection: index)
                    }
                }
                var options = instance.options
                options.endTime *= time
                let scaled = try EventSubstrate().forward(
                    network, mapped(instance.input) { $0 * time }, options: options, monitor: nil)
                for (own, other) in zip(recording.layers, scaled.layers) {
                    let place = "\(instance), time x \(time), membrane x \(membrane)"
                    #expect(own.spikes.units == other.spikes.units, "\(place)")
                    #expect(worstRelative(other.spikes.times, own.spikes.times.map { $0 * time }) <= 1e-11, "\(place)")
                    #expect(worstRelative(other.maxima, own.maxima.map { $0 * membrane }) <= 1e-11, "\(place)")
                }
            }
        }
    }

    /// Naming the neurons of the first layer otherwise renames its spikes and gradients, and leaves the output alone.
    @Test(arguments: configurations.filter { $0.sizes.count > 2 })
    func orderOfNeurons(_ configuration: Configuration) throws {
        let instance = try RandomCase(configuration, seed: 51)
        let n = instance.network.layers[0].neuronCount
        let permutation = (0..<n).map { ($0 * 5 + 3) % n }  // new index of each neuron
        guard Set(permutation).count == n else { return }
        var inverse = [Int](repeating: 0, count: n)
        for (old, new) in permutation.enumerated() { inverse[new] = old }
        func permuted(_ values: [Double], _ rows: Int, _ columns: Int, rowsMove: Bool, columnsMove: Bool) -> [Double] {
            guard values.count == rows * columns else { return values }
            return (0..<rows).flatMap { row in
                (0..<columns).map { column in
                    values[(rowsMove ? inverse[row] : row) * columns + (columnsMove ? inverse[column] : column)]
                }
            }
        }
        func moved(_ connection: Connection, weights: [Double]) -> [Double] {
            permuted(
                weights, connection.postCount, connection.preCount, rowsMove: connection.target == 0,
                columnsMove: connection.source == 0)
        }
        func moved(_ connection: Connection, delays: [Double]) -> [Double] {
            switch connection.delayKind {
            case .none: return delays
            case .synaptic: return moved(connection, weights: delays)
            case .axonal:
                return permuted(delays, 1, connection.preCount, rowsMove: false, columnsMove: connection.source == 0)
            case .dendritic:
                return permuted(delays, connection.postCount, 1, rowsMove: connection.target == 0, columnsMove: false)
            }
        }
        var network = instance.network
        let p = network.layers[0].parameters
        func renamed(_ values: [Double]) -> [Double] {
            values.count == 1 ? values : (0..<n).map { values[inverse[$0]] }
        }
        try network.setParameters(
            LIFParameters(
                tauMem: renamed(p.tauMem), tauSyn: renamed(p.tauSyn), threshold: renamed(p.threshold),
                reset: renamed(p.reset), drive: renamed(p.drive), refractory: renamed(p.refractory)), layer: 0)
        for (index, connection) in network.connections.enumerated() {
            try network.setWeights(moved(connection, weights: connection.weights), connection: index)
            if !connection.delays.isEmpty {
                try network.setDelays(moved(connection, delays: connection.delays), connection: index)
            }
        }
        let recording = try instance.forward()
        let other = try instance.forward(network)
        for sample in 0..<recording.sampleCount {
            let own = spikesByUnit(recording.layers[0].spikes, sample: sample)
            let their = spikesByUnit(other.layers[0].spikes, sample: sample)
            for (old, new) in permutation.enumerated() {
                #expect(worstRelative(their[new], own[old]) <= 1e-12, "\(instance), neuron \(old) as \(new)")
            }
        }
        #expect(recording.outputLayer.spikes.units == other.outputLayer.spikes.units)
        #expect(
            worstRelative(other.outputLayer.spikes.times, recording.outputLayer.spikes.times) <= 1e-12, "\(instance)")
        var renamedCase = instance
        renamedCase.network = network
        let a = try gradients(instance, recording)
        let b = try gradients(renamedCase, other)
        for (index, connection) in network.connections.enumerated() {
            #expect(normRelative(b.weights[index], moved(connection, weights: a.weights[index])) <= 1e-9, "\(instance)")
            let delays = moved(connection, delays: a.delays[index])
            #expect(
                zip(b.delays[index], delays).allSatisfy { abs($0 - $1) <= 1e-9 * a.delays[index].map(abs).max()! },
                "\(instance): \(b.delays[index]) instead of \(delays)")
        }
        #expect(normRelative(b.inputTimes, a.inputTimes) <= 1e-9, "\(instance)")
    }

    /// Input that comes unsorted gives the same bits as sorted input, and its gradients in its own order.
    @Test(arguments: configurations)
    func orderOfInput(_ configuration: Configuration) throws {
        let instance = try RandomCase(configuration, seed: 61)
        let input = instance.input
        var times: [Double] = []
        var units: [Int32] = []
        var origin: [Int] = []
        for sample in 0..<input.sampleCount {
            let order = (input.offsets[sample]..<input.offsets[sample + 1]).sorted { input.times[$0] < input.times[$1] }
            origin += order
            times += order.map { input.times[$0] }
            units += order.map { input.units[$0] }
        }
        let sorted = try SpikeTrains(times: times, units: units, offsets: input.offsets, unitCount: input.unitCount)
        let recording = try instance.forward()
        let other = try instance.forward(nil, sorted)
        #expect(isIdentical(recording, other), "\(instance)")
        let a = try gradients(instance, recording)
        let b = try gradients(instance, other)
        #expect(isIdentical(Gradients(a, inputTimes: origin.map { a.inputTimes[$0] }), b), "\(instance)")
    }

    /// A repeated spike acts like one of twice the weight, and each of the two has half its gradient.
    @Test(arguments: [4, 2, 1, 0.5, 3.3] as [Double])
    func repeatedInput(_ ratio: Double) throws {
        for delays in [DelayKind.none, .axonal] {
            var configuration = Configuration(ratio: ratio, delays: [delays], samples: 1, spikesPerInput: 1)
            configuration.gain = 1.5
            var instance = try RandomCase(configuration, seed: 71)
            let n = instance.input.spikeCount
            let twice = try SpikeTrains(
                times: instance.input.times + instance.input.times.reversed(),
                units: instance.input.units + instance.input.units.reversed(), offsets: [0, 2 * n],
                unitCount: instance.input.unitCount)
            let doubled = try instance.forward(nil, twice)
            let g = try gradients(instance, doubled)
            for k in 0..<n {
                #expect(
                    abs(g.inputTimes[k] - g.inputTimes[2 * n - 1 - k]) <= 1e-12 * abs(g.inputTimes[k]), "\(instance)")
            }
            try instance.network.setWeights(instance.network.connections[0].weights.map { 2 * $0 }, connection: 0)
            let single = try instance.forward()
            for (a, b) in zip(doubled.layers, single.layers) {
                #expect(a.spikes.units == b.spikes.units && a.spikeCount > 0, "\(instance)")
                #expect(worstRelative(a.spikes.times, b.spikes.times) <= 1e-12, "\(instance)")
            }
            let h = try gradients(instance, single)
            #expect(normRelative(Array(g.inputTimes[..<n]).map { 2 * $0 }, h.inputTimes) <= 1e-9, "\(instance)")
        }
    }

    /// Same bits for any number of threads.
    @Test(arguments: configurations)
    func threads(_ configuration: Configuration) throws {
        var configuration = configuration
        configuration.samples = configuration.sizes.count == 3 && !configuration.recurrent ? 150 : 60
        configuration.spikesPerInput = 1
        let instance = try RandomCase(configuration, seed: 81)
        let before = Threads.requested
        defer { try? Threads.set(before) }
        try Threads.set(1)
        let recording = try instance.forward()
        let g = try gradients(instance, recording)
        for threads in [2, 3, 7] {
            try Threads.set(threads)
            let other = try instance.forward()
            #expect(other.partition == recording.partition)
            #expect(isIdentical(other, recording), "\(instance), \(threads) threads")
            #expect(isIdentical(try gradients(instance, other), g), "\(instance), \(threads) threads")
        }
    }

    /// A sample's spikes are the same bits whatever batch it comes in. Weight gradients of a batch are sums over its
    /// samples in their order, cut into `Recording.partition`: they equal the sum of single ones up to rounding.
    @Test(arguments: configurations)
    func batches(_ configuration: Configuration) throws {
        var configuration = configuration
        configuration.samples = 37
        configuration.spikesPerInput = 1
        let instance = try RandomCase(configuration, seed: 91)
        let recording = try instance.forward()
        let g = try gradients(instance, recording, hasRate: false)
        var weights = g.weights.map { $0.map { _ in 0.0 } }
        var value = 0.0
        var inputTimes: [Double] = []
        for sample in 0..<37 {
            let (times, units) = instance.input[sample]
            let own = try SpikeTrains(
                times: Array(times), units: Array(units), offsets: [0, times.count], unitCount: instance.input.unitCount
            )
            let single = try instance.forward(nil, own)
            for (layer, all) in zip(single.layers, recording.layers) where layer.isSpiking {
                let (batchTimes, batchUnits) = all.spikes[sample]
                #expect(layer.spikes.times == Array(batchTimes), "\(instance), sample \(sample)")
                #expect(layer.spikes.units == Array(batchUnits), "\(instance), sample \(sample)")
            }
            let n = instance.network.outputCount
            if configuration.leaky {
                #expect(single.outputLayer.maxima == Array(recording.outputLayer.maxima[sample * n..<(sample + 1) * n]))
            }
            let h = try gradients(instance, single, hasRate: false)
            inputTimes += h.inputTimes.map { $0 / 37 }
            value += h.value / 37
            for (index, own) in h.weights.enumerated() {
                for k in own.indices { weights[index][k] += own[k] / 37 }
            }
        }
        #expect(abs(g.value - value) <= 1e-12 * max(1, abs(value)), "\(instance)")
        for index in weights.indices {
            #expect(normRelative(g.weights[index], weights[index]) <= 1e-11, "\(instance), connection \(index)")
        }
        #expect(normRelative(g.inputTimes, inputTimes) <= 1e-11, "\(instance)")
    }
}

extension Gradients {
    /// The same gradients with other input time gradients.
    init(_ other: Gradients, inputTimes: [Double]) {
        self = other
        self.inputTimes = inputTimes
    }
}
