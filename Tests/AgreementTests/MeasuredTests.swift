// Recordings of measured spikes: the model's own give the model's gradients, others those of the model whose every spike has the threshold at which it was measured.
import EventDriven
import FirstSpike
import Foundation
import Learning
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

@testable import TestSupport

struct MeasuredTests {
    /// What either rule takes, and what only that of exact events does.
    static let configurations: [Configuration] = {
        var all: [Configuration] = []
        for delays in DelayKind.allCases.map({ [$0] }) {
            for ratio in [1, 2] as [Double] {
                all.append(Configuration(ratio: ratio, delays: delays, reset: -1e12, samples: 20, gain: 2.5))
                all.append(
                    Configuration(sizes: [3, 7, 6, 6, 4], ratio: ratio, delays: delays, reset: -1e12, gain: 3))
            }
            all.append(Configuration(ratio: nil, delays: delays, reset: 0.1))
            all.append(Configuration(sizes: [4, 8, 6, 3], delays: delays, recurrent: true, reset: -0.3))
            all.append(Configuration(sizes: [4, 8, 3], ratio: nil, delays: delays, recurrent: true, leaky: true))
        }
        return all
    }()

    private func isOnce(_ own: RandomCase) -> Bool { own.configuration.reset == -1e12 }

    private func differences(_ a: Gradients, _ b: Gradients) -> [Double] {
        func arrays(_ own: Gradients) -> [[Double]] {
            own.weights + own.delays + [own.inputTimes]
                + own.neurons.flatMap { layer in LIFParameters.fields.map { layer[keyPath: $0.path] } }
        }
        return zip(arrays(a), arrays(b)).map { normRelative($0, $1) }
    }

    @Test(arguments: configurations)
    func ownSpikes(_ configuration: Configuration) throws {
        var (spikes, worst, worstDeviation) = (0, 0.0, 0.0)
        for seed in 1...4 as ClosedRange<UInt64> {
            let own = try RandomCase(configuration, seed: seed)
            let rate = RateRegularisation(strength: 0.3, target: 0.5, tau: 4 * configuration.tauSyn)
            let loss = LinearLoss(seed: seed, unit: configuration.tauSyn, needsLeakyReadout: configuration.leaky)
            let pairs: [(any Substrate, any GradientRule)] =
                [(EventSubstrate(), EventAdjoint())] + (isOnce(own) ? [(FirstSpikeSubstrate(), FirstSpikeRule())] : [])
            for (substrate, rule) in pairs {
                let made = try substrate.forward(own.network, own.input, options: own.options, monitor: nil)
                // A leaky read-out's spikes may be left out, or none be given.
                let given = Array(made.layers.map(\.spikes).prefix(seed == 1 && configuration.leaky ? 1 : 4))
                let measured = try Recording.measured(own.network, own.input, given, endTime: own.options.endTime)
                try measured.check(madeBy: own.network)
                #expect(measured.isMeasured && measured.partition == made.partition, "\(own)")
                for (layer, (a, b)) in zip(measured.layers, made.layers).enumerated() {
                    #expect(a.spikes == b.spikes, "\(own)")
                    #expect(worstRelative(a.currents, b.currents) <= 1e-10, "\(own)")
                    #expect(a.maxima == b.maxima && a.maximumTimes == b.maximumTimes, "\(own)")
                    spikes += b.spikeCount
                    guard b.isSpiking else { continue }
                    for (time, deviation) in zip(
                        made.firstSpikeTimes(layer: layer), try measured.deviations(layer: layer))
                    {
                        // The model spikes where it was measured to, and nowhere else.
                        #expect(time < .infinity ? abs(deviation) <= 1e-12 : deviation.isNaN, "\(own)")
                        if time < .infinity { worstDeviation = max(worstDeviation, abs(deviation)) }
                    }
                    #expect(Diagnostics(measured, layer: layer).impossibleSpikes == 0)
                }
                let objective = Objective(
                    loss: loss, labels: own.labels, rate: rate, wantsNeurons: rule.differentiatesNeurons)
                let wanted = try rule.backward(own.network, made, objective, monitor: nil)
                let found = try rule.backward(own.network, measured, objective, monitor: nil)
                #expect(found.value == wanted.value && found.skippedCount == wanted.skippedCount, "\(own)")
                for error in differences(found, wanted) {
                    #expect(error <= 1e-12, "\(own), \(rule.name)")
                    worst = max(worst, error)
                }
            }
        }
        print("measured: \(configuration): \(spikes) spikes, gradients off by \(worst), times by \(worstDeviation) s")
        #expect(spikes > 20)
    }

