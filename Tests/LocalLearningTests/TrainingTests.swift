// Training, sleep and encoding: what is learnt, what does not depend on threads or interruptions, what is refused.
import Mathematics
import Spikes
import Testing

@testable import LocalLearning

@Suite(.serialized) struct TrainingTests {
    /// Random patterns of three classes, each sample a noisy copy of its class's.
    static func patterns(_ count: Int, seed: UInt64 = 5) throws -> (LocalInput, [Int]) {
        var classes = RandomStream(seed: 1, stream: 0)
        let means = (0..<3).map { _ in (0..<20).map { _ in classes.uniform() < 0.3 ? 0.6 : 0.05 } }
        var random = RandomStream(seed: seed, stream: 0)
        let labels = (0..<count).map { _ in random.index(below: 3) }
        let values = labels.flatMap { label in
            means[label].map { Float(max(0, min(1, $0 + 0.1 * random.normal()))) }
        }
        return (try LocalInput(probabilities: values, unitCount: 20), labels)
    }

    static func accuracy(_ training: BioGrad, _ input: LocalInput, _ labels: [Int]) throws -> Double {
        let counts = try training.counts(input, showing: 1000)
        let outputs = training.network.outputCount
        let right = labels.indices.filter { sample in
            let own = counts[sample * outputs..<(sample + 1) * outputs]
            return (own.max() ?? 0) > 0 && own.firstIndex(of: own.max() ?? 0) == sample * outputs + labels[sample]
        }
        return Double(right.count) / Double(labels.count)
    }

    @Test(arguments: [LocalRule.biograd, .exactError, .bptt])
    func learns(_ rule: LocalRule) throws {
        var options = LocalOptions()
        (options.rule, options.epochs, options.seed, options.learningRate) = (rule, 8, 3, 1e-2)
        let (input, labels) = try Self.patterns(300)
        var training = try BioGrad(try LocalNetwork(sizes: [20, 30, 20, 3], seed: 3), options)
        try training.run(input, labels: labels)
        let (test, expected) = try Self.patterns(200, seed: 6)
        #expect(try Self.accuracy(training, test, expected) > 0.95)
        #expect(training.history.count == 8)
        #expect(training.history[7].accuracy > training.history[0].accuracy)
    }

    @Test func threadsAndInterruptionsChangeNoBit() throws {
        var options = LocalOptions()
        (options.epochs, options.batchSize) = (2, 37)
        let (input, labels) = try Self.patterns(150)
        let before = Threads.requested
        defer { try? Threads.set(before) }
        var results: [BioGrad] = []
        for threads in [1, 3] {
            try Threads.set(threads)
            var training = try BioGrad(try LocalNetwork(sizes: [20, 30, 20, 3], seed: 3), options)
            try training.run(input, labels: labels)
            results.append(training)
        }
        var calls = 0
        var stopped = try BioGrad(try LocalNetwork(sizes: [20, 30, 20, 3], seed: 3), options)
        var stops = 0
        while !stopped.isFinished {
            do {
                // The monitor asks after 20 ms at the earliest, the end of an epoch always.
                try stopped.run(input, labels: labels) { _ in
                    calls += 1
                    return calls % 3 == 0
                }
            } catch {
                stops += 1
                #expect(error.kind == .cancelled)
            }
        }
        #expect(results[0] == results[1])
        #expect(results[0] == stopped)
        #expect(stops > 0)
    }

    /// W fixed, feedback random: what random spikes alone do to the angle. Degrees after so many sleeps of 128 samples that are known of
    /// 2312-500-100-10; inputs take no part in a sleep.
    @Test func sleepAlignsFeedback() throws {
        let known = [0: (90.8, 87.5), 10: (87.9, 77.2), 30: (81.6, 57.5), 100: (66.9, 29.4), 300: (47.0, 13.7)]
        var options = LocalOptions()
        (options.decay, options.threshold, options.window, options.seed) = (0.3, 0.3, 0.3, 1)
        var network = try LocalNetwork(sizes: [1, 500, 100, 10], seed: 1)
        for index in 0...300 {
            if let (first, second) = known[index] {
                let angles = try network.alignments().map(\.angle)
                #expect((angles[0] - first).magnitude < 5, "layer 1 after \(index) sleeps: \(angles[0])")
                #expect((angles[1] - second).magnitude < 5, "layer 2 after \(index) sleeps: \(angles[1])")
            }
            try network.sleep(options, sampleCount: 128, index: index, monitor: nil)
        }
    }

