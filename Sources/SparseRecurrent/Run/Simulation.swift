// The event loop: the neuron with the smallest key spikes, its targets' keys move, it starts again.
import Mathematics

/// One run of a network from its initial state, in as many stretches as wanted.
///
/// Order at one instant: a LIF neuron that an input pushes to or over its threshold spikes at that very time, after all targets of
/// the spike that pushed it have got theirs. Of several, the one furthest over its threshold (with the smallest key, at
/// equality the lowest index) goes first; what it sends may push further neurons over, or take some back below. A
/// neuron may spike again in the same avalanche; one of more spikes than there are neurons is an error.
final class Simulation<K: Kernel> {
    let network: SparseNetwork
    private let states: LargeBuffer<K.State>
    /// The states themselves, or, of a lazy kernel, lower bounds of the keys that states stand for.
    private let keys: UnsafeMutablePointer<Double>
    private let ownKeys: LargeBuffer<Double>?
    private let neuronCount: Int
    private let kernel: K
    private var queue: SpikeQueue
    private let rows: TargetRows
    private let weights: LargeBuffer<Double>
    private let isUniform: Bool
    private let isInhibitory: Bool
    /// The clock at the last event.
    private var clock = K.start {
        didSet { moment = kernel.moment(clock) }
    }
    private var moment: K.Moment
    private(set) var epoch = 0.0
    private(set) var spikeCount = 0
    /// Spikes of the avalanche that is going on.
    private var instantCount = 0

    private let inputs: InputSpikes
    private var nextInput = 0
    private let traceUnits: [Int32]
    private let traceInterval: Double
    private(set) var traces: [Double] = []
    private var nextSample = 0
    /// The clock of what comes next from outside before the end: an input or a sample of a trace.
    private var stop = Double.infinity
    /// Seconds.
    private let endTime: Double
    /// A clock slightly before the end.
    private var nearEnd = Double.infinity

    private(set) var tape: EventTape?
    private let monitor: Monitor?
    private let poller: Poller
    /// Work that the poller has not been told of.
    private var work = 0
    /// Whether states are too many for the near caches, so that it pays to ask for them ahead of time.
    private let isFar: Bool
    /// Whether the next spike's targets are asked for before this one's are moved, which may change who is next, but seldom does.
    private let expectsNext: Bool
    private let deferral: Deferral
    /// Deliveries on their way, where states are so many that it pays to move them region by region; `nil`: all arrive at once.
    private let deferred: DeferredDeliveries<K>?
    private static var nearBytes: Int { 1 << 20 }

    /// Spikes not handed over yet; of the first `converted` the times stand there in seconds, of others the clocks.
    private var held = 0
    private var converted = 0
    private let times: LargeBuffer<Double>
    private let units: LargeBuffer<Int32>
    private static var batch: Int { 8192 }

    init(
        _ network: SparseNetwork, _ kernel: K, options: SparseRunOptions, needsSnapshots: Bool, monitor: Monitor?,
        deferral: Deferral = Deferral()
    ) throws(SpinnpropError) {
        try options.check(network)
        self.network = network
        self.kernel = kernel
        self.monitor = monitor
        poller = Poller(monitor)
        neuronCount = network.neuronCount
        moment = kernel.moment(K.start)
        states = try LargeBuffer(count: neuronCount, "the network's state")
        ownKeys = K.isLazy ? try LargeBuffer(count: neuronCount, "the network's state") : nil
        isFar = neuronCount > Self.nearBytes / MemoryLayout<K.State>.stride
        keys =
            ownKeys?.pointer
            ?? UnsafeMutableRawPointer(states.pointer).bindMemory(to: Double.self, capacity: neuronCount)
        rows = try TargetRows(network.connectivity)
        weights = network.weightBuffer
        isInhibitory = network.isInhibitory
        isUniform = network.weightCount == 1
        inputs = options.inputs
        self.deferral = deferral
        let degree = network.connectivity.degree
        // Only keys that never fall may stand too small for a while, and only where nobody looks at all of them.
        let defers =
            neuronCount >= deferral.neurons && isUniform && isInhibitory && !K.isLazy && rows.areDrawn
            && degree <= deferral.degree && inputs.times.isEmpty && options.traceUnits.isEmpty && !options.keepsTape
        deferred =
            defers ? try DeferredDeliveries(deferral, neuronCount: neuronCount, degree: degree) : nil
        // Lazy kernels round a key anew each time it is looked at.
        expectsNext = isFar && rows.areDrawn && !K.isLazy
        endTime = options.endTime
        traceUnits = options.traceUnits
        traceInterval = options.traceInterval
        times = try LargeBuffer(count: Self.batch, repeating: 0, "a batch of spikes")
        units = try LargeBuffer(count: Self.batch, repeating: 0, "a batch of spikes")
        var longest = 0.0
        try network.remainingTimes(kernel, phases: options.initialPhases, poller) { [states, keys] neuron, remaining in
            states.pointer[neuron] = kernel.state(remaining: remaining, neuron)
            if K.isLazy { keys[neuron] = remaining }
            longest = max(longest, keys[neuron])
        }
        queue = try SpikeQueue(
            keys: keys, neuronCount: neuronCount, rows: rows, start: K.start, width: longest - K.start,
            share: K.isLazy ? 16 : 64, isFar: isFar, hasHorizon: defers)
        if options.keepsTape {
            tape = EventTape(
                neuronCount: neuronCount, synapsesPerSpike: network.connectivity.synapseCount / neuronCount,
                hasSnapshots: needsSnapshots)
        }
    }

