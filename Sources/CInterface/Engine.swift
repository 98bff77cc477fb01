// Engines as handles, so that they may grow options and results of their own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Learning
import Mathematics
import Spinnprop

let engineKind = HandleKind<Engine>(mark: 0x5350_454E_4749_4E05, noun: "engine")

/// A caller's engine; `nil` for NULL.
func engine(_ handle: OpaquePointer?, _ name: StaticString) throws(SpinnpropError) -> Engine? {
    handle == nil ? nil : try box(handle, engineKind, name).value
}

@c @implementation
public func spinnprop_engine_options_init(_ options: UnsafeMutablePointer<spinnprop_engine_options>?) {
    spinnprop_engine_options.initialise(options)
}

@c @implementation
public func spinnprop_engine_create(
    _ engine: UnsafeMutablePointer<OpaquePointer?>?, _ options: UnsafePointer<spinnprop_engine_options>?
) -> spinnprop_status {
    barrier {
        let destination = try given(engine, "engine")
        let made = try spinnprop_engine_options.readOrInitial(options, "options").engine()
        destination.pointee = makeHandle(made, engineKind)
    }
}

@c @implementation
public func spinnprop_engine_free(_ engine: OpaquePointer?) { freeHandle(engine, engineKind) }

@c @implementation
public func spinnprop_engine_describe(
    _ options: UnsafeMutablePointer<spinnprop_engine_options>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_engine_options.destination(options, "options")
        destination.write(spinnprop_engine_options(try box(engine, engineKind, "engine").value))
    }
}

extension spinnprop_setting: ResultStruct {}

@c @implementation
public func spinnprop_setting_init(_ setting: UnsafeMutablePointer<spinnprop_setting>?) {
    spinnprop_setting.initialise(setting)
}

@c @implementation
public func spinnprop_engine_setting(
    _ setting: UnsafeMutablePointer<spinnprop_setting>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    barrier {
        let destination = try spinnprop_setting.destination(setting, "setting")
        let chosen = (try CInterface.engine(engine, "engine") ?? .defaultEngine).setting
        destination.write(
            spinnprop_setting(
                size: MemoryLayout<spinnprop_setting>.size, tau_mem: chosen.tauMem, tau_syn: chosen.tauSyn,
                hidden_mean: chosen.hiddenDrive.mean, hidden_std: chosen.hiddenDrive.std,
                output_mean: chosen.outputDrive.mean, output_std: chosen.outputDrive.std,
                learning_rate: chosen.learningRate, clip_norm: chosen.clipNorm, bump: chosen.bump))
    }
}

@c @implementation
public func spinnprop_engine_loss(
    _ loss: UnsafeMutablePointer<spinnprop_loss>?, _ engine: OpaquePointer?, _ readout: Int32
) -> spinnprop_status {
    barrier {
        let destination = try given(loss, "loss")
        let engine = try CInterface.engine(engine, "engine") ?? .defaultEngine
        destination.initialize(
            to: spinnprop_loss(engine.defaultLoss(leakyReadout: try isLeaky(readout: readout))))
    }
}
