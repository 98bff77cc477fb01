// Neuron arrays: runs, programs, and rules of C hosts.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import BrainScaleS2
import CSpinnprop
import Mathematics

extension spinnprop_brainscales2_run_options {
    static var initial: spinnprop_brainscales2_run_options {
        var options = spinnprop_brainscales2_run_options()
        options.size = MemoryLayout<spinnprop_brainscales2_run_options>.size
        options.take(ArrayRunOptions(), ArrayRunOptions.fields)
        return options
    }
}

extension spinnprop_brainscales2_program_options {
    static var initial: spinnprop_brainscales2_program_options {
        var program = spinnprop_brainscales2_program_options()
        program.size = MemoryLayout<spinnprop_brainscales2_program_options>.size
        program.take(ProgramParameters(), ProgramParameters.fields)
        return program
    }
}

/// A host's rule as a program of the core.
private final class HostRule: PlasticityProgram {
    private let rule: spinnprop_brainscales2_rule
    private let payload: UnsafeMutableRawPointer?

    init(_ rule: @escaping spinnprop_brainscales2_rule, _ payload: UnsafeMutableRawPointer?) {
        (self.rule, self.payload) = (rule, payload)
    }

    func run(on processor: PlasticityProcessor) throws(SpinnpropError) {
        let matrices = try processor.readMatrices()
        let (rates, membranes) = (processor.rates().values, processor.membranes().values)
        let seed = processor.word()
        let stops = rule(
            matrices.weights.pointer, matrices.mask.pointer, matrices.causal?.pointer, matrices.acausal?.pointer, rates,
            membranes, processor.time, seed, payload)
        guard stops == 0 else { throw SpinnpropError(.cancelled, "stopped by the rule") }
        try processor.write(matrices)
    }
}

/// The program that a host asks for; `nil`: none.
private func wantedProgram(
    _ program: UnsafePointer<spinnprop_brainscales2_program_options>?, _ rule: spinnprop_brainscales2_rule?,
    _ payload: UnsafeMutableRawPointer?
) throws(SpinnpropError) -> (any PlasticityProgram)? {
    if let rule {
        guard program == nil else {
            throw .invalidValue("there are a program and a rule; give one of them, and NULL for the other")
        }
        return HostRule(rule, payload)
    }
    guard program != nil else { return nil }
    var parameters = ProgramParameters()
    try spinnprop_brainscales2_program_options.read(program, "program").hand(to: &parameters, ProgramParameters.fields)
    return try parameters.program()
}

@c @implementation
public func spinnprop_brainscales2_array_run(
    _ array: OpaquePointer?, _ spikes: UnsafePointer<spinnprop_spikes>?,
    _ options: UnsafePointer<spinnprop_brainscales2_run_options>?,
    _ program: UnsafePointer<spinnprop_brainscales2_program_options>?, _ rule: spinnprop_brainscales2_rule?,
    _ rule_payload: UnsafeMutableRawPointer?, _ progress: spinnprop_progress_callback?,
    _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let own = try heldArray(array)
        let trains = spikes == nil ? nil : try spikeTrains(spikes, "spikes")
        var run = ArrayRunOptions()
        try spinnprop_brainscales2_run_options.readOrInitial(options, "options").hand(to: &run, ArrayRunOptions.fields)
        let wanted = try wantedProgram(program, rule, rule_payload)
        let monitor = Listener(callback: progress, payload: payload).monitor(total: 1)
        try own.change { (array) throws(SpinnpropError) in
            try array.run(trains, run, program: wanted, monitor: monitor)
        }
    }
}

@c @implementation
public func spinnprop_brainscales2_array_apply(
    _ array: OpaquePointer?, _ program: UnsafePointer<spinnprop_brainscales2_program_options>?,
    _ rule: spinnprop_brainscales2_rule?, _ rule_payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let own = try heldArray(array)
        guard let wanted = try wantedProgram(program, rule, rule_payload) else {
            throw SpinnpropError.invalidValue("program and rule are NULL; give one of them")
        }
        try own.change { (array) throws(SpinnpropError) in try array.apply(wanted) }
    }
}
