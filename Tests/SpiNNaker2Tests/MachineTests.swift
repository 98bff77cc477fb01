// The machine driven by toy programs, against numbers worked out by hand.
import Mathematics
import Testing

@testable import SpiNNaker2

struct MachineTests {
    /// A packet sent in tick 0 passes a relay in tick 1 and is read in tick 2.
    @Test func relay() throws {
        let machine = Machine(Board(), phases: ["only"])
        let first = Toy("first", sends: [.exactly(7)]) { (_, context) throws(SpinnpropError) in
            context.charge(100)
            var word: UInt32 = 41
            if context.tick == 0 { try context.send(7, payload: &word, words: 1) }
        }
        let relay = Toy("relay", sends: [.exactly(8)]) { (_, context) throws(SpinnpropError) in
            guard context.packetCount > 0 else { return }
            var word = context.packets[1] + 1
            try context.send(8, payload: &word, words: 1)
        }
        let last = Toy("last")
        // Quads (1, 1), (2, 1) and (3, 5).
        let pes = [0, 4, 4 * 26]
        #expect(QuadGrid.position(ofPE: pes[2]) == MeshPosition(x: 3, y: 5))
        for (pe, toy) in zip(pes, [first, relay, last]) { try machine.load(toy, on: pe) }
        for pe in pes[1...] { try machine.setFIFO(pe: pe, capacity: 2, payloadWords: 1) }
        try machine.route(.exactly(7), from: pes[0], to: [pes[1]])
        try machine.route(.exactly(8), from: pes[1], to: [pes[2]])
        try machine.run([Segment(phase: 0, ticks: 4)])
        #expect(relay.received == [.init(tick: 1, key: 7, payload: 41)])
        #expect(last.received == [.init(tick: 2, key: 8, payload: 42)])

        let counters = machine.counters(pe: pes[0], phase: 0)
        #expect(counters.ticks == 4)
        #expect(counters.cycles == 400 && counters.highCycles == 400 && counters.largestTick == 100)
        #expect(counters.packetsSent == 1 && counters.packetsReceived == 0 && counters.payloadBytes == 4)
        // (1, 1) to the router at (4, 3): 3 + 2; from there to (2, 1): 2 + 2. 64 bits of header and key, 32 of payload.
        #expect(counters.hops == 9)
        #expect(counters.hopBits == 9 * 96)
        #expect(machine.counters(pe: pes[2], phase: 0).packetsReceived == 1)
        #expect(machine.counters(pe: pes[2], phase: 0).largestFIFO == 1)
        #expect(machine.phaseTimes[0].ticks == 4 && machine.phaseTimes[0].slips == 0)
        #expect(machine.phaseTimes[0].seconds == 4e-3)

        // 3 loaded PEs for 4 ms, 400 cycles at 0.8 V, 9 x 96 + (2 + 2 + 1 + 1) x 96 bits over hops.
        let account = machine.phaseAccounts[0]
        #expect(abs(account.energy.off - 75.2e-3 * 4e-3) < 1e-18)
        #expect(abs(account.energy.asleep - 3 * 3.22e-3 * 4e-3) < 1e-18)
        #expect(abs(account.energy.active - 400 * 15e-12) < 1e-20)
        #expect(abs(account.energy.mesh - 0.15e-12 * Double(9 * 96 + 6 * 96)) < 1e-22)
        #expect(account.energy.links == 0 && account.energy.dram == 0)
        #expect(abs(account.meanPower - account.energy.total / 4e-3) < 1e-12)
    }

