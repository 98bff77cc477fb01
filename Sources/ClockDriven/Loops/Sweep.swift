// Forward through a layer of equal neurons that hears one connection without delays: between two arrivals they stay in registers.
import ClockArithmetic

/// Runs like `runForward`, for runs with a window. Their first step is the one after the source's first spike.
@inline(never)
func forwardSweeping(_ run: UnsafeMutablePointer<LayerForward>, _ window: SweepWindow, workLimit: Int) -> Int {
    let own = run.pointee
    let (stride, end, room, limit) = (own.stride, own.end, own.room, own.spikeLimit)
    let (rows, row) = (own.feeds.pointee.lanes.rows, own.feeds.pointee.row)
    var (step, spikes, cursor, work) = (own.step, own.spikes, own.feeds.pointee.cursor, 0)
    while step <= end, work < workLimit, spikes.count &+ room <= spikes.capacity, spikes.count <= limit {
        var sent = 0
        while cursor < row.count, Int(row.steps[cursor]) < step {
            ClockKernels.gather(rows + Int(row.units[cursor]) &* stride, into: own.arrivals, count: stride)
            cursor &+= 1
            sent &+= 1
        }
        let next = cursor < row.count ? Int(row.steps[cursor]) &+ 1 : end &+ 1
        let count = min(window.steps, min(next, end &+ 1) &- step)
        sweep(own, window, steps: count)
        take(window, from: step, steps: count, into: &spikes)
        step &+= count
        work &+= stride &* (count &+ sent)
    }
    run.pointee.step = step
    run.pointee.spikes.count = spikes.count
    run.pointee.feeds.pointee.cursor = cursor
    return work
}

/// Some steps of all neurons, of which the first takes the arrivals and clears them. Leaves I and V* of every neuron in every step in
/// the window, and a bit for each that spikes.
@inline(__always)
private func sweep(_ run: LayerForward, _ window: SweepWindow, steps: Int) {
    let (neuron, width) = (LaneConstants(run.constants), ClockKernels.width)
    // The first lanes of four blocks.
    let (second, third, fourth) = (width, 2 &* width, 3 &* width)
    var first = 0
    while first < window.stride {
        // Four blocks at a time, so that none waits for the end of its own last step.
        var (a, b) = (LaneState(run, first), LaneState(run, first &+ second))
        var (c, d) = (LaneState(run, first &+ third), LaneState(run, first &+ fourth))
        var (currents, membranes) = (window.currents + first, window.membranes + first)
        // Byte by byte: joined in one number they come out slower.
        var bits = window.bits + first / width
        bits[0] = a.take(neuron, run, first, currents, membranes)
        bits[1] = b.take(neuron, run, first &+ second, currents + second, membranes + second)
        bits[2] = c.take(neuron, run, first &+ third, currents + third, membranes + third)
        bits[3] = d.take(neuron, run, first &+ fourth, currents + fourth, membranes + fourth)
        var step = 1
        while step < steps {
            currents += window.stride
            membranes += window.stride
            bits += window.pitch
            bits[0] = a.move(neuron, currents, membranes)
            bits[1] = b.move(neuron, currents + second, membranes + second)
            bits[2] = c.move(neuron, currents + third, membranes + third)
            bits[3] = d.move(neuron, currents + fourth, membranes + fourth)
            step &+= 1
        }
        a.store(run, first)
        b.store(run, first &+ second)
        c.store(run, first &+ third)
        d.store(run, first &+ fourth)
        first &+= SweepWindow.blocks &* width
    }
}

/// Constants that a block of neurons shares.
private struct LaneConstants {
    let alpha: SIMD8<Float>
    let beta: SIMD8<Float>
    let restBeta: SIMD8<Float>
    let threshold: SIMD8<Float>
    let reset: SIMD8<Float>

    @inline(__always)
    init(_ constants: ClockConstants) {
        alpha = constants.splat(.alpha)
        beta = constants.splat(.beta)
        restBeta = constants.splat(.restBeta)
        threshold = constants.splat(.threshold)
        reset = constants.splat(.reset)
    }
}

/// A block of neurons in registers.
private struct LaneState {
    private var current: SIMD8<Float>
    private var membrane: SIMD8<Float>

    @inline(__always)
    init(_ run: LayerForward, _ first: Int) {
        current = ClockKernels.load(run.currents, first)
        membrane = ClockKernels.load(run.membranes, first)
    }

    /// One step; leaves I and V* in the window and returns a bit for each neuron that spikes.
    @inline(__always)
    mutating func move(
        _ neuron: LaneConstants, arrivals: SIMD8<Float> = SIMD8(repeating: 0), _ currents: UnsafeMutablePointer<Float>,
        _ membranes: UnsafeMutablePointer<Float>
    ) -> UInt8 {
        current = ClockKernels.current(neuron.alpha, current, arrivals)
        let reached = ClockKernels.membrane(neuron.beta, membrane, neuron.restBeta, current)
        ClockKernels.store(current, currents, 0)
        ClockKernels.store(reached, membranes, 0)
        membrane = ClockKernels.afterSpikes(reached, neuron.threshold, reset: neuron.reset)
        return ClockKernels.spikes(reached, neuron.threshold)
    }

    /// One step with what has arrived.
    @inline(__always)
    mutating func take(
        _ neuron: LaneConstants, _ run: LayerForward, _ first: Int, _ currents: UnsafeMutablePointer<Float>,
        _ membranes: UnsafeMutablePointer<Float>
    ) -> UInt8 {
        let arrivals = ClockKernels.load(run.arrivals, first)
        ClockKernels.store(SIMD8(repeating: 0), run.arrivals, first)
        return move(neuron, arrivals: arrivals, currents, membranes)
    }

    @inline(__always)
    func store(_ run: LayerForward, _ first: Int) {
        ClockKernels.store(current, run.currents, first)
        ClockKernels.store(membrane, run.membranes, first)
    }
}

/// Appends the spikes of a window.
@inline(__always)
private func take(_ window: SweepWindow, from first: Int, steps: Int, into spikes: inout LayerSpikes) {
    var step = 0
    while step < steps {
        let bits = UnsafeRawPointer(window.bits + step &* window.pitch)
        let (currents, membranes) = (window.currents + step &* window.stride, window.membranes + step &* window.stride)
        var at = 0
        while at < window.pitch {
            var crossed = bits.loadUnaligned(fromByteOffset: at, as: UInt64.self)
            while crossed != 0 {
                let neuron = at &* ClockKernels.width &+ crossed.trailingZeroBitCount
                crossed &= crossed &- 1
                spikes.append(
                    step: first &+ step, neuron: neuron, current: currents[neuron], membrane: membranes[neuron])
            }
            at &+= 8
        }
        step &+= 1
    }
}
