// Firing-rate regularisation: its value, and the error it gives to each hidden spike.
import Mathematics

/// strength / 2 * sum over hidden neurons of (batch mean of n - target)^2, n = sum over spikes of exp(-t / tau); so a spike at t
/// of a neuron whose mean is m has the error strength (m - target) / samples * (-1 / tau) exp(-t / tau).
public struct RateErrors: Sendable {
    /// What is added to the batch mean of the loss.
    public let value: Double
    private let tau: Double
    /// For each hidden layer and neuron the factor before exp(-t / tau).
    private let factors: [[Double]]

    public init(_ rate: RateRegularisation?, _ recording: Recording) {
        tau = rate?.tau ?? RateRegularisation.defaultTau * recording.timeStretch
        guard let rate, recording.sampleCount > 0 else {
            value = 0
            factors = []
            return
        }
        var sum = 0.0
        var all: [[Double]] = []
        for layer in recording.layers.dropLast() {
            var means = [Double](repeating: 0, count: layer.neuronCount)
            for segment in layer.segments {
                for spike in 0..<segment.count {
                    means[Int(segment.units[spike])] += Elementary.exp(-segment.times[spike] / tau)
                }
            }
            var own: [Double] = []
            for mean in means {
                let distance = mean / Double(recording.sampleCount) - rate.target
                sum += distance * distance
                own.append(-rate.strength * distance / (Double(recording.sampleCount) * tau))
            }
            all.append(own)
        }
        value = rate.strength / 2 * sum
        factors = all
    }

    /// Adds to the errors of some spikes of a layer.
    public func add(
        to errors: UnsafeMutablePointer<Double>, layer: Int, times: UnsafePointer<Double>,
        units: UnsafePointer<Int32>, count: Int
    ) {
        guard layer < factors.count else { return }
        factors[layer].withUnsafeBufferPointer { own in
            for n in 0..<count { errors[n] += own[Int(units[n])] * Elementary.exp(-times[n] / tau) }
        }
    }
}
