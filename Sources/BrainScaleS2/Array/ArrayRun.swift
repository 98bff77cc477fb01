// Running an array: arrivals, spikes and programs in the order of time.
import Mathematics
import Spikes

/// What a run is asked for.
public struct ArrayRunOptions: Equatable, Sendable {
    /// Seconds.
    public var duration = 0.0
    /// Programs run whenever so many seconds are over, counted from time 0 of the array; 0: never.
    public var period = 0.0
    /// A run with more ends with an error.
    public var mostSpikes = 10_000_000

    public init() {}

    public static let fields: [OptionField<ArrayRunOptions>] = [
        OptionField("duration", \.duration, .notNegative),
        OptionField("period", \.period, .notNegative),
        OptionField("max_spikes", \.mostSpikes, .longCount(from: 1)),
    ]
}

extension NeuronArray {
    /// Goes on from where the array is for a duration; `lastSpikes` are then the run's.
    ///
    /// What comes at one time goes in this order: spikes of neurons, arrivals, programs.
    ///
    /// - Parameters:
    ///   - spikes: one sample of the sources' spikes, seconds since the run's beginning, none after its end; `nil`: none.
    ///   - program: runs on the processor at the end of each period.
    /// - Throws: `invalidValue` before anything is changed; `cancelled`, `tooManySpikes`, `outOfMemory` and what a program throws, with the
    ///   array at the time of that: spikes until then are kept.
    public func run(
        _ spikes: SpikeTrains?, _ run: ArrayRunOptions, program: (any PlasticityProgram)? = nil, monitor: Monitor? = nil
    ) throws(SpinnpropError) {
        for field in ArrayRunOptions.fields { try field.check(run) }
        let end = time + run.duration
        guard end < 1e15 else {
            throw .invalidValue("the array would reach \(end) s; reset it, or give a shorter duration")
        }
        if let spikes { try check(spikes, run) }
        if program != nil {
            guard run.period > 0, end / run.period < 0x1p52 else {
                throw .invalidValue(
                    "period is \(run.period) s; a program needs one above 0, and at most 2^52 of them until \(end) s")
            }
        }
        let poller = Poller(monitor)
        let inputs = try ArrayInputs(spikes, start: time, end: end, grid: options.grid, poller)
        (spikeCount, runStart) = (0, time)
        var periods = program == nil ? 0 : (time / run.period).rounded(.down)
        while program != nil, periods * run.period <= time { periods += 1 }
        while true {
            let programTime = program == nil ? .infinity : periods * run.period
            let boundary = min(end, programTime)
            try work(until: boundary, inputs, run, poller)
            time = boundary
            if let program, boundary == programTime {
                try poller.spend(1024 + synapses.elementCount)
                try execute(program, period: run.period)
                periods += 1
            } else {
                return
            }
        }
    }

    /// Runs a program now, outside of any run.
    public func apply(_ program: any PlasticityProgram) throws(SpinnpropError) {
        try execute(program, period: .infinity)
    }

    private func execute(_ program: any PlasticityProgram, period: Double) throws(SpinnpropError) {
        let processor = PlasticityProcessor(self)
        defer { account.add(processor.costs, chipPeriod: period / options.speedup) }
        try program.run(on: processor)
    }

    private func check(_ spikes: SpikeTrains, _ run: ArrayRunOptions) throws(SpinnpropError) {
        guard spikes.sampleCount == 1 else {
            throw .invalidValue("spikes has \(spikes.sampleCount) samples; a run takes one, or none at all")
        }
        guard spikes.unitCount == options.sourceCount else {
            throw .invalidValue("spikes has \(spikes.unitCount) units; this array has \(options.sourceCount) sources")
        }
        guard spikes.spikeCount <= Int(Int32.max) else {
            throw .invalidValue(
                "spikes has \(spikes.spikeCount) spikes; a run takes 2147483647, so cut it into several")
        }
        if let late = spikes.times.firstIndex(where: { $0 > run.duration }) {
            throw .invalidValue(
                "the spike at \(spikes.times[late]) s comes after the run's duration, \(run.duration) s; give it to a later run"
            )
        }
    }

    /// All that happens until a time, inclusive.
    private func work(
        until boundary: Double, _ inputs: ArrayInputs, _ run: ArrayRunOptions, _ poller: Poller
    ) throws(SpinnpropError) {
        while true {
            let (outside, inside) = (inputs.nextTime, flight.nextTime)
            let arrival = min(outside, inside)
            let limit = min(arrival, boundary)
            if silences.earliest <= limit, let neuron = silences.first(until: limit) {
                try poller.spend(8)
                try wake(neuron, run)
                continue
            }
            guard arrival <= boundary else { return }
            time = max(time, arrival)
            // Inputs before spikes from inside that come at the same time.
            let sender = outside <= inside ? inputs.take() : options.sourceCount + flight.removeFirst()
            deliver(sender, at: arrival)
            try poller.spend(8 + 4 * synapses.targets(of: sender).count)
        }
    }

