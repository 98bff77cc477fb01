// How the neurons of a layer that is moved as one move from event to event, four at a time.
import Mathematics
import Networks
import Neurons

/// An interval between two events, and its propagators where all neurons have the same.
struct Interval {
    let length, a, b, h: Double

    @inline(__always)
    var decays: Decays<Double> { Decays(membrane: a, synapse: b) }
}

protocol Motion {
    associatedtype Scale: Thresholds
    /// What four neurons move by.
    associatedtype Constants
    /// States are in its measure.
    var thresholds: Scale { get }
    /// Whether coordinates of crossings are times, with all their digits.
    var isTime: Bool { get }
    /// The shortest of all membrane time constants.
    var shortestTauMem: Double { get }
    /// Whether all neurons have the same propagators.
    var isShared: Bool { get }
    /// What all have the same of the propagators over intervals; anything elsewhere.
    func common<Real: RealLanes>(_ dt: Real) -> StateMap<Real>

    /// Four neurons in a row.
    func constants(_ vector: Int) -> Constants
    /// Any four.
    func constants(_ neurons: SIMD4<Int32>) -> Constants
    /// Of one of them, in the same measure.
    func flow(_ neuron: Int) -> Flow

    /// Over four intervals, one for each neuron.
    func propagators(_ own: Constants, _ dt: SIMD4<Double>) -> VectorPropagators
    /// Of one of them, as its flow has it.
    func propagators(_ flow: Flow, _ dt: Double) -> Propagators
    /// Over an interval that is the same for all.
    func map(_ own: Constants, _ interval: Interval) -> VectorPropagators
    /// tau_m / tau_s, by which the h of the adjoint is larger.
    func ratio(_ own: Constants) -> SIMD4<Double>

    func mayFire(
        _ own: Constants, v: SIMD4<Double>, i: SIMD4<Double>, endV: SIMD4<Double>, endI: SIMD4<Double>
    ) -> UInt8
    /// A bit for each of four states that may reach the threshold within an interval: none before `FlowLanes.firstStep`.
    /// Those whose first step is finite rise, and have a crossing or a peak just below.
    func mayReach(_ own: Constants, v: SIMD4<Double>, i: SIMD4<Double>, within interval: Double) -> UInt8
    /// Coordinates of the candidates' crossings, as `CrossingCase.crossings` finds them.
    func findCrossings(_ candidates: Candidates, count: Int)
    /// The times that coordinates of so many crossings stand for, and any number where there is none.
    func findTimes(_ candidates: Candidates, count: Int)
    /// As `CrossingCase.decays` of coordinates at which the states (V, I) are at the threshold, `CrossingCase.takes` and `CrossingCase.rest`.
    func decays(
        _ own: Constants, v: SIMD4<Double>, i: SIMD4<Double>, x: SIMD4<Double>
    ) -> Decays<SIMD4<Double>>
    static var takes: Decays<Bool> { get }
    func rest(
        _ own: Constants, whole: Decays<SIMD4<Double>>, passed: Decays<SIMD4<Double>>, remaining: SIMD4<Double>
    ) -> VectorPropagators
    /// A time near the crossing with more digits.
    func polished(_ elapsed: Double, v: Double, i: Double) -> Double
}

extension Motion {
    /// What all have the same of the propagators over intervals one after another, whole vectors of them.
    @inline(__always)
    func findPropagators(
        over lengths: UnsafePointer<Double>, count: Int, a: UnsafeMutablePointer<Double>,
        b: UnsafeMutablePointer<Double>, h: UnsafeMutablePointer<Double>
    ) {
        var n = 0
        while n < count {
            let p = common(loadVector(lengths + n))
            store(p.a, at: a + n)
            store(p.b, at: b + n)
            store(p.h, at: h + n)
            n &+= 4
        }
    }
}

/// Work that is compiled for each kind of motion.
protocol MotionWork {
    associatedtype Outcome
    func run(_ motion: some Motion) throws(SpinnpropError) -> Outcome
}

extension LayerPlan {
    /// By the motion of the layer's neurons.
    @inline(__always)
    func byMotion<Work: MotionWork>(_ work: Work) throws(SpinnpropError) -> Work.Outcome {
        if let drivenMotion { return try work.run(drivenMotion) }
        if let ownMotion { return try work.run(ownMotion) }
        if let ownThresholds { return try ownThresholds.byRatio(work) }
        return try SharedThreshold(flow: flows[0]).byRatio(work)
    }

