// The machine: a board of chips whose processing elements run programs tick by tick. It knows no neuron.
import Mathematics

/// PEs with memory, programs, receive FIFOs and routing tables; `run` drives them and counts what they do.
///
/// A tick takes as long as its busiest PE, link between chips, or memory interface: what is sent over a link, or moved to and from a DRAM,
/// within a tick goes one after another at the link's (DRAM's) bandwidth, and the tick ends when all has arrived. In what order, and what waits
/// for what within the tick, is not modelled; what takes longer than a period stretches the tick by whole periods, a slip.
///
/// Numbers do not depend on how many host threads emulate it. Not emulated: single instructions, conflicts between DRAM banks
/// or on mesh links, and anything analogue. A machine belongs to one thread at a time.
public final class Machine: @unchecked Sendable {
    public let board: Board
    public let options: MachineOptions
    public let phaseNames: [String]

    let states: UnsafeMutablePointer<PEState>
    /// Counters by (PE, phase).
    let counters: UnsafeMutablePointer<PECounters>
    /// What PEs without a FIFO point at.
    private let noEntries: UnsafeMutablePointer<UInt32>
    let programs: UnsafeMutablePointer<(any Program)?>
    private var memories: [BufferMemory?]
    private var drams: [BufferMemory]
    private var tables: [RoutingTable]
    /// Where the packets of each PE go in each phase, (phase, PE); empty until `prepare` has run.
    var routes: [[UnsafeMutableBufferPointer<Route>]] = []
    var activePrograms: [[ActiveProgram?]] = []
    var islands: [[Int]: [[Int]]] = [:]
    public internal(set) var phaseTimes: [PhaseTime]
    /// Bits that crossed each link, `6 * chip + direction`: packets, and DMA between chips as packets of 128 bits payload.
    public internal(set) var linkBits: [Int]
    /// Bytes that each chip's memory interface moved.
    public internal(set) var dramBytes: [Int]
    let ticks: TickTable
    /// The links from chip to chip, `source * chips + target`; empty before the first run.
    var paths: [[Int]] = []
    /// The first slips since the counters were reset, `loggedSlips` at most.
    public internal(set) var slips: [Slip] = []
    public static let loggedSlips = 100

    /// - Parameter phases: the names of the phases, in the order of their numbers.
    public init(_ board: Board, phases: [String], options: MachineOptions = MachineOptions()) {
        self.board = board
        self.options = options
        phaseNames = phases
        let count = board.peCount
        let alignment = board.constants.count(.dmaAlignment)
        states = .allocate(capacity: count)
        noEntries = .allocate(capacity: 1)
        counters = .allocate(capacity: count * phases.count)
        counters.initialize(repeating: PECounters(), count: count * phases.count)
        programs = .allocate(capacity: count)
        programs.initialize(repeating: nil, count: count)
        memories = Array(repeating: nil, count: count)
        drams = (0..<board.chipCount).map {
            BufferMemory(.dram(chip: $0), capacity: board.constants.count(.dramBytes), alignment: alignment)
        }
        tables = (0..<board.chipCount).map {
            RoutingTable(chip: $0, capacity: board.constants.count(.routerEntries))
        }
        phaseTimes = Array(repeating: PhaseTime(), count: phases.count)
        linkBits = Array(repeating: 0, count: board.linkCount)
        dramBytes = Array(repeating: 0, count: board.chipCount)
        ticks = TickTable(board)
        for pe in 0..<count {
            var state = PEState(
                pe: pe, reading: FIFOHalf(entries: noEntries), filling: FIFOHalf(entries: noEntries), routes: nil,
                counters: counters + pe * phases.count)
            switch options.level {
            case .low: (state.lowLevel, state.highThreshold) = (true, .max)
            case .high: state.lowLevel = false
            case .automatic(let threshold): (state.lowLevel, state.highThreshold) = (true, threshold)
            }
            (states + pe).initialize(to: state)
        }
    }

    deinit {
        dropRoutes()
        for pe in 0..<board.peCount {
            states[pe].spareHalf?.deallocate()
        }
        states.deinitialize(count: board.peCount)
        states.deallocate()
        noEntries.deallocate()
        counters.deallocate()
        programs.deinitialize(count: board.peCount)
        programs.deallocate()
    }

    func check(pe: Int) throws(SpinnpropError) {
        guard pe >= 0, pe < board.peCount else {
            throw .invalidIndex("PE \(pe) is not on the board, which has PEs 0 .. \(board.peCount - 1)")
        }
    }

    /// Puts a program on a PE that has none.
    public func load(_ program: any Program, on pe: Int) throws(SpinnpropError) {
        try check(pe: pe)
        if let other = programs[pe] {
            throw .invalidValue("PE \(pe) already runs \"\(other.name)\"; choose another PE for \"\(program.name)\"")
        }
        programs[pe] = program
        dropRoutes()
    }

    public func program(on pe: Int) -> (any Program)? { programs[pe] }