    /// Runs to its end. Hands spikes over in order, in batches, times in seconds; `sink` returns whether to go on.
    ///
    /// - Throws: `tooManySpikes` for an avalanche without end, `cancelled`, `outOfMemory`.
    func run(
        spikes: Int, _ sink: (UnsafeBufferPointer<Double>, UnsafeBufferPointer<Int32>) -> Bool
    ) throws(SpinnpropError) {
        setStop()
        var left = spikes
        while left > 0 {
            guard let neuron = try queue.next({ current($0) }) else {
                if queue.isAtHorizon {
                    lookFurther()
                    continue
                }
                // Nobody else spikes before the window's end.
                if stop < queue.end { try passStop() } else { try openWindow() }
                continue
            }
            let key = keys[neuron]
            if key > stop {
                try passStop()
                continue
            }
            let isForced = key < clock
            // Decided in seconds, as users see them.
            if key >= nearEnd, network.tau * K.time(key, epoch: epoch) > endTime { break }
            if isForced {
                try countAvalanche()
            } else {
                instantCount = 0
                clock = key
            }
            if tape != nil {
                try tape?.prepare(states)
                tape?.append(Int32(truncatingIfNeeded: neuron), clock: clock, isForced: isForced)
            }
            times.pointer[held] = clock
            units.pointer[held] = Int32(truncatingIfNeeded: neuron)
            held &+= 1
            queue.removeFirst()
            try deliver(from: neuron)
            states.pointer[neuron] = kernel.reset(neuron, moment)
            if K.isLazy { keys[neuron] = clock + kernel.period(neuron) }
            try queue.insert(Int32(truncatingIfNeeded: neuron), keys[neuron])
            left &-= 1
            if held == Self.batch {
                if !hand(to: sink) { throw .cancelled }
            }
            work &+= rows.length(neuron)
            if work > 1 << 16 { try tell() }
        }
        if held > 0 && !hand(to: sink) { throw .cancelled }
        try tape?.finish(states)
    }

    /// The loop that all the time goes into: one per kind of weights.
    @inline(__always)
    private func deliver(from neuron: Int) throws(SpinnpropError) {
        let states = states.pointer
        let kernel = kernel
        let moment = moment
        if let deferred {
            deferred.deliver(
                rows.targets(neuron), rows.length(neuron), kernel, weight: weights.pointer[0], moment, states)
            return
        }
        let row = rows.targets(neuron, far: isFar ? UnsafePointer(states) : nil)
        let count = rows.length(neuron)
        if expectsNext, let next = try queue.next({ current($0) }) { rows.expect(next, far: UnsafePointer(states)) }
        if isUniform && isInhibitory {
            kernel.move(row, count, weight: weights.pointer[0], moment, states)
            return
        }
        let weights = isUniform ? weights.pointer : weights.pointer + rows.first(neuron)
        let stride = isUniform ? 0 : 1
        var index = 0
        while index < count {
            let target = Int(row[index])
            try move(target, weight: weights[index &* stride], moment)
            index &+= 1
        }
    }

    @inline(__always)
    private func move(_ target: Int, weight: Double, _ moment: K.Moment) throws(SpinnpropError) {
        let before = states.pointer[target]
        let after = kernel.moved(before, target, weight: weight, moment)
        states.pointer[target] = after
        // The queue repairs keys that have grown when they surface.
        if K.isLazy && weight <= 0 { return }
        let old = K.isLazy ? keys[target] : kernel.key(before, target, moment)
        let new = kernel.key(after, target, moment)
        if new < old {
            if K.isLazy { keys[target] = new }
            try queue.insert(Int32(truncatingIfNeeded: target), new)
        }
    }

