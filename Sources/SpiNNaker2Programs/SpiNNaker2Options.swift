// What a user sets of training on an emulated SpiNNaker2.
import Mathematics
import Networks
import SpiNNaker2

/// Which PEs are taken.
public enum Placement: Equatable, Sendable {
    /// PEs by their number: the parts of a copy lie side by side.
    case compact
    /// Shuffled PEs, to show that nothing but hops depends on the placement.
    case scattered(seed: UInt64)
    /// What the authors' figure shows: a copy on the four PEs of a quad, row by row from (1, 1), the optimiser at (1, 6).
    case published
}

/// What a local rule's programs keep of a sample for its gradient. The bits are the same, memory, time and energy are not.
public enum LocalCredit: Int32, Sendable, CaseIterable {
    /// The membrane of each neuron and step, and who spiked: credit is one backward recursion per neuron.
    case recursion = 0
    /// A trace and a gradient per synapse, brought on in each step, as e-prop does.
    case traces = 1
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
/// | `credit`          | recursion| -       | what BioGrad's programs keep for their gradient                                |
/// | `costs`           | see there| cycles  | what programs charge for their work                                            |
///
/// BioGrad has its own steps; of its programs' options `grid`, `batchSize`, `spikesPerNeuron` and `activeSenders` are not read.
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
    public var credit = LocalCredit.recursion
    public var costs = ProgramCosts()

    public init(board: Board = Board()) { self.board = board }

    /// What is checked, and what bindings carry: all but the constants and the costs.
    public static let fields: [OptionField<SpiNNaker2Options>] =
        TimeGrid.fields.filter { !["copies", "weight_bits"].contains($0.name) }.map { $0.within(\.grid) } + [
            OptionField("copies", \.copies, .count(from: 1)),
            OptionField(
                "chips", .closed(1, Double(Board.largest)), isWhole: true, get: { .integer($0.board.chipCount) },
                put: { (options, value) throws(SpinnpropError) in
                    guard case .integer(let chips) = value else { return }
                    options.board = try Board(chips: chips, constants: options.board.constants)
                }),
            OptionField("batch_size", \.batchSize, .count(from: 1)),
            OptionField("fifo_packets", \.fifoPackets, .count(from: 1)),
            OptionField("spikes_per_neuron", \.spikesPerNeuron, .above(0, to: 1e6)),
            OptionField("active_senders", \.activeSenders, .above(0, to: 1)),
            OptionField("overflow", \.machine.overflow),
            OptionField("faults", \.machine.faults),
            OptionField("largest_slice", \.largestSlice, .count(from: 1)),
            OptionField("credit", \.credit),
        ] + placementFields + powerFields

    /// - Throws: `invalidValue` naming the option that is out of its domain.
    public func check() throws(SpinnpropError) {
        for field in SpiNNaker2Options.fields { try field.check(self) }
        try costs.check()
    }

    /// The seed comes after the kind it belongs to.
    private static let placementFields: [OptionField<SpiNNaker2Options>] = [
        OptionField("placement", \.placement.kind),
        OptionField(
            "placement_seed", nil, isWhole: true,
            get: { if case .scattered(let seed) = $0.placement { .word(seed) } else { .word(0) } },
            put: { (options, value) throws(SpinnpropError) in
                if case .scattered = options.placement, case .word(let seed) = value {
                    options.placement = .scattered(seed: seed)
                }
            }),
    ]

    /// Likewise the threshold.
    private static let powerFields: [OptionField<SpiNNaker2Options>] = [
        OptionField("power", \.machine.level.kind),
        OptionField(
            "power_threshold", .count(from: 0), isWhole: true,
            get: { if case .automatic(let threshold) = $0.machine.level { .integer(threshold) } else { .integer(0) } },
            put: { (options, value) throws(SpinnpropError) in
                if case .automatic = options.machine.level, case .integer(let threshold) = value {
                    options.machine.level = .automatic(threshold: threshold)
                }
            }),
    ]
}

extension Placement {
    /// A placement without what only one kind has.
    public enum Kind: Int32, Sendable, CaseIterable {
        case compact = 0
        case scattered = 1
        case published = 2
    }

    /// Setting it starts from seed 0.
    var kind: Kind {
        get {
            switch self {
            case .compact: .compact
            case .scattered: .scattered
            case .published: .published
            }
        }
        set {
            switch newValue {
            case .compact: self = .compact
            case .scattered: self = .scattered(seed: 0)
            case .published: self = .published
            }
        }
    }
}

extension PowerLevel {
    /// A power level without what only one kind has.
    public enum Kind: Int32, Sendable, CaseIterable {
        case low = 0
        case high = 1
        case automatic = 2
    }

    /// Setting it starts from threshold 0.
    var kind: Kind {
        get {
            switch self {
            case .low: .low
            case .high: .high
            case .automatic: .automatic
            }
        }
        set {
            switch newValue {
            case .low: self = .low
            case .high: self = .high
            case .automatic: self = .automatic(threshold: 0)
            }
        }
    }
}
