// What the event loop needs to know of a neuron model.

/// A key tells when a neuron will spike if nothing happens before; the smallest is next. The clock counts in the same unit:
/// a neuron spikes when the clock has reached its key. A spike at clock c takes the sender's state to `reset` and every
/// target's to `moved`.
///
/// The methods are called per synapse and inlined into loops that are compiled once per kernel.
protocol Kernel {
    /// What is known of a neuron between events: its key, or what the key can be worked out from. As large as some Doubles.
    associatedtype State: BitwiseCopyable = Double
    /// What all events at one clock share.
    associatedtype Moment: BitwiseCopyable = Double

    func moment(_ clock: Double) -> Moment
    /// The state after an input of `weight`. One that is not positive must not bring the key forward.
    func moved(_ state: State, _ neuron: Int, weight: Double, _ moment: Moment) -> State
    /// Does so with the states of a row of targets, no two of which are the same.
    func move(
        _ row: UnsafePointer<Int32>, _ count: Int, weight: Double, _ moment: Moment,
        _ states: UnsafeMutablePointer<State>)
    /// The state of a neuron that spikes.
    func reset(_ neuron: Int, _ moment: Moment) -> State
    /// The derivative of the time of the neuron's next spike after an input with respect to the same before it, at fixed
    /// input: the diagonal of the Jacobian (the rest of the row, 1 minus this, belongs to the sender).
    func slope(_ state: State, moved: State, _ neuron: Int, weight: Double, _ moment: Moment) -> Double
    /// The time from a reset to the next spike, in membrane time constants, if nothing happens between.
    func period(_ neuron: Int) -> Double
    /// V at this moment.
    func voltage(_ state: State, _ neuron: Int, _ moment: Moment) -> Double

    /// Whether states are something else than keys, so that keys are worked out only when they are asked for.
    static var isLazy: Bool { get }
    /// The key, at a moment when it is not yet reached.
    func key(_ state: State, _ neuron: Int, _ moment: Moment) -> Double
    /// The state at clock `start` of a neuron that would spike after `remaining` membrane time constants.
    func state(remaining: Double, _ neuron: Int) -> State
    /// `shift`: the moment at the re-basing's shift.
    func rebased(_ state: State, _ neuron: Int, _ rebasing: Rebasing, _ shift: Moment) -> State

    /// The clock's value at the begin of a run.
    static var start: Double { get }
    /// The time in membrane time constants that `clock` stands for, after re-basings that add up to `epoch`.
    static func time(_ clock: Double, epoch: Double) -> Double
    static func clock(_ time: Double, epoch: Double) -> Double
    /// How to re-base keys and clock, exactly, at this clock: x becomes (x - shift) * factor. `nil`: not yet.
    static func rebasing(_ clock: Double) -> Rebasing?
}

extension Kernel {
    @inline(__always)
    func move(
        _ row: UnsafePointer<Int32>, _ count: Int, weight: Double, _ moment: Moment,
        _ states: UnsafeMutablePointer<State>
    ) {
        var index = 0
        while index < count {
            let target = Int(row[index])
            states[target] = moved(states[target], target, weight: weight, moment)
            index &+= 1
        }
    }
}

/// States that are keys.
extension Kernel where State == Double, Moment == Double {
    @inline(__always) func moment(_ clock: Double) -> Double { clock }
    static var isLazy: Bool { false }
    @inline(__always) func key(_ state: Double, _ neuron: Int, _ moment: Double) -> Double { state }
    @inline(__always) func rebased(_ state: Double, _ neuron: Int, _ rebasing: Rebasing, _ shift: Double) -> Double {
        rebasing(state)
    }
}

struct Rebasing {
    let shift: Double
    let factor: Double
    /// What the re-basing adds to the epoch.
    let epoch: Double

    @inline(__always) func callAsFunction(_ key: Double) -> Double { (key - shift) * factor }
}
