// The adjoint restated plainly: each layer one event after another in reverse time, each neuron by itself.
import Mathematics
import Networks
import Neurons

@testable import EventDriven

/// Gradients of the batch mean of a loss on spikes or maxima, with respect to weights, delays and input times.
final class PlainAdjoint {
    private let network: Network
    private let recording: Recording
    private let plans: [LayerPlan]
    private let rows: EventRows
    private let arrivals: Arrivals
    /// Those of a layer's spikes, or of a read-out's maxima, and of the input's spikes.
    private var errors: [[Double]] = []
    private var inputErrors: [Double] = []
    private var gradients: Gradients

    private enum Event {
        case jump(Int)
        /// The end of the refractory period after a jump.
        case release(Int)
        case arrival(Int)
    }

    /// lV and lI of a neuron, when they were that, and lV and the current at the end of the refractory period that has been passed.
    private struct Neuron {
        var v = 0.0
        var i = 0.0
        var time = 0.0
        var released = 0.0

        mutating func move(to earlier: Double, _ flow: Flow) {
            // Until its last jump a neuron has no adjoint.
            if v != 0 || i != 0 {
                let p = flow.propagators(time - earlier)
                (v, i) = (p.a * v, p.b * i + p.h * flow.ratio * v)
            }
            time = earlier
        }
    }

    static func gradients(_ network: Network, _ recording: Recording, _ objective: Objective) throws -> Gradients {
        let own = try PlainAdjoint(network, recording)
        try own.run(objective)
        return own.gradients
    }

    private init(_ network: Network, _ recording: Recording) throws {
        (self.network, self.recording) = (network, recording)
        plans = try LayerPlan.all(network, asOne: false, monitor: nil)
        rows = EventRows(Poller(nil))
        arrivals = Arrivals(Poller(nil))
        gradients = Gradients(zerosFor: network)
    }

    private func run(_ objective: Objective) throws {
        var sampler = OutputSampler(recording)
        let rate = RateErrors(objective.rate, recording)
        let last = plans.count - 1
        for (part, samples) in recording.partition.enumerated() {
            for sample in samples {
                try rows.begin(sample, recording, part)
                errors = plans.map { plan in
                    let row = rows.layer(plan.layer)
                    var own = [Double](repeating: 0, count: plan.isSpiking ? row.count : plan.neuronCount)
                    own.withUnsafeMutableBufferPointer { own in
                        guard let first = own.baseAddress else { return }
                        rate.add(to: first, layer: plan.layer, times: row.times, units: row.units, count: row.count)
                    }
                    return own
                }
                inputErrors = [Double](repeating: 0, count: rows.inputRow.count)
                sampler.withSample(part: part, index: sample - samples.lowerBound) { shown, _ in
                    errors[last].withUnsafeMutableBufferPointer { own in
                        if let first = own.baseAddress {
                            _ = objective.judge(shown, sample: sample, errors: first)
                        }
                    }
                }
                for n in errors[last].indices { errors[last][n] /= Double(recording.sampleCount) }
                for plan in plans.reversed() { try reverse(plan, part, sample) }
                gradients.inputTimes += placed(inputErrors)
            }
        }
        for (index, connection) in network.connections.enumerated() {
            for n in gradients.weights[index].indices {
                let flow = plans[connection.target].flow(n / connection.preCount)
                gradients.weights[index][n] *= connection.constraints.exists(n) ? -flow.tauSyn : 0
            }
        }
    }

    /// Errors of the input's spikes in the order in which they came.
    private func placed(_ errors: [Double]) -> [Double] {
        guard let order = rows.inputOrder else { return errors }
        var placed = errors
        for n in errors.indices { placed[Int(order[n])] = errors[n] }
        return placed
    }

    private func reverse(_ plan: LayerPlan, _ part: Int, _ sample: Int) throws {
        try arrivals.collect(plan.incoming, rows: rows)
        let jumps = plan.isSpiking ? spikes(plan, part, sample) : maxima(plan, sample)
        // At one time spikes and releases come before arrivals.
        var events: [(time: Double, order: Int, event: Event)] = []
        for (n, own) in jumps.enumerated() {
            events.append((own.time, 2 * n, .jump(n)))
            if plan.isRefractory {
                events.append((own.time + plan.flow(own.neuron).refractory, 2 * n + 1, .release(n)))
            }
        }
        for n in 0..<arrivals.count { events.append((arrivals.times[n], 2 * jumps.count + n, .arrival(n))) }
        events.sort { ($0.time, $0.order) < ($1.time, $1.order) }
        var neurons = [Neuron](repeating: Neuron(), count: plan.neuronCount)
        for (time, _, event) in events.reversed() {
            switch event {
            case .arrival(let n): receive(plan, n, &neurons)
            case .release(let n):
                let (neuron, flow) = (jumps[n].neuron, plan.flow(jumps[n].neuron))
                neurons[neuron].move(to: time, flow)
                neurons[neuron].released =
                    neurons[neuron].v * (current(plan, jumps[n], at: time) - flow.reset)
                neurons[neuron].v = 0
            case .jump(let n):
                let (own, flow) = (jumps[n], plan.flow(jumps[n].neuron))
                neurons[own.neuron].move(to: time, flow)
                let after = neurons[own.neuron]
                if !plan.isSpiking {
                    neurons[own.neuron].v -= errors[plan.layer][own.error] / flow.tauMem
                } else {
                    let slope = own.current - flow.threshold
                    let gain = plan.isRefractory ? after.released : (flow.threshold - flow.reset) * after.v
                    let before = (gain + errors[plan.layer][own.error]) / slope
                    neurons[own.neuron].v = slope > 0 ? before + (plan.isRefractory ? 0 : after.v) : 0
                    neurons[own.neuron].released = 0
                }
            }
        }
    }