    /// A token goes round a ring of PEs, over chips, and comes back after as many ticks as there are PEs.
    @Test(arguments: [1, 4, 48]) func ring(chips: Int) throws {
        let machine = try Machine(Board(chips: chips), phases: ["only"])
        let count = 37
        let pes = (0..<count).map { $0 * machine.board.peCount / count }
        let toys = (0..<count).map { number in
            Toy("ring", sends: [.exactly(UInt32(number))]) { (_, context) throws(SpinnpropError) in
                if context.packetCount > 0 || (number == 0 && context.tick == 0) { try context.send(UInt32(number)) }
            }
        }
        for number in 0..<count {
            try machine.load(toys[number], on: pes[number])
            try machine.setFIFO(pe: pes[number], capacity: 1, payloadWords: 0)
            try machine.route(.exactly(UInt32(number)), from: pes[number], to: [pes[(number + 1) % count]])
        }
        try machine.run([Segment(phase: 0, ticks: 2 * count + 1)])
        #expect(toys[0].received.map(\.tick) == [count, 2 * count])
        #expect(toys[5].received.map(\.tick) == [5, count + 5])
        var links = 0
        for number in 0..<count {
            let (from, to) = (pes[number] / 148, pes[(number + 1) % count] / 148)
            let sent = machine.counters(pe: pes[number], phase: 0).packetsSent
            #expect(sent == (number == 0 ? 3 : 2))
            links += sent * machine.board.path(from: from, to: to).count
        }
        #expect(machine.linkBits.reduce(0, +) == 64 * links)
        #expect((links > 0) == (chips > 1))
    }

    /// What arrives of the storm's two ticks.
    private func expected(keys: Range<Int>) -> [Toy.Received] {
        var result: [Toy.Received] = []
        for tick in 0..<2 {
            for key in keys { result.append(Toy.Received(tick: tick + 1, key: UInt32(tick * 1000 + key))) }
        }
        return result
    }

