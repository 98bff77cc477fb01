// Jacobian products and Lyapunov exponents: small changes of the state, carried along a recorded run.
import Mathematics

/// Rows of tangent vectors in the times of the neurons' next spikes: row i holds what becomes of neuron i in each vector.
///
/// In these coordinates (up to sign and scale the phases relative to the network's) nothing changes between events. What happens
/// at one instant, a spike of j with the avalanche that follows, takes a target i to D_i delta_i + (1 - D_i) delta_j, D_i =
/// `Kernel.slope` over all its inputs of that instant, and leaves delta_j; an input from outside, whose time is fixed, takes it
/// to D_i delta_i; a neuron pushed over its threshold takes delta_j: what it was is lost. So a shift of all neurons in time, delta
/// = 1, stays as it is: the neutral direction.
final class Tangents<K: Kernel> {
    let replay: Replay<K>
    let vectorCount: Int
    /// The vectors as (neuron, vector).
    let values: LargeBuffer<Double>
    /// The sum of ln D over all inputs so far: the logarithm of the Jacobian's determinant.
    private(set) var contraction = 0.0
    /// Called after each part of an instant with how far it may take vectors apart.
    var watcher: (any StretchWatcher)?
    /// The neuron whose spike began the instant that is going on, or ~input; `nil` between instants.
    private var cause: Int?
    private var moment: K.Moment
    private var clock = K.start
    private var touches: [Touch] = []
    private var tied: [Int] = []
    /// Where in `touches` a neuron stands, or one of the marks below.
    private let places: LargeBuffer<Int32>
    private let zeros: LargeBuffer<Double>
    private let monitor: Monitor?
    /// Events played and elements moved since the monitor heard of them.
    private var played = 0
    private var work = 0

    /// A neuron that got inputs at this instant, with its state before the first and after the last.
    private struct Touch {
        let target: Int
        let before: K.State
        var after: K.State
        var weight: Double
    }

    private static var isUntouched: Int32 { -1 }
    /// Spikes at this instant: inputs no longer matter for its row.
    private static var isTied: Int32 { -2 }
    /// ln of the largest factor by which a neuron's row may shrink or grow in one step.
    private static var longestStep: Double { 11 }

    init(_ replay: Replay<K>, vectorCount: Int, monitor: Monitor?) throws(SpinnpropError) {
        self.replay = replay
        self.monitor = monitor
        self.vectorCount = vectorCount
        moment = replay.kernel.moment(K.start)
        let neuronCount = replay.states.count
        try Memory.check(count: neuronCount, bytesPerElement: 8 * vectorCount, "the tangent vectors")
        values = try LargeBuffer(count: neuronCount * vectorCount, repeating: 0, "the tangent vectors")
        zeros = try LargeBuffer(count: vectorCount, repeating: 0, "a tangent vector")
        places = try LargeBuffer(count: neuronCount, repeating: Self.isUntouched, "the tangent vectors")
        replay.seek(snapshot: 0)
    }

    /// Begins the determinant anew.
    func forgetContraction() { contraction = 0 }

    /// Plays one event. Those of one instant act on the vectors together, when the next begins or the run ends (`settle`).
    func play(_ event: Int) throws(SpinnpropError) {
        if !replay.isForced(event) { try settle() }
        let places = places.pointer
        clock = replay.tape.clocks[event]
        replay.play(event) { who, isForced in
            if isForced { tied.append(who) } else { cause = who }
            if who >= 0 { places[who] = Self.isTied }
        } _: { target, before, after, weight, moment in
            self.moment = moment
            let place = Int(places[target])
            if place >= 0 {
                touches[place].after = after
                touches[place].weight = weight
            } else if places[target] == Self.isUntouched {
                places[target] = Int32(truncatingIfNeeded: touches.count)
                touches.append(Touch(target: target, before: before, after: after, weight: weight))
            }
        }
        played += 1
        work += (replay.inputCount(event) + 1) * vectorCount
        if work > 1 << 20 {
            monitor?.finish(played)
            (played, work) = (0, 0)
            if let monitor, monitor.poll() { throw .cancelled }
        }
    }

    /// Brings the vectors up to date. `isLast`: also neurons that are over their threshold, but did not get to spike before
    /// the run ended.
    func settle(isLast: Bool = false) throws(SpinnpropError) {
        guard let cause else { return }
        let (places, kernel) = (places.pointer, replay.kernel)
        let sender = cause >= 0 ? cause : nil
        if isLast {
            for touch in touches where kernel.key(replay.states.pointer[touch.target], touch.target, moment) < clock {
                tied.append(touch.target)
                places[touch.target] = Self.isTied
            }
        }
        for neuron in tied { try tie(neuron, to: sender) }
        for (index, touch) in touches.enumerated() where Int(places[touch.target]) == index {
            let slope = kernel.slope(
                touch.before, moved: touch.after, touch.target, weight: touch.weight, moment)
            // A slope of 0 has underflowed: its direction is lost.
            if slope > 0 { try turn(touch.target, to: sender, slope) } else { try tie(touch.target, to: sender) }
        }
        for touch in touches { places[touch.target] = Self.isUntouched }
        for neuron in tied { places[neuron] = Self.isUntouched }
        if let sender { places[sender] = Self.isUntouched }
        touches.removeAll(keepingCapacity: true)
        tied.removeAll(keepingCapacity: true)
        self.cause = nil
    }

    private func row(_ sender: Int?) -> UnsafeMutablePointer<Double> {
        sender.map { values.pointer + $0 * vectorCount } ?? zeros.pointer
    }

    private func tie(_ neuron: Int, to sender: Int?) throws(SpinnpropError) {
        contraction = -.infinity
        if neuron == sender { return }
        (values.pointer + neuron * vectorCount).update(from: row(sender), count: vectorCount)
        try watcher?.didTie(neuron, to: sender)
    }

    /// Steep slopes in several steps, between which vectors can be made orthonormal: that of the whole is the steps' product.
    private func turn(_ target: Int, to sender: Int?, _ slope: Double) throws(SpinnpropError) {
        let logarithm = Elementary.log(slope)
        contraction += logarithm
        try watcher?.willTurn(target, to: sender, slope)
        let isSteep = watcher != nil && logarithm.magnitude > Self.longestStep
        let steps = isSteep ? Int(logarithm.magnitude / Self.longestStep) + 1 : 1
        let slope = isSteep ? Elementary.exp(logarithm / Double(steps)) : slope
        let own = values.pointer + target * vectorCount
        for _ in 0..<steps {
            let other = row(sender)
            var vector = 0
            while vector < vectorCount {
                // Exact where both are equal.
                own[vector] = other[vector] + slope * (own[vector] - other[vector])
                vector &+= 1
            }
            try watcher?.didTurn(target, to: sender, slope)
        }
    }
}

/// Follows what becomes of tangent vectors, and may make them orthonormal on the way. `sender`: `nil` for an input.
protocol StretchWatcher: AnyObject {
    /// The row became its sender's.
    func didTie(_ neuron: Int, to sender: Int?) throws(SpinnpropError)
    /// The row is about to go a way to its sender's, in one or several steps.
    func willTurn(_ target: Int, to sender: Int?, _ slope: Double) throws(SpinnpropError)
    func didTurn(_ target: Int, to sender: Int?, _ slope: Double) throws(SpinnpropError)
}
