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

@c @implementation
public func spinnprop_clock_get_options(
    _ options: UnsafeMutablePointer<spinnprop_clock_options>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    fill(options, "options") {
        let engine = try box(engine, engineKind, "engine").value
        guard engine.substrate is ClockSubstrate, let grid = engine.grid else {
            throw SpinnpropError.unsupported(
                "engine \"\(engine.name)\" is not of kind SPINNPROP_ENGINE_CLOCK (\"\(ClockSubstrate.name)\"); make one by "
                    + "spinnprop_clock_create")
        }
        return spinnprop_clock_options(grid)
    }
}
