// The inner loop: one island of processing elements through a schedule.
import Mathematics

/// A program that takes part in a phase. The machine holds its programs for as long as it runs.
struct ActiveProgram {
    let state: UnsafeMutablePointer<PEState>
    let type: any Program.Type
    let address: UnsafeRawPointer
}

/// A slip and the tick of the run it came in, over all rounds and segments.
struct LoggedSlip {
    let at: Int
    let slip: Slip
}

/// The work of a tick so far, of all PEs of an island.
private struct Busiest {
    /// Cycles of the PEs at each power level.
    var low = 0
    var high = 0
    /// Seconds of the PEs that slipped.
    var seconds = 0.0
}

struct IslandRun {
    private let machine: Machine
    private let members: [Int]
    private let shared: UnsafePointer<MachineShared>
    private let monitor: Monitor?
    private let period: Double
    private let clock: (low: Double, high: Double)
    /// A PE with fewer cycles in a tick cannot slip; with more it is looked at closely.
    private let fewCycles: Int
    private var active: [ActiveProgram] = []
    var slips: [LoggedSlip] = []

    init(_ machine: Machine, _ members: [Int], _ shared: UnsafePointer<MachineShared>, _ monitor: Monitor?) {
        self.machine = machine
        self.members = members
        self.shared = shared
        self.monitor = monitor
        period = machine.board.constants[.tick]
        clock = (machine.board.constants[.lowClock], machine.board.constants[.highClock])
        fewCycles = period == 0 ? .max : Int(min(1e15, 0.99 * period * min(clock.low, clock.high)))
    }

    mutating func run(_ schedule: [Segment], _ rounds: Range<Int>) throws(SpinnpropError) {
        var first = 0
        for round in rounds {
            if let monitor, monitor.poll() { throw .cancelled }
            try Memory.poll()
            for segment in schedule {
                try run(segment, round: round, first: first)
                first += segment.ticks
            }
        }
    }

    private mutating func run(_ segment: Segment, round: Int, first: Int) throws(SpinnpropError) {
        let phase = segment.phase
        enter(phase)
        let active = active
        try active.withUnsafeBufferPointer { active throws(SpinnpropError) in
            var tick = 0
            while tick < segment.ticks {
                var index = 0
                while index < active.count {
                    IslandRun.turn(active[index].state)
                    index &+= 1
                }
                var busiest = Busiest()
                let row = machine.ticks.row(first &+ tick)
                index = 0
                while index < active.count {
                    let state = active[index].state
                    if state.pointee.wakeTick > tick, state.pointee.reading.count == 0 {
                        state.pointee.sleptTicks &+= 1
                        IslandRun.raise(&busiest, to: state.pointee.sleepCycles, isHigh: !state.pointee.lowLevel)
                    } else {
                        if state.pointee.sleptTicks > 0 { IslandRun.bookSleep(state) }
                        state.pointee.wakeTick = 0
                        try active[index].type.tick(
                            at: active[index].address,
                            TickContext(tick: tick, phase: phase, round: round, state: state, shared: shared, row: row))
                        finish(state, phase: phase, tick: tick, at: first &+ tick, &busiest)
                    }
                    index &+= 1
                }
                row.raise(
                    to: max(busiest.seconds, Double(busiest.high) / clock.high, Double(busiest.low) / clock.low))
                tick &+= 1
            }
            for own in active {
                if own.state.pointee.sleptTicks > 0 { IslandRun.bookSleep(own.state) }
                own.state.pointee.counters.pointee.ticks += segment.ticks
            }
        }
    }

    /// Points the members at the phase's routes and counters, and finds those whose program is active.
    private mutating func enter(_ phase: Int) {
        active.removeAll(keepingCapacity: true)
        let (routes, programs) = (machine.routes[phase], machine.activePrograms[phase])
        for pe in members {
            let state = machine.states + pe
            state.pointee.counters = machine.counters + pe * machine.phaseNames.count + phase
            if let base = routes[pe].baseAddress { state.pointee.routes = base }
            state.pointee.routeCount = routes[pe].count
            (state.pointee.wakeTick, state.pointee.sleptTicks) = (0, 0)
            if let program = programs[pe] { active.append(program) }
        }
    }

    /// Books the ticks for which a program was not called.
    @inline(never)
    private static func bookSleep(_ state: UnsafeMutablePointer<PEState>) {
        let counters = state.pointee.counters
        let (ticks, cycles) = (state.pointee.sleptTicks, state.pointee.sleepCycles)
        counters.pointee.cycles &+= ticks &* cycles
        if !state.pointee.lowLevel { counters.pointee.highCycles &+= ticks &* cycles }
        counters.pointee.largestTick = max(counters.pointee.largestTick, cycles)
        state.pointee.sleptTicks = 0
    }