    /// A neuron that reaches itself or others of its layer at once is nothing that `histories` tells before from after for.
    @Test(arguments: configurations.filter { !$0.leaky && !($0.recurrent && $0.delays == [.none]) })
    func jitteredSpikesAgainstDifferences(_ configuration: Configuration) throws {
        var (kept, discarded, worst, impossible, added) = (0, 0, 0.0, 0, 0)
        for seed in 1...3 as ClosedRange<UInt64> {
            let own = try RandomCase(configuration, seed: seed)
            let (layers, extra) = try jittered(own)
            added += extra
            let recording = try Recording.measured(own.network, own.input, layers, endTime: own.options.endTime)
            impossible += recording.layers.indices.reduce(0) { $0 + Diagnostics(recording, layer: $1).impossibleSpikes }
            let loss = LinearLoss(seed: seed, unit: configuration.tauSyn)
            let gradients = try EventAdjoint().backward(
                own.network, recording, Objective(loss: loss, labels: own.labels, wantsNeurons: true), monitor: nil)
            if isOnce(own) {
                let other = try FirstSpikeRule().backward(
                    own.network, recording, Objective(loss: loss, labels: own.labels), monitor: nil)
                for error in differences(other, gradients) { #expect(error <= 1e-9, "\(own)") }
            }
            let model = MeasuredNetwork(own.network, recording)
            for (layer, recorded) in recording.layers.enumerated() {
                #expect(normRelative(recorded.membranes, model.membranes(layer)) <= 1e-9, "\(own)")
            }
            #expect(
                try abs(model.value(own.network, own.input, loss) - gradients.value) <= 1e-12
                    * (1 + abs(gradients.value)))
            for group in own.groups(gradients, relativeStep: 1e-5) {
                var random = RandomStream(seed: seed, stream: 5)
                let largest = group.gradient.map { abs($0) }.max() ?? 0
                for _ in 0..<min(6, group.count) {
                    let element = random.index(below: group.count)
                    func value(_ place: Double) throws -> Double {
                        let (network, input) = try group.shifted(element, place * group.step)
                        return try model.value(network, input, loss)
                    }
                    let narrow = try (value(1) - value(-1)) / (2 * group.step)
                    let wide = try (value(2) - value(-2)) / (4 * group.step)
                    // A membrane that only just reaches where it was may stay below it: then there is no time to find.
                    guard narrow.isFinite, abs(narrow - wide) <= 1e-5 * max(abs(narrow), 1e-2 * largest) else {
                        discarded += 1
                        continue
                    }
                    let error = abs((4 * narrow - wide) / 3 - group.gradient[element]) / max(largest, 1e-300)
                    #expect(largest == 0 ? narrow == 0 : error <= 1e-7, "\(own): \(group.name) \(element)")
                    kept += 1
                    worst = max(worst, largest == 0 ? 0 : error)
                }
            }
        }
        print(
            "jittered: \(configuration): \(kept) kept, \(discarded) discarded, \(impossible) impossible, worst \(worst)"
        )
        #expect(kept > discarded && kept > 30 && added > 0)
    }

    /// Times off, spikes missing and spikes too many; at most one of each neuron where no more are wanted.
    private func jittered(_ own: RandomCase) throws -> (layers: [SpikeTrains], added: Int) {
        var random = RandomStream(seed: own.seed, stream: 21)
        var added = 0
        let tau = own.configuration.tauSyn
        let layers = try own.forward(EventSubstrate()).layers.map { layer in
            let spikes = layer.spikes
            var (times, units, offsets) = ([Double](), [Int32](), [0])
            for sample in 0..<spikes.sampleCount {
                var isSilent = [Bool](repeating: true, count: layer.neuronCount)
                for (time, unit) in zip(spikes[sample].times, spikes[sample].units) where random.uniform() < 0.9 {
                    times.append(min(abs(time + 0.1 * tau * random.normal()), own.options.endTime))
                    units.append(unit)
                    isSilent[Int(unit)] = false
                }
                for unit in isSilent.indices where isSilent[unit] && random.uniform() < 0.15 {
                    times.append(8 * tau * random.uniform())
                    units.append(Int32(unit))
                    added += 1
                }
                offsets.append(times.count)
            }
            return try SpikeTrains(times: times, units: units, offsets: offsets, unitCount: layer.neuronCount)
        }
        return (layers, added)
    }

