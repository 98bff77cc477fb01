// What is counted, per processing element and phase.

/// Counters of one PE in one phase since the machine was made or its counters were reset.
public struct PECounters: Equatable, Sendable {
    /// Ticks in which its program was active.
    public var ticks = 0
    /// Cycles its program charged, at either power level; of these, at the high one.
    public var cycles = 0
    public var highCycles = 0
    /// Cycles of the busiest tick.
    public var largestTick = 0
    /// Tick periods by which its work, or a stalled packet, ran over.
    public var slips = 0
    public var packetsSent = 0
    /// Packets that entered its FIFO.
    public var packetsReceived = 0
    /// Packets lost at its full FIFO: new ones (policy drop), old ones (policy overwrite).
    public var dropped = 0
    public var overwritten = 0
    /// Packets that came a tick late because its FIFO was full (policy stall).
    public var stalled = 0
    /// Packets that it sent and no routing entry took.
    public var unrouted = 0
    /// The most packets its FIFO held.
    public var largestFIFO = 0
    /// Mesh hops and link crossings of all packets it sent, each copy of a multicast packet counted.
    public var hops = 0
    public var linkCrossings = 0
    /// Bits its packets and DMA transfers moved over links between chips, times links.
    public var linkBits = 0
    /// Payload of the packets it sent.
    public var payloadBytes = 0
    /// Bits its packets and DMA transfers moved over one mesh hop, times hops.
    public var hopBits = 0
    public var dmaTransfers = 0
    public var dmaBytes = 0
    /// Part of `dmaBytes` that came from or went to DRAM.
    public var dramBytes = 0

    public init() {}

    public static func += (left: inout PECounters, right: PECounters) {
        left.ticks += right.ticks
        left.cycles += right.cycles
        left.highCycles += right.highCycles
        left.largestTick = max(left.largestTick, right.largestTick)
        left.slips += right.slips
        left.packetsSent += right.packetsSent
        left.packetsReceived += right.packetsReceived
        left.dropped += right.dropped
        left.overwritten += right.overwritten
        left.stalled += right.stalled
        left.unrouted += right.unrouted
        left.largestFIFO = max(left.largestFIFO, right.largestFIFO)
        left.hops += right.hops
        left.linkCrossings += right.linkCrossings
        left.linkBits += right.linkBits
        left.payloadBytes += right.payloadBytes
        left.hopBits += right.hopBits
        left.dmaTransfers += right.dmaTransfers
        left.dmaBytes += right.dmaBytes
        left.dramBytes += right.dramBytes
    }
}

/// One phase on the whole machine.
public struct PhaseTime: Equatable, Sendable {
    public var ticks = 0
    /// Tick periods added because some PE, link or memory interface had not finished.
    public var slips = 0
    /// Part of `slips`: what links added to what the PEs needed, and memory interfaces to what both needed.
    public var linkSlips = 0
    public var dramSlips = 0
    /// How long the phase took by the chip's clock, slips included.
    public var seconds = 0.0

    public init() {}
}

/// Why a tick did not fit into its period.
public enum SlipCause: Equatable, Sendable {
    /// A program charged more cycles than a period has.
    case work(pe: Int, cycles: Int)
    /// A packet that a PE sent found a full FIFO and waited in the network.
    case stall(pe: Int, cycles: Int)
    /// A link between chips, `6 * chip + direction`, had more to carry than it can.
    case link(Int, bits: Int)
    /// The memory interface of a chip likewise.
    case dram(chip: Int, bytes: Int)

    public var name: String {
        switch self {
        case .work: "work"
        case .stall: "stall"
        case .link: "link"
        case .dram: "dram"
        }
    }
}

/// A tick that did not fit into its period.
public struct Slip: Equatable, Sendable {
    public let phase: Int
    /// The tick within its segment.
    public let tick: Int
    public let cause: SlipCause
}
