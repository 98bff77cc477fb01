// Jacobian products and exponents: the neutral direction, the adjoint, Liouville's theorem and what is known of the models.
import Mathematics
import Testing

@testable import SparseRecurrent

@Suite struct LyapunovTests {
    static let models: [NeuronModel] = [.lif, .qif, .eif(slope: 0.1, .chebyshev)]

    @Test(arguments: models)
    func shiftInTimeIsNeutral(model: NeuronModel) throws {
        let recording = try Case.balanced(100, 20, 3, model).run(SparseRunOptions(spikes: 2000, keepsTape: true))
        let product = try recording.jacobianProduct([Double](repeating: 1, count: 100))
        #expect(product == [Double](repeating: 1, count: 100))
    }

    @Test(arguments: models, [-0.2, 0.04])
    func productAndTransposedProductAgree(model: NeuronModel, weight: Double) throws {
        let network = try Case.network(model, n: 30, k: 6, weight: weight, spread: 2, seed: 2)
        let recording = try network.run(
            SparseRunOptions(spikes: 200, inputs: Case.inputs(network, count: 10, until: 0.02), keepsTape: true))
        var stream = RandomStream(seed: 8, stream: 0)
        let (right, left) = ((0..<30).map { _ in stream.normal() }, (0..<30).map { _ in stream.normal() })
        let forward = zip(left, try recording.jacobianProduct(right)).reduce(0) { $0 + $1.0 * $1.1 }
        let zero = [Double](repeating: 0, count: recording.spikeCount)
        let backward = zip(right, try recording.gradient(timeErrors: zero, nextTimeErrors: left).nextTimes)
            .reduce(0) { $0 + $1.0 * $1.1 }
        #expect((forward / backward - 1).magnitude < 1e-9, "\(forward) \(backward)")
    }

    @Test(arguments: models)
    func completeSpectrumAddsUpToTheContraction(model: NeuronModel) throws {
        let recording = try Case.balanced(40, 10, 3, model).run(SparseRunOptions(spikes: 6000, keepsTape: true))
        let spectrum = try recording.lyapunovSpectrum(count: 40, skip: 1000)
        let sum = spectrum.exponents.reduce(0, +)
        #expect((sum / spectrum.contraction - 1).magnitude < 1e-9, "\(sum) \(spectrum.contraction)")
        #expect(spectrum.duration > 0.5 && spectrum.duration < recording.summary.endTime)
        let smallest = spectrum.exponents.reduce(Double.infinity) { min($0, $1.magnitude) }
        // One exponent of the complete spectrum is that of the neutral direction.
        #expect(smallest < 0.01 * (spectrum.exponents[39].magnitude), "\(spectrum.exponents)")
        // Inhibitory LIF networks are stable, quadratic ones chaotic (Engelken; Monteforte and Wolf 2010, 2012).
        if model == .lif { #expect(spectrum.exponents[0] < 1 && spectrum.exponents[1] < -1) }
        if model == .qif { #expect(spectrum.exponents[0] > 1) }
    }

    /// A neuron that is pushed over its threshold forgets its state: no volume is left.
    @Test func avalanchesEndVolumes() throws {
        let recording = try Case.network(.lif, n: 20, k: 5, weight: 0.02, spread: 0.5, seed: 1).run(
            SparseRunOptions(spikes: 200, keepsTape: true))
        #expect(recording.tape?.forced.isEmpty == false)
        #expect(try recording.lyapunovSpectrum(count: 2).contraction == -.infinity)
    }

    /// Three neurons that excite each other are one after an avalanche (python/tests/agreement compares with exact fractions).
    @Test(arguments: [0, 1, 2, 3, 10, 1000])
    func lostDirectionsAreLostForEveryInterval(interval: Int) throws {
        let network = try SparseNetwork(
            Connectivity(offsets: [0, 2, 4, 6], targets: [1, 2, 0, 2, 0, 1]), model: .lif, drives: [0.5],
            weights: [0.4])
        for spikes in 30...33 {
            let recording = try network.run(SparseRunOptions(spikes: spikes, initialPhases: [0.1, 0.4, 0.8]))
            let spectrum = try recording.lyapunovSpectrum(count: 3, interval: interval)
            #expect(spectrum.exponents[0].isFinite)
            #expect(Array(spectrum.exponents[1...]) == [-.infinity, -.infinity])
            #expect(spectrum.contraction == -.infinity)
        }
    }

    /// Strong inputs take vectors apart by more than float64 holds, within one event: a direction is small, not lost.
    @Test(arguments: [NeuronModel.qif, .eif(slope: 0.1, .chebyshev), .lif], [1, 7, 1000])
    func steepSlopesLeaveAllDirections(model: NeuronModel, interval: Int) throws {
        let network = try SparseNetwork(
            Connectivity(offsets: [0, 2, 4, 6], targets: [1, 2, 0, 2, 0, 1]), model: model, drives: [1e-3],
            weights: [model == .lif ? -1e5 : -3])
        let recording = try network.run(
            SparseRunOptions(
                spikes: 12, initialPhases: [0.1, 0.4, 0.8],
                inputs: InputSpikes(
                    times: [1e-5, 2e-5], units: [0, 1], weights: model == .lif ? [-1e6, -1e5] : [-50, 9], neuronCount: 3
                )))
        let spectrum = try recording.lyapunovSpectrum(count: 3, interval: interval)
        let sum = spectrum.exponents.reduce(0, +)
        #expect((sum / spectrum.contraction - 1).magnitude < 1e-9, "\(spectrum)")
        let single = try recording.lyapunovSpectrum(count: 3, interval: 1)
        for (a, b) in zip(spectrum.exponents, single.exponents) {
            #expect((a - b).magnitude < 1e-7 * single.contraction.magnitude, "\(spectrum) \(single)")
        }
    }

    @Test func residuesFollowArithmetic() throws {
        #expect(ExactRank.residue(1) == 1 && ExactRank.residue(0) == 0 && ExactRank.residue(0x1p61) == 1)
        #expect(ExactRank.residue(3 * 0x1p-60) == 6 && ExactRank.residue(0x1p-1074) == 1 << 24)
    }

    @Test func firstExponentsDoNotDependOnHowManyAreAsked() throws {
        let recording = try Case.balanced(60, 10, 3, .qif).run(SparseRunOptions(spikes: 4000, keepsTape: true))
        let (few, many) = (
            try recording.lyapunovSpectrum(count: 2, skip: 1000), try recording.lyapunovSpectrum(count: 60, skip: 1000)
        )
        for index in 0..<2 { #expect((few.exponents[index] - many.exponents[index]).magnitude < 1.0) }
    }
}
