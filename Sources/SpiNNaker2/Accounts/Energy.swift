// From counters to time, energy and power: an estimate that rests on the table of constants.

/// Where the energy of a phase goes, in joules, all estimated.
public struct EnergyParts: Equatable, Sendable {
    /// What the chips take with their PEs off.
    public var off = 0.0
    /// What PEs with a program take above off, whether they work or wait.
    public var asleep = 0.0
    /// What the cycles that programs charged take above asleep.
    public var active = 0.0
    public var mesh = 0.0
    public var links = 0.0
    public var dram = 0.0

    public init() {}

    public var total: Double { off + asleep + active + mesh + links + dram }

    /// The energy of `seconds` in which `loadedPEs` PEs of a board had a program and together counted `counters`.
    public init(
        _ counters: PECounters, seconds: Double, loadedPEs: Int, board: Board, level: PowerLevel
    ) {
        let constants = board.constants
        let sleepPower = constants[level == .high ? .highSleepPower : .lowSleepPower]
        off = seconds * constants[.offPower] * Double(board.chipCount)
        asleep = seconds * sleepPower * Double(loadedPEs)
        active =
            Double(counters.highCycles) * constants[.highCycleEnergy]
            + Double(counters.cycles - counters.highCycles) * constants[.lowCycleEnergy]
        mesh = Double(counters.hopBits) * constants[.hopEnergy]
        links = Double(counters.linkBits) * constants[.linkEnergy]
        dram = Double(counters.dramBytes) * constants[.dramEnergy]
    }

    public static func += (left: inout EnergyParts, right: EnergyParts) {
        left.off += right.off
        left.asleep += right.asleep
        left.active += right.active
        left.mesh += right.mesh
        left.links += right.links
        left.dram += right.dram
    }
}

/// What a machine did in one phase.
public struct PhaseAccount: Equatable, Sendable {
    public let name: String
    public let time: PhaseTime
    /// The counters of all PEs together.
    public let counters: PECounters
    public let energy: EnergyParts

    /// Watts; 0 if the phase took no time.
    public var meanPower: Double { time.seconds > 0 ? energy.total / time.seconds : 0 }
}

extension Machine {
    public var loadedPEs: [Int] { (0..<board.peCount).filter { programs[$0] != nil } }

    /// One per phase, since the counters were last reset.
    public var phaseAccounts: [PhaseAccount] { phaseNames.indices.map { account(ofPhase: $0) } }

    public func account(ofPhase phase: Int) -> PhaseAccount {
        let loaded = loadedPEs
        var sum = PECounters()
        for pe in loaded { sum += counters(pe: pe, phase: phase) }
        let energy = EnergyParts(
            sum, seconds: phaseTimes[phase].seconds, loadedPEs: loaded.count, board: board, level: options.level)
        return PhaseAccount(name: phaseNames[phase], time: phaseTimes[phase], counters: sum, energy: energy)
    }

    /// How much of the time the busiest link between chips carried bits.
    public var busiestLinkLoad: Double {
        let seconds = phaseTimes.reduce(0) { $0 + $1.seconds }
        let bits = linkBits.max() ?? 0
        return bits == 0 ? 0 : Double(bits) / (board.constants[.linkBandwidth] * seconds)
    }

    /// How much of the time the memory interface moved bytes on the chip where it was busiest.
    public var busiestDRAMLoad: Double {
        let seconds = phaseTimes.reduce(0) { $0 + $1.seconds }
        let largest = dramBytes.max() ?? 0
        return largest == 0 ? 0 : Double(largest) / (board.constants[.dramBandwidth] * seconds)
    }
}
