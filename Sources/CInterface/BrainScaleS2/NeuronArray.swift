// Neuron arrays: made, described, read and changed by C hosts.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import BrainScaleS2
import CSpinnprop
import Mathematics

let neuronArrayKind = HandleKind<Exclusive<NeuronArray>>(mark: 0x5350_4253_5241_5209, noun: "brainscales2_array")

func heldArray(_ array: OpaquePointer?) throws(SpinnpropError) -> Exclusive<NeuronArray> {
    try box(array, neuronArrayKind, "array").value
}

extension spinnprop_brainscales2_array_options {
    static var initial: spinnprop_brainscales2_array_options {
        var options = spinnprop_brainscales2_array_options()
        options.size = MemoryLayout<spinnprop_brainscales2_array_options>.size
        options.take(ArrayOptions(), ArrayOptions.fields)
        return options
    }

    func options() throws(SpinnpropError) -> ArrayOptions {
        var options = ArrayOptions()
        try hand(to: &options, ArrayOptions.fields)
        try options.check()
        return options
    }

    func array() throws(SpinnpropError) -> NeuronArray {
        let options = try options()
        // An array that is left open has none.
        let synapses = n_mask == 0 ? 0 : options.senderCount * options.neuronCount
        let senders = n_signs == 0 ? 0 : options.senderCount
        return try NeuronArray(
            options, try neurons(options.neuronCount), mask: try copy(mask, n_mask, needed: synapses, "mask"),
            signs: try copy(signs, n_signs, needed: senders, "signs"))
    }

    /// Where each of `ArrayNeurons.fields` is, in their order, and how many elements it has.
    private static let parameters:
        [(
            values: WritableKeyPath<spinnprop_brainscales2_array_options, UnsafePointer<Double>?> & Sendable,
            count: WritableKeyPath<spinnprop_brainscales2_array_options, Int32> & Sendable
        )] = [
            (\.tau_mem, \.n_tau_mem), (\.tau_syn_exc, \.n_tau_syn_exc), (\.tau_syn_inh, \.n_tau_syn_inh),
            (\.threshold, \.n_threshold), (\.reset, \.n_reset), (\.drive, \.n_drive),
            (\.refractory, \.n_refractory), (\.gain, \.n_gain), (\.delay, \.n_delay), (\.noise, \.n_noise),
        ]

    func neurons(_ neuronCount: Int) throws(SpinnpropError) -> ArrayNeurons {
        var neurons = ArrayNeurons()
        for (field, place) in zip(ArrayNeurons.fields, Self.parameters) {
            let (values, count) = (self[keyPath: place.values], self[keyPath: place.count])
            guard values != nil || count != 0 else { continue }
            guard let values, count == 1 || Int(count) == neuronCount else {
                throw .invalidValue(
                    "\(field.name) has \(count) elements\(values == nil ? " at NULL" : ""); give 1 for all, or \(neuronCount)"
                )
            }
            neurons[keyPath: field.path] = Array(UnsafeBufferPointer(start: values, count: Int(count)))
        }
        return neurons
    }

    /// Takes what a chip makes of them; each parameter of every neuron goes to `values`, one parameter after the other.
    mutating func take(
        _ placed: (options: ArrayOptions, neurons: ArrayNeurons), _ values: UnsafeMutableBufferPointer<Double>
    ) {
        let count = placed.options.neuronCount
        take(placed.options, ArrayOptions.fields)
        for (index, place) in Self.parameters.enumerated() {
            let own = placed.neurons[keyPath: ArrayNeurons.fields[index].path]
            for neuron in 0..<count { values[index * count + neuron] = own[own.count == 1 ? 0 : neuron] }
            self[keyPath: place.values] = values.baseAddress.map { UnsafePointer($0 + index * count) }
            self[keyPath: place.count] = Int32(clamping: count)
        }
    }
}

@c @implementation
public func spinnprop_brainscales2_array_create(
    _ array: UnsafeMutablePointer<OpaquePointer?>?, _ options: UnsafePointer<spinnprop_brainscales2_array_options>?
) -> spinnprop_status {
    create(array, "array", neuronArrayKind) {
        let options = try spinnprop_brainscales2_array_options.readOrInitial(options, "options")
        return Exclusive(try options.array(), "brainscales2_array")
    }
}

@c @implementation
public func spinnprop_brainscales2_array_place(
    _ placed: UnsafeMutablePointer<spinnprop_brainscales2_array_options>?, _ values: UnsafeMutablePointer<Double>?,
    _ n: Int64, _ options: UnsafePointer<spinnprop_brainscales2_array_options>?, _ chip: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_brainscales2_array_options.destination(placed, "placed")
        var own = try spinnprop_brainscales2_array_options.read(options, "options")
        let asked = try own.options()
        let found = try box(chip, brainScaleS2ChipKind, "chip").value.placed(asked, try own.neurons(asked.neuronCount))
        own.take(found, try output(values, n, needed: ArrayNeurons.fields.count * asked.neuronCount, "values"))
        destination.write(own)
    }
}

@c @implementation
public func spinnprop_brainscales2_array_copy(
    _ copy: UnsafeMutablePointer<OpaquePointer?>?, _ array: OpaquePointer?
) -> spinnprop_status {
    create(copy, "copy", neuronArrayKind) {
        Exclusive(try NeuronArray(copying: try heldArray(array).idle()), "brainscales2_array")
    }
}

@c @implementation
public func spinnprop_brainscales2_array_free(_ array: OpaquePointer?) { freeHandle(array, neuronArrayKind) }