    /// Whatever is said to have been measured: an error, or gradients that are numbers; the same ones on any number of threads.
    @Test(arguments: configurations)
    func nonsense(_ configuration: Configuration) throws {
        var made = 0
        for seed in 1...6 as ClosedRange<UInt64> {
            let own = try RandomCase(configuration, seed: seed)
            var random = RandomStream(seed: seed, stream: 31)
            let isOnATick = seed % 2 == 0
            // No part of tau_mem, at which a response has its peak and the gradient is rounding alone.
            let tick = 0.27 * own.configuration.tauSyn
            let layers = try own.network.layers.filter(\.isSpiking).map { layer in
                var (times, units, offsets) = ([Double](), [Int32](), [0])
                for _ in 0..<own.input.sampleCount {
                    var seen: Set<String> = []
                    for _ in 0..<random.index(below: 3 * layer.neuronCount + 1) {
                        let tau = own.configuration.tauSyn
                        let time = random.index(below: 20) == 0 ? 1e5 * random.uniform() : 9 * tau * random.uniform()
                        let unit = random.index(below: layer.neuronCount)
                        let shown = isOnATick ? (time / tick).rounded() * tick : time
                        guard !isOnce(own) || !seen.contains("\(unit)"), seen.insert("\(unit) at \(shown)").inserted
                        else { continue }
                        seen.insert("\(unit)")
                        times.append(shown)
                        units.append(Int32(unit))
                    }
                    offsets.append(times.count)
                }
                return try SpikeTrains(times: times, units: units, offsets: offsets, unitCount: layer.neuronCount)
            }
            var input = own.input
            if isOnATick {
                input = try SpikeTrains(
                    times: input.times.map { ($0 / tick).rounded() * tick }, units: input.units, offsets: input.offsets,
                    unitCount: input.unitCount)
            }
            let rules: [any GradientRule] = isOnce(own) ? [EventAdjoint(), FirstSpikeRule()] : [EventAdjoint()]
            let loss = LinearLoss(seed: seed, unit: 5e-3, needsLeakyReadout: configuration.leaky)
            var results: [[UInt64]] = []
            for threads in [1, 3] {
                let gradients = try withThreads(threads) {
                    let recording = try Recording.measured(own.network, input, layers)
                    for layer in layers.indices { #expect(try recording.deviations(layer: layer).count > 0) }
                    let bytes = RecordingFile.content(recording).bytes
                    let read = try RecordingFile.recording(bytes)
                    #expect(RecordingFile.content(read).bytes == bytes && read.isMeasured)
                    return try rules.map {
                        try $0.backward(own.network, read, Objective(loss: loss, labels: own.labels), monitor: nil)
                    }
                }
                let all: [Double] = gradients.flatMap {
                    Array($0.weights.joined()) + Array($0.delays.joined()) + $0.inputTimes + [$0.value]
                }
                #expect(all.allSatisfy { $0.isFinite }, "\(own)")
                results.append(all.map(\.bitPattern))
                if isOnce(own) {
                    for error in differences(gradients[1], gradients[0]) {
                        #expect(error <= 1e-9, "\(own), ticks \(isOnATick)")
                    }
                }
                made += 1
            }
            #expect(results[0] == results[1], "\(own)")
        }
        #expect(made == 12)
    }

    /// An arrival at the very time of a spike: its cause, if the membrane rises with it alone.
    @Test func ties() throws {
        let time = 20e-3
        for (weights, since, wanted) in [
            ([3.0, 2], 1e-3, time.nextDown), ([2, 4], 20e-3, time.nextUp), ([2, 0.02], 20e-3, time),
        ] {
            var network = try Network(
                sizes: [2, 1], parameters: [LIFParameters(tauMem: [10e-3], tauSyn: [5e-3], threshold: [1], reset: [0])])
            try network.setWeights(weights, connection: 0)
            let input = try SpikeTrains(times: [time - since, time], units: [0, 1], offsets: [0, 2], unitCount: 2)
            let spike = try SpikeTrains(times: [time], units: [0], offsets: [0, 1], unitCount: 1)
            let recording = try Recording.measured(network, input, [spike])
            #expect(recording.layers[0].spikes.times == [wanted], "\(weights)")
            let isCause = wanted > time
            let current = weights[0] * exp(-since / 5e-3) + (isCause ? weights[1] : 0)
            let membrane = weights[0] * (exp(-since / 10e-3) - exp(-since / 5e-3))
            #expect(abs(recording.layers[0].currents[0] - current) < 1e-14)
            #expect(abs(recording.layers[0].membranes[0] - membrane) < 1e-14)
            let objective = Objective(loss: LinearLoss(seed: 1, unit: 1, isPlain: true), labels: [0])
            for rule in [EventAdjoint(), FirstSpikeRule()] as [any GradientRule] {
                let gradients = try rule.backward(network, recording, objective, monitor: nil)
                // dT/dt of the input that came at the spike, from its slope at 0: -tau_m V' = w.
                let byTie = isCause ? weights[1] / (current - membrane) : 0
                #expect(abs(gradients.inputTimes[1] - byTie) < 1e-12, "\(rule.name), \(weights)")
                #expect((gradients.inputTimes[0] == 0) == (wanted == time), "\(rule.name), \(weights)")
            }
            #expect(Diagnostics(recording, layer: 0).impossibleSpikes == (wanted == time ? 1 : 0))
        }
    }

    @Test func deviations() throws {
        // Neuron 0 spikes and was measured to, later; 1 spikes and was not; 2 was measured and does not; 3 neither.
        var network = try Network(
            sizes: [1, 4], parameters: [LIFParameters(tauMem: [10e-3], tauSyn: [5e-3], threshold: [1], reset: [0])])
        try network.setWeights([5, 6, 0.5, 0.5], connection: 0)
        let input = try SpikeTrains(times: [1e-3], units: [0], offsets: [0, 1, 1], unitCount: 1)
        let model = try EventSubstrate().forward(network, input, options: ForwardOptions(), monitor: nil)
        let first = model.firstSpikeTimes
        let spikes = try SpikeTrains(times: [first[0] + 1e-3, 4e-3], units: [0, 2], offsets: [0, 2, 2], unitCount: 4)
        let deviations = try Recording.measured(network, input, [spikes]).deviations(layer: 0)
        #expect(abs(deviations[0] - 1e-3) < 1e-15 && deviations[1] == .infinity && deviations[2] == -.infinity)
        #expect(deviations[3...].allSatisfy(\.isNaN) && deviations.count == 8)
        // The model's spike of neuron 1 comes after the end.
        let short = try Recording.measured(
            network, input, [SpikeTrains(times: [], units: [], offsets: [0, 0, 0], unitCount: 4)],
            endTime: first[1] - 1e-6)
        #expect(try short.deviations(layer: 0).allSatisfy(\.isNaN))
        #expect(throws: SpinnpropError.self) { try model.deviations(layer: 0) }
    }

    @Test func refusals() throws {
        let network = try Network(sizes: [2, 3, 2])
        let input = try SpikeTrains(times: [1e-3], units: [0], offsets: [0, 1], unitCount: 2)
        func trains(_ times: [Double], _ units: [Int32], samples: Int = 1, unitCount: Int) throws -> SpikeTrains {
            try SpikeTrains(
                times: times, units: units, offsets: [0] + [Int](repeating: times.count, count: samples),
                unitCount: unitCount)
        }
        let good = try [trains([2e-3], [1], unitCount: 3), trains([4e-3], [1], unitCount: 2)]
        _ = try Recording.measured(network, input, good, endTime: 4e-3)
        let leaky = try Network(sizes: [2, 3, 2], leakyReadout: true)
        _ = try Recording.measured(leaky, input, [good[0]])
        _ = try Recording.measured(leaky, input, [good[0], trains([], [], unitCount: 2)])
        for (own, layers, end, message) in [
            (network, [good[0]], 1, "measured spikes of 1 layers were given"),
            (network, good + [good[1]], 1, "measured spikes of 3 layers were given"),
            (network, [], 1, "measured spikes of 0 layers were given"),
            (leaky, good, 1, "leaky read-out"), (leaky, [], 1, "of 0 layers"),
            (network, good.reversed(), 1, "layer 0 have n_units = 2"),
            (
                network, [good[0], try trains([4e-3], [1], samples: 2, unitCount: 2)], 1,
                "layer 1 have 2 samples, the input 1"
            ),
            (network, good, 3e-3, "measured spike 0 of layer 1 is at 0.004 s, after t_end = 0.003"),
            (network, good, -1, "t_end"), (network, good, Double.nan, "t_end"),
            (
                network, [try trains([2e-3, 1e-3, 2e-3], [1, 0, 1], unitCount: 3), good[1]], 1,
                "sample 0: neuron 1 of layer 0 was measured to spike twice at 0.002 s"
            ),
        ] as [(Network, [SpikeTrains], Double, String)] {
            let error = #expect(throws: SpinnpropError.self) {
                try Recording.measured(own, input, layers, endTime: end)
            }
            #expect(error?.kind == .invalidValue && error?.message.contains(message) == true, "\(error?.message ?? "")")
        }
        let wrong = try SpikeTrains(times: [], units: [], offsets: [0, 0], unitCount: 3)
        #expect(throws: SpinnpropError.self) { try Recording.measured(network, wrong, good) }
        // Twice, but not at once: what only exact events know.
        let twice = try Recording.measured(
            network, input, [try trains([2e-3, 3e-3], [1, 1], unitCount: 3), good[1]])
        var other = network
        try other.setParameters(LIFParameters(tauMem: [10e-3], tauSyn: [5e-3], threshold: [1], reset: [0]), layer: 0)
        try other.setParameters(LIFParameters(tauMem: [10e-3], tauSyn: [5e-3], threshold: [1], reset: [0]), layer: 1)
        let objective = Objective(loss: TTFSCrossEntropy(), labels: [1])
        let error = #expect(throws: SpinnpropError.self) {
            try FirstSpikeRule().backward(other, twice, objective, monitor: nil)
        }
        #expect(error?.message.contains("spikes more than once") == true)
        #expect(throws: SpinnpropError.self) { try twice.check(madeBy: other) }
        // A label neuron that was not measured to spike has no answer to learn from.
        let silent = try EventAdjoint().backward(
            network, twice, Objective(loss: TTFSCrossEntropy(), labels: [0]), monitor: nil)
        #expect(silent.skippedCount == 1 && silent.weights.joined().allSatisfy { $0 == 0 })
    }
}