    /// Every PE sends to every other, five packets a tick, into FIFOs of 100.
    @Test(arguments: OverflowPolicy.allCases) func storm(policy: OverflowPolicy) throws {
        let machine = Machine(Board(), phases: ["only"], options: counting(policy))
        let count = 148
        let all = KeyRange(key: 0, mask: 0xFFFF_0000)
        var toys: [Toy] = []
        for pe in 0..<count {
            let toy = Toy("storm", sends: [all]) { (_, context) throws(SpinnpropError) in
                guard context.tick < 2 else { return }
                for number in 0..<5 { try context.send(UInt32(context.tick * 1000 + context.pe * 5 + number)) }
            }
            toys.append(toy)
            try machine.load(toy, on: pe)
            try machine.setFIFO(pe: pe, capacity: 100, payloadWords: 0)
        }
        try machine.route(all, from: 0, to: Array(0..<count))
        #expect(machine.routingEntries(chip: 0).count == 1)
        try machine.run([Segment(phase: 0, ticks: 20)])
        let (sent, received) = (740, toys[9].received)
        let counters = machine.counters(pe: 9, phase: 0)
        #expect(counters.packetsSent == 10 && counters.largestFIFO == 100)
        switch policy {
        case .drop:
            // The first 100 of each tick.
            #expect(received == expected(keys: 0..<100))
            #expect(counters.dropped == 2 * (sent - 100) && counters.overwritten == 0 && counters.stalled == 0)
            #expect(counters.packetsReceived == 200)
        case .overwrite:
            // The last 100 of each tick.
            #expect(received == expected(keys: 640..<740))
            #expect(counters.overwritten == 2 * (sent - 100) && counters.dropped == 0)
            #expect(counters.packetsReceived == 2 * sent)
        case .stall:
            // All 1,480, a hundred a tick. What waits goes first.
            #expect(received.count == 2 * sent && Set(received.map(\.key)).count == 2 * sent)
            let ticks = (0..<1480).map { 1 + $0 / 100 }
            #expect(received.map(\.tick) == ticks)
            #expect(counters.stalled == 640 + 740)
            #expect(counters.packetsReceived == 2 * sent && counters.slips > 0)
        }
        // With the other policy for faults the same storm is an error that names PE and tick.
        let strict = Machine(Board(), phases: ["only"])
        let source = Toy("source", sends: [all]) { (_, context) throws(SpinnpropError) in
            for number in 0..<3 { try context.send(UInt32(number)) }
        }
        try strict.load(source, on: 3)
        try strict.load(Toy("sink"), on: 9)
        try strict.setFIFO(pe: 9, capacity: 2, payloadWords: 0)
        try strict.route(all, from: 3, to: [9])
        #expect(
            message { try strict.run([Segment(phase: 0, ticks: 1)]) }.contains(
                "FIFO of PE 9 is full at 2 packets when PE 3 sends in tick 0"))
    }

    /// From a corner PE of chip 0 to the last PE of every chip of a board of 48.
    @Test func multicastOverABoard() throws {
        let board = try Board(chips: 48)
        let machine = Machine(board, phases: ["only"])
        let source = Toy("source", sends: [.block(3)]) { (_, context) throws(SpinnpropError) in
            try context.send(0x3_05)
        }
        try machine.load(source, on: 0)
        let targets = (0..<48).map { $0 * 148 + 147 }
        for pe in targets {
            try machine.load(Toy("sink"), on: pe)
            try machine.setFIFO(pe: pe, capacity: 4, payloadWords: 0)
        }
        try machine.route(.block(3), from: 0, to: targets)
        try machine.run([Segment(phase: 0, ticks: 3)])
        for pe in targets { #expect(machine.counters(pe: pe, phase: 0).packetsReceived == 3) }
        // A tree over 48 chips has 47 links; each carries the packet once a tick.
        #expect(machine.counters(pe: 0, phase: 0).linkCrossings == 3 * 47)
        #expect(machine.linkBits.reduce(0, +) == 3 * 47 * 64)
        #expect(machine.linkBits.filter { $0 > 0 }.count == 47)
        let toSinks = QuadGrid.hopsToRouter(fromPE: 147) * 48
        #expect(machine.counters(pe: 0, phase: 0).hops == 3 * (QuadGrid.hopsToRouter(fromPE: 0) + toSinks))
        #expect(machine.busiestLinkLoad > 0 && machine.busiestLinkLoad < 1e-4)
    }

    /// A storm over one link: what the link cannot carry within a tick stretches that tick, and changes nothing else.
    @Test(arguments: [1, 2, 7]) func stormOverALink(packets: Int) throws {
        // 96 bits a packet with one word of payload, 1,000 of them a period.
        func storm(bandwidth: Double) throws -> (Machine, Toy) {
            let machine = Machine(
                try Board(chips: 2, constants: constants([.linkBandwidth: bandwidth])), phases: ["quiet", "loud"],
                options: counting())
            let range = KeyRange(key: 0, mask: 0xFFFF_0000)
            for pe in 0..<5 {
                let toy = Toy("storm", sends: [range], phases: [0, 1]) { (_, context) throws(SpinnpropError) in
                    guard context.phase == 1, context.tick == 1 else { return }
                    var word = UInt32(context.pe)
                    for number in 0..<100 * packets { try context.send(UInt32(number), payload: &word, words: 1) }
                }
                try machine.load(toy, on: pe)
            }
            let sink = Toy("sink", phases: [0, 1])
            try machine.load(sink, on: 148)
            try machine.setFIFO(pe: 148, capacity: 5000, payloadWords: 1)
            try machine.route(range, from: 0, to: [148])
            try machine.run([Segment(phase: 0, ticks: 3), Segment(phase: 1, ticks: 3)])
            return (machine, sink)
        }
        let (slow, received) = try storm(bandwidth: 200 * 96 / 1e-3)
        let (fast, same) = try storm(bandwidth: 1e12)
        #expect(received.received == same.received && received.received.count == 500 * packets)
        // 500 packets where 200 fit.
        let slips = [1: 2, 2: 4, 7: 17][packets] ?? 0
        let bits = 500 * packets * 96
        #expect(slow.phaseTimes[1].slips == slips && slow.phaseTimes[1].linkSlips == slips)
        #expect(slow.phaseTimes[0].slips == 0 && fast.phaseTimes[1].slips == 0)
        #expect(abs(slow.phaseTimes[1].seconds - 1e-3 * Double(3 + slips)) < 1e-12)
        let east = LinkDirection.east.rawValue
        #expect(slow.slips == [Slip(phase: 1, tick: 1, cause: .link(east, bits: bits))] && fast.slips.isEmpty)
        #expect(slow.linkBits[east] == bits && slow.linkBits.reduce(0, +) == bits && slow.linkBits == fast.linkBits)
        #expect(slow.busiestLinkLoad <= 1)
        // More time at the same power, the same work.
        let (own, other) = (slow.phaseAccounts[1], fast.phaseAccounts[1])
        #expect(own.counters == other.counters && own.energy.active == other.energy.active)
        #expect(own.energy.links == other.energy.links && own.energy.links == 5e-12 * Double(bits))
        let longer = own.time.seconds / other.time.seconds
        #expect(abs(own.energy.asleep / other.energy.asleep - longer) < 1e-12)
        #expect(abs(own.energy.off / other.energy.off - longer) < 1e-12)
    }

    /// Of programs, links and memory interfaces the slowest counts; without a period to the very second.
    @Test(arguments: [1e-3, 0]) func theSlowestCounts(period: Double) throws {
        let board = try Board(
            chips: 2, constants: constants([.tick: period, .linkBandwidth: 64e3, .dramBandwidth: 64e3]))
        let machine = Machine(board, phases: ["only"], options: counting())
        let toy = Toy("busy", sends: [.exactly(1)]) { (_, context) throws(SpinnpropError) in
            // 4.5 ms of work, 5 packets of 64 bits in 5 ms, 384 bytes in 6 ms.
            if context.tick % 2 == 0 { context.charge(1_350_000) }
            if context.tick >= 1 { for _ in 0..<5 { try context.send(1) } }
            if context.tick == 3 { context.countDRAM(bytes: 6 * 64) }
        }
        try machine.load(toy, on: 3)
        try machine.load(Toy("sink"), on: 200)
        try machine.setFIFO(pe: 200, capacity: 5, payloadWords: 0)
        try machine.route(.exactly(1), from: 3, to: [200])
        try machine.run([Segment(phase: 0, ticks: 4)])
        let time = machine.phaseTimes[0]
        if period == 0 {
            // Of 4.5 ms work, 5 ms on the link and 6 ms for the memory interface the longest in each tick.
            #expect(abs(time.seconds - (4.5e-3 + 5e-3 + 5e-3 + 6e-3)) < 1e-9)
            #expect(time.slips == 0 && machine.slips.isEmpty)
        } else {
            #expect(abs(time.seconds - 21e-3) < 1e-9)
            #expect(time.slips == 17 && time.linkSlips == 4 + 0 + 4 && time.dramSlips == 1)
            #expect(machine.slips.map(\.tick) == [0, 1, 2, 2, 3, 3])
            #expect(machine.slips.map(\.cause.name) == ["work", "link", "work", "link", "link", "dram"])
        }
    }

    /// A clock so slow that no count of periods holds what a tick takes: the seconds are right all the same.
    @Test func absurdClocks() throws {
        let machine = Machine(
            try Board(constants: constants([.highClock: 1e-3, .tick: 1e-9])), phases: ["only"], options: counting())
        try machine.load(Toy("worker") { (_, context) throws(SpinnpropError) in context.charge(300) }, on: 1)
        try machine.run([Segment(phase: 0, ticks: 2)])
        #expect(machine.phaseTimes[0].seconds == 6e5 && machine.phaseTimes[0].slips == 2 * 999_999_999)
    }

    /// A program that sleeps is called for packets and at the tick it chose; what is counted is the same as if it had not slept.
    @Test(arguments: [PowerLevel.high, .low, .automatic(threshold: 0)]) func sleeping(level: PowerLevel) throws {
        func outcome(sleeps: Bool, idle: Int) throws -> (ticks: [Int], PECounters, PhaseTime, [Slip]) {
            var options = counting()
            options.level = level
            let machine = Machine(Board(), phases: ["only"], options: options)
            let sender = Toy("sender", sends: [.exactly(1)]) { (_, context) throws(SpinnpropError) in
                if context.tick == 4 || context.tick == 5 { try context.send(1) }
            }
            var ticks: [Int] = []
            let sleeper = Toy("sleeper") { (_, context) throws(SpinnpropError) in
                ticks.append(context.tick)
                context.charge(context.packetCount > 0 || context.tick % 10 == 0 ? 2000 : idle)
                if sleeps { context.sleep(until: (context.tick / 10 + 1) * 10, charging: idle) }
            }
            try machine.load(sender, on: 1)
            try machine.load(sleeper, on: 2)
            try machine.setFIFO(pe: 2, capacity: 2, payloadWords: 0)
            try machine.route(.exactly(1), from: 1, to: [2])
            try machine.run([Segment(phase: 0, ticks: 25), Segment(phase: 0, ticks: 3)], rounds: 2)
            return (ticks, machine.counters(pe: 2, phase: 0), machine.phaseTimes[0], machine.slips)
        }
        for (idle, calls) in [(150, [0, 5, 6, 10, 20, 0]), (700_000, Array(0..<25) + [0, 1, 2])] {
            let (asleep, awake) = (try outcome(sleeps: true, idle: idle), try outcome(sleeps: false, idle: idle))
            #expect(asleep.ticks == calls + calls && awake.ticks.count == 56)
            #expect(asleep.1 == awake.1 && asleep.2 == awake.2 && asleep.3 == awake.3, "\(level), \(idle) cycles")
        }
    }

    /// Rounds beyond what the table of ticks holds are run piece by piece: nothing shows of it.
    @Test func longRuns() throws {
        let machine = try Machine(Board(chips: 48), phases: ["only"], options: counting())
        let most = TickTable.largestCount / machine.ticks.columns
        let toy = Toy("pulse", sends: [.exactly(1)]) { (_, context) throws(SpinnpropError) in
            if context.tick == 0 { try context.send(1) }
        }
        try machine.load(toy, on: 0)
        let sink = Toy("sink")
        try machine.load(sink, on: 47 * 148)
        try machine.setFIFO(pe: 47 * 148, capacity: 1, payloadWords: 0)
        try machine.route(.exactly(1), from: 0, to: [47 * 148])
        try machine.run([Segment(phase: 0, ticks: 100)], rounds: 2 * most / 100 + 3)
        let rounds = 2 * most / 100 + 3
        #expect(sink.received.count == rounds && machine.phaseTimes[0].ticks == 100 * rounds)
        #expect(machine.linkBits.max() == 64 * rounds)
    }

    /// Delivery order and every counter are the same for any number of host threads.
    @Test func threadsDoNotMatter() throws {
        defer { try? Threads.set(0) }
        struct Outcome: Equatable {
            let received: [[Toy.Received]]
            let counters: [PECounters]
            let times: [PhaseTime]
            let slips: [Slip]
        }
        func outcome() throws -> Outcome {
            let machine = try Machine(Board(chips: 2), phases: ["mix"], options: counting(.stall))
            var toys: [Toy] = []
            for pe in 0..<machine.board.peCount {
                // Islands of four PEs, spread over both chips.
                let toy = Toy("mix", sends: [.block(UInt32(pe))]) { (toy, context) throws(SpinnpropError) in
                    context.charge((pe * 7919 + context.tick * 104_729) % 400_000)
                    for number in 0..<(pe + context.tick) % 4 {
                        try context.send(UInt32(pe << 8 | number))
                    }
                }
                toys.append(toy)
                try machine.load(toy, on: pe)
                try machine.setFIFO(pe: pe, capacity: 5, payloadWords: 0)
            }
            for pe in toys.indices {
                let island = (0..<4).map { pe % 74 + 74 * $0 }
                try machine.route(.block(UInt32(pe)), from: pe, to: island)
            }
            try machine.run([Segment(phase: 0, ticks: 9)], rounds: 2)
            #expect(machine.islands(of: [0]).count == 74)
            return Outcome(
                received: toys.map(\.received), counters: toys.indices.map { machine.counters(pe: $0, phase: 0) },
                times: machine.phaseTimes, slips: machine.slips)
        }
        try Threads.set(1)
        let alone = try outcome()
        for threads in [2, 3, 8] {
            try Threads.set(threads)
            let many = try outcome()
            #expect(many == alone, "\(threads) threads")
        }
        #expect(!alone.slips.isEmpty && alone.times[0].slips > 0)
    }
}
