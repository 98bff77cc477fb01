// Written by scripts/generate.py from include/spinnprop.h.
// swift-format-ignore-file
import CSpinnprop

extension spinnprop_network_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_network_options>] = [
        StructNumber("n_layer_sizes", \.n_layer_sizes),
        StructNumber("n_tau_mem", \.n_tau_mem),
        StructNumber("n_tau_syn", \.n_tau_syn),
        StructNumber("n_threshold", \.n_threshold),
        StructNumber("n_reset", \.n_reset),
        StructNumber("n_delays", \.n_delays),
        StructNumber("n_recurrent", \.n_recurrent),
        StructNumber("readout", \.readout),
        StructNumber("n_weight_mean", \.n_weight_mean),
        StructNumber("n_weight_std", \.n_weight_std),
        StructNumber("seed", \.seed),
        StructNumber("n_masks", \.n_masks),
        StructNumber("n_signs", \.n_signs),
        StructNumber("n_weight_bounds", \.n_weight_bounds),
        StructNumber("n_connections", \.n_connections),
        StructNumber("n_drive", \.n_drive),
        StructNumber("n_refractory", \.n_refractory),
    ]
}

extension spinnprop_clock_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_clock_options>] = [
        StructNumber("time_step", \.time_step),
        StructNumber("steps", \.steps),
        StructNumber("decay", \.decay),
        StructNumber("copies", \.copies),
        StructNumber("weight_bits", \.weight_bits),
    ]
}

extension spinnprop_first_spike_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_first_spike_options>] = [
        StructNumber("max_weight_step", \.max_weight_step),
    ]
}

extension spinnprop_forward_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_forward_options>] = [
        StructNumber("t_end", \.t_end),
        StructNumber("max_spikes", \.max_spikes),
    ]
}

extension spinnprop_loss: TabledStruct {
    static let numbers: [StructNumber<spinnprop_loss>] = [
        StructNumber("kind", \.kind),
        StructNumber("tau0", \.tau0),
        StructNumber("alpha", \.alpha),
        StructNumber("tau1", \.tau1),
        StructNumber("t_label", \.t_label),
        StructNumber("t_other", \.t_other),
        StructNumber("scale", \.scale),
        StructNumber("xi", \.xi),
        StructNumber("beta", \.beta),
        StructNumber("ties_are_wrong", \.ties_are_wrong),
        StructNumber("separation", \.separation),
        StructNumber("reads", \.reads),
        StructNumber("n_times", \.n_times),
        StructNumber("n_label", \.n_label),
        StructNumber("n_other", \.n_other),
    ]
}

extension spinnprop_gradient_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_gradient_options>] = [
        StructNumber("rate_strength", \.rate_strength),
        StructNumber("rate_target", \.rate_target),
        StructNumber("rate_tau", \.rate_tau),
        StructNumber("neurons", \.neurons),
        StructNumber("input_times", \.input_times),
    ]
}

extension spinnprop_training_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_training_options>] = [
        StructNumber("epochs", \.epochs),
        StructNumber("batch_size", \.batch_size),
        StructNumber("seed", \.seed),
        StructNumber("optimizer", \.optimizer),
        StructNumber("learning_rate", \.learning_rate),
        StructNumber("delay_learning_rate", \.delay_learning_rate),
        StructNumber("delay_parameter", \.delay_parameter),
        StructNumber("delay_shift", \.delay_shift),
        StructNumber("delay_scale", \.delay_scale),
        StructNumber("delay_l1", \.delay_l1),
        StructNumber("delay_l2", \.delay_l2),
        StructNumber("delay_init", \.delay_init),
        StructNumber("delay_init_mean", \.delay_init_mean),
        StructNumber("delay_init_std", \.delay_init_std),
        StructNumber("momentum", \.momentum),
        StructNumber("beta1", \.beta1),
        StructNumber("beta2", \.beta2),
        StructNumber("epsilon", \.epsilon),
        StructNumber("weight_decay", \.weight_decay),
        StructNumber("schedule", \.schedule),
        StructNumber("schedule_epochs", \.schedule_epochs),
        StructNumber("schedule_gamma", \.schedule_gamma),
        StructNumber("clip_value", \.clip_value),
        StructNumber("clip_norm", \.clip_norm),
        StructNumber("bump", \.bump),
        StructNumber("bump_hidden_limit", \.bump_hidden_limit),
        StructNumber("bump_output_limit", \.bump_output_limit),
        StructNumber("bump_pairs", \.bump_pairs),
        StructNumber("input_dropout", \.input_dropout),
        StructNumber("patience", \.patience),
        StructNumber("restore_best", \.restore_best),
        StructNumber("checkpoint_every", \.checkpoint_every),
        StructNumber("resume", \.resume),
        StructNumber("train", \.train),
        StructNumber("neuron_learning_rate", \.neuron_learning_rate),
        StructNumber("accumulate", \.accumulate),
        StructNumber("average_epochs", \.average_epochs),
    ]
}