/// The network that measured spikes are those of: each spike has the threshold at which the membrane was when it was measured. Spikes at which
/// no membrane rises, or one below a tenth of its threshold, stay where they are.
private struct MeasuredNetwork {
    let network: Network
    let layers: [LayerRecording]
    let sampleCount: Int
    /// Per layer, sample and neuron.
    var spikes: [[[Spike]]] = []

    struct Spike {
        let measured: Double
        let threshold: Double
        let isFixed: Bool
    }

    init(_ network: Network, _ recording: Recording) {
        self.network = network
        layers = recording.layers
        sampleCount = recording.sampleCount
        for (layer, own) in network.layers.enumerated() {
            let sorted = histories(network, recording, layer: layer)
                .sorted { ($0.sample, $0.unit) < ($1.sample, $1.unit) }
            precondition(sorted.count == sampleCount * own.neuronCount)
            spikes.append(
                sorted.map { history in
                    history.spikes.enumerated().map { (ordinal, spike) in
                        let membrane = membrane(history, history.spikes[..<ordinal], spike)
                        return Spike(
                            measured: spike, threshold: membrane,
                            isFixed: history.current(spike) + history.neuron.drive <= membrane
                                || membrane < 0.1 * history.neuron.threshold)
                    }
                })
        }
    }

