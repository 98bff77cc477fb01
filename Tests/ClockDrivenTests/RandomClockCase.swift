// Random networks and inputs on a grid.
import Learning
import Mathematics
import Networks
import Neurons
import Spikes

struct RandomClockCase: CustomStringConvertible {
    let seed: UInt64
    var network: Network
    var grid: TimeGrid
    var input: SpikeTrains
    var labels: [Int]
    var description: String {
        "seed \(seed): \([network.inputCount] + network.layers.map(\.neuronCount)), \(network.delayKind), recurrent "
            + "\(network.hasRecurrence), leaky \(!network.layers[network.layers.count - 1].isSpiking), \(grid), "
            + "\(labels.count) samples"
    }

    /// - Parameter plain: sizes and steps of a chain without delays or recurrence, its neurons alike within a layer or not.
    init(seed: UInt64, leaky: Bool? = nil, plain: (sizes: [Int], steps: Int, isUniform: Bool)? = nil) throws {
        self.seed = seed
        var random = RandomStream(seed: seed, stream: 0)
        func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * random.uniform() }
        func flag() -> Bool { random.index(below: 2) == 1 }
        let drawn = [1 + random.index(below: 6)] + (0...random.index(below: 3)).map { _ in 1 + random.index(below: 20) }
        let sizes = plain?.sizes ?? drawn
        let dt = [1e-3, 0.25e-3, 2e-3][random.index(below: 3)]
        grid = TimeGrid(
            timeStep: dt, steps: plain?.steps ?? 8 + random.index(below: 28), decay: flag() ? .exponential : .euler,
            copies: 1 + random.index(below: 4))
        var parameters: [LIFParameters] = []
        for size in sizes.dropFirst() {
            let count = plain?.isUniform ?? flag() ? 1 : size
            func each(_ low: Double, _ high: Double) -> [Double] { (0..<count).map { _ in uniform(low, high) } }
            parameters.append(
                LIFParameters(
                    tauMem: each(4 * dt, 20 * dt), tauSyn: each(2 * dt, 10 * dt), threshold: each(0.5, 1.5),
                    reset: flag() ? [0] : each(-0.5, 0.4)))
        }
        network = try Network(
            sizes: sizes, parameters: parameters,
            delays: plain == nil ? DelayKind.allCases[random.index(below: DelayKind.allCases.count)] : .none,
            recurrent: plain == nil && sizes.count > 2 && flag() ? [true] : [],
            leakyReadout: leaky ?? (random.index(below: 4) == 0))
        for (c, own) in network.connections.enumerated() {
            let scale = 3.2 / Double(own.preCount).squareRoot()
            let mean = own.isRecurrent ? 0 : scale
            try network.setWeights(own.weights.map { _ in mean + scale * random.normal() }, connection: c)
            guard own.delayKind != .none else { continue }
            try network.setDelays(own.delays.map { _ in uniform(0, 6 * dt) }, connection: c)
        }
        let samples = 1 + random.index(below: 9)
        var (times, units, offsets) = ([Double](), [Int32](), [0])
        for _ in 0..<samples {
            for unit in 0..<sizes[0] {
                for _ in 0..<random.index(below: 4) {
                    times.append(uniform(0, (Double(grid.steps) - 0.6) * dt))
                    units.append(Int32(unit))
                }
            }
            // Twice in the same step, and out of order.
            if flag(), let time = times.last, let unit = units.last {
                (times, units) = (times + [time], units + [unit])
            }
            offsets.append(times.count)
        }
        input = try SpikeTrains(times: times, units: units, offsets: offsets, unitCount: sizes[0])
        labels = (0..<samples).map { _ in random.index(below: sizes[sizes.count - 1]) }
    }
}
