// The membranes and currents of an array: moved from event to event, all neurons at once, four side by side.
import CSupport
import Mathematics

/// All neurons at one time, that of the last event.
///
/// An event moves everybody, whoever it reaches: an array of 512 neurons has one every tenth of a millisecond or so, and a fifth of them hear it.
/// Neurons with the same time constants share their propagators, others take theirs from short polynomials. In the same pass everybody whose
/// membrane might reach its threshold before the next event is found: it rises at most as fast as with its highest current held. Only those few
/// are looked at one by one (`NeuronCell`).
///
/// A neuron that leaves its refractory period between two events has the membrane that leads to its reset at that time: its state is its own
/// from `since` on. While it is refractory its membrane is -infinity, and stays that.
final class ArrayState {
    private typealias Lanes = SIMD4<Double>

    let count: Int
    /// `count` rounded up to whole vectors; places beyond have no synapses, and a threshold of +infinity.
    private let places: Int
    var time = 0.0
    let membranes, excitations, inhibitions: Block<Double>
    /// When each neuron last left a refractory period.
    let since: Block<Double>
    private let gains, thresholds, gathered: Block<Double>
    /// Neurons that might fire before the next event.
    private let suspectBlock: Block<Int32>
    private(set) var suspectCount = 0
    /// A row of synapses without a weight.
    private let nothing: Block<Int8>
    /// Whether all neurons have the same time constants, and whether one current serves for both.
    private let isShared, hasOneCurrent: Bool
    private let hasNear: (exc: Bool, inh: Bool)
    /// 1 over the shortest time constant.
    private let fastest: Double

    init(_ cells: UnsafePointer<NeuronCell>, _ count: Int) throws(SpinnpropError) {
        self.count = count
        places = (count + 3) & ~3
        (membranes, excitations, inhibitions) = (try Block(places), try Block(places), try Block(places))
        (since, gains, thresholds) = (try Block(count), try Block(places), try Block(places))
        gathered = try Block(places * ArrayState.columns)
        (suspectBlock, nothing) = (try Block(places), try Block(places))
        nothing.pointer.update(repeating: 0, count: places)
        for n in 0..<places {
            let cell = cells[min(n, count - 1)]
            gains.pointer[n] = n < count ? cell.gain : 0
            thresholds.pointer[n] = n < count ? cell.threshold : .infinity
            let own = [
                cell.decayMem, cell.decayExc, cell.decayInh, cell.exc.k, cell.exc.rate, cell.inh.k, cell.inh.rate,
            ]
            for (column, value) in own.enumerated() { gathered.pointer[column * places + n] = value }
        }
        let all = UnsafeBufferPointer(start: cells, count: count)
        isShared = all.allSatisfy {
            ($0.decayMem, $0.decayExc, $0.decayInh) == (cells[0].decayMem, cells[0].decayExc, cells[0].decayInh)
        }
        hasOneCurrent = all.allSatisfy(\.hasOneCurrent)
        hasNear = (all.contains(where: \.exc.isNear), all.contains(where: \.inh.isNear))
        fastest = all.reduce(0) { max($0, -$1.decayMem, -$1.decayExc, -$1.decayInh) }
        restart(cells)
    }

    private static let columns = 7

    func restart(_ cells: UnsafePointer<NeuronCell>) {
        (time, suspectCount) = (0, 0)
        for n in 0..<places { membranes.pointer[n] = cells[min(n, count - 1)].start }
        excitations.pointer.update(repeating: 0, count: places)
        inhibitions.pointer.update(repeating: 0, count: places)
        since.pointer.update(repeating: 0, count: count)
    }

    /// The same state as another's, of an array with the same neurons.
    func copy(_ other: ArrayState) {
        time = other.time
        membranes.pointer.update(from: other.membranes.pointer, count: places)
        excitations.pointer.update(from: other.excitations.pointer, count: places)
        inhibitions.pointer.update(from: other.inhibitions.pointer, count: places)
        since.pointer.update(from: other.since.pointer, count: count)
    }

    var suspects: UnsafeBufferPointer<Int32> { UnsafeBufferPointer(start: suspectBlock.pointer, count: suspectCount) }

    /// One neuron's state at `time`.
    func load(_ cell: inout NeuronCell, _ neuron: Int) {
        (cell.time, cell.membrane) = (time, membranes.pointer[neuron])
        (cell.excitation, cell.inhibition) = (excitations.pointer[neuron], inhibitions.pointer[neuron])
        if hasOneCurrent {
            let current = cell.excitation
            (cell.excitation, cell.inhibition) = (max(current, 0), min(current, 0))
        }
    }

