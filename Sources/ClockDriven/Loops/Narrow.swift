// Layers of up to eight neurons, as most last ones are, that hear one connection without delays: they stay in registers throughout.
import ClockArithmetic

/// Runs like `runForward`, for runs that are narrow. Their first step is the one after the source's first spike.
@inline(never)
func forwardNarrow(_ run: UnsafeMutablePointer<LayerForward>, workLimit: Int) -> Int {
    let own = run.pointee
    let (end, limit, constants) = (own.end, own.spikeLimit, own.constants)
    let (rows, row) = (own.feeds.pointee.lanes.rows, own.feeds.pointee.row)
    let (steps, units, last) = (row.steps, row.units, row.count)
    let (alpha, beta) = (constants.vector(.alpha, 0), constants.vector(.beta, 0))
    let (restBeta, threshold) = (constants.vector(.restBeta, 0), constants.vector(.threshold, 0))
    var current = ClockKernels.load(own.currents, 0)
    var membrane = ClockKernels.load(own.membranes, 0)
    var (step, spikes, cursor) = (own.step, own.spikes, own.feeds.pointee.cursor)
    let stop = min(end, step &+ workLimit / ClockKernels.width)
    while step <= stop, spikes.count &+ ClockKernels.width <= spikes.capacity, spikes.count <= limit {
        var arrivals = SIMD8<Float>(repeating: 0)
        while cursor < last, Int(steps[cursor]) < step {
            arrivals += ClockKernels.load(rows, Int(units[cursor]) &* ClockKernels.width)
            cursor &+= 1
        }
        current = ClockKernels.current(alpha, current, arrivals)
        membrane = ClockKernels.membrane(beta, membrane, restBeta, current)
        var crossed = ClockKernels.spikes(membrane, threshold)
        if crossed != 0 {
            ClockKernels.store(current, own.currents, 0)
            ClockKernels.store(membrane, own.membranes, 0)
            while crossed != 0 {
                let neuron = crossed.trailingZeroBitCount
                crossed &= crossed &- 1
                spikes.append(
                    step: step, neuron: neuron, current: own.currents[neuron], membrane: own.membranes[neuron])
            }
            membrane = ClockKernels.afterSpikes(membrane, threshold, reset: constants.vector(.reset, 0))
        }
        step &+= 1
    }
    ClockKernels.store(current, own.currents, 0)
    ClockKernels.store(membrane, own.membranes, 0)
    let work = (step &- own.step &+ cursor &- own.feeds.pointee.cursor) &* ClockKernels.width
    run.pointee.step = step
    run.pointee.spikes.count = spikes.count
    run.pointee.feeds.pointee.cursor = cursor
    return work
}

/// Runs like `runBackward`, for runs of such layers.
@inline(never)
func backwardNarrow(_ run: UnsafeMutablePointer<LayerBackward>, workLimit: Int) -> Int {
    let own = run.pointee
    let (constants, jumps, feed) = (own.constants, own.jumps, own.feeds.pointee)
    let (steps, units, rows, errors) = (feed.row.steps, feed.row.units, feed.lanes.rows, feed.errors)
    let (alpha, restAlpha, beta) = (
        constants.vector(.alpha, 0), constants.vector(.restAlpha, 0), constants.vector(.beta, 0)
    )
    var lambdaV = ClockKernels.load(own.lambdaV, 0)
    var lambdaI = ClockKernels.load(own.lambdaI, 0)
    var (step, jump, cursor, weights) = (own.step, own.jump, feed.cursor, feed.weights)
    // Spikes behind the last jump meet no adjoint.
    while cursor >= 0, Int(steps[cursor]) > step { cursor &-= 1 }
    let stop = max(0, step &- workLimit / ClockKernels.width)
    while step >= stop {
        let difference = lambdaV - lambdaI
        lambdaI = ClockKernels.adjointCurrent(alpha, lambdaI, restAlpha, lambdaV)
        if jump >= 0, Int(jumps.row.steps[jump]) > step {
            ClockKernels.store(lambdaV, own.lambdaV, 0)
            lambdaV = ClockKernels.adjointMembrane(beta, lambdaV)
            ClockKernels.store(lambdaV, own.lambdaV, ClockKernels.width)
            jump = takeJumps(own, jump, after: step, from: own.lambdaV, to: own.lambdaV + ClockKernels.width)
            lambdaV = ClockKernels.load(own.lambdaV, ClockKernels.width)
        } else {
            lambdaV = ClockKernels.adjointMembrane(beta, lambdaV)
        }
        while cursor >= 0, Int(steps[cursor]) == step {
            let unit = Int(units[cursor])
            if let errors {
                errors[cursor] += ClockKernels.blockError(
                    ClockKernels.load(rows, unit &* ClockKernels.width), difference)
            }
            weights.add(block: lambdaI, row: unit)
            cursor &-= 1
        }
        step &-= 1
    }
    ClockKernels.store(lambdaV, own.lambdaV, 0)
    ClockKernels.store(lambdaI, own.lambdaI, 0)
    let work = (own.step &- step &+ own.feeds.pointee.cursor &- cursor) &* ClockKernels.width
    run.pointee.step = step
    run.pointee.jump = jump
    run.pointee.feeds.pointee.cursor = cursor
    run.pointee.feeds.pointee.weights = weights
    return work
}
