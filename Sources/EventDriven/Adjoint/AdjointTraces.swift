// The adjoint of a layer at any time: exact, from the errors of its spikes.
import Mathematics
import Networks
import Neurons
import Spikes

extension EventAdjoint {
    /// What the adjoint of a layer's neurons is at some times: what a kick just before whatever happens then would do to the objective.
    ///
    ///     dL/dV(t) = -tau_m lV(t),     dL/dI(t) = -tau_s lI(t)
    ///
    /// So of lV, which jumps at a spike, at the end of a refractory period, and at whatever else of a read-out has an error, it is the limit from the left. L is what
    /// `backward` differentiates: the batch mean of a loss, or the product with errors that are given. The weights' gradient is -tau_s times the
    /// sum of lI over arrivals.
    ///
    /// Nothing of it is stored: the errors of spikes are taken back anew, as far as the layer, and between its jumps the adjoint follows its closed form.
    ///
    /// - Parameters:
    ///   - network: the one that made the recording; callers see to that.
    ///   - samples: which samples.
    ///   - times: seconds, in any order, within the run.
    /// - Returns: both as (sample, time, neuron), per second where L is a number.
    /// - Throws: `invalidIndex` and `invalidValue` for what is out of range, `unsupported` for recordings on a grid, what `backward` throws.
    public func traces(
        _ network: Network, _ recording: Recording, _ objective: Objective, layer: Int, samples: Range<Int>,
        times: [Double], monitor: Monitor? = nil
    ) throws(SpinnpropError) -> (lambdaV: [Double], lambdaI: [Double]) {
        try recording.checkReadings(layer: layer, samples: samples, times: times)
        var own = objective
        (own.wantsInputTimes, own.wantsNeurons) = (false, false)
        let plans = try LayerPlan.all(network, monitor: monitor)
        let run = try AdjointRun(network, recording, own, plans, monitor, parts: 0)
        let table = try StateTable(samples: samples, width: times.count, neurons: plans[layer].neuronCount)
        table.clear()
        let workers = WorkerPool { () throws(SpinnpropError) in
            let worker = try AdjointWorker(plans)
            worker.traces = AdjointTraces(layer: layer, times: times, table: table, monitor)
            return (worker, try PartialSums(plans))
        }
        try parallelLoop(parts: recording.partition.count, monitor: monitor) { (part) throws(SpinnpropError) in
            guard recording.partition[part].overlaps(samples) else { return }
            try workers.withWorker { (own) throws(SpinnpropError) in
                try own.0.run(run.task, part: part, of: samples, sums: own.1, neuronSums: [])
            }
        }
        return (table.values(table.first), table.values(table.second))
    }
}

/// Reads a layer's adjoint, sample by sample, once the errors of its spikes are whole; belongs to one part at a time.
final class AdjointTraces {
    let layer: Int
    private let times: [Double]
    /// The places of `times`, latest first.
    private let order: [Int]
    private let table: StateTable
    private let arrivals: Arrivals
    private let groups = UnitGroups()
    private let poller: Poller

    init(layer: Int, times: [Double], table: StateTable, _ monitor: Monitor?) {
        (self.layer, self.times, self.table) = (layer, times, table)
        order = times.indices.sorted { times[$0] > times[$1] }
        poller = Poller(monitor)
        arrivals = Arrivals(poller)
    }

    /// - Parameter integrals: those of a read-out that have errors.
    func add(
        _ plan: LayerPlan, _ jumps: Jumps, _ integrals: ReadoutIntegrals?, _ rows: EventRows, sample: Int
    ) throws(SpinnpropError) {
        try groups.sort(jumps.units, jumps.count, neurons: plan.neuronCount)
        for neuron in 0..<plan.neuronCount where groups.range(neuron).count > 0 {
            // What arrives within refractory periods alone matters to the adjoint.
            if plan.isRefractory { try arrivals.collect(plan.incoming, rows: rows, neuron: neuron) }
            try read(plan, neuron, jumps, from: table.start(sample) + neuron)
        }
        guard let integrals else { return }
        for (place, time) in times.enumerated() {
            let first = table.start(sample) + place * plan.neuronCount
            for neuron in 0..<plan.neuronCount {
                let own = integrals.adjoint(plan.flow(neuron), neuron, at: time)
                table.first.pointer[first + neuron] += own.v
                table.second.pointer[first + neuron] += own.i
            }
            try poller.spend(16 * plan.neuronCount)
        }
    }

    /// Follows a neuron's adjoint in reverse time from its last jump. Nothing but its own jumps changes it.
    private func read(_ plan: LayerPlan, _ neuron: Int, _ jumps: Jumps, from first: Int) throws(SpinnpropError) {
        let flow = plan.flow(neuron)
        let own = groups.range(neuron)
        var (v, i, now) = (0.0, 0.0, Double.infinity)
        var at = own.upperBound - 1
        /// What the time of the spike that comes next does at the end of its refractory period, once that has been passed.
        var released: Double?
        func state(_ time: Double) -> (v: Double, i: Double) {
            // Until its last jump a neuron has no adjoint.
            guard v != 0 || i != 0 else { return (0, 0) }
            let p = flow.propagators(now - time)
            return (p.a * v, p.b * i + p.h * flow.ratio * v)
        }
        for place in order {
            let time = times[place]
            while at >= own.lowerBound {
                let jump = Int(groups.members[at])
                let isRelease = plan.isRefractory && released == nil
                let next = jumps.times[jump] + (isRelease ? flow.refractory : 0)
                guard next >= time else { break }
                (v, i) = state(next)
                now = next
                if isRelease {
                    released = v == 0 ? 0 : (try current(plan, neuron, jumps, jump, at: next) - flow.reset) * v
                    v = 0
                } else {
                    if let released {
                        v = jumps.lambdaV(jump, released: released, flow)
                    } else {
                        v += jumps.delta(jump, lambdaV: v, flow)
                    }
                    released = nil
                    at -= 1
                }
                try poller.spend(16)
            }
            let found = state(time)
            let to = first + place * plan.neuronCount
            (table.first.pointer[to], table.second.pointer[to]) = (found.v, found.i)
            try poller.spend(16)
        }
    }

    /// The current at the end of a spike's refractory period, before what arrives then.
    private func current(
        _ plan: LayerPlan, _ neuron: Int, _ jumps: Jumps, _ jump: Int, at release: Double
    ) throws(SpinnpropError) -> Double {
        let flow = plan.flow(neuron)
        var current = jumps.currents[jump] * flow.decay(release - jumps.times[jump])
        var event = arrivals.firstEvent(notBefore: jumps.times[jump])
        while arrivals.time(event) < release {
            let connection = plan.incoming[Int(arrivals.connections[event])]
            current +=
                connection.columns.pointer[Int(arrivals.units[event]) * plan.stride + neuron]
                * flow.decay(release - arrivals.times[event])
            event += 1
            try poller.spend(16)
        }
        return current
    }
}

extension Arrivals {
    /// The first event at a time or after it; `count` if there is none.
    fileprivate func firstEvent(notBefore time: Double) -> Int {
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if times[middle] < time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
