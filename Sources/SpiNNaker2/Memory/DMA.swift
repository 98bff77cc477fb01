// Transfers between a processing element and the memory of another, or DRAM.
import Mathematics

extension TickContext {
    /// Copies from a buffer elsewhere into this PE's memory.
    ///
    /// - Parameters:
    ///   - offset: in bytes, from the buffer's start; `offset` and `bytes` must be multiples of the DMA alignment (16 bytes).
    /// - Throws: `invalidValue` for a transfer that is not aligned, leaves the buffer, or touches a PE that is at work at the same
    ///   time; `unsupported` for the DRAM of another chip.
    public func dmaRead(
        _ buffer: MemoryBuffer, offset: Int, bytes: Int, into local: UnsafeMutableRawPointer
    ) throws(SpinnpropError) {
        try check(buffer, offset: offset, bytes: bytes)
        local.copyMemory(from: buffer.base + offset, byteCount: bytes)
        count(buffer.place, bytes: bytes, isWrite: false)
    }

    /// Copies from this PE's memory into a buffer elsewhere. - Throws: as `dmaRead`.
    public func dmaWrite(
        _ local: UnsafeRawPointer, bytes: Int, to buffer: MemoryBuffer, offset: Int
    ) throws(SpinnpropError) {
        try check(buffer, offset: offset, bytes: bytes)
        (buffer.base + offset).copyMemory(from: local, byteCount: bytes)
        count(buffer.place, bytes: bytes, isWrite: true)
    }

    /// Books a transfer with the DRAM of this PE's chip whose contents the program keeps for itself.
    public func countDRAM(bytes: Int) {
        guard bytes > 0 else { return }
        let alignment = shared.pointee.alignment
        count(
            .dram(chip: shared.pointee.board.chip(ofPE: pe)), bytes: (bytes + alignment - 1) / alignment * alignment,
            isWrite: false)
    }

    private func check(_ buffer: MemoryBuffer, offset: Int, bytes: Int) throws(SpinnpropError) {
        let alignment = shared.pointee.alignment
        guard offset >= 0, bytes >= 0, offset % alignment == 0, bytes % alignment == 0 else {
            throw .invalidValue(
                "PE \(pe) asks for a DMA transfer of \(bytes) bytes at offset \(offset) of \"\(buffer.name)\"; both must be "
                    + "multiples of \(alignment)")
        }
        let size = (buffer.byteCount + alignment - 1) / alignment * alignment
        guard offset <= size, bytes <= size - offset else {
            throw .invalidValue(
                "PE \(pe) asks for a DMA transfer of \(bytes) bytes at offset \(offset) of \"\(buffer.name)\" on "
                    + "\(buffer.place), which has \(buffer.byteCount) bytes")
        }
        switch buffer.place {
        case .sram(let other):
            let partner = shared.pointee.states + other
            guard partner.pointee.island < 0 || partner.pointee.island == state.pointee.island else {
                throw .invalidValue(
                    "PE \(pe) asks for a DMA transfer with PE \(other), which takes part in the same run "
                        + "without exchanging packets with it; transfer in a run in which it sleeps")
            }
        case .dram(let chip):
            let own = shared.pointee.board.chip(ofPE: pe)
            guard chip == own else {
                throw .unsupported(
                    "PE \(pe) on chip \(own) asks for a DMA transfer with the DRAM of chip \(chip); only a chip's own DRAM "
                        + "can be reached")
            }
        }
    }

    private func count(_ place: MemoryPlace, bytes: Int, isWrite: Bool) {
        let board = shared.pointee.board
        let counters = state.pointee.counters
        counters.pointee.dmaTransfers += 1
        counters.pointee.dmaBytes += bytes
        // A flit carries 128 bits of payload with its header and address.
        let bits = bytes * 8 * (128 + shared.pointee.packetBits) / 128
        let hops: Int
        switch place {
        case .sram(let other):
            hops = board.hops(from: other, to: pe)
            let (chip, own) = (board.chip(ofPE: other), board.chip(ofPE: pe))
            if chip != own {
                let (from, to) = isWrite ? (own, chip) : (chip, own)
                let path = shared.pointee.paths[from &* board.chipCount &+ to]
                for link in path { row.add(bits: bits, link: link) }
                counters.pointee.linkBits += bits * path.count
            }
        case .dram(let chip):
            hops = QuadGrid.hopsToMemory(fromPE: board.localPE(pe))
            counters.pointee.dramBytes += bytes
            row.add(bytes: bytes, chip: chip)
        }
        counters.pointee.hopBits += hops * bits
        charge(shared.pointee.setupCycles + Int((Double(bytes) / shared.pointee.bytesPerCycle).rounded(.up)))
    }
}
