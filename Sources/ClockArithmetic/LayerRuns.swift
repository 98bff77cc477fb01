// Where a run through one layer stands: all that its loop reads and writes.

/// An incoming connection in a forward run, and the spikes of its source.
@frozen
public struct ForwardFeed {
    public let lanes: ConnectionLanes
    /// The spikes of a recurrent connection are those of the step that is being run, not those of `row`.
    public let isRecurrent: Bool
    public let row: StepRow
    /// The first spike that has not been sent on.
    public var cursor = 0

    public init(lanes: ConnectionLanes, isRecurrent: Bool, row: StepRow) {
        self.lanes = lanes
        self.isRecurrent = isRecurrent
        self.row = row
    }
}

/// A forward run. Rings of arrivals have one vector for each step to come that a spike may reach.
@frozen
public struct LayerForward {
    public let constants: ClockConstants
    public let neuronCount: Int
    /// `neuronCount` rounded up to whole blocks.
    public let stride: Int
    /// Vectors of the ring, one more than the largest delay.
    public let slots: Int
    public let currents: UnsafeMutablePointer<Float>
    public let membranes: UnsafeMutablePointer<Float>
    /// The ring of arrivals, all zero but where spikes are under way.
    public let arrivals: UnsafeMutablePointer<Float>
    /// Feed-forward connections, then recurrent ones.
    public let feeds: UnsafeMutablePointer<ForwardFeed>
    public let feedCount: Int
    /// The maxima of a leaky read-out; `nil` for a spiking layer.
    public let maxima: ReadoutLanes?
    /// Whether it is a spiking layer of one block that hears one connection without delays.
    public let isNarrow: Bool
    /// For a wider layer of that kind, of equal neurons: it is run several steps at a time. State and arrivals have its stride.
    public let window: SweepWindow?
    /// The step that comes next, and the last one.
    public var step: Int
    public let end: Int
    /// The spikes that are found; the caller may give them more room between two calls.
    public var spikes: LayerSpikes
    /// The run stops after the step in which there are more spikes than this.
    public let spikeLimit: Int

    public init(
        constants: ClockConstants, neuronCount: Int, stride: Int, slots: Int, currents: UnsafeMutablePointer<Float>,
        membranes: UnsafeMutablePointer<Float>, arrivals: UnsafeMutablePointer<Float>,
        feeds: UnsafeMutablePointer<ForwardFeed>, feedCount: Int, maxima: ReadoutLanes?, isNarrow: Bool,
        window: SweepWindow?, step: Int, end: Int, spikes: LayerSpikes, spikeLimit: Int
    ) {
        self.constants = constants
        self.neuronCount = neuronCount
        self.stride = stride
        self.slots = slots
        self.currents = currents
        self.membranes = membranes
        self.arrivals = arrivals
        self.feeds = feeds
        self.feedCount = feedCount
        self.maxima = maxima
        self.isNarrow = isNarrow
        self.window = window
        self.step = step
        self.end = end
        self.spikes = spikes
        self.spikeLimit = spikeLimit
    }

    /// The spikes that there must be room for, to go on: a call may find so many before it looks again.
    @inlinable @inline(__always)
    public var room: Int { stride &* (window?.steps ?? 1) }
}

/// What some steps of a layer leave, to be looked through for spikes.
@frozen
public struct SweepWindow {
    /// The most steps that fit.
    public let steps: Int
    /// Neurons rounded up to so many `blocks`; those of the padding stay at rest.
    public let stride: Int
    /// Bytes from one step's bits to the next one's, a multiple of 8.
    public let pitch: Int
    /// (step, neuron): whether it spikes, a bit each; 0 past the stride.
    public let bits: UnsafeMutablePointer<UInt8>
    /// (step, neuron): I and V*.
    public let currents: UnsafeMutablePointer<Float>
    public let membranes: UnsafeMutablePointer<Float>

    /// Blocks that a sweep takes side by side.
    @inlinable @inline(__always)
    public static var blocks: Int { 4 }

    public init(
        steps: Int, stride: Int, pitch: Int, bits: UnsafeMutablePointer<UInt8>, currents: UnsafeMutablePointer<Float>,
        membranes: UnsafeMutablePointer<Float>
    ) {
        self.steps = steps
        self.stride = stride
        self.pitch = pitch
        self.bits = bits
        self.currents = currents
        self.membranes = membranes
    }
}

