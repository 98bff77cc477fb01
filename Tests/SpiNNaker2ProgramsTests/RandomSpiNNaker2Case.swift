// Random networks, data and layouts for comparing the emulated chip with the clock-driven engine.
import Mathematics
import Networks
import Neurons
import SpiNNaker2
import Spikes

@testable import SpiNNaker2Programs

struct RandomSpiNNaker2Case {
    var network: Network
    let input: SpikeTrains
    let labels: [Int]
    let options: SpiNNaker2Options
    let description: String

    init(seed: UInt64) throws {
        var random = RandomStream(seed: seed, stream: 77)
        func pick<Value>(_ values: [Value]) -> Value { values[random.index(below: values.count)] }
        let hidden = (0..<random.index(below: 3)).map { _ in 1 + random.index(below: 40) }
        let sizes = [1 + random.index(below: 12)] + hidden + [1 + random.index(below: 20)]
        var grid = TimeGrid(timeStep: pick([1e-3, 0.5e-3]), steps: pick([2, 9, 27, 40]))
        grid.decay = pick([.exponential, .euler])
        let kind = pick([DelayKind.none, .none, .synaptic, .axonal, .dendritic])
        let recurrent = hidden.map { _ in random.index(below: 2) == 0 }
        network = try Network(sizes: sizes, delays: kind, recurrent: recurrent)
        for layer in network.layers.indices where random.index(below: 2) == 0 {
            let count = sizes[layer + 1]
            func spread(_ low: Double, _ high: Double) -> [Double] {
                (0..<count).map { _ in low + (high - low) * random.uniform() }
            }
            try network.setParameters(
                LIFParameters(
                    tauMem: spread(5e-3, 30e-3), tauSyn: spread(2e-3, 10e-3), threshold: spread(0.7, 1.3),
                    reset: spread(-0.3, 0.2)), layer: layer)
        }
        for (index, connection) in network.connections.enumerated() {
            let scale = 6 / Double(connection.preCount).squareRoot()
            let weights = (0..<connection.weights.count).map { _ in
                scale * (connection.isRecurrent ? 0.3 : 1) * (random.normal() + 0.7)
            }
            try network.setWeights(weights, connection: index)
            guard kind != .none else { continue }
            let longest = pick([0, 2, 6]) * grid.timeStep
            try network.setDelays(connection.delays.map { _ in longest * random.uniform() }, connection: index)
        }
        let samples = pick([1, 5, 17])
        var (times, units, offsets): ([Double], [Int32], [Int]) = ([], [], [0])
        for _ in 0..<samples {
            for _ in 0..<random.index(below: 3 * sizes[0] + 1) {
                times.append(grid.timeStep * Double(grid.steps - 1) * random.uniform())
                units.append(Int32(random.index(below: sizes[0])))
            }
            offsets.append(times.count)
        }
        input = try SpikeTrains(times: times, units: units, offsets: offsets, unitCount: sizes[0])
        let outputs = sizes[sizes.count - 1]
        labels = (0..<samples).map { _ in random.index(below: outputs) }
        var own = SpiNNaker2Options(board: try Board(chips: pick([1, 1, 2, 4])))
        own.grid = grid
        own.copies = pick([1, 2, 3, 7])
        own.batchSize = pick([nil, samples])
        own.largestSlice = pick([nil, 8, 24])
        own.placement = pick([.compact, .scattered(seed: seed)])
        own.spikesPerNeuron = 40
        own.activeSenders = 1
        options = own
        description =
            "seed \(seed): \(sizes), recurrent \(recurrent), delays \(kind), \(grid), \(samples) samples, copies "
            + "\(own.copies ?? 0), slices \(own.largestSlice ?? 0), \(own.placement), \(own.board.chipCount) chips"
    }

    var twinGrid: TimeGrid {
        var grid = options.grid
        grid.copies = options.copies ?? 1
        return grid
    }
}

/// All bits of a recording's spikes.
func bits(_ recording: Recording) -> [[[UInt64]]] {
    recording.layers.map { layer in
        let spikes = layer.spikes
        let membranes = layer.segments.flatMap { segment in
            (0..<segment.count).map { segment.membranes?[$0].bitPattern ?? 1 }
        }
        return [
            spikes.times.map(\.bitPattern), spikes.units.map { UInt64($0) }, spikes.offsets.map { UInt64($0) },
            layer.currents.map(\.bitPattern), membranes,
        ]
    }
}

/// All bits of gradients.
func bits(_ gradients: Gradients) -> [[UInt64]] {
    (gradients.weights + gradients.delays + [gradients.inputTimes, [gradients.value]]).map { $0.map(\.bitPattern) }
        + [[UInt64(gradients.skippedCount), UInt64(gradients.correctCount)]]
}
