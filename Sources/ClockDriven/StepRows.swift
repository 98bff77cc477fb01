// The spikes of one sample by step, population by population.
import Mathematics
import Networks
import Spikes

/// Some spikes in order of (step, unit).
struct StepRow {
    let steps: UnsafePointer<Int32>
    let units: UnsafePointer<Int32>
    let count: Int
}

/// Rows of the sample that is being run: the input's, put in order if it is not, then each layer's.
final class StepRows {
    private let input: SpikeTrains
    private let grid: TimeGrid
    private let times = Block<Double>(64)
    private let inputSteps = Block<Int32>(64)
    private let inputUnits = Block<Int32>(64)
    private let layerSteps: [Block<Int32>]
    private let sorter: TimeOrder
    private var layers: [StepRow] = []
    private(set) var inputRow: StepRow
    /// Where each spike of the ordered row stands in the input as it came, relative to the sample; `nil` if in place.
    private(set) var inputOrder: UnsafePointer<Int32>?

    init(input: SpikeTrains, grid: TimeGrid, layerCount: Int, poller: Poller) {
        self.input = input
        self.grid = grid
        layerSteps = (0..<layerCount).map { _ in Block<Int32>(64) }
        sorter = TimeOrder(poller)
        inputRow = StepRow(steps: inputSteps.pointer, units: inputUnits.pointer, count: 0)
    }

    /// Turns to a sample, with no layer yet. Spikes past the end stand in step `TimeGrid.steps`.
    func begin(_ sample: Int) {
        layers.removeAll(keepingCapacity: true)
        let start = input.offsets[sample]
        let count = input.offsets[sample + 1] - start
        times.reserve(count)
        inputSteps.reserve(count)
        inputUnits.reserve(count)
        let (nearest, steps, units) = (times.pointer, inputSteps.pointer, inputUnits.pointer)
        input.times.withUnsafeBufferPointer { allTimes in
            input.units.withUnsafeBufferPointer { allUnits in
                guard count > 0, let firstTime = allTimes.baseAddress, let firstUnit = allUnits.baseAddress else {
                    return
                }
                for n in 0..<count { nearest[n] = Double(grid.step(nearest: firstTime[start + n])) }
                inputOrder =
                    TimeOrder.isSorted(nearest, firstUnit + start, count)
                    ? nil : sorter.order(nearest, firstUnit + start, count)
                for n in 0..<count {
                    let from = inputOrder.map { Int($0[n]) } ?? n
                    steps[n] = Int32(nearest[from])
                    units[n] = firstUnit[start + from]
                }
            }
        }
        inputRow = StepRow(steps: steps, units: units, count: count)
    }

    /// Adds the row of the next layer, from spikes that lie on the grid.
    func add(times: UnsafePointer<Double>, units: UnsafePointer<Int32>, count: Int) {
        let block = layerSteps[layers.count]
        block.reserve(count)
        let steps = block.pointer
        let (rate, end) = (1 / grid.timeStep, Double(grid.steps))
        var n = 0
        while n < count {
            // A whole number but for rounding.
            let step = times[n] * rate + 0.5
            steps[n] = step < end ? Int32(step) : Int32(truncatingIfNeeded: grid.steps)
            n &+= 1
        }
        layers.append(StepRow(steps: steps, units: units, count: count))
    }

    /// Memory for the steps of the layer that is to be added next.
    var nextSteps: Block<Int32> { layerSteps[layers.count] }

    /// Adds the row of the next layer, whose steps lie in `nextSteps`.
    func add(units: UnsafePointer<Int32>, count: Int) {
        layers.append(StepRow(steps: layerSteps[layers.count].pointer, units: units, count: count))
    }

    /// The row of a layer that has been added.
    func layer(_ index: Int) -> StepRow { layers[index] }

    /// The row of a connection's source.
    @inline(__always)
    func source(_ own: ClockConnection) -> StepRow { own.source.map { layers[$0] } ?? inputRow }
}
