// The engine of time steps, made and read by C hosts.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import ClockDriven
import CSpinnprop
import Mathematics
import Networks
import Spinnprop

extension spinnprop_clock_options {
    static var initial: spinnprop_clock_options { spinnprop_clock_options(TimeGrid()) }

    init(_ grid: TimeGrid) {
        self.init()
        size = MemoryLayout<spinnprop_clock_options>.size
        take(grid, TimeGrid.fields)
    }

    /// The options as the core's grid, checked.
    func grid() throws(SpinnpropError) -> TimeGrid {
        var grid = TimeGrid()
        try hand(to: &grid, TimeGrid.fields)
        try grid.check()
        return grid
    }
}

@c @implementation
public func spinnprop_clock_create(
    _ engine: UnsafeMutablePointer<OpaquePointer?>?, _ options: UnsafePointer<spinnprop_clock_options>?
) -> spinnprop_status {
    create(engine, "engine", engineKind) {
        .clock(try spinnprop_clock_options.readOrInitial(options, "options").grid())
    }
}

/// The grid of an engine of time steps.
private func grid(_ engine: OpaquePointer?) throws(SpinnpropError) -> TimeGrid {
    let engine = try box(engine, engineKind, "engine").value
    guard engine.substrate is ClockSubstrate, let grid = engine.grid else {
        throw SpinnpropError.unsupported(
            "engine \"\(engine.name)\" is not of kind SPINNPROP_ENGINE_CLOCK (\"\(ClockSubstrate.name)\"); make one by "
                + "spinnprop_clock_create")
    }
    return grid
}

@c @implementation
public func spinnprop_clock_round_weights(
    _ rounded: UnsafeMutablePointer<Double>?, _ whole: UnsafeMutablePointer<Int32>?, _ n: Int64,
    _ units: UnsafeMutablePointer<Double>?, _ n_neurons: Int64, _ engine: OpaquePointer?, _ network: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let grid = try grid(engine)
        let network = try box(network, networkKind, "network").value
        let count = network.connections.reduce(0) { $0 + $1.weights.count }
        let roundedWeights = try output(rounded, n, needed: count, "rounded")
        let wholeNumbers = try output(whole, n, needed: count, "whole")
        let scales = try output(units, n_neurons, needed: network.neuronCount, "units")
        let found = try network.wholeWeights(grid)
        var start = 0
        for (whole, rounded) in zip(found.whole, found.rounded) {
            for place in whole.indices {
                roundedWeights[start + place] = rounded[place]
                wholeNumbers[start + place] = whole[place]
            }
            start += whole.count
        }
        scales.fill(found.units)
    }
}

@c @implementation
public func spinnprop_clock_get_options(
    _ options: UnsafeMutablePointer<spinnprop_clock_options>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    fill(options, "options") { spinnprop_clock_options(try grid(engine)) }
}