extension spinnprop_biograd_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_biograd_options>] = [
        StructNumber("steps", \.steps),
        StructNumber("soft_start", \.soft_start),
        StructNumber("decay", \.decay),
        StructNumber("threshold", \.threshold),
        StructNumber("window", \.window),
        StructNumber("amplitude", \.amplitude),
        StructNumber("rule", \.rule),
        StructNumber("feedback", \.feedback),
        StructNumber("sleep", \.sleep),
        StructNumber("sleep_steps", \.sleep_steps),
        StructNumber("sleep_rate", \.sleep_rate),
        StructNumber("sleep_power", \.sleep_power),
        StructNumber("batch_size", \.batch_size),
        StructNumber("learning_rate", \.learning_rate),
        StructNumber("epochs", \.epochs),
        StructNumber("counts", \.counts),
        StructNumber("seed", \.seed),
        StructNumber("counts_from", \.counts_from),
        StructNumber("traces_from", \.traces_from),
        StructNumber("includes_threshold", \.includes_threshold),
        StructNumber("sleep_draw", \.sleep_draw),
        StructNumber("averages_sleep", \.averages_sleep),
        StructNumber("integer", \.integer),
    ]
}

extension spinnprop_sparse_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_sparse_options>] = [
        StructNumber("n_neurons", \.n_neurons),
        StructNumber("degree", \.degree),
        StructNumber("model", \.model),
        StructNumber("is_stored", \.is_stored),
        StructNumber("rate", \.rate),
        StructNumber("coupling", \.coupling),
        StructNumber("tau", \.tau),
        StructNumber("slope", \.slope),
        StructNumber("seed", \.seed),
        StructNumber("n_offsets", \.n_offsets),
        StructNumber("n_targets", \.n_targets),
        StructNumber("n_drives", \.n_drives),
        StructNumber("n_weights", \.n_weights),
    ]
}

extension spinnprop_sparse_run_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_sparse_run_options>] = [
        StructNumber("n_spikes", \.n_spikes),
        StructNumber("t_end", \.t_end),
        StructNumber("n_initial_phases", \.n_initial_phases),
        StructNumber("n_inputs", \.n_inputs),
        StructNumber("n_trace_units", \.n_trace_units),
        StructNumber("trace_interval", \.trace_interval),
        StructNumber("keeps_tape", \.keeps_tape),
    ]
}

extension spinnprop_sparse_lyapunov_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_sparse_lyapunov_options>] = [
        StructNumber("skip", \.skip),
        StructNumber("interval", \.interval),
        StructNumber("seed", \.seed),
    ]
}

extension spinnprop_brainscales2_chip_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_brainscales2_chip_options>] = [
        StructNumber("seed", \.seed),
        StructNumber("noise_seed", \.noise_seed),
        StructNumber("tau_mem_spread", \.tau_mem_spread),
        StructNumber("tau_syn_spread", \.tau_syn_spread),
        StructNumber("threshold_spread", \.threshold_spread),
        StructNumber("threshold_shift", \.threshold_shift),
        StructNumber("reset_spread", \.reset_spread),
        StructNumber("gain_spread", \.gain_spread),
        StructNumber("row_offset", \.row_offset),
        StructNumber("delay_spread", \.delay_spread),
        StructNumber("noise", \.noise),
        StructNumber("batch_noise", \.batch_noise),
        StructNumber("jitter", \.jitter),
        StructNumber("drift", \.drift),
        StructNumber("age", \.age),
        StructNumber("resolution", \.resolution),
        StructNumber("event_interval", \.event_interval),
        StructNumber("weight_bits", \.weight_bits),
        StructNumber("readout_bits", \.readout_bits),
        StructNumber("correlation", \.correlation),
        StructNumber("sensor_spread", \.sensor_spread),
        StructNumber("sensor_offset", \.sensor_offset),
    ]
}

