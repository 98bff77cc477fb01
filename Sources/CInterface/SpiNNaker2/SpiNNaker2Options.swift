// What an emulated SpiNNaker2 is made with, as C has it.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import Networks
import SpiNNaker2
import SpiNNaker2Programs
import Spinnprop

/// Costs of programs among the constants carry this before their names.
let costPrefix = "cost_"

extension spinnprop_spinnaker2_options {
    static var initial: spinnprop_spinnaker2_options { spinnprop_spinnaker2_options(SpiNNaker2Options()) }

    init(_ options: SpiNNaker2Options) {
        self.init()
        size = MemoryLayout<spinnprop_spinnaker2_options>.size
        time_step = options.grid.timeStep
        steps = Int32(clamping: options.grid.steps)
        decay = options.grid.decay.rawValue
        copies = Int32(clamping: options.copies ?? 0)
        chips = Int32(clamping: options.board.chipCount)
        batch_size = Int32(clamping: options.batchSize ?? 0)
        spikes_per_neuron = options.spikesPerNeuron
        active_senders = options.activeSenders
        fifo_packets = Int32(clamping: options.fifoPackets ?? 0)
        overflow = options.machine.overflow.rawValue
        faults = options.machine.faults.rawValue
        largest_slice = Int32(clamping: options.largestSlice ?? 0)
        switch options.placement {
        case .compact: placement = Int32(SPINNPROP_SPINNAKER2_PLACEMENT_COMPACT)
        case .scattered(let seed):
            (placement, placement_seed) = (Int32(SPINNPROP_SPINNAKER2_PLACEMENT_SCATTERED), seed)
        case .published: placement = Int32(SPINNPROP_SPINNAKER2_PLACEMENT_PUBLISHED)
        }
        switch options.machine.level {
        case .low: power = Int32(SPINNPROP_SPINNAKER2_POWER_LOW)
        case .high: power = Int32(SPINNPROP_SPINNAKER2_POWER_HIGH)
        case .automatic(let threshold):
            (power, power_threshold) = (Int32(SPINNPROP_SPINNAKER2_POWER_AUTOMATIC), Int32(clamping: threshold))
        }
    }

    /// The same as the core knows it, for it to check.
    func options() throws(SpinnpropError) -> SpiNNaker2Options {
        var constants = SpiNNaker2Constants()
        var costs = ProgramCosts()
        let n = try count(n_constants, "options->n_constants")
        let names = try input(constant_names, n, "options->constant_names")
        let values = try input(constant_values, n, "options->constant_values")
        for (name, value) in zip(names, values) {
            try replace(String(cString: try given(name, "options->constant_names[i]")), to: value, &constants, &costs)
        }
        var options = SpiNNaker2Options(board: try Board(chips: Int(chips), constants: constants))
        options.costs = costs
        options.grid = TimeGrid(timeStep: time_step, steps: Int(steps), decay: try CInterface.decay(decay))
        // 0 leaves these open; the core refuses what is less.
        options.copies = copies == 0 ? nil : Int(copies)
        options.batchSize = batch_size == 0 ? nil : Int(batch_size)
        options.fifoPackets = fifo_packets == 0 ? nil : Int(fifo_packets)
        options.largestSlice = largest_slice == 0 ? nil : Int(largest_slice)
        options.spikesPerNeuron = spikes_per_neuron
        options.activeSenders = active_senders
        guard let overflow = OverflowPolicy(rawValue: overflow) else {
            throw .invalidValue(
                "overflow is \(overflow); it must be SPINNPROP_SPINNAKER2_OVERFLOW_DROP (0) .. SPINNPROP_SPINNAKER2_OVERFLOW_STALL (2)"
            )
        }
        guard let faults = FaultPolicy(rawValue: faults) else {
            throw .invalidValue(
                "faults is \(faults); it must be SPINNPROP_SPINNAKER2_FAULTS_ERROR (0) or SPINNPROP_SPINNAKER2_FAULTS_COUNT (1)"
            )
        }
        (options.machine.overflow, options.machine.faults) = (overflow, faults)
        switch placement {
        case Int32(SPINNPROP_SPINNAKER2_PLACEMENT_COMPACT): options.placement = .compact
        case Int32(SPINNPROP_SPINNAKER2_PLACEMENT_SCATTERED): options.placement = .scattered(seed: placement_seed)
        case Int32(SPINNPROP_SPINNAKER2_PLACEMENT_PUBLISHED): options.placement = .published
        default:
            throw .invalidValue(
                "placement is \(placement); it must be SPINNPROP_SPINNAKER2_PLACEMENT_COMPACT (0), _SCATTERED (1) or _PUBLISHED (2)"
            )
        }
        switch power {
        case Int32(SPINNPROP_SPINNAKER2_POWER_LOW): options.machine.level = .low
        case Int32(SPINNPROP_SPINNAKER2_POWER_HIGH): options.machine.level = .high
        case Int32(SPINNPROP_SPINNAKER2_POWER_AUTOMATIC):
            guard power_threshold >= 0 else {
                throw .invalidValue("power_threshold is \(power_threshold) packets; it must be >= 0")
            }
            options.machine.level = .automatic(threshold: Int(power_threshold))
        default:
            throw .invalidValue(
                "power is \(power); it must be SPINNPROP_SPINNAKER2_POWER_LOW (0) .. SPINNPROP_SPINNAKER2_POWER_AUTOMATIC (2)"
            )
        }
        return options
    }
}

/// Replaces a constant of the chip, or a cost of a program.
private func replace(
    _ name: String, to value: Double, _ constants: inout SpiNNaker2Constants, _ costs: inout ProgramCosts
) throws(SpinnpropError) {
    guard let cost = ProgramCosts.names.first(where: { costPrefix + $0.name == name }) else {
        guard name.hasPrefix(costPrefix) else { return try constants.set(name, to: value) }
        throw .invalidValue(
            "there is no cost \"\(name)\"; it must be one of "
                + ProgramCosts.names.map { costPrefix + $0.name }.joined(separator: ", "))
    }
    guard let cycles = Int(exactly: value) else {
        throw .invalidValue("\(name) is \(value) cycles; it must be a whole number, 0 .. 1000000")
    }
    costs[keyPath: cost.path] = cycles
}

@c @implementation
public func spinnprop_spinnaker2_create(
    _ engine: UnsafeMutablePointer<OpaquePointer?>?, _ options: UnsafePointer<spinnprop_spinnaker2_options>?
) -> spinnprop_status {
    create(engine) { () throws(SpinnpropError) in
        .spinnaker2(
            try SpiNNaker2Engine(try spinnprop_spinnaker2_options.readOrInitial(options, "options").options()))
    }
}

@c @implementation
public func spinnprop_spinnaker2_get_options(
    _ options: UnsafeMutablePointer<spinnprop_spinnaker2_options>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_spinnaker2_options.destination(options, "options")
        destination.write(spinnprop_spinnaker2_options(try spinnaker2(engine).options))
    }
}
