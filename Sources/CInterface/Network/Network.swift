// Networks: make, copy, describe, read and change.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import Networks
import Neurons

let networkKind = HandleKind<Network>(mark: 0x5350_4E45_5457_4F01, noun: "network")

@c @implementation
public func spinnprop_network_copy(
    _ copy: UnsafeMutablePointer<OpaquePointer?>?, _ network: OpaquePointer?
) -> spinnprop_status {
    create(copy, "copy", networkKind) { try box(network, networkKind, "network").value }
}

@c @implementation
public func spinnprop_network_free(_ network: OpaquePointer?) { freeHandle(network, networkKind) }

@c @implementation
public func spinnprop_network_describe(
    _ info: UnsafeMutablePointer<spinnprop_network_info>?, _ network: OpaquePointer?
) -> spinnprop_status {
    fill(info, "info") {
        let network = try box(network, networkKind, "network").value
        var info = spinnprop_network_info.initial
        info.n_inputs = Int32(clamping: network.inputCount)
        info.n_layers = Int32(clamping: network.layers.count)
        info.n_outputs = Int32(clamping: network.outputCount)
        info.n_connections = Int32(clamping: network.connections.count)
        info.readout = readout(isSpiking: network.layers.last?.isSpiking ?? true)
        return info
    }
}

@c @implementation
public func spinnprop_network_delay_kinds(
    _ kinds: UnsafeMutablePointer<Int32>?, _ n: Int64, _ network: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let network = try box(network, networkKind, "network").value
        let own = network.connections.map(\.delayKind.rawValue)
        try output(kinds, n, needed: own.count, "kinds").fill(own)
    }
}

@c @implementation
public func spinnprop_network_connections(
    _ ends: UnsafeMutablePointer<Int32>?, _ n: Int64, _ network: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let network = try box(network, networkKind, "network").value
        let own = network.connections.flatMap { [Int32(clamping: $0.ends.source), Int32(clamping: $0.ends.target)] }
        try output(ends, n, needed: own.count, "ends").fill(own)
    }
}

/// SPINNPROP_READOUT_* of a last layer.
func readout(isSpiking: Bool) -> Int32 { Int32(isSpiking ? SPINNPROP_READOUT_SPIKING : SPINNPROP_READOUT_LEAKY) }

/// Whether a number of SPINNPROP_READOUT_* stands for a leaky read-out.
func isLeaky(readout: Int32) throws(SpinnpropError) -> Bool {
    switch Int(readout) {
    case SPINNPROP_READOUT_SPIKING: return false
    case SPINNPROP_READOUT_LEAKY: return true
    default:
        throw .invalidValue(
            "readout is \(readout); it must be SPINNPROP_READOUT_SPIKING (0) or SPINNPROP_READOUT_LEAKY (1)")
    }
}

@c @implementation
public func spinnprop_network_shape(
    _ rows: UnsafeMutablePointer<Int64>?, _ columns: UnsafeMutablePointer<Int64>?, _ network: OpaquePointer?,
    _ parameter: Int32, _ index: Int32
) -> spinnprop_status {
    barrier {
        let (rows, columns) = (try given(rows, "rows"), try given(columns, "columns"))
        let network = try box(network, networkKind, "network").value
        let parameter = try Parameter(parameter)
        let shape = parameter.shape(in: network, try parameter.index(index, in: network))
        rows.pointee = Int64(shape.rows)
        columns.pointee = Int64(shape.columns)
    }
}

@c @implementation
public func spinnprop_network_get(
    _ values: UnsafeMutablePointer<Double>?, _ n: Int64, _ network: OpaquePointer?, _ parameter: Int32, _ index: Int32
) -> spinnprop_status {
    barrier {
        let network = try box(network, networkKind, "network").value
        let parameter = try Parameter(parameter)
        let array = parameter.values(in: network, try parameter.index(index, in: network))
        try output(values, n, needed: array.count, "values").fill(array)
    }
}

@c @implementation
public func spinnprop_network_set(
    _ network: OpaquePointer?, _ parameter: Int32, _ index: Int32, _ values: UnsafePointer<Double>?, _ n: Int64
) -> spinnprop_status {
    barrier {
        let box = try box(network, networkKind, "network")
        let parameter = try Parameter(parameter)
        let index = try parameter.index(index, in: box.value)
        // The length is checked against the network before a single element is read.
        let needed = parameter.countToSet(in: box.value, index)
        guard n == Int64(needed) || (n == 0 && parameter.shape(in: box.value, index).count == 0) else {
            throw SpinnpropError.invalidValue(
                "values has \(n) elements; \(parameter.name) at \(index) takes exactly \(needed)")
        }
        try parameter.set(Array(try input(values, Int(n), "values")), in: &box.value, index)
    }
}