extension spinnprop_brainscales2_calibration_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_brainscales2_calibration_options>] = [
        StructNumber("seed", \.seed),
        StructNumber("tau_mem", \.tau_mem),
        StructNumber("tau_syn", \.tau_syn),
        StructNumber("threshold", \.threshold),
        StructNumber("reset", \.reset),
        StructNumber("noise", \.noise),
        StructNumber("repeats", \.repeats),
    ]
}

extension spinnprop_brainscales2_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_brainscales2_options>] = [
        StructNumber("weight_scale", \.weight_scale),
        StructNumber("speedup", \.speedup),
        StructNumber("readout_range", \.readout_range),
        StructNumber("input_copies", \.input_copies),
        StructNumber("single_spikes", \.single_spikes),
        StructNumber("count_losses", \.count_losses),
    ]
}

extension spinnprop_brainscales2_fit_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_brainscales2_fit_options>] = [
        StructNumber("n_layer_sizes", \.n_layer_sizes),
        StructNumber("input_copies", \.input_copies),
        StructNumber("delays", \.delays),
        StructNumber("recurrent", \.recurrent),
        StructNumber("input_spikes", \.input_spikes),
        StructNumber("duration", \.duration),
        StructNumber("speedup", \.speedup),
    ]
}

extension spinnprop_spinnaker2_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_spinnaker2_options>] = [
        StructNumber("time_step", \.time_step),
        StructNumber("steps", \.steps),
        StructNumber("decay", \.decay),
        StructNumber("copies", \.copies),
        StructNumber("chips", \.chips),
        StructNumber("batch_size", \.batch_size),
        StructNumber("fifo_packets", \.fifo_packets),
        StructNumber("spikes_per_neuron", \.spikes_per_neuron),
        StructNumber("active_senders", \.active_senders),
        StructNumber("overflow", \.overflow),
        StructNumber("faults", \.faults),
        StructNumber("largest_slice", \.largest_slice),
        StructNumber("placement", \.placement),
        StructNumber("placement_seed", \.placement_seed),
        StructNumber("power", \.power),
        StructNumber("power_threshold", \.power_threshold),
        StructNumber("credit", \.credit),
        StructNumber("reserved", \.reserved),
        StructNumber("n_constants", \.n_constants),
    ]
}

extension spinnprop_spinnaker2_fit_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_spinnaker2_fit_options>] = [
        StructNumber("n_layer_sizes", \.n_layer_sizes),
        StructNumber("recurrent", \.recurrent),
        StructNumber("batch_size", \.batch_size),
        StructNumber("n_activity", \.n_activity),
        StructNumber("input_activity", \.input_activity),
        StructNumber("makes_room", \.makes_room),
    ]
}

extension spinnprop_brainscales2_array_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_brainscales2_array_options>] = [
        StructNumber("n_neurons", \.n_neurons),
        StructNumber("n_sources", \.n_sources),
        StructNumber("is_recurrent", \.is_recurrent),
        StructNumber("fan_in", \.fan_in),
        StructNumber("seed", \.seed),
        StructNumber("speedup", \.speedup),
        StructNumber("resolution", \.resolution),
        StructNumber("delay_jitter", \.delay_jitter),
        StructNumber("sensor_amplitude", \.sensor_amplitude),
        StructNumber("sensor_tau_causal", \.sensor_tau_causal),
        StructNumber("sensor_tau_acausal", \.sensor_tau_acausal),
        StructNumber("sensor_spread", \.sensor_spread),
        StructNumber("sensor_offset", \.sensor_offset),
        StructNumber("read_low", \.read_low),
        StructNumber("read_high", \.read_high),
        StructNumber("has_sensors", \.has_sensors),
        StructNumber("n_tau_mem", \.n_tau_mem),
        StructNumber("n_tau_syn_exc", \.n_tau_syn_exc),
        StructNumber("n_tau_syn_inh", \.n_tau_syn_inh),
        StructNumber("n_threshold", \.n_threshold),
        StructNumber("n_reset", \.n_reset),
        StructNumber("n_drive", \.n_drive),
        StructNumber("n_refractory", \.n_refractory),
        StructNumber("n_gain", \.n_gain),
        StructNumber("n_delay", \.n_delay),
        StructNumber("n_noise", \.n_noise),
        StructNumber("n_mask", \.n_mask),
        StructNumber("n_signs", \.n_signs),
        StructNumber("event_interval", \.event_interval),
        StructNumber("sensor_seed", \.sensor_seed),
    ]
}

