// What is refused, and what odd input is documented to do.
import Mathematics
import Testing

@testable import SparseRecurrent

@Suite struct SafetyTests {
    private func expect<T>(
        _ kind: SpinnpropError.Kind, _ words: String, _ body: () throws -> T, line: SourceLocation = #_sourceLocation
    ) {
        do {
            _ = try body()
            Issue.record("nothing was thrown", sourceLocation: line)
        } catch {
            let error = error as? SpinnpropError
            #expect(error?.kind == kind, "\(error?.message ?? "")", sourceLocation: line)
            #expect(error?.message.contains(words) == true, "\(error?.message ?? "")", sourceLocation: line)
        }
    }

    @Test func refusesImpossibleConnections() {
        for k in [0, -1, 10, 11] {
            expect(.invalidValue, "k is \(k)") { try SparseNetwork(neuronCount: 10, degree: k) }
        }
        for n in [0, 1, -3, Int.max] {
            expect(.invalidValue, "n is \(n)") { try SparseNetwork(neuronCount: n, degree: 1) }
        }
        expect(.invalidValue, "to itself") { try Connectivity(offsets: [0, 1, 2], targets: [1, 1]) }
        expect(.invalidValue, "second time") { try Connectivity(offsets: [0, 2, 2], targets: [1, 1]) }
        expect(.invalidIndex, "targets[0] is 2") { try Connectivity(offsets: [0, 1, 1], targets: [2]) }
        expect(.invalidIndex, "targets[0] is -1") { try Connectivity(offsets: [0, 1, 1], targets: [-1]) }
        expect(.invalidValue, "offsets[1] is 3") { try Connectivity(offsets: [0, 3, 1], targets: [1]) }
        expect(.invalidValue, "from 0 to 2") { try Connectivity(offsets: [0, 1, 2], targets: [1]) }
        expect(.invalidValue, "n is") { try Connectivity(offsets: [], targets: []) }
    }

    @Test func refusesNumbersOutOfTheirDomain() throws {
        let pair = try Connectivity(offsets: [0, 1, 2], targets: [1, 0])
        expect(.invalidValue, "raise rate") { try SparseNetwork(neuronCount: 10, degree: 2, rate: 0) }
        expect(.invalidValue, "rate is nan") { try SparseNetwork(neuronCount: 10, degree: 2, rate: .nan) }
        expect(.invalidValue, "coupling is 0") { try SparseNetwork(neuronCount: 10, degree: 2, coupling: 0) }
        for tau in [-1, 0, 1e-200, 1e200, Double.nan, .infinity] {
            expect(.invalidValue, "tau is \(tau)") { try SparseNetwork(neuronCount: 10, degree: 2, tau: tau) }
        }
        for weight in [Double.nan, .infinity, 1e7] {
            expect(.invalidValue, "weight 0") { try SparseNetwork(pair, model: .lif, drives: [1], weights: [weight]) }
        }
        for drive in [Double.nan, .infinity, 0, -1] {
            expect(.invalidValue, "drive of neuron 1") {
                try SparseNetwork(pair, model: .lif, drives: [1, drive], weights: [0])
            }
        }
        expect(.invalidValue, "3 drives") { try SparseNetwork(pair, model: .lif, drives: [1, 1, 1], weights: [0]) }
        expect(.invalidValue, "0 weights") { try SparseNetwork(pair, model: .lif, drives: [1], weights: []) }
        expect(.invalidValue, "slope is 0") {
            try SparseNetwork(pair, model: .eif(slope: 0, .table), drives: [1], weights: [0])
        }
        #expect(NeuronModel(name: "hh") == nil)
    }