    /// Gives a PE its receive FIFO; the memory comes out of its SRAM, buffer "fifo".
    ///
    /// - Parameters:
    ///   - capacity: packets.
    ///   - payloadWords: the largest payload, 0 ... 4 words; an entry has one word more.
    public func setFIFO(pe: Int, capacity: Int, payloadWords: Int) throws(SpinnpropError) {
        guard capacity >= 1, payloadWords >= 0, payloadWords <= TickContext.largestPayload else {
            throw .invalidValue(
                "the FIFO of PE \(pe) is to hold \(capacity) packets of \(payloadWords) payload words; it needs at least 1, "
                    + "of 0 .. 4")
        }
        let (bytes, overflow) = capacity.multipliedReportingOverflow(by: 4 * (payloadWords + 1))
        let buffer = try allocate(pe: pe, Machine.fifoName, bytes: overflow ? .max : bytes)
        let state = states + pe
        state.pointee.stride = payloadWords + 1
        state.pointee.capacity = capacity
        // The emulator keeps the half that is read apart from the half that fills; the chip has one.
        state.pointee.spareHalf?.deallocate()
        let half = UnsafeMutablePointer<UInt32>.allocate(capacity: capacity * (payloadWords + 1))
        state.pointee.spareHalf = half
        state.pointee.reading = FIFOHalf(entries: half)
        state.pointee.filling = FIFOHalf(entries: buffer.base.assumingMemoryBound(to: UInt32.self))
    }

    static let fifoName = "fifo"

    private func dropFIFO(_ pe: Int) {
        let state = states + pe
        state.pointee.spareHalf?.deallocate()
        (state.pointee.spareHalf, state.pointee.capacity) = (nil, 0)
        (state.pointee.reading, state.pointee.filling) = (FIFOHalf(entries: noEntries), FIFOHalf(entries: noEntries))
    }

    // MARK: Memory

    /// Takes memory from a PE's SRAM.
    ///
    /// - Throws: `outOfMemory` naming PE, buffer, bytes asked for and left.
    public func allocate(pe: Int, _ name: String, bytes: Int) throws(SpinnpropError) -> MemoryBuffer {
        try check(pe: pe)
        return try memory(pe).allocate(name, bytes: bytes)
    }

    /// Takes memory from a chip's DRAM.
    public func allocateDRAM(chip: Int, _ name: String, bytes: Int) throws(SpinnpropError) -> MemoryBuffer {
        guard chip >= 0, chip < board.chipCount else {
            throw .invalidIndex("chip \(chip) is not on the board, which has chips 0 .. \(board.chipCount - 1)")
        }
        return try drams[chip].allocate(name, bytes: bytes)
    }

    /// Gives a buffer back; nothing may use its memory afterwards.
    public func free(_ buffer: MemoryBuffer) throws(SpinnpropError) {
        switch buffer.place {
        case .sram(let pe):
            try memory(pe).free(buffer.name)
            if buffer.name == Machine.fifoName { dropFIFO(pe) }
        case .dram(let chip): try drams[chip].free(buffer.name)
        }
    }

    private func memory(_ pe: Int) -> BufferMemory {
        if let memory = memories[pe] { return memory }
        let memory = BufferMemory(
            .sram(pe: pe), capacity: board.constants.dataBytes, alignment: board.constants.count(.dmaAlignment))
        memories[pe] = memory
        return memory
    }

    public func buffers(pe: Int) -> [MemoryBuffer] { memories[pe]?.buffers ?? [] }
    /// Bytes of a PE's SRAM taken now, of `board.constants.dataBytes`; `sramHighWater`: the most that were ever taken at once.
    public func sramUsed(pe: Int) -> Int { memories[pe]?.used ?? 0 }
    public func sramHighWater(pe: Int) -> Int { memories[pe]?.highWater ?? 0 }
    public func dramUsed(chip: Int) -> Int { drams[chip].used }

    // MARK: Routing

    /// Adds one target to a chip's routing table: a link, or a PE (numbered on the chip).
    ///
    /// - Throws: `outOfMemory` if the table is full, `invalidIndex` for a chip or PE that is not there.
    public func addRoute(
        chip: Int, _ range: KeyRange, link: LinkDirection? = nil, pe: Int? = nil
    ) throws(SpinnpropError) {
        guard chip >= 0, chip < board.chipCount, pe ?? 0 >= 0, pe ?? 0 < board.pesPerChip else {
            throw .invalidIndex(
                "a routing entry for chip \(chip)\(pe.map { " and its PE \($0)" } ?? ""): the board has chips 0 .. "
                    + "\(board.chipCount - 1) with PEs 0 .. \(board.pesPerChip - 1)")
        }
        try tables[chip].add(range, link: link, pe: pe)
        dropRoutes()
    }

    /// Writes the entries, on every chip on the way, that bring a range of keys from one PE to others.
    public func route(_ range: KeyRange, from pe: Int, to targets: [Int]) throws(SpinnpropError) {
        try check(pe: pe)
        for target in targets {
            try check(pe: target)
            var chip = board.chip(ofPE: pe)
            for direction in board.path(from: chip, to: board.chip(ofPE: target)) {
                try addRoute(chip: chip, range, link: direction)
                chip = board.neighbour(of: chip, direction)
            }
            try addRoute(chip: chip, range, pe: board.localPE(target))
        }
    }

    public func routingEntries(chip: Int) -> [RoutingEntry] { tables[chip].entries }

    /// Forgets where packets go, since programs or tables have changed; what the routes have counted is lost.
    func dropRoutes() {
        islands = [:]
        for buffers in routes {
            for buffer in buffers {
                for route in buffer {
                    route.receivers.deallocate()
                    route.links.deallocate()
                }
                buffer.deinitialize()
                buffer.deallocate()
            }
        }
        routes = []
    }

    var compiler: RouteCompiler { RouteCompiler(board: board, tables: tables) }
}
