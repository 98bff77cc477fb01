// What a program sees of the machine during one tick.
import Mathematics

/// What all PEs share during a run.
@usableFromInline
struct MachineShared {
    let states: UnsafeMutablePointer<PEState>
    let board: Board
    let options: MachineOptions
    /// What `dma` needs of the constants.
    let alignment: Int
    let setupCycles: Int
    let bytesPerCycle: Double
    let packetBits: Int
    /// The links from chip to chip, `source * chips + target`.
    let paths: [[Int]]
}

/// Handed to `Program.tick`; valid during the call only.
public struct TickContext {
    /// The tick within the running segment, from 0.
    public let tick: Int
    public let phase: Int
    /// How often the schedule has run before, in this run.
    public let round: Int
    @usableFromInline let state: UnsafeMutablePointer<PEState>
    let shared: UnsafePointer<MachineShared>
    /// What this tick asks of links and memory interfaces.
    let row: TickTable.Row

    /// The PE it runs on, numbered through the board.
    @inlinable public var pe: Int { state.pointee.pe }

    /// The packets that came in the last tick: `packetCount` entries of `packetStride` words, a key and then payload (0 where none
    /// was sent), in order of sending PE, then of sending.
    @inlinable public var packets: UnsafePointer<UInt32> { UnsafePointer(state.pointee.reading.entries) }
    @inlinable public var packetCount: Int { state.pointee.reading.count }
    @inlinable public var packetStride: Int { state.pointee.stride }

    /// Adds to the cycles this tick takes.
    @inlinable public func charge(_ cycles: Int) { state.pointee.tickCycles &+= cycles }

    /// Lets the program sleep: before `tick` of this segment (or its end) it is called only when a packet has come. Each tick that it
    /// is not called for charges `cycles`, just as if it had been.
    @inlinable public func sleep(until tick: Int, charging cycles: Int) {
        state.pointee.wakeTick = tick
        state.pointee.sleepCycles = cycles
    }

    /// Sends a packet that arrives in the next tick.
    ///
    /// - Parameters:
    ///   - payload: 0 ... 4 words.
    /// - Throws: `invalidValue` for a key the program did not announce or a payload its receivers cannot take; with
    ///   `FaultPolicy.error` also for a packet to nowhere or into a full FIFO.
    public func send(
        _ key: UInt32, payload: UnsafePointer<UInt32>? = nil, words: Int = 0
    ) throws(SpinnpropError) {
        guard words == 0 || (words <= TickContext.largestPayload && words > 0 && payload != nil) else {
            throw .invalidValue("a packet of PE \(pe) has \(words) payload words; it takes 0 .. 4")
        }
        let routes = state.pointee.routes
        var choice = 0
        while choice < state.pointee.routeCount, let routes, key & routes[choice].mask != routes[choice].key {
            choice &+= 1
        }
        guard choice < state.pointee.routeCount, let routes else {
            throw .invalidValue(
                "PE \(pe) sent the key 0x\(String(key, radix: 16)) in phase \(phase), which its program did not announce in "
                    + "sends(phase:)")
        }
        let route = routes + choice
        route.pointee.packets &+= 1
        route.pointee.payloadWords &+= words
        let count = route.pointee.receiverCount
        if count == 0 { try loseUnrouted(key) }
        if route.pointee.linkCount > 0 { cross(route, words: words) }
        var index = 0
        while index < count {
            let receiver = shared.pointee.states + Int(route.pointee.receivers[index])
            if receiver.pointee.filling.count < receiver.pointee.capacity && words < receiver.pointee.stride {
                TickContext.write(
                    key, payload, words, to: receiver, at: receiver.pointee.filling.count)
                receiver.pointee.filling.count &+= 1
                receiver.pointee.counters.pointee.packetsReceived &+= 1
            } else {
                try sendToFull(key, payload, words, receiver)
            }
            index &+= 1
        }
    }

    static let largestPayload = 4

    @inline(__always)
    static func write(
        _ key: UInt32, _ payload: UnsafePointer<UInt32>?, _ words: Int, to receiver: UnsafeMutablePointer<PEState>,
        at index: Int
    ) {
        let entry = receiver.pointee.filling.entries + index &* receiver.pointee.stride
        entry[0] = key
        var word = 0
        while word < words, let payload {
            entry[1 &+ word] = payload[word]
            word &+= 1
        }
        while word < receiver.pointee.stride &- 1 {
            entry[1 &+ word] = 0
            word &+= 1
        }
    }

    @inline(never)
    private func cross(_ route: UnsafeMutablePointer<Route>, words: Int) {
        let bits = shared.pointee.packetBits &+ 32 &* words
        for index in 0..<route.pointee.linkCount { row.add(bits: bits, link: Int(route.pointee.links[index])) }
    }

    private func loseUnrouted(_ key: UInt32) throws(SpinnpropError) {
        state.pointee.counters.pointee.unrouted += 1
        guard shared.pointee.options.faults == .error else { return }
        throw .invalidValue(
            "PE \(pe) sent a packet with key 0x\(String(key, radix: 16)) for which no routing entry leads anywhere; add a "
                + "route, or count such packets (faults: count)")
    }

    /// The rare case of `send`: no room, or a payload that does not fit.
    @inline(never)
    private func sendToFull(
        _ key: UInt32, _ payload: UnsafePointer<UInt32>?, _ words: Int, _ receiver: UnsafeMutablePointer<PEState>
    ) throws(SpinnpropError) {
        let target = receiver.pointee.pe
        guard words < receiver.pointee.stride, receiver.pointee.capacity > 0 else {
            throw .invalidValue(
                "PE \(pe) sent a packet with \(words) payload words to PE \(target), whose FIFO takes "
                    + "\(receiver.pointee.capacity) packets of up to \(receiver.pointee.stride - 1); give it a larger FIFO"
            )
        }
        let counters = receiver.pointee.counters
        switch shared.pointee.options.overflow {
        case .drop:
            counters.pointee.dropped += 1
        case .overwrite:
            TickContext.write(key, payload, words, to: receiver, at: receiver.pointee.filling.oldest)
            receiver.pointee.filling.oldest = (receiver.pointee.filling.oldest + 1) % receiver.pointee.capacity
            counters.pointee.overwritten += 1
            counters.pointee.packetsReceived += 1
        case .stall:
            receiver.pointee.waiting.append(key)
            for word in 0..<receiver.pointee.stride - 1 {
                receiver.pointee.waiting.append(word < words ? payload?[word] ?? 0 : 0)
            }
            counters.pointee.stalled += 1
            state.pointee.isBlocked = true
        }
        guard shared.pointee.options.faults == .error else { return }
        throw .invalidValue(
            "the receive FIFO of PE \(target) is full at \(receiver.pointee.capacity) packets when PE \(pe) sends in tick "
                + "\(tick) of phase \(phase) (policy \(shared.pointee.options.overflow)); give it a larger FIFO, or count such "
                + "packets (faults: count)")
    }
}
