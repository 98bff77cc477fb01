// What runs on a processing element.
import Mathematics

/// A program on one PE. The machine calls `tick` once per tick of every phase in which the program is active; between calls it sleeps.
///
/// Programs of one island (PEs that exchange packets) run one after another in the order of their PEs; islands run at the same
/// time. So a program touches nothing but its own object, its PE's buffers, and what DMA and packets bring.
public protocol Program: AnyObject {
    /// What it is, the same for all PEs that do the same work.
    var name: String { get }
    func isActive(phase: Int) -> Bool
    /// The keys it may send in a phase; anything else it sends is an error.
    func sends(phase: Int) -> [KeyRange]
    func tick(_ context: TickContext) throws(SpinnpropError)
    /// `tick` of a program at an address. Has a default implementation.
    static func tick(at address: UnsafeRawPointer, _ context: TickContext) throws(SpinnpropError)
}

extension Program {
    /// Called through its type, a program is not counted as referenced for each tick: that would take longer than many ticks do.
    @inlinable
    public static func tick(at address: UnsafeRawPointer, _ context: TickContext) throws(SpinnpropError) {
        var failure: SpinnpropError?
        Unmanaged<Self>.fromOpaque(address)._withUnsafeGuaranteedRef { program in
            do throws(SpinnpropError) { try program.tick(context) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}

/// What happens to a packet for which a receive FIFO has no room.
public enum OverflowPolicy: Int32, Sendable, CaseIterable {
    /// The packet is lost and counted.
    case drop = 0
    /// The oldest packet in the FIFO is lost and counted.
    case overwrite = 1
    /// The packet waits in the network and enters once the FIFO has been read: it comes a tick late, and its sender's tick slips.
    case stall = 2
}

/// Whether a lost, late or unrouted packet ends the run.
public enum FaultPolicy: Int32, Sendable, CaseIterable {
    case error = 0
    case count = 1
}

/// A PE's supply voltage and clock.
public enum PowerLevel: Equatable, Sendable {
    case low
    case high
    /// Each tick at the high level if more packets wait than this, else at the low one.
    case automatic(threshold: Int)
}

/// How a machine is driven.
public struct MachineOptions: Equatable, Sendable {
    public var overflow = OverflowPolicy.drop
    public var faults = FaultPolicy.error
    public var level = PowerLevel.high

    public init() {}
}

/// A stretch of a run: so many ticks of a phase.
public struct Segment: Equatable, Sendable {
    public let phase: Int
    public let ticks: Int

    public init(phase: Int, ticks: Int) {
        self.phase = phase
        self.ticks = ticks
    }
}