    @Test func refusesErrorsForOtherSpikes() throws {
        let network = try SparseNetwork(
            Connectivity(neuronCount: 10, degree: 3, seed: 2, isStored: true), model: .lif, drives: [0.2],
            weights: [-0.2],
            seed: 4)
        let recording = try network.run(SparseRunOptions(spikes: 20, keepsTape: true))
        let error = [Double](repeating: 0, count: 20)
        for (times, final) in [([], []), ([0.0], []), (error + [0], []), (error, [0]), (error, error)] {
            let refusal = #expect(throws: SpinnpropError.self) {
                try recording.gradient(timeErrors: times, nextTimeErrors: final)
            }
            #expect(refusal?.message.contains(" errors ") == true)
        }
    }

    @Test func refusesImpossibleRuns() throws {
        let network = try SparseNetwork(neuronCount: 4, degree: 2)
        for phase in [1, 2, Double.nan, .infinity, -.infinity] {
            expect(.invalidValue, "initial phase 2") {
                try network.run(SparseRunOptions(spikes: 1, initialPhases: [0, 0, phase, 0]))
            }
        }
        expect(.invalidValue, "1 initial phases") { try network.run(SparseRunOptions(spikes: 1, initialPhases: [0])) }
        expect(.invalidValue, "n_spikes is -1") { try network.run(SparseRunOptions(spikes: -1)) }
        expect(.invalidValue, "t_end is nan") { try network.run(SparseRunOptions(spikes: 1, endTime: .nan)) }
        expect(.invalidValue, "neither") { try network.run(SparseRunOptions(spikes: .max)) }
        expect(.invalidIndex, "trace unit 0") { try network.run(SparseRunOptions(spikes: 1, traceUnits: [4])) }
        expect(.invalidValue, "trace_interval") { try network.run(SparseRunOptions(spikes: 1, traceInterval: 0)) }
        expect(.invalidIndex, "input unit 0 is 9") {
            try InputSpikes(times: [0], units: [9], weights: [0], neuronCount: 4)
        }
        expect(.invalidValue, "input time 0") { try InputSpikes(times: [-1], units: [0], weights: [0], neuronCount: 4) }
        expect(.invalidValue, "input weight 0") {
            try InputSpikes(times: [1], units: [0], weights: [.nan], neuronCount: 4)
        }
        let recording = try network.run(SparseRunOptions(spikes: 5, keepsTape: false))
        expect(.unsupported, "keep the tape") { try recording.gradient(timeErrors: [0, 0, 0, 0, 0]) }
        let kept = try network.run(SparseRunOptions(spikes: 5, keepsTape: true))
        expect(.invalidValue, "1 errors") { try kept.gradient(timeErrors: [0]) }
        expect(.invalidValue, "spike 4 is nan") { try kept.gradient(timeErrors: [0, 0, 0, 0, .nan]) }
        expect(.invalidValue, "count is 5") { try kept.lyapunovSpectrum(count: 5) }
        expect(.invalidValue, "skip is 5") { try kept.lyapunovSpectrum(count: 1, skip: 5) }
        let pushed = try network.run(
            SparseRunOptions(spikes: 1, inputs: InputSpikes(times: [0], units: [0], weights: [5], neuronCount: 4)))
        expect(.invalidValue, "all at one time") { try pushed.lyapunovSpectrum(count: 1) }
        expect(.invalidValue, "3 elements") { try kept.jacobianProduct([1, 1, 1]) }
    }

    @Test func boundsAndReportsRunawayExcitation() throws {
        let network = try SparseNetwork(
            Connectivity(neuronCount: 50, degree: 10, seed: 1, isStored: true), model: .lif, drives: [0.5],
            weights: [0.3])
        expect(.tooManySpikes, "more than n = 50 spikes at one instant, t = 0.0") {
            try network.run(SparseRunOptions(spikes: 1_000_000))
        }
    }

    /// Every neuron pushes the next over its threshold: an avalanche through all, each once, at one time.
    @Test func avalanchesKeepTheirOrder() throws {
        let count = 20
        let network = try SparseNetwork(
            Connectivity(offsets: (0...count).map { min($0, count - 1) }, targets: (1..<count).map { Int32($0) }),
            model: .lif, drives: [0.5], weights: [1])
        let recording = try network.run(
            SparseRunOptions(spikes: count, initialPhases: (0..<count).map { $0 == 0 ? 0.9 : 0.1 }))
        #expect(recording.units == (0..<count).map { Int32($0) })
        #expect(Set(recording.times).count == 1)
    }

    @Test func extremesStayFinite() throws {
        for model in [NeuronModel.lif, .qif, .eif(slope: 0.1, .chebyshev)] {
            for (drive, weight) in [(1e-9, -1e6), (1e9, -1e6), (1e-9, -1e-9), (1e9, -1e-9), (1, -1e6), (1, 0)] {
                let network = try SparseNetwork(
                    Connectivity(neuronCount: 20, degree: 19, seed: 1, isStored: false), model: model, drives: [drive],
                    weights: [weight])
                let recording = try network.run(SparseRunOptions(spikes: 200, keepsTape: true))
                #expect(recording.spikeCount == 200)
                #expect(recording.times.allSatisfy { $0.isFinite && $0 >= 0 }, "\(model) \(drive) \(weight)")
                #expect(zip(recording.times, recording.times.dropFirst()).allSatisfy { $0 <= $1 })
            }
        }
    }

    @Test func stopsWhenAsked() throws {
        let network = try SparseNetwork(neuronCount: 1000, degree: 100)
        let monitor = Monitor { false }
        #expect(throws: SpinnpropError.cancelled) {
            try network.run(SparseRunOptions(spikes: 3_000_000), monitor: monitor)
        }
        // Ten thousand drives, as far apart as they may be; a spectrum whose first QR alone takes seconds.
        let pair = try Connectivity(offsets: [Int](repeating: 0, count: 10_001), targets: [])
        let drives = (0..<10_000).map { Elementary.exp(0.004 * Double($0) - 20) }
        #expect(throws: SpinnpropError.cancelled) {
            try SparseNetwork(
                pair, model: .eif(slope: 0.1, .table), drives: drives, weights: [0], monitor: Monitor { false })
        }
        let many = try network.run(SparseRunOptions(spikes: 10, keepsTape: true))
        #expect(throws: SpinnpropError.cancelled) {
            try many.lyapunovSpectrum(count: 1000, monitor: Monitor { false })
        }
        // Derivatives count their spikes as runs do, and hear between two QR decompositions.
        for model in [NeuronModel.lif, .qif] {
            let recording = try SparseNetwork(neuronCount: 1000, degree: 100, model: model)
                .run(SparseRunOptions(spikes: 40_000, keepsTape: true))
            let errors = [Double](repeating: 1, count: 40_000)
            let monitors = (0..<3).map { _ in Monitor { true } }
            _ = try recording.gradient(timeErrors: errors, monitor: monitors[0])
            _ = try recording.jacobianProduct(Array(errors.prefix(1000)), monitor: monitors[1])
            _ = try recording.lyapunovSpectrum(count: 2, interval: 50_000, monitor: monitors[2])
            for monitor in monitors { #expect(monitor.done > 20_000 && monitor.done <= 40_000) }
        }
        #expect(throws: SpinnpropError.cancelled) {
            try network.stream(SparseRunOptions(spikes: 100)) { _, _ in false }
        }
    }
}