    private typealias Jump = (time: Double, neuron: Int, current: Double, error: Int)

    private func spikes(_ plan: LayerPlan, _ part: Int, _ sample: Int) -> [Jump] {
        let (row, segment) = (rows.layer(plan.layer), recording.layers[plan.layer].segments[part])
        let first = segment.range(ofSample: sample - recording.partition[part].lowerBound).lowerBound
        return (0..<row.count).map { (row.times[$0], Int(row.units[$0]), segment.currents[first + $0], $0) }
    }

    /// Those of a read-out. One that an arrival cuts short moves with the most inhibitory of those that arrive then.
    private func maxima(_ plan: LayerPlan, _ sample: Int) -> [Jump] {
        let (own, first) = (recording.layers[plan.layer], sample * plan.neuronCount)
        var jumps: [Jump] = []
        for neuron in 0..<plan.neuronCount where own.maxima[first + neuron] > 0 {
            let at = first + neuron
            let time = own.maximumTimes[at]
            jumps.append((time, neuron, 0, neuron))
            guard own.maximumCurrents.count > at, own.maximumCurrents[at] > own.maxima[at] else { continue }
            let reaching = (0..<arrivals.count).filter {
                arrivals.times[$0] == time && [-1, neuron].contains(Int(arrivals.neurons[$0]))
            }
            let slope = (own.maximumCurrents[at] - own.maxima[at]) / plan.flow(neuron).tauMem
            guard let cut = reaching.min(by: { weight(plan, $0, neuron) < weight(plan, $1, neuron) }),
                weight(plan, cut, neuron) < 0
            else { continue }
            add(errors[plan.layer][neuron] * slope, plan, cut, neuron)
        }
        return jumps
    }

    private func weight(_ plan: LayerPlan, _ arrival: Int, _ neuron: Int) -> Double {
        let own = network.connections[plan.incoming[Int(arrivals.connections[arrival])].index]
        return own.weights[neuron * own.preCount + Int(arrivals.units[arrival])]
    }

    /// The current at the end of a spike's refractory period, before what arrives then.
    private func current(_ plan: LayerPlan, _ jump: Jump, at release: Double) -> Double {
        let flow = plan.flow(jump.neuron)
        var current = jump.current * flow.decay(release - jump.time)
        for n in 0..<arrivals.count where [-1, jump.neuron].contains(Int(arrivals.neurons[n])) {
            let time = arrivals.times[n]
            if time >= jump.time, time < release {
                current += weight(plan, n, jump.neuron) * flow.decay(release - time)
            }
        }
        return current
    }

    /// The adjoint at an arrival gives the weight's and delay's gradient and the sender's error.
    private func receive(_ plan: LayerPlan, _ arrival: Int, _ neurons: inout [Neuron]) {
        let own = plan.incoming[Int(arrivals.connections[arrival])]
        let single = Int(arrivals.neurons[arrival])
        for neuron in single < 0 ? 0..<plan.neuronCount : single..<single + 1 {
            neurons[neuron].move(to: arrivals.times[arrival], plan.flow(neuron))
            let at = neuron * own.connection.preCount + Int(arrivals.units[arrival])
            gradients.weights[own.index][at] += neurons[neuron].i
            add(weight(plan, arrival, neuron) * (neurons[neuron].v - neurons[neuron].i), plan, arrival, neuron)
        }
    }

    /// What an arrival's time does belongs to the spike sent and to its delay.
    private func add(_ error: Double, _ plan: LayerPlan, _ arrival: Int, _ neuron: Int) {
        let own = plan.incoming[Int(arrivals.connections[arrival])]
        let (unit, spike) = (Int(arrivals.units[arrival]), Int(arrivals.spikes[arrival]))
        switch own.connection.delayKind {
        case .none: break
        case .axonal: gradients.delays[own.index][unit] += error
        case .dendritic: gradients.delays[own.index][neuron] += error
        case .synaptic: gradients.delays[own.index][neuron * own.connection.preCount + unit] += error
        }
        if let source = own.connection.source {
            errors[source][spike] += error
        } else {
            inputErrors[spike] += error
        }
    }
}
