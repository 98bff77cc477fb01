// Engines as handles, so that they may grow options and results of their own.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Learning
import Mathematics
import Networks
import Spinnprop

let engineKind = HandleKind<Engine>(mark: 0x5350_454E_4749_4E05, noun: "engine")

/// A caller's engine; `nil` for NULL.
func engine(_ handle: OpaquePointer?, _ name: StaticString) throws(SpinnpropError) -> Engine? {
    handle == nil ? nil : try box(handle, engineKind, name).value
}

extension spinnprop_engine_info {
    init(_ kind: Int32, _ grid: TimeGrid?) {
        self = .initial
        self.kind = kind
        guard let grid else { return }
        steps = Int32(clamping: grid.steps)
        time_step = grid.timeStep
        decay = grid.decay.rawValue
        copies = Int32(clamping: grid.copies)
        weight_bits = Int32(clamping: grid.weightBits ?? 0)
    }
}

@c @implementation
public func spinnprop_engine_create(
    _ engine: UnsafeMutablePointer<OpaquePointer?>?, _ kind: Int32
) -> spinnprop_status {
    create(engine, "engine", engineKind) { try Engine(code: kind) }
}

@c @implementation
public func spinnprop_engine_free(_ engine: OpaquePointer?) { freeHandle(engine, engineKind) }

@c @implementation
public func spinnprop_engine_describe(
    _ info: UnsafeMutablePointer<spinnprop_engine_info>?, _ engine: OpaquePointer?
) -> spinnprop_status {
    fill(info, "info") {
        let engine = try box(engine, engineKind, "engine").value
        return spinnprop_engine_info(engine.code, engine.grid)
    }
}

@c @implementation
public func spinnprop_engine_setting(
    _ setting: UnsafeMutablePointer<spinnprop_setting>?, _ engine: OpaquePointer?, _ network: OpaquePointer?
) -> spinnprop_status {
    fill(setting, "setting") {
        let engine = try CInterface.engine(engine, "engine") ?? .defaultEngine
        let chosen = engine.setting(for: network == nil ? nil : try box(network, networkKind, "network").value)
        return spinnprop_setting(
            size: MemoryLayout<spinnprop_setting>.size, tau_mem: chosen.tauMem, tau_syn: chosen.tauSyn,
            hidden_mean: chosen.hiddenDrive.mean, hidden_std: chosen.hiddenDrive.std,
            output_mean: chosen.outputDrive.mean, output_std: chosen.outputDrive.std,
            learning_rate: chosen.learningRate, clip_norm: chosen.clipNorm, bump: chosen.bump, t_late: chosen.tLate,
            later_mean: chosen.laterDrive.mean, later_std: chosen.laterDrive.std)
    }
}

@c @implementation
public func spinnprop_engine_loss(
    _ loss: UnsafeMutablePointer<spinnprop_loss>?, _ engine: OpaquePointer?, _ network: OpaquePointer?
) -> spinnprop_status {
    fill(loss, "loss") {
        let engine = try CInterface.engine(engine, "engine") ?? .defaultEngine
        let network = try box(network, networkKind, "network").value
        return spinnprop_loss(engine.defaultLoss(for: network))
    }
}
