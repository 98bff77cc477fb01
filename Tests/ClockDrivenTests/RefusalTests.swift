// What the clock-driven engine refuses, by name and with the value; and what it takes in silence.
import ClockDriven
import Learning
import Mathematics
import Networks
import Neurons
import Spikes
import Testing

struct RefusalTests {
    private func network(weight: Double = 2, sizes: [Int] = [2, 3], recurrent: [Bool] = []) throws -> Network {
        var network = try Network(sizes: sizes, recurrent: recurrent)
        for (c, own) in network.connections.enumerated() {
            try network.setWeights(own.weights.map { _ in weight }, connection: c)
        }
        return network
    }

    private func input(_ times: [Double] = [0, 1e-3]) throws -> SpikeTrains {
        try SpikeTrains(
            times: times, units: times.indices.map { Int32($0 % 2) }, offsets: [0, times.count], unitCount: 2)
    }

    private func refusal(
        _ network: Network, _ input: SpikeTrains, _ grid: TimeGrid = TimeGrid(),
        _ options: ForwardOptions = ForwardOptions()
    ) -> SpinnpropError? {
        do throws(SpinnpropError) {
            _ = try ClockSubstrate(grid).forward(network, input, options: options, monitor: nil)
            return nil
        } catch { return error }
    }

    @Test func forwardRefuses() throws {
        let (own, spikes) = (try network(), try input())
        #expect(refusal(own, spikes) == nil)
        let cases: [(SpinnpropError?, String)] = [
            (refusal(own, try input([0, 27e-3])), "0.027"), (refusal(own, try input([0, 1e300])), "1e+300"),
            (refusal(own, spikes, TimeGrid(steps: 0)), "steps is 0"),
            (refusal(own, spikes, TimeGrid(steps: 1)), "steps is 1"),
            (refusal(own, spikes, TimeGrid(timeStep: 0)), "time_step is 0.0"),
            (refusal(own, spikes, TimeGrid(timeStep: .nan)), "time_step is nan"),
            (refusal(own, spikes, TimeGrid(copies: 0)), "copies is 0"),
            (refusal(own, spikes, TimeGrid(weightBits: 1)), "weight_bits is 1"),
            (refusal(own, spikes, TimeGrid(weightBits: 17)), "weight_bits is 17"),
            (refusal(try network(weight: 1e39), spikes, TimeGrid(weightBits: 8)), "e+3"),
            (refusal(own, spikes, TimeGrid(timeStep: 6e-3, decay: .euler)), "tau_syn"),
            (refusal(own, spikes, TimeGrid(), ForwardOptions(endTime: 1)), "t_end is 1.0"),
            (refusal(own, spikes, TimeGrid(), ForwardOptions(maxSpikes: 0)), "max_spikes is 0"),
            (refusal(try network(weight: 1e39), spikes), "1e+39"),
            (refusal(try network(weight: 3e38), try input([0, 0, 0, 0])), "overflows float32"),
            (refusal(try network(sizes: [3, 3]), spikes), "n_units = 2"),
        ]
        for (index, (error, text)) in cases.enumerated() {
            #expect(
                error?.kind == .invalidValue && error?.message.contains(text) == true, "case \(index): \(error as Any)")
        }
        // Exponential decay has no longest step.
        #expect(refusal(own, spikes, TimeGrid(timeStep: 0.5)) == nil)
    }

    @Test func runawayActivityEnds() throws {
        let own = try network(weight: 50, sizes: [2, 8, 1], recurrent: [true])
        let grid = TimeGrid(steps: 100_000)
        #expect(refusal(own, try input(), grid, ForwardOptions(maxSpikes: 1000))?.kind == .tooManySpikes)
    }

    @Test func cancellation() throws {
        let (own, spikes) = (try network(), try input())
        let stopped = Monitor { false }
        // The callback is asked after 20 ms at the earliest: these steps take longer.
        let error = #expect(throws: SpinnpropError.self) {
            _ = try ClockSubstrate(TimeGrid(timeStep: 1e-6, steps: 50_000_000)).forward(
                own, spikes, options: ForwardOptions(), monitor: stopped)
        }
        #expect(error?.kind == .cancelled)
    }

    @Test func ruleRefuses() throws {
        let (own, spikes) = (try network(), try input())
        let recording = try ClockSubstrate().forward(own, spikes, options: ForwardOptions(), monitor: nil)
        let objective = Objective(loss: StepTTFSCrossEntropy(), labels: [0])
        let otherGrid = #expect(throws: SpinnpropError.self) {
            try ClockRule(TimeGrid(steps: 30)).backward(own, recording, objective, monitor: nil)
        }
        #expect(otherGrid?.kind == .invalidValue && otherGrid?.message.contains("30 steps") == true)
        let continuous = Recording(
            input: spikes,
            layers: [LayerRecording(neuronCount: 3, isSpiking: true, thresholds: [1], segments: [try SpikeColumns()])],
            partition: [0..<1], fingerprint: nil, engine: "event", endTime: 1)
        let noGrid = #expect(throws: SpinnpropError.self) {
            try ClockRule().backward(own, continuous, objective, monitor: nil)
        }
        #expect(noGrid?.kind == .unsupported && noGrid?.message.contains("\"event\"") == true)
        let noSteps = #expect(throws: SpinnpropError.self) { try objective.check(own, sampleCount: 1, grid: nil) }
        #expect(noSteps?.kind == .unsupported)
        for loss in [
            StepTTFSCrossEntropy(xi: 0), StepTTFSCrossEntropy(alpha: -1), StepTTFSCrossEntropy(beta: .infinity),
            StepTTFSCrossEntropy(xi: 1e-50),
        ] { #expect(throws: SpinnpropError.self) { try loss.check() } }
    }

    /// Silent outputs count as if they spiked at the end, have no class and get no gradient.
    @Test func silence() throws {
        let own = try network(weight: 0)
        let empty = try SpikeTrains(times: [], units: [], offsets: [0, 0, 0], unitCount: 2)
        for spikes in [empty, try SpikeTrains(times: [0], units: [1], offsets: [0, 0, 1], unitCount: 2)] {
            let recording = try ClockSubstrate().forward(own, spikes, options: ForwardOptions(), monitor: nil)
            #expect(recording.outputLayer.spikeCount == 0)
            let gradients = try ClockRule().backward(
                own, recording, Objective(loss: StepTTFSCrossEntropy(), labels: [0, 1]), monitor: nil)
            #expect(gradients.weights[0].allSatisfy { $0 == 0 } && gradients.correctCount == 0)
            #expect(gradients.skippedCount == 0)
            let wanted = Elementary.log(3) + 0.01 * Elementary.expm1(0.27)
            #expect((gradients.value - wanted).magnitude < 1e-6)
            #expect(StepTTFSCrossEntropy().predictions(recording) == [-1, -1])
        }
        let nothing = try SpikeTrains(times: [], units: [], offsets: [0], unitCount: 2)
        let recording = try ClockSubstrate().forward(own, nothing, options: ForwardOptions(), monitor: nil)
        let gradients = try ClockRule().backward(
            own, recording, Objective(loss: StepTTFSCrossEntropy(), labels: []), monitor: nil)
        #expect(gradients.value == 0 && gradients.weights[0].allSatisfy { $0 == 0 })
    }

    /// The lowest index wins a tie, or nobody.
    @Test func ties() throws {
        let recording = try ClockSubstrate().forward(
            try network(weight: 8), try input(), options: ForwardOptions(), monitor: nil)
        #expect(StepTTFSCrossEntropy().predictions(recording) == [0])
        var strict = StepTTFSCrossEntropy()
        strict.tiesAreWrong = true
        #expect(strict.predictions(recording) == [-1])
    }

    /// A spike whose membrane lies high above the threshold is near-tangential if the current is as high.
    @Test func diagnosticsReadTheOvershoot() throws {
        let recording = try ClockSubstrate().forward(
            try network(weight: 8), try input(), options: ForwardOptions(), monitor: nil)
        let (currents, membranes) = (recording.outputLayer.currents, recording.outputLayer.membranes)
        let smallest = zip(currents, membranes).map { $0 - $1 }.min()
        #expect(Diagnostics(recording, layer: 0).smallestSlope == smallest)
        #expect(membranes.allSatisfy { $0 > 1 })
    }
}
