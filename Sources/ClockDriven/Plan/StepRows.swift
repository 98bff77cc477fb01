// The spikes of one sample by step, population by population.
import ClockArithmetic
import Mathematics
import Networks
import Spikes

/// Spikes of the sample that is being run: the input's, put in order if they are not, then each layer's.
final class StepRows {
    private let input: SpikeTrains
    private let grid: TimeGrid
    private let times = Block<Double>()
    private let inputSteps = Block<Int32>()
    private let inputUnits = Block<Int32>()
    private let sorter: TimeOrder
    private var layerCount = 0
    private let layers: UnsafeMutablePointer<LayerSpikes>
    private(set) var inputRow: StepRow
    /// For each spike of the ordered row its place in the sample as it came; `nil` where the sample was in order.
    private(set) var inputOrder: UnsafePointer<Int32>?

    init(input: SpikeTrains, _ plans: ClockPlans, grid: TimeGrid, poller: Poller) throws(SpinnpropError) {
        self.input = input
        self.grid = grid
        sorter = TimeOrder(poller)
        layers = .allocate(capacity: plans.layers.count)
        inputRow = StepRow(steps: inputSteps.pointer, units: inputUnits.pointer, count: 0)
        for plan in plans.layers {
            (layers + layerCount).initialize(to: try LayerSpikes(capacity: max(256, plan.neuronCount)))
            layerCount += 1
        }
    }

    deinit {
        for layer in 0..<layerCount { layers[layer].deallocate() }
        layers.deallocate()
    }

    /// Turns to a sample, all layers still without spikes. Input spikes past the end stand in step `TimeGrid.steps`.
    func begin(_ sample: Int) throws(SpinnpropError) {
        for layer in 0..<layerCount { layers[layer].count = 0 }
        let start = input.offsets[sample]
        let count = input.offsets[sample + 1] - start
        try times.reserve(count)
        try inputSteps.reserve(count)
        try inputUnits.reserve(count)
        let (nearest, steps, units) = (times.pointer, inputSteps.pointer, inputUnits.pointer)
        try input.times.withUnsafeBufferPointer { (allTimes) throws(SpinnpropError) in
            try input.units.withUnsafeBufferPointer { (allUnits) throws(SpinnpropError) in
                guard count > 0, let firstTime = allTimes.baseAddress, let firstUnit = allUnits.baseAddress else {
                    return
                }
                for n in 0..<count { nearest[n] = Double(grid.step(nearest: firstTime[start + n])) }
                inputOrder =
                    TimeOrder.isSorted(nearest, firstUnit + start, count)
                    ? nil : try sorter.order(nearest, firstUnit + start, count)
                for n in 0..<count {
                    let from = inputOrder.map { Int($0[n]) } ?? n
                    steps[n] = Int32(nearest[from])
                    units[n] = firstUnit[start + from]
                }
            }
        }
        inputRow = StepRow(steps: steps, units: units, count: count)
    }

    /// The spikes of a layer, which may be given more.
    subscript(layer: Int) -> LayerSpikes {
        get { layers[layer] }
        set { layers[layer] = newValue }
    }

    /// Gives a layer room for at least so many spikes; those it has stay.
    func reserve(_ count: Int, layer: Int) throws(SpinnpropError) {
        let old = layers[layer]
        guard count > old.capacity else { return }
        var new = try LayerSpikes(capacity: max(count, 2 * old.capacity))
        new.append(old)
        layers[layer] = new
        old.deallocate()
    }

    /// Takes the spikes of a layer from a recording.
    func load(layer: Int, from columns: SpikeColumns, _ range: Range<Int>) throws(SpinnpropError) {
        try reserve(range.count, layer: layer)
        let (own, start) = (layers[layer], range.lowerBound)
        let (times, units, currents) = (columns.times + start, columns.units + start, columns.currents + start)
        let membranes = columns.membranes.map { $0 + start } ?? currents
        let (rate, end) = (1 / grid.timeStep, Double(grid.steps))
        var n = 0
        while n < range.count {
            // A whole number but for rounding.
            let step = times[n] * rate + 0.5
            own.steps[n] = step < end ? Int32(step) : Int32(truncatingIfNeeded: grid.steps)
            own.units[n] = units[n]
            own.currents[n] = Float(currents[n])
            own.membranes[n] = Float(membranes[n])
            n &+= 1
        }
        layers[layer].count = range.count
    }

    /// Appends the spikes of a layer to a recording, as those of its next sample.
    func store(layer: Int, to columns: SpikeColumns) throws(SpinnpropError) {
        let own = layers[layer]
        try columns.reserve(own.count)
        let start = columns.count
        let (times, units, currents) = (columns.times + start, columns.units + start, columns.currents + start)
        let membranes = columns.membranes.map { $0 + start }
        // One column after the other, for vectors.
        for n in 0..<own.count { times[n] = grid.time(ofStep: Int(own.steps[n])) }
        units.update(from: own.units, count: own.count)
        for n in 0..<own.count { currents[n] = Double(own.currents[n]) }
        if let membranes {
            for n in 0..<own.count { membranes[n] = Double(own.membranes[n]) }
        }
        columns.count = start &+ own.count
        columns.ends.append(columns.count)
    }

    /// The row of a connection's source.
    @inline(__always)
    func row(source: Int?) -> StepRow { source.map { layers[$0].row } ?? inputRow }
}

extension LayerSpikes {
    /// One column after the other in one piece of memory.
    fileprivate init(capacity: Int) throws(SpinnpropError) {
        // Columns of whole cache lines.
        let capacity = (capacity + 15) & ~15
        let memory = try Memory.allocate(5 * MemoryLayout<Float>.stride * capacity)
        let steps = memory.bindMemory(to: Int32.self, capacity: 2 * capacity)
        let currents = (memory + 2 * MemoryLayout<Int32>.stride * capacity)
            .bindMemory(to: Float.self, capacity: 3 * capacity)
        self.init(
            steps: steps, units: steps + capacity, currents: currents, membranes: currents + capacity,
            errors: currents + 2 * capacity, capacity: capacity)
    }

    /// Steps come first: freeing them frees all.
    fileprivate func deallocate() { Memory.free(steps) }

    fileprivate mutating func append(_ other: LayerSpikes) {
        (steps + count).update(from: other.steps, count: other.count)
        (units + count).update(from: other.units, count: other.count)
        (currents + count).update(from: other.currents, count: other.count)
        (membranes + count).update(from: other.membranes, count: other.count)
        count += other.count
    }
}
