// How neurons move of which some fire by themselves, four at a time.
import Mathematics
import Networks
import Neurons

/// By time constants of their own or the same for all. Membranes are in no neuron's measure, as thresholds at and below 0 are none, measured from the
/// drive as they are.
struct DrivenMotion: Motion, Sendable {
    let thresholds: OwnThresholds
    let shortestTauMem: Double
    /// Where all neurons have the same time constants.
    private let shared: Flow?
    private let stride: Int
    private let columns: Columns

    private final class Columns: @unchecked Sendable {
        let flows: Block<Flow>
        /// `FlowLanes.count` of them, then the threshold and its inverse, 0 where the neuron fires by itself: one after the other.
        let constants: Block<Double>
        /// Those of all where all have the same time constants.
        let shared: Block<FlowLanes>

        init(_ own: [Flow], stride: Int) throws(SpinnpropError) {
            shared = try Block(1)
            shared.pointer.initialize(to: FlowLanes(own[0]))
            flows = try Block(stride)
            constants = try Block((FlowLanes.count + 2) * stride)
            for neuron in 0..<stride {
                // What fills up the last vector has to be numbers, and never fires.
                let flow = own[min(neuron, own.count - 1)]
                flows.pointer[neuron] = flow
                for index in 0..<FlowLanes.count {
                    constants.pointer[index * stride + neuron] = FlowLanes.constant(index, of: flow)
                }
                let isThere = neuron < own.count
                let (threshold, inverse) = (FlowLanes.count * stride + neuron, (FlowLanes.count + 1) * stride + neuron)
                constants.pointer[threshold] = isThere ? flow.threshold : 1
                constants.pointer[inverse] = isThere && flow.threshold > 0 ? flow.inverseThreshold : 0
            }
        }
    }

    /// Of four neurons.
    struct Constants {
        let lanes: FlowLanes
        let threshold, inverse: SIMD4<Double>
    }

    /// `nil` where thresholds are too large or too small.
    init?(_ flows: [Flow], neurons: Int, stride: Int) throws(SpinnpropError) {
        let all = flows.count == 1 ? [Flow](repeating: flows[0], count: neurons) : flows
        guard let thresholds = try OwnThresholds(unmeasured: all, stride: stride) else { return nil }
        self.thresholds = thresholds
        self.stride = stride
        columns = try Columns(all, stride: stride)
        shortestTauMem = flows.reduce(.infinity) { min($0, $1.tauMem) }
        let (tauMem, tauSyn) = (flows[0].tauMem, flows[0].tauSyn)
        shared = flows.allSatisfy { $0.tauMem == tauMem && $0.tauSyn == tauSyn } ? flows[0] : nil
    }

