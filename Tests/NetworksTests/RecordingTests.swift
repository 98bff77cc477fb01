// Recordings: diagnostics, first spikes, stale ones, and the walk that losses see.
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

struct RecordingTests {
    /// Three samples in two parts; neuron 2 never spikes, sample 1 is silent.
    private func recording(fingerprint: UInt64? = nil) -> Recording {
        let first = try! SpikeColumns()
        try! first.append(time: 1e-3, unit: 1, current: 1.5)
        try! first.append(time: 2e-3, unit: 0, current: 1.0005)
        try! first.append(time: 3e-3, unit: 1, current: 4)
        first.ends = [3, 3]
        let second = try! SpikeColumns()
        try! second.append(time: 5e-3, unit: 1, current: 2)
        second.ends = [1]
        let layer = LayerRecording(neuronCount: 3, isSpiking: true, thresholds: [1], segments: [first, second])
        return Recording(
            input: SpikeTrains(trustedTimes: [], units: [], offsets: [0, 0, 0, 0], unitCount: 2), layers: [layer],
            partition: [0..<2, 2..<3], fingerprint: fingerprint, engine: "test", endTime: .infinity)
    }

    @Test func diagnostics() {
        let found = Diagnostics(recording(), layer: 0)
        #expect(found.spikeCount == 4 && found.silentNeurons == [false, false, true])
        #expect(found.silentPairs == 6)
        #expect(found.nearTangentialSpikes == 1 && abs(found.smallestSlope - 0.0005) < 1e-12)
    }

    @Test func firstSpikesAndTrains() {
        let own = recording()
        let no = Double.infinity
        #expect(own.firstSpikeTimes == [2e-3, 1e-3, no, no, no, no, no, 5e-3, no])
        #expect(own.outputLayer.spikes.offsets == [0, 3, 3, 4] && own.outputLayer.spikes.units == [1, 0, 1, 1])
        #expect(own.outputLayer.currents == [1.5, 1.0005, 4, 2])
    }

    @Test func samplerShowsEachSample() {
        let own = recording()
        var sampler = OutputSampler(own)
        var seen: [[Double]] = []
        for (part, samples) in own.partition.enumerated() {
            for index in 0..<samples.count {
                let shown = sampler.withSample(part: part, index: index) { output, first in
                    [Double(output.spikeCount), Double(first)] + (0..<3).map { output.firstTime($0) }
                }
                seen.append(shown)
            }
        }
        let no = Double.infinity
        #expect(seen == [[3, 0, 2e-3, 1e-3, no], [0, 3, no, no, no], [1, 0, no, 5e-3, no]])
    }

    @Test func samplerShowsMaxima() {
        let parts = [[0], [0, 0]].map { ends in
            let columns = try! SpikeColumns()
            columns.ends = ends
            return columns
        }
        let layer = LayerRecording(
            neuronCount: 2, isSpiking: false, thresholds: [1], segments: parts, maxima: [1, 2, 3, 4, 5, 6],
            maximumTimes: [0, 0, 0, 0, 0, 0], maximumCurrents: [1, 2, 3, 4, 5, 6])
        let own = Recording(
            input: SpikeTrains(trustedTimes: [], units: [], offsets: [0, 0, 0, 0], unitCount: 2), layers: [layer],
            partition: [0..<1, 1..<3], fingerprint: nil, engine: "test", endTime: 1)
        var sampler = OutputSampler(own)
        let last = sampler.withSample(part: 1, index: 1) { output, _ in
            (output.spikeCount, output.firstSpikes[0], output.maxima[0], output.maxima[1])
        }
        #expect(last == (0, -1, 5, 6))
    }

    @Test func staleRecordings() throws {
        var network = try Network(sizes: [2, 3])
        try recording().check(madeBy: network)
        try recording(fingerprint: network.fingerprint).check(madeBy: network)
        let old = network.fingerprint
        try network.setWeights([1, 0, 0, 0, 0, 0], connection: 0)
        let stale = #expect(throws: SpinnpropError.self) { try recording(fingerprint: old).check(madeBy: network) }
        #expect(stale?.kind == .staleRecording)
        let other = try Network(sizes: [2, 2])
        let misfit = #expect(throws: SpinnpropError.self) { try recording().check(madeBy: other) }
        #expect(misfit?.kind == .invalidValue)
    }

    @Test func objectivesAreChecked() throws {
        struct Anything: Loss {
            var name: String { "Anything" }
            var parameters: [Double] { [] }
            var needsLeakyReadout = false
            var targets = TargetKind.times
            func check() throws(SpinnpropError) {}
            func evaluate(
                _ output: OutputSample, target: Target, errors: UnsafeMutablePointer<Double>
            ) -> SampleResult { SampleResult(value: 0) }
            func predict(_ output: OutputSample) -> Int { 0 }
            func probabilities(_ output: OutputSample, into probabilities: UnsafeMutablePointer<Double>) {}
        }
        let network = try Network(sizes: [2, 3])
        try Objective(loss: Anything(), labels: [0, 2]).check(network, sampleCount: 2)
        try Objective(loss: Anything(), labels: [], targets: [0, 1, .infinity]).check(network, sampleCount: 1)
        let wrong = [
            Objective(loss: Anything(), labels: [0]), Objective(loss: Anything(), labels: [0, 3]),
            Objective(loss: Anything(), labels: [0, -1]), Objective(loss: Anything(), labels: []),
            Objective(loss: Anything(), labels: [0, 0], targets: [1]),
            Objective(loss: Anything(), labels: [], targets: [0, 0, 0, 0, 0, .nan]),
            Objective(loss: Anything(targets: .membranes), labels: [], targets: [0, 0, 0, 0, 0, .infinity]),
            Objective(loss: Anything(), labels: [0, 0], rate: RateRegularisation(strength: 1, target: 1, tau: 0)),
        ]
        let labelled = Objective(loss: Anything(targets: .none), labels: [], targets: [0, 1, 2])
        let refusal = #expect(throws: SpinnpropError.self) { try labelled.check(network, sampleCount: 1) }
        #expect(refusal?.kind == .unsupported)
        for (index, objective) in wrong.enumerated() {
            let error = #expect(throws: SpinnpropError.self, "\(index)") {
                try objective.check(network, sampleCount: 2)
            }
            #expect(error?.kind == .invalidValue)
        }
        let leaky = Objective(loss: Anything(needsLeakyReadout: true), labels: [0])
        let unsupported = #expect(throws: SpinnpropError.self) { try leaky.check(network, sampleCount: 1) }
        #expect(unsupported?.kind == .unsupported)
    }
}
