// Losses, and what they make of a recording.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Learning
import Mathematics
import Networks
import Spinnprop

extension spinnprop_loss {
    /// Overwritten whole or in part: the size of a loss is that of its reader, its other fields have no default.
    static var initial: spinnprop_loss {
        var loss = spinnprop_loss()
        loss.size = MemoryLayout<spinnprop_loss>.size
        return loss
    }

    init(_ parameters: LossParameters) {
        self = .initial
        take(parameters, LossParameters.fields)
    }

    /// The loss as the core knows it, checked.
    func loss() throws(SpinnpropError) -> any Loss {
        guard Int(kind) != SPINNPROP_LOSS_CUSTOM else { return try CallbackLoss(self) }
        var parameters = LossParameters(try spinnprop_loss.kind(kind))
        try hand(to: &parameters, LossParameters.fields)
        parameters.times = try copy(times, n_times, "times")
        return try parameters.makeLoss()
    }

    /// A caller's loss, or for NULL the one that suits an engine and a network.
    static func loss(
        _ pointer: UnsafePointer<spinnprop_loss>?, _ name: StaticString, _ engine: Engine, _ network: Network
    ) throws(SpinnpropError) -> any Loss {
        pointer == nil ? try engine.defaultLoss(for: network).makeLoss() : try read(pointer, name).loss()
    }

    /// A caller's loss, or for NULL the one that suits the engine and the network that made a recording.
    static func loss(
        _ pointer: UnsafePointer<spinnprop_loss>?, _ name: StaticString, of recording: Recording
    ) throws(SpinnpropError) -> any Loss {
        pointer == nil ? try Engine.defaultLoss(of: recording).makeLoss() : try read(pointer, name).loss()
    }

    static func kind(_ number: Int32) throws(SpinnpropError) -> LossKind {
        guard let kind = LossKind(rawValue: number) else {
            throw .invalidValue(
                "the loss's kind is \(number); it must be a number of SPINNPROP_LOSS_*, 0 .. \(LossKind.allCases.count - 1) or \(SPINNPROP_LOSS_CUSTOM)"
            )
        }
        return kind
    }
}

@c @implementation
public func spinnprop_loss_init(_ loss: UnsafeMutablePointer<spinnprop_loss>?, _ kind: Int32) -> spinnprop_status {
    barrier {
        let destination = try given(loss, "loss")
        guard Int(kind) != SPINNPROP_LOSS_CUSTOM else {
            var custom = spinnprop_loss.initial
            custom.kind = kind
            destination.initialize(to: custom)
            return
        }
        destination.initialize(to: spinnprop_loss(LossParameters(try spinnprop_loss.kind(kind))))
    }
}

@c @implementation
public func spinnprop_loss_check(_ loss: UnsafePointer<spinnprop_loss>?) -> spinnprop_status {
    barrier { _ = try spinnprop_loss.read(loss, "loss").loss() }
}

/// The recording and the loss to read it by, if they go together.
private func judged(
    _ recording: OpaquePointer?, _ loss: UnsafePointer<spinnprop_loss>?
) throws(SpinnpropError) -> (Recording, any Loss) {
    let recording = try box(recording, recordingKind, "recording").value
    let loss = try spinnprop_loss.loss(loss, "loss", of: recording)
    guard loss.needsLeakyReadout != recording.outputLayer.isSpiking else {
        throw .unsupported(
            "\(loss.name) reads \(loss.needsLeakyReadout ? "the membrane of a leaky" : "the spikes of a spiking") read-out, "
                + "which this recording does not have; choose a loss of the other sort")
    }
    guard recording.grid != nil || !loss.needsGrid else {
        throw .unsupported(
            "\(loss.name) counts time in steps, and engine \"\(recording.engine)\" has none; use engine \"clock\" or another loss"
        )
    }
    try recording.checkIntegrals(for: loss)
    return (recording, loss)
}

@c @implementation
public func spinnprop_recording_predict(
    _ classes: UnsafeMutablePointer<Int64>?, _ n: Int64, _ recording: OpaquePointer?,
    _ loss: UnsafePointer<spinnprop_loss>?
) -> spinnprop_status {
    barrier {
        let (recording, loss) = try judged(recording, loss)
        let destination = try output(classes, n, needed: recording.sampleCount, "classes")
        destination.fill(loss.predictions(recording).map { Int64($0) })
    }
}

@c @implementation
public func spinnprop_recording_probabilities(
    _ probabilities: UnsafeMutablePointer<Double>?, _ n: Int64, _ recording: OpaquePointer?,
    _ loss: UnsafePointer<spinnprop_loss>?
) -> spinnprop_status {
    barrier {
        let (recording, loss) = try judged(recording, loss)
        let needed = try product(recording.sampleCount, recording.outputLayer.neuronCount, "probabilities")
        try output(probabilities, n, needed: needed, "probabilities").fill(loss.probabilities(recording))
    }
}