/// The largest membrane value of each neuron of a read-out, the first step of it and the current there.
@frozen
public struct ReadoutLanes {
    public let maxima: UnsafeMutablePointer<Float>
    public let steps: UnsafeMutablePointer<Int32>
    public let currents: UnsafeMutablePointer<Float>

    public init(
        maxima: UnsafeMutablePointer<Float>, steps: UnsafeMutablePointer<Int32>, currents: UnsafeMutablePointer<Float>
    ) {
        self.maxima = maxima
        self.steps = steps
        self.currents = currents
    }
}

/// An incoming connection in a backward run, the spikes of its source, and where its results go.
@frozen
public struct BackwardFeed {
    public let lanes: ConnectionLanes
    public let row: StepRow
    /// The last spike that has not been reached.
    public var cursor: Int
    public var weights: RowLanes
    /// `nil` for a connection without delays that are learnt.
    public var delays: RowLanes?
    /// Whether the delays belong to senders alone, or to synapses (a row each); otherwise to receivers.
    public let isAxonal: Bool
    public let isSynaptic: Bool
    /// Errors of the senders' spikes; `nil` if nobody asks.
    public let errors: UnsafeMutablePointer<Float>?

    /// Whether all spikes act in the step that follows.
    @inlinable @inline(__always)
    public var isImmediate: Bool { lanes.delays == nil && delays == nil }

    public init(
        lanes: ConnectionLanes, row: StepRow, weights: RowLanes, delays: RowLanes?, isAxonal: Bool, isSynaptic: Bool,
        errors: UnsafeMutablePointer<Float>?
    ) {
        self.lanes = lanes
        self.row = row
        cursor = row.count - 1
        self.weights = weights
        self.delays = delays
        self.isAxonal = isAxonal
        self.isSynaptic = isSynaptic
        self.errors = errors
    }
}

/// The jumps of a layer's adjoints: at own spikes, or at the maxima of a leaky read-out.
@frozen
public struct ClockJumps {
    /// When and where each jump is, in order of (step, unit).
    public let row: StepRow
    /// For each jump its error, and for each spike I and V* there.
    public let errors: UnsafeMutablePointer<Float>
    public let values: (currents: UnsafePointer<Float>, membranes: UnsafePointer<Float>)?

    public init(
        row: StepRow, errors: UnsafeMutablePointer<Float>,
        values: (currents: UnsafePointer<Float>, membranes: UnsafePointer<Float>)?
    ) {
        self.row = row
        self.errors = errors
        self.values = values
    }
}

/// A backward run. Rings of adjoints have one vector for each later step that errors may still come from, and one more.
@frozen
public struct LayerBackward {
    public let constants: ClockConstants
    public let neuronCount: Int
    public let stride: Int
    /// Vectors of a ring, two more than the largest delay.
    public let slots: Int
    public let lambdaV: UnsafeMutablePointer<Float>
    public let lambdaI: UnsafeMutablePointer<Float>
    /// One vector each for adjoints picked for receivers that a spike reaches in steps of their own.
    public let pickedV: UnsafeMutablePointer<Float>
    public let pickedI: UnsafeMutablePointer<Float>
    public let earlierI: UnsafeMutablePointer<Float>
    public let feeds: UnsafeMutablePointer<BackwardFeed>
    public let feedCount: Int
    public let jumps: ClockJumps
    /// The last jump that has not been taken.
    public var jump: Int
    /// The vector of the step last run.
    public var slot = 0
    /// The step that comes next, down to 0.
    public var step: Int

    public init(
        constants: ClockConstants, neuronCount: Int, stride: Int, slots: Int, lambdaV: UnsafeMutablePointer<Float>,
        lambdaI: UnsafeMutablePointer<Float>, pickedV: UnsafeMutablePointer<Float>,
        pickedI: UnsafeMutablePointer<Float>,
        earlierI: UnsafeMutablePointer<Float>, feeds: UnsafeMutablePointer<BackwardFeed>, feedCount: Int,
        jumps: ClockJumps, jump: Int, step: Int
    ) {
        self.constants = constants
        self.neuronCount = neuronCount
        self.stride = stride
        self.slots = slots
        self.lambdaV = lambdaV
        self.lambdaI = lambdaI
        self.pickedV = pickedV
        self.pickedI = pickedI
        self.earlierI = earlierI
        self.feeds = feeds
        self.feedCount = feedCount
        self.jumps = jumps
        self.jump = jump
        self.step = step
    }
}
