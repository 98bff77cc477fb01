// Random networks, data and layouts for comparing the emulated chip with the clock-driven engine.
import Mathematics
import Networks
import SpiNNaker2
import Spikes

@testable import SpiNNaker2Programs
@testable import TestSupport

struct RandomSpiNNaker2Case: CustomStringConvertible {
    let instance: RandomCase
    let options: SpiNNaker2Options
    var network: Network { instance.network }
    var input: SpikeTrains { instance.input }
    var labels: [Int] { instance.labels }
    /// Of the engine that gives the same bits.
    var twinGrid: TimeGrid { instance.grid }

    var description: String {
        "\(instance), slices \(options.largestSlice ?? 0), \(options.placement), \(options.board.chipCount) chips"
    }

    init(seed: UInt64) throws {
        instance = try RandomCase(seed: seed)
        var random = RandomStream(seed: seed, stream: 77)
        func pick<Value>(_ values: [Value]) -> Value { values[random.index(below: values.count)] }
        var own = SpiNNaker2Options(board: try Board(chips: pick([1, 1, 2, 4])))
        own.grid = instance.grid
        own.copies = instance.grid.copies
        own.batchSize = pick([nil, instance.labels.count])
        own.largestSlice = pick([nil, 8, 8, 24])
        own.placement = pick([.compact, .scattered(seed: seed)])
        own.spikesPerNeuron = 80
        own.activeSenders = 1
        options = own
    }
}
