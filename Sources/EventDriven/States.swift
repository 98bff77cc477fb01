// Membranes and currents of a recording at any time: exact, from its spikes.
import Mathematics
import Networks
import Neurons
import Spikes

extension Recording {
    /// What membranes and synaptic currents of a layer were just before whatever happens at a time: V before the reset, I before arrivals.
    ///
    /// Nothing of it is stored: between events both follow their closed form from the recorded spikes. A measured recording has those of the
    /// model under the measured spikes.
    ///
    /// - Parameters:
    ///   - network: the one that made the recording.
    ///   - samples: which samples.
    ///   - times: seconds, in any order, within the run.
    /// - Returns: both as (sample, time, neuron).
    /// - Throws: `staleRecording` if the network's parameters have changed, `unsupported` for recordings on a grid, `invalidValue` for what is out
    ///   of range, `cancelled`.
    public func states(
        of network: Network, layer: Int, samples: Range<Int>, times: [Double], monitor: Monitor? = nil
    ) throws(SpinnpropError) -> (membranes: [Double], currents: [Double]) {
        try check(madeBy: network)
        return try states(try LayerPlan.all(network, monitor: monitor), layer, samples, times, monitor)
    }

    /// The same by the plans of the network that made the recording.
    func states(
        _ plans: [LayerPlan], _ layer: Int, _ samples: Range<Int>, _ times: [Double], _ monitor: Monitor?
    ) throws(SpinnpropError) -> (membranes: [Double], currents: [Double]) {
        try checkReadings(layer: layer, samples: samples, times: times)
        let table = try StateTable(samples: samples, width: times.count, neurons: layers[layer].neuronCount)
        let order = times.indices.sorted { times[$0] < times[$1] }
        let workers = WorkerPool { () throws(SpinnpropError) in StateReader(self, plans, times, order, monitor) }
        try parallelLoop(parts: partition.count, monitor: monitor) { (part) throws(SpinnpropError) in
            try workers.withWorker { (reader) throws(SpinnpropError) in
                for sample in partition[part].clamped(to: samples) {
                    try reader.read(layer, sample, part, table)
                    monitor?.finish(1)
                }
            }
        }
        return (table.values(table.first), table.values(table.second))
    }

    /// - Throws: what `states` throws for a grid, and for what is out of range.
    func checkReadings(layer: Int, samples: Range<Int>, times: [Double]) throws(SpinnpropError) {
        guard grid == nil else {
            throw .unsupported(
                "the recording of engine \"\(engine)\" is on a grid of time steps, between which there is no membrane; run forward with "
                    + "engine \"event\"")
        }
        guard layers.indices.contains(layer) else {
            throw .invalidIndex("layer is \(layer); the recording has layers 0 .. \(layers.count - 1)")
        }
        guard samples.lowerBound >= 0, samples.upperBound <= sampleCount else {
            throw .invalidIndex("samples are \(samples); the recording has samples 0 .. \(sampleCount - 1)")
        }
        for (index, time) in times.enumerated() { try checkReading(time, index) }
    }
}

/// A neuron's two numbers, of its membrane and of its current, as (sample, time, neuron); parts write disjoint pieces.
final class StateTable: @unchecked Sendable {
    let first: Block<Double>
    let second: Block<Double>
    private let count: Int
    private let sampleSize: Int
    private let firstSample: Int

    init(samples: Range<Int>, width: Int, neurons: Int) throws(SpinnpropError) {
        // Both, here and in arrays.
        let size = 4 * MemoryLayout<Double>.stride
        sampleSize = try Memory.product(width, neurons, bytesPerElement: size, "the states of a sample")
        count = try Memory.product(samples.count, sampleSize, bytesPerElement: size, "the states")
        firstSample = samples.lowerBound
        (first, second) = (try Block(max(1, count)), try Block(max(1, count)))
    }

    func clear() {
        for block in [first, second] { block.pointer.update(repeating: 0, count: count) }
    }

    /// Where those of a sample begin.
    func start(_ sample: Int) -> Int { (sample - firstSample) * sampleSize }

    func values(_ block: Block<Double>) -> [Double] {
        Array(UnsafeBufferPointer(start: block.pointer, count: count))
    }
}

/// Reads one sample after another; belongs to one part at a time.
private final class StateReader {
    private let recording: Recording
    private let plans: [LayerPlan]
    private let times: [Double]
    /// The places of `times`, earliest first.
    private let order: [Int]
    private let rows: EventRows
    private let arrivals: Arrivals
    private let propagators = Block<Propagators>()
    private let groups = UnitGroups()
    private let poller: Poller

    init(_ recording: Recording, _ plans: [LayerPlan], _ times: [Double], _ order: [Int], _ monitor: Monitor?) {
        (self.recording, self.plans, self.times, self.order) = (recording, plans, times, order)
        poller = Poller(monitor)
        rows = EventRows(poller)
        arrivals = Arrivals(poller)
    }

    func read(_ layer: Int, _ sample: Int, _ part: Int, _ table: StateTable) throws(SpinnpropError) {
        try Memory.poll()
        try rows.begin(sample, recording, part, layers: layer + 1)
        let (plan, spikes) = (plans[layer], rows.layer(layer))
        try groups.sort(spikes.units, spikes.count, neurons: plan.neuronCount)
        try plan.forEachNeuron(rows, arrivals, propagators) { (neuron) throws(SpinnpropError) in
            let first = table.start(sample) + neuron
            try read(plan, neuron, spikes.times, table.first.pointer + first, table.second.pointer + first)
        }
    }

    private func read(
        _ plan: LayerPlan, _ neuron: Int, _ spikeTimes: UnsafePointer<Double>,
        _ membranes: UnsafeMutablePointer<Double>, _ currents: UnsafeMutablePointer<Double>
    ) throws(SpinnpropError) {
        let flow = plan.flow(neuron)
        let spikes = groups.range(neuron)
        var (v, i, now, release) = (flow.start, 0.0, 0.0, Double.infinity)
        var (event, spike) = (0, spikes.lowerBound)
        /// The state at a time before which nothing more happens.
        func state(_ time: Double) -> (v: Double, i: Double) {
            let p = flow.propagators(time - now)
            return (release < .infinity ? v : p.a * v + p.h * i, p.b * i)
        }
        for place in order {
            let time = times[place]
            while true {
                let nextSpike = spike < spikes.upperBound ? spikeTimes[Int(groups.members[spike])] : .infinity
                let arrival = arrivals.time(event)
                let next = min(release, nextSpike, arrival)
                guard next < time else { break }
                (v, i) = state(next)
                now = next
                // A neuron is let go before it spikes, and spikes before what arrives at the same time.
                if next == release {
                    release = .infinity
                } else if next == nextSpike {
                    v = flow.reset
                    if flow.refractory > 0 { release = next + flow.refractory }
                    spike += 1
                } else {
                    let own = plan.incoming[Int(arrivals.connections[event])]
                    i += own.columns.pointer[Int(arrivals.units[event]) * plan.stride + neuron]
                    event += 1
                }
                try poller.spend(16)
            }
            let found = state(time)
            membranes[place * plan.neuronCount] = found.v + flow.drive
            currents[place * plan.neuronCount] = found.i
            try poller.spend(16)
        }
    }
}
