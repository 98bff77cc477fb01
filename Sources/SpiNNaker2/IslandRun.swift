// The inner loop: one island of processing elements through a schedule.
import Mathematics

/// A program that takes part in a phase.
private struct ActiveProgram {
    let pe: Int
    let type: any Program.Type
    let address: UnsafeRawPointer
}

/// A slip and the tick of the run it came in, over all rounds and segments.
struct LoggedSlip {
    let at: Int
    let slip: Slip
}

struct IslandRun {
    private let machine: Machine
    private let members: [Int]
    private let shared: UnsafePointer<MachineShared>
    private let monitor: Monitor?
    private let period: Double
    private let clock: (low: Double, high: Double)
    var slips: [LoggedSlip] = []

    init(_ machine: Machine, _ members: [Int], _ shared: UnsafePointer<MachineShared>, _ monitor: Monitor?) {
        self.machine = machine
        self.members = members
        self.shared = shared
        self.monitor = monitor
        period = machine.board.constants[.tick]
        clock = (machine.board.constants[.lowClock], machine.board.constants[.highClock])
    }

    mutating func run(
        _ schedule: [Segment], _ rounds: Range<Int>
    ) throws(SpinnpropError) {
        var first = 0
        for round in rounds {
            if let monitor, monitor.poll() { throw .cancelled }
            for segment in schedule {
                try run(segment, round: round, first: first)
                first += segment.ticks
            }
        }
    }

    private mutating func run(
        _ segment: Segment, round: Int, first: Int
    ) throws(SpinnpropError) {
        let phase = segment.phase
        let states = machine.states
        let phaseCount = machine.phaseNames.count
        let active = enter(phase)
        try active.withUnsafeBufferPointer { active throws(SpinnpropError) in
            var tick = 0
            while tick < segment.ticks {
                var index = 0
                while index < active.count {
                    IslandRun.turn(states + active[index].pe)
                    index &+= 1
                }
                var longest = 0.0
                let row = machine.ticks.row(first &+ tick)
                index = 0
                while index < active.count {
                    let state = states + active[index].pe
                    try active[index].type.tick(
                        at: active[index].address,
                        TickContext(tick: tick, phase: phase, round: round, state: state, shared: shared, row: row))
                    longest = max(longest, finish(state, phase: phase, tick: tick, at: first &+ tick))
                    index &+= 1
                }
                row.raise(to: longest)
                tick &+= 1
            }
        }
        for own in active { machine.counters[own.pe * phaseCount + phase].ticks += segment.ticks }
    }

    /// Points the members at the phase's routes and counters; returns those whose program is active.
    private func enter(_ phase: Int) -> [ActiveProgram] {
        var active: [ActiveProgram] = []
        for pe in members {
            let state = machine.states + pe
            state.pointee.counters = machine.counters + pe * machine.phaseNames.count + phase
            let routes = machine.routes[phase][pe]
            if let base = routes.baseAddress { state.pointee.routes = base }
            state.pointee.routeCount = routes.count
            if let program = machine.programs[pe], program.isActive(phase: phase) {
                // The machine holds its programs for as long as it runs.
                active.append(
                    ActiveProgram(
                        pe: pe, type: type(of: program),
                        address: UnsafeRawPointer(Unmanaged.passUnretained(program as AnyObject).toOpaque())))
            }
        }
        return active
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

    /// Books the cycles of a tick; returns the seconds they took.
    @inline(__always)
    private mutating func finish(
        _ state: UnsafeMutablePointer<PEState>, phase: Int, tick: Int, at: Int
    ) -> Double {
        let cycles = state.pointee.tickCycles
        let counters = state.pointee.counters
        let isHigh = !state.pointee.lowLevel || state.pointee.reading.count > state.pointee.highThreshold
        counters.pointee.cycles &+= cycles
        if isHigh { counters.pointee.highCycles &+= cycles }
        if cycles > counters.pointee.largestTick { counters.pointee.largestTick = cycles }
        state.pointee.tickCycles = 0
        let seconds = Double(cycles) / (isHigh ? clock.high : clock.low)
        if (period > 0 && seconds > period) || state.pointee.isBlocked {
            return slip(state, phase: phase, tick: tick, at: at, cycles: cycles, seconds: seconds)
        }
        return seconds
    }

    @inline(never)
    private mutating func slip(
        _ state: UnsafeMutablePointer<PEState>, phase: Int, tick: Int, at: Int, cycles: Int, seconds: Double
    ) -> Double {
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
        return isBlocked && period > 0 ? Double(over + 2) * period : seconds
    }
}