@c @implementation
public func spinnprop_brainscales2_array_reset(_ array: OpaquePointer?) -> spinnprop_status {
    barrier { try heldArray(array).change { (array) throws(SpinnpropError) in array.reset() } }
}

@c @implementation
public func spinnprop_brainscales2_array_describe(
    _ info: UnsafeMutablePointer<spinnprop_brainscales2_array_info>?, _ array: OpaquePointer?
) -> spinnprop_status {
    fill(info, "info") {
        let array = try heldArray(array).idle()
        let account = array.account
        return spinnprop_brainscales2_array_info(
            size: 0, n_neurons: Int64(array.options.neuronCount), n_sources: Int64(array.options.sourceCount),
            n_senders: Int64(array.options.senderCount), n_synapses: Int64(array.synapseCount),
            n_spikes: Int64(array.spikeCount), time: array.time, n_calls: Int64(account.calls),
            n_rows: Int64(account.costs.rows), n_conversions: Int64(account.costs.conversions),
            n_instructions: Int64(account.costs.instructions), processor_seconds: account.seconds,
            n_overruns: Int64(account.overruns), n_lost_events: Int64(array.lostEvents))
    }
}

@c @implementation
public func spinnprop_brainscales2_array_state_size(
    _ n: UnsafeMutablePointer<Int64>?, _ array: OpaquePointer?
) -> spinnprop_status {
    answer(n, "n") { try heldArray(array).idle().stateByteCount() }
}

@c @implementation
public func spinnprop_brainscales2_array_state(
    _ bytes: UnsafeMutablePointer<UInt8>?, _ n: Int64, _ array: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let array = try heldArray(array).idle()
        try array.writeState(try output(bytes, n, needed: try array.stateByteCount(), "bytes"))
    }
}

@c @implementation
public func spinnprop_brainscales2_array_set_state(
    _ array: OpaquePointer?, _ bytes: UnsafePointer<UInt8>?, _ n: Int64
) -> spinnprop_status {
    barrier {
        let own = try heldArray(array)
        let new = try input(bytes, try count(n, "n"), "bytes")
        try own.change { (array) throws(SpinnpropError) in try array.readState(new) }
    }
}

@c @implementation
public func spinnprop_brainscales2_array_weights(
    _ weights: UnsafeMutablePointer<Int8>?, _ n: Int64, _ array: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let array = try heldArray(array).idle()
        try array.withWeights { (own) throws(SpinnpropError) in
            try output(weights, n, needed: own.count, "weights").fill(own)
        }
    }
}

@c @implementation
public func spinnprop_brainscales2_array_set_weights(
    _ array: OpaquePointer?, _ weights: UnsafePointer<Int8>?, _ n: Int64
) -> spinnprop_status {
    barrier {
        let own = try heldArray(array)
        let new = try input(weights, try count(n, "n"), "weights")
        try own.change { (array) throws(SpinnpropError) in try array.setWeights(new) }
    }
}

@c @implementation
public func spinnprop_brainscales2_array_mask(
    _ mask: UnsafeMutablePointer<UInt8>?, _ n: Int64, _ array: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let array = try heldArray(array).idle()
        try array.withMask { (own) throws(SpinnpropError) in
            try output(mask, n, needed: own.count, "mask").fill(own)
        }
    }
}

@c @implementation
public func spinnprop_brainscales2_array_spikes(
    _ times: UnsafeMutablePointer<Double>?, _ units: UnsafeMutablePointer<Int32>?, _ n: Int64, _ array: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let own = try heldArray(array).idle().lastSpikes
        let allTimes = try output(times, n, needed: own.times.count, "times")
        let allUnits = try output(units, n, needed: own.times.count, "units")
        allTimes.fill(own.times)
        allUnits.fill(own.units)
    }
}

@c @implementation
public func spinnprop_brainscales2_array_membranes(
    _ values: UnsafeMutablePointer<Double>?, _ read_outs: UnsafeMutablePointer<UInt8>?, _ n: Int64,
    _ array: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let array = try heldArray(array).idle()
        let exact = try output(values, n, needed: array.options.neuronCount, "values")
        let rough = try output(read_outs, n, needed: array.options.neuronCount, "read_outs")
        let own = array.membranes()
        exact.fill(own.values)
        rough.fill(own.readOuts)
    }
}

@c @implementation
public func spinnprop_brainscales2_array_rates(
    _ rates: UnsafeMutablePointer<UInt8>?, _ n: Int64, _ array: OpaquePointer?
) -> spinnprop_status {
    barrier {
        try heldArray(array).change { (array) throws(SpinnpropError) in
            let all = try output(rates, n, needed: array.options.neuronCount, "rates")
            all.fill(array.readRates())
        }
    }
}

@c @implementation
public func spinnprop_brainscales2_array_correlations(
    _ causal: UnsafeMutablePointer<UInt8>?, _ acausal: UnsafeMutablePointer<UInt8>?, _ n: Int64,
    _ array: OpaquePointer?,
    _ resets: Int32
) -> spinnprop_status {
    barrier {
        try heldArray(array).change { (array) throws(SpinnpropError) in
            let needed = array.options.senderCount * array.options.neuronCount
            let first = try output(causal, n, needed: needed, "causal")
            let second = try output(acausal, n, needed: needed, "acausal")
            guard let first = first.baseAddress, let second = second.baseAddress else { return }
            try array.readCorrelations(causal: first, acausal: second, resets: resets != 0)
        }
    }
}
