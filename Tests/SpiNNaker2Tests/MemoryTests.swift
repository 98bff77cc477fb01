// Memory, DMA, routing tables, power levels and slips: what fits, what is refused, and what it costs.
import Mathematics
import Testing

@testable import SpiNNaker2

struct MemoryTests {
    @Test func allocatorRefusesByName() throws {
        let machine = Machine(Board(), phases: ["only"])
        #expect(machine.board.constants.dataBytes == 94_208)
        let weights = try machine.allocate(pe: 5, "weights", bytes: 90_001)
        #expect(machine.sramUsed(pe: 5) == 90_016)
        #expect(
            message { _ = try machine.allocate(pe: 5, "tape", bytes: 5000) }.contains(
                "buffer \"tape\" on PE 5 asks for 5000 bytes and 4192 of 94208 are left"))
        #expect(message { _ = try machine.allocate(pe: 5, "weights", bytes: 1) }.contains("already has a buffer"))
        #expect(message { _ = try machine.allocate(pe: 148, "x", bytes: 1) }.contains("PEs 0 .. 147"))
        _ = try machine.allocate(pe: 5, "tape", bytes: 4192)
        #expect(throws: SpinnpropError.self) { try machine.allocate(pe: 5, "one more", bytes: 1) }
        try machine.free(weights)
        #expect(machine.sramUsed(pe: 5) == 4192 && machine.sramHighWater(pe: 5) == 94_208)
        #expect(machine.buffers(pe: 5).map(\.name) == ["tape"])
        #expect(message { try machine.free(weights) }.contains("no buffer \"weights\""))
        #expect(throws: SpinnpropError.self) { try machine.allocate(pe: 5, "negative", bytes: -1) }
        #expect(throws: SpinnpropError.self) { try machine.allocate(pe: 5, "huge", bytes: .max) }
    }

    @Test func fifoTakesMemory() throws {
        let machine = Machine(Board(), phases: ["only"])
        try machine.setFIFO(pe: 0, capacity: 100, payloadWords: 4)
        #expect(machine.sramUsed(pe: 0) == 2000)
        #expect(throws: SpinnpropError.self) { try machine.setFIFO(pe: 1, capacity: 0, payloadWords: 0) }
        #expect(throws: SpinnpropError.self) { try machine.setFIFO(pe: 1, capacity: 1, payloadWords: 5) }
        #expect(throws: SpinnpropError.self) { try machine.setFIFO(pe: 1, capacity: .max, payloadWords: 4) }
    }

    @Test func dma() throws {
        let machine = try Machine(Board(chips: 4), phases: ["work", "gather"])
        let source = try machine.allocate(pe: 0, "source", bytes: 64)
        let dram = try machine.allocateDRAM(chip: 1, "table", bytes: 32)
        for index in 0..<16 { source.floats[index] = Float(index) }
        // PE 150 is PE 2 of chip 1.
        let own = try machine.allocate(pe: 150, "copy", bytes: 64)
        let reader = Toy("reader", phases: [1]) { (_, context) throws(SpinnpropError) in
            try context.dmaRead(source, offset: 16, bytes: 32, into: own.base)
            try context.dmaWrite(own.base, bytes: 32, to: dram, offset: 0)
        }
        try machine.load(reader, on: 150)
        try machine.run([Segment(phase: 1, ticks: 1)])
        #expect((0..<9).map { dram.floats[$0] }.prefix(8) == [4, 5, 6, 7, 8, 9, 10, 11])
        let counters = machine.counters(pe: 150, phase: 1)
        #expect(counters.dmaTransfers == 2 && counters.dmaBytes == 64 && counters.dramBytes == 32)
        // 50 to set up and 2 for the bytes, twice.
        #expect(counters.cycles == 104)
        // PE 0 and PE 2 are in quad (1, 1): 5 hops to their routers, one link; 6 + 2 hops to the memory interface; 384 bits each.
        #expect(counters.hopBits == 384 * (10 + 8))
        #expect(abs(machine.busiestDRAMLoad / (32 / (6.4e9 * 1e-3)) - 1) < 1e-12)
        #expect(counters.linkBits == 384 && machine.linkBits.reduce(0, +) == 384)

        for (offset, bytes) in [(1, 16), (0, 15), (64, 16), (-16, 16), (0, 80), (0, -16), (16, Int.max - 15)] {
            let bad = Toy("bad", phases: [0]) { (_, context) throws(SpinnpropError) in
                try context.dmaRead(source, offset: offset, bytes: bytes, into: own.base)
            }
            let machine = try Machine(Board(chips: 4), phases: ["work"])
            try machine.load(bad, on: 150)
            #expect(throws: SpinnpropError.self, "\(offset) \(bytes)") {
                try machine.run([Segment(phase: 0, ticks: 1)])
            }
        }
        // A PE at work elsewhere may not be touched, nor another chip's DRAM.
        try machine.load(Toy("busy", phases: [0]), on: 0)
        let thief = Toy("thief", phases: [0]) { (_, context) throws(SpinnpropError) in
            try context.dmaRead(source, offset: 0, bytes: 16, into: own.base)
        }
        try machine.load(thief, on: 7)
        #expect(message { try machine.run([Segment(phase: 0, ticks: 1)]) }.contains("PE 0, which takes part"))
        let far = Toy("far", phases: [0]) { (_, context) throws(SpinnpropError) in
            try context.dmaRead(dram, offset: 0, bytes: 16, into: own.base)
        }
        let other = try Machine(Board(chips: 4), phases: ["work"])
        try other.load(far, on: 7)
        #expect(message { try other.run([Segment(phase: 0, ticks: 1)]) }.contains("DRAM of chip 1"))
    }

    /// Work of 1, 2 and 3 periods at 300 MHz; at 150 MHz it takes twice as long.
    @Test(arguments: [(PowerLevel.high, [0, 1, 2]), (.low, [1, 3, 5]), (.automatic(threshold: 1), [1, 1, 5])])
    func slips(level: PowerLevel, expected: [Int]) throws {
        var options = MachineOptions()
        options.level = level
        let machine = Machine(Board(), phases: ["only"], options: options)
        let worker = Toy("worker") { (_, context) throws(SpinnpropError) in
            context.charge(300_000 * (context.tick + 1))
        }
        let sender = Toy("sender", sends: [.exactly(1)]) { (_, context) throws(SpinnpropError) in
            if context.tick == 0 { for _ in 0..<2 { try context.send(1) } }
        }
        try machine.load(worker, on: 1)
        try machine.load(sender, on: 2)
        try machine.setFIFO(pe: 1, capacity: 2, payloadWords: 0)
        try machine.route(.exactly(1), from: 2, to: [1])
        try machine.run([Segment(phase: 0, ticks: 3)])
        let counters = machine.counters(pe: 1, phase: 0)
        #expect(counters.slips == expected.reduce(0, +))
        #expect(machine.phaseTimes[0].slips == counters.slips)
        #expect(abs(machine.phaseTimes[0].seconds - 1e-3 * Double(3 + counters.slips)) < 1e-12)
        #expect(machine.slips.map(\.tick) == expected.indices.filter { expected[$0] > 0 })
        #expect(counters.cycles == 1_800_000)
        #expect(counters.highCycles == (level == .high ? 1_800_000 : level == .low ? 0 : 600_000))
    }

    /// With a period of 0 a tick ends when the slowest PE is done.
    @Test func freeRunning() throws {
        let machine = Machine(try Board(constants: constants([.tick: 0])), phases: ["only"])
        try machine.load(Toy("fast") { (_, context) throws(SpinnpropError) in context.charge(30) }, on: 1)
        try machine.load(Toy("slow") { (_, context) throws(SpinnpropError) in context.charge(3000) }, on: 2)
        try machine.run([Segment(phase: 0, ticks: 3)])
        #expect(abs(machine.phaseTimes[0].seconds - 3e-5) < 1e-12 && machine.phaseTimes[0].slips == 0)
    }
}

