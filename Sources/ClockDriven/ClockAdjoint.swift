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
        // Neurons of the padding stay zero.
        for block in [pickedV, pickedI, earlierI] { block.clear(plan.stride) }
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

/// Where one incoming connection's results go.
struct IncomingGradient {
    let connection: ClockConnection
    let row: StepRow
    let weights: TouchedRows
    let weightMarks: UnsafeMutablePointer<Int>
    let delays: TouchedRows?
    let delayMarks: UnsafeMutablePointer<Int>
    /// Errors of the senders' spikes; `nil` if nobody asks.
    let errors: UnsafeMutablePointer<Float>?
}

extension ClockPlan {
    /// Runs the adjoint from the last error to step 0. Within a step: jumps of own spikes, then for each incoming connection
    /// (feed-forward ones first) and sender in ascending order, its error and what its weights and delays gather.
    func reverse(_ jumps: ClockJumps, _ incoming: [IncomingGradient], _ state: ClockAdjointState) {
        // What follows the last error has no adjoint.
        var jump = jumps.row.count - 1
        while jump >= 0, jumps.errors[jump] == 0 { jump -= 1 }
        guard jump >= 0 else { return }
        let slots = largestDelay + 2
        state.reset(self, slots: slots)
        var step = Int(jumps.row.steps[jump]) - 1
        var cursors = incoming.map { $0.row.count - 1 }
        var slot = 0
        let (lambdaV, lambdaI) = (state.lambdaV.pointer, state.lambdaI.pointer)
        while step >= 0, !state.poller.isStopped(after: stride) {
            // Later steps lie in higher slots.
            let later = slot
            slot = slot == 0 ? slots &- 1 : slot &- 1
            let (laterV, ownV) = (lambdaV + later &* stride, lambdaV + slot &* stride)
            ClockKernels.retreat(
                lambdaV: laterV, lambdaI: lambdaI + later &* stride, toV: ownV, toI: lambdaI + slot &* stride,
                constants,
                count: stride)
            while jump >= 0, Int(jumps.row.steps[jump]) > step {
                let unit = Int(jumps.row.units[jump])
                if let membranes = jumps.membranes {
                    ownV[unit] += ClockKernels.jump(
                        error: jumps.errors[jump], current: Float(jumps.currents[jump]),
                        membrane: Float(membranes[jump]),
                        gain: constants.gain[unit], lambdaV: laterV[unit])
                } else {
                    ownV[unit] += ClockKernels.jump(
                        maximumError: jumps.errors[jump], tauMem: constants.tauMem[unit])
                }
                jump &-= 1
            }
            for (n, own) in incoming.enumerated() {
                var last = cursors[n]
                while last >= 0, Int(own.row.steps[last]) > step { last &-= 1 }
                var first = last
                while first >= 0, Int(own.row.steps[first]) == step { first &-= 1 }
                cursors[n] = first
                var spike = first &+ 1
                while spike <= last {
                    receive(own, spike: spike, state, slot, slots)
                    spike &+= 1
                }
            }
            step &-= 1
        }
    }

    /// One sender's spike of the step in `slot`: errors come from the step in which it arrives, the weights' gradient from the one
    /// before.
    @inline(__always)
    private func receive(_ own: IncomingGradient, spike: Int, _ state: ClockAdjointState, _ slot: Int, _ slots: Int) {
        let unit = Int(own.row.units[spike])
        let connection = own.connection
        let arrivalV: UnsafePointer<Float>
        let arrivalI: UnsafePointer<Float>
        let earlierI: UnsafePointer<Float>
        let (lambdaV, lambdaI) = (state.lambdaV.pointer, state.lambdaI.pointer)
        let next = ClockKernels.slot(slot, after: 1, slots)
        if connection.isSpread {
            let delays = connection.delays(unit)
            func collect(_ ring: UnsafePointer<Float>, _ first: Int, _ picked: UnsafeMutablePointer<Float>) {
                ClockKernels.collect(
                    ring, delays: delays, first: first, slots: slots, stride: stride, count: neuronCount, into: picked)
            }
            collect(lambdaV, next, state.pickedV.pointer)
            collect(lambdaI, next, state.pickedI.pointer)
            collect(lambdaI, slot, state.earlierI.pointer)
            arrivalV = UnsafePointer(state.pickedV.pointer)
            arrivalI = UnsafePointer(state.pickedI.pointer)
            earlierI = UnsafePointer(state.earlierI.pointer)
        } else {
            let delay = connection.delay(unit)
            let arrival = ClockKernels.slot(next, after: delay, slots) &* stride
            arrivalV = UnsafePointer(lambdaV + arrival)
            arrivalI = UnsafePointer(lambdaI + arrival)
            earlierI = UnsafePointer(lambdaI + ClockKernels.slot(slot, after: delay, slots) &* stride)
        }
        let row = connection.row(unit)
        if own.errors != nil || connection.delayKind == .axonal {
            let error = ClockKernels.error(row, lambdaV: arrivalV, lambdaI: arrivalI, count: stride)
            own.errors?[spike] += error
            if connection.delayKind == .axonal { own.delays?.sums(0, own.delayMarks)[unit] += error }
        }
        if let delays = own.delays, connection.delayKind != .axonal {
            ClockKernels.accumulateDelays(
                row, lambdaV: arrivalV, lambdaI: arrivalI,
                to: delays.sums(connection.delayKind == .synaptic ? unit : 0, own.delayMarks), count: stride)
        }
        ClockKernels.accumulate(earlierI, to: own.weights.sums(unit, own.weightMarks), count: stride)
        _ = state.poller.isStopped(after: stride)
    }
}
