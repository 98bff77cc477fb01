// Accounts of emulated SpiNNaker2: handles on copies, and their rows.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs
import Spinnprop

let accountKind = HandleKind<SpiNNaker2Account>(mark: 0x5350_4143_434F_5506, noun: "spinnaker2_account")

private func idleSpiNNaker2(_ engine: OpaquePointer?) throws(SpinnpropError) -> SpiNNaker2Engine {
    let own = try spinnaker2(engine)
    guard !own.isRunningOnThisThread else {
        throw .invalidValue("the engine is running; ask for its account when the call that runs on it has returned")
    }
    return own
}

private func account(_ handle: OpaquePointer?) throws(SpinnpropError) -> SpiNNaker2Account {
    try box(handle, accountKind, "account").value
}

@c @implementation
public func spinnprop_spinnaker2_account_create(
    _ account: UnsafeMutablePointer<OpaquePointer?>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    create(account, "account", accountKind) {
        guard let own = try idleSpiNNaker2(engine).account else {
            throw SpinnpropError.invalidValue(
                "nothing has run on this engine, so there is no account of it; run or train a network on it first")
        }
        return own
    }
}

@c @implementation
public func spinnprop_spinnaker2_reset_account(_ engine: OpaquePointer?) -> spinnprop_status {
    barrier { try idleSpiNNaker2(engine).resetAccount() }
}

@c @implementation
public func spinnprop_spinnaker2_account_free(_ account: OpaquePointer?) { freeHandle(account, accountKind) }

@c @implementation
public func spinnprop_spinnaker2_account_describe(
    _ totals: UnsafeMutablePointer<spinnprop_spinnaker2_totals>?, _ account: OpaquePointer?
) -> spinnprop_status {
    fill(totals, "totals") {
        let own = try CInterface.account(account)
        var totals = spinnprop_spinnaker2_totals.initial
        totals.chips = Int32(clamping: own.chips)
        totals.copies = Int32(clamping: own.copies)
        totals.n_pes = Int32(clamping: own.pes.count)
        totals.steps = Int32(clamping: own.steps)
        totals.n_phases = Int32(clamping: own.phases.count)
        totals.n_programs = Int32(clamping: own.programNames.count)
        totals.n_links = Int32(clamping: own.linkBits.count)
        totals.n_slips = Int32(clamping: own.slips.count)
        totals.n_buffers = Int64(own.buffers.count)
        totals.forward_samples = Int64(own.forwardSamples)
        totals.backward_samples = Int64(own.backwardSamples)
        totals.batches = Int64(own.batches)
        totals.updates = Int64(own.updates)
        totals.host_bytes = Int64(own.hostBytes)
        totals.seconds = own.seconds
        totals.energy = own.energy
        totals.mean_power = own.meanPower
        totals.seconds_per_sample = own.secondsPerSample
        totals.energy_per_sample = own.energyPerSample
        totals.seconds_per_step = own.secondsPerStep
        totals.energy_per_step = own.energyPerStep
        totals.host_seconds = own.hostSeconds
        totals.busiest_link_load = own.busiestLinkLoad
        totals.busiest_dram_load = own.busiestDRAMLoad
        totals.set_up_seconds = own.setUpSeconds
        totals.evaluation_samples = Int64(own.evaluation.samples)
        totals.evaluation_seconds = own.evaluation.seconds
        totals.evaluation_energy = own.evaluation.energy
        return totals
    }
}

extension SpiNNaker2Account {
    /// The programs' names in the order of `programs`, which has a row for each phase of each of them.
    fileprivate var programNames: [(name: String, pes: Int)] {
        stride(from: 0, to: programs.count, by: max(1, phases.count)).map { (programs[$0].program, programs[$0].pes) }
    }

    /// The buffers of all processing elements, one after another.
    fileprivate var buffers: [(name: String, bytes: Int)] {
        pes.flatMap { pe in zip(pe.placed.bufferNames, pe.placed.bufferBytes).map { (name: $0, bytes: Int($1)) } }
    }
}

/// Reads one table of an account as rows.
private func writeRows<Row: VersionedStruct>(
    _ rows: UnsafeMutablePointer<Row>?, _ n: Int64, _ account: OpaquePointer?, _ name: StaticString,
    _ table: (SpiNNaker2Account) -> [Row]
) -> spinnprop_status {
    barrier {
        let own = table(try CInterface.account(account))
        try Row.rows(rows, n, needed: own.count, name).write(own)
    }
}

extension spinnprop_spinnaker2_phase {
    fileprivate init(_ own: PhaseAccount) {
        self = .initial
        write(own.name, to: &name)
        ticks = Int64(own.time.ticks)
        slips = Int64(own.time.slips)
        seconds = own.time.seconds
        energy = own.energy.total
        mean_power = own.meanPower
        off_energy = own.energy.off
        asleep_energy = own.energy.asleep
        active_energy = own.energy.active
        mesh_energy = own.energy.mesh
        link_energy = own.energy.links
        dram_energy = own.energy.dram
        link_slips = Int64(own.time.linkSlips)
        dram_slips = Int64(own.time.dramSlips)
    }
}

@c @implementation
public func spinnprop_spinnaker2_account_phases(
    _ rows: UnsafeMutablePointer<spinnprop_spinnaker2_phase>?, _ n: Int64, _ account: OpaquePointer?
) -> spinnprop_status {
    writeRows(rows, n, account, "phases") { $0.phases.map(spinnprop_spinnaker2_phase.init) }
}

extension spinnprop_spinnaker2_program {
    fileprivate init(_ own: (name: String, pes: Int)) {
        self = .initial
        write(own.name, to: &name)
        n_pes = Int64(own.pes)
    }
}

