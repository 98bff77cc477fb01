// Initial phases, given or drawn, as times that remain until the first spike.
import Mathematics

enum InitialState {
    /// The phase velocity of a neuron: radians or cycles per membrane time constant.
    static func phaseVelocities(_ network: SparseNetwork) throws(SpinnpropError) -> [Double] {
        switch network.model {
        case .lif: return network.drives.map { 1 / Elementary.log1p(1 / $0) }
        case .qif: return network.drives.map { 2 * $0.squareRoot() }
        case .eif(let slope, let kind): return [1 / (try EIF(drive: network.drives[0], slope: slope, kind).period(0))]
        }
    }

    /// In membrane time constants, one per neuron.
    ///
    /// - Throws: `invalidValue` for a phase that is not below the threshold, or too far below it.
    static func remaining(_ network: SparseNetwork, phases: [Double]) throws(SpinnpropError) -> LargeBuffer<Double> {
        let velocities = try phaseVelocities(network)
        let (threshold, reset) = (network.model.threshold, network.model.reset)
        let result = try LargeBuffer(count: network.neuronCount, repeating: 0.0, "the initial state")
        var stream = RandomStream(seed: network.seed, stream: 1)
        for neuron in 0..<network.neuronCount {
            let phase = phases.isEmpty ? reset + stream.uniform() * (threshold - reset) : phases[neuron]
            let velocity = velocities[velocities.count == 1 ? 0 : neuron]
            // A quadratic neuron is never below its reset; the others could be, by more than a key can hold.
            let lowest = network.model == .qif ? reset : threshold - longestRemaining * velocity
            guard phase < threshold, phase >= lowest else {
                throw .invalidValue(
                    "initial phase \(neuron) is \(phase); phases of this \(network.model.name) neuron are at least "
                        + "\(lowest) and below \(threshold)")
            }
            result.pointer[neuron] = (threshold - phase) / velocity
        }
        return result
    }

    private static let longestRemaining = 200.0
}
