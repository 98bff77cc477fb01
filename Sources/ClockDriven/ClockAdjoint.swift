// Backward through one layer in one sample, step by step: mirrors `ClockForward`.
import Mathematics
import Networks

/// Adjoints and buffers of the layer that is being run.
final class ClockAdjointState {
    /// Rings of adjoints of the steps that errors may still come from: one vector per delay and one more.
    let lambdaV = Block<Float>()
    let lambdaI = Block<Float>()
    /// Adjoints picked for receivers that a spike reaches in steps of their own.
    let pickedV = Block<Float>()
    let pickedI = Block<Float>()
    let earlierI = Block<Float>()
    let poller: Poller

    init(_ poller: Poller) { self.poller = poller }

    fileprivate func reset(_ plan: ClockPlan, slots: Int) {
        lambdaV.clear(slots * plan.stride)
        lambdaI.clear(slots * plan.stride)
        guard plan.largestDelay > 0 else { return }
        // Neurons of the padding stay zero.
        pickedV.clear(plan.stride)
        pickedI.clear(plan.stride)
        earlierI.clear(plan.stride)
    }
}

/// The jumps of a layer's adjoints: at own spikes, or at the maxima of a leaky read-out.
struct ClockJumps {
    /// In order of (step, unit).
    let row: StepRow
    /// Per jump, and for a spike the current and the membrane value there.
    let errors: UnsafeMutablePointer<Float>
    let currents: UnsafePointer<Double>
    let membranes: UnsafePointer<Double>?
}

/// An incoming connection, the spikes of its source, and where its results go; trivial, so that hot loops touch no reference counts.
struct ReverseFeed {
    let lanes: ConnectionLanes
    let delayKind: DelayKind
    let row: StepRow
    /// The last spike that has not been reached.
    var cursor: Int
    var weights: RowLanes
    var delays: RowLanes?
    /// Errors of the senders' spikes; `nil` if nobody asks.
    let errors: UnsafeMutablePointer<Float>?
}

extension ClockPlan {
    /// Runs the adjoint from the last error to step 0. Within a step: jumps of own spikes, then for each incoming connection
    /// (feed-forward ones first) and sender in ascending order, its error and what its weights and delays gather.
    func reverse(_ jumps: ClockJumps, _ feeds: UnsafeMutablePointer<ReverseFeed>, _ state: ClockAdjointState) {
        // What follows the last error has no adjoint.
        var jump = jumps.row.count - 1
        while jump >= 0, jumps.errors[jump] == 0 { jump -= 1 }
        guard jump >= 0 else { return }
        let slots = largestDelay + 2
        state.reset(self, slots: slots)
        var step = Int(jumps.row.steps[jump]) - 1
        var slot = 0
        let (lambdaV, lambdaI, stride) = (state.lambdaV.pointer, state.lambdaI.pointer, stride)
        let (constants, poller, feedCount) = (constants, state.poller, incoming.count)
        while step >= 0, !poller.isStopped(after: stride) {
            // Later steps lie in higher slots.
            let later = slot
            slot = slot == 0 ? slots &- 1 : slot &- 1
            let (laterV, ownV) = (lambdaV + later &* stride, lambdaV + slot &* stride)
            let laterI = lambdaI + later &* stride
            ClockKernels.retreat(
                lambdaV: laterV, lambdaI: laterI, toV: ownV, toI: lambdaI + slot &* stride,
                constants,
                count: stride)
            while jump >= 0, Int(jumps.row.steps[jump]) > step {
                let unit = Int(jumps.row.units[jump])
                if let membranes = jumps.membranes {
                    ownV[unit] += ClockKernels.jump(
                        error: jumps.errors[jump], current: Float(jumps.currents[jump]),
                        membrane: Float(membranes[jump]),
                        gain: constants[.gain, unit], lambdaV: laterV[unit])
                } else {
                    ownV[unit] += ClockKernels.jump(
                        maximumError: jumps.errors[jump], tauMem: constants[.tauMem, unit])
                }
                jump &-= 1
            }
            var n = 0
            while n < feedCount {
                let steps = feeds[n].row.steps
                var last = feeds[n].cursor
                while last >= 0, Int(steps[last]) > step { last &-= 1 }
                var first = last
                while first >= 0, Int(steps[first]) == step { first &-= 1 }
                feeds[n].cursor = first
                if first < last, !poller.isStopped(after: stride &* (last &- first)) {
                    if feeds[n].lanes.delays == nil && feeds[n].delayKind == .none {
                        receiveAtOnce(feeds + n, first &+ 1, last, ownI: lambdaI + slot &* stride, laterV, laterI)
                    } else {
                        var spike = first &+ 1
                        while spike <= last {
                            receive(feeds + n, spike: spike, state, slot, slots)
                            spike &+= 1
                        }
                    }
                }
                n &+= 1
            }
            step &-= 1
        }
    }