@c @implementation
public func spinnprop_spinnaker2_account_programs(
    _ rows: UnsafeMutablePointer<spinnprop_spinnaker2_program>?, _ n: Int64, _ account: OpaquePointer?
) -> spinnprop_status {
    writeRows(rows, n, account, "programs") { $0.programNames.map(spinnprop_spinnaker2_program.init) }
}

extension spinnprop_spinnaker2_pe {
    fileprivate init(_ own: PlacedProgram) {
        self = .initial
        pe = Int32(clamping: own.pe)
        chip = Int32(clamping: own.chip)
        x = Int32(clamping: own.position.x)
        y = Int32(clamping: own.position.y)
        write(own.program, to: &program)
        copy = Int32(clamping: own.copy)
        layer = Int32(clamping: own.layer)
        first_unit = Int32(clamping: own.firstUnit)
        n_units = Int32(clamping: own.unitCount)
        sram_used = Int32(clamping: own.sramUsed)
        sram_high_water = Int32(clamping: own.sramHighWater)
        n_buffers = Int32(clamping: own.bufferNames.count)
    }
}

@c @implementation
public func spinnprop_spinnaker2_account_pes(
    _ rows: UnsafeMutablePointer<spinnprop_spinnaker2_pe>?, _ n: Int64, _ account: OpaquePointer?
) -> spinnprop_status {
    writeRows(rows, n, account, "pes") { $0.pes.map(\.placed).map(spinnprop_spinnaker2_pe.init) }
}

extension spinnprop_spinnaker2_buffer {
    fileprivate init(_ own: (name: String, bytes: Int)) {
        self = .initial
        write(own.name, to: &name)
        bytes = Int64(own.bytes)
    }
}

@c @implementation
public func spinnprop_spinnaker2_account_buffers(
    _ rows: UnsafeMutablePointer<spinnprop_spinnaker2_buffer>?, _ n: Int64, _ account: OpaquePointer?
) -> spinnprop_status {
    writeRows(rows, n, account, "buffers") { $0.buffers.map(spinnprop_spinnaker2_buffer.init) }
}

extension spinnprop_spinnaker2_counters {
    fileprivate init(_ own: PECounters) {
        self.init(
            size: MemoryLayout<spinnprop_spinnaker2_counters>.size, ticks: Int64(own.ticks), cycles: Int64(own.cycles),
            high_cycles: Int64(own.highCycles), largest_tick: Int64(own.largestTick), slips: Int64(own.slips),
            packets_sent: Int64(own.packetsSent), packets_received: Int64(own.packetsReceived),
            dropped: Int64(own.dropped), overwritten: Int64(own.overwritten), stalled: Int64(own.stalled),
            unrouted: Int64(own.unrouted), largest_fifo: Int64(own.largestFIFO), hops: Int64(own.hops),
            link_crossings: Int64(own.linkCrossings), link_bits: Int64(own.linkBits),
            payload_bytes: Int64(own.payloadBytes), hop_bits: Int64(own.hopBits),
            dma_transfers: Int64(own.dmaTransfers), dma_bytes: Int64(own.dmaBytes), dram_bytes: Int64(own.dramBytes))
    }
}

@c @implementation
public func spinnprop_spinnaker2_account_phase_counters(
    _ rows: UnsafeMutablePointer<spinnprop_spinnaker2_counters>?, _ n: Int64, _ account: OpaquePointer?
) -> spinnprop_status {
    writeRows(rows, n, account, "counters") { $0.phases.map(\.counters).map(spinnprop_spinnaker2_counters.init) }
}

@c @implementation
public func spinnprop_spinnaker2_account_program_counters(
    _ rows: UnsafeMutablePointer<spinnprop_spinnaker2_counters>?, _ n: Int64, _ account: OpaquePointer?
) -> spinnprop_status {
    writeRows(rows, n, account, "counters") { $0.programs.map(\.counters).map(spinnprop_spinnaker2_counters.init) }
}

@c @implementation
public func spinnprop_spinnaker2_account_pe_counters(
    _ rows: UnsafeMutablePointer<spinnprop_spinnaker2_counters>?, _ n: Int64, _ account: OpaquePointer?
) -> spinnprop_status {
    writeRows(rows, n, account, "counters") { $0.pes.flatMap(\.counters).map(spinnprop_spinnaker2_counters.init) }
}

@c @implementation
public func spinnprop_spinnaker2_account_link_bits(
    _ bits: UnsafeMutablePointer<Int64>?, _ n: Int64, _ account: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let own = try CInterface.account(account).linkBits
        try output(bits, n, needed: own.count, "bits").fill(own.map { Int64($0) })
    }
}

extension spinnprop_spinnaker2_slip {
    fileprivate init(_ own: Slip, _ constants: SpiNNaker2Constants) {
        self = .initial
        phase = Int64(own.phase)
        tick = Int64(own.tick)
        (pe, link) = (-1, -1)
        switch own.cause {
        case .work(let pe, let cycles), .stall(let pe, let cycles):
            (self.pe, self.cycles) = (Int64(pe), Int64(cycles))
            chip = Int64(pe / constants.pesPerChip)
        case .link(let link, let bits):
            (self.link, bytes) = (Int64(link), Int64(bits / 8))
            chip = Int64(link / LinkDirection.allCases.count)
        case .dram(let chip, let bytes):
            (self.chip, self.bytes) = (Int64(chip), Int64(bytes))
        }
        write(own.cause.name, to: &cause)
    }
}

@c @implementation
public func spinnprop_spinnaker2_account_slips(
    _ rows: UnsafeMutablePointer<spinnprop_spinnaker2_slip>?, _ n: Int64, _ account: OpaquePointer?
) -> spinnprop_status {
    writeRows(rows, n, account, "slips") { account in
        account.slips.map { spinnprop_spinnaker2_slip($0, account.constants) }
    }
}