    @inline(__always)
    var isTime: Bool { true }
    @inline(__always)
    var isShared: Bool { false }
    @inline(__always)
    func constants(_ vector: Int) -> Constants {
        let columns = UnsafeRawPointer(self.columns.constants.pointer + 4 &* vector)
        @inline(__always)
        func read(_ index: Int) -> SIMD4<Double> {
            columns.load(fromByteOffset: 8 &* stride &* index, as: SIMD4<Double>.self)
        }
        return Constants(
            lanes: shared == nil ? FlowLanes(read) : self.columns.shared.pointer.pointee,
            threshold: read(FlowLanes.count), inverse: read(FlowLanes.count &+ 1))
    }
    @inline(__always)
    func constants(_ neurons: SIMD4<Int32>) -> Constants {
        let columns = self.columns.constants.pointer
        return Constants(
            lanes: shared == nil
                ? FlowLanes { gathered(columns + $0 &* stride, neurons) } : self.columns.shared.pointer.pointee,
            threshold: gathered(columns + FlowLanes.count &* stride, neurons),
            inverse: gathered(columns + (FlowLanes.count &+ 1) &* stride, neurons))
    }
    @inline(__always)
    func flow(_ neuron: Int) -> Flow { columns.flows.pointer[neuron] }
    @inline(__always)
    func propagators(_ own: Constants, _ dt: SIMD4<Double>) -> VectorPropagators {
        shared.map { $0.propagators(dt) } ?? own.lanes.propagators(dt)
    }
    @inline(__always)
    func propagators(_ flow: Flow, _ dt: Double) -> Propagators { flow.propagators(dt) }
    @inline(__always)
    func map(_ own: Constants, _ interval: Interval) -> VectorPropagators {
        guard shared != nil else { return own.lanes.propagators(SIMD4(repeating: interval.length)) }
        return StateMap(
            a: SIMD4(repeating: interval.a), b: SIMD4(repeating: interval.b), h: SIMD4(repeating: interval.h))
    }
    @inline(__always)
    func common<Real: RealLanes>(_ dt: Real) -> StateMap<Real> {
        shared.map { $0.propagators(dt) } ?? StateMap(a: Real(0), b: Real(0), h: Real(0))
    }
    @inline(__always)
    func ratio(_ own: Constants) -> SIMD4<Double> { own.lanes.ratio }
    @inline(__always)
    func mayFire(
        _ own: Constants, v: SIMD4<Double>, i: SIMD4<Double>, endV: SIMD4<Double>, endI: SIMD4<Double>
    ) -> UInt8 {
        // Below 0 a membrane passes a threshold once; one of 0 it may have passed, and decayed to 0 since.
        let alone = (own.threshold .<= .zero) .& (own.threshold .<= endV)
        return own.lanes.mayFire(
            v: v * own.inverse, i: i * own.inverse, endV: endV * own.inverse, endI: endI * own.inverse)
            | unsafeBitCast(alone, to: SIMD4<Int64>.self).signs
    }
    @inline(__always)
    func mayReach(_ own: Constants, v: SIMD4<Double>, i: SIMD4<Double>, within interval: Double) -> UInt8 {
        let alone = own.threshold .<= .zero
        let step = FlowLanes.firstStep(v: v, i: i, threshold: own.threshold, tauMem: own.lanes.tauMem)
        let isSoon = step .<= SIMD4(repeating: interval)
        let soon = unsafeBitCast(alone .& isSoon, to: SIMD4<Int64>.self).signs
        // The inverse of the others is 0.
        return soon | own.lanes.mayReach(v: v * own.inverse, i: i * own.inverse, within: interval)
    }
    @inline(__always)
    func findCrossings(_ candidates: Candidates, count: Int) {
        var n = 0
        while n < count {
            let own = constants(SIMD4(candidates.neuron + n))
            let (v, i) = (loadVector(candidates.v + n), loadVector(candidates.i + n))
            let alone = unsafeBitCast(own.threshold .<= .zero, to: SIMD4<Int64>.self)
            var (time, open) = (SIMD4<Double>(repeating: -1), UInt8(0))
            if alone.signs != 15 {
                (time, open) = own.lanes.crossing(v: v * own.inverse, i: i * own.inverse)
                open &= ~alone.signs
            }
            if alone.signs != 0 {
                let found = own.lanes.timeToFire(v: v, i: i, threshold: own.threshold)
                time = .select(unsafeBitCast(alone, to: SIMDMask<SIMD4<Int64>>.self), found.time, time)
                // Whether one of exactly 0 is reached follows from the current.
                let zero = unsafeBitCast(own.threshold .>= .zero, to: SIMD4<Int64>.self)
                open |= alone.signs & (found.open | zero.signs)
            }
            store(time, at: candidates.x + n)
            while open != 0 {
                let lane = n &+ open.trailingZeroBitCount
                candidates.x[lane] = CrossingGeneral.timeOrNone(
                    columns.flows.pointer[Int(candidates.neuron[lane])], v: candidates.v[lane],
                    i: candidates.i[lane])
                open &= open &- 1
            }
            n &+= 4
        }
    }
    @inline(__always)
    func findTimes(_ candidates: Candidates, count: Int) {
        candidates.time.update(from: candidates.x, count: padded(count))
    }
    @inline(__always)
    func decays(_ own: Constants, v: SIMD4<Double>, i: SIMD4<Double>, x: SIMD4<Double>) -> Decays<SIMD4<Double>> {
        Decays(membrane: .zero, synapse: own.lanes.decay(x))
    }
    @inline(__always)
    static var takes: Decays<Bool> { Decays(membrane: false, synapse: false) }
    @inline(__always)
    func rest(
        _ own: Constants, whole: Decays<SIMD4<Double>>, passed: Decays<SIMD4<Double>>, remaining: SIMD4<Double>
    ) -> VectorPropagators {
        propagators(own, remaining)
    }
    @inline(__always)
    func polished(_ elapsed: Double, v: Double, i: Double) -> Double { elapsed }
}
