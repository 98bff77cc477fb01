// Gradients with respect to neuron parameters: a pass of its own after a layer's adjoint, one neuron after the other.
import Mathematics
import Networks
import Neurons

/// Replays a neuron's state forward from event to event and its adjoint back, and adds up what each interval and each spike give.
///
/// The adjoint method (EventProp: Wunderlich and Pehle 2021) appends the equations of motion to the loss with multipliers lV, lI, which are so
/// chosen that nothing is left of how the state moves. What is left of a parameter is its explicit place in those equations:
///
///     L + integral of lV (tau_m V' + V - I - D) + lI (tau_s I' + I)
///     dL/dtau_m = integral of lV V'  between events,     dL/dtau_s = integral of lI I',     dL/dD = -integral of lV
///
/// dL/dV = -tau_m lV and dL/dI = -tau_s lI at any time. Over an interval from (V, I) to the next event, where the adjoint is (lV, lI), both integrals
/// are the derivatives of the interval's map V -> a V + h I, I -> b I, with V and I held:
///
///     dL/dtau_m = -tau_m lV (da/dtau_m V + dh/dtau_m I)
///     dL/dtau_s = -tau_m lV dh/dtau_s I - tau_s lI db/dtau_s I
///     dL/dD = -tau_m lV (1 - a)
///
/// Thresholds and resets are measured from the drive, as V is. At a spike V' passes from V'- = (I - theta) / tau_m to V'+ = (I - V_reset) / tau_m. A threshold higher by e makes it later by e / V'-, and the
/// membrane after it lower by e V'+ / V'-; so does a membrane lower by e just before. A reset higher by e is a membrane higher by e after it:
///
///     dL/dtheta   = tau_m lV-     lV before the spike, after the adjoint's jump in reverse time
///     dL/dV_reset = -tau_m lV+    lV after the spike
///
/// A refractory period holds the membrane at V_reset until t_r: nothing moves it, lV = 0 until then, lV+ is that at t_r. Longer by e it leaves the membrane
/// lower by e V'(t_r) afterwards:
///
///     dL/dt_ref = (I(t_r) - V_reset) lV(t_r)
///
/// Whatever else a spike's time acts on, the loss, the neurons that the spike reaches, this layer's own among them, is in its error, and so in lV-.
/// The time of a maximum does not matter: V' = 0 there, or it is that of an arrival or of the end. A measured spike has the membrane that the
/// model had then in the place of theta, and lV- = 0 if that did not rise, as its time is taken as given; between measured spikes the membrane is the
/// model's.
final class NeuronGradients {
    private let arrivals: Arrivals
    private let groups = UnitGroups()
    private let whole = Block<FlowDerivatives>()
    private let steps = Block<Step>()
    private let poller: Poller

    /// An event of a neuron: the state just after it, and how that moves until the next; after the last there is no adjoint.
    private struct Step {
        let v, i: Double
        let event: Event
        var flow: FlowDerivatives
    }

    private enum Event: Equatable {
        /// The beginning, at time 0.
        case start
        case arrival
        case jump(Int)
        /// The end of a refractory period.
        case release
    }

    init(_ poller: Poller) {
        self.poller = poller
        arrivals = Arrivals(poller)
    }

    /// Adds what a sample gives. - Parameter jumps: with all their errors, once the layer's adjoint has been run.
    func add(_ plan: LayerPlan, _ jumps: Jumps, _ rows: EventRows, to sums: NeuronSums) throws(SpinnpropError) {
        try groups.sort(jumps.units, jumps.count, neurons: plan.neuronCount)
        let first = plan.flow(0)
        let sharesIntervals =
            plan.sharesArrivals
            && plan.flows.allSatisfy { $0.tauMem == first.tauMem && $0.tauSyn == first.tauSyn }
        if plan.sharesArrivals { try arrivals.collect(plan.incoming, rows: rows, neuron: 0) }
        if sharesIntervals { try makeIntervals(first, until: jumps.times[jumps.count - 1]) }
        for neuron in 0..<plan.neuronCount {
            let own = groups.range(neuron)
            guard let last = own.last(where: { jumps.errors[Int(groups.members[$0])] != 0 }) else { continue }
            if !plan.sharesArrivals { try arrivals.collect(plan.incoming, rows: rows, neuron: neuron) }
            let count = try replay(plan, neuron, jumps, own.lowerBound...last, sharesIntervals: sharesIntervals)
            reverse(plan, plan.flow(neuron), jumps, count: count, into: sums.of(neuron))
        }
    }

    /// The intervals before each arrival, the first one from time 0 on, which neurons share where no spike cuts them.
    private func makeIntervals(_ flow: Flow, until end: Double) throws(SpinnpropError) {
        try whole.reserve(arrivals.count)
        var (event, last) = (0, 0.0)
        while event < arrivals.count, last < end {
            whole.pointer[event] = flow.derivatives(arrivals.times[event] - last)
            last = arrivals.times[event]
            event += 1
            try poller.spend(16)
        }
    }

