// The clock: runs schedules of phases, every island for itself, and adds up what they took.
import Mathematics

extension Machine {
    /// Runs the schedule `rounds` times. Packets sent in a tick are read in the next active tick of their receiver, also across
    /// segments and runs.
    ///
    /// - Throws: what a program throws (the lowest island's error), `cancelled`, `invalidValue` for a phase there is not. After an
    ///   error the machine must be `reset`; what had run until then is in the counters, but not in the times.
    public func run(_ schedule: [Segment], rounds: Int = 1, monitor: Monitor? = nil) throws(SpinnpropError) {
        for segment in schedule where !phaseNames.indices.contains(segment.phase) || segment.ticks < 0 {
            throw .invalidValue(
                "a segment has \(segment.ticks) ticks of phase \(segment.phase); phases are 0 .. \(phaseNames.count - 1), ticks "
                    + ">= 0")
        }
        try prepare()
        let phases = Set(schedule.map(\.phase)).sorted()
        let islands = islands(of: phases)
        for pe in 0..<board.peCount { states[pe].island = -1 }
        for (number, island) in islands.enumerated() {
            for pe in island { states[pe].island = number }
        }
        // As many rounds at once as the table of ticks is made for.
        let ticksPerRound = schedule.reduce(0) { $0 + $1.ticks }
        let most = max(1, TickTable.largestCount / (max(1, ticksPerRound) * ticks.columns))
        var round = 0
        while round < rounds {
            let end = min(rounds, round + most)
            try ticks.prepare(ticks: (end - round) * ticksPerRound)
            try run(schedule, round..<end, islands, monitor)
            round = end
        }
    }

    private func run(
        _ schedule: [Segment], _ rounds: Range<Int>, _ islands: [[Int]], _ monitor: Monitor?
    ) throws(SpinnpropError) {
        var logs = [[LoggedSlip]](repeating: [], count: islands.count)
        let constants = board.constants
        var shared = MachineShared(
            states: states, board: board, options: options, alignment: constants.count(.dmaAlignment),
            setupCycles: constants.count(.dmaSetupCycles), bytesPerCycle: constants[.dmaBytesPerCycle],
            packetBits: constants.count(.packetBits), paths: paths)
        try withUnsafeMutablePointer(to: &shared) { shared throws(SpinnpropError) in
            try logs.withUnsafeMutableBufferPointer { logs throws(SpinnpropError) in
                nonisolated(unsafe) let shared = UnsafePointer(shared)
                nonisolated(unsafe) let logs = logs
                try parallelLoop(parts: islands.count, monitor: monitor) { part throws(SpinnpropError) in
                    var run = IslandRun(self, islands[part], shared, monitor)
                    defer { logs[part] = run.slips }
                    try run.run(schedule, rounds)
                }
            }
        }
        addTimes(schedule, roundCount: rounds.count, logs.flatMap { $0 })
    }

    /// A tick of the machine lasts until the slowest PE, link and memory interface are done, in whole periods of the tick (or exactly, if
    /// the period is 0).
    private func addTimes(_ schedule: [Segment], roundCount: Int, _ log: [LoggedSlip]) {
        var log = log
        let constants = board.constants
        let period = constants[.tick]
        var at = 0
        for _ in 0..<roundCount {
            for segment in schedule {
                var time = phaseTimes[segment.phase]
                time.ticks += segment.ticks
                for tick in 0..<segment.ticks {
                    let sums = ticks.take(at, linkBits: &linkBits, dramBytes: &dramBytes)
                    let linkSeconds = Double(sums.busiestLink.bits) / constants[.linkBandwidth]
                    let dramSeconds = Double(sums.busiestDRAM.bytes) / constants[.dramBandwidth]
                    if period == 0 {
                        time.seconds += max(sums.seconds, linkSeconds, dramSeconds)
                    } else {
                        let own = Machine.periods(sums.seconds, of: period)
                        let withLinks = max(own, Machine.periods(linkSeconds, of: period))
                        let all = max(withLinks, Machine.periods(dramSeconds, of: period))
                        time.slips += all - 1
                        time.linkSlips += withLinks - own
                        time.dramSlips += all - withLinks
                        // Beyond the most periods that are counted, the seconds themselves.
                        time.seconds += max(Double(all) * period, sums.seconds, linkSeconds, dramSeconds)
                        func note(_ cause: SlipCause) {
                            log.append(LoggedSlip(at: at, slip: Slip(phase: segment.phase, tick: tick, cause: cause)))
                        }
                        if linkSeconds > period { note(.link(sums.busiestLink.number, bits: sums.busiestLink.bits)) }
                        if dramSeconds > period {
                            note(.dram(chip: sums.busiestDRAM.chip, bytes: sums.busiestDRAM.bytes))
                        }
                    }
                    at += 1
                }
                phaseTimes[segment.phase] = time
            }
        }
        guard !log.isEmpty, slips.count < Machine.loggedSlips else { return }
        let ordered = log.indices.sorted { (log[$0].at, $0) < (log[$1].at, $1) }
        slips += ordered.prefix(Machine.loggedSlips - slips.count).map { log[$0].slip }
    }

    /// The periods of a tick that so much work takes, at least one. No more than a thousand million are counted.
    public static func periods(_ seconds: Double, of period: Double) -> Int {
        Int(min(1e9, max(1, (seconds / period).rounded(.up))))
    }

    /// Empties all FIFOs: what a run that ended in an error left behind.
    public func reset() {
        for pe in 0..<board.peCount {
            states[pe].reading.count = 0
            states[pe].filling.count = 0
            states[pe].filling.oldest = 0
            states[pe].waiting = []
            states[pe].tickCycles = 0
            states[pe].isBlocked = false
        }
        ticks.clear()
    }

    /// Sets all counters and times to 0.
    public func resetCounters() {
        for index in 0..<board.peCount * phaseNames.count { counters[index] = PECounters() }
        for buffers in routes {
            for buffer in buffers {
                for index in buffer.indices { (buffer[index].packets, buffer[index].payloadWords) = (0, 0) }
            }
        }
        phaseTimes = Array(repeating: PhaseTime(), count: phaseNames.count)
        linkBits = Array(repeating: 0, count: board.linkCount)
        dramBytes = Array(repeating: 0, count: board.chipCount)
        slips = []
    }

    /// Takes over all counters and times of a machine with the same board and phases, before a first run.
    public func inherit(from other: Machine) {
        for pe in 0..<board.peCount {
            for phase in phaseNames.indices {
                counters[pe * phaseNames.count + phase] = other.counters(pe: pe, phase: phase)
            }
        }
        (phaseTimes, linkBits, dramBytes, slips) = (other.phaseTimes, other.linkBits, other.dramBytes, other.slips)
    }

    /// What a PE did in a phase.
    public func counters(pe: Int, phase: Int) -> PECounters {
        var result = counters[pe * phaseNames.count + phase]
        guard !routes.isEmpty else { return result }
        let header = board.constants.count(.packetBits)
        for route in routes[phase][pe] {
            result.packetsSent += route.packets
            result.payloadBytes += 4 * route.payloadWords
            result.hops += route.packets * route.hops
            result.linkCrossings += route.packets * route.linkCount
            let bits = route.packets * header + 32 * route.payloadWords
            result.hopBits += bits * route.hops
            result.linkBits += bits * route.linkCount
        }
        return result
    }
}
