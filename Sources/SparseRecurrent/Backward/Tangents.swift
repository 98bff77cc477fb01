// Jacobian products and Lyapunov exponents: small changes of the state, carried along a recorded run.
import Mathematics

/// Rows of tangent vectors in the times of the neurons' next spikes: row i holds what becomes of neuron i in each vector.
///
/// In these coordinates (up to sign and scale the phases relative to the network's) nothing changes between events. A spike of j
/// takes target i to D_i delta_i + (1 - D_i) delta_j, D_i = `Kernel.slope`, and leaves delta_j; an input from outside, whose time
/// is fixed, takes it to D_i delta_i; a neuron pushed over its threshold takes the delta of the avalanche's begin. So a shift
/// of all neurons in time, delta = 1, stays as it is: the neutral direction.
final class Tangents<K: Kernel> {
    let replay: Replay<K>
    let vectorCount: Int
    /// (neuron, vector)
    let values: LargeBuffer<Double>
    /// The sum of ln D over all inputs so far: the logarithm of the Jacobian's determinant.
    var contraction = 0.0
    /// delta of the time of the avalanche that is going on.
    private let instant: LargeBuffer<Double>
    private let monitor: Monitor?
    /// Events played and elements moved since the monitor heard of them.
    private var played = 0
    private var work = 0

    init(_ replay: Replay<K>, vectorCount: Int, monitor: Monitor?) throws(SpinnpropError) {
        self.replay = replay
        self.monitor = monitor
        self.vectorCount = vectorCount
        let neuronCount = replay.states.count
        try Memory.check(count: neuronCount, bytesPerElement: 8 * vectorCount, "the tangent vectors")
        values = try LargeBuffer(count: neuronCount * vectorCount, repeating: 0, "the tangent vectors")
        instant = try LargeBuffer(count: vectorCount, repeating: 0, "a tangent vector")
        replay.seek(snapshot: 0)
    }

    func play(_ event: Int) throws(SpinnpropError) {
        let (count, values, instant, kernel) = (vectorCount, values.pointer, instant.pointer, replay.kernel)
        var cause = 0
        var logarithm = 0.0
        replay.play(event) { who, isForced in
            cause = who
            if who < 0 {
                instant.update(repeating: 0, count: count)
            } else if !isForced {
                instant.update(from: values + who * count, count: count)
            } else {
                logarithm = -.infinity
            }
        } _: { target, before, after, weight, moment in
            let slope = kernel.slope(before, moved: after, target, weight: weight, moment)
            // Negative for one that is pushed over its threshold, and again for one that is taken back.
            logarithm += Elementary.log(slope.magnitude)
            let row = values + target * count
            var vector = 0
            while vector < count {
                // Exact where both are equal.
                row[vector] = instant[vector] + slope * (row[vector] - instant[vector])
                vector &+= 1
            }
        }
        contraction += logarithm
        if cause >= 0 { (values + cause * count).update(from: instant, count: count) }
        played += 1
        work += (cause < 0 ? 1 : replay.rows.length(cause) + 1) * count
        if work > 1 << 20 {
            monitor?.finish(played)
            (played, work) = (0, 0)
            if let monitor, monitor.poll() { throw .cancelled }
        }
    }

    /// Makes the vectors orthonormal (Gram and Schmidt, modified), one after another, and adds the logarithms of what
    /// was left of their lengths.
    func orthonormalise(_ logarithms: inout [Double]) throws(SpinnpropError) {
        let (count, rows, values) = (vectorCount, replay.states.count, values.pointer)
        for vector in 0..<count {
            if let monitor, monitor.poll() { throw .cancelled }
            var square = 0.0
            for row in 0..<rows { square += values[row * count + vector] * values[row * count + vector] }
            let length = square.squareRoot()
            logarithms[vector] += Elementary.log(length)
            // Neurons that an avalanche tied together leave fewer directions than vectors.
            let scale = length > 0 ? 1 / length : 0
            for row in 0..<rows { values[row * count + vector] *= scale }
            // All later vectors in one pass over memory: products first, then subtraction.
            var products = [Double](repeating: 0, count: count)
            products.withUnsafeMutableBufferPointer { products in
                guard let products = products.baseAddress else { return }
                for row in 0..<rows {
                    let (line, own) = (values + row * count, values[row * count + vector])
                    var other = vector + 1
                    while other < count {
                        products[other] += own * line[other]
                        other &+= 1
                    }
                }
                for row in 0..<rows {
                    let (line, own) = (values + row * count, values[row * count + vector])
                    var other = vector + 1
                    while other < count {
                        line[other] -= own * products[other]
                        other &+= 1
                    }
                }
            }
        }
    }
}