    @Test func alignedFeedbackStartsAtAngleZero() throws {
        let network = try LocalNetwork(sizes: [5, 9, 8, 3], seed: 2, feedback: .aligned)
        for alignment in try network.alignments() {
            #expect(alignment.angle < 0.05)
            #expect((alignment.normRatio - 1).magnitude < 1e-6)
        }
        var turned = network
        try turned.setFeedback(network.feedback(layer: 1).map { -$0 }, layer: 1)
        #expect((try turned.alignments()[1].angle - 180).magnitude < 0.05)
        try turned.setFeedback(network.feedback(layer: 1).map { _ in 0 }, layer: 1)
        #expect(try turned.alignments()[1].angle.isNaN)
    }

    /// Beside loops over the formulas: the ratio to the bit, the angle, which goes by another one, to rounding.
    @Test func alignmentIsAsItIsStated() throws {
        let network = try LocalNetwork(sizes: [3, 20, 13, 9, 4], seed: 5)
        let found = try network.alignments()
        var product = network.weights(layer: 3).map { Double($0) }
        for layer in [2, 1, 0] {
            let count = network.sizes[layer + 1]
            if layer < 2 {
                let weights = network.weights(layer: layer + 1)
                var next = [Double](repeating: 0, count: 4 * count)
                for output in 0..<4 {
                    for sender in 0..<count {
                        for neuron in 0..<network.sizes[layer + 2] {
                            let weight = Double(weights[neuron * count + sender])
                            next[output * count + sender] +=
                                weight * product[output * network.sizes[layer + 2] + neuron]
                        }
                    }
                }
                product = next
            }
            let feedback = network.feedback(layer: layer)
            var (dot, own, other) = (0.0, 0.0, 0.0)
            for neuron in 0..<count {
                for output in 0..<4 {
                    let (a, b) = (product[output * count + neuron], Double(feedback[neuron * 4 + output]))
                    dot += a * b
                    own += b * b
                    other += a * a
                }
            }
            #expect(found[layer].normRatio == (own / other).squareRoot())
            let cosine = HalfTurn.sineAndCosine(found[layer].angle * .pi / 180).cosine
            #expect((cosine - dot / (own.squareRoot() * other.squareRoot())).magnitude < 1e-14)
        }
    }

    /// A product of many large weights leaves float64; how it points does not.
    @Test(arguments: [Float(1e38), 1e-38])
    func alignmentOfManyLayersOfExtremeWeights(_ weight: Float) throws {
        var network = try LocalNetwork(sizes: [4] + [Int](repeating: 5, count: 20) + [2], seed: 1)
        for layer in 1..<21 {
            try network.setWeights(network.weights(layer: layer).map { _ in weight }, layer: layer)
            try network.setFeedback(network.feedback(layer: layer - 1).map { _ in -1 }, layer: layer - 1)
        }
        for own in try network.alignments() { #expect((own.angle - 180).magnitude < 1e-5) }
    }

    /// Weights, options and state are all that a training is.
    @Test func stateGoesOnToTheSameBits() throws {
        var options = LocalOptions()
        (options.epochs, options.batchSize) = (3, 37)
        let (input, labels) = try Self.patterns(150)
        var whole = try BioGrad(try LocalNetwork(sizes: [20, 30, 20, 3], seed: 3), options)
        var calls = 0
        #expect(throws: SpinnpropError.self) {
            try whole.run(input, labels: labels) { _ in
                calls += 1
                return calls < 2
            }
        }
        var other = try BioGrad(whole.network, options)
        try other.restore(whole.state)
        #expect(other == whole)
        try whole.run(input, labels: labels)
        try other.run(input, labels: labels)
        #expect(other == whole)
        let state = whole.state
        let bad: [[Double]] = [[], [0], state.dropLast(), [2] + state.dropFirst(), [.nan] + state.dropFirst()]
        for numbers in bad { #expect(throws: SpinnpropError.self) { try other.restore(numbers) } }
        #expect(other == whole)
    }

    @Test func goesOnWithTheSameDataOnly() throws {
        var options = LocalOptions()
        (options.epochs, options.batchSize) = (2, 37)
        let (input, labels) = try Self.patterns(150)
        var training = try BioGrad(try LocalNetwork(sizes: [20, 10, 3], seed: 3), options)
        #expect(throws: SpinnpropError.self) { try training.run(input, labels: labels) { !$0.isEpochFinished } }
        #expect(training.epoch == 1)
        var restored = try BioGrad(training.network, options)
        try restored.restore(training.state)
        let before = restored
        let others = [
            (try Self.patterns(150, seed: 7).0, labels), (input, labels.map { 2 - $0 }), try Self.patterns(149),
            (
                try LocalInput(
                    SpikeTrains(times: [], units: [], offsets: [Int](repeating: 0, count: 151), unitCount: 20),
                    stepTime: 1), labels
            ),
        ]
        for (other, answers) in others {
            let error = #expect(throws: SpinnpropError.self) { try restored.run(other, labels: answers) }
            #expect(error?.kind == .invalidValue && error?.message.contains("other data (epoch 1, batch 0)") == true)
        }
        #expect(restored == before)
        try restored.run(input, labels: labels)
        try training.run(input, labels: labels)
        #expect(restored == training)
    }

    /// A callback that says no at once, in the midst of a sample that takes much longer than the time between two calls.
    @Test(arguments: [(LocalRule.biograd, false), (.bptt, false), (.biograd, true)])
    func stopsWithinASample(_ rule: LocalRule, _ integer: Bool) throws {
        var options = LocalOptions()
        (options.rule, options.integer) = (rule, integer)
        (options.steps, options.sleepSteps, options.batchSize) = (
            integer ? 65_535 : 400_000, integer ? 65_535 : 1 << 24, 1
        )
        let width = integer ? 400 : 100
        let input = try LocalInput(probabilities: [Float](repeating: 0.5, count: width), unitCount: width)
        var training = try BioGrad(try LocalNetwork(sizes: [width, width, 3], seed: 3), options)
        var seen: [LocalProgress] = []
        let error = #expect(throws: SpinnpropError.self) {
            try training.run(input, labels: [1]) { progress in
                seen.append(progress)
                return false
            }
        }
        #expect(error?.kind == .cancelled)
        #expect(seen.count == 1 && training.batch == 0 && training.epoch == 0)
        var other = training
        let calls: [(Monitor) throws -> Void] = [
            { try other.sleep(sampleCount: 1, monitor: $0) }, { _ = try training.counts(input, monitor: $0) },
            { _ = try training.gradient(input, labels: [1], monitor: $0) },
            { try other.wakeSilentLayers(on: input, monitor: $0) },
        ]
        for call in calls {
            let monitor = Monitor { false }
            #expect { try call(monitor) } throws: { ($0 as? SpinnpropError)?.kind == .cancelled }
            #expect(monitor.done == 0)
        }
        #expect(other == training)
    }

