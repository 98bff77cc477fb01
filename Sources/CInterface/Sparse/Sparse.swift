// Sparse recurrent networks: create, describe, read, change.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import SparseRecurrent

let sparseKind = HandleKind<SparseNetwork>(mark: 0x5350_5350_4152_5306, noun: "sparse")

extension spinnprop_sparse_options {
    static var initial: spinnprop_sparse_options {
        var options = spinnprop_sparse_options()
        options.size = MemoryLayout<spinnprop_sparse_options>.size
        options.model = Int32(SPINNPROP_SPARSE_LIF)
        options.is_stored = 1
        options.rate = SparseNetwork.defaultRate
        options.coupling = SparseNetwork.defaultCoupling
        options.tau = SparseNetwork.defaultTau
        options.slope = NeuronModel.defaultSlope
        return options
    }

    func network(_ listener: Listener) throws(SpinnpropError) -> SparseNetwork {
        let neurons = try count(n_neurons, "n_neurons")
        let monitor = listener.monitor(total: neurons)
        let connectivity = try connectivity(neurons, monitor)
        return try SparseNetwork(
            connectivity, degree: try count(degree, "degree"), model: try neuronModel(), rate: rate, coupling: coupling,
            tau: tau, seed: seed, drives: try copy(drives, n_drives, "drives"),
            weights: try copy(weights, n_weights, "weights"), monitor: monitor)
    }

    private func connectivity(_ neurons: Int, _ monitor: Monitor?) throws(SpinnpropError) -> Connectivity {
        guard n_offsets != 0 || offsets != nil else {
            return try Connectivity(
                neuronCount: neurons, degree: try count(degree, "degree"), seed: seed, isStored: is_stored != 0,
                monitor: monitor)
        }
        guard n_offsets >= 1, n_offsets - 1 == n_neurons else {
            throw .invalidValue(
                "the adjacency has \(n_offsets) offsets for \(n_neurons) neurons; it must have one more than neurons")
        }
        try Memory.check(count: neurons, bytesPerElement: 16, "the copy of offsets")
        return try Connectivity(
            offsets: integers(try input(offsets, neurons + 1, "offsets")),
            targets: try copy(targets, n_targets, "targets"))
    }

    private func neuronModel() throws(SpinnpropError) -> NeuronModel {
        switch Int(model) {
        case SPINNPROP_SPARSE_LIF: return .lif
        case SPINNPROP_SPARSE_QIF: return .qif
        case SPINNPROP_SPARSE_EIF: return .eif(slope: slope, .chebyshev)
        case SPINNPROP_SPARSE_EIF_TABLE: return .eif(slope: slope, .table)
        default: throw .invalidValue("model is \(model); it must be one of SPINNPROP_SPARSE_* (0 .. 3)")
        }
    }
}

@c @implementation
public func spinnprop_sparse_create(
    _ network: UnsafeMutablePointer<OpaquePointer?>?, _ options: UnsafePointer<spinnprop_sparse_options>?,
    _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    create(network, "network", sparseKind) {
        let listener = Listener(callback: progress, payload: payload)
        let made = try spinnprop_sparse_options.read(options, "options").network(listener)
        return made
    }
}

@c @implementation
public func spinnprop_sparse_copy(
    _ copy: UnsafeMutablePointer<OpaquePointer?>?, _ network: OpaquePointer?
) -> spinnprop_status {
    create(copy, "copy", sparseKind) { try box(network, sparseKind, "network").value }
}

@c @implementation
public func spinnprop_sparse_free(_ network: OpaquePointer?) { freeHandle(network, sparseKind) }

@c @implementation
public func spinnprop_sparse_describe(
    _ info: UnsafeMutablePointer<spinnprop_sparse_info>?, _ network: OpaquePointer?
) -> spinnprop_status {
    fill(info, "info") {
        let network = try box(network, sparseKind, "network").value
        return spinnprop_sparse_info(
            size: 0, n_neurons: Int64(network.neuronCount), n_synapses: Int64(network.connectivity.synapseCount),
            n_drives: Int64(network.drives.count), n_weights: Int64(network.weightCount),
            threshold_phase: network.model.threshold, reset_phase: network.model.reset)
    }
}

@c @implementation
public func spinnprop_sparse_drives(
    _ drives: UnsafeMutablePointer<Double>?, _ n_drives: Int64, _ network: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let network = try box(network, sparseKind, "network").value
        try output(drives, n_drives, needed: network.drives.count, "drives").fill(network.drives)
    }
}

@c @implementation
public func spinnprop_sparse_weights(
    _ weights: UnsafeMutablePointer<Double>?, _ n_weights: Int64, _ network: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let network = try box(network, sparseKind, "network").value
        let values = try output(weights, n_weights, needed: network.weightCount, "weights")
        network.withWeights { values.fill($0) }
    }
}

@c @implementation
public func spinnprop_sparse_set_weights(
    _ network: OpaquePointer?, _ weights: UnsafePointer<Double>?, _ n_weights: Int64
) -> spinnprop_status {
    barrier {
        let own = try box(network, sparseKind, "network")
        let needed = n_weights == 1 ? 1 : own.value.connectivity.synapseCount
        try own.value.setWeights(try copy(weights, n_weights, needed: needed, "weights"))
    }
}

@c @implementation
public func spinnprop_sparse_adjacency(
    _ offsets: UnsafeMutablePointer<Int64>?, _ n_offsets: Int64, _ targets: UnsafeMutablePointer<Int32>?,
    _ n_targets: Int64, _ network: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let connectivity = try box(network, sparseKind, "network").value.connectivity
        let rows = try output(offsets, n_offsets, needed: connectivity.neuronCount + 1, "offsets")
        let columns = try output(targets, n_targets, needed: connectivity.synapseCount, "targets")
        columns.fill(try connectivity.targets())
        rows.fill(connectivity.rowOffsets.map { Int64($0) })
    }
}
