// Accounts of emulated chips: handles on copies, read row by row.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs
import Spinnprop

let accountKind = HandleKind<SpiNNaker2Account>(mark: 0x5350_4143_434F_5506, noun: "account")

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
public func spinnprop_engine_account(
    _ account: UnsafeMutablePointer<OpaquePointer?>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let destination = try given(account, "account")
        guard let own = try idleSpiNNaker2(engine).account else {
            throw SpinnpropError.invalidValue(
                "nothing has run on this engine, so there is no account of it; run or train a network on it first")
        }
        destination.pointee = makeHandle(own, accountKind)
    }
}

@c @implementation
public func spinnprop_engine_reset_account(_ engine: OpaquePointer?) -> spinnprop_status {
    barrier { try idleSpiNNaker2(engine).resetAccount() }
}

@c @implementation
public func spinnprop_account_free(_ account: OpaquePointer?) { freeHandle(account, accountKind) }

@c @implementation
public func spinnprop_account_describe(
    _ totals: UnsafeMutablePointer<spinnprop_chip_account>?, _ account: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_chip_account.destination(totals, "totals")
        let own = try CInterface.account(account)
        var totals = spinnprop_chip_account.initial
        totals.chips = Int32(clamping: own.chips)
        totals.copies = Int32(clamping: own.copies)
        totals.n_pes = Int32(clamping: own.pes.count)
        totals.steps = Int32(clamping: own.steps)
        totals.n_phases = Int32(clamping: own.phases.count)
        totals.n_programs = Int32(clamping: own.programNames.count)
        totals.n_links = Int32(clamping: own.linkBits.count)
        totals.n_slips = Int32(clamping: own.slips.count)
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
        destination.write(totals)
    }
}

extension SpiNNaker2Account {
    /// In the order of `programs`, which has a row for each phase of each of them.
    fileprivate var programNames: [(name: String, pes: Int)] {
        stride(from: 0, to: programs.count, by: max(1, phases.count)).map { (programs[$0].program, programs[$0].pes) }
    }
}

@c @implementation
public func spinnprop_account_phase(
    _ phase: UnsafeMutablePointer<spinnprop_chip_phase>?, _ account: OpaquePointer?, _ index: Int32
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_chip_phase.destination(phase, "phase")
        let own = try row(index, of: try CInterface.account(account).phases, "index")
        var phase = spinnprop_chip_phase.initial
        write(own.name, to: &phase.name)
        phase.ticks = Int64(own.time.ticks)
        phase.slips = Int64(own.time.slips)
        phase.seconds = own.time.seconds
        phase.energy = own.energy.total
        phase.mean_power = own.meanPower
        phase.off_energy = own.energy.off
        phase.asleep_energy = own.energy.asleep
        phase.active_energy = own.energy.active
        phase.mesh_energy = own.energy.mesh
        phase.link_energy = own.energy.links
        phase.dram_energy = own.energy.dram
        phase.link_slips = Int64(own.time.linkSlips)
        phase.dram_slips = Int64(own.time.dramSlips)
        destination.write(phase)
    }
}

@c @implementation
public func spinnprop_account_program(
    _ program: UnsafeMutablePointer<spinnprop_chip_program>?, _ account: OpaquePointer?, _ index: Int32
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_chip_program.destination(program, "program")
        let own = try row(index, of: try CInterface.account(account).programNames, "index")
        var program = spinnprop_chip_program.initial
        write(own.name, to: &program.name)
        program.n_pes = Int64(own.pes)
        destination.write(program)
    }
}

@c @implementation
public func spinnprop_account_pe(
    _ pe: UnsafeMutablePointer<spinnprop_chip_pe>?, _ account: OpaquePointer?, _ index: Int32
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_chip_pe.destination(pe, "pe")
        let own = try row(index, of: try CInterface.account(account).pes, "index").placed
        var pe = spinnprop_chip_pe.initial
        pe.pe = Int32(clamping: own.pe)
        pe.chip = Int32(clamping: own.chip)
        pe.x = Int32(clamping: own.position.x)
        pe.y = Int32(clamping: own.position.y)
        write(own.program, to: &pe.program)
        pe.copy = Int32(clamping: own.copy)
        pe.layer = Int32(clamping: own.layer)
        pe.first_unit = Int32(clamping: own.firstUnit)
        pe.n_units = Int32(clamping: own.unitCount)
        pe.sram_used = Int32(clamping: own.sramUsed)
        pe.sram_high_water = Int32(clamping: own.sramHighWater)
        pe.n_buffers = Int32(clamping: own.bufferNames.count)
        destination.write(pe)
    }
}

