// What is known of a SpiNNaker2 before anything runs: its tables, and what fits.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs
import Spinnprop

/// A caller's engine, which must be an emulated SpiNNaker2.
func spinnaker2(_ handle: OpaquePointer?) throws(SpinnpropError) -> SpiNNaker2Engine {
    let engine = try box(handle, engineKind, "engine").value
    guard let own = engine.substrate as? SpiNNaker2Engine else {
        throw .unsupported(
            "engine \"\(engine.name)\" is no SpiNNaker2; give one of kind SPINNPROP_ENGINE_SPINNAKER2 (\"\(SpiNNaker2Engine.name)\")"
        )
    }
    return own
}

/// A row of the table as C has it.
private struct ConstantRow {
    let name: String
    let value: Double
    let unit: String
    let mark: ConstantMark
    let source: String
}

/// The constants, then the programs' costs.
private func constants(of options: SpiNNaker2Options) -> [ConstantRow] {
    let defaults = ProgramCosts()
    return options.board.constants.table.map {
        ConstantRow(name: $0.name, value: $0.value, unit: $0.unit, mark: $0.mark, source: $0.source)
    }
        + ProgramCosts.names.map { name, path in
            let cycles = options.costs[keyPath: path]
            return ConstantRow(
                name: costPrefix + name, value: Double(cycles), unit: "cycles", mark: .assumed,
                source: cycles == defaults[keyPath: path]
                    ? "what a Cortex-M4F takes for the loads, stores and sums" : "given by the user")
        }
}

@c @implementation
public func spinnprop_spinnaker2_describe(
    _ info: UnsafeMutablePointer<spinnprop_spinnaker2_info>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    fill(info, "info") {
        let options = try spinnaker2(engine).options
        var info = spinnprop_spinnaker2_info.initial
        info.chips = Int32(clamping: options.board.chipCount)
        info.width = Int32(clamping: options.board.width)
        info.height = Int32(clamping: options.board.height)
        info.pes_per_chip = Int32(clamping: options.board.pesPerChip)
        info.sram_available = Int32(clamping: options.board.constants.dataBytes)
        info.n_constants = Int32(clamping: constants(of: options).count)
        info.n_workloads = Int32(clamping: PublishedCheck.all(options).count)
        return info
    }
}

extension spinnprop_spinnaker2_constant {
    fileprivate init(_ own: ConstantRow) {
        self = .initial
        write(own.name, to: &name)
        value = own.value
        write(own.unit, to: &unit)
        write(own.mark.rawValue, to: &mark)
        write(own.source, to: &source)
    }
}

@c @implementation
public func spinnprop_spinnaker2_constants(
    _ rows: UnsafeMutablePointer<spinnprop_spinnaker2_constant>?, _ n: Int64, _ engine: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let own = constants(of: try spinnaker2(engine).options)
        try spinnprop_spinnaker2_constant.rows(rows, n, needed: own.count, "constants")
            .write(own.map { spinnprop_spinnaker2_constant($0) })
    }
}

extension spinnprop_spinnaker2_workload {
    fileprivate init(_ own: PublishedCheck) {
        self = .initial
        write(own.workload, to: &workload)
        write(own.quantity, to: &quantity)
        write(own.unit, to: &unit)
        write(own.remark, to: &remark)
        write(own.basis.rawValue, to: &basis)
        predicted_low = own.predictedLow
        predicted_high = own.predictedHigh
        published = own.published
        factor = own.factor
    }
}

@c @implementation
public func spinnprop_spinnaker2_workloads(
    _ rows: UnsafeMutablePointer<spinnprop_spinnaker2_workload>?, _ n: Int64, _ engine: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let own = PublishedCheck.all(try spinnaker2(engine).options)
        try spinnprop_spinnaker2_workload.rows(rows, n, needed: own.count, "workloads")
            .write(own.map { spinnprop_spinnaker2_workload($0) })
    }
}

extension spinnprop_spinnaker2_fit_options {
    static var initial: spinnprop_spinnaker2_fit_options {
        var options = spinnprop_spinnaker2_fit_options()
        options.size = MemoryLayout<spinnprop_spinnaker2_fit_options>.size
        options.batch_size = 1
        options.input_activity = Activity.defaultInput
        return options
    }

    /// The core's answer to what is asked.
    func fit(_ engine: SpiNNaker2Engine) throws(SpinnpropError) -> SpiNNaker2Fit {
        let sizes = try input(layer_sizes, try count(Int64(n_layer_sizes), "n_layer_sizes"), "layer_sizes")
        var activity = Activity()
        activity.input = input_activity
        let numbers = try input(self.activity, try count(Int64(n_activity), "n_activity"), "activity")
        if !numbers.isEmpty { activity.neurons = Array(numbers) }
        let answer = makes_room != 0 ? SpiNNaker2Fit.roomy : SpiNNaker2Fit.init
        return try answer(sizes.map { Int($0) }, recurrent != 0, Int(batch_size), engine.options, activity)
    }
}

extension spinnprop_spinnaker2_fit {
    fileprivate init(_ own: SpiNNaker2Fit) {
        self = .initial
        fits = own.fits ? 1 : 0
        copies = Int32(clamping: own.copies)
        pes_per_copy = Int32(clamping: own.pesPerCopy)
        optimizer_pes = Int32(clamping: own.optimizerPEs)
        used_pes = Int32(clamping: own.usedPEs)
        available_pes = Int32(clamping: own.availablePEs)
        rounds = Int32(clamping: own.rounds)
        slips = Int32(clamping: own.slips)
        tightest_bytes = Int32(clamping: own.tightestBytes)
        sram_used = Int32(clamping: own.sramUsed)
        sram_available = Int32(clamping: own.sramAvailable)
        write(own.tightestProgram, to: &tightest_program)
        write(own.tightestBuffer, to: &tightest_buffer)
        seconds_per_step = own.secondsPerStep
        energy_per_step = own.energyPerStep
        mean_power = own.meanPower
        if own.phaseSeconds.count == 5 {
            forward_seconds = own.phaseSeconds[0]
            loss_seconds = own.phaseSeconds[1]
            backward_seconds = own.phaseSeconds[2]
            gather_seconds = own.phaseSeconds[3]
            update_seconds = own.phaseSeconds[4]
        }
        write(own.reason, to: &reason)
        input_activity = own.activity.input
        activity = own.activity.neurons.first ?? 0
        (spikes_per_neuron, active_senders) = (own.spikesPerNeuron, own.activeSenders)
    }
}

@c @implementation
public func spinnprop_spinnaker2_estimate(
    _ fit: UnsafeMutablePointer<spinnprop_spinnaker2_fit>?, _ slices: UnsafeMutablePointer<Int32>?,
    _ largest: UnsafeMutablePointer<Int32>?, _ engine: OpaquePointer?,
    _ options: UnsafePointer<spinnprop_spinnaker2_fit_options>?
) -> spinnprop_status {
    fill(fit, "fit") {
        let engine = try spinnaker2(engine)
        let own = try spinnprop_spinnaker2_fit_options.read(options, "options").fit(engine)
        for layer in 0..<own.sizes.count - 1 {
            slices?[layer] = layer < own.slices.count ? Int32(clamping: own.slices[layer]) : 0
        }
        for layer in own.sizes.indices {
            largest?[layer] = layer < own.largest.count ? Int32(clamping: own.largest[layer]) : 0
        }
        return spinnprop_spinnaker2_fit(own)
    }
}
