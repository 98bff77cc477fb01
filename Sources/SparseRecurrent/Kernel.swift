// What the event loop needs to know of a neuron model.

/// A key tells when a neuron will spike if nothing happens before; the smallest is next. The clock counts in the same unit:
/// a neuron spikes when the clock has reached its key. A spike at clock c takes the sender's key to `reset` and every
/// target's to `moved`.
///
/// The methods are called per synapse and inlined into loops that are compiled once per kernel.
protocol Kernel {
    /// The key after an input of `weight` at `clock`.
    func moved(_ key: Double, _ neuron: Int, weight: Double, clock: Double) -> Double
    /// The key of a neuron that spikes at `clock`.
    func reset(_ neuron: Int, clock: Double) -> Double
    /// The derivative of the time of the neuron's next spike after an input with respect to the same before it, at fixed
    /// input: the diagonal of the Jacobian (the rest of the row, 1 minus this, belongs to the sender).
    func slope(_ key: Double, moved: Double, _ neuron: Int, weight: Double, clock: Double) -> Double
    /// From a reset to the next spike, in membrane time constants, if nothing happens between.
    func period(_ neuron: Int) -> Double
    /// V at `clock`.
    func voltage(_ key: Double, _ neuron: Int, clock: Double) -> Double

    /// The key at clock `start` of a neuron that would spike after `remaining` membrane time constants.
    func key(remaining: Double) -> Double
    /// The clock's value at the begin of a run.
    static var start: Double { get }
    /// The time in membrane time constants that `clock` stands for, after re-basings that add up to `epoch`.
    static func time(_ clock: Double, epoch: Double) -> Double
    static func clock(_ time: Double, epoch: Double) -> Double
    /// How to re-base keys and clock, exactly, at this clock: x becomes (x - shift) * factor. `nil`: not yet.
    static func rebasing(_ clock: Double) -> Rebasing?
}

struct Rebasing {
    let shift: Double
    let factor: Double
    /// To be added to the epoch.
    let epoch: Double
}
