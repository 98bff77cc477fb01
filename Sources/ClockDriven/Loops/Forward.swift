// Forward through one layer in one sample, step by step.
import ClockArithmetic

/// Runs steps until the last one, until room for spikes is short or they are too many, or until enough has been done for the
/// caller to look whether to go on.
///
/// Arrivals of a step are summed by the step of emission, then by connection (feed-forward ones first), then by sender.
///
/// - Returns: what it did, in neurons moved by a step or a spike.
func runForward(_ run: UnsafeMutablePointer<LayerForward>, workLimit: Int) -> Int {
    let own = run.pointee
    if let window = own.window { return forwardSweeping(run, window, workLimit: workLimit) }
    if own.isNarrow { return forwardNarrow(run, workLimit: workLimit) }
    let (feeds, feedCount, stride, slots, end) = (own.feeds, own.feedCount, own.stride, own.slots, own.end)
    let (arrivals, currents, membranes, constants) = (own.arrivals, own.currents, own.membranes, own.constants)
    let (maxima, limit) = (own.maxima, own.spikeLimit)
    var (step, spikes, work) = (own.step, own.spikes, 0)
    // The slot of arrivals in this step. Where spikes wait for nothing, a step may be known to have none.
    var slot = step % slots
    var hasArrivals = true
    while step <= end, work < workLimit, spikes.count &+ stride <= spikes.capacity, spikes.count <= limit {
        let first = spikes.count
        let found = advanceNeurons(
            arrivals: hasArrivals ? arrivals + slot &* stride : nil, currents: currents, membranes: membranes,
            constants,
            count: stride, units: spikes.units + first, spikeCurrents: spikes.currents + first,
            spikeMembranes: spikes.membranes + first)
        let last = first &+ found
        var n = first
        while n < last {
            spikes.steps[n] = Int32(truncatingIfNeeded: step)
            n &+= 1
        }
        spikes.count = last
        if let maxima {
            ClockKernels.trackMaxima(
                currents: currents, membranes: membranes, step: step, count: stride, maxima: maxima.maxima,
                steps: maxima.steps, maximumCurrents: maxima.currents)
        }
        slot = ClockKernels.slot(slot, after: 1, slots)
        hasArrivals = slots > 1
        work &+= stride
        n = 0
        while n < feedCount {
            let feed = feeds + n
            var sent = 0
            if feed.pointee.isRecurrent {
                while sent < found {
                    deliver(feed, Int(spikes.units[first &+ sent]), arrivals, slot, slots, count: own.neuronCount)
                    sent &+= 1
                }
            } else {
                let (row, cursor) = (feed.pointee.row, feed.pointee.cursor)
                while cursor &+ sent < row.count, Int(row.steps[cursor &+ sent]) == step {
                    deliver(feed, Int(row.units[cursor &+ sent]), arrivals, slot, slots, count: own.neuronCount)
                    sent &+= 1
                }
                feed.pointee.cursor = cursor &+ sent
            }
            if sent > 0 { hasArrivals = true }
            work &+= stride &* sent
            n &+= 1
        }
        step &+= 1
    }
    run.pointee.step = step
    run.pointee.spikes.count = spikes.count
    // A later call takes up arrivals that this one has left.
    return work
}

/// Puts a spike under way; `next` is the slot of the following step.
@inline(never)
private func deliver(
    _ feed: UnsafeMutablePointer<ForwardFeed>, _ unit: Int, _ arrivals: UnsafeMutablePointer<Float>, _ next: Int,
    _ slots: Int, count: Int
) {
    let (rows, stride) = (feed.pointee.lanes.rows, feed.pointee.lanes.stride)
    let row = rows + unit &* stride
    guard let delays = feed.pointee.lanes.delays else {
        return ClockKernels.gather(row, into: arrivals + next &* stride, count: stride)
    }
    if feed.pointee.lanes.isSpread {
        ClockKernels.gather(
            row, delays: delays + unit &* feed.pointee.lanes.delayStride, into: arrivals, first: next, slots: slots,
            stride: stride, count: count)
    } else {
        let slot = ClockKernels.slot(next, after: Int(delays[unit]), slots)
        ClockKernels.gather(row, into: arrivals + slot &* stride, count: stride)
    }
}
