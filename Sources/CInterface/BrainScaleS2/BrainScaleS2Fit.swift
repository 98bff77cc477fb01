// What fits an emulated BrainScaleS-2, and what is published of its time and energy.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import BrainScaleS2
import CSpinnprop
import Mathematics
import Networks

extension spinnprop_brainscales2_fit_options {
    static var initial: spinnprop_brainscales2_fit_options {
        var own = spinnprop_brainscales2_fit_options()
        own.size = MemoryLayout<spinnprop_brainscales2_fit_options>.size
        let usual = BrainScaleS2Options()
        own.input_copies = Int32(clamping: usual.inputCopies)
        own.speedup = usual.speedup
        own.take(BrainScaleS2Load(), BrainScaleS2Load.fields)
        return own
    }

    /// What a sample brings, and how many input spikes the chip carries in its time.
    func load() throws(SpinnpropError) -> (own: BrainScaleS2Load, carried: Int) {
        var load = BrainScaleS2Load()
        try hand(to: &load, BrainScaleS2Load.fields)
        try load.check()
        var options = BrainScaleS2Options()
        options.speedup = speedup
        try options.check()
        return (load, load.carried(speedup: speedup))
    }

    /// Where such a network lies.
    func placement() throws(SpinnpropError) -> BrainScaleS2Placement {
        let n = try count(Int64(n_layer_sizes), "options->n_layer_sizes")
        let sizes = try input(layer_sizes, n, "options->layer_sizes").map(Int.init)
        guard let kind = DelayKind(rawValue: delays) else {
            throw .invalidValue("delays is \(delays); it must be one of SPINNPROP_DELAYS_* (0 .. 3)")
        }
        var options = BrainScaleS2Options()
        options.inputCopies = Int(input_copies)
        try options.check()
        return try BrainScaleS2Placement(
            sizes: sizes, delays: kind, recurrent: recurrent != 0, inputCopies: options.inputCopies)
    }
}

@c @implementation
public func spinnprop_brainscales2_place(
    _ fit: UnsafeMutablePointer<spinnprop_brainscales2_fit>?, _ merged: UnsafeMutablePointer<Int32>?,
    _ n_layers: Int64, _ options: UnsafePointer<spinnprop_brainscales2_fit_options>?
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_brainscales2_fit.destination(fit, "fit")
        let asked = try spinnprop_brainscales2_fit_options.read(options, "options")
        let placement = try asked.placement()
        let load = try asked.load()
        let each = try output(merged, n_layers, needed: placement.layers.count, "merged")
        var own = spinnprop_brainscales2_fit.initial
        own.fits = placement.fits && load.own.inputSpikes <= load.carried ? 1 : 0
        own.circuits = Int64(placement.circuitCount)
        own.available = Int32(ChipGeometry.neuronCount)
        own.delay_circuits = Int64(placement.delayCount)
        own.carried_spikes = Int64(load.carried)
        each.fill(placement.layers.map { Int32(clamping: $0.merged) })
        destination.write(own)
    }
}

@c @implementation
public func spinnprop_brainscales2_costs(
    _ costs: UnsafeMutablePointer<spinnprop_brainscales2_cost>?, _ n: Int64, _ duration: Double, _ batch_size: Int64
) -> spinnprop_status {
    barrier {
        let rows = try spinnprop_brainscales2_cost.rows(costs, n, needed: PublishedCost.all.count, "costs")
        try PublishedCost.check(duration: duration, batchSize: Int(batch_size))
        rows.write(
            PublishedCost.all.map { cost in
                var own = spinnprop_brainscales2_cost.initial
                (own.published_seconds, own.published_joules) = (cost.seconds, cost.joules)
                own.watts = cost.watts
                own.sample_seconds = cost.sampleSeconds(duration: duration)
                own.sample_joules = cost.sampleJoules(duration: duration)
                own.step_seconds = own.sample_seconds * Double(batch_size)
                own.step_joules = own.sample_joules * Double(batch_size)
                write(cost.source, to: &own.source)
                return own
            })
    }
}