    /// Spikes `first ... last` of a connection without delays: they all meet the adjoints of the next step.
    @inline(__always)
    private func receiveAtOnce(
        _ feed: UnsafeMutablePointer<ReverseFeed>, _ first: Int, _ last: Int, ownI: UnsafePointer<Float>,
        _ laterV: UnsafePointer<Float>, _ laterI: UnsafePointer<Float>
    ) {
        let (rows, units, errors) = (feed.pointee.lanes.rows, feed.pointee.row.units, feed.pointee.errors)
        let stride = feed.pointee.lanes.stride
        var weights = feed.pointee.weights
        var spike = first
        while spike <= last {
            let unit = Int(units[spike])
            if let errors {
                errors[spike] += ClockKernels.error(
                    rows + unit &* stride, lambdaV: laterV, lambdaI: laterI, count: stride)
            }
            weights.add(ownI, row: unit)
            spike &+= 1
        }
        feed.pointee.weights = weights
    }

    /// One sender's spike of the step in `slot`: errors come from the step in which it arrives, the weights' gradient from the one
    /// before.
    @inline(__always)
    private func receive(
        _ feed: UnsafeMutablePointer<ReverseFeed>, spike: Int, _ state: ClockAdjointState, _ slot: Int, _ slots: Int
    ) {
        let lanes = feed.pointee.lanes
        let unit = Int(feed.pointee.row.units[spike])
        let next = ClockKernels.slot(slot, after: 1, slots)
        let arrival: AdjointLanes
        if lanes.isSpread, let delays = lanes.delays {
            arrival = collect(delays + unit &* lanes.delayStride, state, slot, next, slots)
        } else {
            let delay = lanes.delay(unit)
            let later = ClockKernels.slot(next, after: delay, slots) &* lanes.stride
            let own = ClockKernels.slot(slot, after: delay, slots) &* lanes.stride
            arrival = AdjointLanes(
                v: UnsafePointer(state.lambdaV.pointer + later), i: UnsafePointer(state.lambdaI.pointer + later),
                earlierI: UnsafePointer(state.lambdaI.pointer + own))
        }
        let isAxonal = feed.pointee.delayKind == .axonal
        if feed.pointee.errors != nil || isAxonal {
            let error = ClockKernels.error(
                lanes.row(unit), lambdaV: arrival.v, lambdaI: arrival.i, count: lanes.stride)
            feed.pointee.errors?[spike] += error
            if isAxonal { feed.pointee.delays?.sums(0)[unit] += error }
        }
        if feed.pointee.delays != nil, !isAxonal,
            let sums = feed.pointee.delays?.sums(feed.pointee.delayKind == .synaptic ? unit : 0)
        {
            ClockKernels.accumulateDelays(
                lanes.row(unit), lambdaV: arrival.v, lambdaI: arrival.i, to: sums, count: lanes.stride)
        }
        feed.pointee.weights.add(arrival.earlierI, row: unit)
    }

    /// Brings together the adjoints of the steps in which a spike reaches each receiver.
    private func collect(
        _ delays: UnsafePointer<Int32>, _ state: ClockAdjointState, _ slot: Int, _ next: Int, _ slots: Int
    ) -> AdjointLanes {
        func pick(_ ring: Block<Float>, _ first: Int, _ picked: Block<Float>) -> UnsafePointer<Float> {
            ClockKernels.collect(
                ring.pointer, delays: delays, first: first, slots: slots, stride: stride, count: neuronCount,
                into: picked.pointer)
            return UnsafePointer(picked.pointer)
        }
        return AdjointLanes(
            v: pick(state.lambdaV, next, state.pickedV), i: pick(state.lambdaI, next, state.pickedI),
            earlierI: pick(state.lambdaI, slot, state.earlierI))
    }
}

/// The adjoints that a spike meets: in the step in which it arrives, and lI of the step before.
private struct AdjointLanes {
    let v: UnsafePointer<Float>
    let i: UnsafePointer<Float>
    let earlierI: UnsafePointer<Float>
}