    /// A neuron's key, up to date. It never falls by itself: what a recomputation may lose by rounding is not taken.
    @inline(__always)
    private func current(_ neuron: Int) -> Double {
        if K.isLazy { keys[neuron] = max(keys[neuron], kernel.key(states.pointer[neuron], neuron, moment)) }
        return keys[neuron]
    }

    /// Lets all deliveries arrive and marks those that must not wait next.
    private func lookFurther() {
        guard let deferred else { return }
        arrive()
        deferred.unmark()
        queue.lookFurther(by: deferral.buckets) { deferred.mark($0) }
    }

    private func arrive() { deferred?.arrive(kernel, weight: weights.pointer[0], states.pointer) }

    private func openWindow() throws(SpinnpropError) {
        arrive()
        if let rebasing = K.rebasing(try queue.open(poller)) {
            // Between windows nothing is in the queue but what `open` has just gathered; it is gathered again.
            convertTimes()
            try queue.rebase(rebasing, poller)
            if K.isLazy {
                let shift = kernel.moment(rebasing.shift)
                for neuron in 0..<neuronCount {
                    states.pointer[neuron] = kernel.rebased(states.pointer[neuron], neuron, rebasing, shift)
                    if neuron % 4096 == 4095 { try poller.spend(4096) }
                }
            }
            clock = rebasing(clock)
            epoch += rebasing.epoch
            tape?.append(rebasing)
            setStop()
            _ = try queue.open(poller)
        }
    }

    /// Clocks become times, many at once: this vectorises.
    private func convertTimes() {
        let (times, tau, epoch, end) = (times.pointer, network.tau, epoch, held)
        var index = converted
        while index < end {
            times[index] = tau * K.time(times[index], epoch: epoch)
            index &+= 1
        }
        converted = held
    }

    private func hand(to sink: (UnsafeBufferPointer<Double>, UnsafeBufferPointer<Int32>) -> Bool) -> Bool {
        convertTimes()
        let count = held
        (held, converted) = (0, 0)
        spikeCount += count
        monitor?.finish(count)
        return sink(
            UnsafeBufferPointer(start: times.pointer, count: count),
            UnsafeBufferPointer(start: units.pointer, count: count))
    }

    @inline(never)
    private func tell() throws(SpinnpropError) {
        let amount = work
        work = 0
        try poller.spend(amount)
    }

    @inline(never)
    private func countAvalanche() throws(SpinnpropError) {
        instantCount += 1
        guard instantCount <= neuronCount else {
            throw SpinnpropError(
                .tooManySpikes,
                "runaway excitation: more than n = \(neuronCount) spikes at one instant, "
                    + "t = \(network.tau * K.time(clock, epoch: epoch)) s; weaken the positive weights")
        }
    }

    // MARK: - From outside

    /// Handles what stands at `stop`.
    private func passStop() throws(SpinnpropError) {
        try poller.spend(64)
        let (sampleTime, inputTime) = (nextSampleTime, nextInputTime)
        let now = max(stop, clock)
        if sampleTime <= inputTime {
            for unit in traceUnits {
                traces.append(kernel.voltage(states.pointer[Int(unit)], Int(unit), kernel.moment(now)))
            }
            nextSample += 1
            if nextSample % 4096 == 0 { try Memory.check(count: traces.count, bytesPerElement: 16, "the traces") }
        } else {
            clock = now
            instantCount = 0
            let (unit, weight) = (Int(inputs.units[nextInput]), inputs.weights[nextInput])
            try tape?.prepare(states)
            tape?.append(~Int32(truncatingIfNeeded: nextInput), clock: clock, isForced: false)
            try move(unit, weight: weight, moment)
            nextInput += 1
        }
        setStop()
    }

    private var nextSampleTime: Double { traceUnits.isEmpty ? .infinity : Double(nextSample) * traceInterval }
    private var nextInputTime: Double { nextInput < inputs.times.count ? inputs.times[nextInput] : .infinity }

    private func setStop() {
        let time = min(nextSampleTime, nextInputTime)
        stop = time <= endTime ? K.clock(time / network.tau, epoch: epoch) : .infinity
        nearEnd = K.clock(endTime / network.tau * (1 - 1e-9), epoch: epoch)
    }
}
