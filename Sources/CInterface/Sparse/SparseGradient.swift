// Derivatives of a sparse network's run: gradient, Jacobian products, Lyapunov exponents.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import CSpinnprop
import Mathematics
import SparseRecurrent

/// A gradient and where its inputs stood when they were given.
struct SparseGradientResult {
    let gradient: SparseGradient
    let places: [Int]

    func values(_ of: Int32) throws(SpinnpropError) -> [Double] {
        switch Int(of) {
        case SPINNPROP_SPARSE_WEIGHTS: return gradient.weights
        case SPINNPROP_SPARSE_PHASES: return gradient.phases
        case SPINNPROP_SPARSE_NEXT_TIMES: return gradient.nextTimes
        case SPINNPROP_SPARSE_INPUT_TIMES: return asGiven(gradient.inputTimes)
        case SPINNPROP_SPARSE_INPUT_WEIGHTS: return asGiven(gradient.inputWeights)
        default:
            throw .invalidValue("of is \(of); it must be one of SPINNPROP_SPARSE_WEIGHTS .. _INPUT_WEIGHTS (0 .. 4)")
        }
    }

    private func asGiven(_ sorted: [Double]) -> [Double] {
        var values = sorted
        for (index, place) in places.enumerated() { values[place] = sorted[index] }
        return values
    }
}

let sparseGradientKind = HandleKind<SparseGradientResult>(mark: 0x5350_5347_5241_4408, noun: "sparse_gradient")

extension spinnprop_sparse_lyapunov_options {
    static var initial: spinnprop_sparse_lyapunov_options {
        spinnprop_sparse_lyapunov_options(
            size: MemoryLayout<spinnprop_sparse_lyapunov_options>.size, skip: 0, interval: 0, seed: 0)
    }
}

@c @implementation
public func spinnprop_sparse_differentiate(
    _ gradient: UnsafeMutablePointer<OpaquePointer?>?, _ recording: OpaquePointer?,
    _ time_errors: UnsafePointer<Double>?, _ n: Int64, _ next_time_errors: UnsafePointer<Double>?,
    _ n_next_time_errors: Int64, _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    create(gradient, "gradient", sparseGradientKind) {
        let recording = try box(recording, sparseRecordingKind, "recording").value
        let errors = try copy(time_errors, n, needed: n == 0 ? 0 : recording.spikeCount, "time_errors")
        let final = try copy(
            next_time_errors, n_next_time_errors,
            needed: n_next_time_errors == 0 ? 0 : recording.network.neuronCount, "next_time_errors")
        let monitor = Listener(callback: progress, payload: payload).monitor(total: recording.spikeCount)
        let result = try recording.gradient(
            timeErrors: errors, nextTimeErrors: final, monitor: monitor)
        return SparseGradientResult(gradient: result, places: recording.options.inputs.places)
    }
}

@c @implementation
public func spinnprop_sparse_gradient_free(_ gradient: OpaquePointer?) { freeHandle(gradient, sparseGradientKind) }

@c @implementation
public func spinnprop_sparse_gradient_count(
    _ n: UnsafeMutablePointer<Int64>?, _ gradient: OpaquePointer?, _ of: Int32
) -> spinnprop_status {
    answer(n, "n") { try box(gradient, sparseGradientKind, "gradient").value.values(of).count }
}

@c @implementation
public func spinnprop_sparse_gradient_get(
    _ values: UnsafeMutablePointer<Double>?, _ n: Int64, _ gradient: OpaquePointer?, _ of: Int32
) -> spinnprop_status {
    barrier {
        let own = try box(gradient, sparseGradientKind, "gradient").value.values(of)
        try output(values, n, needed: own.count, "values").fill(own)
    }
}

@c @implementation
public func spinnprop_sparse_jacobian_product(
    _ product: UnsafeMutablePointer<Double>?, _ tangent: UnsafePointer<Double>?, _ n: Int64,
    _ recording: OpaquePointer?, _ progress: spinnprop_progress_callback?, _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let recording = try box(recording, sparseRecordingKind, "recording").value
        let result = try output(product, n, needed: recording.network.neuronCount, "product")
        let vector = try copy(tangent, n, "tangent")
        let monitor = Listener(callback: progress, payload: payload).monitor(total: recording.spikeCount)
        result.fill(try recording.jacobianProduct(vector, monitor: monitor))
    }
}

@c @implementation
public func spinnprop_sparse_lyapunov(
    _ exponents: UnsafeMutablePointer<Double>?, _ n_exponents: Int64, _ contraction: UnsafeMutablePointer<Double>?,
    _ duration: UnsafeMutablePointer<Double>?, _ recording: OpaquePointer?,
    _ options: UnsafePointer<spinnprop_sparse_lyapunov_options>?, _ progress: spinnprop_progress_callback?,
    _ payload: UnsafeMutableRawPointer?
) -> spinnprop_status {
    barrier {
        let recording = try box(recording, sparseRecordingKind, "recording").value
        let options = try spinnprop_sparse_lyapunov_options.readOrInitial(options, "options")
        let wanted = try count(n_exponents, "n_exponents")
        let result = try output(exponents, n_exponents, needed: wanted, "exponents")
        let contractionPlace = try given(contraction, "contraction")
        let durationPlace = try given(duration, "duration")
        let monitor = Listener(callback: progress, payload: payload).monitor(total: recording.spikeCount)
        let spectrum = try recording.lyapunovSpectrum(
            count: wanted, skip: Int(options.skip), interval: Int(options.interval), seed: options.seed,
            monitor: monitor)
        result.fill(spectrum.exponents)
        contractionPlace.pointee = spectrum.contraction
        durationPlace.pointee = spectrum.duration
    }
}
