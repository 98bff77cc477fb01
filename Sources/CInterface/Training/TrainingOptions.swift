// Training options as C hosts hand them over.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Learning
import Mathematics
import Networks
import Spinnprop

extension spinnprop_training_options {
    static var initial: spinnprop_training_options {
        var options = spinnprop_training_options()
        options.size = MemoryLayout<spinnprop_training_options>.size
        options.take(TrainingOptions(), TrainingOptions.fields)
        return options
    }

    /// A trainer of a copy of a network. The core checks the numbers.
    func trainer(_ network: Network) throws(SpinnpropError) -> Trainer {
        let forward = try spinnprop_forward_options.readOrInitial(forward, "options->forward")
        let gradient = try spinnprop_gradient_options.readOrInitial(gradient, "options->gradient")
        let engine = try CInterface.engine(forward.engine, "options->forward->engine") ?? .defaultEngine
        let rule = try CInterface.engine(gradient.engine, "options->gradient->engine")
        var options = try options()
        options.forward = try forward.options()
        options.rate = try gradient.rate()
        let begun = try Trainer.beginning(of: network, options)
        options.loss = try spinnprop_loss.loss(loss, "options->loss", engine, begun)
        return try Trainer(network, options, engine: engine, rule: rule)
    }

    /// All but what the three structs within say.
    private func options() throws(SpinnpropError) -> TrainingOptions {
        var options = TrainingOptions()
        try hand(to: &options, TrainingOptions.fields)
        options.checkpointPath = checkpoint_path == nil ? nil : try path(checkpoint_path, "checkpoint_path")
        return options
    }

}