    /// Moves a state that was loaded to where it is the neuron's own.
    func catchUp(_ cell: inout NeuronCell, _ neuron: Int) {
        if since.pointer[neuron] > cell.time { cell.move(to: since.pointer[neuron]) }
    }

    /// Moves everybody to `t`, adds what arrives then, and finds whom to suspect until `limit`, when the next event comes.
    ///
    /// - Parameter weights: one per neuron, of the sender whose spike arrives; `nil`: none.
    func move(to t: Double, _ weights: UnsafePointer<Int8>?, until limit: Double) {
        let (elapsed, ahead, row) = (t - time, limit - t, weights ?? UnsafePointer(nothing.pointer))
        time = t
        suspectCount = 0
        if isShared {
            let steps = SharedSteps(OwnSteps(gathered.pointer, places, elapsed, ahead, hasNear))
            if hasOneCurrent { sweep(steps, row, oneCurrent: true) } else { sweep(steps, row, oneCurrent: false) }
        } else if elapsed == 0 {
            sweep(OwnSteps<NoStep>(gathered.pointer, places, 0, ahead, hasNear), row, oneCurrent: hasOneCurrent)
        } else if elapsed * fastest <= ShortStep.longest {
            let steps = OwnSteps<ShortStep>(gathered.pointer, places, elapsed, ahead, hasNear)
            if hasOneCurrent { sweep(steps, row, oneCurrent: true) } else { sweep(steps, row, oneCurrent: false) }
        } else {
            let steps = OwnSteps<AnyStep>(gathered.pointer, places, elapsed, ahead, hasNear)
            sweep(steps, row, oneCurrent: hasOneCurrent)
        }
    }

    @inline(__always)
    private func sweep<Steps: ArraySteps>(_ steps: Steps, _ row: UnsafePointer<Int8>, oneCurrent: Bool) {
        let (membranes, excitations, inhibitions) = (membranes.pointer, excitations.pointer, inhibitions.pointer)
        let (gains, thresholds, places) = (gains.pointer, thresholds.pointer, places)
        var n = 0
        while n < places {
            let step = steps.propagators(n)
            let ahead = steps.ahead(n)
            let arriving = Formula.product(Lanes.at(gains + n), spinnprop_support_bytes(row + n))
            let membrane = Lanes.at(membranes + n)
            let excitation = Lanes.at(excitations + n)
            var (moved, current) = (Lanes.zero, Lanes.zero)
            if oneCurrent {
                moved = Formula.sum(Formula.product(step.decay, membrane), Formula.product(step.exc, excitation))
                current = Formula.sum(Formula.product(step.excDecay, excitation), arriving)
                current.put(excitations + n)
            } else {
                let inhibition = Lanes.at(inhibitions + n)
                moved = Formula.sum(
                    Formula.product(step.decay, membrane),
                    Formula.sum(Formula.product(step.exc, excitation), Formula.product(step.inh, inhibition)))
                let positive = spinnprop_support_larger(arriving, Lanes.zero)
                let newExcitation = Formula.sum(Formula.product(step.excDecay, excitation), positive)
                let newInhibition = Formula.sum(
                    Formula.product(step.inhDecay, inhibition), Formula.difference(arriving, positive))
                newExcitation.put(excitations + n)
                newInhibition.put(inhibitions + n)
                // Inhibition decays at most to this.
                current = Formula.sum(newExcitation, Formula.product(newInhibition, ahead.inhibition))
            }
            moved.put(membranes + n)
            let highest = spinnprop_support_larger(spinnprop_support_larger(current, Lanes.zero), moved)
            let bound = Formula.sum(moved, Formula.product(ahead.rise, Formula.difference(highest, moved)))
            let isSuspect = unsafeBitCast(Lanes.at(thresholds + n) .<= bound, to: SIMD4<Int64>.self).signs
            if isSuspect != 0 { suspect(n, isSuspect) }
            n &+= 4
        }
    }

    @inline(never)
    private func suspect(_ first: Int, _ lanes: UInt8) {
        for lane in 0..<4 where lanes & (1 << UInt8(lane)) != 0 {
            suspectBlock.pointer[suspectCount] = Int32(truncatingIfNeeded: first + lane)
            suspectCount += 1
        }
    }
}

/// The operations of `RealLanes` on four numbers.
private typealias Formula = SIMD4<Double>

extension SIMD4<Double> {
    @inline(__always)
    fileprivate static func at(_ place: UnsafePointer<Double>) -> Self {
        UnsafeRawPointer(place).loadUnaligned(as: SIMD4<Double>.self)
    }

    @inline(__always)
    fileprivate func put(_ place: UnsafeMutablePointer<Double>) {
        UnsafeMutableRawPointer(place).storeBytes(of: self, as: SIMD4<Double>.self)
    }
}

