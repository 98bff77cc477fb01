// Options of local learning and its input as C hosts hand them over.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import LocalLearning
import Mathematics

extension spinnprop_biograd_options {
    static var initial: spinnprop_biograd_options {
        var options = spinnprop_biograd_options()
        options.size = MemoryLayout<spinnprop_biograd_options>.size
        options.take(LocalOptions(), LocalOptions.fields)
        return options
    }

    func options() throws(SpinnpropError) -> LocalOptions {
        var options = LocalOptions()
        try hand(to: &options, LocalOptions.fields)
        return options
    }
}

extension spinnprop_step_input {
    static var initial: spinnprop_step_input {
        var input = spinnprop_step_input()
        input.size = MemoryLayout<spinnprop_step_input>.size
        return input
    }

    /// The samples, copied and checked.
    func input() throws(SpinnpropError) -> LocalInput {
        guard (probabilities == nil) != (events == nil) else {
            throw .invalidValue(
                "input has \(events == nil ? "neither" : "both") probabilities and events; give one of them")
        }
        guard events == nil else { return try LocalInput(spikeTrains(events, "events"), stepTime: step_time) }
        let total = try product(try count(n_samples, "n_samples"), try count(n_units, "n_units"), "the probabilities")
        let values = try CInterface.input(probabilities, total, "probabilities")
        return try LocalInput(probabilities: values.map { Float($0) }, unitCount: Int(n_units))
    }
}
