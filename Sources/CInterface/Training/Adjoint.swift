// The adjoint behind a gradient.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import Networks
import Spinnprop

@c @implementation
public func spinnprop_gradient_adjoint(
    _ lambda_v: UnsafeMutablePointer<Double>?, _ lambda_i: UnsafeMutablePointer<Double>?, _ n: Int64,
    _ gradient: OpaquePointer?, _ layer: Int32, _ first_sample: Int64, _ n_samples: Int64,
    _ times: UnsafePointer<Double>?, _ n_times: Int64, _ progress: spinnprop_progress_callback?,
    _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        guard let origin = try box(gradient, gradientKind, "gradient").value.origin else {
            throw SpinnpropError.unsupported(
                "the gradient is not of a recording; take one by spinnprop_network_gradient or spinnprop_network_pull_back"
            )
        }
        let recording = origin.recording
        let layer = try layerIndex(layer, of: recording.layers.count)
        let (first, samples) = (try count(first_sample, "first_sample"), try count(n_samples, "n_samples"))
        let perSample = try product(try count(n_times, "n_times"), recording.layers[layer].neuronCount, "lambda_v")
        let needed = try product(samples, perSample, "lambda_v")
        let (destinationV, destinationI) = (
            try output(lambda_v, n, needed: needed, "lambda_v"), try output(lambda_i, n, needed: needed, "lambda_i")
        )
        let times = try copy(times, n_times, "times")
        let monitor = Listener(callback: progress, payload: payload).monitor(total: samples)
        let found = try origin.network.adjoint(
            recording, origin.objective, engine: origin.engine, layer: layer, samples: first..<first + samples,
            times: times, monitor: monitor)
        destinationV.fill(found.lambdaV)
        destinationI.fill(found.lambdaI)
    }
}
