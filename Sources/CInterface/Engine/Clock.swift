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
        self.init(
            size: MemoryLayout<spinnprop_clock_options>.size, time_step: grid.timeStep,
            steps: Int32(clamping: grid.steps), decay: grid.decay.rawValue, copies: Int32(clamping: grid.copies))
    }

    /// The same as the core knows it, checked.
    func grid() throws(SpinnpropError) -> TimeGrid {
        let grid = TimeGrid(
            timeStep: time_step, steps: Int(steps), decay: try CInterface.decay(decay), copies: Int(copies))
        try grid.check()
        return grid
    }
}

@c @implementation
public func spinnprop_clock_create(
    _ engine: UnsafeMutablePointer<OpaquePointer?>?, _ options: UnsafePointer<spinnprop_clock_options>?
) -> spinnprop_status {
    create(engine) { () throws(SpinnpropError) in
        .clock(try spinnprop_clock_options.readOrInitial(options, "options").grid())
    }
}

@c @implementation
public func spinnprop_clock_get_options(
    _ options: UnsafeMutablePointer<spinnprop_clock_options>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_clock_options.destination(options, "options")
        let engine = try box(engine, engineKind, "engine").value
        guard engine.substrate is ClockSubstrate, let grid = engine.grid else {
            throw SpinnpropError.unsupported(
                "engine \"\(engine.name)\" is not of kind SPINNPROP_ENGINE_CLOCK (\"\(ClockSubstrate.name)\"); make one by "
                    + "spinnprop_clock_create")
        }
        destination.write(spinnprop_clock_options(grid))
    }
}