    /// The products of wide layers take longer than the time between two calls; a run that is stopped in them finishes its epoch when it goes on.
    @Test func stopsWithinTheAlignment() throws {
        var options = LocalOptions()
        (options.steps, options.softStart, options.epochs, options.sleeps) = (2, 0, 2, false)
        let input = try LocalInput(probabilities: [0.5, 0.5], unitCount: 2)
        var training = try BioGrad(try LocalNetwork(sizes: [2, 1000, 1000, 700], seed: 3), options)
        let never = Monitor { false }
        #expect { try training.network.alignments(never) } throws: { ($0 as? SpinnpropError)?.kind == .cancelled }
        var whole = training
        try whole.run(input, labels: [1])
        let error = #expect(throws: SpinnpropError.self) { try training.run(input, labels: [1]) { $0.batch == 0 } }
        #expect(error?.kind == .cancelled && training.epoch == 0 && training.batch == 1)
        var restored = try BioGrad(training.network, training.options)
        try restored.restore(training.state)
        #expect(restored == training)
        try restored.run(input, labels: [1])
        #expect(restored == whole)
    }

    @Test func wakesWhatIsSilent() throws {
        let (input, _) = try Self.patterns(100)
        var network = try LocalNetwork(sizes: [20, 30, 20, 3], seed: 3)
        try network.setWeights(network.weights(layer: 1).map { 0.01 * $0 }, layer: 1)
        var training = try BioGrad(network, LocalOptions())
        try training.wakeSilentLayers(on: input)
        let counts = try training.counts(input)
        let silent = (0..<100).filter { sample in counts[3 * sample..<3 * sample + 3].allSatisfy { $0 == 0 } }
        #expect(silent.count <= 10)
        let once = training.network
        try training.wakeSilentLayers(on: input)
        #expect(training.network == once)
        // Nothing comes in: nothing wakes, and it ends.
        try training.wakeSilentLayers(on: LocalInput(probabilities: [Float](repeating: 0, count: 40), unitCount: 20))
    }

    @Test func countsDependOnTheSampleAlone() throws {
        let (input, labels) = try Self.patterns(30)
        var random = RandomStream(seed: 9, stream: 0)
        let values = (0..<40).map { _ in Float(random.uniform()) }
        let training = try BioGrad(try LocalNetwork(sizes: [20, 30, 3], seed: 3), LocalOptions())
        let both = try training.counts(LocalInput(probabilities: values, unitCount: 20))
        let second = try training.counts(LocalInput(probabilities: Array(values[20...]), unitCount: 20))
        #expect(Array(both[3...]) == second)
        #expect(try training.counts(input, showing: 0) != training.counts(input, showing: 1))
        #expect(labels.count == 30)
    }

