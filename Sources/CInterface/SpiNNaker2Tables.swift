// What is known of a chip before anything runs: its tables, and what fits.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import SpiNNaker2
import SpiNNaker2Programs
import Spinnprop

/// A caller's engine, which must be an emulated chip.
func spinnaker2(_ handle: OpaquePointer?) throws(SpinnpropError) -> SpiNNaker2Engine {
    let engine = try box(handle, engineKind, "engine").value
    guard case .spinnaker2(let own) = engine else {
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
public func spinnprop_engine_chip(
    _ info: UnsafeMutablePointer<spinnprop_chip_info>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_chip_info.destination(info, "info")
        let options = try spinnaker2(engine).options
        var info = spinnprop_chip_info.initial
        info.chips = Int32(clamping: options.board.chipCount)
        info.width = Int32(clamping: options.board.width)
        info.height = Int32(clamping: options.board.height)
        info.pes_per_chip = Int32(clamping: options.board.pesPerChip)
        info.sram_available = Int32(clamping: options.board.constants.dataBytes)
        info.n_constants = Int32(clamping: constants(of: options).count)
        info.n_published = Int32(clamping: PublishedCheck.all(options).count)
        destination.write(info)
    }
}

@c @implementation
public func spinnprop_engine_constant(
    _ constant: UnsafeMutablePointer<spinnprop_chip_constant>?, _ engine: OpaquePointer?, _ index: Int32
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_chip_constant.destination(constant, "constant")
        let own = try row(index, of: constants(of: try spinnaker2(engine).options), "index")
        var constant = spinnprop_chip_constant.initial
        write(own.name, to: &constant.name)
        constant.value = own.value
        write(own.unit, to: &constant.unit)
        write(own.mark.rawValue, to: &constant.mark)
        write(own.source, to: &constant.source)
        destination.write(constant)
    }
}

@c @implementation
public func spinnprop_engine_published(
    _ row: UnsafeMutablePointer<spinnprop_chip_published>?, _ engine: OpaquePointer?, _ index: Int32
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_chip_published.destination(row, "row")
        let own = try CInterface.row(index, of: PublishedCheck.all(try spinnaker2(engine).options), "index")
        var row = spinnprop_chip_published.initial
        write(own.workload, to: &row.workload)
        write(own.quantity, to: &row.quantity)
        write(own.unit, to: &row.unit)
        write(own.remark, to: &row.remark)
        row.predicted_low = own.predictedLow
        row.predicted_high = own.predictedHigh
        row.published = own.published
        row.factor = own.factor
        destination.write(row)
    }
}

extension spinnprop_chip_fit_options: ResultStruct {
    static var initial: spinnprop_chip_fit_options {
        var options = spinnprop_chip_fit_options()
        options.size = MemoryLayout<spinnprop_chip_fit_options>.size
        options.batch_size = 1
        options.input_activity = Activity.defaultInput
        return options
    }

    /// The same as the core knows it, answered.
    func fit(_ engine: SpiNNaker2Engine) throws(SpinnpropError) -> SpiNNaker2Fit {
        let sizes = try input(layer_sizes, try count(Int64(n_layer_sizes), "n_layer_sizes"), "layer_sizes")
        var activity = Activity()
        activity.input = input_activity
        let numbers = try input(self.activity, try count(Int64(n_activity), "n_activity"), "activity")
        if !numbers.isEmpty { activity.neurons = Array(numbers) }
        return try SpiNNaker2Fit(
            sizes: sizes.map { Int($0) }, recurrent: recurrent != 0, batch: Int(batch_size), options: engine.options,
            activity: activity)
    }
}

@c @implementation
public func spinnprop_chip_fit_options_init(_ options: UnsafeMutablePointer<spinnprop_chip_fit_options>?) {
    spinnprop_chip_fit_options.initialise(options)
}

extension spinnprop_chip_fit {
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
    }
}

@c @implementation
public func spinnprop_engine_fit(
    _ fit: UnsafeMutablePointer<spinnprop_chip_fit>?, _ slices: UnsafeMutablePointer<Int32>?,
    _ largest: UnsafeMutablePointer<Int32>?, _ engine: OpaquePointer?,
    _ options: UnsafePointer<spinnprop_chip_fit_options>?
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_chip_fit.destination(fit, "fit")
        let engine = try spinnaker2(engine)
        let own = try spinnprop_chip_fit_options.read(options, "options").fit(engine)
        for layer in 0..<own.sizes.count - 1 {
            slices?[layer] = layer < own.slices.count ? Int32(clamping: own.slices[layer]) : 0
        }
        for layer in own.sizes.indices {
            largest?[layer] = layer < own.largest.count ? Int32(clamping: own.largest[layer]) : 0
        }
        destination.write(spinnprop_chip_fit(own))
    }
}
