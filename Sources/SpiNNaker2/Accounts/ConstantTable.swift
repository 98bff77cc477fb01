// The published numbers of the SpiNNaker2 chip, and what is assumed where none is published.

extension SpiNNaker2Constants {
    /// In the order of `SpiNNaker2Constant`.
    static let published: [Constant] = [
        row("application_pes", 148, "PEs", .secondary, "of 152; what the chip's software leaves to applications", true),
        row("low_clock", 150e6, "Hz", .primary, "DVFS level at 0.5 V (SpiNNaker2 chip papers)"),
        row("high_clock", 300e6, "Hz", .primary, "DVFS level at 0.8 V (SpiNNaker2 chip papers)"),
        row("sram_bytes", 131_072, "B", .secondary, "128 kB per PE in 4 banks", true),
        row("code_bytes", 32_768, "B", .secondary, "about 32 kB of a PE's SRAM hold code", true),
        row("heap_bytes", 4_096, "B", .secondary, "heap and stack, part of the 96 kB for data", true),
        row("dram_bytes", 2_147_483_648, "B", .primary, "2 GB LPDDR4 per chip", true),
        row("dram_bandwidth", 6.4e9, "B/s", .primary, "raw rate of the LPDDR4 interface"),
        row("dma_alignment", 16, "B", .primary, "of address and length of a DMA transfer", true),
        row("dma_setup_cycles", 50, "cycles", .assumed, "writing a DMA descriptor and taking its interrupt"),
        row("dma_bytes_per_cycle", 16, "B", .derived, "one 128-bit payload per 192-bit flit and NoC cycle"),
        row("noc_clock", 300e6, "Hz", .secondary, "2-D mesh, 192-bit flits; in no estimate"),
        row("noc_cycles_per_hop", 5, "cycles", .secondary, "router and wire of one mesh hop; in no estimate"),
        row("packet_bits", 64, "bit", .secondary, "15 + 17 bits of header and a 32-bit key, without payload"),
        row("router_entries", 16_384, "entries", .primary, "masked multicast entries per chip", true),
        row(
            "router_bandwidth", 1843.2e9, "bit/s", .secondary, "from the router to the PEs of its chip; in no estimate"),
        row("router_link_bandwidth", 460.8e9, "bit/s", .secondary, "from the router to the links; in no estimate"),
        row("link_bandwidth", 6e9, "bit/s", .secondary, "of one of a chip's 6 links on a board"),
        row("host_bandwidth", 1e9, "bit/s", .secondary, "Ethernet to the host"),
        row("tick", 1e-3, "s", .secondary, "typical period of the global interrupt; 0: as soon as all PEs are done"),
        row("off_power", 75.2e-3, "W", .secondary, "the chip with its PEs off"),
        row("low_sleep_power", 1.05e-3, "W", .derived, "a PE asleep at 0.5 V above off: (235.4 - 75.2) mW / 152"),
        row("high_sleep_power", 3.22e-3, "W", .derived, "a PE asleep at 0.8 V above off: (564.7 - 75.2) mW / 152"),
        row("low_cycle_energy", 8.3e-12, "J", .derived, "CoreMark at 0.5 V above asleep, per PE and cycle"),
        row("high_cycle_energy", 15.0e-12, "J", .derived, "CoreMark at 0.8 V above asleep, per PE and cycle"),
        row("hop_energy", 0.15e-12, "J/bit", .assumed, "mesh router and about 1 mm of wire in 22 nm, per bit and hop"),
        row("link_energy", 5e-12, "J/bit", .assumed, "serial link between chips, per bit and link"),
        row("dram_energy", 80e-12, "J/B", .assumed, "LPDDR4, 10 pJ per bit with its interface"),
        row("set_up_time", 39e-6, "s", .secondary, "of a full chip"),
        row("clean_up_time", 93e-6, "s", .secondary, "of a full chip"),
    ]

    private static func row(
        _ name: String, _ value: Double, _ unit: String, _ mark: ConstantMark, _ source: String, _ isCount: Bool = false
    ) -> Constant {
        Constant(name: name, value: value, unit: unit, mark: mark, source: source, isCount: isCount)
    }
}
