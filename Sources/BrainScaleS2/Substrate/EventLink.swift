// The way of events between neurons: noise in their times, the clock's resolution, one after another.
import Mathematics
import Networks
import Spikes

/// What happens to a population's events in one sample after another; all times are the network's.
struct EventLink {
    /// 0: times are not rounded.
    let resolution: Double
    /// From one event to the next at least; 0: any number at once.
    let interval: Double
    var endTime: Double

    /// Events that can wait; what comes while so many do is lost.
    static let queueLength = 128
    /// In intervals: what sums of times may be off by, so that an event whose turn it just is does not find one too many waiting.
    private static let slack = 1e-6

    var isIdeal: Bool { resolution == 0 && interval == 0 }

    /// The time at which an event comes that has to wait until `free`, from which on the next may come; `nil`: it is lost.
    static func turn(_ time: Double, _ interval: Double, _ free: inout Double) -> Double? {
        guard free - time <= (Double(queueLength) + slack) * interval else { return nil }
        let own = max(time, free)
        free = own + interval
        return own
    }

    /// The nearest time of the clock.
    func rounded(_ time: Double) -> Double {
        guard resolution > 0 else { return time }
        let exact = time / resolution
        // The nearest whole number, halves up: the processor rounds those to even ones.
        var ticks = exact.rounded(.toNearestOrEven)
        if exact - ticks == 0.5 { ticks += 1 }
        // Beyond 2^53 ticks there is nothing to round.
        return ticks < 0x1p53 ? ticks * resolution : time
    }

    /// The first time of the clock that is not before another.
    private func notBefore(_ time: Double) -> Double {
        guard resolution > 0 else { return time }
        var own = (time / resolution).rounded(.up) * resolution
        while own < time { own += resolution }
        return own
    }

    /// Has a sample's events take turns, and keeps each neuron's apart: by its refractory period, or as little as can be told.
    ///
    /// - Parameters:
    ///   - times, units: of one sample, `count` of them in any order; those that arrive are left, in order.
    ///   - refractory: of each neuron.
    ///   - last: room for a time per neuron, all -infinity; left so.
    /// - Returns: how many events arrive, and how many are lost.
    func carry(
        _ times: UnsafeMutablePointer<Double>, _ units: UnsafeMutablePointer<Int32>, _ count: Int,
        refractory: UnsafePointer<Double>?, last: UnsafeMutablePointer<Double>
    ) -> (kept: Int, lost: Int) {
        sort(times, units, count)
        var (kept, lost, isSorted) = (0, 0, true)
        var free = -Double.infinity
        for n in 0..<count {
            var time = times[n]
            if interval > 0 {
                guard let own = EventLink.turn(time, interval, &free) else {
                    lost += 1
                    continue
                }
                time = own
            }
            let unit = Int(units[n])
            if let refractory, last[unit] > -.infinity {
                let least = last[unit] + refractory[unit]
                if time < least || time == last[unit] {
                    time = notBefore(max(least, resolution > 0 ? last[unit] + resolution : last[unit].nextUp))
                }
            }
            guard time <= endTime else { continue }
            last[unit] = time
            (times[kept], units[kept]) = (time, units[n])
            if kept > 0, times[kept - 1] > time { isSorted = false }
            kept += 1
        }
        for n in 0..<kept { last[Int(units[n])] = -.infinity }
        if !isSorted { sort(times, units, kept) }
        return (kept, lost)
    }

    /// Puts events in order of (time, unit): few and nearly so, as a rule.
    private func sort(
        _ times: UnsafeMutablePointer<Double>, _ units: UnsafeMutablePointer<Int32>, _ count: Int
    ) {
        guard !TimeOrder.isSorted(times, units, count) else { return }
        guard count > EventLink.fewEvents else { return insert(times, units, count) }
        let order = (0..<count).sorted { (times[$0], units[$0], $0) < (times[$1], units[$1], $1) }
        let (sortedTimes, sortedUnits) = (order.map { times[$0] }, order.map { units[$0] })
        for n in 0..<count { (times[n], units[n]) = (sortedTimes[n], sortedUnits[n]) }
    }

    /// Up to so many are put in order by insertion.
    private static let fewEvents = 128

    private func insert(
        _ times: UnsafeMutablePointer<Double>, _ units: UnsafeMutablePointer<Int32>, _ count: Int
    ) {
        for n in 1..<count {
            let (time, unit) = (times[n], units[n])
            var at = n
            while at > 0, times[at - 1] > time || (times[at - 1] == time && units[at - 1] > unit) {
                (times[at], units[at]) = (times[at - 1], units[at - 1])
                at -= 1
            }
            (times[at], units[at]) = (time, unit)
        }
    }
}

extension EventLink {
    /// That of a chip which runs networks so much faster than their times say.
    init(_ chip: BrainScaleS2ChipOptions, speedup: Double, endTime: Double = .infinity) {
        (resolution, interval) = (chip.resolution * speedup, chip.eventInterval * speedup)
        self.endTime = endTime
    }

    /// The most events from first to last in so many seconds of which none need be lost: evenly spread ones arrive, of more some are lost wherever
    /// they lie.
    func capacity(over duration: Double) -> Int {
        guard interval > 0 else { return .max }
        let most = (duration / interval + EventLink.slack).rounded(.down) + Double(EventLink.queueLength + 1)
        // Beyond 2^53 there is no limit that a sample meets.
        return most < 0x1p53 ? Int(most) : .max
    }

    /// A time for a message: in whole femtoseconds if it differs from that by rounding alone.
    private func shown(_ time: Double) -> Double {
        let whole = (time * 1e15).rounded() / 1e15
        return abs(whole - time) <= 1e-12 * time ? whole : time
    }

    /// - Parameter speedup: that of the link.
    /// - Throws: `unsupported` with the sizes if a sample has more events than arrive, however they lie between its first and its last.
    func check(_ input: SpikeTrains, speedup: Double) throws(SpinnpropError) {
        guard interval > 0 else { return }
        for sample in 0..<input.sampleCount {
            let count = input.offsets[sample + 1] - input.offsets[sample]
            guard count > EventLink.queueLength + 1 else { continue }
            var (first, last) = (Double.infinity, 0.0)
            for time in input[sample].times { (first, last) = (min(first, time), max(last, time)) }
            let duration = rounded(last) - rounded(first)
            let most = capacity(over: duration)
            guard count > most else { continue }
            // For an event more than there are: at another speed the clock rounds otherwise.
            let slower = speedup * (duration / Double(count - EventLink.queueLength) / interval)
            let remedy =
                BrainScaleS2Options.speedups.contains(slower)
                ? "a speedup of at most \(slower >= 1 ? "\(Int(slower.rounded(.down)))" : "\(slower)"), " : ""
            throw .unsupported(
                "sample \(sample) of the input has \(count) spikes within \(shown(duration)) s, of which BrainScaleS-2's link carries \(most): one in "
                    + "\(shown(interval)) s, while \(EventLink.queueLength) wait; use fewer spikes, samples that last longer, \(remedy)or count_losses, by which it "
                    + "runs and what is lost is counted")
        }
    }
}