extension spinnprop_brainscales2_program_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_brainscales2_program_options>] = [
        StructNumber("kind", \.kind),
        StructNumber("target", \.target),
        StructNumber("sender", \.sender),
        StructNumber("threshold", \.threshold),
        StructNumber("weight", \.weight),
        StructNumber("learning_rate", \.learning_rate),
        StructNumber("probability", \.probability),
        StructNumber("success", \.success),
    ]
}

extension spinnprop_brainscales2_run_options: TabledStruct {
    static let numbers: [StructNumber<spinnprop_brainscales2_run_options>] = [
        StructNumber("duration", \.duration),
        StructNumber("period", \.period),
        StructNumber("max_spikes", \.max_spikes),
    ]
}

extension spinnprop_spikes: VersionedStruct {}

extension spinnprop_network_info: ResultStruct {}

extension spinnprop_engine_info: ResultStruct {}

extension spinnprop_setting: ResultStruct {}

extension spinnprop_recording_info: ResultStruct {}

extension spinnprop_diagnostics: ResultStruct {}

extension spinnprop_supervision: VersionedStruct {}

extension spinnprop_domain: ResultStruct {}

extension spinnprop_epoch: ResultStruct {}

extension spinnprop_step_input: ResultStruct {}

extension spinnprop_biograd_info: ResultStruct {}

extension spinnprop_biograd_epoch: ResultStruct {}

extension spinnprop_sparse_info: ResultStruct {}

extension spinnprop_sparse_summary: ResultStruct {}

extension spinnprop_brainscales2_fit: ResultStruct {}

extension spinnprop_brainscales2_cost: ResultStruct {}

extension spinnprop_spinnaker2_info: ResultStruct {}

extension spinnprop_spinnaker2_constant: ResultStruct {}

extension spinnprop_spinnaker2_workload: ResultStruct {}

extension spinnprop_spinnaker2_fit: ResultStruct {}

extension spinnprop_spinnaker2_totals: ResultStruct {}

extension spinnprop_spinnaker2_phase: ResultStruct {}

extension spinnprop_spinnaker2_program: ResultStruct {}

extension spinnprop_spinnaker2_pe: ResultStruct {}

extension spinnprop_spinnaker2_buffer: ResultStruct {}

extension spinnprop_spinnaker2_counters: ResultStruct {}

extension spinnprop_spinnaker2_slip: ResultStruct {}

extension spinnprop_brainscales2_array_info: ResultStruct {}

@c @implementation
public func spinnprop_spikes_init(_ spikes: UnsafeMutablePointer<spinnprop_spikes>?) { spinnprop_spikes.initialise(spikes) }

@c @implementation
public func spinnprop_network_options_init(_ options: UnsafeMutablePointer<spinnprop_network_options>?) { spinnprop_network_options.initialise(options) }

@c @implementation
public func spinnprop_network_info_init(_ info: UnsafeMutablePointer<spinnprop_network_info>?) { spinnprop_network_info.initialise(info) }

@c @implementation
public func spinnprop_engine_info_init(_ info: UnsafeMutablePointer<spinnprop_engine_info>?) { spinnprop_engine_info.initialise(info) }

@c @implementation
public func spinnprop_setting_init(_ setting: UnsafeMutablePointer<spinnprop_setting>?) { spinnprop_setting.initialise(setting) }

@c @implementation
public func spinnprop_clock_options_init(_ options: UnsafeMutablePointer<spinnprop_clock_options>?) { spinnprop_clock_options.initialise(options) }