    /// By their time constants alone, which are all that adjoints follow.
    @inline(__always)
    func byTimes<Work: MotionWork>(_ work: Work) throws(SpinnpropError) -> Work.Outcome {
        if let ownTimes { return try work.run(ownTimes) }
        return try SharedThreshold(flow: flows[0]).byRatio(work)
    }
}

extension Thresholds {
    /// By the ratio of the time constants, which all have in common.
    @inline(__always)
    func byRatio<Work: MotionWork>(_ work: Work) throws(SpinnpropError) -> Work.Outcome {
        switch flow.ratio {
        case 4: return try work.run(SharedMotion(CrossingRatioFour.self, self))
        case 2: return try work.run(SharedMotion(CrossingRatioTwo.self, self))
        case 1: return try work.run(SharedMotion(CrossingRatioOne.self, self))
        case 0.5: return try work.run(SharedMotion(CrossingRatioHalf.self, self))
        case 0.25: return try work.run(SharedMotion(CrossingRatioQuarter.self, self))
        default: return try work.run(SharedMotion(CrossingGeneral.self, self))
        }
    }
}

extension Flow {
    /// Its propagators over intervals one after another, whole vectors of them, as motions by its ratio of time constants have them.
    func findPropagators(
        over lengths: UnsafePointer<Double>, count: Int, a: UnsafeMutablePointer<Double>,
        b: UnsafeMutablePointer<Double>, h: UnsafeMutablePointer<Double>
    ) throws(SpinnpropError) {
        try SharedThreshold(flow: self).byRatio(PropagatorWork(lengths: lengths, count: count, a: a, b: b, h: h))
    }
}

private struct PropagatorWork: MotionWork {
    let lengths: UnsafePointer<Double>
    let count: Int
    let a, b, h: UnsafeMutablePointer<Double>

    @inline(__always)
    func run(_ motion: some Motion) throws(SpinnpropError) {
        motion.findPropagators(over: lengths, count: count, a: a, b: b, h: h)
    }
}

/// All by the same time constants.
struct SharedMotion<Case: CrossingCase, Scale: Thresholds>: Motion {
    let thresholds: Scale

    @inline(__always)
    init(_: Case.Type, _ thresholds: Scale) { self.thresholds = thresholds }

    @inline(__always)
    var isTime: Bool { Case.isTime }
    @inline(__always)
    var shortestTauMem: Double { thresholds.flow.tauMem }
    @inline(__always)
    var isShared: Bool { true }
    @inline(__always)
    func constants(_ vector: Int) -> Flow { thresholds.flow }
    @inline(__always)
    func constants(_ neurons: SIMD4<Int32>) -> Flow { thresholds.flow }
    @inline(__always)
    func flow(_ neuron: Int) -> Flow { thresholds.flow }
    @inline(__always)
    func propagators(_ own: Flow, _ dt: SIMD4<Double>) -> VectorPropagators { Case.propagators(own, dt) }
    @inline(__always)
    func propagators(_ flow: Flow, _ dt: Double) -> Propagators { Case.propagators(flow, dt) }
    @inline(__always)
    func map(_ own: Flow, _ interval: Interval) -> VectorPropagators {
        StateMap(
            a: SIMD4(repeating: interval.a), b: SIMD4(repeating: interval.b), h: SIMD4(repeating: interval.h))
    }
    @inline(__always)
    func ratio(_ own: Flow) -> SIMD4<Double> { SIMD4(repeating: own.ratio) }
    @inline(__always)
    func mayFire(
        _ own: Flow, v: SIMD4<Double>, i: SIMD4<Double>, endV: SIMD4<Double>, endI: SIMD4<Double>
    ) -> UInt8 {
        Case.mayFire(own, v: v, i: i, endV: endV, endI: endI).signs
    }
    @inline(__always)
    func mayReach(_ own: Flow, v: SIMD4<Double>, i: SIMD4<Double>, within interval: Double) -> UInt8 {
        let reach = interval * (1 / own.tauMem)
        let isSoon = (SIMD4<Double>(repeating: own.threshold) - v) .<= (i - v) * reach
        // Within a short interval hardly anybody comes so far, which a branch guesses well.
        if reach < 0.02, unsafeBitCast(isSoon, to: SIMD4<Int64>.self).signs == 0 { return 0 }
        return unsafeBitCast(isSoon .& (Case.peakMargin(own, v: v, i: i) .> .zero), to: SIMD4<Int64>.self).signs
    }
    @inline(__always)
    func findCrossings(_ candidates: Candidates, count: Int) {
        Case.crossings(thresholds.flow, count: count, v: candidates.v, i: candidates.i, x: candidates.x)
    }
    @inline(__always)
    func findTimes(_ candidates: Candidates, count: Int) {
        Case.elapsed(thresholds.flow, count: count, x: candidates.x, times: candidates.time)
    }
    @inline(__always)
    func common<Real: RealLanes>(_ dt: Real) -> StateMap<Real> { Case.propagators(thresholds.flow, dt) }
    @inline(__always)
    func decays(_ own: Flow, v: SIMD4<Double>, i: SIMD4<Double>, x: SIMD4<Double>) -> Decays<SIMD4<Double>> {
        Case.decays(own, v: v, i: i, x: x)
    }
    @inline(__always)
    static var takes: Decays<Bool> { Case.takes }
    @inline(__always)
    func rest(
        _ own: Flow, whole: Decays<SIMD4<Double>>, passed: Decays<SIMD4<Double>>, remaining: SIMD4<Double>
    ) -> VectorPropagators {
        Case.rest(own, whole: whole, passed: passed, remaining: remaining)
    }
    @inline(__always)
    func polished(_ elapsed: Double, v: Double, i: Double) -> Double {
        thresholds.flow.polished(elapsed, v: v, i: i)
    }
}