@c @implementation
public func spinnprop_account_buffer(
    _ buffer: UnsafeMutablePointer<spinnprop_chip_buffer>?, _ account: OpaquePointer?, _ pe_index: Int32,
    _ index: Int32
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_chip_buffer.destination(buffer, "buffer")
        let placed = try row(pe_index, of: try CInterface.account(account).pes, "pe_index").placed
        var buffer = spinnprop_chip_buffer.initial
        write(try row(index, of: placed.bufferNames, "index"), to: &buffer.name)
        buffer.bytes = Int64(try row(index, of: placed.bufferBytes, "index"))
        destination.write(buffer)
    }
}

extension spinnprop_chip_counters {
    fileprivate init(_ own: PECounters) {
        self.init(
            size: MemoryLayout<spinnprop_chip_counters>.size, ticks: Int64(own.ticks), cycles: Int64(own.cycles),
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
public func spinnprop_account_phase_counters(
    _ counters: UnsafeMutablePointer<spinnprop_chip_counters>?, _ account: OpaquePointer?, _ phase: Int32
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_chip_counters.destination(counters, "counters")
        let own = try row(phase, of: try CInterface.account(account).phases, "phase")
        destination.write(spinnprop_chip_counters(own.counters))
    }
}

@c @implementation
public func spinnprop_account_program_counters(
    _ counters: UnsafeMutablePointer<spinnprop_chip_counters>?, _ account: OpaquePointer?, _ program: Int32,
    _ phase: Int32
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_chip_counters.destination(counters, "counters")
        let own = try CInterface.account(account)
        let name = try row(program, of: own.programNames, "program").name
        let rows = own.programs.filter { $0.program == name }
        destination.write(spinnprop_chip_counters(try row(phase, of: rows, "phase").counters))
    }
}

@c @implementation
public func spinnprop_account_pe_counters(
    _ counters: UnsafeMutablePointer<spinnprop_chip_counters>?, _ account: OpaquePointer?, _ pe_index: Int32,
    _ phase: Int32
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_chip_counters.destination(counters, "counters")
        let own = try row(pe_index, of: try CInterface.account(account).pes, "pe_index")
        destination.write(spinnprop_chip_counters(try row(phase, of: own.counters, "phase")))
    }
}

@c @implementation
public func spinnprop_account_link_bits(
    _ bits: UnsafeMutablePointer<Int64>?, _ n: Int64, _ account: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let own = try CInterface.account(account).linkBits
        try output(bits, n, needed: own.count, "bits").fill(own.map { Int64($0) })
    }
}

@c @implementation
public func spinnprop_account_slip(
    _ slip: UnsafeMutablePointer<spinnprop_chip_slip>?, _ account: OpaquePointer?, _ index: Int32
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_chip_slip.destination(slip, "slip")
        let account = try CInterface.account(account)
        let own = try row(index, of: account.slips, "index")
        var slip = spinnprop_chip_slip.initial
        slip.phase = Int64(own.phase)
        slip.tick = Int64(own.tick)
        (slip.pe, slip.link) = (-1, -1)
        switch own.cause {
        case .work(let pe, let cycles), .stall(let pe, let cycles):
            (slip.pe, slip.cycles) = (Int64(pe), Int64(cycles))
            slip.chip = Int64(pe / account.constants.pesPerChip)
        case .link(let link, let bits):
            (slip.link, slip.bytes) = (Int64(link), Int64(bits / 8))
            slip.chip = Int64(link / LinkDirection.allCases.count)
        case .dram(let chip, let bytes):
            (slip.chip, slip.bytes) = (Int64(chip), Int64(bytes))
        }
        write(own.cause.name, to: &slip.cause)
        destination.write(slip)
    }
}