struct RoutingTests {
    @Test func tableOverflowsByName() throws {
        let machine = Machine(try Board(constants: constants([.routerEntries: 3])), phases: ["only"])
        for key in 0..<3 { try machine.route(.exactly(UInt32(key)), from: 0, to: [1]) }
        try machine.route(.exactly(2), from: 0, to: [2, 3])
        #expect(
            message { try machine.route(.exactly(9), from: 0, to: [1]) }.contains(
                "routing table of chip 0 is full: 3 entries"))
    }

    @Test(arguments: FaultPolicy.allCases) func packetToNowhere(faults: FaultPolicy) throws {
        var options = MachineOptions()
        options.faults = faults
        let machine = Machine(Board(), phases: ["only"], options: options)
        let toy = Toy("lost", sends: [.exactly(5)]) { (_, context) throws(SpinnpropError) in try context.send(5) }
        try machine.load(toy, on: 0)
        let message = message { try machine.run([Segment(phase: 0, ticks: 3)]) }
        #expect(message.contains(faults == .error ? "no routing entry" : "nothing was thrown"))
        #expect(machine.counters(pe: 0, phase: 0).unrouted == (faults == .error ? 1 : 3))
    }

    @Test func unannouncedKeysAndLargePayloads() throws {
        for (key, words, text) in [(6, 0, "did not announce"), (5, 5, "0 .. 4"), (5, 2, "of up to 1")] {
            let machine = Machine(Board(), phases: ["only"])
            let toy = Toy("sender", sends: [.exactly(5)]) { (_, context) throws(SpinnpropError) in
                let payload: [UInt32] = [1, 2, 3, 4, 5]
                try context.send(UInt32(key), payload: payload, words: words)
            }
            try machine.load(toy, on: 0)
            try machine.setFIFO(pe: 1, capacity: 4, payloadWords: 1)
            try machine.route(.exactly(5), from: 0, to: [1])
            #expect(message { try machine.run([Segment(phase: 0, ticks: 1)]) }.contains(text))
        }
    }

    /// Finer entries cut an announced range; the first entry that matches wins.
    @Test func entriesCutRanges() throws {
        let machine = try Machine(Board(chips: 2), phases: ["only"], options: counting())
        let range = KeyRange(key: 0, mask: ~7)
        let toy = Toy("sender", sends: [range]) { (_, context) throws(SpinnpropError) in
            for key in 0..<8 { try context.send(UInt32(key)) }
        }
        try machine.load(toy, on: 0)
        var sinks: [Int: Toy] = [:]
        for pe in [1, 2, 148, 149] {
            sinks[pe] = Toy("sink")
            if let sink = sinks[pe] { try machine.load(sink, on: pe) }
            try machine.setFIFO(pe: pe, capacity: 16, payloadWords: 0)
        }
        try machine.addRoute(chip: 0, .exactly(3), pe: 1)
        try machine.addRoute(chip: 0, KeyRange(key: 2, mask: ~5), pe: 2)
        try machine.addRoute(chip: 0, KeyRange(key: 0, mask: ~6), link: .east)
        try machine.addRoute(chip: 1, KeyRange(key: 0, mask: ~4), pe: 0)
        try machine.addRoute(chip: 1, KeyRange(key: 4, mask: ~0), pe: 1)
        try machine.run([Segment(phase: 0, ticks: 1), Segment(phase: 0, ticks: 1)])
        // 3 is taken first; of 2, 3, 6, 7 the rest stays; of 0, 2, 4, 6 the rest crosses the link; 1 and 5 are lost, twice.
        #expect(sinks[1]?.received.map(\.key) == [3])
        #expect(sinks[2]?.received.map(\.key) == [2, 6, 7])
        #expect(sinks[148]?.received.map(\.key) == [0, 4])
        #expect(sinks[149]?.received == [])
        #expect(machine.counters(pe: 0, phase: 0).unrouted == 2 * 2)
    }

    @Test func circlesAreRefused() throws {
        let machine = try Machine(Board(chips: 4), phases: ["only"])
        try machine.load(Toy("sender", sends: [.exactly(1)]), on: 0)
        try machine.addRoute(chip: 0, .exactly(1), link: .east)
        try machine.addRoute(chip: 1, .exactly(1), link: .east)
        #expect(message { try machine.run([Segment(phase: 0, ticks: 1)]) }.contains("round in a circle"))
    }

    /// The grid has 38 quads; paths on the torus are as short as a breadth-first search finds.
    @Test(arguments: [1, 2, 3, 7, 12, 47, 48]) func geometry(chips: Int) throws {
        #expect(QuadGrid.quads.count == 38 && QuadGrid.peCount == 152)
        #expect(!QuadGrid.isQuad(x: 4, y: 3) && !QuadGrid.isQuad(x: 7, y: 4) && QuadGrid.isQuad(x: 7, y: 5))
        #expect(QuadGrid.hopsToRouter(fromPE: 0) == 5 && QuadGrid.hopsToMemory(fromPE: 0) == 8)
        let board = try Board(chips: chips)
        #expect(board.width * board.height == chips)
        for source in 0..<chips {
            var distance = [Int](repeating: -1, count: chips)
            distance[source] = 0
            var queue = [source]
            while !queue.isEmpty {
                let chip = queue.removeFirst()
                for direction in LinkDirection.allCases {
                    let next = board.neighbour(of: chip, direction)
                    if distance[next] < 0 {
                        distance[next] = distance[chip] + 1
                        queue.append(next)
                    }
                }
            }
            for target in 0..<chips {
                let path = board.path(from: source, to: target)
                #expect(path.reduce(source) { board.neighbour(of: $0, $1) } == target)
                #expect(path.count == distance[target], "\(chips) chips, \(source) to \(target)")
            }
        }
        #expect(throws: SpinnpropError.self) { try Board(chips: 49) }
        #expect(throws: SpinnpropError.self) { try Board(chips: 0) }
    }

    @Test func constantsCanBeReplaced() throws {
        var constants = SpiNNaker2Constants()
        #expect(constants.table.count == SpiNNaker2Constant.allCases.count)
        #expect(Set(constants.table.map(\.name)).count == constants.table.count)
        try constants.set("sram_bytes", to: 65_536)
        #expect(constants[.sramBytes] == 65_536 && constants.table[3].source == "given by the user")
        for (name, value) in [
            ("tick", -1.0), ("low_clock", .nan), ("sram_bytes", 1.5), ("application_pes", 153), ("x", 1),
            ("tick", 1e-10), ("dma_alignment", 3), ("dma_alignment", 24), ("dma_alignment", 64),
            ("dma_alignment", 1e18), ("dma_setup_cycles", 1e18), ("packet_bits", 1e18), ("dma_bytes_per_cycle", 1e-300),
        ] {
            #expect(throws: SpinnpropError.self, "\(name)") { try constants.set(name, to: value) }
        }
        try constants.set(.codeBytes, to: 65_536)
        #expect(throws: SpinnpropError.self) { try Board(constants: constants) }
    }
}