    /// The model's at the spikes of a layer, in the order of its recording.
    func membranes(_ layer: Int) -> [Double] {
        layers[layer].segments.isEmpty
            ? []
            : recorded(layer).map { (sample, unit, ordinal) in
                spikes[layer][sample * layers[layer].neuronCount + unit][ordinal].threshold
            }
    }

    private func recorded(_ layer: Int) -> [(sample: Int, unit: Int, ordinal: Int)] {
        let trains = layers[layer].spikes
        return (0..<sampleCount).flatMap { sample in
            var seen = [Int](repeating: 0, count: layers[layer].neuronCount)
            return trains[sample].units.map { unit in
                defer { seen[Int(unit)] += 1 }
                return (sample, Int(unit), seen[Int(unit)])
            }
        }
    }

    /// Just before `time`, after spikes.
    private func membrane(_ history: NeuronHistory, _ spikes: ArraySlice<Double>, _ time: Double) -> Double {
        let potential = PostsynapticPotential(history.neuron)
        func free(_ time: Double) -> Double {
            history.arrivals.reduce(0) { $0 + ($1.time < time ? $1.weight * potential(time - $1.time) : 0) }
        }
        /// What a drive makes of a membrane that was 0.
        func driven(_ elapsed: Double) -> Double {
            -history.neuron.drive * expm1(-elapsed / history.neuron.tauMem)
        }
        guard let last = spikes.last else { return free(time) + driven(time) }
        // From the reset on: what the membrane would have without it, less what that had then.
        let own = free(time) - free(last) * exp(-(time - last) / history.neuron.tauMem)
        let reset = history.neuron.reset * exp(-(time - last) / history.neuron.tauMem)
        return own + reset + driven(time - last)
    }