/// What the time since the last event does to the neurons from place n on, and how far the time until the next may bring them.
private protocol ArraySteps {
    func propagators(_ n: Int) -> ArrayPropagators<SIMD4<Double>>
    /// rise: at most so much of the way to its highest current does a membrane go; inhibition: at least so much of it is left.
    func ahead(_ n: Int) -> (rise: SIMD4<Double>, inhibition: SIMD4<Double>)
}

/// Of neurons that all have the same time constants.
private struct SharedSteps: ArraySteps {
    private let all: ArrayPropagators<SIMD4<Double>>
    private let allAhead: (rise: SIMD4<Double>, inhibition: SIMD4<Double>)

    init(_ first: OwnSteps<AnyStep>) { (all, allAhead) = (first.propagators(0), first.ahead(0)) }

    @inline(__always) func propagators(_ n: Int) -> ArrayPropagators<SIMD4<Double>> { all }
    @inline(__always) func ahead(_ n: Int) -> (rise: SIMD4<Double>, inhibition: SIMD4<Double>) { allAhead }
}

/// Of neurons that differ.
private struct OwnSteps<Length: StepLength>: ArraySteps {
    private let columns: UnsafePointer<Double>
    private let places: Int
    private let elapsed, ahead: Double
    private let hasNear: (exc: Bool, inh: Bool)

    /// - Parameter columns: the parameters of all neurons, (columns, places).
    init(
        _ columns: UnsafePointer<Double>, _ places: Int, _ elapsed: Double, _ ahead: Double,
        _ hasNear: (exc: Bool, inh: Bool)
    ) {
        (self.columns, self.places, self.elapsed, self.ahead, self.hasNear) = (columns, places, elapsed, ahead, hasNear)
    }

    @inline(__always)
    private func column(_ index: Int, _ n: Int) -> SIMD4<Double> { .at(columns + (index &* places &+ n)) }

    @inline(__always)
    func propagators(_ n: Int) -> ArrayPropagators<SIMD4<Double>> {
        let time = SIMD4<Double>(repeating: elapsed)
        let (rate, excRate, inhRate) = (column(0, n), column(1, n), column(2, n))
        let perTauMem = Formula.difference(Formula.zero, rate)
        let exc = SynapticFlow(k: column(3, n), rate: column(4, n), perTauMem: perTauMem, isNear: hasNear.exc)
        let inh = SynapticFlow(k: column(5, n), rate: column(6, n), perTauMem: perTauMem, isNear: hasNear.inh)
        return ArrayPropagators(
            elapsed, decay: Length.exp(Formula.product(time, rate)),
            excDecay: Length.exp(Formula.product(time, excRate)), inhDecay: Length.exp(Formula.product(time, inhRate)),
            exc: exc, inh: inh)
    }

    /// 1 - e^-x is at most x, and at most 1; e^-x at least 1 - x, and at least 0.
    @inline(__always)
    func ahead(_ n: Int) -> (rise: SIMD4<Double>, inhibition: SIMD4<Double>) {
        let (time, one) = (SIMD4<Double>(repeating: ahead), SIMD4<Double>(repeating: 1))
        let gone = Formula.difference(Formula.zero, Formula.product(time, column(0, n)))
        let left = Formula.sum(one, Formula.product(time, column(2, n)))
        return (spinnprop_support_smaller(one, gone), spinnprop_support_larger(Formula.zero, left))
    }
}

/// How long a step is in time constants, and e^x over that.
private protocol StepLength {
    static func exp(_ x: SIMD4<Double>) -> SIMD4<Double>
}

private enum NoStep: StepLength {
    @inline(__always) static func exp(_ x: SIMD4<Double>) -> SIMD4<Double> { SIMD4(repeating: 1) }
}

private enum AnyStep: StepLength {
    @inline(__always) static func exp(_ x: SIMD4<Double>) -> SIMD4<Double> { Elementary.exp(x) }
}

/// |x| <= `longest`: what the series leaves out is below 1e-19.
private enum ShortStep: StepLength {
    static let longest = 1.0 / 32

    @inline(__always)
    static func exp(_ x: SIMD4<Double>) -> SIMD4<Double> { series(x) }

    @inline(__always)
    private static func series<Real: RealLanes>(_ x: Real) -> Real {
        let x2 = x * x
        let first = 0.5 + (1.0 / 6) * x
        let second = (1.0 / 24) + (1.0 / 120) * x
        let third = (1.0 / 720) + (1.0 / 5040) * x
        let fourth = third + (1.0 / 40320) * x2
        let inner = second + x2 * fourth
        let outer = first + x2 * inner
        return 1 + (x + x2 * outer)
    }
}
