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
        func nextEvent() -> Double { min(min(inputs.nextTime, flight.nextTime), nextNoise) }
        // Where the last run ended is no event: whoever might fire after that has not been looked for yet.
        try move(to: state.time, nil, until: min(nextEvent(), boundary))
        while true {
            let event = nextEvent()
            let limit = min(event, boundary)
            let next = min(spikesToCome.nextTime, refractoryEnds.nextTime)
            if next <= limit {
                try poller.spend(8)
                time = max(time, next)
                if refractoryEnds.nextTime == next {
                    try wake(refractoryEnds.removeFirst(), next, until: limit)
                } else {
                    try fire(next, run)
                }
                continue
            }
            guard event <= boundary else { return }
            try poller.spend(8 + options.neuronCount / 2)
            time = max(time, event)
            if nextNoise == event {
                state.move(to: event, nil, until: event)
                shake()
                try move(to: event, nil, until: min(nextEvent(), boundary))
                continue
            }
            // Inputs before spikes from inside that come at the same time.
            let isInput = inputs.nextTime == event
            let sender = isInput ? inputs.take() : flight.removeFirst()
            if isInput, try !arrives(sender, at: event) {
                try move(to: event, nil, until: min(nextEvent(), boundary))
                continue
            }
            let row = synapses.weights + sender * options.neuronCount
            try move(to: event, row, until: min(nextEvent(), boundary))
            sensors?.arrival(of: sender, at: event, synapses.targets(of: sender))
        }
    }

    /// Moves everybody to an event, and finds who fires before the next.
    private func move(
        to event: Double, _ weights: UnsafePointer<Int8>?, until limit: Double
    ) throws(SpinnpropError) {
        state.move(to: event, weights, until: limit)
        spikesToCome.clear()
        for suspect in state.suspects { try look(at: Int(suspect), until: limit) }
    }

    /// Finds out whether a neuron fires before the next event.
    private func look(at neuron: Int, until limit: Double) throws(SpinnpropError) {
        guard !isRefractory.pointer[neuron] else { return }
        var cell = cells.pointer[neuron]
        state.load(&cell, neuron)
        state.catchUp(&cell, neuron)
        guard cell.moveToSpike(until: limit) else { return }
        try spikesToCome.makeRoom()
        spikesToCome.add(cell.time, neuron)
    }

    /// The refractory period of a neuron ends.
    private func wake(_ neuron: Int, _ now: Double, until limit: Double) throws(SpinnpropError) {
        var cell = cells.pointer[neuron]
        // The membrane that leads to the reset grows with the time that is left until then.
        if now - state.time > cell.tauMem { try move(to: now, nil, until: limit) }
        isRefractory.pointer[neuron] = false
        state.load(&cell, neuron)
        cell.aim(at: cell.reset, when: now)
        state.membranes.pointer[neuron] = cell.membrane
        state.since.pointer[neuron] = now
        try look(at: neuron, until: limit)
    }

    /// Temporal noise: an Ornstein-Uhlenbeck process in steps of one length, exact at the end of each.
    private func shake() {
        noiseSteps += 1
        noiseStream.normals(normals.pointer, options.neuronCount)
        for neuron in 0..<options.neuronCount {
            state.membranes.pointer[neuron] += kicks.pointer[neuron] * normals.pointer[neuron]
        }
    }

    /// The next spike that is to come.
    private func fire(_ now: Double, _ run: ArrayRunOptions) throws(SpinnpropError) {
        guard spikeCount < run.mostSpikes else {
            throw SpinnpropError(
                .tooManySpikes,
                "more than max_spikes = \(run.mostSpikes) spikes at \(now - runStart) s of the run; smaller weights or a refractory "
                    + "period stop runaway activity, a larger max_spikes allows it")
        }
        try recordedTimes.grow(spikeCount + 1, keeping: spikeCount)
        try recordedUnits.grow(spikeCount + 1, keeping: spikeCount)
        try flight.makeRoom()
        try refractoryEnds.makeRoom()
        let neuron = spikesToCome.removeFirst()
        counters.pointer[neuron] += 1
        sensors?.spike(of: neuron, at: now, synapses.senders(of: neuron))
        if let spike = leave(onGrid(now)) {
            recordedTimes.pointer[spikeCount] = spike - runStart
            recordedUnits.pointer[spikeCount] = Int32(truncatingIfNeeded: neuron)
            spikeCount += 1
            if options.isRecurrent {
                var delay = cells.pointer[neuron].delay
                if options.delayJitter > 0 { delay = max(0, delay + options.delayJitter * jitterStream.normal()) }
                flight.add(max(spike, onGrid(spike + delay)), options.sourceCount + neuron)
            }
        }
        isRefractory.pointer[neuron] = true
        state.membranes.pointer[neuron] = -.infinity
        refractoryEnds.add(now + cells.pointer[neuron].refractory, neuron)
    }

    /// Whether an event of the sources arrives at once; if not, it waits for its turn or is lost.
    private func arrives(_ source: Int, at event: Double) throws(SpinnpropError) -> Bool {
        guard options.interval > 0 else { return true }
        try flight.makeRoom()
        guard let own = EventLink.turn(event, options.interval, &sourcesFree) else {
            lostEvents += 1
            return false
        }
        if own > event { flight.add(onGrid(own), source) }
        return own <= event
    }

    /// When a neuron's event leaves the array, as soon as it is its turn; `nil`: it is lost.
    private func leave(_ spike: Double) -> Double? {
        guard options.interval > 0 else { return spike }
        guard let own = EventLink.turn(spike, options.interval, &neuronsFree) else {
            lostEvents += 1
            return nil
        }
        return onGrid(own)
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