/// Each by time constants of its own, in the measure of its threshold.
struct OwnMotion: Motion, Sendable {
    let thresholds: OwnThresholds
    let shortestTauMem: Double
    /// Up to this length the series of an exponential alone serves for all neurons.
    private let short: Double
    /// As `Flow.longest`, for all neurons.
    private let longest: Double
    /// The synapses' time constant where it is that of all neurons and so far from those of the membranes that the difference of two
    /// exponentials has all digits of a current.
    private let tauSyn: Double?
    private let columns: Columns

    private final class Columns: @unchecked Sendable {
        let flows: Block<Flow>
        /// `FlowLanes.count` of them, one after the other.
        let constants: Block<Double>

        init(_ own: [Flow], stride: Int) throws(SpinnpropError) {
            flows = try Block(own.count)
            constants = try Block(FlowLanes.count * stride)
            for neuron in 0..<stride {
                // What fills up the last vector has to be numbers.
                let flow = own[min(neuron, own.count - 1)]
                for index in 0..<FlowLanes.count {
                    constants.pointer[index * stride + neuron] = FlowLanes.constant(index, of: flow)
                }
            }
            for (neuron, flow) in own.enumerated() { flows.pointer[neuron] = flow.inThresholds }
        }
    }

    private let stride: Int

    /// `nil` where the neurons' thresholds are too large or too small.
    init?(_ flows: [Flow], stride: Int) throws(SpinnpropError) {
        guard let thresholds = try OwnThresholds(flows, stride: stride) else { return nil }
        self.thresholds = thresholds
        self.stride = stride
        columns = try Columns(flows, stride: stride)
        shortestTauMem = flows.reduce(.infinity) { min($0, $1.tauMem) }
        short = flows.reduce(.infinity) {
            min($0, FlowLanes.longestSeries * $1.tauMem / max(1, $1.difference.magnitude))
        }
        longest = flows.reduce(0) { max($0, $1.longest) }
        let tauSyn = flows[0].tauSyn
        self.tauSyn = flows.allSatisfy { $0.tauSyn == tauSyn && $0.isApart } ? tauSyn : nil
    }

