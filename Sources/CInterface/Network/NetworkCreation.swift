// Networks from options.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Learning
import Mathematics
import Networks
import Spinnprop

extension spinnprop_network_options {
    static var initial: spinnprop_network_options {
        let defaults = NetworkOptions(sizes: [])
        var options = spinnprop_network_options()
        options.size = MemoryLayout<spinnprop_network_options>.size
        options.readout = CInterface.readout(isSpiking: !defaults.leakyReadout)
        options.seed = defaults.seed
        return options
    }

    /// The options as the core takes them.
    func options() throws(SpinnpropError) -> NetworkOptions {
        guard n_layer_sizes >= 2 else {
            throw .invalidValue(
                "n_layer_sizes is \(n_layer_sizes); a network needs at least 2 sizes, the input's first")
        }
        var options = NetworkOptions(sizes: try array(layer_sizes, n_layer_sizes, "layer_sizes").map { Int($0) })
        // Arrays have one of a few lengths; no other is read from the caller.
        let layerCount = options.sizes.count - 1
        let neuronCount = options.sizes.dropFirst().reduce(0, +)
        options.tauMem = try array(tau_mem, n_tau_mem, "tau_mem", lengths: [1, layerCount, neuronCount])
        options.tauSyn = try array(tau_syn, n_tau_syn, "tau_syn", lengths: [1, layerCount, neuronCount])
        options.threshold = try array(threshold, n_threshold, "threshold", lengths: [1, layerCount, neuronCount])
        options.reset = try array(reset, n_reset, "reset", lengths: [1, layerCount, neuronCount])
        options.drive = try array(drive, n_drive, "drive", lengths: [1, layerCount, neuronCount])
        options.refractory = try array(refractory, n_refractory, "refractory", lengths: [1, layerCount, neuronCount])
        options.recurrent = try array(recurrent, n_recurrent, "recurrent", lengths: [1, layerCount - 1]).map { $0 != 0 }
        options.initialisation.mean = try array(weight_mean, n_weight_mean, "weight_mean", lengths: [layerCount])
        options.initialisation.std = try array(weight_std, n_weight_std, "weight_std", lengths: [layerCount])
        options.connections = try ends(layerCount: layerCount)
        let kindCount = options.connections?.count ?? layerCount
        let kinds = try array(delays, n_delays, "delays", lengths: [1, kindCount])
        if !kinds.isEmpty {
            options.delays = try kinds.enumerated().map { (index, kind) throws(SpinnpropError) in
                guard let delayKind = DelayKind(rawValue: kind) else {
                    throw .invalidValue(
                        "delays[\(index)] is \(kind); it must be SPINNPROP_DELAYS_NONE (0) .. SPINNPROP_DELAYS_DENDRITIC (3)"
                    )
                }
                return delayKind
            }
        }
        options.masks = try Parameter.mask(try array(masks, n_masks, "masks"), "masks")
        options.signs = try Parameter.signs(try array(signs, n_signs, "signs"), "signs")
        options.weightBounds = try array(weight_bounds, n_weight_bounds, "weight_bounds")
        options.leakyReadout = try isLeaky(readout: readout)
        options.seed = seed
        options.engine = try CInterface.engine(engine, "options->engine") ?? .defaultEngine
        return options
    }

    /// `nil` where none are given.
    private func ends(layerCount: Int) throws(SpinnpropError) -> [Ends]? {
        // No more are read than there are pairs.
        let most = layerCount * (layerCount + 3) / 2
        guard n_connections >= 0, Int(n_connections) <= most else {
            throw .invalidValue(
                "n_connections is \(n_connections); give 0 for a chain, or at most \(most), each pair of \(layerCount) layers and the input once"
            )
        }
        guard n_connections > 0 || connections == nil else {
            throw .invalidValue(
                "n_connections is 0, but connections is not NULL; give the number of pairs, or NULL for a chain")
        }
        guard n_connections > 0 else { return nil }
        try Memory.check(count: Int(n_connections), bytesPerElement: MemoryLayout<Ends>.stride, "the connections")
        let numbers = try input(connections, 2 * Int(n_connections), "connections")
        return (0..<Int(n_connections)).map { Ends(Int(numbers[2 * $0]), Int(numbers[2 * $0 + 1])) }
    }
}

/// An optional array of a network's options: absent, or of one of the lengths.
private func array<Element>(
    _ pointer: UnsafePointer<Element>?, _ n: some FixedWidthInteger, _ name: StaticString, lengths: [Int]? = nil
) throws(SpinnpropError) -> [Element] {
    guard n >= 0, n == 0 || lengths?.contains(Int(n)) ?? true else {
        let allowed = Set(lengths ?? []).filter { $0 > 0 }.sorted().map { " or \($0)" }.joined()
        throw .invalidValue("\(name) has \(n) elements; give none\(allowed)")
    }
    guard n > 0 || pointer == nil else {
        throw .invalidValue("n_\(name) is 0, but \(name) is not NULL; give the number of its elements")
    }
    return Array(try input(pointer, Int(n), name))
}

@c @implementation
public func spinnprop_network_create(
    _ network: UnsafeMutablePointer<OpaquePointer?>?, _ options: UnsafePointer<spinnprop_network_options>?
) -> spinnprop_status {
    create(network, "network", networkKind) {
        let options = try spinnprop_network_options.read(options, "options").options()
        return try Network(options)
    }
}
