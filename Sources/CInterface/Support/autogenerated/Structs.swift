// Written by scripts/generate.py from include/spinnprop.h.
// swift-format-ignore-file
import CSpinnprop

extension spinnprop_spikes: VersionedStruct {}

extension spinnprop_network_options: VersionedStruct {}

extension spinnprop_network_info: ResultStruct {}

extension spinnprop_engine_info: ResultStruct {}

extension spinnprop_setting: ResultStruct {}

extension spinnprop_clock_options: VersionedStruct {}

extension spinnprop_forward_options: VersionedStruct {}

extension spinnprop_recording_info: ResultStruct {}

extension spinnprop_diagnostics: ResultStruct {}

extension spinnprop_loss: VersionedStruct {}

extension spinnprop_gradient_options: VersionedStruct {}

extension spinnprop_training_options: VersionedStruct {}

extension spinnprop_epoch: ResultStruct {}

extension spinnprop_sparse_options: VersionedStruct {}

extension spinnprop_sparse_info: ResultStruct {}

extension spinnprop_sparse_run_options: VersionedStruct {}

extension spinnprop_sparse_summary: ResultStruct {}

extension spinnprop_sparse_lyapunov_options: VersionedStruct {}

extension spinnprop_spinnaker2_options: VersionedStruct {}

extension spinnprop_spinnaker2_info: ResultStruct {}

extension spinnprop_spinnaker2_constant: ResultStruct {}

extension spinnprop_spinnaker2_workload: ResultStruct {}

extension spinnprop_spinnaker2_fit_options: VersionedStruct {}

extension spinnprop_spinnaker2_fit: ResultStruct {}

extension spinnprop_spinnaker2_totals: ResultStruct {}

extension spinnprop_spinnaker2_phase: ResultStruct {}

extension spinnprop_spinnaker2_program: ResultStruct {}

extension spinnprop_spinnaker2_pe: ResultStruct {}

extension spinnprop_spinnaker2_buffer: ResultStruct {}

extension spinnprop_spinnaker2_counters: ResultStruct {}

extension spinnprop_spinnaker2_slip: ResultStruct {}

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
public func spinnprop_forward_options_init(_ options: UnsafeMutablePointer<spinnprop_forward_options>?) { spinnprop_forward_options.initialise(options) }

@c @implementation
public func spinnprop_recording_info_init(_ info: UnsafeMutablePointer<spinnprop_recording_info>?) { spinnprop_recording_info.initialise(info) }

@c @implementation
public func spinnprop_diagnostics_init(_ diagnostics: UnsafeMutablePointer<spinnprop_diagnostics>?) { spinnprop_diagnostics.initialise(diagnostics) }

@c @implementation
public func spinnprop_gradient_options_init(_ options: UnsafeMutablePointer<spinnprop_gradient_options>?) { spinnprop_gradient_options.initialise(options) }

@c @implementation
public func spinnprop_training_options_init(_ options: UnsafeMutablePointer<spinnprop_training_options>?) { spinnprop_training_options.initialise(options) }

@c @implementation
public func spinnprop_epoch_init(_ epoch: UnsafeMutablePointer<spinnprop_epoch>?) { spinnprop_epoch.initialise(epoch) }

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
