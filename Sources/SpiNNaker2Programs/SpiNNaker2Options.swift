// What a user sets of training on an emulated chip.
import Mathematics
import Networks
import SpiNNaker2

/// Which PEs are taken.
public enum Placement: Equatable, Sendable {
    /// By their number: the parts of a copy lie side by side.
    case compact
    /// Shuffled, to show that nothing but hops depends on it.
    case scattered(seed: UInt64)
    /// As the authors' figure shows it: a copy on the four PEs of a quad, row by row from (1, 1), the optimiser at (1, 6).
    case published
}

/// Options of `SpiNNaker2Engine`.
///
/// | name              | default  | unit    | meaning                                                                        |
/// |-------------------|----------|---------|--------------------------------------------------------------------------------|
/// | `grid`            | see there| -       | time step, number of steps and decay; its `copies` is not read                 |
/// | `copies`          | `nil`    | -       | copies of the network side by side; `nil`: as many as fit, at most `batchSize` |
/// | `batchSize`       | `nil`    | samples | the largest batch to be trained with; `nil`: any, so copies run several samples |
/// | `spikesPerNeuron` | 2        | spikes  | per sample: what spike tapes are made for; up to 8 times as long where SRAM is left |
/// | `activeSenders`   | 0.5      | -       | part of a population over 128 that spikes in a sample, for sums per sample      |
/// | `fifoPackets`     | `nil`    | packets | capacity of receive FIFOs; `nil`: the worst case, at most 512                  |
/// | `largestSlice`    | `nil`    | neurons | the most neurons of a layer on one PE; `nil`: as many as fit                   |
/// | `placement`       | compact  | -       | which PEs are taken                                                            |
/// | `machine`         | see there| -       | what full FIFOs and lost packets mean, power level                             |
/// | `costs`           | see there| cycles  | what programs charge for their work                                            |
public struct SpiNNaker2Options: Equatable, Sendable {
    public static let defaultSpikesPerNeuron = 2.0
    public static let defaultActiveSenders = 0.5
    static let largestDefaultFIFO = 512

    public var board: Board
    public var grid = TimeGrid()
    public var copies: Int?
    public var batchSize: Int?
    public var spikesPerNeuron = defaultSpikesPerNeuron
    public var activeSenders = defaultActiveSenders
    public var fifoPackets: Int?
    public var largestSlice: Int?
    public var placement = Placement.compact
    public var machine = MachineOptions()
    public var costs = ProgramCosts()

    public init(board: Board = Board()) { self.board = board }

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public func check() throws(SpinnpropError) {
        try grid.check()
        for (name, value) in [
            ("copies", copies), ("batch_size", batchSize), ("fifo_packets", fifoPackets),
            ("largest_slice", largestSlice),
        ] {
            guard value ?? 1 >= 1, value ?? 1 <= Int(Int32.max) else {
                throw .invalidValue("\(name) is \(value ?? 0); it must be >= 1, or left open")
            }
        }
        guard spikesPerNeuron > 0, spikesPerNeuron <= 1e6 else {
            throw .invalidValue("spikes_per_neuron is \(spikesPerNeuron); it must be > 0 and at most 1e6")
        }
        guard activeSenders > 0, activeSenders <= 1 else {
            throw .invalidValue("active_senders is \(activeSenders); it must be > 0 and at most 1")
        }
        try costs.check()
    }
}