    /// Leaves a neuron's events up to the last jump that has an error. - Returns: how many.
    private func replay(
        _ plan: LayerPlan, _ neuron: Int, _ jumps: Jumps, _ own: ClosedRange<Int>, sharesIntervals: Bool
    ) throws(SpinnpropError) -> Int {
        let flow = plan.flow(neuron)
        try steps.reserve(1 + arrivals.count + (plan.isRefractory ? 2 : 1) * own.count)
        let steps = steps.pointer
        var (v, i, now, release) = (flow.start, 0.0, 0.0, Double.infinity)
        steps[0] = Step(v: v, i: i, event: .start, flow: .still)
        var (event, at, count) = (0, own.lowerBound, 1)
        while at <= own.upperBound {
            let jump = Int(groups.members[at])
            let arrival = arrivals.time(event)
            // A neuron is let go before it spikes, and spikes before what arrives at the same time.
            let isNext = jumps.times[jump] <= arrival
            let isRelease = release < .infinity && (isNext || release <= arrival)
            let isJump = !isRelease && isNext
            let time = isRelease ? min(release, jumps.times[jump]) : isJump ? jumps.times[jump] : arrival
            let before = steps[count - 1].event
            let isWhole = sharesIntervals && !isJump && !isRelease && (before == .arrival || before == .start)
            let moved = isWhole ? whole.pointer[event] : flow.derivatives(time - now)
            steps[count - 1].flow = moved
            if release == .infinity { v = moved.propagators.a * v + moved.propagators.h * i }
            i *= moved.propagators.b
            if isRelease {
                release = .infinity
            } else if isJump {
                if jumps.isSpiking {
                    v = flow.reset
                    if plan.isRefractory { release = time + flow.refractory }
                }
                at += 1
            } else {
                let connection = plan.incoming[Int(arrivals.connections[event])]
                i += connection.columns.pointer[Int(arrivals.units[event]) * plan.stride + neuron]
                event += 1
            }
            steps[count] = Step(
                v: v, i: i, event: isRelease ? .release : isJump ? .jump(jump) : .arrival, flow: .still)
            (now, count) = (time, count + 1)
            try poller.spend(8)
        }
        return count
    }

    /// The current after all that arrives at the time of an event, as a period of 0 that is to be longer holds the membrane meanwhile.
    private func settledCurrent(_ event: Int, _ count: Int) -> Double {
        var at = event
        while at + 1 < count, steps.pointer[at].flow.propagators.a == 1, steps.pointer[at + 1].event == .arrival {
            at += 1
        }
        return steps.pointer[at].i
    }

    /// From the last event to the first.
    private func reverse(
        _ plan: LayerPlan, _ flow: Flow, _ jumps: Jumps, count: Int, into sums: UnsafeMutablePointer<NeuronSum>
    ) {
        var (lambdaV, lambdaI, released) = (0.0, 0.0, 0.0)
        var sum = sums.pointee
        for at in stride(from: count - 1, through: 0, by: -1) {
            let step = steps.pointer[at]
            let moved = step.flow
            sum.tauMem += lambdaV * (moved.aMem * step.v + moved.hMem * step.i)
            sum.tauSyn += step.i * (lambdaV * moved.hSyn * flow.ratio + lambdaI * moved.bSyn)
            sum.drive += lambdaV * moved.complement
            lambdaI = moved.propagators.b * lambdaI + moved.propagators.h * flow.ratio * lambdaV
            lambdaV *= moved.propagators.a
            switch step.event {
            case .start, .arrival: break
            case .release:
                sum.reset += lambdaV
                released = (step.i - step.v) * lambdaV
                sum.refractory += flow.refractory > 0 ? released : (settledCurrent(at, count) - step.v) * lambdaV
                lambdaV = 0
            case .jump(let jump):
                if plan.isRefractory {
                    lambdaV = jumps.lambdaV(jump, released: released, flow)
                    released = 0
                } else {
                    let after = lambdaV
                    lambdaV += jumps.delta(jump, lambdaV: lambdaV, flow)
                    guard jumps.isSpiking else { continue }
                    sum.reset += after
                    sum.refractory += (settledCurrent(at, count) - step.v) * after
                }
                sum.threshold += lambdaV
            }
        }
        sums.pointee = sum
    }
}

/// What one neuron's intervals and spikes add up to, without the factors that they share.
struct NeuronSum {
    var tauMem = 0.0
    var tauSyn = 0.0
    var threshold = 0.0
    var reset = 0.0
    var drive = 0.0
    var refractory = 0.0
}

/// The sums of a layer's neurons in one part of a batch.
final class NeuronSums: @unchecked Sendable {
    private let block: Block<NeuronSum>
    private let neuronCount: Int

    init(neuronCount: Int) throws(SpinnpropError) {
        self.neuronCount = neuronCount
        block = try Block(neuronCount)
        block.pointer.update(repeating: NeuronSum(), count: neuronCount)
    }

    func of(_ neuron: Int) -> UnsafeMutablePointer<NeuronSum> { block.pointer + neuron }

    /// The gradients of a layer, one per neuron, from the parts' sums in order.
    static func gradients(_ parts: [NeuronSums], _ plan: LayerPlan) -> LIFParameters {
        var all = LIFParameters.none
        for neuron in 0..<plan.neuronCount {
            var sum = NeuronSum()
            for part in parts {
                let own = part.of(neuron).pointee
                sum.tauMem += own.tauMem
                sum.tauSyn += own.tauSyn
                sum.threshold += own.threshold
                sum.reset += own.reset
                sum.drive += own.drive
                sum.refractory += own.refractory
            }
            let tauMem = plan.flow(neuron).tauMem
            all.tauMem.append(-sum.tauMem)
            all.tauSyn.append(-sum.tauSyn)
            all.threshold.append(tauMem * sum.threshold)
            all.reset.append(-tauMem * sum.reset)
            all.drive.append(-tauMem * sum.drive)
            all.refractory.append(sum.refractory)
        }
        return all
    }
}
