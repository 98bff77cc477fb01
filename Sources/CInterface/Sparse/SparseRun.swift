// Running a sparse recurrent network: kept, or handed over as it goes.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import SparseRecurrent

let sparseRecordingKind = HandleKind<SparseRecording>(mark: 0x5350_5352_4543_4F07, noun: "sparse_recording")

extension spinnprop_sparse_run_options {
    static var initial: spinnprop_sparse_run_options {
        let defaults = SparseRunOptions()
        var options = spinnprop_sparse_run_options()
        options.size = MemoryLayout<spinnprop_sparse_run_options>.size
        options.n_spikes = Int64(defaults.spikes)
        options.t_end = defaults.endTime
        options.trace_interval = defaults.traceInterval
        options.keeps_tape = defaults.keepsTape ? 1 : 0
        return options
    }

    func options(_ network: SparseNetwork) throws(SpinnpropError) -> SparseRunOptions {
        return SparseRunOptions(
            spikes: Int(n_spikes), endTime: t_end,
            initialPhases: try copy(
                initial_phases, n_initial_phases, needed: n_initial_phases == 0 ? 0 : network.neuronCount,
                "initial_phases"),
            inputs: n_inputs == 0
                ? .none
                : try InputSpikes(
                    times: try copy(input_times, n_inputs, "input_times"),
                    units: try copy(input_units, n_inputs, "input_units"),
                    weights: try copy(input_weights, n_inputs, "input_weights"),
                    neuronCount: network.neuronCount),
            traceUnits: try copy(trace_units, n_trace_units, "trace_units"), traceInterval: trace_interval,
            keepsTape: keeps_tape != 0)
    }
}

extension spinnprop_sparse_summary {
    static var initial: spinnprop_sparse_summary {
        spinnprop_sparse_summary(
            size: MemoryLayout<spinnprop_sparse_summary>.size, n_spikes: 0, t_end: 0, rate: 0)
    }

    init(_ summary: SparseRunSummary) {
        self.init(size: 0, n_spikes: Int64(summary.spikeCount), t_end: summary.endTime, rate: summary.rate)
    }
}

@c @implementation
public func spinnprop_sparse_run(
    _ recording: UnsafeMutablePointer<OpaquePointer?>?, _ network: OpaquePointer?,
    _ options: UnsafePointer<spinnprop_sparse_run_options>?, _ progress: spinnprop_progress_callback?,
    _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    create(recording, "recording", sparseRecordingKind) {
        let network = try box(network, sparseKind, "network").value
        let options = try spinnprop_sparse_run_options.readOrInitial(options, "options").options(network)
        let monitor = Listener(callback: progress, payload: payload).monitor(total: options.spikes)
        return try network.run(options, monitor: monitor)
    }
}

@c @implementation
public func spinnprop_sparse_stream(
    _ summary: UnsafeMutablePointer<spinnprop_sparse_summary>?, _ network: OpaquePointer?,
    _ options: UnsafePointer<spinnprop_sparse_run_options>?, _ sink: spinnprop_sparse_sink?,
    _ sink_payload: UnsafeMutableRawPointer?, _ progress: spinnprop_progress_callback?,
    _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    fill(summary, "summary") {
        let network = try box(network, sparseKind, "network").value
        let options = try spinnprop_sparse_run_options.readOrInitial(options, "options").options(network)
        let sink = try given(sink, "sink")
        let monitor = Listener(callback: progress, payload: payload).monitor(total: options.spikes)
        let result = try network.stream(options, monitor: monitor) {
            sink($0.baseAddress, $1.baseAddress, Int64($0.count), sink_payload) == 0
        }
        return spinnprop_sparse_summary(result)
    }
}
