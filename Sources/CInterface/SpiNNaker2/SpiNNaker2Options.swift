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
        take(options, SpiNNaker2Options.fields)
    }

    /// The options as the core knows them, for it to check.
    func options() throws(SpinnpropError) -> SpiNNaker2Options {
        var constants = SpiNNaker2Constants()
        var costs = ProgramCosts()
        let n = try count(n_constants, "options->n_constants")
        let names = try input(constant_names, n, "options->constant_names")
        let values = try input(constant_values, n, "options->constant_values")
        for (name, value) in zip(names, values) {
            try replace(String(cString: try given(name, "options->constant_names[i]")), to: value, &constants, &costs)
        }
        var options = SpiNNaker2Options(board: try Board(constants: constants))
        options.costs = costs
        try hand(to: &options, SpiNNaker2Options.fields)
        return options
    }
}

/// Replaces a constant of a SpiNNaker2, or a cost of a program.
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
    create(engine, "engine", engineKind) {
        .spinnaker2(
            try SpiNNaker2Engine(try spinnprop_spinnaker2_options.readOrInitial(options, "options").options()))
    }
}

@c @implementation
public func spinnprop_spinnaker2_get_options(
    _ options: UnsafeMutablePointer<spinnprop_spinnaker2_options>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    fill(options, "options") { spinnprop_spinnaker2_options(try spinnaker2(engine).options) }
}