    @Test func encodings() throws {
        let lists = StepLists()
        let scratch = LocalInputScratch(Poller(nil))
        try lists.begin(rows: 1000)
        let input = try LocalInput(probabilities: [0, 1, 0.25, 0.5], unitCount: 4)
        try input.append(0, steps: 1000, to: lists, random: RandomStream(seed: 1, stream: 1), scratch: scratch)
        var counts = [0, 0, 0, 0]
        for step in 0..<1000 {
            for n in lists.range(step) { counts[Int(lists.pointer[n])] += 1 }
        }
        #expect(counts[0] == 0)
        #expect(counts[1] == 1000)
        #expect((counts[2] - 250).magnitude < 60)
        #expect((counts[3] - 500).magnitude < 70)

        // Two samples, one after the other; inputs on either side of a word's end.
        let events = try SpikeTrains(
            times: [2.5, 0.1, 0.2, 0.9, 3, 1e300, 1, 1, 1], units: [1, 2, 0, 2, 0, 0, 64, 63, 0], offsets: [0, 6, 9],
            unitCount: 65)
        let timed = try LocalInput(events, stepTime: 1)
        try lists.begin(rows: 6)
        for sample in 0..<2 {
            try timed.append(sample, steps: 3, to: lists, random: RandomStream(seed: 0, stream: 0), scratch: scratch)
        }
        let found = (0..<6).map { row in lists.range(row).map { lists.pointer[$0] } }
        #expect(found == [[0, 2], [], [1], [], [0, 63, 64], []])
    }

    @Test func refusals() throws {
        func refused(_ kind: SpinnpropError.Kind, _ word: String, _ body: () throws(SpinnpropError) -> Void) {
            do throws(SpinnpropError) {
                try body()
                Issue.record("\(word): not refused")
            } catch {
                #expect(error.kind == kind)
                #expect(error.message.contains(word))
            }
        }
        let network = try LocalNetwork(sizes: [2, 3, 2])
        refused(.invalidValue, "sizes") { () throws(SpinnpropError) in _ = try LocalNetwork(sizes: [2]) }
        refused(.invalidValue, "size 1") { () throws(SpinnpropError) in _ = try LocalNetwork(sizes: [2, 0]) }
        refused(.outOfMemory, "weights") { () throws(SpinnpropError) in _ = try LocalNetwork(sizes: [1 << 24, 1 << 24])
        }
        for bad in [Float.nan, -0.1, 1.1, .infinity] {
            refused(.invalidValue, "input 1 in sample 0") { () throws(SpinnpropError) in
                _ = try LocalInput(probabilities: [0, bad], unitCount: 2)
            }
        }
        refused(.invalidValue, "step_time") { () throws(SpinnpropError) in
            _ = try LocalInput(
                SpikeTrains(trustedTimes: [], units: [], offsets: [0], unitCount: 2), stepTime: 0)
        }
        for field in LocalOptions.fields {
            guard let domain = field.domain else { continue }
            let bad: OptionValue = field.isWhole ? .integer(-1) : .real(.nan)
            #expect(!domain.contains(-1) || !field.isWhole)
            refused(.invalidValue, field.name) { () throws(SpinnpropError) in
                var options = LocalOptions()
                try field.set(&options, bad)
                _ = try BioGrad(network, options)
            }
        }
        var late = LocalOptions()
        late.softStart = late.steps
        refused(.invalidValue, "soft_start") { () throws(SpinnpropError) in _ = try BioGrad(network, late) }
        var training = try BioGrad(network, LocalOptions())
        let input = try LocalInput(probabilities: [0.5, 0.5, 1, 0], unitCount: 2)
        let wide = try LocalInput(probabilities: [0.5, 0.5, 1, 0], unitCount: 4)
        refused(.invalidValue, "units") { () throws(SpinnpropError) in try training.run(wide, labels: [0]) }
        refused(.invalidValue, "labels") { () throws(SpinnpropError) in try training.run(input, labels: [0]) }
        refused(.invalidIndex, "labels[1]") { () throws(SpinnpropError) in try training.run(input, labels: [0, 2]) }
        #expect(training.epoch == 0)
    }

    /// A step that leaves float32 changes nothing.
    @Test func overflowIsAnError() throws {
        var options = LocalOptions()
        (options.learningRate, options.rule) = (1e6, .exactError)
        var network = try LocalNetwork(sizes: [2, 3, 2])
        try network.setFeedback([Float](repeating: 3e38, count: 6), layer: 0)
        try network.setWeights([0.4, 0.4, 0.4, 0.4, 0.4, 0.4], layer: 0)
        var training = try BioGrad(network, options)
        let input = try LocalInput(probabilities: [0.9, 0.9], unitCount: 2)
        #expect(throws: SpinnpropError.self) { try training.run(input, labels: [0]) }
        #expect(training.network == network)
    }
}