@c @implementation
public func spinnprop_first_spike_options_init(_ options: UnsafeMutablePointer<spinnprop_first_spike_options>?) { spinnprop_first_spike_options.initialise(options) }

@c @implementation
public func spinnprop_forward_options_init(_ options: UnsafeMutablePointer<spinnprop_forward_options>?) { spinnprop_forward_options.initialise(options) }

@c @implementation
public func spinnprop_recording_info_init(_ info: UnsafeMutablePointer<spinnprop_recording_info>?) { spinnprop_recording_info.initialise(info) }

@c @implementation
public func spinnprop_diagnostics_init(_ diagnostics: UnsafeMutablePointer<spinnprop_diagnostics>?) { spinnprop_diagnostics.initialise(diagnostics) }

@c @implementation
public func spinnprop_gradient_options_init(_ options: UnsafeMutablePointer<spinnprop_gradient_options>?) { spinnprop_gradient_options.initialise(options) }

@c @implementation
public func spinnprop_supervision_init(_ supervision: UnsafeMutablePointer<spinnprop_supervision>?) { spinnprop_supervision.initialise(supervision) }

@c @implementation
public func spinnprop_training_options_init(_ options: UnsafeMutablePointer<spinnprop_training_options>?) { spinnprop_training_options.initialise(options) }

@c @implementation
public func spinnprop_domain_init(_ domain: UnsafeMutablePointer<spinnprop_domain>?) { spinnprop_domain.initialise(domain) }

@c @implementation
public func spinnprop_epoch_init(_ epoch: UnsafeMutablePointer<spinnprop_epoch>?) { spinnprop_epoch.initialise(epoch) }

@c @implementation
public func spinnprop_biograd_options_init(_ options: UnsafeMutablePointer<spinnprop_biograd_options>?) { spinnprop_biograd_options.initialise(options) }

@c @implementation
public func spinnprop_step_input_init(_ input: UnsafeMutablePointer<spinnprop_step_input>?) { spinnprop_step_input.initialise(input) }

@c @implementation
public func spinnprop_biograd_info_init(_ info: UnsafeMutablePointer<spinnprop_biograd_info>?) { spinnprop_biograd_info.initialise(info) }

@c @implementation
public func spinnprop_biograd_epoch_init(_ epoch: UnsafeMutablePointer<spinnprop_biograd_epoch>?) { spinnprop_biograd_epoch.initialise(epoch) }

@c @implementation
public func spinnprop_sparse_options_init(_ options: UnsafeMutablePointer<spinnprop_sparse_options>?) { spinnprop_sparse_options.initialise(options) }

@c @implementation
public func spinnprop_sparse_info_init(_ info: UnsafeMutablePointer<spinnprop_sparse_info>?) { spinnprop_sparse_info.initialise(info) }

@c @implementation
public func spinnprop_sparse_run_options_init(_ options: UnsafeMutablePointer<spinnprop_sparse_run_options>?) { spinnprop_sparse_run_options.initialise(options) }

@c @implementation
public func spinnprop_sparse_summary_init(_ summary: UnsafeMutablePointer<spinnprop_sparse_summary>?) { spinnprop_sparse_summary.initialise(summary) }

@c @implementation
public func spinnprop_sparse_lyapunov_options_init(_ options: UnsafeMutablePointer<spinnprop_sparse_lyapunov_options>?) { spinnprop_sparse_lyapunov_options.initialise(options) }

@c @implementation
public func spinnprop_brainscales2_chip_options_init(_ options: UnsafeMutablePointer<spinnprop_brainscales2_chip_options>?) { spinnprop_brainscales2_chip_options.initialise(options) }

@c @implementation
public func spinnprop_brainscales2_calibration_options_init(_ options: UnsafeMutablePointer<spinnprop_brainscales2_calibration_options>?) { spinnprop_brainscales2_calibration_options.initialise(options) }

@c @implementation
public func spinnprop_brainscales2_options_init(_ options: UnsafeMutablePointer<spinnprop_brainscales2_options>?) { spinnprop_brainscales2_options.initialise(options) }

@c @implementation
public func spinnprop_brainscales2_fit_options_init(_ options: UnsafeMutablePointer<spinnprop_brainscales2_fit_options>?) { spinnprop_brainscales2_fit_options.initialise(options) }