    @inline(__always)
    var isTime: Bool { true }
    @inline(__always)
    var isShared: Bool { false }
    @inline(__always)
    func constants(_ vector: Int) -> FlowLanes {
        let columns = UnsafeRawPointer(self.columns.constants.pointer + 4 &* vector)
        return FlowLanes { columns.load(fromByteOffset: 8 &* stride &* $0, as: SIMD4<Double>.self) }
    }
    @inline(__always)
    func constants(_ neurons: SIMD4<Int32>) -> FlowLanes {
        let columns = self.columns.constants.pointer
        return FlowLanes { gathered(columns + $0 &* stride, neurons) }
    }
    @inline(__always)
    func flow(_ neuron: Int) -> Flow { columns.flows.pointer[neuron] }
    @inline(__always)
    func propagators(_ own: FlowLanes, _ dt: SIMD4<Double>) -> VectorPropagators { own.propagators(dt) }
    @inline(__always)
    func propagators(_ flow: Flow, _ dt: Double) -> Propagators { flow.propagators(dt) }
    @inline(__always)
    func map(_ own: FlowLanes, _ interval: Interval) -> VectorPropagators {
        let length = SIMD4(repeating: interval.length)
        if interval.length <= short { return own.shortPropagators(length) }
        guard tauSyn != nil else { return own.propagators(length) }
        return own.propagators(lesser(length, SIMD4(repeating: longest)), b: SIMD4(repeating: interval.b))
    }
    @inline(__always)
    func ratio(_ own: FlowLanes) -> SIMD4<Double> { own.ratio }
    @inline(__always)
    func mayFire(
        _ own: FlowLanes, v: SIMD4<Double>, i: SIMD4<Double>, endV: SIMD4<Double>, endI: SIMD4<Double>
    ) -> UInt8 {
        own.mayFire(v: v, i: i, endV: endV, endI: endI)
    }
    @inline(__always)
    func mayReach(_ own: FlowLanes, v: SIMD4<Double>, i: SIMD4<Double>, within interval: Double) -> UInt8 {
        own.mayReach(v: v, i: i, within: interval)
    }
    @inline(__always)
    func findCrossings(_ candidates: Candidates, count: Int) {
        let (columns, neurons) = (self.columns.constants.pointer, candidates.neuron)
        var n = 0
        while n &+ 4 < count {
            let (low, high) = (SIMD4(neurons + n), SIMD4(neurons + n + 4))
            let own = FlowVectors<EightLanes> {
                EightLanes(gathered(columns + $0 &* stride, low), gathered(columns + $0 &* stride, high))
            }
            findCrossings(own, candidates, n)
            n &+= 8
        }
        if n < count { findCrossings(constants(SIMD4(neurons + n)), candidates, n) }
    }
    @inline(__always)
    private func findCrossings<Real: VectorLanes>(_ own: FlowVectors<Real>, _ candidates: Candidates, _ n: Int) {
        let found = own.crossing(v: Real(candidates.v + n), i: Real(candidates.i + n))
        found.time.store(candidates.x + n)
        var open = found.open
        while open != 0 {
            let lane = n &+ open.trailingZeroBitCount
            candidates.x[lane] = CrossingGeneral.timeOrNone(
                columns.flows.pointer[Int(candidates.neuron[lane])], v: candidates.v[lane], i: candidates.i[lane])
            open &= open &- 1
        }
    }
    @inline(__always)
    func findTimes(_ candidates: Candidates, count: Int) {
        candidates.time.update(from: candidates.x, count: padded(count))
    }
    @inline(__always)
    func common<Real: RealLanes>(_ dt: Real) -> StateMap<Real> {
        guard let tauSyn else { return StateMap(a: Real(0), b: Real(0), h: Real(0)) }
        let bounded = Real.select(Real.isLess(dt, Real(longest)), dt, Real(longest))
        let b = Elementary.vanishingDecay(bounded / Real(tauSyn))
        return StateMap(a: Real(0), b: b, h: Real(0))
    }
    @inline(__always)
    func decays(_ own: FlowLanes, v: SIMD4<Double>, i: SIMD4<Double>, x: SIMD4<Double>) -> Decays<SIMD4<Double>> {
        Decays(membrane: .zero, synapse: own.decay(x))
    }
    @inline(__always)
    static var takes: Decays<Bool> { Decays(membrane: false, synapse: true) }
    @inline(__always)
    func rest(
        _ own: FlowLanes, whole: Decays<SIMD4<Double>>, passed: Decays<SIMD4<Double>>, remaining: SIMD4<Double>
    ) -> VectorPropagators {
        tauSyn == nil
            ? own.propagators(remaining) : own.propagators(remaining, b: whole.synapse / passed.synapse)
    }
    @inline(__always)
    func polished(_ elapsed: Double, v: Double, i: Double) -> Double { elapsed }
}

extension SIMD4 where Scalar == Int32 {
    /// Four numbers in a row.
    @inline(__always)
    init(_ pointer: UnsafePointer<Int32>) {
        self = UnsafeRawPointer(pointer).loadUnaligned(as: SIMD4<Int32>.self)
    }
}
