// Gradients that are good enough to learn with: networks that reproduce given spikes.
import Mathematics
import Spikes
import Testing

@testable import SparseRecurrent

@Suite struct TrainingTests {
    /// Adam (Kingma and Ba 2015) on the weights; returns the losses.
    private func train(
        _ network: SparseNetwork, steps: Int, rate: Double, options: SparseRunOptions,
        _ loss: (SparseRecording) throws -> SpikeLoss
    ) throws -> [Double] {
        var network = network
        var (mean, square) = (network.weights.map { _ in 0.0 }, network.weights.map { _ in 0.0 })
        var (decay1, decay2) = (1.0, 1.0)
        var values: [Double] = []
        for _ in 0..<steps {
            let recording = try network.run(options)
            let result = try loss(recording)
            values.append(result.value)
            let gradient = try recording.gradient(timeErrors: result.timeErrors).weights
            (decay1, decay2) = (decay1 * 0.9, decay2 * 0.99)
            var weights = network.weights
            for synapse in weights.indices {
                mean[synapse] = 0.9 * mean[synapse] + 0.1 * gradient[synapse]
                square[synapse] = 0.99 * square[synapse] + 0.01 * gradient[synapse] * gradient[synapse]
                let step = mean[synapse] / (1 - decay1) / ((square[synapse] / (1 - decay2)).squareRoot() + 1e-12)
                weights[synapse] -= rate * step
            }
            try network.setWeights(weights)
        }
        return values
    }

    @Test(arguments: [NeuronModel.lif, .qif])
    func learnsTheSpikeTimesOfAnotherNetwork(model: NeuronModel) throws {
        let teacher = try Case.network(model, n: 20, k: 5, weight: -0.2, spread: 0.8, seed: 1)
        var student = teacher
        try student.setWeights([Double](repeating: -0.2, count: 100))
        let options = SparseRunOptions(
            spikes: .max, endTime: 0.04, initialPhases: Case.phases(teacher), keepsTape: true)
        let wanted = try teacher.run(options)
        let targets = try SpikeTrains(
            times: wanted.times, units: wanted.units, offsets: [0, wanted.spikeCount], unitCount: 20)
        let losses = try train(student, steps: 300, rate: 2e-3, options: options) { try $0.spikeTimeLoss(targets) }
        #expect(losses[299] < 0.02 * losses[0], "\(losses[0]) \(losses[299])")
    }

    /// Short runs: where many spikes change order on the way, exact gradients point along one smooth piece of a rugged loss.
    @Test func learnsRates() throws {
        let teacher = try Case.network(.lif, n: 20, k: 5, weight: -0.1, spread: 0.8, seed: 2)
        var student = teacher
        try student.setWeights([Double](repeating: -0.1, count: 100))
        let options = SparseRunOptions(
            spikes: .max, endTime: 0.05, initialPhases: Case.phases(teacher), keepsTape: true)
        let wanted = try teacher.run(options)
        var (first, last) = ([Double](repeating: .nan, count: 20), [Double](repeating: .nan, count: 20))
        var counts = [Double](repeating: 0, count: 20)
        for (time, unit) in zip(wanted.times, wanted.units.map { Int($0) }) {
            if counts[unit] == 0 { first[unit] = time }
            last[unit] = time
            counts[unit] += 1
        }
        let rates = (0..<20).map { counts[$0] > 1 ? (counts[$0] - 1) / (last[$0] - first[$0]) : .nan }
        let losses = try train(student, steps: 600, rate: 5e-4, options: options) { try $0.rateLoss(rates) }
        #expect(losses[599] < 0.1 * losses[0], "\(losses[0]) \(losses[599])")
    }
}