@c @implementation
public func spinnprop_brainscales2_fit_init(_ fit: UnsafeMutablePointer<spinnprop_brainscales2_fit>?) { spinnprop_brainscales2_fit.initialise(fit) }

@c @implementation
public func spinnprop_brainscales2_cost_init(_ cost: UnsafeMutablePointer<spinnprop_brainscales2_cost>?) { spinnprop_brainscales2_cost.initialise(cost) }

@c @implementation
public func spinnprop_spinnaker2_options_init(_ options: UnsafeMutablePointer<spinnprop_spinnaker2_options>?) { spinnprop_spinnaker2_options.initialise(options) }

@c @implementation
public func spinnprop_spinnaker2_info_init(_ info: UnsafeMutablePointer<spinnprop_spinnaker2_info>?) { spinnprop_spinnaker2_info.initialise(info) }

@c @implementation
public func spinnprop_spinnaker2_constant_init(_ constant: UnsafeMutablePointer<spinnprop_spinnaker2_constant>?) { spinnprop_spinnaker2_constant.initialise(constant) }

@c @implementation
public func spinnprop_spinnaker2_workload_init(_ workload: UnsafeMutablePointer<spinnprop_spinnaker2_workload>?) { spinnprop_spinnaker2_workload.initialise(workload) }

@c @implementation
public func spinnprop_spinnaker2_fit_options_init(_ options: UnsafeMutablePointer<spinnprop_spinnaker2_fit_options>?) { spinnprop_spinnaker2_fit_options.initialise(options) }

@c @implementation
public func spinnprop_spinnaker2_fit_init(_ fit: UnsafeMutablePointer<spinnprop_spinnaker2_fit>?) { spinnprop_spinnaker2_fit.initialise(fit) }

@c @implementation
public func spinnprop_spinnaker2_totals_init(_ totals: UnsafeMutablePointer<spinnprop_spinnaker2_totals>?) { spinnprop_spinnaker2_totals.initialise(totals) }

@c @implementation
public func spinnprop_spinnaker2_phase_init(_ phase: UnsafeMutablePointer<spinnprop_spinnaker2_phase>?) { spinnprop_spinnaker2_phase.initialise(phase) }

@c @implementation
public func spinnprop_spinnaker2_program_init(_ program: UnsafeMutablePointer<spinnprop_spinnaker2_program>?) { spinnprop_spinnaker2_program.initialise(program) }

@c @implementation
public func spinnprop_spinnaker2_pe_init(_ pe: UnsafeMutablePointer<spinnprop_spinnaker2_pe>?) { spinnprop_spinnaker2_pe.initialise(pe) }

@c @implementation
public func spinnprop_spinnaker2_buffer_init(_ buffer: UnsafeMutablePointer<spinnprop_spinnaker2_buffer>?) { spinnprop_spinnaker2_buffer.initialise(buffer) }

@c @implementation
public func spinnprop_spinnaker2_counters_init(_ counters: UnsafeMutablePointer<spinnprop_spinnaker2_counters>?) { spinnprop_spinnaker2_counters.initialise(counters) }

@c @implementation
public func spinnprop_spinnaker2_slip_init(_ slip: UnsafeMutablePointer<spinnprop_spinnaker2_slip>?) { spinnprop_spinnaker2_slip.initialise(slip) }

@c @implementation
public func spinnprop_brainscales2_array_options_init(_ options: UnsafeMutablePointer<spinnprop_brainscales2_array_options>?) { spinnprop_brainscales2_array_options.initialise(options) }

@c @implementation
public func spinnprop_brainscales2_array_info_init(_ info: UnsafeMutablePointer<spinnprop_brainscales2_array_info>?) { spinnprop_brainscales2_array_info.initialise(info) }

@c @implementation
public func spinnprop_brainscales2_program_options_init(_ program: UnsafeMutablePointer<spinnprop_brainscales2_program_options>?) { spinnprop_brainscales2_program_options.initialise(program) }

@c @implementation
public func spinnprop_brainscales2_run_options_init(_ options: UnsafeMutablePointer<spinnprop_brainscales2_run_options>?) { spinnprop_brainscales2_run_options.initialise(options) }