    /// The loss of a network with other parameters or input whose spikes have the same thresholds, moved as those of its neurons are.
    func value(_ network: Network, _ input: SpikeTrains, _ loss: LinearLoss) throws -> Double {
        var times = spikes.map { $0.map { $0.map(\.measured) } }
        for (layer, own) in network.layers.enumerated() {
            let isRecurrent = network.connectionIndex(into: layer, recurrent: true) != nil
            // Effects follow causes: each pass settles at least the next spike.
            var before: [[Double]] = []
            for _ in 0..<(isRecurrent ? 60 : 1) where before != times[layer] {
                before = times[layer]
                let shown = try recording(network, input, times)
                for history in histories(network, shown, layer: layer) {
                    let at = history.sample * own.neuronCount + history.unit
                    let moved = history.neuron.threshold - self.network.layers[layer].parameters[history.unit].threshold
                    for (ordinal, spike) in spikes[layer][at].enumerated() where !spike.isFixed {
                        var (time, last) = (times[layer][at][ordinal], Double.infinity)
                        for _ in 0..<60 {
                            let v = membrane(history, times[layer][at][..<ordinal], time)
                            let step =
                                history.neuron.tauMem * (spike.threshold + moved - v)
                                / (history.current(time) + history.neuron.drive - v)
                            time += step
                            // As soon as it is rounding alone that moves it.
                            if abs(step) >= last && last < 1e-14 * abs(time) { break }
                            last = abs(step)
                        }
                        times[layer][at][ordinal] = time
                    }
                }
            }
        }
        var value = 0.0
        let outputs = network.outputCount
        for (at, own) in times[network.layers.count - 1].enumerated() {
            for (ordinal, time) in own.enumerated() {
                value += loss.coefficient(at % outputs, ordinal) / loss.unit * time
            }
        }
        return value / Double(sampleCount)
    }

    /// Of spikes at such times: what `histories` reads.
    private func recording(_ network: Network, _ input: SpikeTrains, _ times: [[[Double]]]) throws -> Recording {
        let shown = try zip(layers, times).map { layer, times in
            let columns = try SpikeColumns()
            for sample in 0..<sampleCount {
                for unit in 0..<layer.neuronCount {
                    for time in times[sample * layer.neuronCount + unit] {
                        try columns.append(time: time, unit: unit, current: 0)
                    }
                }
                columns.ends.append(columns.count)
            }
            return LayerRecording(
                neuronCount: layer.neuronCount, isSpiking: true, thresholds: layer.thresholds, segments: [columns])
        }
        return Recording(
            input: input, layers: shown, partition: [0..<sampleCount], fingerprint: nil, engine: "none",
            endTime: .infinity)
    }
}
