// The clock: runs schedules of phases, every island for itself, and adds up what they took.
import Mathematics

extension Machine {
    /// Runs the schedule `rounds` times. Packets sent in a tick are read in the next active tick of their receiver, also across
    /// segments and runs.
    ///
    /// - Throws: what a program throws (the lowest island's error), `cancelled`, `invalidValue` for a phase there is not. After an
    ///   error the machine must be `reset`.
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
        let tickCount = schedule.reduce(0) { $0 + $1.ticks } * rounds
        // Per island and tick, seconds of the busiest PE.
        var busy = [Double](repeating: 0, count: tickCount * islands.count)
        var logs = [[Slip]](repeating: [], count: islands.count)
        let constants = board.constants
        var shared = MachineShared(
            states: states, board: board, options: options, alignment: constants.count(.dmaAlignment),
            setupCycles: constants.count(.dmaSetupCycles), bytesPerCycle: constants[.dmaBytesPerCycle],
            packetBits: constants.count(.packetBits))
        try withUnsafeMutablePointer(to: &shared) { shared throws(SpinnpropError) in
            try busy.withUnsafeMutableBufferPointer { busy throws(SpinnpropError) in
                try logs.withUnsafeMutableBufferPointer { logs throws(SpinnpropError) in
                    nonisolated(unsafe) let shared = UnsafePointer(shared)
                    nonisolated(unsafe) let (busy, logs) = (busy, logs)
                    try parallelLoop(parts: islands.count, monitor: monitor) { part throws(SpinnpropError) in
                        var run = IslandRun(self, islands[part], shared, monitor)
                        defer { logs[part] = run.slips }
                        let times = busy.baseAddress.map { $0 + part * tickCount }
                        try run.run(schedule, rounds: rounds, busy: times)
                    }
                }
            }
        }
        addTimes(schedule, rounds: rounds, busy: busy, islandCount: islands.count, tickCount: tickCount)
        for log in logs { slips += log.prefix(max(0, Machine.loggedSlips - slips.count)) }
    }

    /// A tick of the machine lasts until the slowest PE is done, in whole periods of the tick (or exactly, if the period is 0).
    private func addTimes(_ schedule: [Segment], rounds: Int, busy: [Double], islandCount: Int, tickCount: Int) {
        var longest = [Double](repeating: 0, count: tickCount)
        for island in 0..<islandCount {
            for tick in 0..<tickCount { longest[tick] = max(longest[tick], busy[island * tickCount + tick]) }
        }
        let period = board.constants[.tick]
        var tick = 0
        for _ in 0..<rounds {
            for segment in schedule {
                var time = phaseTimes[segment.phase]
                time.ticks += segment.ticks
                for _ in 0..<segment.ticks {
                    let seconds = longest[tick]
                    if period == 0 {
                        time.seconds += seconds
                    } else {
                        let periods = max(1, (seconds / period).rounded(.up))
                        time.slips += Int(periods) - 1
                        time.seconds += periods * period
                    }
                    tick += 1
                }
                phaseTimes[segment.phase] = time
            }
        }
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
    }

    /// Sets all counters and times to 0.
    public func resetCounters() {
        for index in 0..<board.peCount * phaseNames.count { counters[index] = PECounters() }
        for pe in 0..<board.peCount where !states[pe].remoteBytes.isEmpty {
            for chip in states[pe].remoteBytes.indices { states[pe].remoteBytes[chip] = 0 }
        }
        for buffers in routes {
            for buffer in buffers {
                for index in buffer.indices { (buffer[index].packets, buffer[index].payloadWords) = (0, 0) }
            }
        }
        phaseTimes = Array(repeating: PhaseTime(), count: phaseNames.count)
        slips = []
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
            result.linkCrossings += route.packets * route.links.count
            let bits = route.packets * header + 32 * route.payloadWords
            result.hopBits += bits * route.hops
            result.linkBits += bits * route.links.count
        }
        return result
    }

    /// Bits that crossed each link, `6 * chip + direction`: packets, and DMA between chips as packets of 128 bits payload.
    public var linkBits: [Int] {
        var bits = [Int](repeating: 0, count: board.linkCount)
        let header = board.constants.count(.packetBits)
        for buffers in routes {
            for buffer in buffers {
                for route in buffer {
                    for link in route.links { bits[link] += route.packets * header + 32 * route.payloadWords }
                }
            }
        }
        for pe in 0..<board.peCount {
            for (other, bytes) in states[pe].remoteBytes.enumerated() where bytes > 0 {
                var chip = other
                for direction in board.path(from: other, to: board.chip(ofPE: pe)) {
                    bits[chip * LinkDirection.allCases.count + direction.rawValue] += bytes * 8 * (128 + header) / 128
                    chip = board.neighbour(of: chip, direction)
                }
            }
        }
        return bits
    }
}