    @inline(__always)
    private static func raise(_ busiest: inout Busiest, to cycles: Int, isHigh: Bool) {
        if isHigh {
            if cycles > busiest.high { busiest.high = cycles }
        } else if cycles > busiest.low {
            busiest.low = cycles
        }
    }

    /// What came in the last tick becomes what is read in this one.
    @inline(__always)
    private static func turn(_ state: UnsafeMutablePointer<PEState>) {
        if state.pointee.filling.count | state.pointee.reading.count != 0 { turnFilled(state) }
    }

    @inline(never)
    private static func turnFilled(_ state: UnsafeMutablePointer<PEState>) {
        if state.pointee.filling.oldest != 0 { straighten(state) }
        let read = state.pointee.reading
        state.pointee.reading = state.pointee.filling
        state.pointee.filling = read
        state.pointee.filling.count = 0
        let counters = state.pointee.counters
        if state.pointee.reading.count > counters.pointee.largestFIFO {
            counters.pointee.largestFIFO = state.pointee.reading.count
        }
        guard !state.pointee.waiting.isEmpty else { return }
        let stride = state.pointee.stride
        let entering = min(state.pointee.capacity, state.pointee.waiting.count / stride)
        for word in 0..<entering * stride { state.pointee.filling.entries[word] = state.pointee.waiting[word] }
        state.pointee.waiting.removeFirst(entering * stride)
        state.pointee.filling.count = entering
        counters.pointee.packetsReceived += entering
    }

    /// Brings the entries of a FIFO that has gone round into the order in which they came.
    private static func straighten(_ state: UnsafeMutablePointer<PEState>) {
        let (stride, count, oldest) = (
            state.pointee.stride, state.pointee.filling.count, state.pointee.filling.oldest
        )
        let entries = state.pointee.filling.entries
        let old = Array(UnsafeBufferPointer(start: entries, count: count * stride))
        for word in 0..<count * stride { entries[word] = old[(word + oldest * stride) % (count * stride)] }
        state.pointee.filling.oldest = 0
    }

    /// Books the cycles of a tick.
    @inline(__always)
    private mutating func finish(
        _ state: UnsafeMutablePointer<PEState>, phase: Int, tick: Int, at: Int, _ busiest: inout Busiest
    ) {
        let cycles = state.pointee.tickCycles
        let counters = state.pointee.counters
        let isHigh = !state.pointee.lowLevel || state.pointee.reading.count > state.pointee.highThreshold
        counters.pointee.cycles &+= cycles
        if isHigh { counters.pointee.highCycles &+= cycles }
        if cycles > counters.pointee.largestTick { counters.pointee.largestTick = cycles }
        state.pointee.tickCycles = 0
        IslandRun.raise(&busiest, to: cycles, isHigh: isHigh)
        if cycles > fewCycles || state.pointee.isBlocked {
            let seconds = Double(cycles) / (isHigh ? clock.high : clock.low)
            if seconds > period || state.pointee.isBlocked {
                slip(state, phase: phase, tick: tick, at: at, cycles: cycles, seconds: seconds, &busiest)
            }
        }
        // A sleep that would slip in every tick is none.
        if state.pointee.wakeTick > 0, state.pointee.sleepCycles > fewCycles { state.pointee.wakeTick = 0 }
    }

    @inline(never)
    private mutating func slip(
        _ state: UnsafeMutablePointer<PEState>, phase: Int, tick: Int, at: Int, cycles: Int, seconds: Double,
        _ busiest: inout Busiest
    ) {
        let over = period > 0 ? Machine.periods(seconds, of: period) - 1 : 0
        let isBlocked = state.pointee.isBlocked
        state.pointee.isBlocked = false
        state.pointee.counters.pointee.slips += over + (isBlocked ? 1 : 0)
        if slips.count < Machine.loggedSlips {
            let pe = state.pointee.pe
            let cause = isBlocked ? SlipCause.stall(pe: pe, cycles: cycles) : .work(pe: pe, cycles: cycles)
            slips.append(LoggedSlip(at: at, slip: Slip(phase: phase, tick: tick, cause: cause)))
        }
        // A sender that was held back loses the rest of its period.
        if isBlocked, period > 0 { busiest.seconds = max(busiest.seconds, Double(over + 2) * period) }
    }
}
