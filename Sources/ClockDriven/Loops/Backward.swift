// Backward through one layer in one sample, step by step: mirrors `runForward`.
import ClockArithmetic

/// Runs the adjoint on towards step 0 until it is there, or until enough has been done for the caller to look whether to go on.
/// Within a step: jumps of own spikes, then for each incoming connection (feed-forward ones first) its senders' errors
/// and what its weights and delays gather; sums over several spikes take senders in ascending order.
///
/// - Returns: what it did, in neurons moved by a step or a spike.
func runBackward(_ run: UnsafeMutablePointer<LayerBackward>, workLimit: Int) -> Int {
    let own = run.pointee
    if own.stride == ClockKernels.width, own.feedCount == 1, own.feeds.pointee.isImmediate, own.jumps.values != nil {
        return backwardNarrow(run, workLimit: workLimit)
    }
    let (feeds, feedCount, stride, slots, constants) = (own.feeds, own.feedCount, own.stride, own.slots, own.constants)
    let (lambdaV, lambdaI) = (own.lambdaV, own.lambdaI)
    var (step, slot, jump, work) = (own.step, own.slot, own.jump, 0)
    while step >= 0, work < workLimit {
        // Later steps lie in higher slots.
        let later = slot
        slot = slot == 0 ? slots &- 1 : slot &- 1
        let (laterV, ownV) = (lambdaV + later &* stride, lambdaV + slot &* stride)
        let (laterI, ownI) = (lambdaI + later &* stride, lambdaI + slot &* stride)
        retreatNeurons(lambdaV: laterV, lambdaI: laterI, toV: ownV, toI: ownI, constants, count: stride)
        jump = takeJumps(own, jump, after: step, from: laterV, to: ownV)
        work &+= stride
        var n = 0
        while n < feedCount {
            let feed = feeds + n
            let steps = feed.pointee.row.steps
            var last = feed.pointee.cursor
            while last >= 0, Int(steps[last]) > step { last &-= 1 }
            var first = last
            if feed.pointee.isImmediate {
                let (rows, units, errors) = (feed.pointee.lanes.rows, feed.pointee.row.units, feed.pointee.errors)
                // No two spikes of a step share a sum but equal ones, so their order is free.
                while first >= 0, Int(steps[first]) == step {
                    let unit = Int(units[first])
                    if let errors {
                        errors[first] += ClockKernels.error(
                            rows + unit &* stride, lambdaV: laterV, lambdaI: laterI, count: stride)
                    }
                    feed.pointee.weights.add(ownI, row: unit)
                    first &-= 1
                }
            } else {
                while first >= 0, Int(steps[first]) == step { first &-= 1 }
                var spike = first &+ 1
                while spike <= last {
                    receive(run, feed, spike: spike, slot)
                    spike &+= 1
                }
            }
            feed.pointee.cursor = first
            work &+= stride &* (last &- first)
            n &+= 1
        }
        step &-= 1
    }
    run.pointee.step = step
    run.pointee.slot = slot
    run.pointee.jump = jump
    return work
}

/// Adds the jumps of the step after `step`, of which `last` comes last. - Returns: the one before them.
@inline(__always)
func takeJumps(
    _ run: LayerBackward, _ last: Int, after step: Int, from laterV: UnsafePointer<Float>,
    to ownV: UnsafeMutablePointer<Float>
) -> Int {
    let (row, errors) = (run.jumps.row, run.jumps.errors)
    var jump = last
    while jump >= 0, Int(row.steps[jump]) > step {
        let unit = Int(row.units[jump])
        if let (currents, membranes) = run.jumps.values {
            ownV[unit] += ClockKernels.jump(
                error: errors[jump], current: currents[jump], membrane: membranes[jump],
                gain: run.constants[.gain, unit], lambdaV: laterV[unit])
        } else {
            ownV[unit] += ClockKernels.jump(maximumError: errors[jump], tauMem: run.constants[.tauMem, unit])
        }
        jump &-= 1
    }
    return jump
}

/// One sender's spike of the step in `slot`: errors come from the step in which it arrives, the weights' gradient from the one
/// before.
private func receive(
    _ run: UnsafeMutablePointer<LayerBackward>, _ feed: UnsafeMutablePointer<BackwardFeed>, spike: Int, _ slot: Int
) {
    let (lambdaV, lambdaI, slots) = (run.pointee.lambdaV, run.pointee.lambdaI, run.pointee.slots)
    let lanes = feed.pointee.lanes
    let unit = Int(feed.pointee.row.units[spike])
    let next = ClockKernels.slot(slot, after: 1, slots)
    let (arrivalV, arrivalI, earlierI): (UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>)
    if lanes.isSpread, let delays = lanes.delays {
        // Brings together the adjoints of the steps in which the spike reaches each receiver.
        let own = delays + unit &* lanes.delayStride
        func pick(
            _ ring: UnsafePointer<Float>, _ first: Int, _ picked: UnsafeMutablePointer<Float>
        ) -> UnsafePointer<Float> {
            ClockKernels.collect(
                ring, delays: own, first: first, slots: slots, stride: lanes.stride, count: run.pointee.neuronCount,
                into: picked)
            return UnsafePointer(picked)
        }
        arrivalV = pick(lambdaV, next, run.pointee.pickedV)
        arrivalI = pick(lambdaI, next, run.pointee.pickedI)
        earlierI = pick(lambdaI, slot, run.pointee.earlierI)
    } else {
        let delay = lanes.delay(unit)
        let arrival = ClockKernels.slot(next, after: delay, slots) &* lanes.stride
        arrivalV = UnsafePointer(lambdaV + arrival)
        arrivalI = UnsafePointer(lambdaI + arrival)
        earlierI = UnsafePointer(lambdaI + ClockKernels.slot(slot, after: delay, slots) &* lanes.stride)
    }
    let isAxonal = feed.pointee.isAxonal
    if feed.pointee.errors != nil || isAxonal {
        let error = ClockKernels.error(
            lanes.row(unit), lambdaV: arrivalV, lambdaI: arrivalI, count: lanes.stride)
        feed.pointee.errors?[spike] += error
        if isAxonal { feed.pointee.delays?.sums(0)[unit] += error }
    }
    if !isAxonal, let sums = feed.pointee.delays?.sums(feed.pointee.isSynaptic ? unit : 0) {
        ClockKernels.accumulateDelays(
            lanes.row(unit), lambdaV: arrivalV, lambdaI: arrivalI, to: sums, count: lanes.stride)
    }
    feed.pointee.weights.add(earlierI, row: unit)
}