    /// A spike comes at all synapses of its sender.
    @inline(__always)
    private func deliver(_ sender: Int, at arrival: Double) {
        let targets = synapses.targets(of: sender)
        let row = synapses.weights + sender * options.neuronCount
        let (cells, times, currents) = (cells.pointer, waitingTimes.pointer, waitingCurrents.pointer)
        for target in targets {
            let neuron = Int(target)
            let weight = Double(row[neuron])
            let cell = cells + neuron
            let place = cell.pointee.taken
            let current = cell.pointee.gain * weight
            times[neuron &* NeuronCell.room &+ place] = arrival
            currents[neuron &* NeuronCell.room &+ place] = current
            cell.pointee.taken = place &+ 1
            let peak = cell.pointee.peak + cell.pointee.peakGain * max(0, weight)
            cell.pointee.peak = peak
            // Inhibition makes nobody fire sooner.
            var mustLook = place &+ 1 == NeuronCell.room
            if peak >= cell.pointee.threshold, weight > 0 {
                let silent = cell.pointee.silenceEnd(adding: current)
                if silent > arrival {
                    if silent < silences.key(of: neuron) { silences.set(silent, at: neuron) }
                } else {
                    mustLook = true
                }
            }
            if mustLook {
                advance(neuron, to: arrival)
                settle(neuron)
            }
        }
        sensors?.arrival(of: sender, at: arrival, targets)
    }

    /// Moves a neuron's state on.
    private func advance(_ neuron: Int, to now: Double) {
        let cell = cells.pointer + neuron
        let elapsed = cell.pointee.isRefractory ? 0 : now - cell.pointee.time
        let first = neuron &* NeuronCell.room
        cell.pointee.advance(to: now, waitingTimes.pointer + first, waitingCurrents.pointer + first)
        if cell.pointee.noise > 0 { cell.pointee.shake(over: elapsed, &noiseStreams[neuron]) }
    }

    /// Finds until when a neuron is silent. - Returns: whether it fires now.
    @discardableResult
    func settle(_ neuron: Int) -> Bool {
        let cell = cells.pointer + neuron
        guard !cell.pointee.isRefractory else {
            cell.pointee.peak = -.infinity
            silences.set(cell.pointee.refractoryEnd, at: neuron)
            return false
        }
        let silence = cell.pointee.silence()
        silences.set(cell.pointee.time + silence, at: neuron)
        return silence == 0
    }

    /// The time until which a neuron was surely silent is over.
    private func wake(_ neuron: Int, _ run: ArrayRunOptions) throws(SpinnpropError) {
        let cell = cells.pointer + neuron
        let now = silences.key(of: neuron)
        time = max(time, now)
        advance(neuron, to: now)
        guard settle(neuron) else { return }
        guard spikeCount < run.mostSpikes else {
            throw SpinnpropError(
                .tooManySpikes,
                "more than max_spikes = \(run.mostSpikes) spikes at \(now - runStart) s of the run; smaller weights or a refractory "
                    + "period stop runaway activity, a larger max_spikes allows it")
        }
        try recordedTimes.grow(spikeCount + 1, keeping: spikeCount)
        try recordedUnits.grow(spikeCount + 1, keeping: spikeCount)
        try flight.makeRoom()
        let spike = onGrid(now)
        recordedTimes.pointer[spikeCount] = spike - runStart
        recordedUnits.pointer[spikeCount] = Int32(truncatingIfNeeded: neuron)
        spikeCount += 1
        counters.pointer[neuron] += 1
        sensors?.spike(of: neuron, at: now, synapses.senders(of: neuron))
        if options.isRecurrent {
            var delay = cell.pointee.delay
            if options.delayJitter > 0 { delay = max(0, delay + options.delayJitter * jitterStream.normal()) }
            flight.add(max(spike, onGrid(spike + delay)), neuron)
        }
        cell.pointee.fire()
        settle(neuron)
    }

    /// The first point of the grid of events that is not before a time.
    private func onGrid(_ time: Double) -> Double {
        let grid = options.grid
        return grid > 0 ? max(time, (time / grid).rounded(.up) * grid) : time
    }
}

/// The inputs of a run in the order of time, and of sources among those at one time.
private final class ArrayInputs {
    private let times = Block<Double>()
    private let sources = Block<Int32>()
    private let count: Int
    private var taken = 0

    init(
        _ spikes: SpikeTrains?, start: Double, end: Double, grid: Double, _ poller: Poller
    ) throws(SpinnpropError) {
        count = spikes?.spikeCount ?? 0
        guard let spikes, count > 0 else { return }
        try times.reserve(count)
        try sources.reserve(count)
        let (times, sources, count) = (times.pointer, sources.pointer, count)
        try spikes.times.withUnsafeBufferPointer { (given) throws(SpinnpropError) in
            try spikes.units.withUnsafeBufferPointer { (units) throws(SpinnpropError) in
                let sorting = TimeOrder(poller)
                let order = try sorting.order(
                    given.baseAddress.unsafelyUnwrapped, units.baseAddress.unsafelyUnwrapped, count)
                for n in 0..<count {
                    let own = start + given[Int(order[n])]
                    // What rounding would put outside of the run comes at its edge.
                    times[n] = max(start, min(end, grid > 0 ? (own / grid).rounded() * grid : own))
                    sources[n] = units[Int(order[n])]
                }
            }
        }
        // A run that has been cancelled meanwhile has no order.
        try poller.spend(0)
    }

    var nextTime: Double { taken < count ? times.pointer[taken] : .infinity }

    /// Takes the next one: its source.
    func take() -> Int {
        taken += 1
        return Int(sources.pointer[taken - 1])
    }
}
